"""Transport Service Command Class 0x55, version 2, receiving: a command that came in pieces.

Source: ZW_classcmd.h, TRANSPORT_SERVICE_V2; timers and limits as in zwave-js, cc/TransportServiceCC.ts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.zwave.cc.codec import Reader
from hub.errors import Garbled

CLASS = 0x55
FIRST = 0xC0
REQUEST = 0xC8
SUBSEQUENT = 0xE0
COMPLETE = 0xE8

MISSING_AFTER_S = 0.8
"""Silence after which a missing piece is asked for, at 40 kbit/s."""
PATIENCE = 3
"""How often in a row a piece is asked for before the command is given up."""
LARGEST_PIECE = 39
ECHOES_S = 2.0
_KIND = 0xF8
_HIGH = 0x07
_EXTENDED = 0x08


def crc16(data: bytes) -> int:
    """CRC-CCITT, polynomial 0x1021, from 0x1D0F. Source: the Z-Wave CRC-16 Encapsulation Command Class."""
    crc = 0x1D0F
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


@dataclass(frozen=True, slots=True)
class Piece:
    size: int
    session: int
    offset: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Whole:
    """A command is complete; `answer` tells its sender."""

    command: bytes = field(repr=False)
    answer: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """To be sent to the sender of the pieces."""

    frame: bytes


@dataclass(slots=True)
class _Assembly:
    size: int
    session: int
    content: bytearray
    have: bytearray
    """One byte for each byte of the command: 1 when it is there."""
    asks: int = 0

    @property
    def missing(self) -> int:
        """Where the first gap begins; negative when there is none."""
        return self.have.find(0)

    def request(self) -> bytes:
        at = self.missing
        return bytes((CLASS, REQUEST, self.session << 4 | at >> 8, at & 0xFF))


def decode(frame: bytes) -> Piece | None:
    """A piece; None is another command of the class.

    Raises:
        Garbled: it breaks the layout, or its checksum is wrong.
    """
    if len(frame) < 2 or frame[0] != CLASS:
        raise Garbled("a piece of a command was expected")
    kind = frame[1] & _KIND
    if kind not in {FIRST, SUBSEQUENT}:
        return None
    if len(frame) < 4 or crc16(frame[:-2]) != int.from_bytes(frame[-2:], "big"):
        raise Garbled("a piece of a command was damaged on the way")
    reader = Reader(frame[2:-2], "a piece of a command")
    size = (frame[1] & _HIGH) << 8 | reader.u8()
    head = reader.u8()
    offset = (head & _HIGH) << 8 | reader.u8() if kind == SUBSEQUENT else 0
    if head & _EXTENDED:
        reader.take(reader.u8())
    content = reader.rest()
    if not 0 < len(content) <= LARGEST_PIECE or offset + len(content) > size:
        raise Garbled("a piece of a command does not fit into it")
    return Piece(size, head >> 4, offset, content)


class Reassembly:
    """Pieces from one node, one command at a time: a piece of another one replaces what was begun."""

    def __init__(self) -> None:
        self._open: _Assembly | None = None
        self._done: tuple[int, int, float] | None = None
        """Session and size of the last whole command, and until when its pieces are taken for echoes."""
        self.deadline: float | None = None
        """When `late` must be called, in the seconds of `now`."""

    def receive(self, frame: bytes, now: float) -> Whole | Ask | None:
        """Raises Garbled."""
        piece = decode(frame)
        if piece is None:
            return None
        if self._done is not None and self._done[:2] == (piece.session, piece.size) and now < self._done[2]:
            return Ask(_complete(piece.session))
        if self._open is None or (self._open.session, self._open.size) != (piece.session, piece.size):
            self._open = _Assembly(piece.size, piece.session, bytearray(piece.size), bytearray(piece.size))
        return self._put(self._open, piece, now)

    def late(self, now: float) -> Ask | None:
        """Ask for what is missing once the deadline has passed."""
        if self._open is None or self.deadline is None or now < self.deadline:
            return None
        self._open.asks += 1
        if self._open.asks > PATIENCE:
            self._open = self.deadline = None
            return None
        self.deadline = now + MISSING_AFTER_S
        return Ask(self._open.request())

    def _put(self, into: _Assembly, piece: Piece, now: float) -> Whole | Ask | None:
        end = piece.offset + len(piece.content)
        into.content[piece.offset : end] = piece.content
        into.have[piece.offset : end] = b"\x01" * len(piece.content)
        into.asks = 0
        if into.missing < 0:
            self._open = self.deadline = None
            self._done = (into.session, into.size, now + ECHOES_S)
            return Whole(bytes(into.content), _complete(into.session))
        self.deadline = now + MISSING_AFTER_S
        return Ask(into.request()) if end == piece.size else None


def _complete(session: int) -> bytes:
    return bytes((CLASS, COMPLETE, session << 4))
