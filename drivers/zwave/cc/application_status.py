"""Application Status Command Class 0x22: not now, or not at all. Source: ZW_classcmd.h, APPLICATION_BUSY, _REJECTED_REQUEST."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Reader, one_of

CLASS = 0x22


class Later(Enum):
    TRY_AGAIN = 0x00
    TRY_AGAIN_IN = 0x01
    """After so many seconds."""
    QUEUED = 0x02


@dataclass(frozen=True, slots=True)
class Busy:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    later: Later
    seconds: int = 0

    def body(self) -> bytes:
        return bytes((self.later.value, self.seconds))

    @classmethod
    def decode(cls, body: bytes) -> Busy:
        reader = Reader(body, "a busy sign")
        return cls(one_of(Later, reader.u8(), "a busy sign"), reader.u8() if reader.left else 0)


@dataclass(frozen=True, slots=True)
class RejectedRequest:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    status: int = 0

    def body(self) -> bytes:
        return bytes((self.status,))

    @classmethod
    def decode(cls, body: bytes) -> RejectedRequest:
        return cls(Reader(body, "a rejected request").u8())
