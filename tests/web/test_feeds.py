"""Calendars of taken nights over HTTP: for whoever has the link, for nobody else, and proof that they were fetched."""

from __future__ import annotations

from datetime import date, timedelta

import icalendar

from hub import bookings, feeds
from hub.model.availability import OwnRules
from hub.model.facts import StayReport, StayReported
from hub.model.values import ChannelId, StayKind, StayStatus, UnitId
from hub.store import house
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.publishing import Outlet
from tests.web.conftest import Seen, Visitor
from tests.web.village import AIRBNB

FLAT = UnitId("flat-1")
ROBOT = {"User-Agent": "Airbnb/1.0"}


async def _link(manager: Visitor, *, anew: bool = False) -> str:
    def work(tx: Tx) -> str:
        return feeds.make_link(tx, manager.here.hub.desk, AIRBNB, FLAT, "account:Robin", anew=anew)

    return await manager.here.hub.store.write(work)


async def _outlet(manager: Visitor) -> Outlet:
    found = await manager.here.hub.store.read(lambda tx: rows.outlet(tx, AIRBNB, FLAT))
    assert found is not None
    return found


async def _fetch(manager: Visitor, path: str, **headers: str) -> Seen:
    told = ROBOT | {name.replace("_", "-"): value for name, value in headers.items()}
    return await manager.ask("GET", path, headers=told)


async def test_a_platform_fetches_the_calendar_and_then_only_what_is_new(manager: Visitor) -> None:
    path = await _link(manager)
    seen = await _fetch(manager, path)
    assert seen.status == 200
    assert seen.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert seen.html.startswith("BEGIN:VCALENDAR\r\n")
    assert "Set-Cookie" not in seen.headers
    again = await _fetch(manager, path, If_None_Match=f'W/{seen.headers["ETag"]}, "x"')
    assert again.status == 304
    assert again.html == ""
    assert again.headers["ETag"] == seen.headers["ETag"]


async def test_a_fetch_is_proof_and_a_look_in_a_browser_is_none(manager: Visitor) -> None:
    path = await _link(manager)
    assert (await _fetch(manager, path, Sec_Fetch_Mode="navigate")).status == 200
    await manager.ask("HEAD", path, headers=ROBOT)
    assert (await _outlet(manager)).told_at is None
    seen = await _fetch(manager, path)
    outlet = await _outlet(manager)
    assert outlet.confirmed
    assert outlet.asked_by == "Airbnb/1.0"
    manager.here.clock.at += timedelta(hours=1)
    assert (await _fetch(manager, path, If_None_Match=seen.headers["ETag"])).status == 304
    assert (await _outlet(manager)).told_at == manager.here.hub.clock.now(), "that it is unchanged is proof, too"


async def test_the_old_link_is_dead_as_soon_as_there_is_a_new_one(manager: Visitor) -> None:
    old, new = await _link(manager), await _link(manager, anew=True)
    assert (await _fetch(manager, old)).status == 404
    assert (await _fetch(manager, new)).status == 200
    assert (await _fetch(manager, new.replace("flat-1", "flat-2", 1))).status == 404
    assert (await _fetch(manager, "/feeds/flat-1/airbnb-flat-1/guess.ics")).status == 404


async def test_nobody_else_is_let_in_by_it(stranger: Visitor) -> None:
    assert (await stranger.ask("POST", "/feeds/a/b/c.ics")).status == 405
    assert (await stranger.get("/feeds/a/b/c.ics")).status == 404


# ---- every source at every other one --------------------------------------------------------------------------------

VRBO, DIRECT_BOOKING = ChannelId("vrbo-flat-1"), ChannelId("booking-flat-1")
SOURCES = (AIRBNB, VRBO, DIRECT_BOOKING)


async def _more_channels(manager: Visitor) -> None:
    hub = manager.here.hub

    def work(tx: Tx) -> None:
        for channel in (VRBO, DIRECT_BOOKING):
            sealed = house.sealed_settings(channel, {}, hub.vault)
            house.keep_channel(tx, ChannelRow(channel, FLAT, "ical", sealed, Origin.SITE))
        bookings.set_rules(tx, hub.desk, None, FLAT, OwnRules(buffer=timedelta(0)), "account:Robin")
        for channel in SOURCES:
            feeds.make_link(tx, hub.desk, channel, FLAT, "account:Robin")

    await hub.store.write(work)


async def _tell(manager: Visitor, channel: ChannelId, uid: str, first: date, *, status: StayStatus) -> None:
    hub, reservation = manager.here.hub, StayKind.RESERVATION
    report = StayReport(uid, reservation, status, first, first + timedelta(days=3), guest=f"Guest {uid}")
    fact = StayReported(channel, hub.clock.now(), report)
    await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, channel))
    manager.here.clock.at += timedelta(minutes=1)


async def _busy(manager: Visitor, channel: ChannelId) -> set[tuple[date, str]]:
    """What that platform reads in its calendar, by a reader that is not ours, of the spring after next."""

    def path(tx: Tx) -> str:
        outlet = rows.outlet(tx, channel, FLAT)
        assert outlet is not None
        return feeds.path_of(outlet, manager.here.hub.desk)

    seen = await _fetch(manager, await manager.here.hub.store.read(path))
    assert "Guest" not in seen.html
    events = icalendar.Calendar.from_ical(seen.html).walk("VEVENT")
    return {(each.decoded("DTSTART"), str(each["SUMMARY"])) for each in events if each.decoded("DTSTART").year == 2028}


async def test_a_booking_of_each_source_is_busy_at_all_others_and_free_again_when_it_is_cancelled(
    manager: Visitor,
) -> None:
    await _more_channels(manager)
    days = {channel: date(2028, 4, 1) + timedelta(days=10 * number) for number, channel in enumerate(SOURCES)}
    for channel, first in days.items():
        await _tell(manager, channel, f"of-{channel}", first, status=StayStatus.CONFIRMED)
    for channel in SOURCES:
        others = {(first, "Reserved") for source, first in days.items() if source != channel}
        assert await _busy(manager, channel) == others
    await _tell(manager, VRBO, f"of-{VRBO}", days[VRBO], status=StayStatus.CANCELLED)
    for channel in SOURCES:
        others = {(first, "Reserved") for source, first in days.items() if source not in (channel, VRBO)}
        assert await _busy(manager, channel) == others


async def test_a_booking_that_two_sources_tell_of_is_told_to_neither(manager: Visitor) -> None:
    await _more_channels(manager)
    for channel in (AIRBNB, VRBO):
        await _tell(manager, channel, "the-same", date(2028, 4, 1), status=StayStatus.CONFIRMED)
    assert await _busy(manager, AIRBNB) == set()
    assert await _busy(manager, VRBO) == set()
    assert await _busy(manager, DIRECT_BOOKING) == {(date(2028, 4, 1), "Reserved")}
