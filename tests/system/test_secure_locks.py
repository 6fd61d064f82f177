"""The real driver and simulated locks that seal what they say, in bytes, in one process on a virtual clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.simulator.memory import Bolt
from drivers.simulator.quirks import Quirks
from drivers.simulator.settings import Config, LockSettings
from drivers.zwave.driver import ZWave
from drivers.zwave.security.keys import import_keys
from hub.contracts import Host, Lock
from hub.errors import Unavailable
from hub.io.clock import LoopClock
from hub.io.sandbox import InlineSandbox
from hub.model.facts import BatteryRead, BoltMoved, Fact, LockFound
from hub.model.values import Address, Pin, Position
from tests.simulators import vloop
from tests.simulators.desk import Desk
from tests.simulators.wired import NOON

KEYS = {
    "S0_Legacy": "0102030405060708090a0b0c0d0e0f10",
    "S2_Unauthenticated": "11" * 16,
    "S2_Authenticated": "22" * 16,
    "S2_AccessControl": "33" * 16,
}
SECURE = {"yale-zw3+s2": "S2 Access Control", "schlage+s2": "S2 Access Control", "kwikset+s0": "S0", "yale+none": ""}


@dataclass
class House:
    desk: Desk
    driver: ZWave = field(init=False)
    facts: list[Fact] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def lock(self, address: str = "2") -> Lock:
        return self.driver.locks[Address(address)]

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not seen():
                self.told.clear()
                await self.told.wait()

    def found(self) -> set[str]:
        return {fact.lock for fact in self.facts if isinstance(fact, LockFound)}


@asynccontextmanager
async def a_house(folder: Path, *models: str, **settings: Any) -> AsyncIterator[House]:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, NOON - timedelta(seconds=loop.time()))
    locks = []
    for node, each in enumerate(models, start=2):
        model, _, security = each.partition("+")
        told = {"address": str(node), "model": model, "security": security, "slots": 12}
        locks.append(LockSettings.model_validate(told | settings))
    config = Config.model_validate({"locks": tuple(locks), "keys": KEYS, "delay": 0.01, "seed": 5})
    house = House(Desk(config, clock.now, Random(5)))

    async def tell(fact: Fact) -> None:
        house.facts.append(fact)
        house.told.set()

    host = Host("zwave", tell, clock, folder, bytes, bytes, InlineSandbox())
    house.driver = ZWave("/dev/simulated", host, house.desk.connect, import_keys(json.dumps(KEYS)))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(house.driver.run())
        try:
            await house.until(lambda: len(house.found()) == len(models))
            yield house
        finally:
            task.cancel()


def run(folder: Path, work: Callable[[House], Awaitable[None]], *models: str, **settings: Any) -> None:
    async def main() -> None:
        async with a_house(folder, *models, **settings) as house:
            await work(house)

    vloop.run(main(), seed=1)


async def _stubbornly(work: Callable[[], Awaitable[object]]) -> None:
    """As the hub does it: a timeout says nothing, so again."""
    for _ in range(10):
        try:
            await work()
        except Unavailable:
            await asyncio.sleep(5)
        else:
            return
    raise AssertionError("ten times in vain")


async def _use(lock: Lock, codes: int = 5) -> None:
    """Codes, bolt and battery, each asked of the lock itself."""
    assert lock.keypad is not None
    assert lock.bolt is not None
    assert lock.battery is not None
    for slot in range(1, codes + 1):
        await lock.keypad.write(slot, Pin(f"47{slot:02}"))
    held = [(await lock.keypad.read(slot)).pin for slot in range(1, codes + 1)]
    assert held == [Pin(f"47{slot:02}") for slot in range(1, codes + 1)]
    await lock.keypad.clear(1)
    assert (await lock.keypad.read(1)).empty
    assert await lock.bolt.move(Position.UNLOCKED) is Position.UNLOCKED
    assert (await lock.battery.read()).percent == 90


def test_locks_of_every_kind_are_found_at_their_best_and_used(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        for address, secure in zip("2345", SECURE.values(), strict=True):
            assert house.lock(address).abilities.secure == secure
            await _use(house.lock(address))

    run(tmp_path, work, *SECURE)


@pytest.mark.parametrize("model", ["yale-zw3+s2", "kwikset+s0"])
def test_what_a_secure_lock_tells_is_believed(tmp_path: Path, model: str) -> None:
    async def work(house: House) -> None:
        house.facts.clear()
        house.desk.lock("2").turn(Bolt.UNLOCKED, asyncio.get_running_loop().time())
        house.desk.lock("2").drain(44)
        house.desk.touched()
        await house.until(lambda: len(house.facts) >= 2)
        assert {type(fact) for fact in house.facts} >= {BoltMoved, BatteryRead}

    run(tmp_path, work, model)


@pytest.mark.parametrize("model", ["yale-zw3+s2", "kwikset+s0"])
def test_what_a_secure_lock_tells_in_the_clear_is_not_believed(tmp_path: Path, model: str) -> None:
    async def work(house: House) -> None:
        house.facts.clear()
        house.desk.lock("2").turn(Bolt.UNLOCKED, asyncio.get_running_loop().time())
        house.desk.touched()
        await asyncio.sleep(30)
        assert [fact for fact in house.facts if isinstance(fact, BoltMoved)] == []

    run(tmp_path, work, model, quirks={"unencrypted": True})


TROUBLES = {
    "forgets its stream": ("yale-zw3+s2", {"forgets_stream": 5}),
    "gives a nonce twice": ("kwikset+s0", {"repeats_nonces": True}),
    "is slow under S2": ("schlage+s2", {"slow": 0.6}),
    "is slow under S0": ("kwikset+s0", {"slow": 0.6}),
    "answers before it acknowledges": ("yale-zw3+s2", {"reply_first": True}),
    "answers before it acknowledges, S0": ("kwikset+s0", {"reply_first": True}),
    "says everything twice": ("yale-zw3+s2", {"repeat_events": 1.0}),
    "always reports session 0": ("yale-zw3+s2", {"supervision": "session_0"}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_secure_lock_with_bad_habits_can_be_used(tmp_path: Path, trouble: str) -> None:
    model, quirks = TROUBLES[trouble]

    async def work(house: House) -> None:
        await _use(house.lock())

    run(tmp_path, work, model, quirks=quirks)


def test_a_lock_that_floods_its_host_is_answered_slowly_and_not_given_up(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        keypad = house.lock().keypad
        assert keypad is not None
        for slot in range(1, 6):
            await _stubbornly(partial(keypad.write, slot, Pin(f"47{slot:02}")))
        assert len(house.desk.lock("2").memory.codes) == 5

    run(tmp_path, work, "kwikset+s0", quirks={"nonce_flood": 3})


@pytest.mark.parametrize("model", ["yale-zw3+s2", "kwikset+s0"])
def test_a_lock_that_lost_its_power_is_understood_again(tmp_path: Path, model: str) -> None:
    async def work(house: House) -> None:
        await _use(house.lock(), codes=1)
        house.desk.building.nodes[2].lose_power()
        await _use(house.lock(), codes=2)

    run(tmp_path, work, model)


@pytest.mark.parametrize("model", ["yale-zw3+s2", "kwikset+s0"])
def test_frames_that_get_lost_do_not_end_the_conversation(tmp_path: Path, model: str) -> None:
    async def work(house: House) -> None:
        house.desk.lock("2").quirks = Quirks(lose_commands=0.1, lose_acks=0.1, lose_answers=0.1, lose_events=0.2)
        keypad = house.lock().keypad
        assert keypad is not None
        for slot in range(1, 6):
            await _stubbornly(partial(keypad.write, slot, Pin(f"47{slot:02}")))
        assert {slot: code.digits for slot, code in house.desk.lock("2").memory.codes.items()} == {
            slot: f"47{slot:02}" for slot in range(1, 6)
        }

    run(tmp_path, work, model)
