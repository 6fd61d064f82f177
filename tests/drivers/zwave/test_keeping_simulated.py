"""Our host looks after the network of our simulator, which was written by another hand from the same specification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.simulator.settings import Config, Functions, LockSettings
from drivers.zwave.care import ZWaveRadio
from hub.contracts.radio import NodeState, Reach
from hub.errors import Rejected, Unavailable
from hub.model.values import Address, Pin
from tests.drivers.zwave.fakes import FakeStick, House, TurnedClock, virtual
from tests.simulators.desk import Desk

TWO, THREE = Address("2"), Address("3")
LISTENING = {"address": "2", "model": "schlage", "name": "Front"}
SLEEPING = {"address": "3", "model": "yale-zw3", "name": "Back"}


@dataclass
class Home:
    desk: Desk
    radio: ZWaveRadio


@asynccontextmanager
async def house(folder: Path, *locks: dict[str, Any]) -> AsyncIterator[Home]:
    settings = tuple(LockSettings.model_validate(each) for each in locks)
    desk = Desk(Config(locks=settings, functions=Functions.FULL, delay=0.01), TurnedClock().now, Random(1))
    house = House(folder, FakeStick())
    radio = ZWaveRadio("/dev/simulated", house.host, desk.connect, {})
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(radio.run())
        await asyncio.sleep(5)
        yield Home(desk, radio)
        running.cancel()


@virtual
async def test_noise_neighbours_signal_and_routes_are_shown(tmp_path: Path) -> None:
    async with house(tmp_path, LISTENING, SLEEPING) as home:
        await asyncio.sleep(100)
        survey = home.radio.survey()
        assert survey.noise_dbm == (-94, -94, -94)
        assert not survey.jammed
        assert [node.rssi_dbm is not None and node.rssi_dbm < 0 for node in survey.nodes] == [True, True]
        assert all(Address("1") in node.neighbours for node in survey.nodes)
        echo = await home.radio.ping(TWO)
        assert 0 < echo.milliseconds < 3000
        await home.radio.heal()
        assert home.radio.survey().busy == ""


@virtual
async def test_the_memory_is_backed_up_and_brings_a_lost_network_back(tmp_path: Path) -> None:
    async with house(tmp_path, LISTENING, SLEEPING) as home:
        file = await home.radio.back_up()
        await asyncio.sleep(30)
        home.desk.building.believe(0xC0DE9999, set())  # the stick was reset; the locks do not know that
        await asyncio.sleep(1)
        await home.radio.restore(file)
        await asyncio.sleep(60)
        survey = home.radio.survey()
        assert survey.network == "c0de1001"
        assert {node.address for node in survey.nodes} == {TWO, THREE}
        keypad = home.radio.locks[TWO].keypad
        assert keypad is not None
        assert (await keypad.read(1)).empty


@virtual
async def test_a_dead_lock_is_struck_out_and_a_living_one_is_not(tmp_path: Path) -> None:
    async with house(tmp_path, LISTENING, SLEEPING) as home:
        with pytest.raises(Rejected, match="still answers"):
            await home.radio.forget(TWO)
        home.desk.lock("2").silence(silent=True)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await home.radio.ping(TWO)
        assert next(node for node in home.radio.survey().nodes if node.address == TWO).state is NodeState.DEAD
        await home.radio.forget(TWO)
        assert {node.address for node in home.radio.survey().nodes} == {THREE}


@virtual
async def test_a_trace_tells_what_was_done_and_no_digits(tmp_path: Path) -> None:
    async with house(tmp_path, LISTENING) as home:
        keypad = home.radio.locks[TWO].keypad
        assert keypad is not None
        await keypad.write(3, Pin("4711"))
        trace = "\n".join(home.radio.trace())
        assert "User Code" in trace
        assert "4711" not in trace
        assert b"4711".hex() not in trace
        assert home.radio.survey().nodes[0].reach in {Reach.LISTENS, Reach.BEAMED}
