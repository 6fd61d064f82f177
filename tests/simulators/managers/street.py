"""A house that is let everywhere at once: every booking manager, a platform's calendar and a partner, each as its own double."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import icalendar

from hub import bookings, feeds, publishing
from hub.contracts import Delivery, Host
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
from integrations import partner
from integrations.ical import Config as CalendarConfig
from integrations.ical.feed import Feed
from integrations.partner.signature import sign
from tests.simulators.home import FLAT, ZONE, Home, home
from tests.simulators.managers.all import MANAGERS, Double, reader
from tests.simulators.managers.desk import Booking, Desk

AIRBNB, PARTNER = ChannelId("airbnb"), ChannelId("partner")
CHANNELS: Final = (*map(ChannelId, MANAGERS), AIRBNB, PARTNER)
ARRIVAL: Final = date(2027, 3, 1)
DEPARTURE: Final = ARRIVAL + timedelta(days=3)
NIGHTS: Final = frozenset(nights(ARRIVAL, DEPARTURE))
SUMMER: Final = date(2027, 6, 1)
_SECRET: Final = "a-secret-of-sixteen"
_UID: Final = "march0000001"


@dataclass(slots=True)
class Platform:
    """What a platform gives out as the calendar of a listing: an event for each booking, in Airbnb's words."""

    booked: dict[str, tuple[date, date]] = field(
        default_factory=lambda: {f"summer{n:06}": (date(2027, 6, n), date(2027, 6, n + 2)) for n in (1, 4, 7)}
    )
    """Of the summer already: a list that is empty all at once is taken for a fault."""

    async def send(self, request: Request, rules: Rules) -> Answer:
        days = (f"{first:%Y%m%d}/{until:%Y%m%d}/{uid}" for uid, (first, until) in self.booked.items())
        events = "".join(_EVENT.format(*each.split("/")) for each in days)
        body = f"BEGIN:VCALENDAR\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n"
        return Answer(200, {"content-type": "text/calendar"}, body.encode(), "www.airbnb.com")


# Source: facts page on channels §1.2, as of August 2026.
_EVENT: Final = (
    "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{0}\r\nDTEND;VALUE=DATE:{1}\r\nSUMMARY:Reserved\r\nUID:{2}@airbnb.com\r\n"
    "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM{2}\r\nEND:VEVENT\r\n"
)


@dataclass(slots=True)
class Street:
    """The house, and everybody who lets it."""

    house: Home
    desks: dict[ChannelId, Desk]
    platform: Platform

    # ---- at the source ----

    async def book(self, source: ChannelId) -> None:
        """A guest books these three nights there, from today on."""
        if source in self.desks:
            self.desks[source].book(1)
        elif source == AIRBNB:
            self.platform.booked[_UID] = (ARRIVAL, DEPARTURE)
        else:
            await self._deliver("booking-created")

    async def cancel(self, source: ChannelId) -> None:
        if source in self.desks:
            self.desks[source].change(1, state="over")
        elif source == AIRBNB:
            del self.platform.booked[_UID]
        else:
            await self._deliver("booking-cancelled")

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
        delivery = Delivery(PARTNER, topic, body, now, topic, sign(body, _SECRET, now))
        integration = hub.plugins.integration(PARTNER)
        assert integration is not None
        assert integration.authentic(delivery)
        await hub.inbox.accept(delivery)

    # ---- what is known of it ----

    async def stay(self) -> StayRow:
        """The only one that comes in spring."""
        (row,) = [each for each in await self.house.stays() if each.arrival is None or each.arrival < SUMMER]
        return row

    async def told(self, channel: ChannelId) -> frozenset[date]:
        """The nights of spring that a platform reads in its calendar of ours, by a reader that is not ours."""
        hub = self.house.hub

        def work(tx: Tx) -> bytes:
            outlet = told.outlet(tx, channel, FLAT)
            assert outlet is not None
            handout = publishing.hand_out(tx, outlet, hub.clock, hub.wall.now())
            publishing.fetched(tx, handout, "Platform/1.0", hub.clock.now())
            return handout.body

        events = icalendar.Calendar.from_ical(await hub.store.write(work)).walk("VEVENT")
        return _spring(night for each in events for night in nights(each.decoded("DTSTART"), each.decoded("DTEND")))

    def closed(self, channel: ChannelId) -> frozenset[date]:
        """The nights of spring that are closed in an account's own calendar, as its API has it."""
        return _spring(day for _, day in self.desks[channel].closed)

    def booking(self, channel: ChannelId) -> Booking:
        return self.desks[channel].booked[1]


def _spring(days: Iterable[date]) -> frozenset[date]:
    return frozenset(day for day in days if day < SUMMER)


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    """One flat that nine channels let. Accounts may be told everything that they have a place for."""
    async with home(folder, code_lead=timedelta(hours=14)) as house:  # one manager's guests come at 16:00 in New York
        made = Street(house, {}, Platform())
        await house.hub.store.write(lambda tx: _furnish(tx, house))
        await house.later(seconds=2)  # the hub has looked for the integrations of these names by then
        for channel in CHANNELS:
            _plug(made, channel, folder)
        house.hub.bus.signal("pollers")
        house.hub.bus.signal("channels")
        await house.later(minutes=4)
        yield made


def _furnish(tx: Tx, house: Home) -> None:
    hub = house.hub
    for channel in CHANNELS:
        sealed, account = rows.sealed_settings(channel, {}, hub.vault), channel in MANAGERS
        unit, units = (None, {"101": FLAT}) if account else (FLAT, {})
        rows.keep_channel(tx, ChannelRow(channel, unit, "memory", sealed, Origin.SITE, units))
        feeds.make_link(tx, hub.desk, channel, FLAT, "account:Robin")
    # Whole nights and nothing around them: what is told is then exactly what was booked.
    bookings.set_rules(tx, hub.desk, None, FLAT, OwnRules(buffer=timedelta(0)), "account:Robin")


def _plug(street: Street, channel: ChannelId, folder: Path) -> None:
    hub = street.house.hub

    async def tell(fact: Fact) -> None:
        await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, channel))

    host = Host(channel, tell, hub.clock, folder / channel, bytes, bytes, InlineSandbox())
    host.state_dir.mkdir()
    if channel in MANAGERS:
        manager = MANAGERS[channel]
        desk = street.desks[channel] = manager.desk(hub.clock.now)
        hub.plugins.add_channel(channel, reader(manager, host, through=desk.send, more=allowed(manager)))
    elif channel == AIRBNB:
        config = CalendarConfig.model_validate({"url": "https://www.airbnb.com/a.ics", "timezone": f"{ZONE}"})
        hub.plugins.add_channel(channel, Feed(config, host, street.platform.send))
    else:
        hub.plugins.add_channel(channel, partner.start(partner.Config.model_validate({"secret": _SECRET}), host))


def allowed(manager: Double) -> dict[str, object]:
    """Everything that somebody has to want before it is written there."""
    return {**({"door_codes": True} if manager.codes else {}), **({"block_nights": True} if manager.nights else {})}
