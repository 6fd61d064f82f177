"""Taking turns: one at a time, the urgent first, the others in the order they came."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum
from itertools import count


class _Rank(IntEnum):
    URGENT = 0
    RETURNING = 1
    """It lent its turn to somebody urgent and wants it back."""
    ORDINARY = 2


class Turns:
    """An `asyncio.Lock` with a fast lane: somebody at a door does not wait behind thirty codes, nor for all of one."""

    def __init__(self) -> None:
        self._taken = False
        self._count = 0
        """Of turns begun and ended."""
        self._waiting: list[tuple[_Rank, int, asyncio.Future[None]]] = []
        self._order = count()
        self._holder: asyncio.Task[object] | None = None
        """Whose turn it is, if it is an ordinary one."""
        self._lent = False
        """Whoever is urgent may take the turn; nobody urgent has it."""
        self._lender: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        await self._take(_Rank.URGENT if urgent else _Rank.ORDINARY)
        task = None if urgent else asyncio.current_task()
        self._holder = task
        self._count += 1
        try:
            yield
        finally:
            self._count += 1
            if self._holder is task:  # else it was cancelled while somebody urgent had it
                self._holder = None
                self._pass_on()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """Inside an ordinary turn: somebody urgent may have it meanwhile. Elsewhere it changes nothing."""
        task = asyncio.current_task()
        if self._holder is None or self._holder is not task:
            yield
            return
        self._holder, self._lender = None, task
        self._pass_on()
        try:
            yield
        finally:
            try:
                await self._take(_Rank.RETURNING)
                self._holder = task
            finally:
                self._lender = None
                if self._lent:  # cancelled on the way back, and nobody has it
                    self._lent = False
                    self._pass_on()

    async def give_way(self) -> None:
        """Inside an ordinary turn, between two exchanges: whoever is urgent goes first."""
        if self._waiting and self._waiting[0][0] is _Rank.URGENT:
            async with self.lent():
                pass

    @property
    def busy(self) -> bool:
        """Whether it is somebody's turn."""
        return self._taken

    async def quiet(self, seconds: float) -> None:
        """Until nobody has had a turn for so long, or up to twice as long."""
        seen = -1
        while seen != self._count or self._taken:
            seen = self._count
            await asyncio.sleep(seconds)

    async def _take(self, rank: _Rank) -> None:
        if self._lent and rank is not _Rank.ORDINARY:
            self._lent = False
            return
        if not self._taken:
            self._taken = True
            return
        called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # it was our turn already
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            rank, _, called = self._waiting[0]
            if not called.done() and rank is _Rank.ORDINARY and self._lender is not None:
                break
            heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._lent = self._lender is not None
        self._taken = self._lent
