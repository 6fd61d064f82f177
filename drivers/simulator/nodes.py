"""A lock as the radio knows it: what is sealed and what is not, which keys it holds, and how it came by them.

The stick deals with nodes only; the lock behind one does not know how its words travel. Who may say what under which
security class: ZWA AWG, S2 chapter, and the SDK's own devices (libs2, in the public repository SiliconLabs/UnifySDK).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from drivers.simulator import commands
from drivers.simulator.commands import PLUS_INFO, SECURITY, SECURITY_2, SUPERVISION
from drivers.simulator.controller import OWN_NODE
from drivers.simulator.locks import Said, SimLock
from drivers.simulator.memory import KeysGiven
from drivers.simulator.security import joining, s2
from drivers.simulator.security.joining import Agree, Answer, Came, Clear, Conversation, Hold, Late, Sealing, Wait, Went
from drivers.simulator.security.keys import CALLED, NAMES, Label, Level, Randomness, highest, other, s0_keys, s2_keys
from drivers.simulator.security.s0 import S0
from drivers.simulator.security.s2 import S2, Event, Link, NonceCame, Opened, Reply

NONCE_WITHIN_S: Final = 10.0
"""Until a message that waits for a nonce is discarded (SDS10865 §6.2; its figure in §5 recommends 10 s)."""
SAID_AGAIN_WITHIN_S: Final = 2.0
"""So long after a message its receiver may say that it could not read it (libs2: VERIFYING_DELIVERY)."""
OPEN_TO_ALL: Final = frozenset({PLUS_INFO, SUPERVISION, SECURITY, SECURITY_2})
"""What a node that holds keys still hears and says in the clear."""
NO_NODE: Final = 0
"""Of whoever is in no network."""
_KEYLESS_S0: Final = bytes(16)
"""The key under which the S0 key is sent."""


@dataclass(frozen=True, slots=True)
class Network:
    """What the node's controller and the node share before anybody says a word."""

    home: int
    keys: dict[Level, bytes] = field(default_factory=dict, repr=False)
    """For locks that were joined before this simulator began."""
    randomness: Randomness = field(default=os.urandom, repr=False)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One frame on its way to the host."""

    frame: bytes
    event: bool
    """Part of what is told without being asked."""
    words: Said | None
    """What the lock says with it; None: the node only speaks of nonces and keys."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """Something to be sealed, as soon as there is a nonce for it."""

    content: bytes = field(repr=False)
    under: Sealing
    words: Said | None = None
    by_s0: bool = False
    again: bool = False

    @property
    def event(self) -> bool:
        return self.words is not None and self.words.event


class Node:
    def __init__(self, lock: SimLock, network: Network) -> None:
        self.lock = lock
        self._network = network
        self._out: list[Spoken] = []
        self._waiting: deque[_Parcel] = deque()
        self._asked_until: float | None = None
        self._said_last: tuple[_Parcel, float] | None = None
        self._asked_under: Sealing = Clear.OPEN
        self._talk: Conversation | None = None
        self._talk_until: float | None = None
        self._loaded: object = None
        self._heard = 0
        self._connect(network.home, lock.memory.node or NO_NODE)

    def _connect(self, home: int, number: int) -> None:
        link = Link(home, number, OWN_NODE)
        self._s2 = S2(link, self._network.randomness)
        self._s0 = S0(link, self._network.randomness)
        self._loaded = None
        self._waiting.clear()
        self._asked_until = self._said_last = self._talk = self._talk_until = None

    # ---- keys ----

    @property
    def label(self) -> Label:
        return self.lock.settings.label

    @property
    def granted(self) -> dict[Level, bytes]:
        """The keys it holds."""
        kept = self.lock.memory.keys
        if kept is None:
            return {level: self._network.keys[level] for level in self.lock.settings.joined_with}
        return {NAMES[name]: bytes.fromhex(key) for name, key in kept.items()}

    def _load(self) -> Level | None:
        """Have the keys ready that the lock holds now; the highest class of them."""
        quirks, granted = self.lock.quirks, self.granted
        self._s0.repeats_nonces = quirks.repeats_nonces
        exchanging = self._talk is not None or (None in self._s2.keys and self._waiting)
        if self._loaded != (granted, quirks.wrong_key) and not exchanging:
            self._loaded = granted, quirks.wrong_key
            real = {level: other(key) if quirks.wrong_key else key for level, key in granted.items()}
            self._s2.keys = {level: s2_keys(key) for level, key in real.items() if level is not Level.S0}
            self._s0.keys = s0_keys(real[Level.S0]) if Level.S0 in real else None
            self._s2.forget()
            self._s0.forget()
        return highest(granted)

    def classes(self) -> bytes:
        """For the Node Information Frame: a node that holds keys hides what it does under them."""
        known = commands.classes(self.lock)
        return bytes(each for each in known if not self.granted or each in OPEN_TO_ALL)

    def _secret_classes(self) -> bytes:
        return bytes(each for each in commands.classes(self.lock) if each not in OPEN_TO_ALL)

    def lose_power(self) -> None:
        """Its batteries were out: it holds its keys, and no nonce of anybody's."""
        self._s2.forget()
        self._s0.forget()
        self._waiting.clear()
        self._asked_until = self._said_last = None

    # ---- being added and removed ----

    def added(self, home: int, number: int, now: float) -> None:
        """It has just joined this network, and waits for its keys."""
        self._connect(home, number)
        self.lock.join(number)
        self.lock.happen(KeysGiven(keys={}))
        wishes = self.lock.wishes()
        if wishes.levels - {Level.S0}:
            self._begin(joining.join_s2(self.label, wishes, now), now)
        elif wishes.levels:
            self._begin(joining.join_s0(now), now)

    def removed(self) -> None:
        """It is in no network any more and has forgotten its keys and its codes."""
        self._connect(self._network.home, NO_NODE)
        self.lock.leave()
        self.lock.happen(KeysGiven(keys={}))

    @property
    def asks_for_keys(self) -> bool:
        """The key exchange is under way."""
        return self._talk is not None

    def _begin(self, talk: Conversation, now: float) -> None:
        self._load()
        self._talk = talk
        self._s0.keys = s0_keys(_KEYLESS_S0)
        self._go_on(lambda: next(talk), now)

    def _answer(self, talk: Conversation, answer: Answer, now: float) -> None:
        self._go_on(lambda: talk.send(answer), now)

    def _go_on(self, first: Callable[[], joining.Step], now: float) -> None:
        """Do what the conversation wants until it waits for the controller, or ends."""
        talk = self._talk
        assert talk is not None, "somebody began it"
        try:
            step = first()
            while not isinstance(step, Wait):
                self._do(step)
                step = talk.send(Went(now))
            self._talk_until = step.until
        except StopIteration as done:
            self._talk = self._talk_until = None
            keys: joining.Keys = done.value
            self.lock.happen(KeysGiven(keys={CALLED[level]: key.hex() for level, key in keys.items()}))
        except joining.EndedError:
            self._talk = self._talk_until = self._said_last = None
            self._waiting.clear()

    def _do(self, step: joining.Send | Agree | Hold) -> None:
        match step:
            case joining.Send():
                by_s0 = step.command[0] == SECURITY and step.under is not Clear.OPEN
                self._post(_Parcel(step.command, step.under, by_s0=by_s0))
            case Agree():
                self._s2.keys[None] = step.keys
            case Hold() if None in self._s2.keys:
                self._s2.keys[step.level] = s2_keys(step.key)
            case Hold():
                self._s0.keys = s0_keys(step.key)

    # ---- what it hears ----

    def receive(self, frame: bytes, now: float) -> None:
        top = self._load()
        self._collect()
        self._heard += 1
        forgets = self.lock.quirks.forgets_stream
        if forgets and self._heard % forgets == 0:
            self._s2.forget()
        match frame[:2]:
            case b"\x9f\x01" | b"\x9f\x02" | b"\x9f\x03" if SECURITY_2 in commands.classes(self.lock):
                self._happened(self._s2.receive(frame), top, now)
            case b"\x98\x40" | b"\x98\x80" | b"\x98\x81" | b"\x98\xc1" if SECURITY in commands.classes(self.lock):
                self._happened(self._s0.receive(frame, now), top, now)
            case _:
                self._hear(frame, Clear.OPEN, top, now)

    def _happened(self, events: list[Event], top: Level | None, now: float) -> None:
        for event in events:
            match event:
                case Reply():
                    self._out.append(Spoken(event.frame, event=False, words=None))
                case NonceCame():
                    self._nonce_came(now)
                case Opened():
                    under = Clear.TEMPORARY if event.under is None or self._in_s0_exchange(event.under) else event.under
                    self._hear(event.command, under, top, now)
                case s2.Unreadable():
                    pass

    def _in_s0_exchange(self, under: Level) -> bool:
        return under is Level.S0 and self._talk is not None

    def _nonce_came(self, now: float) -> None:
        if self._asked_until is not None:
            self._asked_until = None
        elif self._said_last is not None and now < self._said_last[1] and not self._said_last[0].again:
            self._waiting.appendleft(replace(self._said_last[0], again=True))
        self._said_last = None

    def _hear(self, command: bytes, under: Sealing, top: Level | None, now: float) -> None:
        if self._talk is not None and command[:1] in (b"\x9f", b"\x98"):
            self._exchange(self._talk, command, under, now)
            return
        self._asked_under = under
        if command[:2] == b"\x9f\x0d" and isinstance(under, Level) and under is not Level.S0:
            self._list(b"\x9f\x0e", under, top)
        elif command[:2] == b"\x98\x02" and under is Level.S0:
            self._list(b"\x98\x03\x00", under, top)
        elif top is None or under is top:
            if under is top:
                self.lock.last_session = None  # CL:006C.01.52.01.1: only an unsecured repetition is ignored
            commands.obey(self.lock, command, now)
        elif command[:2] == bytes((SUPERVISION, 0x01)) and len(command) > 4 and command[4] not in OPEN_TO_ALL:
            self.lock.answer(SUPERVISION, 0x02, command[2] & 0x3F, 0x00, 0x00)  # no support at this class
        elif command[:1] and command[0] in OPEN_TO_ALL:
            commands.obey(self.lock, command, now)
        self._collect()

    def _exchange(self, talk: Conversation, command: bytes, under: Sealing, now: float) -> None:
        """The key exchange under way hears it; a controller may begin the old one with a device that knows both."""
        chose_s0 = command[:2] == bytes((SECURITY, joining.S0_SCHEME_GET)) and None not in self._s2.keys
        if chose_s0 and Level.S0 in self.lock.wishes().levels:
            self._begin(joining.join_s0(now), now)
            talk = self._talk or talk
        if self._talk is not None:
            self._answer(talk, Came(command, under, now), now)

    def _list(self, head: bytes, under: Level, top: Level | None) -> None:
        """Only the highest class lists commands; one that was granted beside it lists none."""
        self.lock.answer(head, self._secret_classes() if under is top else b"")

    # ---- what it says ----

    def _collect(self) -> None:
        """Take over what the lock said, answers first: from here on the order stays."""
        said, self.lock.said = self.lock.said, []
        top = highest(self.granted)
        for each in sorted(said, key=lambda each: each.event):
            under: Sealing = self._asked_under
            if each.event:
                under = Clear.OPEN if top is None or self.lock.quirks.unencrypted else top
            for content in self._s0.parts(each.command) if under is Level.S0 else [each.command]:
                self._post(_Parcel(content, under, each, by_s0=under is Level.S0))

    def _post(self, parcel: _Parcel) -> None:
        if parcel.under is Clear.OPEN:
            self._out.append(Spoken(parcel.content, parcel.event, parcel.words))
            return
        if parcel.by_s0 and parcel.words is None:
            parcel = replace(parcel, content=self._s0.parts(parcel.content)[0])
        self._waiting.append(parcel)

    def take(self, now: float) -> list[Spoken]:
        """What goes out since the last call, in the order in which it must."""
        self._load()
        self._collect()
        while self._waiting and self._asked_until is None:
            parcel = self._waiting[0]
            if not self._has_key(parcel):
                self._waiting.popleft()
                continue
            sealed = self._seal(parcel)
            if sealed is None:
                self._ask(parcel, now)
                break
            self._waiting.popleft()
            self._out.append(Spoken(sealed, parcel.event, parcel.words))
            self._said_last = (parcel, now + SAID_AGAIN_WITHIN_S)
        if self._talk is None and not self._waiting and None in self._s2.keys:
            self._loaded = None  # the temporary keys have served
        out, self._out = self._out, []
        return out

    def _has_key(self, parcel: _Parcel) -> bool:
        """It may have been given away since."""
        return self._s0.keys is not None if parcel.by_s0 else _under(parcel) in self._s2.keys

    def _seal(self, parcel: _Parcel) -> bytes | None:
        if parcel.by_s0:
            return self._s0.seal(parcel.content)
        return self._s2.seal(parcel.content, _under(parcel))

    def _ask(self, parcel: _Parcel, now: float) -> None:
        self._asked_until = now + NONCE_WITHIN_S
        times = 1 + self.lock.quirks.nonce_flood if parcel.by_s0 else 1
        asking = self._s0.ask() if parcel.by_s0 else self._s2.ask()
        self._out += [Spoken(asking, parcel.event, None)] * times

    # ---- time ----

    def deadline(self) -> float | None:
        moments = [self.lock.deadline(), self._asked_until, self._talk_until]
        return min((moment for moment in moments if moment is not None), default=None)

    def timeout(self, now: float) -> None:
        self.lock.timeout(now)
        if self._asked_until is not None and self._asked_until <= now:
            self._asked_until = None
            if self._waiting:
                self._waiting.popleft()
        if self._talk is not None and self._talk_until is not None and self._talk_until <= now:
            self._answer(self._talk, Late(now), now)


def _under(parcel: _Parcel) -> s2.Under:
    return parcel.under if isinstance(parcel.under, Level) else None
