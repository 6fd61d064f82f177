from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from drivers.simulator.control import application
from drivers.simulator.ledger import Ledger
from drivers.simulator.settings import Config
from drivers.simulator.simulator import Simulator
from tests.drivers.simulator.world import START, Dice, a_lock


@pytest.fixture
async def control() -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A simulator's hands over HTTP in this process."""
    simulator = Simulator(Config(locks=(a_lock("schlage"),)), lambda: START, Ledger(None), Dice())
    runner = web.AppRunner(application(simulator))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as http:
        yield http, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()
