"""The world outside during an attack: agencies that send signed messages until they are taken, and a calendar that changes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import aiohttp
from aiohttp import web

from tests.system.books import StayRow
from tests.system.victim import Failed

LEAD = timedelta(minutes=10)
"""The property's `code_lead`."""
MOST_AT_ONCE = 1
"""Bookings of one source that are not over: each has one room, and who is sold a room twice waits for a person."""
SHORT, LONG = (20, 110), (300, 600)
"""Minutes of a stay: some come and go between two deaths of the hub, some outlast many."""
LONG_OVER = timedelta(hours=6)

Now = Callable[[], datetime]


@dataclass
class Booking:
    id: str
    guest: str
    hours: list[tuple[datetime, datetime]]
    """Check-in and check-out, in every version that the hub may have seen; the last one counts."""
    cancelled: bool = False

    def is_told(self, row: StayRow | None) -> bool:
        """Whether the ledger has it as it was told last."""
        if row is None or self.cancelled or row.status == "cancelled":
            return row is not None and self.cancelled and row.status == "cancelled"
        start, end = self.hours[-1]
        return (row.check_in, row.check_out) == (int(start.timestamp()), int(end.timestamp()))

    @property
    def opens(self) -> tuple[datetime, datetime]:
        """When the code should be in the locks."""
        start, end = self.hours[-1]
        return start - LEAD, end

    def wanted_throughout(self, since: datetime, until: datetime) -> bool:
        opens, closes = self.opens
        return not self.cancelled and opens <= since and until < closes

    def unwanted_throughout(self, since: datetime, until: datetime) -> bool:
        opens, closes = self.opens
        return self.cancelled or closes <= since or until < opens

    def ever_open(self, at: datetime, give: timedelta) -> bool:
        return any(start - LEAD - give <= at < end + give for start, end in self.hours)

    def over(self, now: datetime) -> bool:
        return self.cancelled or self.hours[-1][1] <= now


@dataclass
class Source:
    """What agencies and calendars have in common: bookings, and chance."""

    name: str
    random: Random
    now: Now
    bookings: list[Booking] = field(default_factory=list)
    after_id: str = ""
    """What stands behind a booking's id in the name that the hub is told."""
    quiet: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever holds it knows that nothing changes and no message is under way."""
    _number: int = 0

    def begin(self) -> Booking:
        self._number += 1
        id_ = f"{self.name}-{self._number}"
        return Booking(id_, f"Guest {id_}", [self._hours()])

    def _hours(self) -> tuple[datetime, datetime]:
        start = self.now() + timedelta(minutes=self.random.uniform(-20, 40))
        minutes = self.random.uniform(*(LONG if self.random.random() < 0.3 else SHORT))
        return start, max(start, self.now()) + timedelta(minutes=minutes)

    def moved(self, booking: Booking) -> tuple[datetime, datetime]:
        """Other hours: anew, longer, or an early end."""
        start, end = booking.hours[-1]
        match self.random.randrange(3):
            case 0:
                return self._hours()
            case 1:
                return start, end + timedelta(minutes=self.random.uniform(5, 40))
            case _:
                start = min(start, self.now() - timedelta(minutes=1))
                return start, self.now() + timedelta(minutes=self.random.uniform(0, 10))

    def open_bookings(self) -> list[Booking]:
        now = self.now()
        self.bookings = [each for each in self.bookings if each.hours[-1][1] > now - LONG_OVER]
        return [each for each in self.bookings if not each.over(now)]


# ---- an agency -----------------------------------------------------------------------------------------------------


@dataclass
class Agency(Source):
    """Sends one message after the other, each as often as it takes until the hub says that it is safe."""

    url: str = ""
    secret: str = ""
    pause_s: float = 1.5
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    """Channel and key, since somebody looked last."""
    word: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at each acknowledgement."""
    taken: int = 0

    async def work(self, http: aiohttp.ClientSession) -> None:
        while True:
            async with self.quiet:
                await self._act(http)
            await asyncio.sleep(self.random.uniform(0, 2 * self.pause_s))

    async def cancel_all(self, http: aiohttp.ClientSession) -> None:
        for booking in self.open_bookings():
            await self._cancel(booking, http)

    async def _act(self, http: aiohttp.ClientSession) -> None:
        running = self.open_bookings()
        if not running or (len(running) < MOST_AT_ONCE and self.random.random() < 0.5):
            booking = self.begin()
            self.bookings.append(booking)
            await self._deliver("booking-created", booking, http)
        elif self.random.random() < 0.3:
            await self._cancel(self.random.choice(running), http)
        else:
            booking = self.random.choice(running)
            booking.hours.append(self.moved(booking))
            await self._deliver("booking-updated", booking, http)

    async def _cancel(self, booking: Booking, http: aiohttp.ClientSession) -> None:
        booking.cancelled = True
        await self._deliver("booking-cancelled", booking, http)

    async def _deliver(self, topic: str, booking: Booking, http: aiohttp.ClientSession) -> None:
        self.taken += 1
        key = f"{booking.id}/{self.taken}"
        body = json.dumps({"id": key, "booking": _told(booking)}).encode()
        await self._until_taken(topic, body, http)
        self.acknowledged.add((self.name, f"{topic}:{key}"))
        self.word.set()
        if self.random.random() < 0.1:
            await self._until_taken(topic, body, http)

    async def _until_taken(self, topic: str, body: bytes, http: aiohttp.ClientSession) -> None:
        while True:
            try:
                async with http.post(f"{self.url}/{topic}", data=body, headers=self._signed(body)) as answer:
                    if answer.status == 200:
                        return
                    if answer.status != 503:
                        raise Failed(f"{topic} was answered with {answer.status}: {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError):
                pass  # whether it was taken is unknown
            await asyncio.sleep(0.05)

    def _signed(self, body: bytes) -> dict[str, str]:
        """By real time, however the house's is turned."""
        stamp = str(int(datetime.now(UTC).timestamp()))
        digest = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json",
            "X-Gatehouse-Timestamp": stamp,
            "X-Gatehouse-Signature": f"v1={digest}",
        }


def _told(booking: Booking) -> dict[str, object]:
    start, end = booking.hours[-1]
    return {
        "id": booking.id,
        "arrival": f"{start:%Y-%m-%d}",
        "departure": f"{max(end, start + timedelta(days=1)):%Y-%m-%d}",
        "check_in": start.isoformat(timespec="seconds"),
        "check_out": end.isoformat(timespec="seconds"),
        "guest": {"name": booking.guest},
    }


# ---- a calendar ----------------------------------------------------------------------------------------------------


@dataclass
class Calendar(Source):
    """Served over HTTP, with an ETag; changes now and then."""

    pause_s: float = 7.5
    port: int = 0
    version: int = 0

    async def work(self) -> None:
        while True:
            async with self.quiet:
                self._act()
            await asyncio.sleep(self.random.uniform(0, 2 * self.pause_s))

    def cancel_all(self) -> None:
        for booking in self.open_bookings():
            booking.cancelled = True
        self.version += 1

    def _act(self) -> None:
        running = self.open_bookings()
        if not running or (len(running) < MOST_AT_ONCE and self.random.random() < 0.6):
            self.bookings.append(self.begin())
        elif self.random.random() < 0.25:
            self.random.choice(running).cancelled = True
        else:
            booking = self.random.choice(running)
            booking.hours.append(self.moved(booking))
        self.version += 1

    async def answer(self, request: web.Request) -> web.Response:
        tag = f'"{self.version}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=self._text().encode(), content_type="text/calendar", headers={"ETag": tag})

    def _text(self) -> str:
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Village//Calendar//EN"]
        for booking in self.bookings:
            start, end = booking.hours[-1]
            lines += [
                "BEGIN:VEVENT",
                f"UID:{booking.id}{self.after_id}",
                f"SUMMARY:Reserved - {booking.guest}",
                f"STATUS:{'CANCELLED' if booking.cancelled else 'CONFIRMED'}",
                f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
                f"DTEND:{end:%Y%m%dT%H%M%SZ}",
                "END:VEVENT",
            ]
        return "\r\n".join([*lines, "END:VCALENDAR", ""])


@asynccontextmanager
async def served(calendar: Calendar) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/calendar.ics", calendar.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        calendar.port = runner.addresses[0][1]
        yield
    finally:
        await runner.cleanup()
