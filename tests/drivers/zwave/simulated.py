"""The driver at a simulated stick, in virtual time: two programs that share no code but the bytes between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.simulator.building import Building
from drivers.simulator.locks import SimLock
from drivers.simulator.settings import Config, LockSettings
from drivers.simulator.stick import Stick
from drivers.zwave.driver import ZWave
from hub.contracts import Host, Keypad
from hub.errors import Unavailable
from hub.model.facts import Fact
from hub.model.values import Address
from tests.drivers.simulator.world import Dice
from tests.drivers.zwave.fakes import TurnedClock

NODE = 2


async def _no_sandbox(work: str, data: bytes) -> Any:
    raise AssertionError(f"{work} is not for a driver, {len(data)} bytes")


class Wire:
    """A line whose other end is the simulated stick itself."""

    def __init__(self, stick: Stick) -> None:
        self._stick = stick
        self._loop = asyncio.get_running_loop()
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._alarm: asyncio.TimerHandle | None = None
        stick.plug()
        self._turn()

    async def receive(self) -> bytes:
        data = await self._out.get()
        if not data:
            raise Unavailable("the port is gone")
        return data

    def send(self, data: bytes) -> None:
        self._stick.receive(data, self._loop.time())
        self._turn()

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._out.put_nowait(b"")

    def _turn(self) -> None:
        said = b"".join(self._stick.to_send())
        if said:
            self._out.put_nowait(said)
        if self._alarm is not None:
            self._alarm.cancel()
        due = self._stick.deadline()
        self._alarm = None if due is None else self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._stick.timeout(self._loop.time())
        self._turn()


@dataclass
class Simulated:
    """A driver, the one lock in its network, and what it told of it."""

    folder: Path
    settings: LockSettings
    facts: list[Fact] = field(default_factory=list)
    dice: Dice = field(default_factory=Dice)

    def __post_init__(self) -> None:
        config = Config(delay=0.02, give_up=0.3, collisions=False, locks=(self.settings,))
        self.building = Building(config, TurnedClock().now, ())
        self._stick = Stick(self.building, config, self.dice)
        host = Host("zwave", self._tell, TurnedClock(), self.folder, bytes, bytes, _no_sandbox)
        self.driver = ZWave("/dev/simulated", host, self._connect, {})

    @property
    def lock(self) -> SimLock:
        return self.building.locks[NODE]

    @property
    def keypad(self) -> Keypad:
        keypad = self.driver.locks[Address(str(NODE))].keypad
        assert keypad is not None
        return keypad

    def held(self) -> dict[int, str]:
        """What the lock itself holds."""
        return {slot: code.digits for slot, code in self.lock.memory.codes.items()}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Simulated]:
        """The driver runs; by now it has met the lock."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.driver.run())
            await asyncio.sleep(10)
            yield self
            task.cancel()

    async def _connect(self, _port: str) -> Wire:
        return Wire(self._stick)

    async def _tell(self, fact: Fact) -> None:
        self.facts.append(fact)


def simulated(folder: Path, model: str, **settings: Any) -> Simulated:
    return Simulated(folder, LockSettings(address=str(NODE), model=model, **settings))
