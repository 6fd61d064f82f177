"""Notification Command Class 0x71, versions 1 (then called Alarm) to 8.

Source: ZW_classcmd.h, ALARM_* and NOTIFICATION_*; "Notification Command Class, list of assigned Notifications" for the
events, of which only those that matter to a lock are named here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader, mask, numbered

CLASS = 0x71

ACCESS_CONTROL = 0x06
HOME_SECURITY = 0x07
POWER_MANAGEMENT = 0x08
SYSTEM = 0x09


@dataclass(frozen=True, slots=True)
class Happening:
    """What versions 2 and later say. `parameters` may hold a code and stay out of the repr."""

    kind: int
    event: int
    parameters: bytes = field(default=b"", repr=False)
    sequence: int | None = None
    """Same number, same event: a repetition."""
    status: int = 0xFF


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    alarm_type: int = 0
    alarm_level: int = 0
    """Version 1: the maker's own numbers; 0 in later versions, where makers keep to it."""
    happening: Happening | None = None

    def body(self) -> bytes:
        alarm = bytes((self.alarm_type, self.alarm_level))
        said = self.happening
        if said is None:
            return alarm
        flags = len(said.parameters) | (0 if said.sequence is None else 0x80)
        tail = b"" if said.sequence is None else bytes((said.sequence,))
        return alarm + bytes((0, said.status, said.kind, said.event, flags)) + said.parameters + tail

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a notification")
        alarm_type, alarm_level = reader.u8(), reader.u8()
        if reader.left < 5:
            return cls(alarm_type, alarm_level)
        reader.u8()
        status, kind, event, flags = reader.u8(), reader.u8(), reader.u8(), reader.u8()
        parameters = reader.take(flags & 0x1F)
        sequence = reader.u8() if flags & 0x80 else None
        return cls(alarm_type, alarm_level, Happening(kind, event, parameters, sequence, status))


@dataclass(frozen=True, slots=True)
class EventSupportedGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    kind: int

    def body(self) -> bytes:
        return bytes((self.kind,))

    @classmethod
    def decode(cls, body: bytes) -> EventSupportedGet:
        return cls(Reader(body, "a question for notifications").u8())


@dataclass(frozen=True, slots=True)
class EventSupportedReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    kind: int
    events: frozenset[int]

    def body(self) -> bytes:
        events = mask(self.events)
        return bytes((self.kind, len(events))) + events

    @classmethod
    def decode(cls, body: bytes) -> EventSupportedReport:
        reader = Reader(body, "a list of notifications")
        return cls(reader.u8(), numbered(reader.take(reader.u8() & 0x1F)))


@dataclass(frozen=True, slots=True)
class Get:
    """What is or was the matter; only of nodes that are asked for their news instead of telling them."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    alarm_type: int = 0
    kind: int | None = None
    """None: version 1. 0xFF: the first kind."""
    event: int | None = None
    """None: before version 3."""

    def body(self) -> bytes:
        return bytes(each for each in (self.alarm_type, self.kind, self.event) if each is not None)

    @classmethod
    def decode(cls, body: bytes) -> Get:
        reader = Reader(body, "a question for news")
        alarm_type = reader.u8()
        kind = reader.u8() if reader.left else None
        return cls(alarm_type, kind, reader.u8() if reader.left else None)


@dataclass(frozen=True, slots=True)
class Set:
    """Version 2: whether a kind of news is told unasked."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    kind: int
    told: bool

    def body(self) -> bytes:
        return bytes((self.kind, 0xFF if self.told else 0))

    @classmethod
    def decode(cls, body: bytes) -> Set:
        reader = Reader(body, "a switch for news")
        return cls(reader.u8(), reader.u8() != 0)


@dataclass(frozen=True, slots=True)
class SupportedGet(Bare):
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)


@dataclass(frozen=True, slots=True)
class SupportedReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x08)
    kinds: frozenset[int]
    old_alarms: bool = False
    """It also says the maker's own numbers of version 1."""

    def body(self) -> bytes:
        kinds = mask(self.kinds)
        return bytes((len(kinds) | (0x80 if self.old_alarms else 0),)) + kinds

    @classmethod
    def decode(cls, body: bytes) -> SupportedReport:
        reader = Reader(body, "a list of kinds of news")
        head = reader.u8()
        return cls(numbered(reader.take(head & 0x1F)), bool(head & 0x80))
