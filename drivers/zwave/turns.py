"""Taking turns: one at a time, the urgent first, the others in the order they came."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Turns:
    """An `asyncio.Lock` with a fast lane: somebody at a door does not wait behind thirty codes."""

    def __init__(self) -> None:
        self._taken = False
        self._count = 0
        """Of turns begun and ended."""
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = count()

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        await self._take(urgent=urgent)
        self._count += 1
        try:
            yield
        finally:
            self._count += 1
            self._pass_on()

    async def quiet(self, seconds: float) -> None:
        """Until nobody has had a turn for so long, or up to twice as long."""
        seen = -1
        while seen != self._count or self._taken:
            seen = self._count
            await asyncio.sleep(seconds)

    async def _take(self, *, urgent: bool) -> None:
        if not self._taken:
            self._taken = True
            return
        called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # it was our turn already
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            *_, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._taken = False
