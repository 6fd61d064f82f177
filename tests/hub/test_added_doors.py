"""A door comes to a stay's path, and the guest's digits are somebody else's there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub import issuing, people
from hub.model.passes import EveryWeek, read_hours
from hub.model.people import PersonKind
from hub.model.values import Address, LockId, PassId, Pin, Purpose, Window
from hub.passes import opened
from hub.store import house, passes, questions
from hub.store.engine import Tx
from tests.hub.test_taken_places import CHECK_IN
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate

FRONT, BACK = LockId("front"), LockId("back")


async def _doors(house_: Home, *locks: LockId) -> None:
    hub = house_.hub

    def work(tx: Tx) -> None:
        unit = house.unit_with(tx, FLAT)
        assert unit is not None
        house.keep_unit(tx, replace(unit, locks=locks))
        hub.intake.replan_unit(tx, FLAT)

    await hub.store.write(work)


async def _shown(here: Home) -> str:
    """Somebody who is entitled to it looks at the code."""
    stay = await here.stay()
    told = await here.hub.store.write(lambda tx: issuing.reveal(tx, here.hub.desk, stay, "account:Robin"))
    return told[0][1].reveal()


async def _asked(here: Home) -> list[str]:
    return [each.sentence for each in await here.hub.store.read(questions.open_questions)]


def _two() -> list[Memory]:
    return [Memory(Address("front")), Memory(Address("back"), refuses_duplicates=False)]


@pytest.mark.parametrize("told", [False, True])
def test_a_strangers_digits_there_are_not_given_to_the_guest(tmp_path: Path, told: bool) -> None:
    front, back = memories = _two()

    async def main() -> None:
        async with home(tmp_path, memories, start=CHECK_IN - timedelta(hours=6)) as here:
            await _doors(here, FRONT)
            here.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await here.later(minutes=10)
            digits = await _shown(here) if told else await here.digits()
            await here.driver.program("back", 9, digits)
            await here.later(minutes=1)
            await _doors(here, FRONT, BACK)
            await here.until(CHECK_IN)
            by_door = await here.digits_by_door((await here.stay()).id)
            assert by_door[BACK] != digits
            assert (by_door[FRONT] == digits) is told, "who knows a code keeps it; else there is one for all doors"
            assert (by_door[FRONT] == by_door[BACK]) is not told
            assert await _asked(here) == (
                ["Back has a code with the digits of Ada Lovelace, so there it is another one."] if told else []
            )
            assert back.holds(by_door[BACK])
            assert back.holds(digits) is not told, "by rule, digits that were given to somebody go from every lock"
            assert front.codes == {1: by_door[FRONT]}
            await _doors(here, FRONT, BACK)
            assert await here.digits_by_door((await here.stay()).id) == by_door, "doing it twice changes nothing"

    simulate(main())


@pytest.mark.parametrize("told", [False, True])
def test_nor_are_those_of_somebody_who_works_there_at_other_hours(tmp_path: Path, told: bool) -> None:
    async def main() -> None:
        async with home(tmp_path, _two(), start=CHECK_IN - timedelta(hours=6)) as here:
            await _doors(here, FRONT)
            here.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await here.later(minutes=10)
            digits, desk = await _shown(here) if told else await here.digits(), here.hub.desk

            def works_on_saturdays(tx: Tx) -> None:
                maria = people.add(tx, desk, people.Who("Maria", PersonKind.CLEANER), "account:Robin")
                made = people.adopted(tx, desk, maria, BACK, Pin(digits), None)
                passes.keep(tx, replace(made, when=EveryWeek(read_hours("Sat 08:00-12:00"))))

            await here.hub.store.write(works_on_saturdays)
            await _doors(here, FRONT, BACK)
            by_door = await here.digits_by_door((await here.stay()).id)
            assert by_door[BACK] != digits
            assert (by_door[FRONT] == by_door[BACK]) is not told, "who knows a code keeps it; else there is one for all"
            assert await _asked(here) == (
                ["Back has a code with the digits of Ada Lovelace, so there it is another one."] if told else []
            )

    simulate(main())


def test_nor_are_those_of_somebody_who_has_just_left(tmp_path: Path) -> None:
    memories = _two()

    async def main() -> None:
        async with home(tmp_path, memories, start=CHECK_IN - timedelta(hours=6)) as here:
            await _doors(here, FRONT)
            here.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await here.later(minutes=10)
            digits, desk = await here.digits(), here.hub.desk

            def gone(tx: Tx) -> None:
                window = Window(desk.now() - timedelta(days=2), desk.now() - timedelta(days=1))
                issuing.put_down(tx, desk, BACK, Pin(digits), window, issuing.Whose(Purpose.HAND, label="A plumber"))

            await here.hub.store.write(gone)
            await here.later(minutes=1)
            await _doors(here, FRONT, BACK)
            by_door = await here.digits_by_door((await here.stay()).id)
            assert digits not in by_door.values()
            assert by_door[FRONT] == by_door[BACK]

    simulate(main())


def test_digits_that_are_nobodys_there_open_the_new_door_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two(), start=CHECK_IN - timedelta(hours=6)) as here:
            await _doors(here, FRONT)
            here.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await here.later(minutes=10)
            digits = await here.digits()
            await _doors(here, FRONT, BACK)
            assert await here.digits_by_door((await here.stay()).id) == {FRONT: digits, BACK: digits}

    simulate(main())


@pytest.mark.parametrize("told", [False, True])
def test_digits_that_are_almost_anothers_there_are_kept_only_by_a_guest_who_knows_them(
    tmp_path: Path, told: bool
) -> None:
    async def main() -> None:
        async with home(tmp_path, _two(), start=CHECK_IN - timedelta(hours=6)) as here:
            await _doors(here, FRONT)
            here.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await here.later(minutes=10)
            digits = await _shown(here) if told else await here.digits()
            await _give(here, digits[:-1] + str((int(digits[-1]) + 1) % 10))
            await _doors(here, FRONT, BACK)
            by_door = await here.digits_by_door((await here.stay()).id)
            assert by_door[FRONT] == by_door[BACK]
            assert (by_door[BACK] == digits) is told

    simulate(main())


def test_digits_of_which_anothers_are_the_beginning_do_not_open_the_new_door(tmp_path: Path) -> None:
    """A keypad that opens at once would never hear the rest of them."""

    async def main() -> None:
        async with home(tmp_path, _two(), start=CHECK_IN - timedelta(hours=6)) as here:
            await _doors(here, FRONT)
            here.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await here.later(minutes=10)
            digits = await _shown(here)
            await _give(here, digits[:-1])
            await _doors(here, FRONT, BACK)
            by_door = await here.digits_by_door((await here.stay()).id)
            assert by_door[FRONT] == digits, "it is theirs"
            assert by_door[BACK] != digits
            assert not by_door[BACK].startswith(digits[:-1])
            assert await _asked(here) == [
                "Back has a code that begins as that of Ada Lovelace, so there it is another one."
            ]

    simulate(main())


def test_a_person_who_gets_one_door_more_does_not_get_digits_that_would_not_open_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, _two(), start=CHECK_IN - timedelta(hours=6)) as here:
            desk = here.hub.desk

            def give(tx: Tx) -> PassId:
                maria = people.add(tx, desk, people.Who("Maria", PersonKind.CLEANER), "account:Robin")
                return people.give(tx, desk, maria, people.Wish((FRONT,)), "account:Robin")

            id_ = await here.hub.store.write(give)
            (first,) = (await here.hub.store.read(lambda tx: _pins(tx, here, id_))).values()
            await _give(here, first[:-1])
            await here.hub.store.write(
                lambda tx: people.alter(tx, desk, id_, people.Wish((FRONT, BACK)), "account:Robin")
            )
            pins = await here.hub.store.read(lambda tx: _pins(tx, here, id_))
            assert pins[FRONT] == first
            assert not pins[BACK].startswith(first[:-1])

    simulate(main())


def _pins(tx: Tx, here: Home, id_: PassId) -> dict[LockId, str]:
    row = passes.pass_with(tx, id_)
    assert row is not None
    return {door.lock: opened(here.hub.desk, id_, door).reveal() for door in row.doors}


async def _give(here: Home, digits: str) -> None:
    """Somebody else has these at the other door."""
    desk = here.hub.desk
    window = Window(desk.now() - timedelta(days=1), desk.now() + timedelta(days=3))
    whose = issuing.Whose(Purpose.HAND, label="A plumber")
    await here.hub.store.write(lambda tx: issuing.put_down(tx, desk, BACK, Pin(digits), window, whose))
