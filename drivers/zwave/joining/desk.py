"""Where a person adds and removes devices: one conversation at a time, and prepared devices while there is none."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog

from drivers.zwave import keyring
from drivers.zwave import network_functions as nf
from drivers.zwave.frame import Frame
from drivers.zwave.functions import NodeInfo
from drivers.zwave.joining import conversations
from drivers.zwave.joining.bootstrap import Order
from drivers.zwave.joining.channel import Channel
from drivers.zwave.joining.prepared import ATTEMPTS, Entry, Sticker, Waiting, read_label
from drivers.zwave.joining.runner import Runner
from drivers.zwave.joining.steps import Ask, NotWaitedError, Outcome, Say, TakenOutError, Talking
from drivers.zwave.radio import NOT_CONNECTED
from drivers.zwave.security.keys import NetworkKey, SecurityClass
from drivers.zwave.security.s2 import Numbering
from drivers.zwave.session import Session
from hub.contracts import Host
from hub.contracts.radio import Ended, Prepared, Question, Talk, Wish
from hub.errors import Rejected, Unavailable
from hub.io.clock import machine_time
from hub.model.values import Address, Secret

CONSENT_LASTS_S: Final = 600.0
"""A device with the old encryption waits ten seconds for its key, less than a person needs to type: the consent that came too
late counts for the next attempt, if the device that comes then describes itself alike."""
_OVER = "there is no such conversation, or it is over"
_STEPS = {
    Wish.ADD: conversations.ADD_STEPS,
    Wish.REPLACE: conversations.ADD_STEPS,
    Wish.REMOVE: conversations.REMOVE_STEPS,
}

log = structlog.get_logger("zwave")


class Crew(Protocol):
    """Those whose business devices are once they are in the network, or no longer."""

    def joined(self, node: int, security: str) -> None:
        """`security` is the strongest key that it was given, by its name; empty: it goes without, as somebody chose."""

    def members(self) -> Collection[int]:
        """All nodes of the network but the stick."""

    def removed(self, node: int) -> None: ...

    def stayed(self, node: int) -> None:
        """It should have been removed and could not be."""

    def strangers(self) -> Collection[int]:
        """Nodes that can encrypt and whose key the hub lacks."""

    def thrown_out(self, device: str, why: str) -> None:
        """A device that could have good security got none: it may have been an attack."""


@dataclass(frozen=True, slots=True)
class _Purpose:
    wish: Wish
    talking: Talking[Outcome]
    entry: Entry | None = None
    """The prepared device that it is about."""
    replaced: frozenset[int] = frozenset()
    """The node whose number the device gets."""


class Desk:
    """Implements `hub.contracts.radio.Joining`."""

    def __init__(
        self,
        host: Host,
        keys: MutableMapping[SecurityClass, NetworkKey],
        crew: Crew,
        numbering: Numbering,
        wall: Callable[[], datetime] = machine_time,
    ) -> None:
        self._host = host
        self._keys = keys
        self._crew = crew
        self._numbering = numbering
        self._wall = wall
        self._waiting: Waiting | None = None
        self._session: Session | None = None
        self._runner: Runner | None = None
        self._talk: Talk | None = None
        self._listening = False
        self._consent: tuple[NodeInfo, float] | None = None
        """That came too late, and until when it counts."""

    # ---- what a person may do --------------------------------------------------------------------------------------

    @property
    def talk(self) -> Talk | None:
        return self._talk

    def begin(
        self, wish: Wish, *, label: Secret | None = None, address: Address | None = None, unencrypted: bool = False
    ) -> Talk:
        session = self._ready()
        sticker = read_label(label) if label is not None and wish is not Wish.REMOVE else None
        if wish is Wish.REMOVE:
            return self._begin(session, _Purpose(wish, conversations.remove()))
        order = self._order(session, sticker, unencrypted=unencrypted)
        if wish is Wish.ADD:
            return self._begin(session, _Purpose(wish, conversations.add(order)))
        if address is None or address not in {str(node) for node in self._crew.members()}:
            raise Rejected("say which device is to be replaced; there is none with that address")
        node = int(address)
        talk = self._begin(session, _Purpose(wish, conversations.replace(order, node), replaced=frozenset({node})))
        self._show_talk(replace(talk, address=address))
        return self._talk or talk

    def answer(self, talk: str, words: str) -> None:
        self._under_way(talk).say(words)
        self._show(None)

    def cancel(self, talk: str) -> None:
        self._under_way(talk).cancel()

    def _under_way(self, talk: str) -> Runner:
        if self._runner is None or self._talk is None or self._talk.id != talk:
            raise Rejected(_OVER)
        return self._runner

    def _ready(self) -> Session:
        if self._runner is not None:
            raise Rejected("another conversation is under way; end that first")
        if self._session is None:
            raise Unavailable(NOT_CONNECTED)
        if self._session.occupied:
            raise Rejected("the stick is busy with other work; wait until that is over")
        return self._session

    def _order(self, session: Session, sticker: Sticker | None, *, unencrypted: bool = False) -> Order:
        """Raises Rejected: keys would have to be made, and there are devices that hold others."""
        keyring.complete(self._keys, self._crew.strangers(), self._host, secrets.token_bytes)
        return Order(
            own=session.own_node,
            keys=dict(self._keys),
            randomness=secrets.token_bytes,
            label=sticker.dsk if sticker else None,
            classes=sticker.classes if sticker else None,
            unencrypted=unencrypted,
            consented=self._consented(),
            opens_doors=bool(sticker and sticker.opens_doors),
        )

    def _consented(self) -> NodeInfo | None:
        if self._consent is None or asyncio.get_running_loop().time() >= self._consent[1]:
            return None
        return self._consent[0]

    # ---- prepared devices --------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> Waiting:
        if self._waiting is None:
            self._waiting = Waiting(self._host)
        return self._waiting

    def recall(self) -> None:
        """Read what was kept, so that it is told early where that cannot be."""
        self._waiting = self.waiting

    @property
    def prepared(self) -> tuple[Prepared, ...]:
        return tuple(entry.shown() for entry in self.waiting.entries)

    async def prepare(self, label: Secret) -> Prepared:
        sticker = read_label(label)
        if not sticker.smart_start:
            raise Rejected("this device cannot join by itself; add it and press its button")
        if (
            sticker.opens_doors
            and sticker.classes is not None
            and SecurityClass.S2_ACCESS_CONTROL not in sticker.classes
        ):
            raise Rejected("the device opens doors and its label does not ask for the Access Control key")
        keyring.complete(self._keys, self._crew.strangers(), self._host, secrets.token_bytes)
        entry = self.waiting.add(sticker, self._host.clock.now())
        await self._listen()
        self._host.changed()
        return entry.shown()

    async def unprepare(self, tail: str) -> None:
        self.waiting.drop(tail)
        await self._listen()
        self._host.changed()

    async def _listen(self) -> None:
        """Have the stick wait for prepared devices, or no longer."""
        session, wanted = self._session, self.waiting.awaited
        if session is None or self._runner is not None or wanted is self._listening or not session.knows(nf.ADD_NODE):
            return
        try:
            await session.manage(nf.await_prepared() if wanted else nf.leave_adding())
        except Unavailable as error:
            log.warning("the stick does not wait for prepared devices", why=str(error))
            return
        self._listening = wanted

    def announced(self, joining_home: bytes) -> None:
        """A device asks to be joined."""
        entry = self.waiting.asking(joining_home)
        if entry is None or self._runner is not None or self._session is None:
            return
        try:
            order = self._order(self._session, entry.sticker)
        except Rejected as error:
            log.warning("a prepared device cannot be joined", why=str(error))
            return
        self._begin(self._session, _Purpose(Wish.ADD, conversations.add_prepared(order), entry))

    # ---- the stick -----------------------------------------------------------------------------------------------------

    async def attend(self, session: Session, home: str, nodes: frozenset[int]) -> None:
        """The stick is there: from now on devices may come and go."""
        self._session, self._listening = session, False
        self.waiting.compare(home, nodes)
        await self._listen()

    def disconnect(self) -> None:
        self._session = None
        self._listening = False

    @property
    def adding(self) -> bool:
        return self._runner is not None and self._talk is not None and self._talk.wish is not Wish.REMOVE

    def holds(self, node: int) -> bool:
        """Whether a node is half joined, and nobody else's business yet."""
        return node in self.waiting.half_joined

    def hear(self, node: int, command: bytes, *, everybody: bool) -> bool:
        """Whether what a node says belongs to a conversation here. What it says to everybody is none of it."""
        if self._runner is None or self._runner.node != node:
            return False
        if not everybody:
            self._runner.hear(command)
        return True

    def managed(self, frame: Frame) -> None:
        if self._runner is not None:
            self._runner.managed(frame)

    def left(self, node: int) -> None:
        """A node is out of the network, by whoever's doing."""
        self.waiting.left(node)

    # ---- one conversation ------------------------------------------------------------------------------------------------

    def _begin(self, session: Session, purpose: _Purpose) -> Talk:
        channel = partial(Channel, keys=self._keys, randomness=secrets.token_bytes, numbering=self._numbering)
        self._runner = Runner(session, channel, self._show, self._entered)
        talk = Talk(secrets.token_hex(4), purpose.wish, 1, _STEPS[purpose.wish], "The stick is being made ready.")
        self._show_talk(talk)
        session.spawn(self._converse(session, self._runner, purpose))
        return talk

    async def _converse(self, session: Session, runner: Runner, purpose: _Purpose) -> None:
        outcome: Outcome | None = None
        end, words = Ended.FAILED, "the stick was unplugged meanwhile"
        try:
            if self._listening:
                self._listening = False
                await session.manage(nf.leave_adding())
            if purpose.wish is not Wish.REMOVE:
                self._consent = None  # it was for this attempt
                self.waiting.opened(set(self._crew.members()) - purpose.replaced)
            outcome = await runner.run(purpose.talking)
            end, words = Ended.DONE, _done(purpose.wish, outcome)
        except TakenOutError as error:
            end, words = self._failed(runner), str(error)
            self._taken_out(runner, error, purpose)
        except (Rejected, Unavailable) as error:
            end, words = self._failed(runner), str(error)
            if isinstance(error, Rejected):
                self.waiting.closed()  # nobody came, that is certain
            if purpose.entry is not None:  # nobody came: who asked may have been anybody, and it does not count
                self.waiting.note(purpose.entry, words)
        finally:
            self._runner = None
            self._end(end, words, outcome)
        if outcome is not None:
            self._succeeded(purpose, outcome)
        await self._listen()

    @staticmethod
    def _failed(runner: Runner) -> Ended:
        return Ended.CANCELLED if runner.cancelled else Ended.FAILED

    def _succeeded(self, purpose: _Purpose, outcome: Outcome) -> None:
        if purpose.wish is Wish.REMOVE:
            if outcome.node:
                self.waiting.left(outcome.node)
                self._crew.removed(outcome.node)
            return
        self._crew.joined(
            outcome.node, outcome.security
        )  # first: else a hub that dies here knows less of it than it could
        self.waiting.completed(outcome.node)
        if purpose.entry is not None:
            self.waiting.succeeded(purpose.entry, outcome.node)

    def _taken_out(self, runner: Runner, error: TakenOutError, purpose: _Purpose) -> None:
        why = error.__cause__
        if isinstance(why, NotWaitedError) and not runner.cancelled:
            self._consent = (why.info, asyncio.get_running_loop().time() + CONSENT_LASTS_S)
        if purpose.wish is Wish.REPLACE:
            self._crew.removed(error.node)
        if error.gone:
            self.waiting.left(error.node)
        else:
            self._crew.stayed(error.node)
        if purpose.entry is not None:
            self.waiting.failed(purpose.entry, str(error))
        first_or_last = purpose.entry is None or purpose.entry.attempts in {0, ATTEMPTS - 1}
        if error.capable and not runner.cancelled and first_or_last:
            device = purpose.entry.sticker.dsk.tail if purpose.entry is not None else str(error.node)
            self._crew.thrown_out(device, str(error))

    # ---- how it is shown ---------------------------------------------------------------------------------------------------

    def _entered(self, node: int) -> None:
        self.waiting.entered(node)
        if self._talk is not None:
            self._show_talk(replace(self._talk, address=Address(str(node))))

    def _show(self, step: Say | Ask | None) -> None:
        if self._talk is None:
            return
        match step:
            case Say(step=number, sentence=sentence):
                self._show_talk(replace(self._talk, step=number, sentence=sentence, question=None))
            case Ask():
                self._show_talk(replace(self._talk, question=self._question(step)))
            case None if self._talk.question is not None:
                self._show_talk(replace(self._talk, question=None))

    def _question(self, ask: Ask) -> Question:
        left = timedelta(seconds=max(0.0, ask.until - asyncio.get_running_loop().time()))
        return Question(ask.asked, ask.sentence, self._wall() + left, ask.choices, ask.tail)

    def _end(self, end: Ended, words: str, outcome: Outcome | None) -> None:
        if self._talk is not None:
            step = self._talk.steps if end is Ended.DONE else self._talk.step
            sentence = words[:1].upper() + words[1:] + "."
            security = outcome.security if outcome is not None else ""
            left = Address(str(outcome.node)) if outcome is not None and outcome.node else None
            over = replace(self._talk, step=step, sentence=sentence, question=None, ended=end, security=security)
            self._show_talk(replace(over, address=over.address or left))

    def _show_talk(self, talk: Talk) -> None:
        self._talk = talk
        self._host.changed()


def _done(wish: Wish, outcome: Outcome) -> str:
    if wish is Wish.REMOVE:
        if outcome.node:
            return f"the device {outcome.node} has left the network; if it was prepared, it is no longer"
        return "a device that belonged to no network here has forgotten its old one and can be added now"
    return f"the device has joined as {outcome.node} and is now asked what it can do"
