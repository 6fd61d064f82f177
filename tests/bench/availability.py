"""The calendar of a year for 200 units, beside the bare reading of the same stays."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from hub import bookings
from hub.hub import Hub
from hub.model.values import UnitId
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, Origin, Unit
from hub.store.tables import stays
from tests.bench.rows import Goal, Row, of_rounds
from tests.simulators.home import home, simulate

NAME = "availability_200x365"
UNITS, DAYS, NIGHTS, TIMES = 200, 365, 5, 5
"""A stay of four nights every five, in each unit from another day on."""


async def measure(folder: Path, rounds: int) -> list[Row]:
    """From the question to a byte for each night. The reference fetches the stays' hours from the file, and that is all."""
    found = [await asyncio.to_thread(_round, folder / str(number)) for number in range(rounds)]
    return [of_rounds(NAME, "ms", found, Goal("value", "at most", 100.0))]


def _round(folder: Path) -> tuple[float, float]:
    folder.mkdir(parents=True)
    return simulate(_measured(folder))


async def _measured(folder: Path) -> tuple[float, float]:
    async with home(folder) as made:
        hub = made.hub
        units = await hub.store.write(lambda tx: _filled(tx, hub))
        first = hub.clock.now().date()
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            drawn = await hub.store.read(lambda tx: bookings.calendars(tx, units, first, DAYS, hub.clock.now()))
            took.append(time.perf_counter() - began)
            assert sum(map(len, drawn.values())) == UNITS * DAYS
        return min(took) * 1000, _bare(hub.store.file)


def _filled(tx: Tx, hub: Hub) -> list[UnitId]:
    place, now = house.properties(tx)[0], hub.clock.now()
    units = [UnitId(f"unit-{number}") for number in range(UNITS)]
    for number, unit in enumerate(units):
        house.keep_unit(tx, Unit(unit, place.id, unit, (), ClosedMeans.ASK, Origin.SITE))
        for begins in range(number % NIGHTS, DAYS, NIGHTS):
            arrival = now.date() + timedelta(days=begins)
            stay = {"id": f"{unit}-{begins}", "unit_id": unit, "kind": "reservation", "status": "confirmed"}
            hours = {"check_in": now + timedelta(days=begins), "check_out": now + timedelta(days=begins + NIGHTS - 1)}
            days = {"arrival": arrival, "departure": arrival + timedelta(days=NIGHTS - 1)}
            tx.sql.execute(insert(stays).values(**stay, **hours, **days, made_at=now, changed_at=now))
    return units


def _bare(file: Path) -> float:
    raw = sqlite3.connect(file)
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        rows = raw.execute("SELECT unit_id, check_in, check_out FROM stays WHERE status = 'confirmed'").fetchall()
        took.append(time.perf_counter() - began)
        assert len(rows) >= UNITS * (DAYS // NIGHTS)
    raw.close()
    return min(took) * 1000
