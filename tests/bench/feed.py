"""From a change in a feed to a code that is proven in a lock: our own time, since the simulated lock takes none.

Counted from just before "read now" is pressed until the API says that the code was read back: the request that starts
the poll, the fetch, the reading in the sandbox, three commits, the commands to the lock and being told of it by SSE.
The reference is the bare fetch of the same feed and the two bare exchanges with the stick, one after the other.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from operator import xor
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
from aiohttp import web

from tests.bench import homes
from tests.bench.rows import Goal, Row, of_rounds

SLOTS = 10
READY_WITHIN_S = 60
PROVEN_WITHIN_S = 20

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Expedia Group//Vrbo//EN
{events}END:VCALENDAR
"""
EVENT = """BEGIN:VEVENT
UID:{uid}@vrbo.com
SUMMARY:Reserved - Guest {uid}
DTSTART;VALUE=DATE:{arrival:%Y%m%d}
DTEND;VALUE=DATE:{departure:%Y%m%d}
END:VEVENT
"""
DOOR = """
[[lock]]
id = "door-{number}"
property = "house"
name = "Door {number}"
driver = "zwave"
address = "{node}"

[[unit]]
id = "flat-{number}"
property = "house"
name = "Flat {number}"
locks = ["door-{number}"]

[[channel]]
id = "feed-{number}"
unit = "flat-{number}"
integration = "ical"
source = "vrbo"
url = "{url}/{number}.ics"
"""


@dataclass(slots=True)
class Feeds:
    """A calendar for each flat, with a past stay until its guest books."""

    url: str = ""
    booked: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        number, today = request.match_info["number"], homes.today()
        events = EVENT.format(uid="old", arrival=today - timedelta(days=9), departure=today - timedelta(days=7))
        if number in self.booked:
            events += EVENT.format(uid=number, arrival=today - timedelta(days=1), departure=today + timedelta(days=2))
        text = CALENDAR.format(events=events).replace("\n", "\r\n")
        return web.Response(text=text, content_type="text/calendar")

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/{number}.ics", self.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()


@asynccontextmanager
async def stick(locks: int) -> AsyncIterator[int]:
    """A simulated stick without delays; yields its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "drivers.simulator", "--listen", "127.0.0.1:0", "--delay", "0", "--no-collisions"),
        *("--slots", str(SLOTS), "--locks", ",".join(["yale"] * locks)),
        cwd=homes.ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield int(json.loads(await process.stdout.readline())["port"])
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def house(folder: Path, feeds: Feeds, locks: int) -> AsyncIterator[homes.House]:
    """One flat, one lock and one feed for each round."""
    async with stick(locks) as port:
        site = "".join(DOOR.format(number=number, node=number + 2, url=feeds.url) for number in range(locks))
        drivers = f'[drivers.zwave]\nport = "socket://127.0.0.1:{port}"\n'
        async with homes.build(folder, site, drivers) as (made, _hub):
            pass
        yield made


async def measure(folder: Path, rounds: int) -> list[Row]:
    feeds, locks = Feeds(), rounds + 1
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(feeds.served())
        made = await stack.enter_async_context(house(folder / "feed", feeds, locks))
        await stack.enter_async_context(homes.run(made))
        await settled(made, locks)
        bare_port = await stack.enter_async_context(stick(1))
        http = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{made.port}"))
        measured = []
        for number in range(locks):  # the first is for warming up
            feeds.booked.add(str(number))
            measured.append((await _proven(made, http, number), await _bare(feeds.url, bare_port, number)))
    return [of_rounds("feed_to_code", "ms", measured[1:], Goal("value", "at most", 250))]


async def settled(made: homes.House, locks: int) -> None:
    """Until every lock was met and its slots were read, and every feed was read once."""
    raw = sqlite3.connect(made.database)
    read = "SELECT (SELECT count(*) FROM slots WHERE reading = 'empty'), (SELECT count(*) FROM channel_state)"
    async with asyncio.timeout(READY_WITHIN_S):
        while raw.execute(read).fetchone() != (locks * SLOTS, locks):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)
    raw.close()


# ---- the hub --------------------------------------------------------------------------------------------------------


async def _proven(made: homes.House, http: aiohttp.ClientSession, number: int) -> float:
    """Milliseconds."""
    signed_in = {"Cookie": f"gatehouse={made.session}"}
    async with asyncio.timeout(PROVEN_WITHIN_S), http.get("/live", headers=signed_in) as live:
        begun = perf_counter()
        await homes.press(made, f"/channels/feed-{number}/read")
        async for line in live.content:
            if line.strip() == f"event: lock:door-{number}".encode() and await _is_proven(made, http, number):
                return 1000 * (perf_counter() - begun)
    raise AssertionError("the live stream ended")


async def _is_proven(made: homes.House, http: aiohttp.ClientSession, number: int) -> bool:
    bearer = {"Authorization": f"Bearer {made.token}"}
    async with http.get("/api/v1/codes", params={"lock": f"door-{number}"}, headers=bearer) as answer:
        told: dict[str, Any] = await answer.json()
    return any((code["state"], code["proof"]) == ("set", "read_back") for code in told["items"])


# ---- the least ------------------------------------------------------------------------------------------------------

ACK = b"\x06"
SEND_DATA, APPLICATION_COMMAND = 0x13, 0x04  # INS13954, sections 4.3.3.1 and 4.3.1.5
REQUEST = 0x00
NODE, SLOT, CALLBACK = 2, 1, 7


async def _bare(url: str, port: int, number: int) -> float:
    """Milliseconds: fetch the feed, set a code, read it back; nothing is understood and nothing kept."""
    digits = f"{135790 + number}".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = perf_counter()
    async with aiohttp.ClientSession() as http, http.get(f"{url}/{number}.ics") as answer:
        await answer.read()
    # User Code Set and Get, SDS13781 "User Code Command Class, version 1".
    writer.write(_send_data(bytes((0x63, 0x01, SLOT, 0x01)) + digits))
    await _heard(reader, writer, SEND_DATA)
    writer.write(_send_data(bytes((0x63, 0x02, SLOT))))
    while digits not in await _heard(reader, writer, APPLICATION_COMMAND):
        pass
    took = 1000 * (perf_counter() - begun)
    writer.close()
    return took


def _send_data(command: bytes) -> bytes:
    covered = bytes((len(command) + 7, REQUEST, SEND_DATA, NODE, len(command))) + command + bytes((0x25, CALLBACK))
    return b"\x01" + covered + bytes((reduce(xor, covered, 0xFF),))


async def _heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, function: int) -> bytes:
    """The next request of the stick with that function; every frame is acknowledged."""
    while True:
        if await reader.readexactly(1) == b"\x01":
            (length,) = await reader.readexactly(1)
            rest = await reader.readexactly(length)
            writer.write(ACK)
            if rest[:2] == bytes((REQUEST, function)):
                return rest[2:]
