"""Hours of the same trouble as in test_twelve_hours, with locks that seal what they say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from drivers.simulator.quirks import Quirks
from drivers.simulator.settings import LockSettings, Security
from tests.simulators import vloop
from tests.simulators.wired import wired
from tests.system.test_secure_locks import KEYS
from tests.system.test_twelve_hours import NOISE, QUIET_AT_LAST, TROUBLE, _become, _live, _strike

pytestmark = pytest.mark.slow

HOURS = 2
LOCKS = {
    "front": LockSettings(address="2", model="yale-zw3", slots=12, security=Security.S2),
    "side": LockSettings(address="3", model="schlage", slots=12, security=Security.S2),
    "back": LockSettings(address="4", model="kwikset", slots=12, security=Security.S0),
}
MET_WITHIN_S = 120


def test_after_hours_of_trouble_every_code_is_in_the_secure_lock_where_it_should_be(tmp_path: Path) -> None:
    async def main() -> None:
        async with wired(tmp_path, LOCKS, Random(1), keys=KEYS) as here:
            await asyncio.sleep(MET_WITHIN_S)
            here.desk.noise = NOISE
            _become(here, TROUBLE.model_copy(update={"forgets_stream": 50}))
            while asyncio.get_running_loop().time() < HOURS * 3600:
                await _live(here)
                await _strike(here)
                await asyncio.sleep(here.random.randrange(20, 120))
            assert here.hub.plugins.conditions["zwave"].state == "running"
            _become(here, Quirks())
            here.desk.noise = 0.0
            await asyncio.sleep(QUIET_AT_LAST.total_seconds())
            for name in LOCKS:
                assert sorted(here.held(name).values()) == sorted((await here.wanted(name)).values()), name

    vloop.run(main(), seed=1)
