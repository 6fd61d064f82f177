"""Thirty codes into a battery lock that sleeps until a beam wakes it, beside what no host can fall below.

The simulated lock has S2, announces every code, as locks do, and takes no time of its own. Each frame takes what its length
needs at 100 kbit/s, and so do the acknowledgements. The floor is one beam and those frames back to back: the command, the
announcement, the question, and the digits.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random  # the simulator is handed its chances

from drivers.simulator.air import Rate, Wrapping, code_frames, floor_s
from drivers.simulator.ledger import Ledger
from drivers.simulator.settings import Config, LockSettings, Security
from drivers.simulator.simulator import Simulator
from tests.bench.rows import Goal, Row, of_rounds
from tests.bench.zwave import CODES, set_and_read
from tests.peers.mocked import KEYS, ours

NAME = "zwave_flirs_floor"
ANNOUNCEMENT = 9 + 10 + 12
"""Bytes of a Notification Report, of the User Code Report with six digits inside it, and of S2 around both."""
SLEEPS_AFTER_S = 0.5
_WITHIN_S = 60


async def measure(folder: Path, rounds: int) -> list[Row]:
    took = []
    for number in range(rounds):
        (own := folder / str(number)).mkdir()
        took.append(await _filled(own))
    return [of_rounds(NAME, "s", [(each, _floor()) for each in took], Goal("ratio", "at most", 1.5))]


def _floor() -> float:
    frames = (*code_frames(Wrapping.S2, supervised=False, read_back=True), ANNOUNCEMENT)
    return floor_s(CODES * frames, Rate.FAST)


async def _filled(folder: Path) -> float:
    """Seconds from the first code to the last, when the lock was asleep before."""
    lock = LockSettings(
        address="2", model="yale-zw3", user_code=1, security=Security.S2, beamed=True, awake=SLEEPS_AFTER_S
    )
    config = Config(listen="127.0.0.1:0", locks=(lock,), rate=Rate.FAST, collisions=False, keys=json.loads(KEYS))
    simulator = Simulator(config, lambda: datetime.now(UTC), Ledger(None), Random(1))  # no secrets
    async with asyncio.timeout(_WITHIN_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(simulator.run())
        port = int((await simulator.address()).rpartition(":")[2])
        async with ours(port, folder) as host:
            found = await host.found()
            keypad = host.driver.locks[found.lock].keypad
            assert keypad is not None
            await asyncio.sleep(2 * SLEEPS_AFTER_S)
            beams = simulator.tally.beams
            took = await set_and_read(keypad) / 1000
            assert simulator.tally.beams - beams == 1, "it was kept awake"
        running.cancel()
    return took
