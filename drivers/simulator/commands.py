"""The Command Classes of a simulated lock. Layouts: ZWA Application Work Group Specifications, release 2024A."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from drivers.simulator import associations, logbook, user_codes
from drivers.simulator.locks import SimLock
from drivers.simulator.memory import Bolt, By
from drivers.simulator.notices import ACCESS_CONTROL, POWER_MANAGEMENT, Event, Power
from drivers.simulator.quirks import Supervision
from drivers.simulator.security.keys import Level
from drivers.simulator.settings import Security
from drivers.simulator.user_codes import mask

DOOR_LOCK: Final = 0x62
USER_CODE: Final = 0x63
SUPERVISION: Final = 0x6C
CONFIGURATION: Final = 0x70
NOTIFICATION: Final = 0x71
MANUFACTURER_SPECIFIC: Final = 0x72
BATTERY: Final = 0x80
ASSOCIATION: Final = associations.CLASS
VERSION: Final = 0x86
PLUS_INFO: Final = 0x5E
SECURITY: Final = 0x98
SECURITY_2: Final = 0x9F


class Outcome(Enum):
    DONE = "done"
    WORKING = "working"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


Obey = Callable[[SimLock, list[int], float], Outcome]


def supervision(lock: SimLock) -> Supervision:
    return lock.quirks.supervision or lock.model.supervision


def classes(lock: SimLock) -> dict[int, int]:
    """The Command Classes a lock advertises, with their versions, in the order of its Node Information Frame."""
    known = {PLUS_INFO: 2, VERSION: 2, MANUFACTURER_SPECIFIC: 1, BATTERY: 1, DOOR_LOCK: 4}
    if lock.settings.slot_count:
        known[USER_CODE] = lock.settings.user_code_version
    known[NOTIFICATION] = 1 if lock.quirks.v1_alarms else 8
    if lock.model.groups:
        known[ASSOCIATION] = 1
    if lock.model.parameters:
        known[CONFIGURATION] = 1
    if lock.settings.records:
        known[logbook.CLASS] = 1
        if not lock.quirks.no_clock:
            known[logbook.TIME_PARAMETERS] = 1
    if supervision(lock) is not Supervision.NONE:
        known[SUPERVISION] = 1
    if lock.settings.security is Security.S2:
        known[SECURITY_2] = 1
    if Level.S0 in lock.settings.wanted:
        known[SECURITY] = 1
    return known


def obey(lock: SimLock, command: bytes, now: float) -> Outcome:
    """Do what a command says and put the answer into `lock.said`. What cannot be understood is ignored, as the standard asks."""
    if not command or command[0] not in classes(lock) or command[0] not in _OBEY:
        return Outcome.UNSUPPORTED
    return _OBEY[command[0]](lock, list(command[1:]), now)


def _plus_info(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x01, *_]:
            # Version 2, role Listening Sleeping End Device (7), Z-Wave+ node (0), icons Door Lock Keypad (0x0300).
            lock.answer(PLUS_INFO, 0x02, 0x02, 0x07, 0x00, bytes.fromhex("03000300"))
            return Outcome.DONE
    return Outcome.UNSUPPORTED


def _version(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x11, *_]:
            # Library type Enhanced 232 End Device (3), protocol 6.2, hardware 1, no further firmware.
            lock.answer(VERSION, 0x12, 0x03, 0x06, 0x02, bytes(lock.model.firmware), 0x01, 0x00)
        case [0x13, asked, *_]:
            lock.answer(VERSION, 0x14, asked, classes(lock).get(asked, 0))
        case _:
            return Outcome.UNSUPPORTED
    return Outcome.DONE


def _manufacturer(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x04, *_]:
            ids = (lock.model.manufacturer, lock.model.product_type, lock.model.product_id)
            lock.answer(MANUFACTURER_SPECIFIC, 0x05, *(each.to_bytes(2, "big") for each in ids))
            return Outcome.DONE
    return Outcome.UNSUPPORTED


def _battery(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x02, *_]:
            lock.answer(BATTERY, 0x03, lock.battery_level())
            return Outcome.DONE
    return Outcome.UNSUPPORTED


def _door_lock(lock: SimLock, command: list[int], now: float) -> Outcome:
    match command:
        case [0x01, 0x00 | 0xFF as mode, *_]:
            to = Bolt.LOCKED if mode else Bolt.UNLOCKED
            lock.drive(to, By.RADIO, now)
            if lock.motion is not None:
                return Outcome.WORKING
            return Outcome.DONE if lock.memory.bolt is to else Outcome.FAILED
        case [0x01, _, *_]:
            return Outcome.FAILED
        case [0x02, *_]:
            lock.answer(lock.operation_report(now))
        case [0x04, 0x01, _handles, _minutes, _seconds, high, low, *_]:
            lock.set_auto_lock(high << 8 | low, now)
        case [0x05, *_]:
            relock = min(int(lock.memory.auto_lock), 0xFFFF).to_bytes(2, "big")
            lock.answer(DOOR_LOCK, 0x06, 0x01, 0x00, 0xFE, 0xFE, relock, bytes(3))
        case [0x07, *_]:
            # Constant operation; modes 00 and FF; no handles; a bolt; auto-relock.
            lock.answer(DOOR_LOCK, 0x08, 0x01, 0x02, 0x02, 0x00, 0xFF, 0x00, 0x02, 0x08)
        case _:
            return Outcome.UNSUPPORTED
    return Outcome.DONE


def _user_code(lock: SimLock, command: list[int], _now: float) -> Outcome:
    stored = user_codes.obey(lock, command)
    if stored is None:
        return Outcome.UNSUPPORTED
    return Outcome.DONE if stored else Outcome.FAILED


def _association(lock: SimLock, command: list[int], _now: float) -> Outcome:
    done = associations.obey(lock, command)
    if done is None:
        return Outcome.UNSUPPORTED
    return Outcome.DONE if done else Outcome.FAILED


_EVENTS: Final[Mapping[int, Sequence[int]]] = {
    ACCESS_CONTROL: [event for event in Event if event is not Event.IDLE],
    POWER_MANAGEMENT: list(Power),
}
_ANY_TYPE: Final = 0xFF
_UNKNOWN_EVENT: Final = 0xFE


def _notification(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x01, kind, *_]:
            bits = mask(_EVENTS.get(kind, []))
            lock.answer(NOTIFICATION, 0x02, kind, len(bits), bits)
        case [0x04, _v1, kind, *event] if kind in _EVENTS or kind == _ANY_TYPE:
            chosen = ACCESS_CONTROL if kind == _ANY_TYPE else kind
            state = _state(lock, chosen, event[0] if event and kind != _ANY_TYPE else 0)
            lock.answer(NOTIFICATION, 0x05, 0, 0, 0, 0x00 if chosen in lock.muted else 0xFF, chosen, state, 0)
        case [0x06, kind, 0x00 | 0xFF as status, *_] if kind in _EVENTS:
            lock.muted.discard(kind) if status else lock.muted.add(kind)
        case [0x07, *_]:
            bits = mask(_EVENTS)
            lock.answer(NOTIFICATION, 0x08, len(bits), bits)
        case [0x04 | 0x06, *_]:
            return Outcome.FAILED
        case _:
            return Outcome.UNSUPPORTED
    return Outcome.DONE


def _state(lock: SimLock, kind: int, event: int) -> int:
    if event and event not in _EVENTS[kind]:
        return _UNKNOWN_EVENT
    stuck = kind == ACCESS_CONTROL and lock.memory.jammed and lock.memory.bolt is Bolt.UNKNOWN
    return Event.JAMMED if stuck else Event.IDLE


def _configuration(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x04, number, size, *value] if number in lock.model.parameters:
            wide = lock.model.parameters[number]
            if size & 0x80:
                return Outcome.DONE if lock.set_parameter(number, wide.default) else Outcome.FAILED
            if size & 0x07 != wide.size or len(value) < wide.size:
                return Outcome.FAILED
            meant = int.from_bytes(bytes(value[: wide.size]), "big")
            return Outcome.DONE if lock.set_parameter(number, meant) else Outcome.FAILED
        case [0x05, number, *_] if (held := lock.parameter(number)) is not None:
            wide = lock.model.parameters[number]
            lock.answer(CONFIGURATION, 0x06, number, wide.size, held.to_bytes(wide.size, "big"))
            return Outcome.DONE
        case [0x04 | 0x05, *_]:
            return Outcome.FAILED
    return Outcome.UNSUPPORTED


def _log(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x01, *_]:
            lock.answer(logbook.supported(lock.settings.records))
        case [0x03, number, *_] if number <= lock.settings.records:
            told = logbook.record(lock.memory, lock.settings.records, number, lock.quirks)
            if told:
                lock.answer(told)
        case [0x03, *_]:
            return Outcome.FAILED
        case _:
            return Outcome.UNSUPPORTED
    return Outcome.DONE


def _time(lock: SimLock, command: list[int], _now: float) -> Outcome:
    match command:
        case [0x01, *moment] if len(moment) >= 7:
            return Outcome.DONE if lock.set_clock(moment) else Outcome.FAILED
        case [0x02, *_]:
            lock.answer(logbook.shown(lock.clock))
            return Outcome.DONE
    return Outcome.UNSUPPORTED


_STATUS: Final = {Outcome.UNSUPPORTED: 0x00, Outcome.WORKING: 0x01, Outcome.FAILED: 0x02, Outcome.DONE: 0xFF}


def _supervised(lock: SimLock, command: list[int], now: float) -> Outcome:
    match command:
        case [0x01, flags, length, *inner] if 1 <= length <= len(inner):
            session = flags & 0x3F
            if session == lock.last_session:
                return Outcome.DONE  # CC:006C.01.01.11.00D: an unsecured repeat is neither obeyed nor answered
            lock.last_session = session
            outcome = obey(lock, bytes(inner[:length]), now)
            _report(lock, flags, outcome, now)
            return outcome
    return Outcome.UNSUPPORTED


def _report(lock: SimLock, flags: int, outcome: Outcome, now: float) -> None:
    match supervision(lock):
        case Supervision.WORKS | Supervision.SPAM:
            session = flags & 0x3F
        case Supervision.SESSION_0:
            session = 0
        case Supervision.MUTE | Supervision.NONE:
            return
    more, left = 0, 0
    if outcome is Outcome.WORKING and lock.motion is not None:
        left = lock.operation_report(now)[-1]
        if flags & 0x80:
            more = 0x80
            lock.motion = replace(lock.motion, session=session)
    lock.answer(SUPERVISION, 0x02, more | session, _STATUS[outcome], left)
    if supervision(lock) is Supervision.SPAM:
        lock.habits.nag(bytes([SUPERVISION, 0x02, more | session, _STATUS[outcome], left]))


_OBEY: Final[Mapping[int, Obey]] = {
    PLUS_INFO: _plus_info,
    VERSION: _version,
    MANUFACTURER_SPECIFIC: _manufacturer,
    BATTERY: _battery,
    DOOR_LOCK: _door_lock,
    USER_CODE: _user_code,
    NOTIFICATION: _notification,
    CONFIGURATION: _configuration,
    SUPERVISION: _supervised,
    ASSOCIATION: _association,
    logbook.CLASS: _log,
    logbook.TIME_PARAMETERS: _time,
}
