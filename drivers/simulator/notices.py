"""What a lock tells of its own accord: Notification Reports (ZWA AWG 2024A §2.2.74.6) or Alarm v1 reports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from drivers.simulator.memory import Bolt, By
from drivers.simulator.quirks import V1, Quirks, SlotAs

ACCESS_CONTROL: Final = 6
POWER_MANAGEMENT: Final = 8


class Event(IntEnum):
    """Access Control events (Registry of Notification Command Class, type 0x06)."""

    IDLE = 0x00
    MANUAL_LOCK = 0x01
    MANUAL_UNLOCK = 0x02
    RF_LOCK = 0x03
    RF_UNLOCK = 0x04
    KEYPAD_LOCK = 0x05
    KEYPAD_UNLOCK = 0x06
    AUTO_LOCK = 0x09
    AUTO_LOCK_NOT_FULLY = 0x0A
    JAMMED = 0x0B
    ALL_CODES_DELETED = 0x0C
    CODE_DELETED = 0x0D
    CODE_ADDED = 0x0E
    CODE_DUPLICATE = 0x0F
    TOO_MANY_WRONG_CODES = 0x13


class Power(IntEnum):
    """Power Management events (same registry, type 0x08)."""

    APPLIED = 0x01
    REPLACE_SOON = 0x0A
    REPLACE_NOW = 0x0B


MOVED: Final[Mapping[tuple[By, Bolt], Event]] = {
    (By.HAND, Bolt.LOCKED): Event.MANUAL_LOCK,
    (By.HAND, Bolt.UNLOCKED): Event.MANUAL_UNLOCK,
    (By.RADIO, Bolt.LOCKED): Event.RF_LOCK,
    (By.RADIO, Bolt.UNLOCKED): Event.RF_UNLOCK,
    (By.KEYPAD, Bolt.LOCKED): Event.KEYPAD_LOCK,
    (By.KEYPAD, Bolt.UNLOCKED): Event.KEYPAD_UNLOCK,
    (By.AUTO, Bolt.LOCKED): Event.AUTO_LOCK,
}

# Source: alarm types and levels of Kwikset and Yale as the zwave-js device files map them (level 1 where Yale has it).
# Which type tells of a code added or refused they do not say: 112 is "code changed" in zwave-js #1713.
_V1: Final[Mapping[Event, tuple[int, int]]] = {
    Event.IDLE: (0, 0),
    Event.MANUAL_LOCK: (21, 1),
    Event.MANUAL_UNLOCK: (22, 1),
    Event.RF_LOCK: (24, 1),
    Event.RF_UNLOCK: (25, 1),
    Event.KEYPAD_LOCK: (18, 0),
    Event.KEYPAD_UNLOCK: (19, 0),
    Event.AUTO_LOCK: (27, 1),
    Event.AUTO_LOCK_NOT_FULLY: (26, 1),
    Event.JAMMED: (9, 0),
    Event.ALL_CODES_DELETED: (32, 0),
    Event.CODE_DELETED: (33, 0),
    Event.CODE_ADDED: (112, 0),
    Event.CODE_DUPLICATE: (112, 0),
    Event.TOO_MANY_WRONG_CODES: (161, 1),
}
_KEYPAD_OFF: Final = (96, 0xFF)
# Source: facts table made from the device files: which types Kwikset and Yale map; FE599 has 96/255 for a keypad that is off.
_UNTOLD: Final[Mapping[V1, frozenset[Event]]] = {
    V1.ANY: frozenset(),
    V1.KWIKSET: frozenset({Event.TOO_MANY_WRONG_CODES}),
    V1.YALE: frozenset({Event.IDLE, Event.AUTO_LOCK_NOT_FULLY, Event.ALL_CODES_DELETED, Event.CODE_DELETED}),
    V1.SCHLAGE: frozenset(),
}
_V1_POWER: Final = {Power.REPLACE_SOON: 167, Power.REPLACE_NOW: 168}


def report(kind: int, event: int, *, level: int = 0, parameters: bytes = b"") -> bytes:
    return bytes([0x71, 0x05, 0, level, 0, 0xFF, kind, event, len(parameters)]) + parameters


def _alarm(event: Event, quirks: Quirks) -> tuple[int, int] | None:
    """Type and level; None: a lock of this brand does not tell it."""
    if event in _UNTOLD[quirks.v1_as]:
        return None
    off = quirks.v1_as is V1.SCHLAGE and event is Event.TOO_MANY_WRONG_CODES
    return _KEYPAD_OFF if off else _V1[event]


def access(event: Event, quirks: Quirks, *, parameters: bytes = b"") -> bytes:
    """Empty: this lock does not tell it."""
    if quirks.v1_alarms:
        alarm = _alarm(event, quirks)
        return b"" if alarm is None else bytes([0x71, 0x05, *alarm])
    return report(ACCESS_CONTROL, event, parameters=parameters)


def about_slot(event: Event, slot: int, nested: bytes, quirks: Quirks) -> bytes:
    """An event of one slot, told where this lock tells it; empty: it does not. `nested` is the slot's User Code Report."""
    low = slot & 0xFF
    if quirks.v1_alarms:
        alarm = _alarm(event, quirks)
        return b"" if alarm is None else bytes([0x71, 0x05, alarm[0], low])
    match quirks.slot_as:
        case SlotAs.REPORT:
            return report(ACCESS_CONTROL, event, parameters=nested)
        case SlotAs.BYTE:
            return report(ACCESS_CONTROL, event, parameters=bytes([low]))
        case SlotAs.LEVEL:
            return report(ACCESS_CONTROL, event, level=low)
        case SlotAs.NOWHERE:
            return report(ACCESS_CONTROL, event)


def power(event: Power, percent: int, quirks: Quirks) -> bytes:
    """Empty: this lock does not tell it."""
    if quirks.v1_alarms:
        return bytes([0x71, 0x05, _V1_POWER[event], percent]) if event in _V1_POWER else b""
    return report(POWER_MANAGEMENT, event)
