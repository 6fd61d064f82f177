"""A device's half of Security 2 with its controller: nonces, sequence numbers, encapsulation.

Sources: ZW_classcmd.h (SECURITY_2_*) for the layout; for what a device does with it the S2 library of the Z-Wave SDK
(libs2, protocol/S2.c, in the public repository SiliconLabs/UnifySDK): it takes part in no multicast here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from drivers.simulator.security.keys import LADDER, Level, Randomness, S2Keys
from drivers.simulator.security.primitives import TAG, ccm_seal
from drivers.simulator.security.span import ENTROPY, Span

CLASS: Final = 0x9F
NONCE_GET: Final = 0x01
NONCE_REPORT: Final = 0x02
ENCAPSULATION: Final = 0x03
SOS: Final = 0x01
EXTENSION: Final = 0x01
ENCRYPTED_EXTENSION: Final = 0x02
MORE: Final = 0x80
CRITICAL: Final = 0x40
TYPE: Final = 0x3F
SPAN, MPAN, MGRP, MOS = 1, 2, 3, 4
HEAD: Final = 4
"""Class, command, sequence number, flags."""

Under = Level | None
"""None: the temporary keys of a key exchange."""


@dataclass(frozen=True, slots=True)
class Link:
    """Who talks to whom, in which network: part of what is authenticated."""

    home: int
    own: int
    peer: int


@dataclass(frozen=True, slots=True)
class Reply:
    """To be sent at once."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    command: bytes = field(repr=False)
    under: Under


@dataclass(frozen=True, slots=True)
class NonceCame:
    """The next message can be sealed."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Sealed with other keys or another nonce."""


Event = Reply | Opened | NonceCame | Unreadable


@dataclass(frozen=True, slots=True)
class _Extension:
    kind: int
    value: bytes


class S2:
    def __init__(self, link: Link, randomness: Randomness) -> None:
        self._link = link
        self._randomness = randomness
        self.keys: dict[Under, S2Keys] = {}
        self._span: tuple[Span, Under] | None = None
        self._given: bytes | None = None
        """Entropy for a stream that the controller shall begin."""
        self._taken: bytes | None = None
        """Entropy of the controller's for a stream that we shall begin."""
        self._number = randomness(1)[0]
        self._last_heard: int | None = None

    def forget(self) -> None:
        """As after a loss of power."""
        self._span = self._given = self._taken = None

    # ---- to the controller ----

    def ask(self) -> bytes:
        """Nonce Get."""
        return bytes((CLASS, NONCE_GET, self._next_number()))

    def seal(self, command: bytes, under: Under) -> bytes | None:
        """None: there is no stream of this class; ask for a nonce first."""
        extension, flags = b"", 0
        if self._taken is not None:
            entropy = self._randomness(ENTROPY)
            self._span = Span(self.keys[under], entropy, self._taken), under
            self._taken = None
            extension, flags = bytes((2 + ENTROPY, CRITICAL | SPAN)) + entropy, EXTENSION
        if self._span is None or self._span[1] is not under:
            return None
        head = bytes((CLASS, ENCAPSULATION, self._next_number(), flags)) + extension
        span, _ = self._span
        beside = self._beside(self._link.own, self._link.peer, len(head) + len(command) + TAG, head)
        return head + ccm_seal(span.keys.ccm, span.take(), command, beside)

    def _next_number(self) -> int:
        self._number = (self._number + 1) % 256
        return self._number

    def _beside(self, sender: int, receiver: int, length: int, head: bytes) -> bytes:
        home = self._link.home.to_bytes(4, "big")
        return bytes((sender, receiver)) + home + length.to_bytes(2, "big") + head[2:]

    # ---- from the controller ----

    def receive(self, frame: bytes) -> list[Event]:
        """What breaks the layout is passed over. `frame` begins with the class and one of the three commands."""
        if len(frame) < 3 or self._is_repetition(frame[2]):
            return []
        match frame[1]:
            case 0x01:
                return [self._report()]
            case 0x02 if len(frame) >= HEAD + ENTROPY and frame[3] & SOS:
                self._taken, self._span = frame[HEAD : HEAD + ENTROPY], None
                return [NonceCame()]
            case 0x03 if len(frame) >= HEAD + TAG:
                return self._open(frame)
        return []

    def _is_repetition(self, number: int) -> bool:
        """Only the last number is remembered; the same one again is an echo."""
        last, self._last_heard = self._last_heard, number
        return number == last

    def _report(self) -> Reply:
        """Nonce Report with the bit that says: I have no stream with you."""
        self._span, self._taken = None, None
        self._given = self._randomness(ENTROPY)
        return Reply(bytes((CLASS, NONCE_REPORT, self._next_number(), SOS)) + self._given)

    def _open(self, frame: bytes) -> list[Event]:
        extensions, size = [], HEAD
        if frame[3] & EXTENSION:
            found = _extensions(frame[HEAD:-TAG])
            if found is None:
                return []
            extensions, size = found[0], HEAD + found[1]
        beside = self._beside(self._link.peer, self._link.own, len(frame), frame[:size])
        opened = self._decrypt(frame[size:], beside, extensions)
        if opened is None:
            return [Unreadable(), self._report()]
        plain, under = opened
        if frame[3] & ENCRYPTED_EXTENSION:
            found = _extensions(plain)
            if found is None:
                return []
            extensions, plain = extensions + found[0], plain[found[1] :]
        if any(each.kind & CRITICAL and each.kind & TYPE not in (SPAN, MPAN, MGRP, MOS) for each in extensions):
            return []
        return [Opened(plain, under)] if plain else []

    def _decrypt(self, sealed: bytes, beside: bytes, extensions: list[_Extension]) -> tuple[bytes, Under] | None:
        entropy = next((each.value for each in extensions if each.kind & TYPE == SPAN), b"")
        if self._given is not None and len(entropy) == ENTROPY:
            return self._begin(sealed, beside, entropy, self._given)
        if self._span is None:
            return None
        span, under = self._span
        plain = span.open(sealed, beside)
        return None if plain is None else (plain, under)

    def _begin(self, sealed: bytes, beside: bytes, theirs: bytes, ours: bytes) -> tuple[bytes, Under] | None:
        """The first message of a stream says by which key it can be read what its class is."""
        for under in (None, *LADDER):
            if under not in self.keys:
                continue
            span = Span(self.keys[under], theirs, ours)
            plain = span.open(sealed, beside, steps=1)
            if plain is not None:
                self._span, self._given, self._taken = (span, under), None, None
                return plain, under
        return None


def _extensions(content: bytes) -> tuple[list[_Extension], int] | None:
    """What stands at the beginning and how long it is; None: it does not end."""
    found = list(_each(content))
    if not found or found[-1].kind & MORE:
        return None
    return found, sum(2 + len(each.value) for each in found)


def _each(content: bytes) -> Iterator[_Extension]:
    while len(content) >= 2 and 2 <= content[0] <= len(content):
        yield _Extension(content[1], content[2 : content[0]])
        if not content[1] & MORE:
            return
        content = content[content[0] :]
