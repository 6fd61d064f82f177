"""An emergency at a lock in bytes: seconds of the house's clock from the second press until the person is told how it went."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from drivers.simulator.air import Rate
from drivers.simulator.memory import Bolt
from drivers.simulator.settings import LockSettings
from hub.emergency import Done
from hub.emergency_wishes import Act, Wish
from hub.model.lockdown import Outcome
from hub.model.values import LockId
from hub.store import house
from hub.store.engine import Tx
from tests.simulators.wired import Wired, wired

KEYS: Final = {
    "S0_Legacy": "0102030405060708090a0b0c0d0e0f10",
    "S2_Unauthenticated": "11" * 16,
    "S2_Authenticated": "22" * 16,
    "S2_AccessControl": "33" * 16,
}
FRONT: Final = LockId("front")
_ADDRESS: Final = "2"


@asynccontextmanager
async def asleep(folder: Path, model: str) -> AsyncIterator[Wired]:
    """A house whose one lock sleeps until a beam wakes it, at the rate of today's radios. `model`: e.g. `yale-zw3+s2`."""
    name, _, security = model.partition("+")
    lock = LockSettings.model_validate({"address": _ADDRESS, "model": name, "security": security, "beamed": True})
    air = {"rate": Rate.FAST}
    async with wired(folder, {FRONT: lock}, Random(1), keys=KEYS, backups=0, air=air) as here:
        await asyncio.sleep(20)
        await here.hub.store.write(_consent)
        yield here


def _consent(tx: Tx) -> None:
    """That it may be unlocked from afar though S0 is old."""
    row = house.lock_with(tx, FRONT)
    assert row is not None
    house.keep_lock(tx, replace(row, remote_unlock_over_s0=True))


async def unlocked(here: Wired) -> tuple[Done, float]:
    lock = here.desk.lock(_ADDRESS)
    return await _pressed(here, Act.UNLOCK, lambda: lock.memory.bolt is Bolt.UNLOCKED)


async def coded(here: Wired) -> tuple[Done, float]:
    before = set(here.held(FRONT).values())
    return await _pressed(here, Act.CODE, lambda: bool(set(here.held(FRONT).values()) - before))


async def _pressed(here: Wired, act: Act, did: Callable[[], bool]) -> tuple[Done, float]:
    """What the person was told, when they were told; the lock has done it by then, or they were told something else."""
    foreseen = await here.hub.emergencies.prepare(Wish(act, "A rehearsal", lock=FRONT), "Robin")
    loop = asyncio.get_running_loop()
    began = loop.time()
    done = await here.hub.emergencies.carry_out(foreseen.id, "Robin")
    seconds = loop.time() - began
    assert did() == all(door.outcome is Outcome.DONE for door in done.doors), "what was told is not so"
    return done, seconds
