"""Frames of the Serial API on the wire (INS12350 §5). Pure; time is handed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import xor
from typing import Final

SOF: Final = 0x01
ACK: Final = 0x06
NAK: Final = 0x15
CAN: Final = 0x18

REQUEST: Final = 0x00
RESPONSE: Final = 0x01

RECEPTION_S: Final = 1.5
"""From SOF to the end of a frame, else it is dropped without a word (INS12350 §6.2.1)."""
SHORTEST: Final = 3
"""Length, type and function."""


class Sign(Enum):
    """What is not a frame of data."""

    ACK = ACK
    NAK = NAK
    CAN = CAN
    BROKEN = -1
    """A frame whose checksum is wrong."""


@dataclass(frozen=True, slots=True)
class Data:
    kind: int
    function: int
    body: bytes


def checksum(content: bytes) -> int:
    """Over everything from the length to the last parameter (INS12350 §5.4.6)."""
    return reduce(xor, content, 0xFF)


def encode(data: Data) -> bytes:
    content = bytes([len(data.body) + SHORTEST, data.kind, data.function]) + data.body
    return bytes([SOF]) + content + bytes([checksum(content)])


class Reader:
    """Cuts bytes into signs and frames. Whatever is none of these is dropped (INS12350 §5.4.1)."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._began: float | None = None

    def feed(self, data: bytes, now: float) -> Iterator[Sign | Data]:
        self.expire(now)
        self._bytes += data
        while self._bytes:
            first = self._bytes[0]
            if first == SOF:
                found = self._frame()
                if found is None:
                    self._began = now if self._began is None else self._began
                    return
                yield found
            else:
                del self._bytes[0]
                if first in (ACK, NAK, CAN):
                    yield Sign(first)
            self._began = None

    def _frame(self) -> Data | Sign | None:
        """The frame at the beginning, taken off; None while it is not whole."""
        if len(self._bytes) < 2:
            return None
        length = self._bytes[1]
        if length < SHORTEST:
            del self._bytes[:2]
            return Sign.BROKEN
        if len(self._bytes) < length + 2:
            return None
        content, found = bytes(self._bytes[1 : length + 1]), self._bytes[length + 1]
        del self._bytes[: length + 2]
        return Data(content[1], content[2], content[3:]) if checksum(content) == found else Sign.BROKEN

    def deadline(self) -> float | None:
        return None if self._began is None else self._began + RECEPTION_S

    def expire(self, now: float) -> None:
        if self._began is not None and self._began + RECEPTION_S <= now:
            self.forget()

    def forget(self) -> None:
        self._bytes.clear()
        self._began = None
