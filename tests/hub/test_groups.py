"""One party takes several units: all of them are booked, moved and cancelled, or none; what is in the way names the unit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub import bookings, changes, groups
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.groups import GroupChange
from hub.intake import NewStay
from hub.model.availability import Reason
from hub.model.groups import summed
from hub.model.money import Money
from hub.model.values import StayId, StayStatus, UnitId
from hub.stay_changes import StayChange
from hub.store import house as places
from hub.store import log, stays
from hub.store.engine import Tx
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from tests.simulators.home import FLAT, Home, home, simulate

FIRST = date(2027, 3, 10)
BY = "account:robin"
LOFT, BARN = UnitId("loft"), UnitId("barn")


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _new(unit: UnitId, arrival: int = 0, departure: int = 2, **more: object) -> NewStay:
    return NewStay(unit, _day(arrival), _day(departure), "Ada Lovelace", **more)  # type: ignore[arg-type]


PARTY = (_new(FLAT, guests=2, total=Money(20000, "EUR")), _new(LOFT, guests=3, total=Money(30000, "EUR")), _new(BARN))


async def _book(house: Home, *party: NewStay, **more: object) -> list[StayId]:
    return await house.hub.store.write(lambda tx: groups.book(tx, house.hub.intake, party, BY, **more))  # type: ignore[arg-type]


async def _all(house: Home) -> dict[str, StayRow]:
    return {row.unit_id: row for row in await house.hub.store.read(lambda tx: stays.search(tx, Wanted()))}


async def _move(house: Home, id_: StayId, said: GroupChange, **more: object) -> list[StayId]:
    return await house.hub.store.write(lambda tx: groups.change(tx, house.hub.intake, id_, said, BY, **more))  # type: ignore[arg-type]


async def _cancel(house: Home, id_: StayId, **more: object) -> list[StayId]:
    return await house.hub.store.write(lambda tx: groups.cancel(tx, house.hub.intake, id_, BY, **more))  # type: ignore[arg-type]


async def _restore(house: Home, id_: StayId) -> list[StayId]:
    return await house.hub.store.write(lambda tx: groups.restore(tx, house.hub.intake, id_, BY))


def _in_three_units(work: Callable[[Home], Awaitable[None]], tmp_path: Path) -> None:
    def add(tx: Tx) -> None:
        flat = places.unit_with(tx, FLAT)
        assert flat is not None
        for unit, name in ((LOFT, "Loft"), (BARN, "Barn")):
            places.keep_unit(tx, replace(flat, id=unit, name=name, locks=()))

    async def main() -> None:
        async with home(tmp_path) as house:
            await house.hub.store.write(add)
            await work(house)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_party_that_takes_three_units_is_one_booking(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        made = await _book(house, *PARTY)
        known = await _all(house)
        assert [known[unit].id for unit in (FLAT, LOFT, BARN)] == made
        [reference] = {row.reference for row in known.values()}
        found = await house.hub.store.read(lambda tx: stays.search(tx, Wanted(text=reference)))
        assert {row.id for row in found} == set(made), "it is found by the reference"
        for id_ in made:
            row = await house.hub.store.read(lambda tx, id_=id_: stays.stay(tx, id_))  # type: ignore[misc]
            assert row is not None
            together = await house.hub.store.read(lambda tx, row=row: groups.members(tx, row))  # type: ignore[misc]
            assert [each.unit_id for each in together] == [BARN, FLAT, LOFT]
            in_all = summed(together)
            assert (in_all.units, in_all.guests, in_all.prices, in_all.unpriced) == (3, None, (Money(50000, "EUR"),), 1)
        await _book(house, _new(FLAT, 20, 22))
        assert (await _all(house))[FLAT].reference == "", "a booking of one unit needs no word in common"
        # Whoever comes later to the party is booked with its reference.
        [fourth] = await _book(house, _new(BARN, 4, 6, reference=reference))
        row = (await _all(house))[BARN]
        assert (row.id, len(await house.hub.store.read(lambda tx: groups.members(tx, row)))) == (fourth, 4)

    _in_three_units(work, tmp_path)


def test_none_is_booked_where_one_is_taken_and_every_unit_in_the_way_is_named(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        for unit in (LOFT, BARN):
            await _book(house, _new(unit, 1, 3))
        before = await _all(house)
        with pytest.raises(NotFree) as caught:
            await _book(house, *PARTY)
        assert set(caught.value.reasons) == {Reason.BOOKED}
        assert [part.partition(":")[0] for part in str(caught.value).split("; ")] == ["Loft", "Barn"]
        assert not caught.value.soft
        assert await _all(house) == before
        with pytest.raises(Rejected, match="named twice"):
            await _book(house, _new(FLAT), _new(FLAT))
        with pytest.raises(Rejected, match="Flat: the departure must be after the arrival"):
            await _book(house, _new(FLAT, 2, 2), _new(LOFT, 5, 6), anyway=True)
        with pytest.raises(Rejected, match=r"^the departure must be after the arrival"):
            await _book(house, _new(FLAT, 2, 2), anyway=True)
        # The house's own rules may be left aside, for all of them at once.
        with pytest.raises(NotFree, match=r"Loft: .*Barn: ") as caught:
            await _book(house, *(replace(each, arrival=_day(3), departure=_day(5)) for each in PARTY))
        assert caught.value.soft
        await _book(house, *(replace(each, arrival=_day(3), departure=_day(5)) for each in PARTY), anyway=True)

    _in_three_units(work, tmp_path)


def test_a_booking_is_moved_as_a_whole_and_stays_with_other_days_move_as_far(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        made = await _book(house, *PARTY)
        [reference] = {row.reference for row in (await _all(house)).values()}
        # Another one in the same unit right after: on their way they must not meet.
        [later] = await _book(house, _new(FLAT, 2, 3, reference=reference), anyway=True)
        moved = await _move(house, made[0], GroupChange(arrival=_day(1), departure=_day(3)), anyway=True)
        assert set(moved) == {*made, later}
        days = {
            row.id: (row.arrival, row.departure)
            for row in await house.hub.store.read(lambda tx: stays.search(tx, Wanted()))
        }
        assert days == {**dict.fromkeys(made, (_day(1), _day(3))), later: (_day(3), _day(4))}
        await _move(house, later, GroupChange(arrival=_day(2), departure=_day(3)), anyway=True)
        [back] = {row.arrival for row in (await _all(house)).values() if row.id in made[1:]}
        assert back == _day(0)
        with pytest.raises(Rejected, match="years away"):
            await _move(house, later, GroupChange(departure=date(8999, 1, 1)))

    _in_three_units(work, tmp_path)


def test_none_is_moved_where_one_cannot_be(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        made = await _book(house, *PARTY)
        await _book(house, _new(LOFT, 4, 6))
        before = await _all(house)
        with pytest.raises(NotFree, match=r"^Loft: "):
            await _move(house, made[0], GroupChange(departure=_day(5)))
        assert await _all(house) == before

    _in_three_units(work, tmp_path)


def test_a_cancelled_booking_is_taken_back_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        made = await _book(house, *PARTY)
        await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, made[2], BY))
        assert set(await _cancel(house, made[0])) == set(made[:2]), "what was cancelled before is left alone"
        with pytest.raises(Rejected, match="no stay of this booking is left"):
            await _cancel(house, made[0])
        [other] = await _book(house, _new(LOFT))
        with pytest.raises(NotFree, match=r"^Loft: "):
            await _restore(house, made[0])
        assert {row.status for row in (await _all(house)).values() if row.id in made} == {StayStatus.CANCELLED}
        await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, other, BY))
        assert set(await _restore(house, made[0])) == set(made)

    _in_three_units(work, tmp_path)


def test_only_what_somebody_has_seen_is_touched(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        made = await _book(house, *PARTY)
        reference = (await _all(house))[FLAT].reference
        await house.hub.store.write(
            lambda tx: bookings.book(tx, house.hub.intake, _new(FLAT, 8, 9, reference=reference), BY)
        )
        for act in (_cancel(house, made[0], meant=made), _move(house, made[0], GroupChange(_day(1)), meant=made)):
            with pytest.raises(Rejected, match="not what it was when you looked"):
                await act
        assert {row.status for row in (await _all(house)).values()} == {StayStatus.CONFIRMED}

    _in_three_units(work, tmp_path)


def test_stays_that_were_booked_one_by_one_become_one_booking_by_their_reference(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        [one] = await _book(house, _new(FLAT))
        [other] = await _book(house, _new(LOFT))

        async def refer(id_: StayId, reference: str) -> None:
            said = StayChange(reference=reference)
            await house.hub.store.write(lambda tx: bookings.change(tx, house.hub.intake, id_, said, BY))

        for id_ in (one, other):
            await refer(id_, " Wedding  Lovelace ")
        row = (await _all(house))[LOFT]
        assert row.reference == "Wedding Lovelace"
        assert {each.id for each in await house.hub.store.read(lambda tx: groups.members(tx, row))} == {one, other}
        deeds = await house.hub.store.read(lambda tx: log.deeds(tx, f"stay:{other}"))
        assert "another reference" in [part for each in deeds for part in changes.parts(each.detail)]
        await refer(other, "")
        row = (await _all(house))[LOFT]
        assert await house.hub.store.read(lambda tx: groups.members(tx, row)) == [row]

    _in_three_units(work, tmp_path)
