"""Somebody's code was in a lock before the hub came, and the hub drew the same digits before it had looked there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from hub.adopting import Wish
from hub.io.clock import LoopClock
from hub.model.codes import CodeState
from hub.model.values import Address, LockId, Proof
from hub.store import code_list, codes, settings
from hub.store.engine import Tx
from tests.hub.test_taken_places import CHECK_IN
from tests.simulators.building import Memory
from tests.simulators.home import home, simulate

FRONT = LockId("front")


@pytest.mark.parametrize(
    "heard_at",
    [
        pytest.param(CHECK_IN - timedelta(hours=5), id="read before anything is written"),
        pytest.param(CHECK_IN, id="refused by the lock, and read later"),
    ],
)
def test_it_is_not_taken_for_the_hubs_own_and_the_guest_gets_another(tmp_path: Path, heard_at: datetime) -> None:
    memory = Memory(Address("front"), silent=True)

    async def main() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=6)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.until(heard_at)
            theirs = await house.digits()
            memory.codes[1] = theirs
            memory.silent = False
            await house.driver.wake("front")
            await house.until(CHECK_IN + timedelta(minutes=10))
            ours = await house.digits()
            assert sorted(memory.codes.values()) == sorted([theirs, ours])
            listed = await house.hub.store.read(lambda tx: code_list.listing(tx, lock=FRONT))
            states = {
                each.slot.number: each.state(house.hub.clock.now(), house.hub.tagbook.tags)
                for each in listed
                if each.slot
            }
            assert states.pop(1) is CodeState.FOREIGN, "nobody takes it away"
            assert list(states.values()) == [CodeState.SET]
            assert ours != theirs
            await house.later(days=1)
            assert memory.codes == {1: theirs}
            assert [what for what, slot, _ in memory.journal if slot == 1] == []
            await house.hub.adopting.adopt(Wish(FRONT, 1, "the caretaker", None), "manager")
            assert memory.codes == {1: theirs}

    simulate(main())


def test_nor_where_it_was_read_while_nobody_knew_the_time(tmp_path: Path) -> None:
    memory = Memory(Address("front"), silent=True)

    async def main() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=6)) as house:
            clock = house.hub.clock
            assert isinstance(clock, LoopClock)
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.later(minutes=20)
            theirs = memory.codes[1] = await house.digits()
            clock.trusted, memory.silent = False, False
            await house.driver.wake("front")
            await house.later(minutes=5)
            assert await house.digits() == theirs, "nothing is decided yet"
            clock.trusted = True
            await house.until(CHECK_IN + timedelta(minutes=10))
            ours = await house.digits()
            assert sorted(memory.codes.values()) == sorted([theirs, ours])
            await house.later(days=1)
            assert memory.codes == {1: theirs}

    simulate(main())


def test_after_a_restore_a_code_of_before_is_the_hubs_own_though_the_book_is_lost(tmp_path: Path) -> None:
    """A lock that is silent is read only after somebody has ended safe mode. Taken for a stranger's, its code would stay."""
    memory = Memory(Address("front"), silent=True)

    async def main() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=1)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.later(minutes=10)
            ours = memory.codes[1] = await house.digits()
            backup_of = house.hub.clock.now()

            def restore(tx: Tx) -> None:
                settings.keep(tx, "safe_mode", backup_of.isoformat())
                assert settings.restored_just_now(tx)
                settings.leave_safe_mode(tx)

            await house.hub.store.write(restore)
            memory.silent = False
            await house.driver.wake("front")
            await house.until(CHECK_IN + timedelta(minutes=10))
            assert await house.digits() == ours
            assert memory.codes == {1: ours}
            await house.later(days=1)
            assert memory.codes == {}

    simulate(main())


def test_a_lock_that_refuses_a_code_where_it_is_already_makes_it_nobody_elses(tmp_path: Path) -> None:
    """Restored from a backup the hub has forgotten its place. Taken for a stranger's, it would stay for ever."""
    memory = Memory(Address("front"), refuses_repeats=True)

    async def main() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=1)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.until(CHECK_IN)
            first = await house.digits()
            (place,) = memory.codes
            hub = house.hub

            def forget(tx: Tx) -> None:
                slot = codes.slot_of(tx, FRONT, place)
                codes.keep_slot(tx, FRONT, replace(slot, holder=None, proof=Proof.NONE), hub.clock.now())

            await hub.store.write(forget)
            await house.later(minutes=10)
            ours = await house.digits()
            assert ours != first
            assert list(memory.codes.values()) == [ours]

    simulate(main())
