"""Time Parameters Command Class 0x8B: setting a node's clock. Source: ZW_classcmd.h, TIME_PARAMETERS_* ("hourUtc")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader
from hub.errors import Garbled

CLASS = 0x8B


def _wire(at: datetime) -> bytes:
    return at.year.to_bytes(2, "big") + bytes((at.month, at.day, at.hour, at.minute, at.second))


def _read(body: bytes) -> datetime:
    reader = Reader(body, "a date and time")
    year, month, day = reader.u16(), reader.u8(), reader.u8()
    try:
        return datetime(year, month, day, reader.u8(), reader.u8(), reader.u8(), tzinfo=UTC)
    except ValueError as error:
        raise Garbled("a date and time does not exist") from error


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    at: datetime
    """UTC, whole seconds."""

    def body(self) -> bytes:
        return _wire(self.at)

    @classmethod
    def decode(cls, body: bytes) -> Set:
        return cls(_read(body))


@dataclass(frozen=True, slots=True)
class Get(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    at: datetime

    def body(self) -> bytes:
        return _wire(self.at)

    @classmethod
    def decode(cls, body: bytes) -> Report:
        return cls(_read(body))
