from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.hub import Hub
from hub.issuing import code_now
from hub.model.codes import Grant
from hub.model.values import Address, GrantId, LockId, Pin, Window
from hub.store import codes, doors, house
from hub.store.codes import Issued
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
START = CHECK_IN - timedelta(hours=2)
FRONT, BACK = LockId("front"), LockId("back")


def _two_doors() -> list[Memory]:
    return [Memory(Address("front")), Memory(Address("back"))]


async def _give_doors(hub: Hub, *locks: LockId) -> None:
    def work(tx: Tx) -> None:
        unit = house.unit_with(tx, FLAT)
        assert unit is not None
        house.keep_unit(tx, replace(unit, locks=locks))
        hub.intake.replan_unit(tx, FLAT)

    await hub.store.write(work)


async def _booked(house: Home) -> str:
    house.book("a", date(2027, 3, 2), date(2027, 3, 4))
    await house.later(minutes=10)
    return await house.digits()


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_unit_that_gets_a_door_back_gives_its_guest_the_same_code_there(
    tmp_path: Path, seed: int, silent: bool
) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            house.lock("back").silent = silent
            await _give_doors(house.hub, FRONT)
            await house.later(minutes=2)
            await _give_doors(house.hub, FRONT, BACK)
            house.lock("back").silent = False
            await house.driver.wake("back")
            await house.later(minutes=1)
            assert list(house.lock("front").codes.values()) == [digits]
            assert list(house.lock("back").codes.values()) == [digits]

    simulate(main(), seed=seed)


def test_a_door_where_somebody_else_has_those_digits_gets_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two_doors(), start=START) as house:
            await _give_doors(house.hub, FRONT)
            digits = await _booked(house)
            pin, now = Pin(digits), house.hub.clock.now()
            vault = house.hub.vault

            def cleaner(tx: Tx) -> None:
                grant = Grant(GrantId("c"), vault.tag(pin), len(pin), Window(now, now + timedelta(days=9)))
                sealed = vault.seal_pin(pin, about="grant:c")
                codes.issue(tx, Issued(grant, BACK, None, "Cleaner", sealed, None, None), now)

            await house.hub.store.write(cleaner)
            await _give_doors(house.hub, FRONT, BACK)
            await house.until(CHECK_IN)
            by_door = await house.digits_by_door((await house.stay()).id)
            assert by_door[FRONT] == by_door[BACK] != digits, "as nobody knew the first, there is one for both"
            assert set(house.lock("back").codes.values()) == {digits, by_door[BACK]}

    simulate(main())


def test_what_somebody_made_at_another_door_is_not_drawn_and_stays_there(tmp_path: Path) -> None:
    async def drawn(folder: Path, theirs: dict[int, str]) -> str:
        doors_ = _two_doors()
        doors_[1].codes.update(theirs)
        async with home(folder, doors_, start=START - timedelta(days=1)) as made:
            await _give_doors(made.hub, FRONT)
            digits = await _booked(made)
            await made.until(CHECK_IN + timedelta(days=3))
            assert made.lock("back").codes == theirs
            return digits

    folders = [tmp_path / each for each in ("alone", "beside")]
    for folder in folders:
        folder.mkdir()
    alone = simulate(drawn(folders[0], {}), seed=1)
    assert simulate(drawn(folders[1], {3: alone}), seed=1) != alone


def test_a_smaller_lock_in_place_of_the_old_one_still_gets_the_guests_code(tmp_path: Path) -> None:
    """The old one had the code in a slot that the new one does not have."""

    async def main() -> None:
        memory = Memory(Address("front"), codes={number: f"9{number:05}" for number in range(1, 25)})
        async with home(tmp_path, [memory], start=START) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            assert memory.codes[25] == digits
            memory.codes, memory.slots = {}, 10
            await house.driver.meet(memory, replaced=True)
            await house.later(minutes=1)
            assert list(memory.codes.values()) == [digits]
            door = await house.hub.store.read(lambda tx: doors.door(tx, FRONT))
            assert door is not None
            assert door.quarantined == ""

    simulate(main())


def test_a_code_now_has_as_many_digits_as_the_house_draws_and_needs_a_keypad(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("cellar"), slots=0)]
        async with home(tmp_path, memories, start=START, digits=8) as house:
            desk, until = house.hub.desk, CHECK_IN
            pin = await house.hub.store.write(lambda tx: code_now(tx, desk, [FRONT], "Plumber", until))
            assert len(pin) == 8
            with pytest.raises(Rejected, match="Cellar has no keypad"):
                await house.hub.store.write(lambda tx: code_now(tx, desk, [LockId("cellar")], "Plumber", until))

    simulate(main())
