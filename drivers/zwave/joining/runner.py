"""One conversation on the air: its steps are carried out, and what comes meanwhile is kept until it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, assert_never

from drivers.zwave import network_functions as nf
from drivers.zwave.frame import Frame
from drivers.zwave.functions import SEND_DATA_BRIDGE, Transmitted
from drivers.zwave.joining.channel import Channel, Send
from drivers.zwave.joining.steps import (
    Answer,
    Ask,
    Cancelled,
    Count,
    Counted,
    Describe,
    Described,
    Do,
    Done,
    Enter,
    Heard,
    Listen,
    News,
    Pause,
    Ping,
    Reached,
    Said,
    Say,
    Step,
    Talking,
    TimedOut,
    Told,
)
from drivers.zwave.security.joining import Admit, Agree, AskGrant, AskPin, Await, Tell, Undecodable
from drivers.zwave.security.s2 import Link
from drivers.zwave.session import Session
from hub.errors import Rejected, Unavailable

NOP = b"\x00"
"""Source: INS13954 4.3.3.1.1: a frame that asks for nothing but its acknowledgement."""
_KEX_FAIL = b"\x9f\x07"

T = TypeVar("T")


class Runner:
    """`show` is called with where it is and what is asked; `entered` with the node that is half joined from then on."""

    def __init__(
        self,
        session: Session,
        channel: Callable[[Link, Send], Channel],
        show: Callable[[Say | Ask | None], None],
        entered: Callable[[int], None],
    ) -> None:
        self.node: int | None = None
        """Whose words belong to the conversation."""
        self.stoppable = True
        self.cancelled = False
        """Whether a person wanted to end it."""
        self._session = session
        self._made = channel
        self._show = show
        self._entered = entered
        self._loop = asyncio.get_running_loop()
        self._channel: Channel | None = None
        self._inbox: asyncio.Queue[Answer] = asyncio.Queue()
        self._callbacks: asyncio.Queue[Frame] = asyncio.Queue()
        self._stop = False
        self._question: Ask | None = None

    # ---- what comes from outside -----------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        if self._channel is not None:
            for said in self._channel.hear(data, self._session.spawn):
                self._inbox.put_nowait(said)

    def managed(self, frame: Frame) -> None:
        self._callbacks.put_nowait(frame)
        self._inbox.put_nowait(Told(self._now))  # wakes whoever listens

    def say(self, words: str) -> None:
        """Raises Rejected: nothing is asked, or that is no answer."""
        if self._question is None:
            raise Rejected("nothing is asked now")
        self._question.check(words)
        self._question = None
        self._inbox.put_nowait(Said(words, self._now))

    def cancel(self) -> None:
        """Raises Rejected: it is too late for that."""
        if not self.stoppable:
            raise Rejected("it is too late to stop this; the device would be left half joined")
        self.cancelled = self._stop = True
        self._inbox.put_nowait(Told(self._now))

    # ---- how it goes -----------------------------------------------------------------------------------------------

    async def run(self, talking: Talking[T]) -> T:
        """Raises what the conversation raises."""
        answer: Answer | None = None
        failure: Unavailable | None = None
        while True:
            try:
                step = talking.throw(failure) if failure is not None else talking.send(answer)  # type: ignore[arg-type]
            except StopIteration as end:
                result: T = end.value
                return result
            failure = None
            try:
                answer = await self._perform(step)
            except Unavailable as error:
                failure = error

    @property
    def _now(self) -> float:
        return self._loop.time()

    async def _perform(self, step: Step) -> Answer:
        match step:
            case Do():
                return await self._do(step)
            case Listen():
                return await self._listen(step)
            case Say():
                self.stoppable = step.stoppable
                self._show(step)
            case Ask():
                return await self._ask(step)
            case Enter(node=node):
                self._enter(node)
            case Ping(node=node):
                return Reached(await self._ping(node), self._now)
            case Describe(node=node):
                return await self._describe(node)
            case Count(kinds=kinds):
                return await self._count(kinds=kinds)
            case Pause(seconds=seconds, stoppable=stoppable):
                return await self._wait(self._now + seconds, stoppable=stoppable, kinds=()) or Told(self._now)
            case Tell() | Await() | Agree() | Admit() | AskGrant() | AskPin():
                return await self._exchange(step)
            case _:
                assert_never(step)
        return Told(self._now)

    async def _exchange(self, step: Tell | Await | Agree | Admit | AskGrant | AskPin) -> Answer:
        assert self._channel is not None, "keys are given only to a device that has come"
        match step:
            case Tell(command=command, under=under, acknowledged=acknowledged):
                await self._channel.tell(command, under, acknowledged=acknowledged)
            case Await(until=until):
                return await self._wait(until, stoppable=True, kinds=(Heard, Undecodable)) or TimedOut(self._now)
            case Agree(keys=keys):
                self._forget_what_was_said()
                for said in self._channel.agree(keys):
                    self._inbox.put_nowait(said)
            case Admit(security=security):
                self._channel.admit(security)
            case AskGrant() | AskPin():
                raise AssertionError("questions are put in words")
        return Told(self._now)

    async def _wait(self, until: float, *, stoppable: bool, kinds: tuple[type[Answer], ...]) -> Answer | None:
        """The next of these that comes, or came meanwhile; None when none did in time."""
        while True:
            if stoppable and self._stop:
                self._stop = False
                return Cancelled(self._now)
            try:
                async with asyncio.timeout_at(until):
                    came = await self._inbox.get()
            except TimeoutError:
                return None
            if isinstance(came, kinds):
                return came

    def _forget_what_was_said(self) -> None:
        while not self._inbox.empty():
            self._inbox.get_nowait()

    # ---- single steps ----------------------------------------------------------------------------------------------

    async def _do(self, step: Do) -> Answer:
        if not self._session.knows(step.call.function):
            raise Unavailable("the Z-Wave stick cannot do that")
        answered = await self._session.manage(step.call)
        return Done(answered.response, answered.callback, answered.id, self._now)

    async def _listen(self, step: Listen) -> Answer:
        while True:
            while not self._callbacks.empty():
                payload = nf.called_back(self._callbacks.get_nowait(), step.function, step.id)
                if payload is not None:
                    return News(payload, self._now)
            came = await self._wait(step.until, stoppable=step.stoppable, kinds=(Told, Cancelled))
            if came is None:
                return TimedOut(self._now)
            if isinstance(came, Cancelled):
                return came

    async def _ask(self, step: Ask) -> Answer:
        self._question = step
        self._show(step)
        try:
            while True:
                came = await self._wait(step.until, stoppable=True, kinds=(Said, Heard, Cancelled))
                if came is None:
                    return TimedOut(self._now)
                if isinstance(came, Heard) and (came.under is not None or came.command[:2] != _KEX_FAIL):
                    continue
                return came
        finally:
            self._question = None
            self._show(None)

    def _enter(self, node: int) -> None:
        self.node = node
        link = Link(self._session.home, self._session.own_node, node)
        self._channel = self._made(link, self._send)
        self._entered(node)

    async def _send(self, command: bytes, *, acknowledged: bool = True) -> None:
        assert self.node is not None
        if acknowledged:
            await self._session.transmit(self.node, command, urgent=True)
            return
        bridge = self._session.knows(SEND_DATA_BRIDGE)
        call = nf.send_unacknowledged(self._session.own_node, self.node, command, bridge=bridge)
        await self._session.manage(call)

    async def _ping(self, node: int) -> bool:
        try:
            return await self._session.transmit(node, NOP, urgent=True) in {Transmitted.OK, Transmitted.VERIFIED}
        except Unavailable:
            return False

    async def _describe(self, node: int) -> Answer:
        try:
            return Described(await self._session.node_info(node), self._now)
        except Unavailable:
            return Described(None, self._now)

    async def _count(self, *, kinds: bool) -> Answer:
        nodes = await self._session.nodes()
        told = [await self._session.protocol_info(node) for node in sorted(nodes)] if kinds else []
        listening = sum(info.listening for info in told)
        beamed = sum(info.beamed for info in told)
        return Counted(nodes, listening, beamed, self._now)
