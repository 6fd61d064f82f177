"""Untrusted bytes are read in a child process that has little time, little memory, no environment and nothing to write to."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from hub.errors import Garbled

CHILD: Final = Path(__file__).resolve().with_name("sandbox_child.py")


@dataclass(frozen=True, slots=True)
class Limits:
    cpu_s: int = 5
    wall_s: float = 20
    """More than `cpu_s`: a busy little computer starts a child slowly."""
    memory_bytes: int = 512 * 1024 * 1024
    """Address space, of which the interpreter itself maps a part."""
    answer_bytes: int = 32 * 1024 * 1024
    at_once: int = 2


class InlineSandbox:
    """The same call in this process, for simulations, where everything happens on one virtual clock."""

    async def __call__(self, work: str, data: bytes) -> Any:
        module, _, function = work.partition(":")
        read: Callable[[bytes], Any] = getattr(import_module(module), function)
        return json.loads(json.dumps(read(data)))


class ChildSandbox:
    """One child for each call: whatever the bytes did to their reader is gone with it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._places = asyncio.Semaphore(self._limits.at_once)

    async def __call__(self, work: str, data: bytes) -> Any:
        async with self._places:
            try:
                async with asyncio.timeout(self._limits.wall_s):
                    output, status = await self._run(work, data)
            except TimeoutError as error:
                raise Garbled(f"reading it took longer than {self._limits.wall_s:g} s") from error
        return self._answer(output, status)

    async def _run(self, work: str, data: bytes) -> tuple[bytes, int]:
        limits = (str(self._limits.cpu_s), str(self._limits.memory_bytes))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-B", str(CHILD), work, *limits),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise Garbled(f"no process could be started to read it ({error.strerror})") from error
        try:
            output = await _converse(process, data, self._limits.answer_bytes)
            return output, await process.wait()
        finally:
            if process.returncode is None:
                await _end(process)

    def _answer(self, output: bytes, status: int) -> Any:
        if -status in {signal.SIGXCPU, signal.SIGKILL}:
            raise Garbled(f"reading it took more than {self._limits.cpu_s} s of computing")
        try:
            answer = json.loads(output)
        except (ValueError, RecursionError) as error:
            raise Garbled("its reader broke off without an answer") from error
        match answer:
            case {"answer": value}:
                return value
            case {"garbled": str(why), "sample": str(sample)}:
                raise Garbled(why, sample=sample)
            case {"failed": "MemoryError"}:
                raise Garbled(f"reading it took more than {self._limits.memory_bytes // 1024**2} MB of memory")
            case {"failed": str(kind)}:
                raise Garbled(f"it could not be understood ({kind})")
            case _:
                raise Garbled("its reader answered nonsense")


def _pipes(process: subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process started with pipes has none")
    return process.stdin, process.stdout


async def _converse(process: subprocess.Process, data: bytes, most: int) -> bytes:
    stdin, stdout = _pipes(process)
    with suppress(ConnectionError):  # it may die before it has read everything; its exit status says more
        stdin.write(data)
        await stdin.drain()
        stdin.close()
    output = bytearray()
    while piece := await stdout.read(65536):
        output += piece
        if len(output) > most:
            raise Garbled(f"what it says is longer than {most // 1024**2} MB")
    return bytes(output)


async def _end(process: subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    while await _pipes(process)[1].read(65536):
        pass
    await process.wait()
