"""zwave-js's mock plays a stick with an S2 lock (node 3) and an S0 lock (node 4): taken over by their keys, with their codes."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.zwave import Config, start
from hub.contracts import Driver, Host, Lock
from hub.model.facts import Fact, LockFound
from hub.model.values import Address, Pin, Position

TESTS = Path(__file__).parents[1]
MOCK = TESTS / "node_modules" / "zwave-js" / "bin" / "mock-server.cjs"
KEYS = {
    "S0_Legacy": "0102030405060708090a0b0c0d0e0f10",
    "S2_Unauthenticated": "11" * 16,
    "S2_Authenticated": "22" * 16,
    "S2_AccessControl": "33" * 16,
}


class WallClock:
    trusted = True

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _no_sandbox(work: str, data: bytes) -> None:
    raise AssertionError(work, data)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _mock() -> AsyncIterator[int]:
    port, control = _free_port(), _free_port()
    process = await asyncio.create_subprocess_exec(
        "node", MOCK, "-i", "127.0.0.1", "-p", str(port), "-c", "peers/mock-secure-locks.cjs",
        cwd=TESTS, env={**os.environ, "CONTROL": str(control)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while b"listening" not in (await process.stdout.readline()).lower():
                pass
        yield port
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _running(port: int, folder: Path, keys: Path | None) -> AsyncIterator[dict[str, Lock]]:
    facts: asyncio.Queue[Fact] = asyncio.Queue()
    host = Host("zwave", facts.put, WallClock(), folder, bytes, bytes, _no_sandbox)
    driver = start(Config(port=f"socket://127.0.0.1:{port}", keys=keys), host)
    task = asyncio.get_running_loop().create_task(driver.run())
    try:
        yield await _met(driver, facts)
        await asyncio.sleep(1)
    finally:
        task.cancel()
        await asyncio.wait([task])


LOCKS = {"2": "", "3": "S2 Access Control", "4": "S0"}


async def _met(driver: Driver, facts: asyncio.Queue[Fact]) -> dict[str, Lock]:
    """Every lock can be used, and the air is quiet: the mock dies of a host that leaves in the middle of a frame."""
    async with asyncio.timeout(60):
        found: set[Address] = set()
        while len(found) < len(LOCKS):
            fact = await facts.get()
            if isinstance(fact, LockFound):
                found.add(fact.lock)
    await asyncio.sleep(2)
    return {node: driver.locks[Address(node)] for node in LOCKS}


async def _used(lock: Lock, node: str) -> None:
    """Codes, bolt and battery, each asked of the lock itself."""
    assert (lock.abilities.secure, lock.abilities.slots) == (LOCKS[node], 20)
    assert lock.keypad is not None
    assert lock.bolt is not None
    assert lock.battery is not None
    for slot in range(1, 6):
        await lock.keypad.write(slot, Pin(f"47{slot:02d}"))
    held = [(await lock.keypad.read(slot)).pin for slot in range(1, 7)]
    assert held == [*(Pin(f"47{slot:02d}") for slot in range(1, 6)), None]
    await lock.keypad.clear(1)
    assert (await lock.keypad.read(1)).empty
    assert await lock.bolt.move(Position.LOCKED) is Position.LOCKED
    assert (await lock.battery.read()).percent == 90


@pytest.mark.peer
async def test_locks_are_taken_over_with_the_keys_of_the_host_before(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS))
    async with _mock() as port:
        async with _running(port, tmp_path, keys) as locks:
            for node, lock in locks.items():
                await _used(lock, node)
        keys.unlink()
        async with _running(port, tmp_path, None) as locks:  # the sealed keys are enough from now on
            for lock in locks.values():
                assert lock.keypad is not None
                assert (await lock.keypad.read(2)).pin == Pin("4702")
