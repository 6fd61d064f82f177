"""Twelve hours in which everything goes wrong that can go wrong between the hub and its locks, on a turned clock.

Codes come and go all the while; afterwards every one is where it should be, nothing of somebody else's was touched, the
driver never fell and nothing has grown.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from drivers.simulator.faults import Faults
from drivers.simulator.quirks import Quirks
from drivers.simulator.settings import LockSettings, Security
from hub.errors import Rejected
from hub.store import doors
from tests.simulators import vloop
from tests.simulators.wired import Wired, wired
from tests.system.test_secure_locks import KEYS

pytestmark = pytest.mark.slow

HOURS = 12
SEEDS = [int(seed) for seed in os.environ.get("GATEHOUSE_SEEDS", "1,5").split(",")]
"""5 is the one that found a lock whose maker was never learnt."""
LOCKS = {
    "front": LockSettings(address="2", model="kwikset", slots=12, security=Security.S0),
    "side": LockSettings(address="3", model="yale", records=50),
    "back": LockSettings(address="4", model="yale-zw3", security=Security.S2, records=100),
    "shed": LockSettings(address="5", model="schlage", slots=12, security=Security.S2, beamed=True, records=30),
    "gate": LockSettings(address="6", model="schlage", slots=12),
}
FOREIGN = {2: "3141", 9: "2718"}
TROUBLE = Quirks(
    lose_commands=0.05, lose_acks=0.05, lose_answers=0.05, lose_events=0.05, repeat_events=0.2, reply_first=True
)
WORSE = TROUBLE.model_copy(update={"lose_answers": 0.4, "lose_acks": 0.3})
FAULTS = Faults(
    lost_acks=0.01,
    lost_frames=0.01,
    cancels=0.01,
    refusals=0.01,
    early_answers=0.05,
    lost_callbacks=0.003,
    floods=0.001,
    jams=0.001,
    unplugs=0.0005,
    restarts=0.0005,
)
"""All that can go wrong between the hub and the stick, and with the stick itself."""
NOISE, LOUD = 1e-3, 1e-2
QUIET_AT_LAST = timedelta(minutes=45)
"""After the last trouble: three of the longest pauses between two attempts (hub/model/codes.py, `longest_wait`)."""
MOST_GROWTH = 0.005
"""Of all living objects, from the third hour to the last."""


def _become(here: Wired, quirks: Quirks) -> None:
    for lock in here.locks.values():
        here.desk.lock(lock.address).quirks = quirks


async def _strike(here: Wired) -> None:
    """The next thing that goes wrong, for a moment or for minutes."""
    seconds = here.random.choice([0.5, 3.0, 20.0, 300.0])
    match here.random.randrange(6):
        case 0:
            here.desk.pull()
            await asyncio.sleep(seconds)
            here.desk.plug()
        case 1 | 2:
            lock = here.desk.lock(here.random.choice(list(here.locks.values())).address)
            lock.silence(silent=True)
            await asyncio.sleep(seconds)
            lock.silence(silent=False)
        case 3:
            here.desk.noise = LOUD
            await asyncio.sleep(seconds)
            here.desk.noise = NOISE
        case 4:
            _become(here, WORSE)
            await asyncio.sleep(seconds)
            _become(here, TROUBLE)
        case _:
            await asyncio.sleep(seconds)


async def _live(here: Wired) -> None:
    """Somebody gets a code, or loses one."""
    lock = here.random.choice(list(here.locks))
    live = await here.given(lock)
    if len(live) < 6:
        with suppress(Rejected):  # a lock that was not met yet has no keypad
            await here.give(lock, "Guest", timedelta(minutes=here.random.randrange(20, 240)))
    else:
        await here.end(here.random.choice(sorted(live)))


@pytest.fixture
def all_counted() -> Iterator[None]:
    """What a run spares (tests/conftest.py) is no less alive."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


def _objects(here: Wired) -> int:
    """What lives, without the journal of the simulated building: pydantic's entries, each of six objects."""
    gc.collect()
    return len(gc.get_objects()) - 6 * len(here.desk.building.journal)


@pytest.mark.usefixtures("all_counted")
@pytest.mark.parametrize("seed", SEEDS)
def test_after_twelve_hours_of_trouble_every_code_is_where_it_should_be(tmp_path: Path, seed: int) -> None:
    async def main() -> None:
        async with wired(tmp_path, LOCKS, Random(seed), noise=NOISE, keys=KEYS) as here:
            for lock in LOCKS.values():
                for slot, digits in FOREIGN.items():
                    here.desk.lock(lock.address).program(slot, digits)
            _become(here, TROUBLE)
            here.desk.stick.faults = FAULTS
            loop, living = asyncio.get_running_loop(), []
            for hour in range(1, HOURS + 1):
                while loop.time() < hour * 3600:
                    await _live(here)
                    await _strike(here)
                    await asyncio.sleep(here.random.randrange(20, 120))
                living.append(_objects(here))
                assert here.hub.plugins.conditions["zwave"].state == "running"
            _become(here, Quirks())
            here.desk.noise, here.desk.stick.faults = 0.0, Faults()
            await asyncio.sleep(QUIET_AT_LAST.total_seconds())
            for name in LOCKS:
                held = here.held(name)
                assert {slot: held.pop(slot, "") for slot in FOREIGN} == FOREIGN
                assert sorted(held.values()) == sorted((await here.wanted(name)).values()), name
            troubled = [
                door for door in await here.hub.store.read(doors.doors) if door.quarantined or door.silent_since
            ]
            assert troubled == []
            assert living[-1] < living[2] * (1 + MOST_GROWTH)

    vloop.run(main(), seed=seed)
