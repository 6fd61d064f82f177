"""An event loop whose time is a number: it jumps to the next timer as soon as nobody can run.

A year of a house takes seconds, and one seed is one order of events. Nothing real is let in: no sockets, no pipes, no
threads; a wait for anything but time is reported as the deadlock that it would be.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class RealWorld(RuntimeError):
    """Something real was asked for in a simulation."""


class Stuck(RuntimeError):
    """Nobody can run and no timer is set: what is waited for will never come."""


class _Leap:
    """Stands where a loop keeps its selector: instead of waiting, it moves the time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Stuck("nobody can run and no timer is set")
        if timeout > 0:
            self._loop.leap()
        return []


class _Numbered(asyncio.Task[T]):
    """Of tasks in a set, those that began together come in the order of their numbers, not of their addresses."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.BaseEventLoop):
    """What a BaseEventLoop would do for the outside world is refused, or was never implemented there."""

    # BaseEventLoop's own, absent from the stubs.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, seed: int | None = None, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self._selector = _Leap(self)
        # float64 counts 3e7 s (a year) in steps of 4e-9: with a finer resolution a due timer is never due.
        self._clock_resolution = 1e-6
        self._shuffle = None if seed is None else random.Random(seed)
        self._thread = threading.get_ident()
        self._tasks = 0
        self.set_task_factory(self._task)

    def _task(self, loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> asyncio.Task[Any]:
        self._tasks += 1
        number, task = self._tasks, _Numbered.__new__(_Numbered)
        task.number = number
        task.__init__(coro, loop=loop, **more)  # type: ignore[misc]  # it is put into a set as it begins
        return task

    def time(self) -> float:
        return self._now

    def leap(self) -> None:
        self._now = self._scheduled[0].when()

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run it here and now: a thread would work outside the time."""
        answer: asyncio.Future[T] = self.create_future()
        try:
            answer.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - the waiting caller's
            answer.set_exception(error)
        return answer

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if threading.get_ident() != self._thread:
            raise RealWorld("another thread reached into a simulation")
        return self.call_soon(callback, *args, context=context)

    async def _refuse(self, *_: Any, **__: Any) -> Any:
        raise RealWorld("a socket, a pipe or a process was asked for in a simulation")

    create_connection = create_server = create_datagram_endpoint = getaddrinfo = _refuse
    create_unix_connection = create_unix_server = subprocess_exec = subprocess_shell = _refuse

    def _run_once(self) -> None:
        if self._shuffle is not None and len(self._ready) > 1:
            ready = list(self._ready)
            self._shuffle.shuffle(ready)
            self._ready.clear()
            self._ready.extend(ready)
        super()._run_once()  # type: ignore[misc]  # not in the stubs; the one door to the order of events

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector here, so nobody has to be woken."""


def run(main: Coroutine[Any, Any, T], *, seed: int | None = None, start: float = 0.0) -> T:
    """Run `main` to its end in virtual time. The same seed gives the same order of events; None keeps asyncio's own."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed, start)) as runner:
        return runner.run(main)
