"""Door Lock Logging Command Class 0x4C: what the lock itself remembers of its door.

Source: ZW_classcmd.h, DOOR_LOCK_LOGGING_* and RECORD_*; event numbers: zwave-js 15 _Types.ts, DoorLockLoggingEventType.
A record may hold the code that was typed; it stays out of the repr. A moment or an event that does not exist makes no
record worthless: it is kept as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader

CLASS = 0x4C
_STATUS_SHIFT = 5
_HELD = 1 << _STATUS_SHIFT


class Event(Enum):
    LOCK_CODE = 0x01
    UNLOCK_CODE = 0x02
    LOCK_BUTTON = 0x03
    UNLOCK_BUTTON = 0x04
    LOCK_CODE_OUT_OF_SCHEDULE = 0x05
    UNLOCK_CODE_OUT_OF_SCHEDULE = 0x06
    WRONG_CODE = 0x07
    LOCK_MANUAL = 0x08
    UNLOCK_MANUAL = 0x09
    LOCK_AUTO = 0x0A
    UNLOCK_AUTO = 0x0B
    LOCK_REMOTE_CODE = 0x0C
    UNLOCK_REMOTE_CODE = 0x0D
    LOCK_REMOTE = 0x0E
    UNLOCK_REMOTE = 0x0F
    LOCK_REMOTE_CODE_OUT_OF_SCHEDULE = 0x10
    UNLOCK_REMOTE_CODE_OUT_OF_SCHEDULE = 0x11
    REMOTE_WRONG_CODE = 0x12
    LOCK_MANUAL_2 = 0x13
    UNLOCK_MANUAL_2 = 0x14
    SECURED = 0x15
    UNSECURED = 0x16
    CODE_ADDED = 0x17
    CODE_DELETED = 0x18
    ALL_CODES_DELETED = 0x19
    ADMIN_CODE_CHANGED = 0x1A
    CODE_CHANGED = 0x1B
    RESET = 0x1C
    CONFIGURATION_CHANGED = 0x1D
    LOW_BATTERY = 0x1E
    NEW_BATTERY = 0x1F
    UNKNOWN = 0x20


_EVENTS = frozenset(event.value for event in Event)


@dataclass(frozen=True, slots=True)
class Record:
    moment: tuple[int, int, int, int, int, int]
    """Year to second as the lock's clock had it; names of the fields: "Hour Local Time"."""
    number: int
    """Of the event."""
    user: int = 0
    code: bytes = field(default=b"", repr=False)

    @property
    def at(self) -> datetime | None:
        """In the lock's own local time, carried as UTC. None: its clock showed a moment that does not exist."""
        try:
            return datetime(*self.moment, tzinfo=UTC)
        except ValueError:
            return None

    @property
    def event(self) -> Event:
        return Event(self.number) if self.number in _EVENTS else Event.UNKNOWN


@dataclass(frozen=True, slots=True)
class RecordsSupportedGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)


@dataclass(frozen=True, slots=True)
class RecordsSupportedReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    records: int

    def body(self) -> bytes:
        return bytes((self.records,))

    @classmethod
    def decode(cls, body: bytes) -> RecordsSupportedReport:
        return cls(Reader(body, "the number of records").u8())


@dataclass(frozen=True, slots=True)
class RecordGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    number: int
    """0: the latest."""

    def body(self) -> bytes:
        return bytes((self.number,))

    @classmethod
    def decode(cls, body: bytes) -> RecordGet:
        return cls(Reader(body, "a question for a record").u8())


@dataclass(frozen=True, slots=True)
class RecordReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    number: int
    record: Record | None
    """None: nothing is there."""

    def body(self) -> bytes:
        held = self.record
        if held is None:
            return bytes((self.number,)) + bytes(10)
        year, month, day, hour, minute, second = held.moment
        moment = bytes((month, day, hour | _HELD, minute, second))
        tail = bytes((held.number, held.user, len(held.code))) + held.code
        return bytes((self.number,)) + year.to_bytes(2, "big") + moment + tail

    @classmethod
    def decode(cls, body: bytes) -> RecordReport:
        reader = Reader(body, "a record")
        number, year, month, day, head = reader.u8(), reader.u16(), reader.u8(), reader.u8(), reader.u8()
        if not head >> _STATUS_SHIFT:
            return cls(number, None)  # whatever else stands there is no news, as zwave-js 15 has it
        minute, second, event, user, length = reader.u8(), reader.u8(), reader.u8(), reader.u8(), reader.u8()
        moment = (year, month, day, head & 0x1F, minute, second)
        return cls(number, Record(moment, event, user, reader.take(length)))
