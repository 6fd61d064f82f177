"""One node's half of a Security 2 conversation with one other.

Two halves share a stream of nonces. When they no longer agree on it, the one that notices sends fresh entropy, and the
other answers with its own in front of its next message. Everything here happens in memory; `now` is in seconds of a
clock that never goes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from drivers.zwave.cc.codec import Reader
from drivers.zwave.security import s2_frames
from drivers.zwave.security.bucket import Bucket
from drivers.zwave.security.keys import STRONGEST_FIRST, Randomness, S2Keys, SecurityClass
from drivers.zwave.security.primitives import TAG, ccm_open, ccm_seal
from drivers.zwave.security.s2_frames import Encapsulation, Extensions, NonceGet, NonceReport
from drivers.zwave.security.span import ENTROPY, Mpan, Span
from hub.errors import Garbled

COLLISION_S = 0.5
"""Both sides may send at once with the same nonce; for so long after our own message its nonce is accepted once.

Source: zwave-js pull request 4900.
"""
NONCE_BURST = 5
NONCE_EVERY_S = 0.5
"""Fresh entropy is given to one node no faster than this (VU#142629, CVE-2020-9060: nonce floods)."""
GROUPS = 8
"""Multicast groups remembered for one node; the oldest gives way."""


class Exchange:
    """Stands for the temporary keys where a security class is named."""

    def __repr__(self) -> str:
        return "TEMPORARY"


TEMPORARY = Exchange()
Strength = SecurityClass | Exchange


@dataclass(frozen=True, slots=True)
class Link:
    home: int
    own: int
    peer: int


@dataclass(frozen=True, slots=True)
class NeedNonce:
    """Nothing was encrypted: send `ask`, wait for `NonceArrived`, encrypt again."""

    ask: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """The other node said this, and nobody else can have."""

    payload: bytes = field(repr=False)
    under: Strength
    multicast: bool = False
    crossed: bool = False
    """It, or one shortly before it, was said with the nonce of a message of ours that had not arrived: most devices cannot
    read ours then."""


@dataclass(frozen=True, slots=True)
class Reply:
    """To be sent at once, one attempt."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class NonceArrived:
    """The next message can be encrypted. Unsolicited: our last message was not understood and must be sent again."""

    solicited: bool


@dataclass(frozen=True, slots=True)
class WrongKeys:
    """The first message of a stream fitted none of the keys: the other node has others, or it was forged."""


Event = Received | Reply | NonceArrived | WrongKeys


@dataclass(slots=True)
class _Stream:
    span: Span
    under: Strength
    sent: tuple[bytes, float] | None = None
    """The nonce of our own last message, and until when the other side may have used it too."""
    crossed_until: float = 0.0
    """The other side did: until then it may yet say that it cannot read us."""


@dataclass(frozen=True, slots=True)
class _Opened:
    plaintext: bytes = field(repr=False)
    under: Strength
    crossed: bool = False


class Numbering:
    """Where the frames to each node stand. It begins anywhere and goes on from one session to the next: the other node
    remembers the last number, and takes a frame that bears it again for an echo (zwave-js, Manager2.ts: one count per peer).
    """

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._last: dict[int, int] = {}

    def next(self, peer: int) -> int:
        last = self._last[peer] if peer in self._last else self._randomness(1)[0]
        self._last[peer] = (last + 1) % 256
        return self._last[peer]


class S2Session:
    """Both halves are the same. `keys` are those the other node may use; the caller may add and remove some."""

    def __init__(
        self,
        link: Link,
        keys: Mapping[Strength, S2Keys],
        randomness: Randomness,
        numbering: Numbering | None = None,
    ) -> None:
        """`numbering`: where there are other sessions with the same node, before or after this one."""
        self._link = link
        self.keys: dict[Strength, S2Keys] = dict(keys)
        self._randomness = randomness
        self._numbering = numbering or Numbering(randomness)
        self._stream: _Stream | None = None
        self._given: bytes | None = None
        """Entropy we gave and the other side has not used yet."""
        self._taken: bytes | None = None
        """Entropy the other side gave and we have not used yet."""
        self._asking = False
        self._heard: int | None = None
        self._said: dict[type[object], int] = {}
        """The last sequence number of each kind of frame: the same one again is an echo."""
        self._undecodable: bytes | None = None
        self._allowance = Bucket(NONCE_BURST, NONCE_EVERY_S)
        self._groups: dict[int, tuple[Mpan, Strength]] = {}

    def forget(self) -> None:
        """The other node was restarted or given other keys: agree anew."""
        self._stream = self._given = self._taken = None
        self._groups.clear()

    def encrypt(self, payload: bytes, now: float, *, under: Strength) -> bytes | NeedNonce:
        """Each call is a new message, also for the same payload: a repetition must not reuse a nonce."""
        entropy = None
        if self._taken is not None:
            entropy = self._randomness(ENTROPY)
            self._stream = _Stream(Span(self.keys[under], sender=entropy, receiver=self._taken), under)
            self._taken = None
        elif self._stream is None or self._stream.under is not under:
            self._asking = True
            return NeedNonce(NonceGet(self._next_seq()).serialize())
        stream = self._stream
        nonce = stream.span.next()
        stream.sent = (nonce, now + COLLISION_S)
        head = s2_frames.head(self._next_seq(), entropy)
        length = 2 + len(head) + len(payload) + TAG
        aad = s2_frames.associated(self._link.home, (self._link.own, self._link.peer), length, head)
        sealed = ccm_seal(stream.span.keys.ccm, nonce, aad, payload)
        return bytes((s2_frames.CLASS, s2_frames.ENCAPSULATION)) + head + sealed

    def receive(self, frame: bytes, now: float, *, multicast: bool = False) -> tuple[Event, ...]:
        """Take a frame that came from the other node, or says so.

        Raises:
            Garbled: it breaks the layout of the class.
        """
        decoded = s2_frames.decode(frame)
        if decoded is None:
            return ()
        if multicast:  # numbered by group, not with the rest
            return self._multicast(decoded) if isinstance(decoded, Encapsulation) else ()
        before, self._heard = self._heard, decoded.seq
        match decoded:
            case NonceGet():
                return self._give_nonce(now) if self._is_new(decoded) else ()
            case NonceReport():
                return self._nonce_report(decoded) if self._is_new(decoded) else ()
            case Encapsulation():
                if self._said.get(Encapsulation) == decoded.seq or frame == self._undecodable:
                    return ()
                expected = before is not None and decoded.seq == (before + 1) % 256
                return self._singlecast(frame, decoded, now, expected=expected)
            case _:
                assert_never(decoded)

    def _is_new(self, frame: NonceGet | NonceReport) -> bool:
        new = self._said.get(type(frame)) != frame.seq
        self._said[type(frame)] = frame.seq
        return new

    def _next_seq(self) -> int:
        return self._numbering.next(self._link.peer)

    def _give_nonce(self, now: float) -> tuple[Event, ...]:
        if not self._allowance.take(now):
            return ()
        self._given = self._randomness(ENTROPY)
        self._stream = None
        return (Reply(NonceReport(self._next_seq(), self._given).serialize()),)

    def _nonce_report(self, report: NonceReport) -> tuple[Event, ...]:
        if report.entropy is None:
            return ()  # we send no multicast that could be lost
        solicited, self._asking = self._asking, False
        self._taken = report.entropy
        self._stream = None
        return (NonceArrived(solicited),)

    def _singlecast(self, frame: bytes, message: Encapsulation, now: float, *, expected: bool) -> tuple[Event, ...]:
        aad = self._aad(message, self._link.own)
        opened = self._open_first(message, aad) or self._open_next(message, aad, now, expected=expected)
        if opened is None:
            self._undecodable = frame
            first = self._given is not None and message.extensions.sender_entropy is not None
            return ((WrongKeys(),) if first else ()) + self._give_nonce(now)
        self._undecodable = None
        self._said[Encapsulation] = message.seq
        return self._opened(message, opened, now)

    def _aad(self, message: Encapsulation, receiver: int) -> bytes:
        return s2_frames.associated(self._link.home, (self._link.peer, receiver), message.length, message.head)

    def _open_first(self, message: Encapsulation, aad: bytes) -> _Opened | None:
        """The first message of a stream: both entropies are there, the key is found by trying."""
        if self._given is None or message.extensions.sender_entropy is None:
            return None
        for under in _by_strength(self.keys):
            span = Span(self.keys[under], sender=message.extensions.sender_entropy, receiver=self._given)
            plaintext = ccm_open(span.keys.ccm, span.next(), aad, message.sealed)
            if plaintext is not None:
                self._stream = _Stream(span, under)
                self._given = self._taken = None
                return _Opened(plaintext, under)
        return None

    def _open_next(self, message: Encapsulation, aad: bytes, now: float, *, expected: bool) -> _Opened | None:
        stream = self._stream
        if stream is None:
            return None
        sent, stream.sent = stream.sent, None
        if sent is not None and expected and now < sent[1]:
            crossed = ccm_open(stream.span.keys.ccm, sent[0], aad, message.sealed)
            if crossed is not None:
                stream.crossed_until = now + COLLISION_S
                return _Opened(crossed, stream.under, crossed=True)
        plaintext = stream.span.open(aad, message.sealed)
        return None if plaintext is None else _Opened(plaintext, stream.under, now < stream.crossed_until)

    def _opened(self, message: Encapsulation, opened: _Opened, now: float) -> tuple[Event, ...]:
        under = opened.under
        reader = Reader(opened.plaintext, "an S2 message")
        inner = s2_frames.take_extensions(reader, sealed=True) if message.sealed_extensions else Extensions()
        if message.extensions.unknown_critical or inner.unknown_critical:
            return ()
        if inner.multicast is not None and self.keys[under].mpan is not None:
            self._remember(inner.multicast.group, Mpan(self.keys[under], inner.multicast.state), under)
        events: list[Event] = list(self._follow_up(message.extensions.group, now))
        if reader.left:
            events.append(Received(reader.rest(), under, crossed=opened.crossed))
        return tuple(events)

    def _follow_up(self, group: int | None, now: float) -> tuple[Event, ...]:
        """After a multicast its sender tells everybody again, one by one, naming the group."""
        if group is None:
            return ()
        if group in self._groups:
            self._groups[group][0].skip()
            return ()
        if not self._allowance.take(now):
            return ()
        return (Reply(NonceReport(self._next_seq(), multicast_lost=True).serialize()),)

    def _multicast(self, message: Encapsulation) -> tuple[Event, ...]:
        group = message.extensions.group
        if group is None:
            raise Garbled("an S2 multicast names no group")
        if group not in self._groups:
            return ()
        mpan, under = self._groups[group]
        plaintext = mpan.open(self._aad(message, group), message.sealed)
        if plaintext is None:
            del self._groups[group]  # the follow-up will be answered with what is missing
            return ()
        if message.extensions.unknown_critical or message.sealed_extensions:
            return ()
        return (Received(plaintext, under, multicast=True),)

    def _remember(self, group: int, mpan: Mpan, under: Strength) -> None:
        self._groups.pop(group, None)
        if len(self._groups) >= GROUPS:
            del self._groups[next(iter(self._groups))]
        self._groups[group] = (mpan, under)


def _by_strength(keys: Mapping[Strength, S2Keys]) -> list[Strength]:
    order: tuple[Strength, ...] = (TEMPORARY, *STRONGEST_FIRST)
    return [each for each in order if each in keys]
