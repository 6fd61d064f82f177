"""Signed webhooks, verified and durably accepted: the hub beside the least that could do it, on quick and on slow storage."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from integrations.partner.signature import sign
from tests.bench import homes
from tests.bench.load import Tally, load, request
from tests.bench.rows import Goal, Row, of_rounds

SECRET = "a secret of the bench, 32 letters"
SITE = f"""
[[unit]]
id = "flat"
property = "house"
name = "Flat"
locks = []

[[channel]]
id = "partner"
unit = "flat"
integration = "partner"
secret = "{SECRET}"
"""
CONNECTIONS = 300
BOOKINGS = 20
"""Told of again and again, as a partner does that sends everything anew."""
SYNC_MS = 10
_SHIM = Path(__file__).with_name("slow_sync.c")


def deliveries(count: int) -> list[bytes]:
    """Each another message, signed now."""
    now, made = datetime.now(UTC), []
    for number in range(count):
        arrival = date(2199, 1, 1) + timedelta(days=7 * (number % BOOKINGS))
        booking = {
            "id": f"booking-{number % BOOKINGS}",
            "arrival": arrival.isoformat(),
            "departure": (arrival + timedelta(days=5)).isoformat(),
            "reference": f"HM{number % BOOKINGS:08}",
            "guest": {"name": "Ada Lovelace", "phone": "+44 20 7946 0000", "email": "ada@example.org"},
            "guests": 2,
            "note": "Comes late, by the last train.",
        }
        body = json.dumps({"id": f"message-{number}", "booking": booking}).encode()
        headers = {"Content-Type": "application/json", **sign(body, SECRET, now)}
        made.append(request("POST", "/api/webhooks/partner/booking-updated", headers, body))
    return made


async def measure(folder: Path, rounds: int, count: int) -> list[Row]:
    async with homes.build(folder / "webhooks", SITE) as (house, _hub):
        pass
    slowly = {"LD_PRELOAD": str(_shim(folder)), "SYNC_DELAY_US": str(SYNC_MS * 1000)}
    quick, slow = [], []
    for number in range(rounds):
        quick.append(await _round(house, folder / f"quick-{number}", count, {}))
        slow.append(await _round(house, folder / f"slow-{number}", count, slowly))
    half = Goal("ratio", "at least", 0.5)
    return [
        of_rounds("webhooks_durable", "/s", [_rates(each) for each in quick], half),
        of_rounds("webhooks_p99_300", "ms", [_tails(each) for each in quick], Goal("value", "at most", 100)),
        of_rounds("webhooks_durable_slow_sync", "/s", [_rates(each) for each in slow], half),
    ]


_Pair = tuple[Tally, Tally]


def _rates(pair: _Pair) -> tuple[float, float]:
    return pair[0].per_second, pair[1].per_second


def _tails(pair: _Pair) -> tuple[float, float]:
    return pair[0].p99_ms, pair[1].p99_ms


def _shim(folder: Path) -> Path:
    library = folder / "slow_sync.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, _SHIM, "-ldl"], check=True)
    return library


async def _round(made: homes.House, folder: Path, count: int, environ: Mapping[str, str]) -> _Pair:
    """The hub, then the bare loop, each on a database of its own."""
    house = made.copy(folder)
    async with homes.run(house, environ=environ):
        ours = await load(house.port, deliveries(count), connections=CONNECTIONS, warm=count // 10)
        _check_kept(house.database, count)
    port, database = homes.free_port(), folder / "bare.db"
    bare = (sys.executable, "-m", "tests.bench.bare_webhooks", str(port), database, SECRET)
    async with homes.process(*bare, environ=environ):
        await homes.answering(port)
        theirs = await load(port, deliveries(count), connections=CONNECTIONS, warm=count // 10)
        _check_kept(database, count)
    return ours, theirs


def _check_kept(database: Path, count: int) -> None:
    raw = sqlite3.connect(database)
    kept = raw.execute("SELECT count(*) FROM inbox").fetchone()[0]
    raw.close()
    assert kept == count, f"{count} deliveries were answered with 200, {kept} are kept"
