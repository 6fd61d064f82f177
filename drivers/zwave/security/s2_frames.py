"""Security 2 Command Class 0x9F on the wire: nonces and the encapsulation. Source: ZW_classcmd.h, SECURITY_2_*."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from drivers.zwave.cc.codec import Reader
from drivers.zwave.security.primitives import TAG
from drivers.zwave.security.span import ENTROPY
from hub.errors import Garbled

CLASS = 0x9F
NONCE_GET = 0x01
NONCE_REPORT = 0x02
ENCAPSULATION = 0x03

_EXTENSIONS = 0x01
_SEALED_EXTENSIONS = 0x02
_SINGLECAST_LOST = 0x01
_MULTICAST_LOST = 0x02
_MORE = 0x80
_CRITICAL = 0x40
_SPAN, _MPAN, _MGRP, _MOS = 1, 2, 3, 4
_LENGTHS = {_SPAN: ENTROPY, _MPAN: 1 + ENTROPY, _MGRP: 1, _MOS: 0}


@dataclass(frozen=True, slots=True)
class NonceGet:
    seq: int

    def serialize(self) -> bytes:
        return bytes((CLASS, NONCE_GET, self.seq))


@dataclass(frozen=True, slots=True)
class NonceReport:
    seq: int
    entropy: bytes | None = None
    """The receiver's entropy input; there exactly if the singlecast stream is lost (SOS)."""
    multicast_lost: bool = False

    def serialize(self) -> bytes:
        flags = (_SINGLECAST_LOST if self.entropy else 0) | (_MULTICAST_LOST if self.multicast_lost else 0)
        return bytes((CLASS, NONCE_REPORT, self.seq, flags)) + (self.entropy or b"")


@dataclass(frozen=True, slots=True)
class MulticastState:
    group: int
    state: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Extensions:
    """What rides along in front of a message, in the clear or sealed with it."""

    sender_entropy: bytes | None = None
    group: int | None = None
    multicast: MulticastState | None = None
    multicast_lost: bool = False
    unknown_critical: bool = False
    """The whole command must be discarded; its nonce is used up all the same."""


@dataclass(frozen=True, slots=True)
class Encapsulation:
    seq: int
    extensions: Extensions
    sealed_extensions: bool
    head: bytes
    """Sequence, flags and open extensions as sent: they are authenticated."""
    sealed: bytes = field(repr=False)

    @property
    def length(self) -> int:
        return 2 + len(self.head) + len(self.sealed)


Security2 = NonceGet | NonceReport | Encapsulation


def decode(frame: bytes) -> Security2 | None:
    """Understand a nonce or an encapsulation; None is another command of the class.

    Raises:
        Garbled: it breaks the layout.
    """
    reader = Reader(frame, "an S2 frame")
    if reader.u8() != CLASS:
        raise Garbled("an S2 frame was expected")
    match reader.u8():
        case 0x01:
            return NonceGet(reader.u8())
        case 0x02:
            return _nonce_report(reader)
        case 0x03:
            return _encapsulation(frame[2:])
        case _:
            return None


def _nonce_report(reader: Reader) -> NonceReport:
    seq, flags = reader.u8(), reader.u8()
    if not flags & (_SINGLECAST_LOST | _MULTICAST_LOST):
        raise Garbled("an S2 nonce report says that nothing is lost")
    entropy = reader.take(ENTROPY) if flags & _SINGLECAST_LOST else None
    return NonceReport(seq, entropy, bool(flags & _MULTICAST_LOST))


def _encapsulation(content: bytes) -> Encapsulation:
    reader = Reader(content, "an S2 message")
    seq, flags = reader.u8(), reader.u8()
    extensions = take_extensions(reader, sealed=False) if flags & _EXTENSIONS else Extensions()
    head = content[: len(content) - reader.left]
    if reader.left < TAG:
        raise Garbled("an S2 message is cut short")
    return Encapsulation(seq, extensions, bool(flags & _SEALED_EXTENSIONS), head, reader.rest())


def take_extensions(reader: Reader, *, sealed: bool) -> Extensions:
    """Read extensions up to the last one.

    One of the wrong length, or sealed where it must be open and the other way round, is passed over.

    Raises:
        Garbled: they do not end.
    """
    found: dict[int, bytes] = {}
    unknown_critical, more = False, True
    while more:
        length, kind = reader.u8(), reader.u8()
        if length < 2:
            raise Garbled("an S2 extension is shorter than its own head")
        value = reader.take(length - 2)
        more = bool(kind & _MORE)
        number = kind & 0x3F
        if number not in _LENGTHS:
            unknown_critical = unknown_critical or bool(kind & _CRITICAL)
        elif len(value) == _LENGTHS[number] and (number == _MPAN) is sealed:
            found[number] = value
    return Extensions(
        sender_entropy=found.get(_SPAN),
        group=found[_MGRP][0] if _MGRP in found else None,
        multicast=MulticastState(found[_MPAN][0], found[_MPAN][1:]) if _MPAN in found else None,
        multicast_lost=_MOS in found,
        unknown_critical=unknown_critical,
    )


def head(seq: int, sender_entropy: bytes | None) -> bytes:
    """Sequence, flags and, on the first message of a stream, the sender's entropy."""
    if sender_entropy is None:
        return bytes((seq, 0))
    return bytes((seq, _EXTENSIONS, 2 + ENTROPY, _CRITICAL | _SPAN)) + sender_entropy


def associated(home: int, addresses: Iterable[int], length: int, head: bytes) -> bytes:
    """What a tag vouches for besides the message: who sent it to whom, in which network, and its head.

    Addresses are the sender and the receiver, or the sender and the multicast group.
    """
    return bytes(addresses) + home.to_bytes(4, "big") + length.to_bytes(2, "big") + head
