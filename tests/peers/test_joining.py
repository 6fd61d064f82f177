"""Our host joins a lock that zwave-js's mock plays, then sets a code in it and reads it back."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from drivers.zwave import keyring
from drivers.zwave.care import ZWaveRadio
from hub.contracts import Host
from hub.contracts.radio import CONSENT, Asked, Ended, Talk, Wish
from hub.io import serial
from hub.model.facts import Fact
from hub.model.values import Address, Pin, Proof, Secret
from tests.peers.mocked import TESTS, WallClock

MOCK = TESTS / "node_modules" / "zwave-js" / "bin" / "mock-server.cjs"
TEN = Address("10")
WITHIN_S = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _no_sandbox(work: str, data: bytes) -> Any:
    raise AssertionError(f"{work} is not for a driver, {len(data)} bytes")


@dataclass
class Side:
    """The mock and our host."""

    radio: ZWaveRadio
    control: int
    turned: asyncio.Event = field(default_factory=asyncio.Event)

    async def label(self) -> str:
        return await self._asked("label")

    async def held(self) -> list[Any]:
        """Everything that the mock itself keeps for the lock, its codes among it."""
        return list(json.loads(await self._asked("state")).values())

    async def _asked(self, what: str) -> str:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.control}/{what}") as answer:
            return await answer.text()

    async def until(self, asked: Asked | None) -> Talk:
        """That is asked, or it is over."""
        while True:
            talk = self.radio.joining.talk
            if talk is not None and (talk.ended or (talk.question is not None and talk.question.asked is asked)):
                return talk
            self.turned.clear()
            await self.turned.wait()

    async def met(self) -> None:
        while self.radio.locks.get(TEN) is None or self.radio.locks[TEN].keypad is None:
            self.turned.clear()
            await self.turned.wait()

    def say(self, words: str) -> None:
        talk = self.radio.joining.talk
        assert talk is not None
        self.radio.joining.answer(talk.id, words)

    async def use(self) -> None:
        """A code is set in the new lock and read back, and the mock itself holds it."""
        await self.met()
        keypad = self.radio.locks[TEN].keypad
        assert keypad is not None
        assert await keypad.write(3, Pin("471100")) is Proof.READ_BACK
        assert (await keypad.read(3)).pin == Pin("471100")
        assert "471100" in await self.held()


@asynccontextmanager
async def _joining(folder: Path, joins: str) -> AsyncIterator[Side]:
    port, control = _free_port(), _free_port()
    process = await asyncio.create_subprocess_exec(
        *("node", MOCK, "-i", "127.0.0.1", "-p", str(port), "-c", "peers/mock-joining.cjs"),
        cwd=TESTS, env={**os.environ, "CONTROL": str(control), "JOINS": joins}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    facts: asyncio.Queue[Fact] = asyncio.Queue()
    turned = asyncio.Event()
    host = Host("zwave", facts.put, WallClock(), folder, bytes, bytes, _no_sandbox, turned.set)
    try:
        while b"listening" not in (await process.stdout.readline()).lower():
            pass
        radio = ZWaveRadio(f"socket://127.0.0.1:{port}", host, serial.connect, keyring.load(None, host))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(radio.run())
            while not radio.survey().connected:
                turned.clear()
                await turned.wait()
            yield Side(radio, control, turned)
            running.cancel()
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.peer
async def test_a_lock_joins_with_s2_and_its_pin(tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), _joining(tmp_path, "s2") as side:
        label = await side.label()
        side.radio.joining.begin(Wish.ADD)
        choosing = await side.until(Asked.GRANT)
        assert choosing.question is not None
        side.say(" ".join(choosing.question.choices))
        typing = await side.until(Asked.PIN)
        assert typing.question is not None
        assert label == f"{label[:5]}-{typing.question.tail}"
        side.say(label[:5])
        done = await side.until(None)
        assert (done.ended, done.address, done.security) == (Ended.DONE, TEN, "S2_ACCESS_CONTROL"), done.sentence
        await side.use()


@pytest.mark.peer
async def test_a_lock_joins_with_s0_after_the_typed_consent(tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), _joining(tmp_path, "s0") as side:
        side.radio.joining.begin(Wish.ADD)
        await side.until(Asked.OLD_ENCRYPTION)
        side.say(CONSENT[Asked.OLD_ENCRYPTION])
        done = await side.until(None)
        assert (done.ended, done.address, done.security) == (Ended.DONE, TEN, "S0"), done.sentence
        await side.use()


@pytest.mark.peer
async def test_a_prepared_lock_joins_by_itself(tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), _joining(tmp_path, "smartstart") as side:
        label = await side.label()
        prepared = await side.radio.prepare(Secret(label))
        assert prepared.tail == label[6:]
        done = await side.until(None)
        assert (done.ended, done.address, done.security) == (Ended.DONE, TEN, "S2_ACCESS_CONTROL"), done.sentence
        assert [each.joined for each in side.radio.survey().prepared] == [TEN]
        await side.use()
