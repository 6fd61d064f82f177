"""The time between plugging the stick in and pulling it out: who is in the network, and who says what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from drivers.zwave import functions, stick
from drivers.zwave.air import Air
from drivers.zwave.diary import Diary
from drivers.zwave.frame import Frame
from drivers.zwave.functions import (
    ApplicationCommand,
    Call,
    InitData,
    NodeInfo,
    ProtocolInfo,
    Started,
    Transmitted,
    Update,
    UpdateStatus,
)
from drivers.zwave.link import Answered
from drivers.zwave.network_functions import NOTICING
from drivers.zwave.pieces import PIECES, Pieces
from drivers.zwave.radio import Radio, Unanswered
from drivers.zwave.stick import Sent, Stick
from drivers.zwave.upkeep_functions import UPDATE_NEIGHBOURS
from hub.errors import Garbled, Unavailable
from hub.io.serial import Line

BUSY_TRIES, BUSY_PAUSE_S = 5, 1.0
"""As zwave-js 15 repeats what the air was too busy for (`attempts.sendDataJammed`, `timeouts.retryJammed`)."""
_URGENT_WITHIN_S = 8.0
"""What is urgent is not tried again after that: a bolt must not move when the person at the door was told that it did not
(after 10 s, design.md §1)."""
log = structlog.get_logger("zwave")


class Listener(Protocol):
    """Who wants to know what happens on the air."""

    def hear(self, session: Session, node: int, command: bytes, *, everybody: bool) -> None: ...

    def stir(self, node: int) -> None:
        """A node described itself."""

    def removed(self, node: int) -> None: ...

    def managed(self, frame: Frame) -> None:
        """The stick says how far it is with adding or removing a device."""

    def updated(self, frame: Frame) -> None:
        """The stick says how far it is with a device's neighbours."""

    def announced(self, joining_home: bytes) -> None:
        """A device asks to be joined under this home id (SmartStart)."""


class Session:
    """One open port, from the greeting to the loss. Made and used inside one TaskGroup."""

    def __init__(self, line: Line, listener: Listener, tasks: asyncio.TaskGroup, air: Air, diary: Diary) -> None:
        self.air = air
        self.diary = diary
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._tasks = tasks
        self._radio = Radio(line, self._take)
        self._started = asyncio.Event()
        self._greeted: Stick | None = None
        self.arrivals: asyncio.Queue[int] = asyncio.Queue()
        """Nodes that joined while we were listening."""
        self.occupied = False
        """Whether long work is under way, beside which no device can be added or removed."""
        self._free = asyncio.Event()
        """Clear while somebody has the stick alone."""
        self._free.set()
        self._refusal = ""
        """Why nothing can be sent meanwhile, however urgent."""
        self._hurried = 0
        """How many have something urgent to send and wait for whoever has the stick alone."""
        self._beamed: set[int] = set()
        self._mute: set[int] = set()
        self._pieces = Pieces(self._answer_piece, self.spawn)
        self.spawn(self._radio.run())

    @property
    def noisy(self) -> bool:
        return self._radio.noisy

    @property
    def own_node(self) -> int:
        return self.stick.node

    @property
    def home(self) -> int:
        return int(self.stick.home_id, 16)

    @property
    def stick(self) -> Stick:
        assert self._greeted is not None, "nothing is sent to nodes before the greeting"
        return self._greeted

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.create_task(work)

    async def greet(self, *, reset: bool) -> Stick:
        """Raises Unavailable: there is no Z-Wave stick at the other end."""
        self._greeted = await stick.greet(self._radio, self._started, reset=reset)
        return self._greeted

    async def transmit(self, node: int, command: bytes, *, urgent: bool) -> Transmitted:
        """What the air was too busy for did not leave, and is tried again a little later.

        Raises:
            Unavailable: the stick did not say what became of it, or it made way for something urgent.
        """
        began, tries = self._loop.time(), 0
        while True:
            outcome = await self._transmit_once(node, command, urgent=urgent)
            tries += 1
            late = urgent and self._loop.time() + BUSY_PAUSE_S - began > _URGENT_WITHIN_S
            if outcome is not Transmitted.FAIL or tries == BUSY_TRIES or late:
                self.air.sent(outcome)
                return outcome
            await asyncio.sleep(BUSY_PAUSE_S)

    async def _transmit_once(self, node: int, command: bytes, *, urgent: bool) -> Transmitted:
        await (self._hurry() if urgent else self._free.wait())
        sent: Sent | None = None
        try:
            sent = await self.stick.transmit(self._radio, node, command, urgent=urgent)
        finally:
            self._count(node, command, sent)
        if sent.aborted and sent.outcome not in {Transmitted.OK, Transmitted.VERIFIED}:
            raise Unavailable("the command made way for something urgent")
        return sent.outcome

    def _count(self, node: int, command: bytes, sent: Sent | None) -> None:
        self.diary.sent(node, command, sent)
        if sent.report.beamed if sent and sent.report else node in self._beamed:
            self.air.beams.spend(self._loop.time())

    async def protocol_info(self, node: int) -> ProtocolInfo:
        await self._free.wait()
        known = await stick.protocol_info(self._radio, node)
        if known.beamed:
            self._beamed.add(node)
        return known

    async def node_info(self, node: int) -> NodeInfo:
        """Have a node describe itself.

        Raises:
            Unavailable: it did not.
        """
        await self._free.wait()
        return await stick.node_info(self._radio, node)

    @asynccontextmanager
    async def alone(self, *, refusing: str = "") -> AsyncIterator[Radio]:
        """Whoever else wants something of the stick waits; who has something urgent shows in `hurried`.

        For one at a time.

        Args:
            refusing: why nobody can be let in between, for those who cannot wait.
        """
        self._free.clear()
        self._refusal = refusing
        try:
            yield self._radio
        finally:
            self._free.set()

    @property
    def hurried(self) -> bool:
        """Whether whoever has the stick alone should hand it back."""
        return self._hurried > 0

    async def _hurry(self) -> None:
        if not self._free.is_set() and self._refusal:
            raise Unavailable(self._refusal)
        self._hurried += 1
        try:
            await self._free.wait()
        finally:
            self._hurried -= 1

    async def restart(self) -> None:
        """Restart the stick and end this session; the next one greets it anew. Raises Unavailable."""
        if self.knows(functions.SOFT_RESET):
            await self._radio.call(functions.soft_reset())
        self._radio.end("the Z-Wave stick was restarted")

    async def manage(self, call: Call) -> Answered:
        """Have the stick do something about its network. Raises Unavailable."""
        await self._free.wait()
        if call.has_callback:
            self.diary.note(f"to the stick: function 0x{call.function:02x}")
        try:
            return await self._radio.call(call)
        except Unanswered:
            self._mute.add(call.function)
            raise

    async def nodes(self) -> frozenset[int]:
        """Who is in the network now, the stick left out. Raises Unavailable."""
        init = await stick.ask(self._radio, functions.get_init_data(), InitData.decode)
        return init.nodes - {self.own_node}

    def knows(self, function: int) -> bool:
        """Whether the stick has that function, and did not leave it unanswered before."""
        return function in self.stick.functions - self._mute

    def _take(self, frame: Frame) -> None:
        if frame.function in NOTICING:
            self._listener.managed(frame)
            return
        if frame.function == UPDATE_NEIGHBOURS:
            self._listener.updated(frame)
            return
        try:
            news = functions.decode_unsolicited(frame)
        except Garbled as error:
            log.debug("frame dropped", why=str(error), function=frame.function)
            return
        match news:
            case ApplicationCommand():
                self.diary.heard(news.node, news.command)
                self._hear(news)
            case Update():
                self._update(news)
            case Started() if self._greeted is not None:
                self._radio.end("the Z-Wave stick restarted")
            case Started():
                self._started.set()
            case None:
                pass

    def _hear(self, said: ApplicationCommand) -> None:
        command: bytes | None = said.command
        if said.command[:1] == PIECES:
            command = None if said.everybody else self._pieces.take(said.node, said.command)
        if command is not None:
            self._listener.hear(self, said.node, command, everybody=said.everybody)

    async def _answer_piece(self, node: int, frame: bytes) -> None:
        try:
            await self.transmit(node, frame, urgent=True)
        except Unavailable as error:
            log.debug("piece not answered", node=node, why=str(error))

    def _update(self, news: Update) -> None:
        match news.status:
            case UpdateStatus.NODE_INFO:
                self._listener.stir(news.node)
            case UpdateStatus.ADDED:
                self.arrivals.put_nowait(news.node)
            case UpdateStatus.REMOVED if self.noisy:
                self.spawn(self._confirm_removed(news.node))
            case UpdateStatus.REMOVED:
                self._listener.removed(news.node)
            case UpdateStatus.SMART_START:
                self._listener.announced(news.joining_home)
            case _:
                pass

    async def _confirm_removed(self, node: int) -> None:
        try:
            still = (await self.protocol_info(node)).generic
        except Unavailable as error:
            log.debug("removal not confirmed", node=node, why=str(error))
            return
        if not still:
            self._listener.removed(node)
