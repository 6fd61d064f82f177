"""Supervision Command Class 0x6C: a command whose receiver says what became of it. Source: ZW_classcmd.h, SUPERVISION_*."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Reader
from hub.errors import Garbled

CLASS = 0x6C
SESSIONS = 0x3F
"""SUPERVISION_GET_PROPERTIES1_SESSION_ID_MASK."""


class Status(Enum):
    NO_SUPPORT = 0x00
    WORKING = 0x01
    FAIL = 0x02
    BUSY = 0x03
    SUCCESS = 0xFF


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    session: int
    command: bytes = field(repr=False)
    updates: bool = False
    """Whether further reports are wanted while the receiver works."""

    def body(self) -> bytes:
        return bytes((self.session | (0x80 if self.updates else 0), len(self.command))) + self.command

    @classmethod
    def decode(cls, body: bytes) -> Get:
        reader = Reader(body, "a supervised command")
        head = reader.u8()
        return cls(head & SESSIONS, reader.take(reader.u8()), bool(head & 0x80))


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    session: int
    status: Status
    duration: int = 0
    more: bool = False

    def body(self) -> bytes:
        return bytes((self.session | (0x80 if self.more else 0), self.status.value, self.duration))

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a supervision report")
        head, status, duration = reader.u8(), reader.u8(), reader.u8()
        try:
            return cls(head & SESSIONS, Status(status), duration, bool(head & 0x80))
        except ValueError as error:
            raise Garbled("a supervision report names a status that does not exist") from error
