"""A hub on a box whose wall clock is set while it runs, or is wrong from the start; the loop's time is the true one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.io.clock import LONGEST_NAP_S
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home


class BoxClock:
    """The wall clock of a box on a loop's time: it may be set, and then it is not believed."""

    def __init__(self, at: datetime, *, trusted: bool = True) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = at - timedelta(seconds=self._loop.time())
        self.off = timedelta(0)
        self.trusted = trusted

    def now(self) -> datetime:
        return self._start + self.off + timedelta(seconds=self._loop.time())

    @property
    def true(self) -> datetime:
        return self.now() - self.off

    async def sleep(self, seconds: float) -> None:
        """Notices that it was set as late as `hub.io.clock.SystemClock` does."""
        end, at_most = self.now() + timedelta(seconds=seconds), self._loop.time() + seconds
        left = seconds
        while left > LONGEST_NAP_S:
            await asyncio.sleep(LONGEST_NAP_S)
            left = min((end - self.now()).total_seconds(), at_most - self._loop.time())
        await asyncio.sleep(max(left, 0.0))

    def jump(self, by: timedelta) -> None:
        self.off += by
        self.trusted = False

    def leap(self, by: timedelta) -> None:
        """So much time has passed, unnoticed by anybody but the clock."""
        self._start += by

    def synchronise(self) -> None:
        self.off = timedelta(0)
        self.trusted = True

    def confirm(self) -> None:
        self.trusted = True


@asynccontextmanager
async def box(
    folder: Path,
    *memories: Memory,
    start: datetime = START,
    off: timedelta = timedelta(0),
    believed: bool = False,
    **rules: Any,
) -> AsyncIterator[tuple[Home, BoxClock]]:
    """`off`: how wrong the clock is from the start; then it is not believed, unless a battery clock vouches for it."""
    clock = BoxClock(start, trusted=believed or off == timedelta(0))
    clock.off = off
    async with home(folder, list(memories), clock=clock, **rules) as house:
        yield house, clock


def until(at: datetime, clock: BoxClock) -> float:
    """Seconds of true time."""
    return (at - clock.true).total_seconds()
