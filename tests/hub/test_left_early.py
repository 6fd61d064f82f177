"""A guest leaves early: the nights that begin after it are anybody's, and nobody else's once they are sold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from hub import bookings, conflicts, going_on, workflow
from hub.bookings import NewHold, NotFree
from hub.errors import Rejected
from hub.intake import NewStay
from hub.model.availability import Reason
from hub.model.nights import Night
from hub.model.stays import free_at, free_from
from hub.model.values import StayId, UnitId
from hub.model.workflow import Stage
from hub.stay_changes import StayChange
from hub.store import house, log, stays, steps
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, Origin, Unit
from hub.store.steps import Step
from tests.simulators.home import FLAT, ZONE, Home, home, simulate

FIRST, LAST = date(2027, 3, 2), date(2027, 3, 9)
LOFT = UnitId("loft")


def _march(day: int, hour: int) -> datetime:
    return datetime(2027, 3, day, hour, tzinfo=ZONE).astimezone(UTC)


NOON = _march(2, 12)
"""Of the day on which Ada Lovelace comes."""


async def _say(house_: Home, id_: StayId, stage: Stage) -> None:
    await house_.hub.store.write(lambda tx: workflow.say(tx, house_.hub.intake, id_, stage, "", "ada"))


async def _book(house_: Home, first: int, last: int, guest: str = "Grace Hopper", unit: UnitId = FLAT) -> StayId:
    new = NewStay(unit, date(2027, 3, first), date(2027, 3, last), guest)
    return await house_.hub.store.write(lambda tx: bookings.book(tx, house_.hub.intake, new, "ada", anyway=True))


async def _hold(house_: Home, first: int, last: int) -> None:
    new = NewHold(FLAT, date(2027, 3, first), date(2027, 3, last))
    await house_.hub.store.write(lambda tx: bookings.hold(tx, house_.hub.desk, new, "ada", anyway=True))


async def _taken(house_: Home, first: int, nights: int) -> list[bool]:
    now = house_.hub.clock.now()
    days = date(2027, 3, first)
    flags = await house_.hub.store.read(lambda tx: bookings.calendars(tx, [FLAT], days, nights, now)[FLAT])
    return [bool(each & (Night.BOOKED | Night.HELD)) for each in flags]


async def _left(house_: Home, at: datetime, *, made_here: bool = True) -> StayId:
    """Ada Lovelace came on the 2nd for a week, and leaves at that hour."""
    if made_here:
        id_ = await _book(house_, 2, 9, "Ada Lovelace")
    else:
        house_.book("a", FIRST, LAST)
        await house_.later(minutes=5)
        id_ = (await house_.stay()).id
    await house_.until(_march(2, 16))
    await _say(house_, id_, Stage.CHECKED_IN)
    await house_.until(at)
    await _say(house_, id_, Stage.CHECKED_OUT)
    await house_.later(minutes=6)
    return id_


def _loft(tx: Tx) -> None:
    flat = house.unit_with(tx, FLAT)
    assert flat is not None
    house.keep_unit(tx, Unit(LOFT, flat.property, "Loft", (), ClosedMeans.ASK, Origin.SITE))


def test_the_hour_of_leaving_decides_which_night_is_the_first_free_one() -> None:
    day = date(2027, 3, 4)

    def first_free(hour: int) -> date:
        return free_from(FIRST, LAST, _march(4, hour), ZONE, time(15))

    assert [first_free(0), first_free(10), first_free(15)] == [day] * 3
    assert [first_free(16), first_free(23)] == [date(2027, 3, 5)] * 2
    came, went = _march(2, 15), _march(9, 11)
    assert free_at(came, went, _march(4, 10)) == _march(4, 10)
    assert free_at(came, went, None) == free_at(came, went, _march(2, 14)) == free_at(came, went, _march(9, 12)) == went


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("made_here", [True, False])
def test_nights_after_an_early_departure_are_booked_held_and_moved_to(tmp_path: Path, made_here: bool) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            await house_.hub.store.write(_loft)
            await _left(house_, _march(4, 10), made_here=made_here)
            assert await _taken(house_, 3, 6) == [True, *[False] * 5]
            await _book(house_, 4, 5)
            await _hold(house_, 5, 6)
            id_ = await _book(house_, 6, 8, "Mary Shelley", LOFT)
            await house_.hub.store.write(
                lambda tx: conflicts.move(tx, house_.hub.intake, id_, FLAT, "ada", anyway=True)
            )
            assert await _taken(house_, 3, 6) == [True, True, True, True, True, False]
            with pytest.raises(NotFree) as caught:
                await _book(house_, 7, 9, "Nobody")
            assert caught.value.reasons == (Reason.BOOKED,)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_who_leaves_late_in_the_day_has_had_that_night_everywhere(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            id_ = await _left(house_, _march(4, 22))
            assert await _taken(house_, 4, 2) == [True, False]
            with pytest.raises(NotFree):
                await _book(house_, 4, 5)
            await _book(house_, 5, 6)
            row = await house_.hub.store.read(lambda tx: stays.stay(tx, id_))
            assert row is not None
            assert row.takes is not None
            assert row.takes.end == row.left_at

    simulate(main())


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("made_here", [True, False])
def test_a_departure_is_undone_until_somebody_else_has_the_nights(tmp_path: Path, made_here: bool) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            id_ = await _left(house_, _march(4, 10), made_here=made_here)
            assert await house_.digits_by_door(id_) == {}
            await _say(house_, id_, Stage.CHECKED_IN)
            await house_.later(minutes=6)
            row = await house_.stay()
            assert (row.left_at, bool(await house_.digits_by_door(id_))) == (None, True)
            assert all(await _taken(house_, 4, 5))
            with pytest.raises(NotFree):
                await _book(house_, 6, 8)

            await _say(house_, id_, Stage.CHECKED_OUT)
            other = await _book(house_, 6, 8)
            with pytest.raises(Rejected, match="the guest left, and cannot be inside again: somebody else stays there"):
                await _say(house_, id_, Stage.CHECKED_IN)
            assert (await house_.stay()).left_at is not None
            await house_.hub.store.write(lambda tx: house_.hub.intake.cancel_stay(tx, other, "ada"))
            await _hold(house_, 6, 8)
            with pytest.raises(Rejected, match="cannot be inside again: somebody holds"):
                await _say(house_, id_, Stage.CHECKED_IN)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_channel_that_sells_the_nights_again_tells_of_another_guest(tmp_path: Path) -> None:
    """Under another name, until the same day; it lists the one who left no more."""

    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            id_ = await _left(house_, _march(4, 10), made_here=False)
            house_.unbook("a")
            house_.book("b", date(2027, 3, 5), LAST, "")
            await house_.later(minutes=5)
            first, second = sorted(await house_.stays(), key=lambda row: row.made_at)
            assert (first.id, first.arrival, second.arrival) == (id_, FIRST, date(2027, 3, 5))
            assert await house_.digits_by_door(second.id), "nobody has these nights besides"
            await house_.until(_march(5, 15))
            assert len(house_.lock("front").codes) == 1

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_of_many_who_ask_for_the_free_nights_at_once_one_gets_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            id_ = await _left(house_, _march(4, 10))
            asked = [_book(house_, 5, 7, f"Guest {number}") for number in range(5)]
            said = await asyncio.gather(*asked, _say(house_, id_, Stage.CHECKED_IN), return_exceptions=True)
            refused = [each for each in said if isinstance(each, Rejected)]
            assert len(refused) == 5, said

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_the_database_itself_lets_nobody_back_on_nights_that_were_sold(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            id_ = await _left(house_, _march(4, 10))
            await _book(house_, 6, 8)

            def back(tx: Tx) -> None:
                row = stays.stay(tx, id_)
                assert row is not None
                stays.keep(tx, replace(row, left_at=None))

            with pytest.raises(IntegrityError, match="overlap"):
                await house_.hub.store.write(back)

    simulate(main())


async def _longer(house_: Home) -> StayId:
    """Ada Lovelace left on the 4th; by the 5th her channel has sold her two nights more. Whose the nights are is asked later."""
    id_ = (await house_.stay()).id
    await house_.until(_march(5, 12))
    house_.rebook("a", departure=date(2027, 3, 11))
    await house_.later(minutes=10)
    return id_


@pytest.mark.usefixtures("either_database")
def test_a_channel_that_makes_a_stay_longer_has_its_guest_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            await _left(house_, _march(4, 10), made_here=False)
            id_ = await _longer(house_)
            assert ((await house_.stay()).left_at, all(await _taken(house_, 5, 6))) == (None, True)
            assert await house_.driver.press("front", await house_.digits()), "the code opens in the added nights"
            told, story = await house_.hub.store.read(lambda tx: (steps.history(tx, id_), log.deeds(tx, f"stay:{id_}")))
            assert told[-1] == Step(told[-1].at, Stage.CHECKED_OUT, Stage.CHECKED_IN, "channel:feed", going_on.LONGER)
            assert told[-1].at.astimezone(ZONE).date() == date(2027, 3, 5)
            assert any(going_on.BACK in line.detail for line in story)
            await house_.until(_march(11, 12))
            assert (await house_.hub.store.read(lambda tx: steps.stage(tx, id_))) is Stage.CHECKED_OUT

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_nights_that_were_sold_before_a_channel_made_the_stay_longer_are_sold_twice(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            await _left(house_, _march(4, 10), made_here=False)
            other = await _book(house_, 6, 8)
            id_ = await _longer(house_)
            clashes = await house_.hub.store.read(lambda tx: conflicts.clashes(tx, house_.hub.desk))
            assert {(each.first.id, each.second.id) for each in clashes} in ({(other, id_)}, {(id_, other)})
            assert (await house_.digits_by_door(id_), bool(await house_.digits_by_door(other))) == ({}, True)
            await house_.hub.store.write(lambda tx: house_.hub.intake.cancel_stay(tx, other, "ada"))
            await house_.later(minutes=6)
            assert await house_.driver.press("front", await house_.digits())

    simulate(main())


def test_a_shorter_or_equal_stay_leaves_the_departure_as_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            await _left(house_, _march(4, 10), made_here=False)
            for changed in ({"guests": 3}, {"departure": date(2027, 3, 8)}):
                house_.rebook("a", **changed)
                await house_.later(minutes=5)
                assert (await house_.stay()).left_at is not None, changed

    simulate(main())


def test_a_stay_is_made_longer_only_while_its_guest_is_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=NOON) as house_:
            id_ = await _left(house_, _march(4, 10))
            longer, shorter = StayChange(departure=date(2027, 3, 11)), StayChange(departure=date(2027, 3, 8))
            change = house_.hub.intake.change_stay
            with pytest.raises(Rejected, match="the guest has left; say first"):
                await house_.hub.store.write(lambda tx: change(tx, id_, longer, "ada"))
            await house_.hub.store.write(lambda tx: change(tx, id_, shorter, "ada"))
            assert (await house_.stay()).departure == date(2027, 3, 8)

    simulate(main())
