"""Live pages: a stream of names over SSE. Whoever hears a name fetches its fragment again; no data goes this way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable

from aiohttp import web

from hub.bus import EVERYTHING, Bus

RESYNC = "resync"
"""Sent in place of names that were missed: everything on the page is fetched again."""
KEEP_ALIVE_S = 20.0
"""Below the idle limits of common reverse proxies (nginx: 60 s)."""
STUCK_S = 30.0
MOST_NAMES = 64
MOST_STREAMS = 200
REMEMBERED = 256

_FOR_PAGES = (
    "lock:",
    "proof:",
    "stay:",
    "stays",
    "questions",
    "people",
    "health",
    "channels",
    "house",
    "log",
    "clock",
    "plugin:",
    "alerts",
    "alerts:",
)


def _of_page(name: str) -> str:
    """A page shows how old a proof is: to it a lock that said the same again is news of that lock."""
    what, colon, lock = name.partition(":")
    return f"lock:{lock}" if colon and what == "proof" else name


class Listener:
    """One open page: what it has not been told yet, each name once, never more than it can hold."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: dict[str, None] = {}
        self._heard = asyncio.Event()
        self.hear(names)

    def hear(self, names: Iterable[str]) -> None:
        self._names |= dict.fromkeys(names)
        if len(self._names) > MOST_NAMES or RESYNC in self._names:
            self._names = {RESYNC: None}
        if self._names:
            self._heard.set()

    def wake(self) -> None:
        self._heard.set()

    async def next(self, patience: float) -> list[str]:
        """What was heard; empty after `patience` seconds of silence."""
        try:
            async with asyncio.timeout(patience):
                await self._heard.wait()
        except TimeoutError:
            return []
        self._heard.clear()
        names, self._names = list(self._names), {}
        return names


class Live:
    """Every open page, and the last names, for pages that were away for a moment.

    Args:
        boot: differs from one start of the hub to the next, so that no page takes an old count for a new one.
    """

    def __init__(self, boot: str) -> None:
        self._boot = boot
        self._count = 0
        self._recent: deque[tuple[str, ...]] = deque(maxlen=REMEMBERED)
        self._listeners: set[Listener] = set()
        self._closing = False

    @property
    def since(self) -> str:
        """How far a page made now has heard; it hands it in when it connects."""
        return f"{self._boot}-{self._count}"

    async def follow(self, bus: Bus) -> None:
        """Pass on what the bus says, until cancelled."""
        async with bus.listen(*_FOR_PAGES) as ear:
            async for names in ear:
                self.hear(names)

    def hear(self, names: Collection[str]) -> None:
        printable = {_of_page(name) for name in names if name.isprintable()}
        told = (RESYNC,) if EVERYTHING in names else tuple(sorted(printable))
        self._count += 1
        self._recent.append(told)
        for listener in self._listeners:
            listener.hear(told)

    def missed(self, since: str) -> list[str]:
        """What was said after `since`, or that too much was."""
        boot, _, count = since.rpartition("-")
        behind = self._count - int(count) if boot == self._boot and count.isdecimal() else -1
        if not 0 <= behind <= len(self._recent):
            return [RESYNC]
        return [name for names in list(self._recent)[len(self._recent) - behind :] for name in names]

    def open(self, since: str) -> Listener:
        """A page that has heard everything up to `since`."""
        listener = Listener(self.missed(since))
        self._listeners.add(listener)
        return listener

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closing = True
        for listener in self._listeners:
            listener.wake()

    async def stream(self, request: web.Request, welcome: Callable[[], Awaitable[bool]]) -> web.StreamResponse:
        """Tell one page until it goes away, the hub stops, or it is no longer `welcome` (asked at each keep-alive)."""
        if self._closing or len(self._listeners) >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "10"})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        listener = self.open(request.headers.get("Last-Event-ID") or request.query.get("since", ""))
        try:
            await self._tell(response, "retry: 2000\n\n")
            while not self._closing:
                names = await listener.next(KEEP_ALIVE_S)
                if not names and not await welcome():
                    break
                await self._tell(response, self._events(names) or ": still here\n\n")
        except (ConnectionResetError, TimeoutError):
            pass  # the page went away
        finally:
            self._listeners.discard(listener)
        return response

    def _events(self, names: Iterable[str]) -> str:
        return "".join(f"id: {self.since}\nevent: {name}\ndata: again\n\n" for name in names)

    @staticmethod
    async def _tell(response: web.StreamResponse, text: str) -> None:
        async with asyncio.timeout(STUCK_S):
            await response.write(text.encode())
