"""The hub as a process that is killed and started again on the same files."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.commandline.asks import Ask, Status
from hub.config import Config, load
from hub.errors import Unavailable
from hub.wire import ask_running

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 60.0
"""A busy machine starts a hub slowly; more than this is no start."""


class Failed(AssertionError):
    """The hub did what it must never do."""


@dataclass
class Life:
    """From a start of the hub to its end."""

    pid: int
    end: Awaitable[int]
    began: datetime
    """Real time, as all of this file's but for `house`."""
    house: datetime | None = None
    """The house's time at `read`."""
    read: datetime | None = None
    ended: datetime | None = None


@dataclass
class Victim:
    folder: Path
    words: list[str]
    speed: float
    config: Config
    zygote: asyncio.subprocess.Process
    lives: list[Life] = field(default_factory=list)

    # ---- life and death ----

    async def start(self, *, cold: bool = False) -> None:
        """`cold`: the command itself, as systemd starts it; else a fork that has imported everything before."""
        began = datetime.now(UTC)
        pid, end = await (self._start_cold() if cold else self._start_warm())
        self.lives.append(Life(pid, end, began))

    async def _start_cold(self) -> tuple[int, Awaitable[int]]:
        with self.log.open("ab") as log:
            command = (sys.executable, "-m", "hub", *self.words)
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=log, stderr=log)
        return process.pid, process.wait()

    async def _start_warm(self) -> tuple[int, Awaitable[int]]:
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps({"words": self.words, "log": str(self.log)}).encode() + b"\n")
        return int(await self.zygote.stdout.readline()), _number(self.zygote.stdout)

    async def ready(self) -> datetime:
        """Once it answers commands; the house's time then."""
        life = self.life
        async with asyncio.timeout(START_WITHIN_S):
            while life.house is None:
                with suppress(Unavailable):
                    told = await self.ask(Status())
                    life.house, life.read = datetime.fromisoformat(told["time"]), datetime.now(UTC)
                await asyncio.sleep(0.01)
        return life.house

    async def kill(self) -> None:
        """SIGKILL. Raises Failed if it has ended by itself before."""
        await self._end(signal.SIGKILL, -signal.SIGKILL)

    async def stop(self) -> None:
        """As systemd stops it."""
        await self._end(signal.SIGTERM, 0)

    async def _end(self, how: signal.Signals, wanted: int) -> None:
        life = self.life
        with suppress(ProcessLookupError):
            os.kill(life.pid, how)
        status = await life.end
        life.ended = datetime.now(UTC)
        if status != wanted:
            raise Failed(f"the hub ended with {status} instead of {wanted}:\n{self.said()}")

    @property
    def life_known(self) -> bool:
        return any(life.house is not None for life in self.lives)

    @property
    def life(self) -> Life:
        return self.lives[-1]

    @property
    def lives_now(self) -> bool:
        return bool(self.lives) and self.life.ended is None

    # ---- what it says ----

    async def ask(self, question: Ask) -> Any:
        """Raises Unavailable while it does not run."""
        return await ask_running(self.config, question)

    def house_at(self, real: datetime) -> datetime | None:
        """The house's time at a moment of some life; None where nobody asked for it in that life."""
        for life in reversed(self.lives):
            if life.began <= real:
                return None if life.house is None or life.read is None else self._turned(life.house, real - life.read)
        return None

    def house_now(self) -> datetime:
        """Of this life, or of the last one that was asked."""
        life = next(life for life in reversed(self.lives) if life.house is not None)
        assert life.house is not None
        assert life.read is not None
        return self._turned(life.house, (life.ended or datetime.now(UTC)) - life.read)

    def _turned(self, house: datetime, passed: timedelta) -> datetime:
        return house + passed * self.speed

    @property
    def log(self) -> Path:
        return self.folder / "hub.log"

    def said(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])


async def _number(stream: asyncio.StreamReader) -> int:
    return int(await stream.readline())


@asynccontextmanager
async def victim(folder: Path, start: datetime, speed: float) -> AsyncIterator[Victim]:
    """`folder` holds gatehouse.toml. Whatever runs at the end is killed."""
    file = folder / "gatehouse.toml"
    words = ["run", "-c", str(file), "--clock", f"{start:%Y-%m-%dT%H:%M:%S}", "--speed", str(speed)]
    zygote = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.system.zygote"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Victim(folder, words, speed, load(file), zygote)
    try:
        yield made
    finally:
        if made.lives_now:
            with suppress(Failed):
                await made.kill()
        zygote.kill()
        await zygote.wait()
