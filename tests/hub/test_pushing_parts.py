"""What an account takes of a booking made here, and what it lacks: its parts, another unit, the price (R546 to R593)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import conflicts, pushing
from hub.model.money import Money
from hub.model.price_lines import LineKind, PriceLine
from hub.model.values import Part, PropertyId, StayId, StayStatus, UnitId
from hub.stay_changes import StayChange
from hub.store import house as rows
from hub.store import mail
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, Origin, Unit
from hub.store.pushes import PushState
from tests.hub.pushing_house import (
    ADA,
    ARRIVAL,
    DEPARTURE,
    DESK,
    FOR_REAL,
    LOFT,
    add,
    made_there,
    plugged,
    pushed,
    writes,
    wrong,
)
from tests.simulators.home import FLAT, Home, simulate
from tests.simulators.managers.desk import reply


@pytest.mark.usefixtures("either_database")
@pytest.mark.parametrize("seconds", [0, 90])
def test_the_notes_of_a_booking_are_sent_though_the_answer_to_its_making_was_lost(tmp_path: Path, seconds: int) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            desk.lost = 1
            await add(house)
            if seconds:  # it is read, and known as ours, before it is tried again
                await house.later(seconds=2)
                desk.faults = [reply({}, 503)] * 6
            await house.later(minutes=10)
            row = await pushed(house)
            assert (made_there(desk).note, row.state, row.missing) == ("Brings a dog", PushState.SYNCED, {})
            assert writes(desk) == ["POST /v1/reservations-v3", f"PUT /v1/reservations-v3/{row.booking}/notes"]

    simulate(main())


def test_notes_that_are_refused_are_said_to_be_lacking_and_only_they_are_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            desk.refuses_part = "notes"
            id_ = await add(house)
            await house.later(minutes=2)
            row, hub = await pushed(house), house.hub
            assert (row.state, row.booking, row.keeps_nights) == (PushState.FAILED, str(made_there(desk).id), True)
            assert list(row.missing) == [Part.NOTES]
            assert "422" in row.missing[Part.NOTES]
            assert desk.closed == set(), "its nights are taken there"
            (said,) = await wrong(house)
            assert "is known to “guesty”, but not all of it: the notes (" in said
            desk.refuses_part, before = "", len(writes(desk))
            now, wall = hub.clock.now(), hub.wall.now()
            await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))
            await house.later(seconds=20)
            assert [each.rpartition("/")[2] for each in writes(desk)[before:]] == ["notes"]
            row = await pushed(house)
            assert (row.state, row.missing, made_there(desk).note) == (PushState.SYNCED, {}, "Brings a dog")
            assert await wrong(house) == []

    simulate(main())


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        (StayChange(note="Brings a cat"), ["notes"]),
        (StayChange(special_requests="A cot.\nLate dinner."), ["notes"]),
        (StayChange(company="Analytical Ltd", purpose="business", country="Italy"), ["notes"]),
        (StayChange(guests=3), ["guests", "notes"]),
        (StayChange(children=1), ["guests", "notes"]),
        (StayChange(guest="Grace Hopper"), ["g5001"]),
        (StayChange(email="grace@example.com", phone="+44 20 7946 0099"), ["g5001"]),
    ],
)
def test_other_notes_another_party_and_another_guest_are_sent(
    tmp_path: Path, said: StayChange, parts: list[str]
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(seconds=10)
            before = len(writes(desk))
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, said, "manager"))
            await house.later(hours=1, minutes=5)  # it is read back meanwhile
            assert [each.rpartition("/")[2] for each in writes(desk)[before:]] == parts
            made, (stay,), row = made_there(desk), await house.stays(), await pushed(house)
            assert (made.guest, made.note) == (stay.guest, "\n".join(filter(None, (stay.special_requests, stay.note))))
            said_besides = "company Analytical Ltd; purpose of the journey business; from Italy"
            assert (said_besides in made.remarks) is bool(stay.company)
            assert made.adults + made.children == stay.guests
            assert (made.email, made.phone) == (said.email or ADA.email, said.phone or ADA.phone)
            assert (row.state, row.missing) == (PushState.SYNCED, {})

    simulate(main())


@pytest.mark.parametrize(
    ("refused", "unit", "days"),
    [
        ("relocate", "102", {ARRIVAL + timedelta(days=number) for number in range(3)}),
        ("dates", "101", {ARRIVAL - timedelta(days=2), ARRIVAL - timedelta(days=1)}),
        ("status", "101", {ARRIVAL + timedelta(days=number) for number in range(3)}),
    ],
)
def test_nights_that_it_would_not_give_a_booking_that_it_has_are_closed_there_until_it_does(
    tmp_path: Path, refused: str, unit: str, days: set[date]
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(minutes=3)
            if refused == "status":
                await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, id_, "manager"))
                await house.later(minutes=3)
            desk.refuses_part = refused

            def work(tx: Tx) -> None:
                if refused == "relocate":
                    hub.intake.move_stay(tx, id_, LOFT, "manager")
                elif refused == "dates":
                    hub.intake.change_stay(tx, id_, StayChange(arrival=min(days)), "manager")
                else:
                    hub.intake.restore_stay(tx, id_, "manager")

            await hub.store.write(work)
            await house.later(minutes=1)
            assert (await pushed(house)).state is PushState.FAILED
            assert desk.closed == {(unit, day) for day in days}
            desk.refuses_part = ""
            now, wall = hub.clock.now(), hub.wall.now()
            await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))
            await house.later(minutes=1)
            made = made_there(desk)
            assert ((await pushed(house)).state, desk.closed) == (PushState.SYNCED, set()), "opened for it at once"
            assert (made.unit, made.state, made.departure) == (unit, "taken", DEPARTURE)
            assert made.arrival == min(days)

    simulate(main())


def test_what_is_refused_of_the_guest_keeps_nothing_else_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(seconds=10)
            desk.refuses_part = "guests-crud"
            said = StayChange(guest="Grace Hopper", note="Brings a cat", departure=DEPARTURE + timedelta(days=1))
            await hub.store.write(lambda tx: hub.intake.change_stay(tx, id_, said, "manager"))
            await house.later(seconds=20)
            made, row = made_there(desk), await pushed(house)
            assert (made.guest, made.note, made.departure) == ("Ada Lovelace", "Brings a cat", said.departure)
            assert (row.state, list(row.missing)) == (PushState.FAILED, [Part.GUEST])

    simulate(main())


# ---- another unit ---------------------------------------------------------------------------------------------------


async def _move(house: Home, id_: StayId, unit: UnitId = LOFT) -> None:
    hub = house.hub
    await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, id_, unit, "manager", anyway=True))


async def _unit(house: Home, id_: StayId) -> UnitId:
    return next(stay.unit_id for stay in await house.stays() if stay.id == id_)


def test_a_guest_who_is_moved_here_is_moved_there_and_stays_one_booking(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, block_nights=True) as (house, desk):
            id_ = await add(house)
            await house.later(seconds=30)
            await _move(house, id_)
            await house.later(hours=1, minutes=5)  # it was read several times meanwhile, once as a whole
            made, row = made_there(desk), await pushed(house)
            assert (made.unit, made.arrival, made.state) == ("102", ARRIVAL, "taken")
            assert (row.state, row.booking) == (PushState.SYNCED, str(made.id))
            assert await _unit(house, id_) == LOFT
            assert desk.closed == set(), "neither unit's nights are closed besides"
            await _move(house, id_, FLAT)
            await house.later(minutes=5)
            assert (made_there(desk).unit, await _unit(house, id_)) == ("101", FLAT)

    simulate(main())


def test_a_move_that_is_refused_there_is_a_person_s_business_and_goes_on_when_they_say_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            id_ = await add(house)
            await house.later(seconds=30)
            ours = made_there(desk).id
            desk.book(7, "102", day=31)
            blocked = desk.booked.pop(7)
            await _move(house, id_)
            desk.booked[7] = blocked  # sold there in the same moment
            await house.later(seconds=30)
            row = await pushed(house)
            assert row.state is PushState.FAILED
            assert "new unit" in row.error
            assert (desk.booked[ours].unit, desk.booked[ours].state) == ("101", "taken"), "nothing was taken apart"
            del desk.booked[7]
            hub = house.hub
            now, wall = hub.clock.now(), hub.wall.now()
            await hub.store.write(lambda tx: pushing.retry(tx, DESK, id_, "manager", now, wall))
            await house.later(seconds=30)
            assert (made_there(desk).unit, (await pushed(house)).state) == ("102", PushState.SYNCED)
            assert await _unit(house, id_) == LOFT
            assert await hub.store.read(mail.dead) == [], "what was done in the end waits for nobody"

    simulate(main())


def test_a_guest_who_is_moved_to_a_unit_that_is_not_let_there_is_cancelled_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL) as (house, desk):
            hub, id_ = house.hub, await add(house)
            await house.later(seconds=30)
            cellar = Unit(UnitId("cellar"), PropertyId("house"), "Cellar", (), ClosedMeans.ASK, Origin.SITE)
            await hub.store.write(lambda tx: rows.keep_unit(tx, cellar))
            await _move(house, id_, cellar.id)
            await house.later(minutes=5)
            assert made_there(desk).state == "over", "its nights are free there again"
            (stay,) = await house.stays()
            assert (stay.unit_id, stay.status) == (cellar.id, StayStatus.CONFIRMED)

    simulate(main())


def test_a_price_in_the_account_s_currency_goes_along_and_any_other_stands_in_the_notes(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, currency="EUR") as (house, desk):
            await add(house, replace(ADA, total=Money(45_050, "EUR")))
            await house.later(seconds=10)
            assert made_there(desk).total == "450.5"
            assert "450" not in made_there(desk).remarks
            later = replace(ADA, arrival=date(2027, 6, 1), departure=date(2027, 6, 3), total=Money(45_050, "CHF"))
            await add(house, later)
            await house.later(seconds=10)
            (other,) = (row for row in desk.booked.values() if row.arrival == later.arrival)
            assert "price 450.50 CHF" in other.remarks

    simulate(main())


LINES = (
    PriceLine(LineKind.ACCOMMODATION, 34_000, "2 nights"),
    PriceLine(LineKind.CLEANING, 5_000, "Final cleaning"),
    PriceLine(LineKind.SERVICE, 3_000, "Linen"),
    PriceLine(LineKind.TAX, 2_050),
    PriceLine(LineKind.DISCOUNT, -1_000, "Weekly"),
)
ITEMISED = replace(ADA, total=Money(45_050, "EUR"), lines=LINES)
FEES = [
    {"title": "Linen", "amount": 30.0, "normalType": "AFE", "secondIdentifier": "SERVICE"},
    {"title": "Tax", "amount": 20.5, "normalType": "TAX"},
]
"""What is not itemised, 20.00, is part of the fare as the discount is."""


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_an_itemised_price_is_sent_as_fare_cleaning_and_items_each_of_them_once(tmp_path: Path, lost: int) -> None:
    """However many answers to what was done get lost."""

    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, currency="EUR") as (house, desk):
            desk.lost = lost
            await add(house, ITEMISED)
            await house.later(minutes=10)
            row, there = await pushed(house), made_there(desk)
            assert (float(there.total), float(there.cleaning), there.fees) == (450.5, 50, FEES)
            assert (row.state, row.missing, there.remarks) == (PushState.SYNCED, {}, "Booked at the house")

    simulate(main())


@pytest.mark.parametrize(("settings", "fees"), [({"push_mapping": "plan"}, False), ({}, True)])
def test_a_price_is_all_fare_by_the_plan_s_mapping_and_items_that_are_refused_are_said(
    tmp_path: Path, settings: dict[str, Any], fees: bool
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, currency="EUR", **settings) as (house, desk):
            desk.refuses_part = "invoice-items"
            id_ = await add(house, ITEMISED)
            await house.later(seconds=10)
            row, there = await pushed(house), made_there(desk)
            assert there.cleaning == ("50.0" if fees else "0")
            assert float(there.total) == (400 if fees else 450.5)
            assert list(row.missing) == ([Part.PRICE] if fees else [])
            assert ("price 450.50 EUR (accommodation (2 nights) 340.00 EUR, " in there.remarks) is fees
            if fees:
                assert "does not take its items" in row.missing[Part.PRICE]
                return
            again = StayChange(total=Money(50_000, "EUR"), lines=LINES)
            await house.hub.store.write(lambda tx: house.hub.intake.change_stay(tx, id_, again, "manager"))
            await house.later(seconds=10)
            assert list((await pushed(house)).missing) == [Part.PRICE], "no price is changed there"

    simulate(main())


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "the account's currency is not set"),
        ({"currency": "CHF"}, "it is in EUR and the account's prices are in CHF"),
    ],
)
def test_a_price_that_stands_in_the_notes_only_is_said_to(tmp_path: Path, settings: dict[str, Any], why: str) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, **settings) as (house, desk):
            await add(house, replace(ADA, total=Money(45_050, "EUR")))
            await house.later(seconds=10)
            row = await pushed(house)
            assert (row.state, list(row.missing)) == (PushState.SYNCED, [Part.PRICE])
            assert why in row.missing[Part.PRICE]
            assert "price 450.50 EUR" in made_there(desk).remarks
            assert await wrong(house) == []

    simulate(main())


def test_a_price_that_is_changed_later_stands_in_the_notes_and_is_said_to(tmp_path: Path) -> None:
    async def main() -> None:
        async with plugged(tmp_path, **FOR_REAL, currency="EUR") as (house, desk):
            hub, id_ = house.hub, await add(house, replace(ADA, total=Money(45_050, "EUR")))
            await house.later(seconds=10)
            assert (await pushed(house)).missing == {}
            for minor, words in ((50_000, "price 500.00 EUR"), (45_050, "")):
                said = StayChange(total=Money(minor, "EUR"))
                await hub.store.write(lambda tx, said=said: hub.intake.change_stay(tx, id_, said, "manager"))  # type: ignore[misc]
                await house.later(seconds=10)
                row = await pushed(house)
                assert (row.state, list(row.missing)) == (PushState.SYNCED, [Part.PRICE] if words else [])
                assert words in made_there(desk).remarks
                assert ("price" in made_there(desk).remarks) is (words != "")

    simulate(main())
