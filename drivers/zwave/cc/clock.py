"""Clock Command Class 0x81: weekday, hour and minute, for nodes that keep no date. Source: ZW_classcmd.h, CLOCK_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader
from hub.errors import Garbled

CLASS = 0x81


def _read(body: bytes) -> tuple[int | None, int, int]:
    reader = Reader(body, "a clock")
    head, minute = reader.u8(), reader.u8()
    weekday, hour = head >> 5, head & 0x1F
    if hour > 23 or minute > 59:
        raise Garbled("a clock shows a time that does not exist")
    return (weekday - 1 if weekday else None), hour, minute


def _wire(weekday: int | None, hour: int, minute: int) -> bytes:
    return bytes(((0 if weekday is None else weekday + 1) << 5 | hour, minute))


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    weekday: int | None
    """0 is Monday; on the wire Monday is 1, and 0 stands for not known."""
    hour: int
    minute: int

    def body(self) -> bytes:
        return _wire(self.weekday, self.hour, self.minute)

    @classmethod
    def decode(cls, body: bytes) -> Set:
        return cls(*_read(body))


@dataclass(frozen=True, slots=True)
class Get(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    weekday: int | None
    hour: int
    minute: int

    def body(self) -> bytes:
        return _wire(self.weekday, self.hour, self.minute)

    @classmethod
    def decode(cls, body: bytes) -> Report:
        return cls(*_read(body))
