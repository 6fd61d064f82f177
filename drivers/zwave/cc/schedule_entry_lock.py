"""Schedule Entry Lock Command Class 0x4E, versions 1 to 4: the lock itself lets a user in at certain times only.

Source: ZW_classcmd.h, SCHEDULE_ENTRY_LOCK_*; zwave-js 15 ScheduleEntryLockCC.ts for the values of an erased slot and for
what a Set does besides: it enables the user's schedules and makes its own kind the one that counts.

Times are in the lock's own local time. They are carried as UTC here, for that is what its clock is set to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader, mask, numbered
from drivers.zwave.cc.time import Offset
from hub.errors import Garbled

CLASS = 0x4E
CENTURY = 2000
"""Years are counted from here; 0 to 99."""
_NONE = 0xFF
_ERASE, _MODIFY = 0, 1


@dataclass(frozen=True, slots=True)
class WeekDay:
    """Certain hours of one weekday, within that day."""

    day: int
    """0 is Monday; on the wire Sunday is 0."""
    start: tuple[int, int]
    stop: tuple[int, int]
    """Hour and minute."""

    def body(self) -> bytes:
        return bytes(((self.day + 1) % 7, *self.start, *self.stop))

    @classmethod
    def read(cls, body: bytes) -> WeekDay | None:
        if len(body) < 5 or _NONE in body[:5]:
            return None
        if body[0] > 6:
            raise Garbled("a schedule names a weekday that does not exist")
        return cls((body[0] - 1) % 7, _hour(body[1:3]), _hour(body[3:5]))


@dataclass(frozen=True, slots=True)
class YearDay:
    """From one minute to another."""

    start: datetime
    stop: datetime

    def body(self) -> bytes:
        return _moment(self.start) + _moment(self.stop)

    @classmethod
    def read(cls, body: bytes) -> YearDay | None:
        if len(body) < 10 or _NONE in body[:10]:
            return None
        return cls(_read_moment(body[:5]), _read_moment(body[5:10]))


@dataclass(frozen=True, slots=True)
class Daily:
    """The same hours on some weekdays; may run past midnight."""

    days: frozenset[int]
    """0 is Monday."""
    start: tuple[int, int]
    length: timedelta
    """Whole minutes, less than a day."""

    def body(self) -> bytes:
        days = mask((day + 1) % 7 for day in self.days) or b"\0"
        return days + bytes((*self.start, *divmod(self.length // timedelta(minutes=1), 60)))

    @classmethod
    def read(cls, body: bytes) -> Daily | None:
        days = frozenset((day - 1) % 7 for day in numbered(body[:1]) if day < 7)
        if len(body) < 5 or not days or _NONE in body[:5]:
            return None
        hours, minutes = _hour(body[3:5])
        return cls(days, _hour(body[1:3]), timedelta(hours=hours, minutes=minutes))


def _hour(wire: bytes) -> tuple[int, int]:
    hour, minute = wire
    if hour > 23 or minute > 59:
        raise Garbled("a schedule names a time that does not exist")
    return hour, minute


def _moment(at: datetime) -> bytes:
    return bytes((at.year - CENTURY, at.month, at.day, at.hour, at.minute))


def _read_moment(wire: bytes) -> datetime:
    year, month, day, hour, minute = wire
    try:
        return datetime(CENTURY + year, month, day, hour, minute, tzinfo=UTC)
    except ValueError as error:
        raise Garbled("a schedule names a day that does not exist") from error


def _action(reader: Reader) -> bool:
    """Whether something is to be set; else it is to be erased."""
    action = reader.u8()
    if action not in {_ERASE, _MODIFY}:
        raise Garbled("a schedule is to be treated in a way that does not exist")
    return action == _MODIFY


@dataclass(frozen=True, slots=True)
class EnableSet:
    """Disabled schedules confine nobody."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    user: int
    enabled: bool

    def body(self) -> bytes:
        return bytes((self.user, self.enabled))

    @classmethod
    def decode(cls, body: bytes) -> EnableSet:
        reader = Reader(body, "a switch for schedules")
        return cls(reader.u8(), reader.u8() == 1)


@dataclass(frozen=True, slots=True)
class EnableAllSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    enabled: bool

    def body(self) -> bytes:
        return bytes((self.enabled,))

    @classmethod
    def decode(cls, body: bytes) -> EnableAllSet:
        return cls(Reader(body, "a switch for schedules").u8() == 1)


@dataclass(frozen=True, slots=True)
class SupportedGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x09)


@dataclass(frozen=True, slots=True)
class SupportedReport:
    """How many schedules of each kind a user can have."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0A)
    week_day: int
    year_day: int
    daily: int | None = None
    """None: earlier than version 3."""

    def body(self) -> bytes:
        counts = bytes((self.week_day, self.year_day))
        return counts if self.daily is None else counts + bytes((self.daily,))

    @classmethod
    def decode(cls, body: bytes) -> SupportedReport:
        reader = Reader(body, "the number of schedules")
        return cls(reader.u8(), reader.u8(), reader.u8() if reader.left else None)


@dataclass(frozen=True, slots=True)
class WeekDaySet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    user: int
    slot: int
    schedule: WeekDay | None
    """None: erase it."""

    def body(self) -> bytes:
        rest = bytes((_NONE,) * 5) if self.schedule is None else self.schedule.body()
        return bytes((self.schedule is not None, self.user, self.slot)) + rest

    @classmethod
    def decode(cls, body: bytes) -> WeekDaySet:
        reader = Reader(body, "a weekly schedule")
        is_set, user, slot = _action(reader), reader.u8(), reader.u8()
        return cls(user, slot, WeekDay.read(reader.take(5)) if is_set else None)


@dataclass(frozen=True, slots=True)
class WeekDayGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    user: int
    slot: int

    def body(self) -> bytes:
        return bytes((self.user, self.slot))

    @classmethod
    def decode(cls, body: bytes) -> WeekDayGet:
        reader = Reader(body, "a question for a schedule")
        return cls(reader.u8(), reader.u8())


@dataclass(frozen=True, slots=True)
class WeekDayReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    user: int
    slot: int
    schedule: WeekDay | None
    """None: there is none."""

    def body(self) -> bytes:
        rest = bytes((_NONE,) * 5) if self.schedule is None else self.schedule.body()
        return bytes((self.user, self.slot)) + rest

    @classmethod
    def decode(cls, body: bytes) -> WeekDayReport:
        reader = Reader(body, "a weekly schedule")
        return cls(reader.u8(), reader.u8(), WeekDay.read(reader.rest()))


@dataclass(frozen=True, slots=True)
class YearDaySet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    user: int
    slot: int
    schedule: YearDay | None
    """None: erase it."""

    def body(self) -> bytes:
        rest = bytes((_NONE,) * 10) if self.schedule is None else self.schedule.body()
        return bytes((self.schedule is not None, self.user, self.slot)) + rest

    @classmethod
    def decode(cls, body: bytes) -> YearDaySet:
        reader = Reader(body, "a dated schedule")
        is_set, user, slot = _action(reader), reader.u8(), reader.u8()
        return cls(user, slot, YearDay.read(reader.take(10)) if is_set else None)


@dataclass(frozen=True, slots=True)
class YearDayGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)
    user: int
    slot: int

    def body(self) -> bytes:
        return bytes((self.user, self.slot))

    @classmethod
    def decode(cls, body: bytes) -> YearDayGet:
        reader = Reader(body, "a question for a schedule")
        return cls(reader.u8(), reader.u8())


@dataclass(frozen=True, slots=True)
class YearDayReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x08)
    user: int
    slot: int
    schedule: YearDay | None
    """None: there is none."""

    def body(self) -> bytes:
        rest = bytes((_NONE,) * 10) if self.schedule is None else self.schedule.body()
        return bytes((self.user, self.slot)) + rest

    @classmethod
    def decode(cls, body: bytes) -> YearDayReport:
        reader = Reader(body, "a dated schedule")
        return cls(reader.u8(), reader.u8(), YearDay.read(reader.rest()))


@dataclass(frozen=True, slots=True)
class DailySet:
    """Version 3."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x10)
    user: int
    slot: int
    schedule: Daily | None
    """None: erase it."""

    def body(self) -> bytes:
        rest = bytes((_NONE,) * 5) if self.schedule is None else self.schedule.body()
        return bytes((self.schedule is not None, self.user, self.slot)) + rest

    @classmethod
    def decode(cls, body: bytes) -> DailySet:
        reader = Reader(body, "a daily schedule")
        is_set, user, slot = _action(reader), reader.u8(), reader.u8()
        return cls(user, slot, Daily.read(reader.take(5)) if is_set else None)


@dataclass(frozen=True, slots=True)
class DailyGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0E)
    user: int
    slot: int

    def body(self) -> bytes:
        return bytes((self.user, self.slot))

    @classmethod
    def decode(cls, body: bytes) -> DailyGet:
        reader = Reader(body, "a question for a schedule")
        return cls(reader.u8(), reader.u8())


@dataclass(frozen=True, slots=True)
class DailyReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0F)
    user: int
    slot: int
    schedule: Daily | None
    """None: there is none."""

    def body(self) -> bytes:
        rest = bytes(5) if self.schedule is None else self.schedule.body()
        return bytes((self.user, self.slot)) + rest

    @classmethod
    def decode(cls, body: bytes) -> DailyReport:
        reader = Reader(body, "a daily schedule")
        return cls(reader.u8(), reader.u8(), Daily.read(reader.rest()))


@dataclass(frozen=True, slots=True)
class TimeOffsetGet(Bare):
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0B)


@dataclass(frozen=True, slots=True)
class TimeOffsetReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0C)
    offset: Offset

    def body(self) -> bytes:
        return self.offset.body()

    @classmethod
    def decode(cls, body: bytes) -> TimeOffsetReport:
        return cls(Offset.read(Reader(body, "an offset from UTC")))


@dataclass(frozen=True, slots=True)
class TimeOffsetSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0D)
    offset: Offset

    def body(self) -> bytes:
        return self.offset.body()

    @classmethod
    def decode(cls, body: bytes) -> TimeOffsetSet:
        return cls(Offset.read(Reader(body, "an offset from UTC")))
