"""A house that is let everywhere at once: every booking manager, platforms' calendars and a partner, and where its staff look,
each as its own double."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import icalendar

from hub import bookings, feeds, publishing
from hub.contracts import Host, Integration
from hub.hub import Hub
from hub.io.http import Answer, Request, Rules
from hub.io.sandbox import InlineSandbox
from hub.model.availability import OwnRules
from hub.model.facts import Fact
from hub.model.stays import nights
from hub.model.values import ChannelId
from hub.store import house as rows
from hub.store import publishing as told
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.stays import StayRow
from integrations import google_calendar, partner
from integrations.google_calendar.calendar import GoogleCalendar
from integrations.ical import Config as CalendarConfig
from integrations.ical.feed import Feed
from integrations.partner.signature import sign
from tests.simulators.google import CALENDAR, Google, key_file
from tests.simulators.home import FLAT, ZONE, Home, home
from tests.simulators.managers.all import MANAGERS, Double, reader
from tests.simulators.managers.desk import Booking, Desk
from tests.simulators.posted import post

AIRBNB, VRBO, BOOKING_COM = map(ChannelId, ("airbnb", "vrbo", "booking_com"))
PARTNER, STAFF = ChannelId("partner"), ChannelId("staff")
CHANNELS: Final = (*map(ChannelId, MANAGERS), AIRBNB, VRBO, BOOKING_COM, PARTNER)
"""Where guests book."""
ARRIVAL: Final = date(2027, 3, 1)
DEPARTURE: Final = ARRIVAL + timedelta(days=3)
NIGHTS: Final = frozenset(nights(ARRIVAL, DEPARTURE))
SUMMER: Final = date(2027, 6, 1)
_SECRET: Final = "a-secret-of-sixteen"
_UID: Final = "march0000001"
_GOOGLE: Final = "http://127.0.0.1:9"


@dataclass(slots=True)
class Platform:
    """What a platform gives out as the calendar of a listing: an event for each booking, in its own words."""

    maker: str
    event: str
    booked: dict[str, tuple[date, date]] = field(
        default_factory=lambda: {f"summer{n:06}": (date(2027, 6, n), date(2027, 6, n + 2)) for n in (1, 4, 7)}
    )
    """Of the summer already: a list that is empty all at once is taken for a fault."""

    async def send(self, request: Request, rules: Rules) -> Answer:
        days = (f"{first:%Y%m%d}/{until:%Y%m%d}/{uid}" for uid, (first, until) in self.booked.items())
        events = "".join(f"BEGIN:VEVENT\n{self.event.format(*each.split('/'))}\nEND:VEVENT\n" for each in days)
        body = f"BEGIN:VCALENDAR\nPRODID:{self.maker}\nVERSION:2.0\n{events}END:VCALENDAR\n"
        return Answer(200, {"content-type": "text/calendar"}, body.encode(), "platform.example")


# Source: facts page on channels §1.2, as of August 2026; bare line feeds are Booking.com's.
_DAYS: Final = "DTSTART;VALUE=DATE:{0}\nDTEND;VALUE=DATE:{1}\n"
_WORDS: Final = {
    AIRBNB: (
        "-//Airbnb Inc//Hosting Calendar 1.0//EN",
        _DAYS + "SUMMARY:Reserved\nUID:{2}@airbnb.com\n"
        "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM{2}",
    ),
    VRBO: ("-//HomeAway//NONSGML ICS//EN", f"{_DAYS}SUMMARY:Reserved - Ada Lovelace\nUID:{{2}}@vrbo.com"),
    BOOKING_COM: ("-//admin.booking.com//EN", f"{_DAYS}SUMMARY:CLOSED - Not available\nUID:{{2}}@booking.com"),
}


@dataclass(slots=True)
class Street:
    """The house, and everybody who lets it."""

    house: Home
    google: Google
    """The calendar that the staff keep of the flat."""
    desks: dict[ChannelId, Desk] = field(default_factory=dict)
    platforms: dict[ChannelId, Platform] = field(
        default_factory=lambda: {id_: Platform(*_WORDS[id_]) for id_ in _WORDS}
    )

    # ---- at the source ----

    async def book(self, source: ChannelId) -> None:
        """A guest books these three nights there, from today on. Managers and the partner call."""
        if source in self.desks:
            self.desks[source].book(1)
            await self._call(source)
        elif source in self.platforms:
            self.platforms[source].booked[_UID] = (ARRIVAL, DEPARTURE)
        else:
            await self._deliver("booking-created")

    async def cancel(self, source: ChannelId) -> None:
        if source in self.desks:
            self.desks[source].change(1, state="over")
            await self._call(source)
        elif source in self.platforms:
            del self.platforms[source].booked[_UID]
        else:
            await self._deliver("booking-cancelled")

    async def _call(self, source: ChannelId) -> None:
        headers, body = self.desks[source].webhook(self.booking(source))
        query = "".join(f"?{headers[name]}" for name in headers if name == ":query")
        told = {name: value for name, value in headers.items() if name != ":query"}
        assert await post(self.house.hub, f"/api/webhooks/{source}/events{query}", told, body) == 200

    async def _deliver(self, topic: str) -> None:
        hub = self.house.hub
        told = {
            "id": topic,
            "booking": {
                "id": "P-1",
                "arrival": f"{ARRIVAL}",
                "departure": f"{DEPARTURE}",
                "guest": {"name": "Ada Lovelace"},
            },
        }
        body, now = json.dumps(told).encode(), hub.wall.now()
        assert await post(hub, f"/api/webhooks/{PARTNER}/{topic}", sign(body, _SECRET, now), body) == 200

    # ---- what is known of it ----

    async def stay(self) -> StayRow:
        """The only one that comes in spring."""
        (row,) = [each for each in await self.house.stays() if each.arrival is None or each.arrival < SUMMER]
        return row

    async def told(self, channel: ChannelId) -> frozenset[date]:
        """The nights of spring that a platform reads in its calendar of ours."""
        return _spring(await handed_out(self.house.hub, channel))

    def closed(self, channel: ChannelId) -> frozenset[date]:
        """The nights of spring that are closed in an account's own calendar, as its API has it."""
        return _spring(day for _, day in self.desks[channel].closed)

    def shown(self) -> frozenset[date]:
        """The nights of spring of which something stands in the staff's calendar, theirs or ours."""
        live = [each for each in self.google.events.values() if each["status"] == "confirmed"]
        return _spring(night for each in live for night in nights(_day(each["start"]), _day(each["end"])))

    def booking(self, channel: ChannelId) -> Booking:
        return self.desks[channel].booked[1]


async def handed_out(hub: Hub, channel: ChannelId) -> frozenset[date]:
    """The nights that a platform reads in its calendar of the flat, by a reader that is not ours."""

    def work(tx: Tx) -> bytes:
        outlet = told.outlet(tx, channel, FLAT)
        assert outlet is not None
        handout = publishing.hand_out(tx, outlet, hub.clock, hub.wall.now())
        publishing.fetched(tx, handout, "Platform/1.0", hub.clock.now())
        return handout.body

    events = icalendar.Calendar.from_ical(await hub.store.write(work)).walk("VEVENT")
    return frozenset(night for each in events for night in nights(each.decoded("DTSTART"), each.decoded("DTEND")))


def _day(told: dict[str, str]) -> date:
    """Of a day or an instant of Google's, in the flat's zone."""
    return (
        date.fromisoformat(told["date"])
        if "date" in told
        else datetime.fromisoformat(told["dateTime"]).astimezone(ZONE).date()
    )


def _spring(days: Iterable[date]) -> frozenset[date]:
    return frozenset(day for day in days if day < SUMMER)


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    """One flat that eleven channels let. Accounts may be told everything that they have a place for."""
    async with home(folder, code_lead=timedelta(hours=14)) as house:  # one manager's guests come at 16:00 in New York
        made = Street(house, Google(house.hub.clock.now, address=_GOOGLE))
        await house.hub.store.write(lambda tx: _furnish(tx, house))
        await house.later(seconds=2)  # the hub has looked for the integrations of these names by then
        for channel in (*CHANNELS, STAFF):
            _plug(made, channel, folder)
        house.hub.bus.signal("pollers")
        house.hub.bus.signal("channels")
        await house.later(minutes=4)
        yield made


def _furnish(tx: Tx, house: Home) -> None:
    hub = house.hub
    for channel in (*CHANNELS, STAFF):
        sealed, account = rows.sealed_settings(channel, {}, hub.vault), channel in MANAGERS
        unit, units = (None, {"101": FLAT}) if account else (FLAT, {})
        rows.keep_channel(tx, ChannelRow(channel, unit, "memory", sealed, Origin.SITE, units))
        if channel != STAFF:
            feeds.make_link(tx, hub.desk, channel, FLAT, "account:Robin")
    # Whole nights and nothing around them: what is told is then exactly what was booked.
    bookings.set_rules(tx, hub.desk, None, FLAT, OwnRules(buffer=timedelta(0)), "account:Robin")


def _plug(street: Street, channel: ChannelId, folder: Path) -> None:
    hub = street.house.hub

    async def tell(fact: Fact) -> None:
        await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, channel))

    host = Host(channel, tell, hub.clock, folder / channel, bytes, bytes, InlineSandbox())
    host.state_dir.mkdir()
    hub.plugins.add_channel(channel, _integration(street, channel, host))


def _integration(street: Street, channel: ChannelId, host: Host) -> Integration:
    if channel in MANAGERS:
        manager = MANAGERS[channel]
        desk = street.desks[channel] = manager.desk(host.clock.now)
        return reader(manager, host, through=desk.send, more=allowed(manager))
    if channel in street.platforms:
        feed = CalendarConfig.model_validate({"url": f"https://{channel}.example/a.ics", "timezone": f"{ZONE}"})
        return Feed(feed, host, street.platforms[channel].send)
    if channel == PARTNER:
        return partner.start(partner.Config.model_validate({"secret": _SECRET}), host)
    told = {"calendar": CALENDAR, "service_account": key_file(_GOOGLE), "address": _GOOGLE, "timezone": f"{ZONE}"}
    return GoogleCalendar(google_calendar.Config.model_validate(told), host, street.google.send)


def allowed(manager: Double) -> dict[str, object]:
    """Everything that somebody has to want before it is written there."""
    return {**({"door_codes": True} if manager.codes else {}), **({"block_nights": True} if manager.nights else {})}
