"""Our driver as the host of zwave-js's mock controller, which plays the stick and the locks in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from drivers.zwave.driver import ZWave
from drivers.zwave.security.keys import import_keys
from hub.contracts import Host
from hub.io import serial
from hub.io.serial import Line
from hub.model.facts import Fact, LockFound

TESTS = Path(__file__).parents[1]
KEYS = json.dumps(
    {
        "S0_Legacy": "0102030405060708090a0b0c0d0e0f10",
        "S2_Unauthenticated": "11" * 16,
        "S2_Authenticated": "22" * 16,
        "S2_AccessControl": "33" * 16,
    }
)
"""Those of mock-secure-locks.cjs; no door has them."""
_MOCK = TESTS / "node_modules" / "zwave-js" / "bin" / "mock-server.cjs"
_UP_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Mock:
    stick: int
    """The port of its Serial API."""
    control: int

    async def held(self, node: int) -> str:
        """Everything that the mock itself keeps for a node, its codes among it, as JSON."""
        return await self._asked("state", node=node)

    async def type_code(self, node: int, slot: int) -> None:
        """The code of that slot is typed at the keypad."""
        await self._asked("type", node=node, user=slot)

    async def _asked(self, what: str, **of: int) -> str:
        url = f"http://127.0.0.1:{self.control}/{what}"
        async with aiohttp.ClientSession() as http, http.get(url, params=of) as answer:
            assert answer.status == 200
            return await answer.text()


@asynccontextmanager
async def mock(*nodes: int, air_ms: int) -> AsyncIterator[Mock]:
    """Those nodes of mock-thirty-codes.cjs.

    Args:
        air_ms: how long it keeps a frame on the air; 10 is its own default.
    """
    made = Mock(_free_port(), _free_port())
    process = await asyncio.create_subprocess_exec(
        *("node", _MOCK, "-i", "127.0.0.1", "-p", str(made.stick), "-c", "peers/mock-thirty-codes.cjs"),
        cwd=TESTS,
        env={
            **os.environ,
            "CONTROL": str(made.control),
            "NODES": ",".join(map(str, nodes)),
            "TX_DELAY": str(air_ms),
        },
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_UP_WITHIN_S):
            while b"listening" not in await process.stdout.readline():
                pass
        yield made
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class WallClock:
    trusted = True

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _no_sandbox(work: str, data: bytes) -> Any:
    raise AssertionError(f"{work} is not for a driver, {len(data)} bytes")


@dataclass
class Ours:
    """Our driver, running, and what it tells."""

    driver: ZWave
    news: asyncio.Queue[Fact] = field(default_factory=asyncio.Queue)

    async def found(self) -> LockFound:
        """The next lock that it has met."""
        while True:
            if isinstance(fact := await self.news.get(), LockFound):
                return fact


@asynccontextmanager
async def ours(
    port: int, folder: Path, connect: Callable[[str], Awaitable[Line]] = serial.connect
) -> AsyncIterator[Ours]:
    news: asyncio.Queue[Fact] = asyncio.Queue()
    host = Host("zwave", news.put, WallClock(), folder, bytes, bytes, _no_sandbox)
    driver = ZWave(f"socket://127.0.0.1:{port}", host, connect, import_keys(KEYS))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(driver.run())
        yield Ours(driver, news)
        running.cancel()
