"""Bookings made here: asked and written in one transaction, refused in words, and never on nights that are somebody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest

from hub import bookings
from hub.bookings import NewHold, NotFree
from hub.config import Config
from hub.errors import Rejected
from hub.intake import Intake, NewStay
from hub.io.vault import Vault
from hub.issuing import Desk
from hub.model.availability import Closed, ClosureKind, OwnRules, Reason, Resource, Wish
from hub.model.values import PropertyId, StayKind, UnitId
from hub.store import bookings as ledger
from hub.store import house as places
from hub.store import publishing, stays
from hub.store.engine import Store, Tx
from hub.store.house import ClosedMeans, Origin, Property, Unit
from hub.store.stay_search import Wanted
from tests.simulators.home import DATABASE, FLAT, Home, home, new_house, simulate

FIRST = date(2027, 3, 10)
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
BY = "ada"


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _new(arrival: int = 0, departure: int = 2, guest: str = "Ada Lovelace", **more: object) -> NewStay:
    return NewStay(FLAT, _day(arrival), _day(departure), guest, **more)  # type: ignore[arg-type]


async def _book(house: Home, new: NewStay, **more: object) -> str:
    return await house.hub.store.write(lambda tx: bookings.book(tx, house.hub.intake, new, BY, **more))  # type: ignore[arg-type]


async def _refused(house: Home, new: NewStay, **more: object) -> tuple[Reason, ...]:
    with pytest.raises(NotFree) as caught:
        await _book(house, new, **more)
    assert str(caught.value)
    return caught.value.reasons


async def _own(house: Home, **own: object) -> None:
    rules = OwnRules(**own)  # type: ignore[arg-type]
    await house.hub.store.write(lambda tx: bookings.set_rules(tx, house.hub.desk, None, FLAT, rules, BY))


def _living(work: Callable[[Home], object], tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await work(house)  # type: ignore[misc]

    simulate(main())


def test_the_buffer_of_the_plans_is_a_rule_that_a_manager_may_leave_aside(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _book(house, _new(0, 2))
        assert await _refused(house, _new(2, 4, "Bob")) == (Reason.BUFFER,)
        await _book(house, _new(2, 4, "Bob"), anyway=True)
        await _own(house, buffer=timedelta(hours=4))
        await _book(house, _new(4, 5, "Cyd"))

    _living(work, tmp_path)


def test_nobody_is_booked_on_nights_that_are_somebody_elses_not_even_anyway(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await _book(house, _new(0, 3))
        assert await _refused(house, _new(2, 4, "Bob"), anyway=True) == (Reason.BOOKED,)
        house.book("a", _day(5), _day(7), "", kind=StayKind.BLOCK)
        await house.later(minutes=4)
        assert Reason.BLOCKED in await _refused(house, _new(6, 8, "Bob"), anyway=True)

    _living(work, tmp_path)


def test_the_rules_of_a_unit_stand_above_those_of_its_property(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        hub = house.hub
        place = await hub.store.read(lambda tx: PropertyId(next(iter(_places(tx)))))
        rules = OwnRules(min_nights=3, capacity=2, resource=Resource.YACHT)
        await hub.store.write(lambda tx: bookings.set_rules(tx, hub.desk, place, None, rules, BY))
        assert set(await _refused(house, _new(0, 2, guests=3))) == {Reason.MIN_STAY, Reason.CAPACITY}
        await _own(house, min_nights=1)
        assert await _refused(house, _new(0, 2, guests=3)) == (Reason.CAPACITY,)
        counts = await hub.store.read(lambda tx: ledger.rules_at(tx, FLAT))
        assert (counts.min_nights, counts.capacity, counts.buffer) == (1, 2, timedelta(hours=4))
        await _own(house)
        assert await _refused(house, _new(0, 2)) == (Reason.MIN_STAY,)
        with pytest.raises(Rejected, match="at least than at most"):
            await _own(house, min_nights=5, max_nights=4)

    _living(work, tmp_path)


def _places(tx: Tx) -> list[str]:
    return [place.id for place in places.properties(tx)]


@pytest.mark.usefixtures("either_database")
def test_days_that_somebody_closed_are_not_booked_until_they_are_open_again(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        hub = house.hub
        shut = Closed(ClosureKind.MAINTENANCE, _day(1), _day(2))
        row = await hub.store.write(lambda tx: bookings.close(tx, hub.desk, FLAT, shut, "painter", BY))
        assert await _refused(house, _new(0, 2)) == (Reason.MAINTENANCE,)
        await hub.store.write(lambda tx: bookings.reopen(tx, hub.desk, row.id, BY))
        await _book(house, _new(0, 2))

    _living(work, tmp_path)


@pytest.mark.usefixtures("either_database")
def test_a_hold_keeps_nights_until_it_is_booked_released_or_over(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        hub = house.hub

        async def held(lasts: timedelta = timedelta(minutes=15)) -> str:
            new = NewHold(FLAT, _day(0), _day(3), "Bob", lasts)
            return (await hub.store.write(lambda tx: bookings.hold(tx, hub.desk, new, BY))).id

        first = await held()
        assert await _refused(house, _new(1, 2), anyway=True) == (Reason.HELD,)
        with pytest.raises(NotFree):
            await held()
        with pytest.raises(Rejected, match="some of these nights"):
            await hub.store.write(lambda tx: hub.intake.add_stay(tx, _new(1, 2), BY))
        with pytest.raises(Rejected, match="other nights"):
            await _book(house, _new(1, 4), hold=first)
        await house.later(minutes=15)
        second = await held()
        await _book(house, _new(0, 3, "Bob"), hold=second)
        with pytest.raises(Rejected, match="over"):
            await _book(house, _new(4, 5), hold=second)

    _living(work, tmp_path)


def test_a_hold_is_released_by_hand(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        hub = house.hub
        row = await hub.store.write(lambda tx: bookings.hold(tx, hub.desk, NewHold(FLAT, _day(0), _day(3)), BY))
        await hub.store.write(lambda tx: bookings.release(tx, hub.desk, row.id, BY))
        await _book(house, _new(0, 3))
        with pytest.raises(Rejected):
            await hub.store.write(lambda tx: bookings.release(tx, hub.desk, row.id, BY))

    _living(work, tmp_path)


@pytest.mark.usefixtures("either_database")
def test_a_calendar_that_was_not_read_for_hours_is_a_reason_to_look_first(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.later(minutes=4)
        await _own(house, stale_after=timedelta(minutes=30))
        house.calendar.broken = "the server does not answer"
        await house.later(minutes=40)
        assert await _refused(house, _new(0, 2)) == (Reason.STALE,)
        await _book(house, _new(0, 2), anyway=True)

    _living(work, tmp_path)


def test_tonight_is_not_sold_beside_a_platform_that_hears_of_it_hours_later_unless_a_person_says_so(
    tmp_path: Path,
) -> None:
    async def work(house: Home) -> None:
        now = house.hub.clock.now()
        today = (now.date() - FIRST).days
        channel = (await house.hub.store.read(places.channels))[0].id
        await house.hub.store.write(lambda tx: publishing.open_outlet(tx, channel, FLAT, publishing.FEED, now))
        assert await _refused(house, _new(today, today + 1)) == (Reason.LAG,)
        await _book(house, _new(today + 3, today + 4))
        await _book(house, _new(today, today + 1), anyway=True)

    _living(work, tmp_path)


@pytest.mark.usefixtures("either_database")
def test_all_units_are_asked_at_once_and_the_stay_that_asks_is_not_in_its_own_way(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        id_ = await _book(house, _new(0, 2, check_out=time(10)))
        now, wish = house.hub.clock.now(), Wish(_day(1), _day(3))
        read = house.hub.store.read
        assert [each.reason for each in (await read(lambda tx: bookings.look(tx, [FLAT], wish, now)))[FLAT]] == [
            Reason.BOOKED
        ]
        assert (await read(lambda tx: bookings.look(tx, [FLAT], wish, now, besides=id_)))[FLAT] == ()  # type: ignore[arg-type]
        assert await read(lambda tx: bookings.look(tx, [UnitId("nowhere")], wish, now)) == {}

    _living(work, tmp_path)


# ---- five hundred at once -------------------------------------------------------------------------------------------

CROWD = 500
STALLED_S = 20


@asynccontextmanager
async def _as_it_runs(folder: Path) -> AsyncIterator[tuple[Store, Intake]]:
    """The store as it is in a running hub: its own thread, commits in groups, everything on the disk."""
    database = DATABASE.get() or str(folder / "gatehouse.db")
    config = Config.model_validate({"database": database, "state_dir": folder / "state", "key_file": folder / "key"})
    new_house(config)
    with Store.open(config.database) as store:
        await store.write(_furnished)
        yield store, Intake(Desk(Vault.load(config.key_file), lambda below: 0, lambda: NOW))


@pytest.mark.usefixtures("either_database")
def test_of_five_hundred_bookings_of_one_night_exactly_one_is_accepted_and_none_stalls(tmp_path: Path) -> None:
    async def main() -> None:
        async with _as_it_runs(tmp_path) as (store, intake):
            took = [0.0]

            async def one(number: int) -> str:
                began = perf_counter()
                try:
                    return await store.write(lambda tx: bookings.book(tx, intake, _new(0, 1, f"Guest {number}"), BY))
                finally:
                    took.append(perf_counter() - began)

            told = await asyncio.gather(*map(one, range(CROWD)), return_exceptions=True)
            refused = [each.reasons for each in told if isinstance(each, NotFree)]
            assert refused == [(Reason.BOOKED,)] * (CROWD - 1)
            assert len([each for each in told if isinstance(each, str)]) == 1
            assert max(took) < STALLED_S
            assert len(await store.read(lambda tx: stays.search(tx, Wanted(limit=10)))) == 1

    asyncio.run(main())


@pytest.mark.usefixtures("either_database")
def test_of_five_hundred_bookings_of_different_nights_each_is_accepted_once(tmp_path: Path) -> None:
    """As many at once as the plans ask for; guests leave on the day that the next ones come."""

    async def main() -> None:
        async with _as_it_runs(tmp_path) as (store, intake):
            await store.write(
                lambda tx: bookings.set_rules(
                    tx, intake.desk, None, FLAT, OwnRules(buffer=timedelta(0), advance_days=CROWD + 30), BY
                )
            )

            async def one(number: int) -> str:
                return await store.write(
                    lambda tx: bookings.book(tx, intake, _new(number, number + 1, f"Guest {number}"), BY)
                )

            told = await asyncio.gather(*map(one, range(CROWD)))
            kept = await store.read(lambda tx: stays.search(tx, Wanted(limit=CROWD + 1)))
            assert {row.id for row in kept} == set(told)
            assert {(row.arrival, row.guest) for row in kept} == {(_day(n), f"Guest {n}") for n in range(CROWD)}

    asyncio.run(main())


def _furnished(tx: Tx) -> None:
    hours = time(15), time(11)
    place = Property(PropertyId("house"), "House", ZoneInfo("Europe/Berlin"), *hours, timedelta(0), 6, Origin.SITE)
    places.keep_property(tx, place)
    places.keep_unit(tx, Unit(FLAT, place.id, "Flat", (), ClosedMeans.ASK, Origin.SITE))
