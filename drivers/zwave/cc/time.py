"""Time Command Class 0x8A, versions 1 and 2: locks ask what time it is. Source: ZW_classcmd.h, TIME_* and DATE_*."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader
from hub.errors import Garbled

CLASS = 0x8A
_SIGN = 0x80
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TimeGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)


@dataclass(frozen=True, slots=True)
class TimeReport:
    """Local time, whatever the two sides have agreed that to be."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    hour: int
    minute: int
    second: int
    clock_failed: bool = False

    def body(self) -> bytes:
        return bytes((self.hour | (_SIGN if self.clock_failed else 0), self.minute, self.second))

    @classmethod
    def decode(cls, body: bytes) -> TimeReport:
        reader = Reader(body, "a time report")
        head, minute, second = reader.u8(), reader.u8(), reader.u8()
        hour = head & 0x1F
        if hour > 23 or minute > 59 or second > 59:
            raise Garbled("a time report names a time that does not exist")
        return cls(hour, minute, second, bool(head & _SIGN))


@dataclass(frozen=True, slots=True)
class DateGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)


@dataclass(frozen=True, slots=True)
class DateReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    day: date

    def body(self) -> bytes:
        return self.day.year.to_bytes(2, "big") + bytes((self.day.month, self.day.day))

    @classmethod
    def decode(cls, body: bytes) -> DateReport:
        reader = Reader(body, "a date report")
        year, month, day = reader.u16(), reader.u8(), reader.u8()
        try:
            return cls(date(year, month, day))
        except ValueError as error:
            raise Garbled("a date report names a day that does not exist") from error


@dataclass(frozen=True, slots=True)
class Offset:
    """How far local time is from UTC, and how much further in summer; whole minutes."""

    standard: timedelta = timedelta()
    summer: timedelta = timedelta()

    def body(self) -> bytes:
        hours, minutes = divmod(abs(self.standard) // _MINUTE, 60)
        return bytes((_signed(self.standard, hours), minutes, _signed(self.summer, abs(self.summer) // _MINUTE)))

    @classmethod
    def read(cls, reader: Reader) -> Offset:
        head, minutes, summer = reader.u8(), reader.u8(), reader.u8()
        if minutes > 59:
            raise Garbled("an offset from UTC has too many minutes")
        standard = (head & 0x7F) * 60 + minutes
        return cls(
            timedelta(minutes=-standard if head & _SIGN else standard),
            timedelta(minutes=-(summer & 0x7F) if summer & _SIGN else summer & 0x7F),
        )


def _signed(offset: timedelta, magnitude: int) -> int:
    return magnitude | (_SIGN if offset < timedelta() else 0)


@dataclass(frozen=True, slots=True)
class Turn:
    """When summer time begins or ends; zeros where there is none."""

    month: int = 0
    day: int = 0
    hour: int = 0

    def body(self) -> bytes:
        return bytes((self.month, self.day, self.hour))

    @classmethod
    def read(cls, reader: Reader) -> Turn:
        return cls(reader.u8(), reader.u8(), reader.u8())


@dataclass(frozen=True, slots=True)
class TimeOffsetSet:
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    offset: Offset
    begins: Turn = Turn()
    ends: Turn = Turn()

    def body(self) -> bytes:
        return self.offset.body() + self.begins.body() + self.ends.body()

    @classmethod
    def decode(cls, body: bytes) -> TimeOffsetSet:
        reader = Reader(body, "an offset from UTC")
        return cls(Offset.read(reader), Turn.read(reader), Turn.read(reader))


@dataclass(frozen=True, slots=True)
class TimeOffsetGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)


@dataclass(frozen=True, slots=True)
class TimeOffsetReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)
    offset: Offset
    begins: Turn = Turn()
    ends: Turn = Turn()

    def body(self) -> bytes:
        return self.offset.body() + self.begins.body() + self.ends.body()

    @classmethod
    def decode(cls, body: bytes) -> TimeOffsetReport:
        reader = Reader(body, "an offset from UTC")
        return cls(Offset.read(reader), Turn.read(reader), Turn.read(reader))
