from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete

from hub.health import findings
from hub.io.clock import LoopClock
from hub.model.codes import Write
from hub.model.facts import SlotRead
from hub.model.values import Address, LockId, Pin, Proof
from hub.store import codes, doors, tables
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)


async def _booked(house: Home) -> str:
    house.book("a", date(2027, 3, 2), date(2027, 3, 4))
    await house.later(minutes=10)
    return await house.digits()


def test_a_lock_whose_worker_fails_is_set_aside_and_comes_back_by_itself(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("odd"))]
        async with home(tmp_path, memories, start=CHECK_IN - timedelta(hours=2)) as house:
            odd = house.driver.locks[Address("odd")].keypad
            assert odd is not None
            broken = True
            sane = odd.read

            async def read(slot: int) -> SlotRead:
                if broken:
                    raise ZeroDivisionError
                return await sane(slot)

            odd.read = read  # type: ignore[method-assign]  # this lock's part has a fault
            digits = await _booked(house)
            await house.until(CHECK_IN)
            assert house.lock("front").holds(digits), "the other doors go on"
            found = await house.hub.store.read(lambda tx: findings(tx, house.hub.clock, house.hub.plugins))
            assert any("Odd was set aside" in finding.sentence for finding in found)
            broken = False
            await house.later(minutes=16)
            assert house.lock("odd").holds(digits)
            door = await house.hub.store.read(lambda tx: doors.door(tx, LockId("odd")))
            assert door is not None
            assert door.quarantined == ""

    simulate(main())


def test_a_silent_lock_is_asked_seldom_and_at_once_when_it_gives_a_sign_of_life(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(
            tmp_path, [Memory(Address("front"), silent=True)], start=CHECK_IN - timedelta(hours=2)
        ) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            before = house.lock("front").commands
            await house.later(hours=1)
            assert 10 <= house.lock("front").commands - before <= 15, "every five minutes"
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(seconds=10)
            assert house.lock("front").holds(digits)

    simulate(main())


def test_a_lock_that_is_removed_while_it_is_written_ends_nothing_but_its_own_worker(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("spare"))]
        async with home(tmp_path, memories, start=CHECK_IN - timedelta(hours=2)) as house:
            spare = house.driver.locks[Address("spare")].keypad
            assert spare is not None

            async def write(slot: int, pin: Pin) -> Proof:
                await house.hub.store.write(remove)
                raise ZeroDivisionError

            def remove(tx: Tx) -> None:
                """Without the signal, which may be late."""
                for table in (tables.slots, tables.grants, tables.unit_locks, tables.lock_state):
                    tx.sql.execute(delete(table).where(table.c.lock_id == "spare"))
                tx.sql.execute(delete(tables.locks).where(tables.locks.c.id == "spare"))

            spare.write = write  # type: ignore[method-assign]
            digits = await _booked(house)
            await house.until(CHECK_IN)
            assert house.lock("front").holds(digits)

    simulate(main())


def test_a_step_that_is_wrong_by_now_claims_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            await _booked(house)
            await house.until(CHECK_IN)
            front = LockId("front")
            (grant,) = await house.hub.store.read(lambda tx: codes.open_grants(tx, front))
            late = Write(5, grant.id)
            assert not await house.hub.reconciler._claim(front, late, grant.tag)
            slots = await house.hub.store.read(lambda tx: codes.slots_of(tx, front))
            assert [slot.number for slot in slots if slot.holder is not None or slot.claim is not None] == [1]

    simulate(main())


def test_a_guest_waits_no_quarter_of_an_hour_once_the_time_is_known(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            clock = house.hub.clock
            assert isinstance(clock, LoopClock)
            digits = await _booked(house)
            clock.trusted = False
            await house.until(CHECK_IN)
            assert not house.lock("front").holds(digits), "nothing is begun by a clock that nobody believes"
            clock.trusted = True
            await house.later(minutes=1)
            assert house.lock("front").holds(digits)

    simulate(main())
