from __future__ import annotations

from aiohttp.test_utils import TestClient, TestServer

from drivers.simulator.control import application
from drivers.simulator.ledger import Ledger
from drivers.simulator.memory import KeysGiven
from drivers.simulator.settings import Config
from drivers.simulator.simulator import Simulator
from hub.model.values import Address
from tests.drivers.simulator.world import START, Dice, a_lock

KEY = "5a" * 16


async def test_the_classes_of_a_lock_are_told_and_its_keys_are_not() -> None:
    lock = a_lock("yale", security="s2", granted=("S2_AccessControl",))
    config = Config.model_validate({"locks": (lock,), "keys": {"S2_AccessControl": KEY}})
    simulator = Simulator(config, lambda: START, Ledger(None), Dice())
    async with TestClient(TestServer(application(simulator))) as hands:
        shown = await (await hands.get("/locks/2")).json()
        assert shown["keys"] == ["S2_AccessControl"]
        simulator.look(Address("2")).happen(KeysGiven(keys={"S2_Authenticated": KEY}))
        for path in ("/locks", "/locks/2", "/journal", "/locks/2/journal"):
            told = await (await hands.get(path)).text()
            assert "S2_Authenticated" in told
            assert KEY not in told
