"""A new code for a door that has 250 already, beside the bare comparison with each of them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path

from hub import issuing
from hub.hub import Hub
from hub.issuing import Whose
from hub.model.values import Address, LockId, Pin, Purpose, Window
from hub.store.engine import Tx
from tests.bench.rows import Goal, Row, of_rounds
from tests.simulators.building import Memory
from tests.simulators.home import home, simulate

NAME = "allocation_250"
CODES, DRAWS = 250, 20
FRONT = LockId("front")


async def measure(folder: Path, rounds: int) -> list[Row]:
    """What a booking waits for. The reference opens each of the codes and compares one candidate with it, digit by digit."""
    found = [await asyncio.to_thread(_round, folder / str(number)) for number in range(rounds)]
    return [of_rounds(NAME, "ms", found, Goal("ratio", "at most", 20.0))]


def _round(folder: Path) -> tuple[float, float]:
    folder.mkdir(parents=True)
    return simulate(_measured(folder))


async def _measured(folder: Path) -> tuple[float, float]:
    async with home(folder, [Memory(Address("front"), slots=CODES, silent=True)]) as house:
        pins = await house.hub.store.write(lambda tx: _filled(tx, house.hub))
        began = time.perf_counter()
        for _ in range(DRAWS):
            await house.hub.store.read(lambda tx: issuing.drawn_for(tx, house.hub.desk, [FRONT]))
        spent = time.perf_counter() - began
        return spent * 1000 / DRAWS, _bare(house.hub, pins)


def _filled(tx: Tx, hub: Hub) -> list[bytes]:
    """Codes drawn one after the other, as a house comes to have them."""
    now = hub.clock.now()
    window = Window(now + timedelta(days=30), now + timedelta(days=40))
    sealed: list[bytes] = []
    for number in range(CODES):
        pin = issuing.drawn_for(tx, hub.desk, [FRONT])[FRONT]
        issuing.put_down(tx, hub.desk, FRONT, pin, window, Whose(Purpose.HAND, label=f"{number}"))
        sealed.append(hub.vault.seal_pin(pin, about="bench"))
    return sealed


def _bare(hub: Hub, sealed: list[bytes]) -> float:
    began = time.perf_counter()
    for _ in range(DRAWS):
        candidate = Pin("482913").reveal()
        live = [hub.vault.open_pin(each, about="bench").reveal() for each in sealed]
        assert all(sum(a != b for a, b in zip(candidate, each, strict=True)) >= 0 for each in live)
    return (time.perf_counter() - began) * 1000 / DRAWS
