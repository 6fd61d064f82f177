"""Signals: "look again at this". Names only; a lost one costs time, never correctness."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from types import TracebackType
from typing import Self

EVERYTHING = "*"
"""What an ear hears in place of more names than it can hold: look again at whatever you look at."""


class Ear:
    """Hears its names, and those that begin with one of its prefixes, many at a time and each once.

    Listens from entering to leaving: `async with bus.listen("lock:") as ear: async for names in ear: …`. Giving up
    waiting (a timeout) loses nothing.
    """

    def __init__(self, bus: Bus, wanted: tuple[str, ...], most: int) -> None:
        self._bus = bus
        self.exact = frozenset(wanted)
        self.prefixes = tuple(each for each in wanted if not each or each.endswith(":"))
        self._most = most
        self._names: set[str] = set()
        self._guard = threading.Lock()
        self._heard = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._bus.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bus.remove(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> frozenset[str]:
        """Wait until something was heard, and return all of it."""
        await self._heard.wait()
        with self._guard:
            names = frozenset(self._names)
            self._names.clear()
            self._heard.clear()
        return names

    def forget(self) -> None:
        """Whoever listens is about to look at everything that was told until now."""
        with self._guard:
            self._names.clear()
            self._heard.clear()

    def hear(self, names: Collection[str]) -> None:
        """May be called from any thread."""
        ours = [name for name in names if name in self.exact or name.startswith(self.prefixes)]
        if not ours:
            return
        with self._guard:
            first = not self._names
            if EVERYTHING not in self._names:
                self._names.update(ours)
            if len(self._names) > self._most:
                self._names = {EVERYTHING}
            if first and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._heard.set)


class Bus:
    def __init__(self) -> None:
        # Replaced, never changed: another thread may be going through them.
        self._by_name: dict[str, tuple[Ear, ...]] = {}
        self._by_prefix: tuple[Ear, ...] = ()

    def listen(self, *wanted: str, most: int = 256) -> Ear:
        """An ear for these names; one that ends in a colon stands for all that begin with it. Without any, for all names."""
        return Ear(self, wanted or ("",), most)

    def signal(self, name: str) -> None:
        self.signal_all((name,))

    def signal_all(self, names: Collection[str]) -> None:
        """May be called from any thread, e.g. the store's after a commit."""
        by_name = self._by_name
        ears = {ear: None for name in sorted(names) for ear in by_name.get(name, ())}  # a dict keeps the order
        for ear in (*ears, *(each for each in self._by_prefix if each not in ears)):
            ear.hear(names)

    def add(self, ear: Ear) -> None:
        self._by_name = self._by_name | {name: (*self._by_name.get(name, ()), ear) for name in ear.exact}
        if ear.prefixes:
            self._by_prefix = (*self._by_prefix, ear)

    def remove(self, ear: Ear) -> None:
        left = {name: tuple(each for each in self._by_name[name] if each is not ear) for name in ear.exact}
        self._by_name = {name: ears for name, ears in (self._by_name | left).items() if ears}
        self._by_prefix = tuple(each for each in self._by_prefix if each is not ear)
