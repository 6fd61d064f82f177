"""A conversation with one node: one exchange at a time, whatever order its halves arrive in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar, assert_never

from drivers.zwave.cc import application_status, supervision
from drivers.zwave.cc.codec import Command, serialize
from drivers.zwave.cc.supervision import Status
from drivers.zwave.devices import REPORT_WITHIN_S
from drivers.zwave.functions import Transmitted
from drivers.zwave.known import Known
from drivers.zwave.radio import NOT_CONNECTED
from drivers.zwave.turns import Turns
from hub.errors import Unavailable

SILENT_AFTER = 2
"""Failures in a row before the house is told; one lost frame is everyday life."""
_WORKING_WITHIN_S = 10.0
"""How long a node may take from saying that it is at it to saying what came of it."""
_MISTRUST_AFTER = 2
"""Supervised commands without a report before commands go without Supervision: some locks list it and never answer
(zwave-js/zwave-js#5417, #6155)."""

ASLEEP = "the lock sleeps, and is asked when it wakes"
_UNSENT = {
    Transmitted.NO_ACK: "the lock is out of reach",
    Transmitted.FAIL: "the air is too busy for the radio to send",
}

_ANSWERS_WITHIN_S = 1.0
"""A node that has not answered after so long is waited for while somebody urgent speaks to it; before that, what is sent
would cross the answer, and with S2 one of the two is lost (libs2, S2_decrypt_msg)."""
_CONTRADICTIONS = 4
"""How often a node may say something else over a line that garbles, before it is not believed at all."""

T = TypeVar("T")
Wanted = Callable[[Command], T | None]


class Outcome(Enum):
    """What became of a command that changes something."""

    SENT = "it arrived"
    DONE = "the node says that it obeyed"
    REFUSED = "the node says that it did not obey"


class Transmit(Protocol):
    async def __call__(self, node: int, command: bytes, *, urgent: bool) -> Transmitted:
        """Raises Unavailable."""


class Inbox(Generic[T]):
    """What a node said of what one exchange waits for."""

    def __init__(self, wanted: Wanted[T], turns: Turns) -> None:
        self._wanted = wanted
        self._turns = turns
        self._found: asyncio.Queue[T | Unavailable] = asyncio.Queue()

    def offer(self, command: Command) -> None:
        found = _busy(command) or self._wanted(command)
        if found is not None:
            self._found.put_nowait(found)

    def now(self) -> T | None:
        """Raises Unavailable: the node said that it is busy."""
        return None if self._found.empty() else self._taken(self._found.get_nowait())

    async def within(self, seconds: float) -> T | None:
        """Raises Unavailable: the node said that it is busy."""
        soon = min(seconds, _ANSWERS_WITHIN_S)
        found = await self._next(soon)
        if found is None and seconds > soon:
            async with self._turns.lent():
                found = await self._next(seconds - soon)
        return None if found is None else self._taken(found)

    async def _next(self, seconds: float) -> T | Unavailable | None:
        try:
            async with asyncio.timeout(seconds):
                return await self._found.get()
        except TimeoutError:
            return None

    @staticmethod
    def _taken(found: T | Unavailable) -> T:
        if isinstance(found, Unavailable):
            raise found
        return found


def _busy(command: Command) -> Unavailable | None:
    """What a node says instead of the answer that is waited for. A command that it queues it will still obey."""
    match command:
        case application_status.Busy(later=later, seconds=seconds) if later is not application_status.Later.QUEUED:
            return Unavailable("the lock is busy", wait=timedelta(seconds=seconds))
        case _:
            return None


def a(kind: type[T]) -> Wanted[T]:
    """Wants the first report of that kind."""
    return lambda command: command if isinstance(command, kind) else None


class Node:
    """One node. Exchanges are made inside `turns`, so that a report belongs to the only question there is.

    Somebody urgent gets in between two exchanges of a turn, and while an answer is long in coming.
    """

    def __init__(self, number: int, fell_silent: Callable[[str], None], came_back: Callable[[], None]) -> None:
        self.number = number
        self.known: Known | None = None
        self.transmit: Transmit | None = None
        """None while there is no stick."""
        self.setting: int | None = None
        """The slot that is being set or cleared."""
        self.sleeps = False
        """Whether it wakes when it likes, and not on a beam."""
        self.asleep = False
        self.doubtful: Callable[[], bool] = lambda: False
        """Whether one answer is not enough, because what it says comes unprotected over a line that garbles."""
        self.turns = Turns()
        self._fell_silent = fell_silent
        self._came_back = came_back
        self._inboxes: list[Inbox[Any]] = []
        self._failures = 0
        self._session = 0
        self._unsupervised = 0

    @property
    def report_within_s(self) -> float:
        return self.known.device.report_within_s if self.known else REPORT_WITHIN_S

    def hear(self, command: Command) -> None:
        for inbox in self._inboxes:
            inbox.offer(command)

    @property
    def dead(self) -> bool:
        """Whether it did not answer lately."""
        return self._failures >= SILENT_AFTER

    def alive(self) -> None:
        was_dead, self._failures = self.dead, 0
        if was_dead:
            self._came_back()

    def failed(self, why: str) -> None:
        self._failures += 1
        if self.dead:
            self._fell_silent(why)

    @contextmanager
    def listening(self, wanted: Wanted[T]) -> Iterator[Inbox[T]]:
        inbox = Inbox(wanted, self.turns)
        self._inboxes.append(inbox)
        try:
            yield inbox
        finally:
            self._inboxes.remove(inbox)

    async def ask(self, command: Command, wanted: Wanted[T], *, urgent: bool = False) -> T:
        """Put a question and await its report.

        Raises:
            Unavailable: it did not arrive, or was not answered.
        """
        found = await self.inquire(command, wanted, urgent=urgent)
        if found is None:
            why = "the lock did not answer"
            self.failed(why)
            raise Unavailable(why)
        return found

    async def inquire(self, command: Command, wanted: Wanted[T], *, urgent: bool = False) -> T | None:
        """As `ask`, but a node that takes the question and does not answer is no disappointment: it may not know it.

        Over a line that garbles two equal answers in a row are needed.
        """
        found = await self._inquire(command, wanted, urgent=urgent)
        for _ in range(_CONTRADICTIONS):
            if found is None or not self.doubtful():
                return found
            again = await self._inquire(command, wanted, urgent=urgent)
            if again == found:
                return found
            found = found if again is None else again
        raise Unavailable("the line to the Z-Wave stick garbles what the lock says")

    async def _inquire(self, command: Command, wanted: Wanted[T], *, urgent: bool) -> T | None:
        await self.turns.give_way()
        with self.listening(wanted) as inbox:
            try:
                await self._send(serialize(command), urgent=urgent)
            except Unavailable:
                found = inbox.now()  # what was answered has arrived, whatever the stick says
                if found is None:
                    raise
                return found
            return await inbox.within(self.report_within_s)

    async def deliver(self, command: Command, *, urgent: bool = False) -> None:
        """Raises Unavailable: it did not arrive, as far as the radio knows."""
        await self.turns.give_way()
        await self._send(serialize(command), urgent=urgent)
        self.alive()

    async def obey(self, command: Command, *, urgent: bool = False) -> Outcome:
        """Send a command that changes something, and say honestly what is known of its effect.

        Raises:
            Unavailable: it did not arrive, as far as the radio knows, or the node is busy.
        """
        if self.known is None or not self.known.supervises or self._unsupervised >= _MISTRUST_AFTER:
            await self.deliver(command, urgent=urgent)
            return Outcome.SENT
        status = await self._supervise(command, urgent=urgent)
        match status:
            case Status.SUCCESS:
                return Outcome.DONE
            case Status.FAIL:
                return Outcome.REFUSED
            case Status.WORKING:
                return Outcome.SENT
            case Status.BUSY:
                raise Unavailable("the lock is busy")
            case Status.NO_SUPPORT:
                self._unsupervised = _MISTRUST_AFTER
                await self.deliver(command, urgent=urgent)
                return Outcome.SENT
            case None:
                self._unsupervised += 1
                return Outcome.SENT
            case _:
                assert_never(status)

    async def _supervise(self, command: Command, *, urgent: bool) -> Status | None:
        """What the node says of a supervised command; None when it took it and said nothing."""
        await self.turns.give_way()
        session = self._session = self._session % supervision.SESSIONS + 1
        question = supervision.Get(session, serialize(command), updates=True)

        def ours(heard: Command) -> supervision.Report | None:
            return heard if isinstance(heard, supervision.Report) and heard.session == session else None

        with self.listening(ours) as inbox:
            await self._send(serialize(question), urgent=urgent)
            report = await inbox.within(self.report_within_s)
            while report is not None and report.status is Status.WORKING and report.more:
                report = await inbox.within(_WORKING_WITHIN_S) or supervision.Report(session, Status.WORKING)
        if report is None:
            return None
        self._unsupervised = 0
        return report.status

    async def _send(self, data: bytes, *, urgent: bool) -> None:
        if self.transmit is None:
            raise Unavailable(NOT_CONNECTED)
        if self.asleep:
            raise Unavailable(ASLEEP)
        self.judge(await self.transmit(self.number, data, urgent=urgent))

    def judge(self, outcome: Transmitted) -> None:
        """Raises Unavailable: what was sent did not arrive."""
        if outcome not in {Transmitted.OK, Transmitted.VERIFIED}:
            if self.sleeps and outcome is Transmitted.NO_ACK:
                self.asleep = True
                raise Unavailable(ASLEEP)
            why = _UNSENT.get(outcome, "the radio could not send the command")
            self.failed(why)
            raise Unavailable(why)
