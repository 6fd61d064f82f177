"""One round of 200 calendars in which nothing is new: the CPU that it costs the hub, and a bare client that asks the same.

The reference fetches the same addresses under the same conditions, with one session, and looks at no more than the status.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from hub import running
from hub.config import load
from hub.hub import Hub
from hub.store import stays
from hub.store.engine import Tx
from tests.bench import homes
from tests.bench.rows import Goal, Row, of_rounds
from tests.bench.still_feeds import TAG
from web.site import Doubtable

NAME = "poll_200_unchanged"
FEEDS = 200
READ_WITHIN_S = 120
ROUND_WITHIN_S = 30
SETTLED_S = 0.3
"""From the last answer's leaving to the end of what the hub makes of it."""
UNIT = """
[[unit]]
id = "flat-{number}"
property = "house"
name = "Flat {number}"
locks = []

[[channel]]
id = "feed-{number}"
unit = "flat-{number}"
integration = "ical"
source = "vrbo"
url = "http://127.0.0.1:{port}/{number}.ics"
"""


async def measure(folder: Path, rounds: int) -> list[Row]:
    async with _calendars() as (port, answered):
        site = "".join(UNIT.format(number=number, port=port) for number in range(FEEDS))
        async with homes.build(folder / "polls", site) as (made, _):
            pass
        found = []
        async with _polling(made) as hub:
            assert await answered() == b"all\n"  # once, when it began
            for _ in range(rounds + 1):  # the first is for warming up
                ours = await _spent(lambda: _round(hub), answered)
                theirs = await _spent(lambda: _bare(port), answered)
                found.append((ours, theirs))
    return [of_rounds(NAME, "ms of CPU", found[1:], Goal("ratio", "at most", 8))]


@asynccontextmanager
async def _calendars() -> AsyncIterator[tuple[int, Callable[[], Awaitable[bytes]]]]:
    """A process of its own, so that none of its work is counted; yields its port and a call that waits until all were asked."""
    command = (sys.executable, "-m", "tests.bench.still_feeds", str(FEEDS))
    process = await asyncio.create_subprocess_exec(*command, cwd=homes.ROOT, stdout=PIPE)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline()), process.stdout.readline
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _polling(made: homes.House) -> AsyncIterator[Hub]:
    """The hub in this process, each calendar read once."""
    async with running.made(load(made.config)) as hub, asyncio.TaskGroup() as group:
        assert isinstance(hub.clock, Doubtable)
        hub.clock.confirm()
        task = group.create_task(running.run(hub, upkeep=False))
        async with asyncio.timeout(READ_WITHIN_S):
            while await hub.store.read(_read) < FEEDS:  # noqa: ASYNC110  # each has a sandbox of its own
                await asyncio.sleep(0.1)
        yield hub
        task.cancel()


def _read(tx: Tx) -> int:
    return sum(each.good_at is not None for each in stays.channel_states(tx).values())


async def _spent(ask: Callable[[], Awaitable[None]], answered: Callable[[], Awaitable[bytes]]) -> float:
    """Milliseconds of this process."""
    began = time.process_time()
    async with asyncio.timeout(ROUND_WITHIN_S):
        await ask()
        assert await answered() == b"all\n"
    await asyncio.sleep(SETTLED_S)
    return 1000 * (time.process_time() - began)


async def _round(hub: Hub) -> None:
    for number in range(FEEDS):
        hub.bus.signal(f"poll:feed-{number}")


async def _bare(port: int) -> None:
    places = asyncio.Semaphore(2)  # as the hub spares a host

    async def ask(http: aiohttp.ClientSession, number: int) -> None:
        async with places, http.get(f"/{number}.ics", headers={"If-None-Match": TAG}) as answer:
            assert answer.status in (200, 304)
            await answer.read()

    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http, asyncio.TaskGroup() as group:
        for number in range(FEEDS):
            group.create_task(ask(http, number))
