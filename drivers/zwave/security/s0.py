"""One node's half of a Security 0 conversation with one other. Source: SDS10865, sections 4 to 6.

Every message needs a nonce that its receiver gave shortly before. `now` is in seconds of a clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.zwave.cc.codec import Reader
from drivers.zwave.security.bucket import Bucket
from drivers.zwave.security.keys import Randomness, S0Keys
from drivers.zwave.security.primitives import TAG, cbc_mac, ofb, same
from drivers.zwave.security.s2 import NeedNonce, NonceArrived, Reply
from hub.errors import Garbled, Rejected

CLASS = 0x98
NONCE_GET = 0x40
NONCE_REPORT = 0x80
ENCAPSULATION = 0x81
ENCAPSULATION_NONCE_GET = 0xC1
"""The same, and the sender wants a nonce for a second message."""

NONCE = 8
LIFETIME_S = 5.0
"""Of a nonce. Source: SDS10865, 5.6: 3 to 20 seconds; zwave-js uses 5."""
OUTSTANDING = 4
"""Nonces one node may hold at once; the oldest gives way."""
NONCE_BURST = 6
NONCE_EVERY_S = 0.5
"""Nonces that a node does not use are given no faster than this (CVE-2020-9059 and "S0-No-More": floods of Nonce Get)."""
LONGEST = 26
"""Bytes of a command that still fit with the overhead of 20 into one frame of 46."""

_COUNTER = 0x0F
_SEQUENCED = 0x10
_SECOND = 0x20


@dataclass(frozen=True, slots=True)
class Heard:
    """The other node said this."""

    payload: bytes = field(repr=False)


S0Event = Heard | Reply | NonceArrived


class NonceTable:
    """Nonces we gave to one node. Each works once; using one ends all others."""

    __slots__ = ("_allowance", "_nonces", "_randomness")

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._nonces: dict[int, tuple[bytes, float]] = {}
        self._allowance = Bucket(NONCE_BURST, NONCE_EVERY_S)

    def give(self, now: float) -> bytes | None:
        """None: too many were asked for."""
        if not self._allowance.take(now):
            return None
        nonce = self._randomness(NONCE)
        self._nonces.pop(nonce[0], None)  # the first byte is the name by which it is used: the older one gives way
        if len(self._nonces) >= OUTSTANDING:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[nonce[0]] = (nonce, now + LIFETIME_S)
        return nonce

    def find(self, name: int, now: float) -> bytes | None:
        """Without using it up: what is forged must not cost the true sender its nonce."""
        nonce, until = self._nonces.get(name, (None, 0.0))
        return nonce if now < until else None

    def used(self) -> None:
        """One of them was: all are ended, and as many may be given again."""
        self._nonces.clear()
        self._allowance.give_back()


@dataclass(frozen=True, slots=True)
class Direction:
    sender: int
    receiver: int


def seal(keys: S0Keys, way: Direction, nonces: tuple[bytes, bytes], plaintext: bytes) -> bytes:
    """A whole encapsulation frame. `nonces` are the sender's and the receiver's; `plaintext` begins with its control byte."""
    iv = nonces[0] + nonces[1]
    text = ofb(keys.encryption, iv, plaintext)
    mac = _mac(keys, way, iv, ENCAPSULATION, text)
    return bytes((CLASS, ENCAPSULATION)) + nonces[0] + text + nonces[1][:1] + mac


def _mac(keys: S0Keys, way: Direction, iv: bytes, command: int, text: bytes) -> bytes:
    return cbc_mac(keys.authentication, iv + bytes((command, way.sender, way.receiver, len(text))) + text)


class S0Session:
    """Both halves are the same."""

    def __init__(self, own: int, peer: int, keys: S0Keys, randomness: Randomness) -> None:
        self._out = Direction(own, peer)
        self._in = Direction(peer, own)
        self.keys = keys
        self._randomness = randomness
        self._given = NonceTable(randomness)
        self._asked_until = 0.0
        self._taken: tuple[bytes, float] | None = None
        self._first: tuple[int, bytes, float] | None = None
        """The first half of a message in two: its counter, what it said, and until when the second is awaited."""

    def encrypt(self, payload: bytes, now: float) -> bytes | NeedNonce:
        """Raises Rejected: longer than one frame."""
        if len(payload) > LONGEST:
            raise Rejected("the message is too long for a lock with the old encryption")
        if self._taken is None or now >= self._taken[1]:
            self._asked_until = now + LIFETIME_S
            return NeedNonce(bytes((CLASS, NONCE_GET)))
        receiver, self._taken = self._taken[0], None
        return seal(self.keys, self._out, (self._randomness(NONCE), receiver), b"\x00" + payload)

    def receive(self, frame: bytes, now: float) -> tuple[S0Event, ...]:
        """Take a frame that came from the other node, or says so. What cannot be decrypted is passed over.

        Raises:
            Garbled: it breaks the layout of the class.
        """
        reader = Reader(frame, "an S0 frame")
        if reader.u8() != CLASS:
            raise Garbled("an S0 frame was expected")
        match reader.u8():
            case 0x40:
                return self._give(now)
            case 0x80:
                return self._take(reader.take(NONCE), now)
            case (0x81 | 0xC1) as command:
                heard = self._open(reader, command, now)
                return heard + self._give(now) if command == ENCAPSULATION_NONCE_GET else heard
            case _:
                return ()

    def _give(self, now: float) -> tuple[S0Event, ...]:
        nonce = self._given.give(now)
        return () if nonce is None else (Reply(bytes((CLASS, NONCE_REPORT)) + nonce),)

    def _take(self, nonce: bytes, now: float) -> tuple[S0Event, ...]:
        if now >= self._asked_until:
            return ()
        self._asked_until = 0.0
        self._taken = (nonce, now + LIFETIME_S)
        return (NonceArrived(solicited=True),)

    def _open(self, reader: Reader, command: int, now: float) -> tuple[S0Event, ...]:
        sender = reader.take(NONCE)
        text = reader.take(max(reader.left - 1 - TAG, 0))
        name, mac = reader.u8(), reader.take(TAG)
        if not text:
            raise Garbled("an S0 message is empty")
        receiver = self._given.find(name, now)
        if receiver is None:
            return ()
        iv = sender + receiver
        if not same(_mac(self.keys, self._in, iv, command, text), mac):
            return ()
        self._given.used()
        plaintext = ofb(self.keys.encryption, iv, text)
        return self._join(plaintext[0], plaintext[1:], now)

    def _join(self, control: int, part: bytes, now: float) -> tuple[S0Event, ...]:
        if not control & _SEQUENCED:
            return (Heard(part),) if part else ()
        counter = control & _COUNTER
        if not control & _SECOND:
            self._first = (counter, part, now + 2 * LIFETIME_S)
            return ()
        first, self._first = self._first, None
        if first is None or first[0] != counter or now >= first[2]:
            return ()
        return (Heard(first[1] + part),)
