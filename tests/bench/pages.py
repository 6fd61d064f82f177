"""Pages of a lived-in house with a long access log, beside handlers that do nothing but query and render."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, time
from urllib.parse import quote

from hub.hub import Hub
from hub.intake import NewStay
from hub.model.values import LockId, UnitId
from hub.store import log
from hub.store.engine import Tx
from hub.store.log import Entry, Filter
from hub.store.sqlite import connect_reader, core
from tests.bench import homes
from tests.bench.feed import SLOTS, stick
from tests.bench.load import Tally, load, request
from tests.bench.rows import Goal, Row, of_rounds
from web.api.paging import position

FLATS = 8
PER_PAGE = 50
TODAY_CONNECTIONS = 8
SETTLED_WITHIN_S = 60
QUERIES = 200

SITE = """
[[lock]]
id = "front"
property = "house"
name = "Front door"
driver = "zwave"
address = "2"
shared = true
""" + "".join(
    f"""
[[lock]]
id = "flat-{number}"
property = "house"
name = "Flat {number}"
driver = "zwave"
address = "{number + 3}"

[[unit]]
id = "flat-{number}"
property = "house"
name = "Flat {number}"
locks = ["front", "flat-{number}"]
"""
    for number in range(FLATS)
)

STAYS = (
    *((number, 0, 3) for number in range(4)),  # arriving
    *((number, -2, 2) for number in (4, 5)),  # leaving
    *((number, 1, 2) for number in (4, 5)),  # tomorrow, in the same flats
    *((number, -2, 5) for number in (6, 7)),  # staying
)
"""Flat, days from today, nights."""


async def measure(folder: Path, rounds: int, events: int, requests: int) -> list[Row]:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(stick(FLATS + 1))
        drivers = f'[drivers.zwave]\nport = "socket://127.0.0.1:{port}"\n'
        async with homes.build(folder / "house", SITE, drivers) as (house, hub):
            await hub.store.write(lambda tx: _book(tx, hub))
        async with homes.run(house):
            await _proven(house)
        write_log(house.database, events)
        queries = [_alone(house.database) for _ in range(rounds)]
        bare_port = homes.free_port()
        bare = (sys.executable, "-m", "tests.bench.bare_pages", str(bare_port), house.copy(folder / "bare").folder)
        await stack.enter_async_context(homes.run(house))
        await stack.enter_async_context(homes.process(*bare))
        await homes.answering(bare_port)
        asked = _Asked(house, bare_port, requests)
        cursors = _cursors(house.database, events)
        json = [await asked.log(json_targets(cursors)) for _ in range(rounds)]
        html = [await asked.log(html_targets(cursors)) for _ in range(rounds)]
        today = [await asked.today() for _ in range(rounds)]
    return [
        of_rounds("access_log_page", "ms", json, Goal("value", "at most", 10)),
        of_rounds("access_log_html", "ms", html, Goal("value", "at most", 10)),
        of_rounds("access_log_query", "ms", queries, Goal("ratio", "at most", 3)),
        of_rounds("page_today", "/s", today, Goal("ratio", "at least", 0.6)),
    ]


def _book(tx: Tx, hub: Hub) -> None:
    today = homes.today()
    for number, (flat, days, nights) in enumerate(STAYS):
        arrival = today + timedelta(days=days)
        departure = arrival + timedelta(days=nights)
        new = NewStay(UnitId(f"flat-{flat}"), arrival, departure, f"Guest Number {number}", phone="+49 170 1234567")
        hub.intake.add_stay(tx, new, "bench")


async def _proven(house: homes.House) -> None:
    """Until every code that is to work now was read back from its lock."""
    raw = sqlite3.connect(house.database)
    proven = (
        "SELECT (SELECT count(*) FROM slots), (SELECT count(*) FROM slots WHERE proof = 'read_back' AND holder <> '')"
    )
    now = sum(days <= 0 for _, days, _ in STAYS)
    async with asyncio.timeout(SETTLED_WITHIN_S):
        while raw.execute(proven).fetchone() != ((FLATS + 1) * SLOTS, 2 * now):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)
    raw.close()


def write_log(database: Path, events: int) -> None:
    """Two years of doors, evenly spread; straight into the table, since writing is not what is measured."""
    raw = sqlite3.connect(database, isolation_level=None)
    raw.execute("PRAGMA synchronous=OFF")
    end_ms = int(time() * 1000)
    step_ms = 2 * 365 * 86_400_000 // events
    locks = ("front", *(f"flat-{number}" for number in range(FLATS)))
    kinds = (
        ("unlocked", "keypad"),
        ("locked", "manual"),
        ("unlocked", "manual"),
        ("locked", "auto"),
        ("code_set", "hub"),
    )
    rows = (
        (
            end_ms - (events - number) * step_ms,
            locks[number * 7 % len(locks)],
            "house",
            *kinds[number % len(kinds)],
            number % SLOTS + 1 if number % len(kinds) == 0 else None,
            f"Guest Number {number % 5000}" if number % len(kinds) == 0 else "somebody at the door",
        )
        for number in range(events)
    )
    raw.execute("BEGIN")
    raw.executemany(
        "INSERT INTO access_log (at, lock_id, property_id, what, how, slot, who) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
    )
    raw.execute("COMMIT")
    raw.close()


# ---- the log over HTTP ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cursor:
    at: datetime
    id: int


def _cursors(database: Path, events: int) -> list[Cursor]:
    """Of entries here and there in the log."""
    raw = sqlite3.connect(database)
    rows = [
        raw.execute("SELECT at, id FROM access_log WHERE id = ?", (events * part // 10,)).fetchone()
        for part in (2, 5, 8)
    ]
    raw.close()
    return [Cursor(datetime.fromtimestamp(at / 1000, UTC), id_) for at, id_ in rows]


def json_targets(cursors: Sequence[Cursor]) -> list[str]:
    listing = f"/api/v1/access-events?limit={PER_PAGE}"
    pages = ["", *(f"&cursor={position(each.at, str(each.id))}" for each in cursors)]
    return [f"{listing}{page}{lock}" for page in pages for lock in ("", "&lock=front", "&lock=flat-3&what=code_set")]


def html_targets(cursors: Sequence[Cursor]) -> list[str]:
    pages = ["", *(f"&before={quote(f'{each.at.isoformat()}_{each.id}')}" for each in cursors)]
    return [f"/log?{(page + lock)[1:]}" for page in pages for lock in ("", "&lock=front", "&lock=flat-3&what=code_set")]


@dataclass(frozen=True, slots=True)
class _Asked:
    house: homes.House
    bare_port: int
    requests: int

    async def log(self, targets: Sequence[str]) -> tuple[float, float]:
        """The slowest of a hundred, one after the other; ours and the bare handler's."""
        ours = await self._load(self.house.port, targets, 1)
        theirs = await self._load(self.bare_port, targets, 1)
        return ours.p99_ms, theirs.p99_ms

    async def today(self) -> tuple[float, float]:
        ours = await self._load(self.house.port, ["/"], TODAY_CONNECTIONS)
        theirs = await self._load(self.bare_port, ["/"], TODAY_CONNECTIONS)
        return ours.per_second, theirs.per_second

    async def _load(self, port: int, targets: Sequence[str], connections: int) -> Tally:
        known = {"Authorization": f"Bearer {self.house.token}", "Cookie": f"gatehouse={self.house.session}"}
        asked = [request("GET", targets[number % len(targets)], known) for number in range(self.requests)]
        return await load(port, asked, connections=connections, warm=max(self.requests // 10, 2 * len(targets)))


# ---- the query alone ------------------------------------------------------------------------------------------------


def _alone(database: Path) -> tuple[float, float]:
    """Milliseconds of `log.entries` and of the same SQL without us, on average over pages of several kinds."""
    raw, ours = sqlite3.connect(database), connect_reader(database)
    tx, said = Tx(core(ours)), list[str]()
    middle = raw.execute("SELECT at, id FROM access_log ORDER BY at LIMIT 1 OFFSET 1000").fetchone()
    deep = (datetime.fromtimestamp(middle[0] / 1000, UTC), int(middle[1]))
    pages = [
        (wanted, before)
        for wanted in (Filter(), Filter(lock=LockId("front")), Filter(lock=LockId("flat-3"), what="code_set"))
        for before in (None, deep)
    ]
    found = []
    for wanted, before in pages:
        said.clear()
        ours.set_trace_callback(said.append)
        entries = log.entries(tx, wanted, before=before, limit=PER_PAGE)
        ours.set_trace_callback(None)
        (sql,) = said
        assert [row[-1] for row in raw.execute(sql)] == [entry.id for entry in entries]
        found.append(_timed(tx, raw, sql, wanted, before))
    tx.sql.close()
    ours.close()
    raw.close()
    ours_ms, theirs_ms = zip(*found, strict=True)
    return statistics.fmean(ours_ms), statistics.fmean(theirs_ms)


def _timed(
    tx: Tx, raw: sqlite3.Connection, sql: str, wanted: Filter, before: tuple[datetime, int] | None
) -> tuple[float, float]:
    def ours() -> list[Entry]:
        return log.entries(tx, wanted, before=before, limit=PER_PAGE)

    def theirs() -> list[object]:
        return raw.execute(sql).fetchall()

    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(QUERIES):
        for work, samples in zip((ours, theirs), took, strict=True):
            begun = perf_counter()
            work()
            samples.append(1000 * (perf_counter() - begun))
    return statistics.median(took[0]), statistics.median(took[1])
