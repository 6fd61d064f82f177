"""A calendar of 2,000 bookings of one unit with one lock, from its delivery until all of it is taken in, codes drawn.

The reference is the least that keeps it: the icalendar library reads the same bytes, and sqlite3 writes a row for each event
in one transaction. Meanwhile somebody else writes again and again; the longest that they had to wait is a row of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import date, timedelta
from pathlib import Path

import icalendar

from hub import running
from hub.commandline.running import spare_what_stays
from hub.config import load
from hub.contracts import Delivery
from hub.model.values import ChannelId
from hub.store import publishing, stays
from hub.store.engine import Tx
from tests.bench import homes
from tests.bench.rows import Goal, Row, of_rounds
from web.site import Doubtable

NAMES = ("feed_2000_absorbed", "feed_2000_longest_wait")
EVENTS = 2_000
DONE_WITHIN_S = 120
CHANNEL = ChannelId("feed")
DRIVER = '[drivers.zwave]\nport = "socket://127.0.0.1:9"\n'
"""It is never started."""
SITE = """
[[lock]]
id = "door"
property = "house"
name = "Door"
driver = "zwave"
address = "2"

[[unit]]
id = "flat"
property = "house"
name = "Flat"
locks = ["door"]

[[channel]]
id = "feed"
unit = "flat"
integration = "ical"
source = "vrbo"
url = "http://127.0.0.1:9/feed.ics"
"""


def calendar(first: date) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Expedia Group//Vrbo//EN"]
    for number in range(EVENTS):
        arrival = first + timedelta(days=2 * number)
        lines += ["BEGIN:VEVENT", f"UID:{number}@vrbo.com", f"SUMMARY:Reserved - Guest {number}"]
        lines += [f"DTSTART;VALUE=DATE:{arrival:%Y%m%d}", f"DTEND;VALUE=DATE:{arrival + timedelta(days=2):%Y%m%d}"]
        lines += ["END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


async def measure(folder: Path, rounds: int) -> list[Row]:
    took, waited = [], []
    for number in range(rounds):
        body = calendar(homes.today() + timedelta(days=1))
        async with homes.build(folder / f"big-{number}", SITE, DRIVER) as (made, _):
            pass
        seconds, longest = await _absorbed(made, body)
        least = await asyncio.to_thread(_bare, folder / f"bare-{number}.db", body)
        took.append((seconds, least))
        waited.append((longest, 1000 * least))
    return [
        of_rounds(NAMES[0], "s", took, Goal("ratio", "at most", 40)),
        of_rounds(NAMES[1], "ms", waited, Goal("value", "at most", 200)),
    ]


async def _absorbed(made: homes.House, body: bytes) -> tuple[float, float]:
    """Seconds until it was taken in, and the milliseconds that another write waited at most."""
    async with running.made(load(made.config)) as hub, asyncio.TaskGroup() as group:
        assert isinstance(hub.clock, Doubtable)
        hub.clock.confirm()  # a machine without a time server has a clock that the hub does not believe
        await running.plug_channels(hub)
        spare_what_stays()  # as a hub has done when it began to answer
        await hub.inbox.accept(Delivery(CHANNEL, "1", body, hub.clock.now()))
        reader, began, longest = group.create_task(hub.inbox.read()), time.perf_counter(), 0.0
        async with asyncio.timeout(DONE_WITHIN_S):
            while not await hub.store.read(_is_good):
                asked = time.perf_counter()
                await hub.store.write(lambda tx: None)
                longest = max(longest, time.perf_counter() - asked)
                await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        reader.cancel()
        assert await hub.store.read(_known) == EVENTS
        return took, 1000 * longest


def _is_good(tx: Tx) -> bool:
    state = stays.channel_state_of(tx, CHANNEL)
    return state is not None and state.good_at is not None


def _known(tx: Tx) -> int:
    return len(publishing.words_of(tx, CHANNEL))


def _bare(file: Path, body: bytes) -> float:
    """Seconds."""
    began = time.perf_counter()
    raw = sqlite3.connect(file)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("CREATE TABLE stays (uid TEXT PRIMARY KEY, guest TEXT, arrival TEXT, departure TEXT)")
    events = icalendar.Calendar.from_ical(body).walk("VEVENT")
    rows = [(str(each["UID"]), str(each["SUMMARY"]), str(each["DTSTART"]), str(each["DTEND"])) for each in events]
    raw.executemany("INSERT INTO stays VALUES (?, ?, ?, ?)", rows)
    raw.commit()
    raw.close()
    return time.perf_counter() - began
