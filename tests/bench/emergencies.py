"""An emergency in a building of sixty locks: what the hub itself spends on each, beside the bare commands to the same locks."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from hub.emergency_wishes import Act, Wish
from hub.model.values import Address, Position, PropertyId
from tests.bench.rows import Goal, Row
from tests.simulators.building import Memory, MemoryLock
from tests.simulators.home import Home, home, simulate

NAMES = ("emergency_lock_down", "emergency_code")
LOCKS = 60
HOUSE = PropertyId("house")


async def measure(folder: Path, rounds: int) -> list[Row]:
    """In virtual time the locks cost nothing, so that what is left is the hub's own. 80 ms are 5 s for all sixty doors."""
    found = [await asyncio.to_thread(_round, folder / str(number)) for number in range(rounds)]
    down, code, bare = (statistics.median([each[place] for each in found]) for place in range(3))
    return [
        Row(NAMES[0], down, "ms per lock", bare, Goal("value", "at most", 20.0)),
        Row(NAMES[1], code, "ms per lock", bare, Goal("value", "at most", 80.0)),
    ]


def _round(folder: Path) -> tuple[float, float, float]:
    folder.mkdir(parents=True)
    return simulate(_measured(folder))


async def _measured(folder: Path) -> tuple[float, float, float]:
    memories = [Memory(Address(f"door-{number:02}")) for number in range(LOCKS)]
    async with home(folder, memories, backups=0) as house:
        await house.later(minutes=5)
        down = await _spent(house, Wish(Act.LOCK_DOWN, "A rehearsal of the alarm", property=HOUSE))
        code = await _spent(house, Wish(Act.CODE, "A rehearsal of the alarm", property=HOUSE))
        await house.later(minutes=5)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for memory in memories:
                group.create_task(MemoryLock(memory).move(Position.LOCKED))
        return down, code, (time.perf_counter() - began) * 1000 / LOCKS


async def _spent(house: Home, wish: Wish) -> float:
    began = time.perf_counter()
    foreseen = await house.hub.emergencies.prepare(wish, "Robin")
    await house.hub.emergencies.carry_out(foreseen.id, "Robin")
    return (time.perf_counter() - began) * 1000 / LOCKS
