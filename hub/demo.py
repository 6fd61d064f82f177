"""`gatehouse demo`: the whole hub with a simulated building, calendars that fill and guests who come and go.

Only the guests and the calendars are made up: the feeds are fetched over HTTP, the codes go over the Serial API into
simulated locks, and the guests type at simulated keypads what the hub drew for them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import ClientError, ClientSession, web
from icalendar import Calendar, Event

from hub import apply, site, site_people
from hub.config import Config, parse
from hub.contracts import Clock, Rehearsal
from hub.feeds import make_link
from hub.hub import Hub
from hub.issuing import reveal
from hub.model.stays import local_instant
from hub.model.values import Address, LockId, StayId, StayStatus
from hub.running import Serve, Turned, World, made, run
from hub.store import doors, house, proofs, stays
from hub.store.engine import Tx
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow

ZONE: Final = ZoneInfo("Europe/Lisbon")
OPENING: Final = time(13, 55)
"""When the demonstration begins: five minutes before the first code of the day is due."""
ACTOR: Final = "demonstration"

BUILDING: Final = [
    {
        "address": "2",
        "model": "schlage",
        "name": "Front door",
        "battery": 84,
        "auto_lock": 20,
        "rssi": -52,
        "security": "s2",
    },
    {
        "address": "3",
        "model": "yale-zw3",
        "name": "Flat 1",
        "battery": 61,
        "auto_lock": 20,
        "rssi": -68,
        "security": "s2",
    },
    {"address": "4", "model": "kwikset", "name": "Flat 2", "battery": 14, "rssi": -83, "security": "s0"},
    {"address": "5", "model": "august", "name": "Cellar", "battery": 77, "rssi": -88},
    {"model": "yale", "name": "Boathouse", "security": "s2"},
    {"model": "kwikset", "name": "Attic", "security": "s0"},
]
"""Two of them lie in their boxes still, to be added on the Radio page."""
NETWORK_KEYS: Final = ("S0_Legacy", "S2_Unauthenticated", "S2_Authenticated", "S2_AccessControl")
"""Made anew for each demonstration, which takes an encrypted network over with them."""
SITE: Final = """
[[property]]
id = "harbour"
name = "Harbour House"
timezone = "Europe/Lisbon"
check_in = "15:00"
check_out = "11:00"
guest_phone = "+351 210 000 000"
instructions = "The way in is from the harbour side. The bins go out on Tuesday."
escalation = ["rosa:email"]

[[person]]
id = "rosa"
name = "Rosa Almeida"
kind = "manager"
email = "rosa@harbour.example"

[[person]]
id = "maria"
name = "Maria Costa"
kind = "cleaner"
phone = "+351 910 000 000"

[[pass]]
id = "cleaning"
person = "maria"
locks = ["front", "flat-1", "flat-2"]
hours = "Mon-Sat 10:00-15:00"
name = "Cleaning"

[[lock]]
id = "front"
property = "harbour"
name = "Front door"
driver = "zwave"
address = "2"
shared = true

[[lock]]
id = "flat-1"
property = "harbour"
name = "Flat 1"
driver = "zwave"
address = "3"

[[lock]]
id = "flat-2"
property = "harbour"
name = "Flat 2"
driver = "zwave"
address = "4"

[[lock]]
id = "cellar"
property = "harbour"
name = "Cellar"
driver = "zwave"
address = "5"

[[unit]]
id = "flat-1"
property = "harbour"
name = "Flat 1"
locks = ["front", "flat-1"]

[[unit]]
id = "flat-2"
property = "harbour"
name = "Flat 2"
locks = ["front", "flat-2"]

[[channel]]
id = "airbnb-flat-1"
unit = "flat-1"
integration = "ical"
source = "airbnb"
url = "{feeds}/flat-1.ics"

[[channel]]
id = "vrbo-flat-2"
unit = "flat-2"
integration = "ical"
source = "vrbo"
url = "{feeds}/flat-2.ics"

[[channel]]
id = "booking-flat-2"
unit = "flat-2"
integration = "ical"
source = "booking_com"
url = "{feeds}/flat-2-booking.ics"
"""

GUESTS: Final = ("Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Hedy Lamarr", "Donald Knuth")


@dataclass(frozen=True, slots=True)
class Booking:
    feed: str
    uid: str
    summary: str
    arrival: date
    departure: date
    booked_at: datetime
    description: str = ""


def bookings(today: date) -> Iterator[Booking]:
    """Five weeks of a small house; a part of it is booked while one watches."""
    opening = local_instant(today, OPENING, ZONE, latest=False)
    for number in range(18):
        arrival = today + timedelta(days=2 * number)
        told = (
            f"Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMDEMO{number:04}\n"
            f"Phone Number (Last 4 Digits): {4100 + number}"
        )
        booked = opening - timedelta(days=1) if number < 2 else opening + timedelta(minutes=7 * number)
        yield Booking(
            "flat-1",
            f"{number}@airbnb.com",
            "Reserved",
            arrival,
            arrival + timedelta(days=1 + number % 2),
            booked,
            told,
        )
        guest = GUESTS[number % len(GUESTS)]
        arrival = today + timedelta(days=2 * number - 1)
        booked = opening - timedelta(days=1) if number == 0 else opening + timedelta(minutes=4 + 9 * number)
        departure = arrival + timedelta(days=2 - number % 2)
        yield Booking("flat-2", f"vrbo-{number}", f"Reserved - {guest}", arrival, departure, booked)
    far = today + timedelta(days=45)
    closed = ("flat-2-booking", "closed-1@booking.com", "CLOSED - Not available")
    yield Booking(*closed, far, far + timedelta(days=3), opening + timedelta(minutes=12))


def calendar(feed: str, all_bookings: list[Booking], now: datetime) -> bytes:
    """What the channel would send: what is booked by now and not over."""
    shown = Calendar()
    shown.add("prodid", "-//Gatehouse demonstration//EN")
    shown.add("version", "2.0")
    for booking in all_bookings:
        if booking.feed == feed and booking.booked_at <= now and booking.departure >= now.astimezone(ZONE).date():
            event = Event()
            event.add("uid", booking.uid)
            event.add("summary", booking.summary)
            event.add("dtstamp", booking.booked_at)
            event.add("dtstart", booking.arrival)
            event.add("dtend", booking.departure)
            if booking.description:
                event.add("description", booking.description)
            shown.add_component(event)
    return bytes(shown.to_ical())


@dataclass
class Guests:
    """They come a little after check-in, type their code, and one tries it again after check-out."""

    hub: Hub
    _inside: set[StayId] = field(default_factory=set)
    _gone: set[StayId] = field(default_factory=set)
    _codes: dict[StayId, dict[LockId, str]] = field(default_factory=dict)

    async def live(self) -> None:
        while True:
            await self.hub.clock.sleep(120)
            hands = self.hub.plugins.rehearsal
            if hands is not None:
                for stay in await self._todays():
                    await self._act(stay, hands)

    async def _todays(self) -> list[StayRow]:
        now = self.hub.clock.now()
        wanted = Wanted(status=StayStatus.CONFIRMED, since=now - timedelta(days=1), until=now, limit=100)
        return await self.hub.store.read(lambda tx: stays.search(tx, wanted))

    async def _act(self, stay: StayRow, hands: Rehearsal) -> None:
        now = self.hub.clock.now()
        assert stay.check_in is not None  # searched by it
        assert stay.check_out is not None
        if stay.id not in self._inside and stay.check_in + timedelta(minutes=10) <= now < stay.check_out:
            await self._come_in(stay, hands)
        elif stay.id in self._inside and stay.id not in self._gone and now >= stay.check_out + timedelta(minutes=15):
            self._gone.add(stay.id)
            for address, digits in (await self._addresses(self._codes[stay.id])).items():
                hands.press(address, digits)

    async def _come_in(self, stay: StayRow, hands: Rehearsal) -> None:
        tally = (await self.hub.store.read(lambda tx: proofs.tallies(tx, [stay.id], self.hub.clock.now()))).get(stay.id)
        if tally is None or tally.proven < tally.doors:
            return
        shown = await self.hub.store.write(lambda tx: reveal(tx, self.hub.desk, stay, ACTOR))
        if shown:
            self._codes[stay.id] = {lock: pin.reveal() for lock, pin in shown}
            opened = [hands.press(*each) for each in (await self._addresses(self._codes[stay.id])).items()]
            if all(opened):
                self._inside.add(stay.id)

    async def _addresses(self, digits: dict[LockId, str]) -> dict[Address, str]:
        known = {door.id: door.address for door in await self.hub.store.read(doors.doors)}
        return {known[lock]: typed for lock, typed in sorted(digits.items(), reverse=True) if lock in known}


FETCHED_EVERY: Final = timedelta(minutes=20)
"""How often a platform asks for a calendar of ours; real ones ask every half an hour to six hours."""


async def _platforms(hub: Hub, links: list[str]) -> None:
    """They fetch which nights are taken here, which is what proves to the hub that they know."""
    async with ClientSession(f"http://{hub.config.web.listen}", headers={"User-Agent": "A platform"}) as http:
        while True:
            for link in links:
                try:
                    async with http.get(link) as answer:
                        await answer.read()
                except ClientError:
                    pass  # as platforms do: it is asked for again
            await hub.clock.sleep(FETCHED_EVERY.total_seconds())


_LOOK_AGAIN_S: Final = 0.05


async def demonstrate(
    port: int, speed: float, serve: tuple[Serve, ...], announce: Callable[[str], None], today: date
) -> None:
    """Run until cancelled. `announce` is given the address that signs the visitor in."""
    with TemporaryDirectory(prefix="gatehouse-demo-") as folder:
        config = _config(Path(folder), port)
        start = local_instant(today, OPENING, ZONE, latest=False)
        async with made(config, World(turned=Turned(start, speed))) as hub, _feeds(hub.clock, today) as feeds:
            links = await hub.store.write(lambda tx: _furnish(tx, hub, feeds))
            token = await hub.signin.new_link_token("demo", lasts=timedelta(days=1))
            invitation = f"http://{config.web.listen}/enter/{token.reveal()}"
            await run(
                hub,
                (*serve, _guests, lambda hub: _invite(hub, announce, invitation), lambda hub: _platforms(hub, links)),
            )


async def _invite(hub: Hub, announce: Callable[[str], None], invitation: str) -> None:
    """Only an address that answers is worth printing."""
    listen = hub.config.web.listen
    while not await _answers(listen.host, listen.port):  # noqa: ASYNC110  # the pages tell nobody when they listen
        await asyncio.sleep(_LOOK_AGAIN_S)
    announce(invitation)


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def _guests(hub: Hub) -> None:
    await Guests(hub).live()


def _config(folder: Path, port: int) -> Config:
    stick = _free_port()
    keys = {name: secrets.token_hex(16) for name in NETWORK_KEYS}
    (folder / "zwave-keys.json").write_text(json.dumps(keys))
    told = {
        "database": "gatehouse.db",
        "state_dir": "state",
        "key_file": "key",
        "public_url": f"http://127.0.0.1:{port}",
        "web": {"listen": f"127.0.0.1:{port}"},
        "drivers": {
            "simulator": {"listen": f"127.0.0.1:{stick}", "functions": "full", "keys": keys, "locks": BUILDING},
            "zwave": {"port": f"socket://127.0.0.1:{stick}", "keys": str(folder / "zwave-keys.json")},
        },
    }
    return parse(told, folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _feeds(clock: Clock, today: date) -> AsyncIterator[str]:
    """The channels: a web server on the loopback; yields its address."""
    all_bookings = list(bookings(today))

    async def answer(request: web.Request) -> web.Response:
        body = calendar(request.match_info["feed"], all_bookings, clock.now())
        return web.Response(body=body, content_type="text/calendar")

    app = web.Application()
    app.router.add_get("/{feed}.ics", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        door = web.TCPSite(runner, "127.0.0.1", 0)
        await door.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _furnish(tx: Tx, hub: Hub, feeds: str) -> list[str]:
    """The paths at which the platforms fetch what is taken here."""
    told = tomllib.loads(SITE.replace("{feeds}", feeds))
    described = site.parse(told, drivers=hub.config.drivers, check_channel=lambda *_: None)
    apply.apply(tx, described, hub.vault, prune=apply.Prune.NOTHING, now=hub.clock.now(), actor=ACTOR)
    site_people.keep_passes(tx, hub.desk, described.passes)
    return [make_link(tx, hub.desk, row.id, unit, ACTOR) for row in house.channels(tx) for unit in row.serves]
