"""An emergency in a building of sixty locks: what the hub itself spends on each, beside the bare commands to the same locks."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

from hub.emergency_wishes import Act, Wish
from hub.model.values import Address, Pin, Position, PropertyId
from hub.store import emergencies
from tests.bench.rows import Goal, Row
from tests.simulators.building import Memory, MemoryLock
from tests.simulators.home import Home, home, simulate

EMPTY = ("emergency_lock_down", "emergency_code")
OCCUPIED = ("emergency_lock_down_occupied", "emergency_release_occupied")
NAMES = EMPTY + OCCUPIED
LOCKS = 60
HOUSE = PropertyId("house")
REASON = "A rehearsal of the alarm"
_GUESTS_IN = datetime(2027, 3, 1, 14, 30, tzinfo=UTC)
_GLANCE_S = 0.05


async def measure(folder: Path, rounds: int) -> list[Row]:
    """In virtual time the locks cost nothing, so that what is left is the hub's own. 80 ms are 5 s for all sixty doors."""
    down, code, bare = await _medians(folder / "empty", rounds, _empty)
    occupied, bare_clear, release, bare_write = await _medians(folder / "occupied", rounds, _occupied)
    return [
        Row(EMPTY[0], down, "ms per lock", bare, Goal("value", "at most", 20.0)),
        Row(EMPTY[1], code, "ms per lock", bare, Goal("value", "at most", 80.0)),
        Row(OCCUPIED[0], occupied, "ms per lock", bare_clear, Goal("value", "at most", 80.0)),
        Row(OCCUPIED[1], release, "ms per lock", bare_write, Goal("value", "at most", 80.0)),
    ]


async def _medians(folder: Path, rounds: int, work: Callable[[Path], Awaitable[tuple[float, ...]]]) -> list[float]:
    found = [await asyncio.to_thread(_round, folder / str(number), work) for number in range(rounds)]
    return [statistics.median(of) for of in zip(*found, strict=True)]


def _round(folder: Path, work: Callable[[Path], Awaitable[tuple[float, ...]]]) -> tuple[float, ...]:
    folder.mkdir(parents=True)

    async def main() -> tuple[float, ...]:
        return await work(folder)

    return simulate(main())


def _building() -> list[Memory]:
    return [Memory(Address(f"door-{number:02}")) for number in range(LOCKS)]


async def _empty(folder: Path) -> tuple[float, ...]:
    memories = _building()
    async with home(folder, memories, backups=0) as house:
        await house.later(minutes=5)
        down = await _spent(lambda: _do(house, Wish(Act.LOCK_DOWN, REASON, property=HOUSE)))
        code = await _spent(lambda: _do(house, Wish(Act.CODE, REASON, property=HOUSE)))
        await house.later(minutes=5)
        return down, code, await _spent(lambda: _each(memories, _lock))


async def _occupied(folder: Path) -> tuple[float, ...]:
    """Until no lock holds a guest's code any more, and until each holds it again."""
    memories = _building()
    async with home(folder, memories, backups=0) as house:
        house.book("one", date(2027, 3, 1), date(2027, 3, 4))
        await house.until(_GUESTS_IN)
        assert all(len(memory.codes) == 1 for memory in memories)

        async def down() -> None:
            await _do(house, Wish(Act.LOCK_DOWN, REASON, property=HOUSE))
            await _until(lambda: not any(memory.codes for memory in memories))

        async def release() -> None:
            (row,) = await house.hub.store.read(emergencies.lockdowns)
            await _do(house, Wish(Act.RELEASE, REASON, lockdown=row.id))
            await _until(lambda: all(memory.codes for memory in memories))

        spent_down = await _spent(down)
        await house.later(minutes=5)
        spent_release = await _spent(release)
        await house.later(minutes=5)
        bare_down = await _spent(lambda: _each(memories, _lock_and_clear))
        return spent_down, bare_down, spent_release, await _spent(lambda: _each(memories, _write))


async def _do(house: Home, wish: Wish) -> None:
    foreseen = await house.hub.emergencies.prepare(wish, "Robin")
    await house.hub.emergencies.carry_out(foreseen.id, "Robin")


async def _until(done: Callable[[], bool]) -> None:
    for _ in iter(done, True):
        await asyncio.sleep(_GLANCE_S)


async def _each(memories: list[Memory], work: Callable[[Memory], Awaitable[None]]) -> None:
    await asyncio.gather(*(work(memory) for memory in memories))


async def _lock(memory: Memory) -> None:
    await MemoryLock(memory).move(Position.LOCKED)


async def _lock_and_clear(memory: Memory) -> None:
    await MemoryLock(memory).move(Position.LOCKED)
    for slot in list(memory.codes):
        await MemoryLock(memory).clear(slot)


async def _write(memory: Memory) -> None:
    await MemoryLock(memory).write(1, Pin("471100"))
    await MemoryLock(memory).read(1)


async def _spent(work: Callable[[], Awaitable[None]]) -> float:
    """Milliseconds for each lock."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000 / LOCKS
