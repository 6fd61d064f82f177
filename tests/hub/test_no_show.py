"""A guest who does not come: when that is said, and what becomes of code and nights, as the house has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import bookings, workflow
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.availability import OwnRules
from hub.model.facts import Fact, LockHeard, LockSilent, LogRead
from hub.model.values import Address, PropertyId, StayId, UnitId
from hub.model.workflow import NoShow, Stage
from hub.store import log, steps
from tests.simulators.home import FLAT, Home, home, simulate

HOUSE = PropertyId("house")
FIRST, LAST = date(2027, 3, 4), date(2027, 3, 9)
LATELY = datetime(2027, 3, 3, 9, tzinfo=UTC)
"""Somebody else comes and goes before."""


async def _rules(made: Home, unit: UnitId | None, **own: object) -> None:
    rules, of = OwnRules(**own), HOUSE if unit is None else None  # type: ignore[arg-type]  # as the test names them
    await made.hub.store.write(lambda tx: bookings.set_rules(tx, made.hub.desk, of, unit, rules, "ada"))


async def _stage(made: Home, id_: StayId) -> Stage | None:
    return await made.hub.store.read(lambda tx: steps.stage(tx, id_))


async def _say(made: Home, id_: StayId, stage: Stage) -> None:
    await made.hub.store.write(lambda tx: workflow.say(tx, made.hub.intake, id_, stage, "", "ada"))


async def _tell(made: Home, fact: Fact) -> None:
    await made.hub.store.write(lambda tx: made.hub.intake.absorb(tx, fact, "memory"))


async def _book(made: Home, first: date, last: date) -> StayId:
    new = NewStay(FLAT, first, last, "Grace Hopper")
    return await made.hub.store.write(lambda tx: bookings.book(tx, made.hub.intake, new, "ada", anyway=True))


async def _awaited(made: Home) -> StayId:
    """Ada Lovelace, at a door of which is known that it says whose code was typed."""
    made.book("before", FIRST - timedelta(days=1), FIRST, "Mary Shelley")
    made.book("a", FIRST, LAST)
    await made.until((await _check_in(made, "Mary Shelley")) + timedelta(hours=1))
    assert await made.driver.press("front", await made.digits("Mary Shelley"))
    await made.until(await _check_in(made))
    return (await made.stay()).id


async def _check_in(made: Home, guest: str = "Ada Lovelace") -> datetime:
    await made.later(minutes=5)
    at = (await made.stay(guest)).check_in
    assert at is not None
    return at


def test_nothing_said_a_guest_is_missed_after_a_day_and_keeps_code_and_nights(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            id_ = await _awaited(made)
            await made.later(hours=23, minutes=40)
            assert await _stage(made, id_) is Stage.PRE_ARRIVAL
            await made.later(minutes=30)
            assert await _stage(made, id_) is Stage.NO_SHOW
            with pytest.raises(NotFree):
                await _book(made, date(2027, 3, 6), date(2027, 3, 7))
            assert await made.driver.press("front", await made.digits()), "they may come late"
            await made.later(minutes=10)
            assert await _stage(made, id_) is Stage.CHECKED_IN

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_unit_may_say_sooner_and_never_against_its_property(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, None, no_show=NoShow.OFF)
            id_ = await _awaited(made)
            await made.later(hours=30)
            assert await _stage(made, id_) is Stage.PRE_ARRIVAL, "the property says so of nobody"
            await _rules(made, FLAT, no_show=NoShow.NOTE, no_show_after=timedelta(hours=32))
            await made.later(minutes=10)
            assert await _stage(made, id_) is Stage.PRE_ARRIVAL
            await made.later(hours=2)
            assert await _stage(made, id_) is Stage.NO_SHOW

    simulate(main())


def test_where_the_house_says_of_nobody_that_they_did_not_come_the_stay_just_ends(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, None, no_show=NoShow.OFF)
            id_ = await _awaited(made)
            await made.later(days=4, hours=21)
            assert await _stage(made, id_) is Stage.CHECKED_OUT

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_where_the_house_has_it_so_the_code_ends_and_the_nights_are_free_until_it_is_undone(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, None, no_show=NoShow.FREE, no_show_after=timedelta(hours=6))
            id_ = await _awaited(made)
            await made.later(hours=5)
            assert await made.digits_by_door(id_)
            await made.later(hours=1, minutes=10)
            assert await _stage(made, id_) is Stage.NO_SHOW
            assert (await made.digits_by_door(id_), made.lock("front").codes) == ({}, {})
            deeds = await made.hub.store.read(lambda tx: log.deeds(tx, f"stay:{id_}", limit=50))
            assert "nobody came in; the code ended, and the nights are free" in [each.detail for each in deeds]

            await _say(made, id_, Stage.CHECKED_IN)
            await made.later(minutes=10)
            assert (await _stage(made, id_), bool(await made.digits_by_door(id_))) == (Stage.CHECKED_IN, True)

    simulate(main())


def test_more_nights_from_the_channel_are_of_a_guest_who_was_given_up_and_may_come_late(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, None, no_show=NoShow.FREE, no_show_after=timedelta(hours=6))
            id_ = await _awaited(made)
            await made.later(hours=7)
            made.rebook("a", departure=date(2027, 3, 11))
            await made.later(hours=2)
            assert await _stage(made, id_) is Stage.NO_SHOW
            assert await made.driver.press("front", await made.digits())
            await made.later(minutes=10)
            assert await _stage(made, id_) is Stage.CHECKED_IN

    simulate(main())


def test_nobody_is_missed_at_a_door_that_is_silent(tmp_path: Path) -> None:
    """The guest may have come in all the same."""

    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, None, no_show=NoShow.FREE, no_show_after=timedelta(hours=6))
            id_ = await _awaited(made)
            await made.later(hours=5)
            made.lock("front").silent = True
            await _tell(made, LockSilent(Address("front"), made.hub.clock.now(), "no answer"))
            await made.later(hours=2)
            assert await _stage(made, id_) is Stage.PRE_ARRIVAL
            assert await made.digits_by_door(id_)
            assert made.lock("front").codes
            made.lock("front").silent = False
            await _tell(made, LockHeard(Address("front"), made.hub.clock.now()))
            await made.later(hours=1)
            assert await _stage(made, id_) is Stage.PRE_ARRIVAL, "it does not say what it saw meanwhile"
            now = made.hub.clock.now()
            await _tell(made, LogRead(Address("front"), now, now - timedelta(hours=1), ()))
            await made.later(hours=1)
            assert await _stage(made, id_) is Stage.PRE_ARRIVAL, "nor does its log, which does not go back so far"
            now = made.hub.clock.now()
            await _tell(made, LogRead(Address("front"), now, now - timedelta(hours=9), ()))
            await made.later(hours=1)
            assert await _stage(made, id_) is Stage.NO_SHOW

    simulate(main())


def test_a_persons_word_frees_the_nights_too_and_who_has_them_then_keeps_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, FLAT, no_show=NoShow.FREE)
            id_ = await _awaited(made)
            await made.later(hours=2)
            await _say(made, id_, Stage.NO_SHOW)
            await _book(made, date(2027, 3, 5), date(2027, 3, 7))
            with pytest.raises(Rejected, match="cannot be inside again: somebody else stays there"):
                await _say(made, id_, Stage.CHECKED_IN)

    simulate(main())


def test_a_guest_whose_channel_moves_the_stay_to_later_days_is_awaited_anew(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=LATELY) as made:
            await _rules(made, FLAT, no_show=NoShow.FREE, no_show_after=timedelta(hours=6))
            id_ = await _awaited(made)
            await made.later(hours=7)
            assert await made.digits_by_door(id_) == {}
            made.rebook("a", arrival=date(2027, 3, 6), departure=date(2027, 3, 10))
            await made.later(minutes=10)
            assert (await _stage(made, id_), bool(await made.digits_by_door(id_))) == (Stage.PRE_ARRIVAL, True)
            assert (await made.stay()).left_at is None

    simulate(main())
