"""An emergency at a battery lock that sleeps, over Z-Wave, beside what no host can fall below: one beam and the frames alone.

On the clock of the simulated radio, where each frame takes what its length needs at 100 kbit/s; what the machine spends is in
the rows beside (tests/bench/emergencies.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from drivers.simulator.air import Rate, Wrapping, code_frames, floor_s
from hub.emergency import Done
from hub.model.lockdown import Outcome
from tests.bench.rows import Goal, Row
from tests.simulators import pressed, vloop
from tests.simulators.wired import Wired

MODELS: Final = {Wrapping.S2: "yale-zw3+s2", Wrapping.S0: "kwikset+s0"}
NAMES: Final = tuple(f"emergency_{what}_zwave_{wrapping}" for wrapping in MODELS for what in ("unlock", "code"))
NEAR: Final = Goal("ratio", "at most", 1.5)
_MOVED: Final = {
    Wrapping.S2: (3 + 12, 7 + 12),
    Wrapping.S0: (2, 10, 3 + 20, 2, 10, 7 + 20),
}
"""Bytes of Door Lock Operation Set and Report, with S2 around them, or with S0 and its nonces (drivers/simulator/air.py)."""


async def measure(folder: Path) -> list[Row]:
    """Once: the clock is the radio's, so every round would be the same."""
    rows = []
    for wrapping, model in MODELS.items():
        (own := folder / wrapping).mkdir()
        unlock, code = await asyncio.to_thread(vloop.run, _pressed(own, model))
        floors = _MOVED[wrapping], code_frames(wrapping, supervised=False, read_back=True)
        for what, took, frames in zip(("unlock", "code"), (unlock, code), floors, strict=True):
            rows.append(Row(f"emergency_{what}_zwave_{wrapping}", took, "s", floor_s(frames, Rate.FAST), NEAR))
    return rows


async def _pressed(folder: Path, model: str) -> tuple[float, float]:
    async with pressed.asleep(folder, model) as here:
        return await _seconds(here, pressed.unlocked), await _seconds(here, pressed.coded)


async def _seconds(here: Wired, press: Callable[[Wired], Awaitable[tuple[Done, float]]]) -> float:
    await asyncio.sleep(10)
    done, seconds = await press(here)
    assert all(door.outcome is Outcome.DONE for door in done.doors)
    return seconds
