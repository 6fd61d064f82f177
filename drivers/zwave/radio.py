"""The stick on a running event loop: calls wait their turn, the urgent first, and everything else is handed on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from drivers.zwave.frame import Frame
from drivers.zwave.functions import Call
from drivers.zwave.link import Answered, Heard, Link, Loss, Lost
from hub.errors import Unavailable
from hub.io.serial import Line

NOT_CONNECTED = "the Z-Wave stick is not connected"
_NOISY_FOR_S = 3600.0
"""How long after a garbled frame what comes unprotected is taken with doubt. The checksum is an 8-bit XOR: on a line that
flips one byte in a hundred, one delivered frame in two hundred is wrong all the same (measured on a simulated line)."""
_WAY_FOR_URGENT_S = 2.0
"""A transmission older than this is aborted when somebody waits at a door. Waking a lock takes 1.3 s at most (INS13954
4.3.3.1 and logs from the field); what takes longer searches for a lock that does not answer."""


_GIVE_UP_AFTER = 3
"""Calls in a row that the stick did not listen to, before the port is opened again."""


class Unanswered(Unavailable):
    """The stick took the call and did not respond: it may not have the function, whatever it lists."""


@dataclass(slots=True)
class _Wish:
    call: Call
    urgent: bool
    answer: asyncio.Future[Answered]
    since: float = 0.0


class Radio:
    """One open port. `heard` gets every frame that answers no call, in order."""

    def __init__(self, line: Line, heard: Callable[[Frame], None]) -> None:
        self._line = line
        self._heard = heard
        self._link = Link()
        self._link.open()
        self._loop = asyncio.get_running_loop()
        self._wishes: list[tuple[bool, int, _Wish]] = []
        self._order = count()
        self._current: _Wish | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._refused = 0
        """Calls in a row that the stick did not listen to."""
        self._end: str | None = None
        """Why it is over, once it is."""

    @property
    def noisy(self) -> bool:
        """Whether the line garbled something lately."""
        damaged = self._link.damaged_at
        return damaged is not None and self._loop.time() - damaged < _NOISY_FOR_S

    def allow_abort(self) -> None:
        self._link.can_abort = True

    def end(self, why: str) -> None:
        """Give the port up; `run` ends with that reason."""
        self._end = self._end or why
        self._line.close()

    async def run(self) -> None:
        """Carry bytes until the port fails.

        Raises:
            Unavailable: it did, or the stick no longer reacts; calls under way and waiting end the same way.
        """
        try:
            self._turn()
            while True:
                data = await self._line.receive()
                self._link.receive(data, self._loop.time())
                self._flush()  # the stick waits for its ACK, and what it said may take us long to understand
                self._turn()
        except Unavailable as error:
            raise Unavailable(self._end or str(error)) from error
        finally:
            self._finish()

    async def call(self, call: Call, *, urgent: bool = False) -> Answered:
        """Make one call to the stick. Cancelling withdraws it, from the air too where the stick can.

        Raises:
            Unavailable: it ended without its answer; what was sent may have arrived.
        """
        if self._end is not None:
            raise Unavailable(self._end)
        wish = _Wish(call, urgent, self._loop.create_future())
        heapq.heappush(self._wishes, (not urgent, next(self._order), wish))
        self._turn()
        try:
            return await wish.answer
        except asyncio.CancelledError:
            if wish is self._current:
                self._link.abort(self._loop.time())
                self._turn()
            raise

    # ---- what keeps it going ---------------------------------------------------------------------------------------

    def _turn(self) -> None:
        while (event := self._link.next_event()) is not None:
            if isinstance(event, Heard):
                self._heard(event.frame)
            else:
                self._settle(event)
        self._begin_next()
        urgent_from = self._make_way()
        self._flush()
        self._set_alarm(urgent_from)

    def _flush(self) -> None:
        out = self._link.to_send()
        if out:
            self._line.send(out)

    def _settle(self, event: Answered | Lost) -> None:
        wish, self._current = self._current, None
        assert wish is not None
        refused = isinstance(event, Lost) and event.why is Loss.REFUSED
        self._refused = self._refused + 1 if refused else 0
        if isinstance(event, Lost) and (event.why is Loss.NO_ACK or self._refused >= _GIVE_UP_AFTER):
            self.end(event.why.value)  # INS12350 6.3: flush or reopen the port after the last retransmission
        if wish.answer.done():
            return
        if isinstance(event, Answered):
            wish.answer.set_result(event)
        else:
            kind = Unanswered if event.why is Loss.NO_RESPONSE else Unavailable
            wish.answer.set_exception(kind(event.why.value))

    def _begin_next(self) -> None:
        while self._link.idle and self._wishes:
            *_, wish = heapq.heappop(self._wishes)
            if not wish.answer.done():
                self._current, wish.since = wish, self._loop.time()
                self._link.send(wish.call, wish.since)

    def _make_way(self) -> float | None:
        """Abort what keeps an urgent call waiting for too long. Returns when that is, if it is not yet."""
        current = self._current
        if current is None or current.urgent or not any(wish.urgent for *_, wish in self._wishes):
            return None
        due = current.since + _WAY_FOR_URGENT_S
        if self._loop.time() < due:
            return due
        self._link.abort(self._loop.time())
        return None

    def _set_alarm(self, urgent_from: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        due = min((at for at in (self._link.deadline(), urgent_from) if at is not None), default=None)
        self._alarm = None if due is None else self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._link.timeout(self._loop.time())
        self._turn()

    def _finish(self) -> None:
        self._end = self._end or NOT_CONNECTED
        if self._alarm is not None:
            self._alarm.cancel()
        self._line.close()
        waiting = [wish for *_, wish in self._wishes] + ([self._current] if self._current else [])
        for wish in waiting:
            if not wish.answer.done():
                wish.answer.set_exception(Unavailable(self._end))
        self._current = None
        self._wishes.clear()
