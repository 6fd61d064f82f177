"""What many locks cost on a turned clock, in the processor's time: a town in trouble, and a large house at rest."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from hub.model.values import Address
from tests.bench.rows import Goal, Row, of_rounds
from tests.simulators import vloop
from tests.simulators.building import Memory
from tests.simulators.home import home
from tests.system.year import trouble
from tests.system.year.life import Life
from tests.system.year.town import town

DAYS = 6
"""The first of a year; so the meeting of sixty locks counts more than it would in a whole one."""
SLOTS, CODES = 30, 5
GOAL = 60 * 30 / 365 / 210
"""Lock-years a second: two months of sixty locks side by side in `make test`, within three and a half minutes (ADR 0026)."""


async def lock_years(folder: Path, rounds: int) -> list[Row]:
    """The reference is the same loop with nothing in it but a timer for each lock and hour."""
    pairs = [await _apart(partial(_town, folder / str(number), seed=number)) for number in range(rounds)]
    return [of_rounds("lock_years_per_s", "1/s", pairs, Goal("value", "at least", GOAL))]


async def at_rest(folder: Path, rounds: int, locks: int) -> list[Row]:
    """Milliseconds for an hour, in which each of the codes is looked at as its day comes round. The reference does what
    cannot be left out: for each look one row read and one written, by SQLite alone."""
    pairs = await _apart(partial(_house, folder, rounds, locks))
    return [of_rounds("reconcile_at_rest", "ms/h", pairs, Goal("value", "at most", 36_000))]


async def _apart(work: Any) -> Any:
    """A virtual loop cannot run inside a real one, but beside it."""
    return await asyncio.to_thread(work)


def _town(folder: Path, *, seed: int) -> tuple[float, float]:
    folder.mkdir()
    years = 60 * DAYS / 365

    async def live() -> None:
        random = Random(seed)
        life = Life(folder, town(random, DAYS), random, DAYS)
        trouble.plan(life)
        await life.run()

    return years / _spent(live(), seed), years / _spent(_timers(60), seed)


async def _timers(locks: int) -> None:
    async def tick() -> None:
        for _ in range(24 * DAYS):
            await asyncio.sleep(3600)

    async with asyncio.TaskGroup() as group:
        for _ in range(locks):
            group.create_task(tick())


def _spent(work: Coroutine[Any, Any, Any], seed: int | None = None) -> float:
    """Seconds of the processor."""
    begun = process_time()
    vloop.run(work, seed=seed)
    return process_time() - begun


def _house(folder: Path, rounds: int, locks: int) -> list[tuple[float, float]]:
    held = {number: f"{number:06}" for number in range(1, CODES + 1)}
    memories = [Memory(Address(f"{number:04}"), slots=SLOTS, codes=dict(held)) for number in range(locks)]
    pairs: list[tuple[float, float]] = []

    async def hours() -> None:
        async with home(folder, memories) as house:
            await house.later(hours=1)
            for number in range(rounds):
                begun, before = process_time(), sum(memory.commands for memory in memories)
                await house.later(days=1)
                spent = process_time() - begun
                looks = sum(memory.commands for memory in memories) - before
                pairs.append((1000 * spent / 24, 1000 * _bare(folder / f"bare-{number}.db", looks) / 24))

    vloop.run(hours())
    return pairs


def _bare(file: Path, looks: int) -> float:
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("CREATE TABLE slots (number INTEGER PRIMARY KEY, seen INTEGER)")
    begun = process_time()
    for number in range(looks):
        raw.execute("SELECT seen FROM slots WHERE number = ?", (number,)).fetchone()
        raw.execute("INSERT OR REPLACE INTO slots VALUES (?, ?)", (number, number))
    spent = process_time() - begun
    raw.close()
    return max(spent, 1e-6)
