"""Accounts: one connection that tells of several units, of some that are none here, and sometimes of old news."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hub.model.facts import CalendarRead, Listing, NewsAnnounced, StayReport
from hub.model.money import Money
from hub.model.values import ChannelId, PropertyId, StayKind, StayStatus, UnitId
from hub.store import bookings, listings
from hub.store import house as rows
from hub.store.house import ChannelRow, ClosedMeans, Origin, Unit
from hub.store.stays import StayRow
from tests.simulators.home import FLAT, Home, home, simulate

DESK = ChannelId("desk")
LOFT = UnitId("loft")
LISTINGS = {"L-1": FLAT, "L-2": LOFT}
ARRIVAL, DEPARTURE = date(2027, 3, 2), date(2027, 3, 4)
NOON = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
BOOKING = StayReport(
    "b-1",
    StayKind.RESERVATION,
    StayStatus.CONFIRMED,
    ARRIVAL,
    DEPARTURE,
    guest="Ada Lovelace",
    listing="L-1",
    platform="airbnb",
    source_status="accepted",
    changed_at=NOON,
    total=Money(12_345, "EUR"),
    adults=2,
)


@asynccontextmanager
async def _desk(path: Path) -> AsyncIterator[Home]:
    async with home(path) as house:
        sealed = rows.sealed_settings(DESK, {}, house.hub.vault)
        loft = Unit(LOFT, PropertyId("house"), "Loft", (), ClosedMeans.ASK, Origin.SITE)
        await house.hub.store.write(lambda tx: rows.keep_unit(tx, loft))
        row = ChannelRow(DESK, None, "memory", sealed, Origin.SITE, LISTINGS)
        await house.hub.store.write(lambda tx: rows.keep_channel(tx, row))
        yield house


async def _tell(house: Home, *reports: StayReport, complete: bool = False, seen: tuple[Listing, ...] = ()) -> None:
    fact = CalendarRead(DESK, house.hub.clock.now(), reports, complete=complete, listings=seen)
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, DESK))


async def _one(house: Home) -> StayRow:
    (row,) = await house.stays()
    return row


def test_what_an_account_tells_goes_to_the_unit_that_its_listing_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            await _tell(house, BOOKING, replace(BOOKING, uid="b-2", listing="L-2", guest="Grace Hopper"))
            units = {row.guest: row.unit_id for row in await house.stays()}
            assert units == {"Ada Lovelace": FLAT, "Grace Hopper": LOFT}
            ada = next(row for row in await house.stays() if row.unit_id == FLAT)
            assert (ada.total, ada.platform, ada.source_status, ada.adults) == (
                Money(12_345, "EUR"),
                "airbnb",
                "accepted",
                2,
            )

    simulate(main())


def test_a_guest_who_is_moved_to_another_unit_is_one_guest_and_the_old_door_forgets_the_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            await _tell(house, BOOKING)
            await house.until(datetime(2027, 3, 2, 14, 0, tzinfo=UTC))
            assert len(house.lock("front").codes) == 1
            await _tell(house, replace(BOOKING, listing="L-2", changed_at=NOON + timedelta(days=1)))
            assert (await _one(house)).unit_id == LOFT
            await house.later(minutes=10)
            assert house.lock("front").codes == {}

    simulate(main())


def test_older_word_never_undoes_newer(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            newer = replace(BOOKING, departure=DEPARTURE + timedelta(days=1), changed_at=NOON + timedelta(hours=1))
            await _tell(house, newer)
            await _tell(house, BOOKING)
            await _tell(house, BOOKING, complete=True)
            assert (await _one(house)).departure == newer.departure

    simulate(main())


def test_what_changed_says_nothing_of_what_did_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            await _tell(house, BOOKING, complete=True)
            for _ in range(4):
                await _tell(house, replace(BOOKING, uid="b-2", listing="L-2"))
                await house.later(minutes=20)
            assert all(row.status is StayStatus.CONFIRMED for row in await house.stays())

    simulate(main())


def test_a_booking_that_whole_readings_leave_out_is_cancelled_in_whichever_unit(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            others = [replace(BOOKING, uid=f"o-{day}", guest=f"Guest {day}", arrival=date(2027, 4, day),
                              departure=date(2027, 4, day + 1)) for day in (1, 3, 5)]  # fmt: skip
            gone = replace(BOOKING, uid="b-2", listing="L-2")
            await _tell(house, *others, gone, complete=True)
            for _ in range(4):
                await _tell(house, *others, complete=True)
                await house.later(minutes=20)
            cancelled = [row for row in await house.stays() if row.status is StayStatus.CANCELLED]
            assert [row.unit_id for row in cancelled] == [LOFT]

    simulate(main())


def test_a_booking_of_an_unknown_listing_is_kept_until_somebody_says_which_unit_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            strange = replace(BOOKING, listing="L-9", source_status="half_booked", raw='{"id": "b-1"}')
            await _tell(house, strange, complete=True, seen=(Listing("L-9", "Beach house"),))
            assert await house.stays() == []
            (row,) = await house.hub.store.read(lambda tx: listings.unplaced_of(tx, DESK))
            assert (row.listing, row.arrival, row.status) == ("L-9", ARRIVAL, "half_booked")
            sealed = house.hub.vault.open(row.reported, about="unplaced:desk:b-1")
            assert sealed == strange.raw.encode()
            named = {each.listing: each.name for each in await house.hub.store.read(_listings)}
            assert named["L-9"] == "Beach house"

            await house.hub.store.write(lambda tx: listings.join(tx, DESK, "L-9", LOFT, "pages"))
            await _tell(house, strange, complete=True)
            assert (await _one(house)).unit_id == LOFT
            assert await house.hub.store.read(lambda tx: listings.unplaced_of(tx, DESK)) == []

    simulate(main())


def _listings(tx: object) -> list[listings.ListingRow]:
    return listings.listings_of(tx, DESK)  # type: ignore[arg-type]  # a transaction


def test_a_stay_whose_listing_is_taken_from_its_unit_stands(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house:
            await _tell(house, BOOKING, complete=True)
            await house.hub.store.write(lambda tx: listings.join(tx, DESK, "L-1", None, "site"))
            for _ in range(4):
                await _tell(house, BOOKING, complete=True)
                await house.later(minutes=20)
            assert (await _one(house)).status is StayStatus.CONFIRMED

    simulate(main())


def test_news_wakes_the_poll_and_is_not_believed(tmp_path: Path) -> None:
    async def main() -> None:
        async with _desk(tmp_path) as house, house.hub.bus.listen(f"poll:{DESK}") as nudges:
            fact = NewsAnnounced(DESK, house.hub.clock.now())
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, DESK))
            await anext(nudges)
            assert await house.stays() == []

    simulate(main())


def test_a_unit_of_an_account_that_is_read_has_fresh_word(tmp_path: Path) -> None:
    """What says whether a night is free asks when each unit's sources were read last."""

    async def main() -> None:
        async with _desk(tmp_path) as house:
            await _tell(house, complete=True)
            read = dict(await house.hub.store.read(bookings._READ_AT.all))
            assert {FLAT, LOFT} <= read.keys()

    simulate(main())
