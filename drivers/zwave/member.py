"""One node of the network that may be a lock: met once, known across restarts, and heard in its own words."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from drivers.zwave import cc
from drivers.zwave.answers import answer
from drivers.zwave.bell import Bell
from drivers.zwave.cc import door_lock, supervision, wake_up
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.no_operation import NO_OPERATION
from drivers.zwave.clockwork import Clockwork
from drivers.zwave.diary import Order
from drivers.zwave.events import translated
from drivers.zwave.functions import ProtocolInfo
from drivers.zwave.hints import Hints
from drivers.zwave.interview import Confirmed
from drivers.zwave.known import ENTRY_CONTROL, Known, Notes
from drivers.zwave.learning import SECURITY, Learner
from drivers.zwave.lock import make_lock
from drivers.zwave.logbook import Logbook
from drivers.zwave.mode import Modes
from drivers.zwave.node import ASLEEP, Node, a
from drivers.zwave.obedience import Obedience
from drivers.zwave.orders import counted
from drivers.zwave.pulse import Pulse, overdue
from drivers.zwave.secured import Secured, noted
from drivers.zwave.security.keys import SecurityClass
from drivers.zwave.security.s2 import Link
from drivers.zwave.session import Session
from drivers.zwave.surroundings import Surroundings
from drivers.zwave.witness import Witness
from hub.contracts import Lock
from hub.contracts.radio import NodeState
from hub.errors import Garbled, Rejected, Unavailable
from hub.model.facts import LockFound
from hub.model.values import Address, Position

ASK_AGAIN_AFTER_S = (10.0, 30.0, 120.0, 600.0, 1800.0)
"""Pauses before a lock that could not be met is tried again, unless it is heard before; the last one goes on. The law
allows 32 wake-up beams an hour in Europe (1 % of the air time), for all locks together."""
_STIRRED_AGAIN_AFTER_S = 1.0
_AWAKE_S = 2.0
"""How long a lock that woke is kept awake after the last exchange. zwave-js 15: 1 s; here orders come from a database."""
NEEDS_KEY = "is encrypted, and the hub has no key for it"

log = structlog.get_logger("zwave")


class Member:
    def __init__(self, number: int, around: Surroundings) -> None:
        self.number = number
        self.address = Address(str(number))
        self.lock: Lock | None = None
        """None while it is not known to be one."""
        self.replaced = False
        """Whether it stands where another device stood."""
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._witness = Witness(self.address, around.tell)
        self._node = Node(number, self._died, self._came_back)
        self.logbook = Logbook(self._node, self.address, around)
        self.clockwork = Clockwork(self._node, around.now, around.trusted)
        self.modes = Modes(self._node, lambda mode: self._witness.in_mode(mode, around.now()))
        self._pulse = Pulse(self.address, around.tell, around.now)
        self._learner = Learner(self._node, around.keys, self._speak, self._disbelieve, around.changed)
        self._learning = asyncio.Lock()
        """One interview at a time: the keeper may want one while another waits to be tried again."""
        self._spoken: tuple[Session, str] | None = None
        self._protocol: ProtocolInfo | None = None
        self._secured: Secured | None = None
        """There while the node is spoken to with encryption."""
        self._stirred = asyncio.Event()
        self._fallen = asyncio.Event()
        """Set when it did not answer several times."""
        self._round = 0
        """Of meeting it; the one under way counts."""
        self._bell = Bell()
        self._obedience = Obedience()
        self._hints = Hints(self._node)

    @property
    def known(self) -> Known | None:
        return self._node.known

    def _died(self, why: str) -> None:
        self._lost()
        self._pulse.stopped(why)
        self.silent(why)

    def look_at_clock(self, heard_at: datetime) -> None:
        """Tell it if a lock that sleeps should have woken since it was heard last."""
        every_s = self.known.wakes_every_s if self.known is not None else 0
        if self._node.asleep and overdue(heard_at, every_s, self._around.now()):
            self._died("the lock did not wake up when it should have")

    async def keep_time(self) -> None:
        """Look at its clock, once what its log says by that clock was read."""
        if not self.logbook.at_it:
            await self.logbook.catch_up()
            await self.clockwork.look()

    @property
    def notes(self) -> Notes | None:
        return self._learner.notes

    def recall(self, known: Known | None, notes: Notes | None) -> None:
        """What an earlier process learnt."""
        self._learner.notes = notes
        if known is not None:
            self.adopt(known)

    def begin(self, security: str) -> None:
        """It has just joined and holds that key; whatever stood here before is another device."""
        self.replaced = True
        self._learner.begin(security)

    def adopt(self, known: Known) -> None:
        """Take for true what an interview learnt, now or before a restart."""
        self._node.known = known
        self.lock = None
        if known.is_lock:
            lock = make_lock(self._node, known, self.clockwork, commanded=self._commanded, masked=self._masked)
            self.lock = counted(lock, self.number, self._around.diary)

    def give_up_key(self) -> None:
        """The network has another key of its class now. What was agreed under the old one ends, and it is a stranger."""
        self._learner.give_up_key()
        self.disconnect()  # also what is being asked at the moment
        self._secured = None
        known = self.known
        if known is not None:
            classes = (self.notes.classes if self.notes is not None else frozenset()) | known.classes & SECURITY
            stranger = Known(generic=known.generic, specific=known.specific, classes=classes)
            self.adopt(stranger)
            if self._witness.introduced:
                self._introduce(stranger)
        self._around.changed()

    def forget(self) -> None:
        """Another device stands here now."""
        self._node.known, self.lock, self.replaced = None, None, True
        self._learner.forget()
        self.logbook.forget()
        self._witness = Witness(self.address, self._around.tell)

    def _came_back(self) -> None:
        self._around.shown()
        if self._spoken is not None and not self._node.sleeps:
            self._spoken[0].spawn(self.keep_time())

    def _lost(self) -> None:
        """Whatever happens to it from now on happens unheard."""
        self.logbook.lost()
        self.clockwork.doubt()

    def silent(self, why: str) -> None:
        self._witness.silent(why, self._around.now())
        self._fallen.set()
        self._around.shown()

    @property
    def protocol(self) -> ProtocolInfo | None:
        """What the stick knows of it; None before the stick was asked."""
        return self._protocol

    @property
    def state(self) -> NodeState:
        if self._node.dead:
            return NodeState.DEAD
        if self._node.asleep and self.known is not None:
            return NodeState.ASLEEP
        return NodeState.NOT_MET if self.known is None else NodeState.ALIVE

    def stir(self) -> None:
        """It is awake: if it still has to be met, now is the time."""
        self._stirred.set()

    def retire(self) -> None:
        """It is no longer in the network: it is not met any more."""
        self._pulse.beats()
        self.disconnect()
        self._end_round()

    def disconnect(self) -> None:
        self._lost()
        self._node.transmit = self._spoken = None
        self._bell.silence()

    # ---- meeting ---------------------------------------------------------------------------------------------------

    async def meet(self, session: Session) -> None:
        """Until it is known what the node is, and a lock has answered.

        One that sleeps is attended as long as the stick is there, and one that falls silent looked for. Called again
        meanwhile, it begins anew.
        """
        self._end_round()
        this = self._round
        if self.known is not None and self.known.granted and SecurityClass[self.known.granted] not in self._around.keys:
            self._node.known = None  # its key was taken away: what was learnt with it cannot be used
        self._speak(session, self.known.granted if self.known is not None else "")
        attempt = 0
        while True:
            self._stirred.clear()
            try:
                await self._meet_once(session)
                break
            except Unavailable as error:
                log.debug("node not met", node=self.number, why=str(error))
            await self._wait(session, attempt)
            attempt += 1
            if self._round != this:
                return
        if self._node.sleeps:
            await self._attend(session, this)
        elif self.lock is not None:
            session.spawn(self.keep_time())
            await self._look_after(session, this)

    def _end_round(self) -> None:
        """Whoever meets it at the moment need not go on."""
        self._round += 1
        self._stirred.set()
        self._fallen.set()

    async def _wait(self, session: Session, attempt: int) -> None:
        """Until it is time to try again, or until the node is heard."""
        pause = ASK_AGAIN_AFTER_S[min(attempt, len(ASK_AGAIN_AFTER_S) - 1)]
        if self._protocol is not None and self._protocol.beamed:
            pause = session.air.beams.book(self._loop.time(), pause)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._stirred.wait()
                await asyncio.sleep(_STIRRED_AGAIN_AFTER_S)

    async def _look_after(self, session: Session, this: int) -> None:
        """A lock that fell silent is looked for, ever more seldom, until it answers or is heard."""
        while self._round == this:
            await self._fallen.wait()
            attempt = 0
            while self._witness.missed and self._round == this:
                self._stirred.clear()
                await self._wait(session, attempt)
                attempt += 1
                try:
                    async with (
                        self._node.turns.turn()
                    ):  # beside nobody's order: one transmission into the void is enough
                        if self._witness.missed:
                            await self.ping(session)
                except Unavailable as error:
                    log.debug("node still silent", node=self.number, why=str(error))
            self._fallen.clear()

    async def _attend(self, session: Session, this: int) -> None:
        """Use the moments in which a sleeping lock is awake."""
        met = False
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            if self._round != this:
                return
            self._node.asleep = False
            self._around.shown()
            try:
                if not met:
                    await self._get_to_know(session)
                    met = True
                self._tell_heard()  # whoever has orders for it may give them now
                await self._node.turns.quiet(_AWAKE_S)
                await self.logbook.read()
                await self.clockwork.look()
                await self._node.deliver(wake_up.NoMoreInformation())
            except Unavailable as error:
                log.debug("sleeping node lost", node=self.number, why=str(error))
            self._node.asleep = True
            self._stirred.clear()
            self._around.shown()

    async def _meet_once(self, session: Session) -> None:
        protocol = self._protocol = await session.protocol_info(self.number)
        may_be_lock = protocol.generic == ENTRY_CONTROL
        self._node.sleeps = self._node.asleep = may_be_lock and not (protocol.listening or protocol.beamed)
        if may_be_lock and not self._node.sleeps:
            await self._get_to_know(session)

    async def _get_to_know(self, session: Session) -> None:
        protocol = self._protocol
        assert protocol is not None
        async with self._learning:
            closed = self.known if self.known is not None and self.known.closed and self._around.keys else None
            if closed is not None:
                self._node.known = None  # the keys may have come since, or it was only busy
            before, news = self.known, self.known is None
            if before is not None:
                news = await self._compare(session, before, protocol)
            await self._learn(session, protocol, news=news)
        if self.known is not None and self.known.is_lock:
            if self.known != closed or not self._witness.introduced:
                self._introduce(self.known)
            if self.known.closed and self._around.keys:
                raise Unavailable("the lock answers under none of the keys")

    async def _compare(self, session: Session, known: Known, protocol: ProtocolInfo) -> bool:
        """Forget what no longer counts. Returns whether its news are still to be asked."""
        confirmed = await self._learner.is_same(session, known, protocol)
        if confirmed is Confirmed.OTHER:
            self.forget()
        elif confirmed is Confirmed.UPDATED and (self.notes is None or self.notes.complete):
            self._learner.begin_anew()
        return confirmed is not Confirmed.SAME

    async def _learn(self, session: Session, protocol: ProtocolInfo, *, news: bool) -> None:
        """Ask what is not noted, and take it for true."""
        before = self.known
        known = await self._learner.learn(session, protocol, news=news)
        if before is not None:
            known = replace(known, masked=before.masked)
        if known == before:
            return
        self.adopt(known)
        self._around.changed()
        if before is not None and self._witness.introduced and known.is_lock:
            self._introduce(known)

    def _speak(self, session: Session, granted: str) -> None:
        """From now on speak to it under that class and believe nothing weaker; empty: without encryption."""
        if (session, granted) == self._spoken:
            return  # what both sides agreed on goes on
        self._spoken = (session, granted)
        self._secured, self._node.transmit = None, session.transmit
        self._node.doubtful = lambda: session.noisy
        if granted and SecurityClass[granted] in self._around.keys:
            link = Link(session.home, session.own_node, self.number)
            around = self._around
            self._secured = Secured(link, around.keys, session.transmit, secrets.token_bytes, around.numbering)
            self._secured.under = SecurityClass[granted]
            self._node.transmit = noted(self._secured, session.diary)
            self._node.doubtful = lambda: False  # what was bent on the line cannot be decrypted

    def _disbelieve(self) -> None:
        """What was said in its name before it was met came without encryption, and it is one that can encrypt."""
        if not self._witness.introduced:
            self._witness = Witness(self.address, self._around.tell)

    def _introduce(self, known: Known) -> None:
        at = self._around.now()
        if known.closed:
            self._disbelieve()
        found = LockFound(self.address, at, known.abilities(), self.replaced)
        self._witness.introduce(found, self._loop.time())
        if known.closed:
            self.silent(NEEDS_KEY)

    # ---- what its keeper wants -------------------------------------------------------------------------------------

    async def ping(self, session: Session) -> float:
        """Seconds until it acknowledged a command that does nothing.

        Raises:
            Unavailable: it did not.
        """
        self._awake()
        started = self._loop.time()
        with self._around.diary.order(self.number, Order.OTHER):
            outcome = await session.transmit(self.number, NO_OPERATION, urgent=False)
        self._node.judge(outcome)
        self.stir()
        self._tell_heard()
        return self._loop.time() - started

    async def learn_again(self, session: Session, about: int | None = None) -> None:
        """Meet it anew, or ask only about one command class. What was known stays until more is known.

        Raises:
            Unavailable: it left out an answer.
            Rejected: it is none of ours.
        """
        protocol = self._protocol = await session.protocol_info(self.number)
        if protocol.generic != ENTRY_CONTROL:
            raise Rejected("it is not a lock, and is left in peace")
        self._awake()
        async with self._learning:
            before = self.known
            self._learner.begin_anew(about)
            try:
                with self._around.diary.order(self.number, Order.OTHER):
                    await self._learn(session, protocol, news=True)
            except Unavailable:
                self._speak(session, before.granted if before else "")
                raise
        if self.known is not None and self.known.is_lock and not self._witness.introduced:
            self._introduce(self.known)

    def _awake(self) -> None:
        """Raises Unavailable: it sleeps, and cannot be asked."""
        if self._node.asleep:
            raise Unavailable(ASLEEP)

    def _tell_heard(self) -> None:
        self._node.alive()
        self._pulse.beats()
        self.logbook.heard(self._around.now())
        self._witness.heard(self._loop.time(), self._around.now())

    # ---- hearing ---------------------------------------------------------------------------------------------------

    def hear(self, session: Session, data: bytes, *, everybody: bool = False) -> None:
        """The node says something, asked or not. What comes unencrypted in a secure lock's name may come from anybody."""
        if self._node.asleep:
            self.stir()  # it is awake, whoever else could have said this in its name
        if self._secured is not None:
            self._learner.overhear(data)
            for said in self._secured.hear(data, session.spawn, everybody=everybody):
                session.diary.inside("from", self.number, said)
                self._hear(session, said, everybody=everybody)
        elif self.known is None and self._witness.introduced:
            self.stir()
        elif self.known is None or (self.known.is_lock and not self.known.secure):
            self._hear(session, data, everybody=everybody)

    def _hear(self, session: Session, data: bytes, *, everybody: bool) -> None:
        try:
            commands = [
                each for said in cc.unwrap(data) for each in self._supervised(session, said, everybody=everybody)
            ]
        except Garbled as error:
            log.debug("command dropped", node=self.number, why=str(error))
            return
        self.stir()
        self._tell_heard()
        for command in commands:
            if not isinstance(command, cc.Unknown):
                self._take(session, translated(command, self.known), everybody=everybody)

    def _supervised(
        self, session: Session, asked: Command | cc.Unknown, *, everybody: bool
    ) -> list[Command | cc.Unknown]:
        """What a supervised command wraps, after saying what became of it."""
        if not isinstance(asked, supervision.Get):
            return [asked]
        report, commands = self._obedience.take(asked, self._loop.time())
        if not everybody:
            session.spawn(self._answer(report))
        return commands

    def _take(self, session: Session, command: Command, *, everybody: bool) -> None:
        reply = answer(command, self._around.now() if self._around.trusted() else None)
        if reply is not None:
            if not everybody:
                session.spawn(self._answer(reply))
            return
        self._node.hear(command)
        if not (self._node.doubtful() and self._hints.doubt(command, session.spawn, partial(self._believe, session))):
            self._believe(session, command)

    def _believe(self, session: Session, command: Command) -> None:
        look = self._witness.hear(command, self._loop.time(), self._around.now(), setting=self._node.setting)
        self._bell.set(self._witness)
        if self.clockwork.began_anew(command):
            session.spawn(self.keep_time())
        if self.modes.questioned(command):
            session.spawn(self.modes.look())
        if look and self.known is not None and self.known.moves:
            session.spawn(self._look())

    async def _answer(self, command: Command) -> None:
        try:
            await self._node.deliver(command, urgent=True)
        except Unavailable as error:
            log.debug("answer not delivered", node=self.number, why=str(error))

    async def _look(self) -> None:
        """Ask where the bolt is; the report is heard like any other."""
        try:
            async with self._node.turns.turn():
                await self._node.ask(door_lock.OperationGet(), a(door_lock.OperationReport))
        except Unavailable as error:
            log.debug("bolt not seen", node=self.number, why=str(error))

    # ---- what the lock's abilities report back ------------------------------------------------------------------------

    def _commanded(self, to: Position) -> None:
        self._witness.commanded(to, self._loop.time(), self._around.now())

    def _masked(self) -> None:
        known = self.known
        if known is not None and not known.masked:
            self.adopt(replace(known, masked=True))
            self._around.changed()
            self._introduce(replace(known, masked=True))
