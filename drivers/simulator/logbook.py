"""Door Lock Logging and Time Parameters of a simulated lock: what it writes down of itself, and by what clock.

Layouts: ZW_classcmd.h, RECORD_REPORT_* and TIME_PARAMETERS_*. Numbers of events: zwave-js 15, DoorLockLoggingEventType. No
public text says whether a line keeps its number or the latest is always the first: both are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import Final

from drivers.simulator.memory import Bolt, By, ClockSet, Logged, Memory
from drivers.simulator.quirks import Quirks

CLASS: Final = 0x4C
TIME_PARAMETERS: Final = 0x8B
_EMPTY: Final = bytes(10)


class Written(IntEnum):
    LOCK_CODE = 0x01
    UNLOCK_CODE = 0x02
    WRONG_CODE = 0x07
    LOCK_MANUAL = 0x08
    UNLOCK_MANUAL = 0x09
    LOCK_AUTO = 0x0A
    LOCK_REMOTE = 0x0E
    UNLOCK_REMOTE = 0x0F
    CODE_ADDED = 0x17
    CODE_DELETED = 0x18
    ALL_CODES_DELETED = 0x19
    LOW_BATTERY = 0x1E
    NEW_BATTERY = 0x1F


MOVED: Final[Mapping[tuple[By, Bolt], Written]] = {
    (By.HAND, Bolt.LOCKED): Written.LOCK_MANUAL,
    (By.HAND, Bolt.UNLOCKED): Written.UNLOCK_MANUAL,
    (By.RADIO, Bolt.LOCKED): Written.LOCK_REMOTE,
    (By.RADIO, Bolt.UNLOCKED): Written.UNLOCK_REMOTE,
    (By.KEYPAD, Bolt.LOCKED): Written.LOCK_CODE,
    (By.KEYPAD, Bolt.UNLOCKED): Written.UNLOCK_CODE,
    (By.AUTO, Bolt.LOCKED): Written.LOCK_AUTO,
}


def line(event: Written, slot: int | None, at: datetime, quirks: Quirks) -> Logged:
    moment = (0,) * 6 if quirks.no_clock else (at.year, at.month, at.day, at.hour, at.minute, at.second)
    return Logged(moment=moment, event=event, user=0 if slot is None else slot & 0xFF)


def supported(room: int) -> bytes:
    return bytes([CLASS, 0x02, room])


def record(memory: Memory, room: int, number: int, quirks: Quirks) -> bytes:
    """Record Report; empty: it does not answer. `number` 0 is the newest line, which is told with its own number."""
    kept = memory.lines[-room:]
    latest = (memory.written - 1) % room + 1 if quirks.numbered_ring and kept else 1
    wanted = number or latest
    behind = (latest - wanted) % room if quirks.numbered_ring else wanted - 1
    told = kept[-1 - behind] if 0 <= behind < len(kept) else None
    if told is None and quirks.quiet_records:
        return b""
    if told is None:
        stale = _line(memory.lines[0], 0) if quirks.stale_records and memory.lines else _EMPTY
        return bytes([CLASS, 0x04, wanted]) + stale
    return bytes([CLASS, 0x04, wanted]) + _line(told, quirks.record_status)


def _line(told: Logged, status: int) -> bytes:
    year, month, day, hour, minute, second = told.moment
    moment = year.to_bytes(2, "big") + bytes([month, day, status << 5 | hour, minute, second])
    return moment + bytes([told.event, told.user, 0])


def shown(at: datetime) -> bytes:
    """Time Parameters Report."""
    moment = bytes([at.month, at.day, at.hour, at.minute, at.second])
    return bytes([TIME_PARAMETERS, 0x03]) + at.year.to_bytes(2, "big") + moment


def told(command: list[int], wall: datetime) -> ClockSet | None:
    """How far the clock is from the wall once it obeyed Time Parameters Set; None: there is no such moment."""
    high, low, month, day, hour, minute, second = command[:7]
    try:
        at = datetime(high << 8 | low, month, day, hour, minute, second, tzinfo=wall.tzinfo)
    except ValueError:
        return None
    return ClockSet(off_s=(at - wall).total_seconds())
