"""What all doubles have in common: bookings that change, a server on loopback, and faults to order."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from hub.errors import Unavailable
from hub.io.http import Answer, Request, Rules
from tests.integrations.servers import Asked, Site

Reply = tuple[int, Mapping[str, str], bytes]
Limit = tuple[int, float]
"""So many requests in any so many seconds."""


@dataclass(slots=True)
class Booking:
    """A booking as the manager of a house knows it, before any service has put it into its words."""

    id: int
    unit: str
    arrival: date
    departure: date
    guest: str = "Ada Lovelace"
    state: str = "taken"
    """`taken` | `asked` | `over` | `block` | `owner` | `strange`, and others at some"""
    changed: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    email: str = "ada@example.com"
    phone: str = "+44 20 7946 0018"
    adults: int = 2
    children: int = 1
    total: str = "450.50"
    cleaning: str = "50.00"
    """Of the total."""
    fees: list[dict[str, Any]] = field(default_factory=list)
    """Items of its invoice besides, of the total, too."""
    code: str = ""
    """The door code that is shown with it."""
    note: str = ""
    """Whatever the manager wrote down."""
    key: str = ""
    """What whoever made it over the API calls it."""
    remarks: str = ""


def items(row: Booking) -> list[tuple[str, float]]:
    """What the price is made of: the nights, and cleaning."""
    return [("2 nights", float(Decimal(row.total) - Decimal(row.cleaning))), ("Final cleaning", float(row.cleaning))]


def reply(told: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps(told).encode()


@dataclass(slots=True)
class Desk:
    """One account. `faults` are answered first, one for each request; `page` is how many bookings stand on a page."""

    LIMITS: ClassVar[tuple[Limit, ...]] = ()
    """Of all requests. Source of each service's: facts page on channels §1.1."""
    now: Callable[[], datetime]
    units: dict[str, str] = field(default_factory=lambda: {"101": "Sea view", "102": "Garden"})
    booked: dict[int, Booking] = field(default_factory=dict)
    faults: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    said: list[tuple[Asked, Reply]] = field(default_factory=list)
    """Every answer, as it was given without a network."""
    page: int = 2
    shuffle: Callable[[list[Booking]], list[Booking]] = field(default=lambda rows: rows)
    times: list[float] = field(default_factory=list)
    closed: set[tuple[str, date]] = field(default_factory=set)
    """Nights of units that were closed in the calendar by whoever asked over the API."""
    by_hand: dict[tuple[str, date], str] = field(default_factory=dict)
    """Nights that people closed there, and how: `block` | `owner`."""
    shut: int = 0
    """The status that every look at a calendar is answered with; 0: as it is."""
    letters: list[tuple[int, str]] = field(default_factory=list)
    """What guests were written: of which booking, and the text."""
    refuses: int = 0
    """The status that every write is refused with; 0: none is."""
    lost: int = 0
    """So many answers to writes get lost, after what was asked was done."""
    loop: asyncio.AbstractEventLoop | None = None
    taken: dict[tuple[str, Limit], deque[float]] = field(default_factory=dict)
    """When the last requests came that count against each limit, on the clock of that loop."""
    too_many: int = 0
    """Requests that were one too many."""

    # ---- what happens at the manager's ----

    def book(self, id_: int, unit: str = "101", *, day: int = 0, nights: int = 3, **more: Any) -> Booking:
        arrival = date(2027, 3, 1) + timedelta(days=day)
        made = Booking(id_, unit, arrival, arrival + timedelta(days=nights), changed=self.now(), **more)
        self.booked[id_] = made
        return made

    def change(self, id_: int, **to: Any) -> None:
        for name, value in to.items():
            setattr(self.booked[id_], name, value)
        self.booked[id_].changed = self.now()

    def delete(self, id_: int) -> None:
        del self.booked[id_]

    # ---- the service ----

    def limits(self, asked: Asked, path: str) -> list[tuple[str, Limit]]:
        """What a request counts against, each with what it is counted for."""
        return [("all", limit) for limit in self.LIMITS]

    @abstractmethod
    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        """Answer one request that nothing was wrong with on the way."""

    @abstractmethod
    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        """The headers and the body of what is sent about a change of it."""

    def too_fast(self, wait_s: int) -> Reply:
        """What is answered to one request too many: of most services nobody wrote down more than the number."""
        return reply({}, 429)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        self.times.append(self.now().timestamp())
        if self.faults:
            return self.faults.pop(0)
        parts = urlsplit(asked.path)
        writes = asked.method != "GET" and "token" not in parts.path.lower()
        if self.refuses and writes:
            return reply({}, self.refuses)
        answer = self.respond(asked, parts.path, dict(parse_qsl(parts.query)))
        if self.lost and writes:
            self.lost -= 1
            return reply({}, 504)
        return answer

    def close(self, unit: str, first: str, last: str, *, taken: bool) -> None:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            if not taken and self.by_hand.get((unit, day)) == "block":
                del self.by_hand[unit, day]
            (self.closed.add if taken else self.closed.discard)((unit, day))
            day += timedelta(days=1)

    def shut_by_hand(self, unit: str, day: int, nights: int, how: str = "block") -> None:
        """Somebody closes nights there, from so many days after the first of March on; `open`: opens them again."""
        first = date(2027, 3, 1) + timedelta(days=day)
        for night in (first + timedelta(days=number) for number in range(nights)):
            self.by_hand.pop((unit, night), None)
            if how == "open":
                self.closed.discard((unit, night))
            else:
                self.by_hand[unit, night] = how

    def open_by_hand(self, unit: str, day: date) -> None:
        """Somebody opens there a night that was closed over the API."""
        self.closed.discard((unit, day))

    def state(self, unit: str, day: date) -> str:
        """What a calendar shows of a night: `booked`, `owner`, `block` or empty. Nobody can tell who closed it."""
        rows = (row for row in self.booked.values() if row.unit == unit and row.state not in ("over", "inquiry"))
        if any(row.arrival <= day < row.departure for row in rows):
            return "booked"
        return self.by_hand.get((unit, day), "block" if (unit, day) in self.closed else "")

    def named(self, path: str, before: str, after: str = "") -> Booking | None:
        """The booking whose id stands between these in a path."""
        id_ = path.removeprefix(before).removesuffix(after)
        fits = path.startswith(before) and path.endswith(after) and id_.isdigit()
        return self.booked.get(int(id_)) if fits else None

    def rows(self, since: datetime | None = None) -> list[Booking]:
        found = [row for row in self.booked.values() if since is None or row.changed >= since]
        return self.shuffle(found)

    def turned_away(self, asked: Asked) -> Reply | None:
        """What is answered to one request too many.

        Counted by the clock by which those who ask are paced, and so not over a socket, where tests begin anew in other loops.
        """
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            self.loop = loop
            self.taken.clear()
        now = loop.time()
        counts = [
            (limit, self.taken.setdefault((whose, limit), deque(maxlen=limit[0])))
            for whose, limit in self.limits(asked, urlsplit(asked.path).path)
        ]
        waits = [came[0] + seconds - now for (count, seconds), came in counts if len(came) == count]
        if waits and max(waits) > 0:
            self.too_many += 1
            return self.too_fast(ceil(max(waits)))
        for _, came in counts:
            came.append(now)
        return None

    async def send(self, request: Request, rules: Rules) -> Answer:
        """As hub.io.http.send, without a network: for tests that turn the clock."""
        parts = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        asked = Asked(request.method, path, headers, request.body or b"")
        self.said.append((asked, self.turned_away(asked) or self.answer(asked)))
        status, told, body = self.said[-1][1]
        if status in (408, 425, 429) or status >= 500:
            wait = timedelta(seconds=int(told.get("Retry-After", "0")))
            raise Unavailable(f"the double answers {status}", wait=wait, untouched=status == 429)
        return Answer(status, {name.lower(): value for name, value in told.items()}, body, parts.hostname or "")


class _Front(Site):
    """A desk behind a real socket."""

    desk: Desk

    async def _reply(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status, headers, body = self.desk.answer(self.asked[-1])
        told = {"Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode() + body)
        await writer.drain()


@asynccontextmanager
async def front(desk: Desk) -> AsyncIterator[str]:
    """The desk on loopback; yields its address."""
    made = _Front()
    made.desk = desk
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
