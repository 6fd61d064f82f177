"""What a lock's notifications mean to the house.

Source of the numbers: "Notification Command Class, list of assigned Notifications".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from drivers.zwave.cc import decode, door_lock, notification, user_code, user_credential
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.notification import Happening
from drivers.zwave.cc.user_credential import Kind
from drivers.zwave.known import Known
from hub.errors import Garbled
from hub.model.facts import BoltMoved, CodeChange, CodesChanged, Fact, Trouble, TroubleSeen
from hub.model.values import Address, How, Position

_BOLT: Mapping[int, tuple[Position, How]] = {
    0x01: (Position.LOCKED, How.MANUAL),
    0x02: (Position.UNLOCKED, How.MANUAL),
    0x03: (Position.LOCKED, How.REMOTE),
    0x04: (Position.UNLOCKED, How.REMOTE),
    0x05: (Position.LOCKED, How.KEYPAD),
    0x06: (Position.UNLOCKED, How.KEYPAD),
    0x07: (Position.JAMMED, How.MANUAL),
    0x08: (Position.JAMMED, How.REMOTE),
    0x09: (Position.LOCKED, How.AUTO),
    0x0A: (Position.JAMMED, How.AUTO),
    0x0B: (Position.JAMMED, How.UNKNOWN),
    0x21: (Position.LOCKED, How.KEYPAD),
    0x22: (Position.UNLOCKED, How.KEYPAD),
    0x23: (Position.LOCKED, How.UNKNOWN),
    0x24: (Position.UNLOCKED, How.UNKNOWN),
}
"""Access Control. 0x07, 0x08 and 0x0A are "not fully locked"; with 0x23 and 0x24 the parameters say what was used."""
_CREDENTIAL_USED = frozenset({0x23, 0x24})
_CODES: Mapping[int, CodeChange] = {
    0x0C: CodeChange.ALL_DELETED,
    0x0D: CodeChange.DELETED,
    0x0E: CodeChange.ADDED,
    0x0F: CodeChange.DUPLICATE,
    0x26: CodeChange.ALL_DELETED,
    0x2B: CodeChange.ADDED,
    0x2C: CodeChange.ADDED,
    0x2D: CodeChange.DELETED,
}
"""Access Control. 0x26 and 0x2B to 0x2D are of User Credential: several deleted, one added, modified, deleted."""
_BARE_CREDENTIAL = 5
_TROUBLE: Mapping[tuple[int, int], tuple[Trouble, str]] = {
    (notification.ACCESS_CONTROL, 0x07): (Trouble.JAMMED, "not fully locked"),
    (notification.ACCESS_CONTROL, 0x08): (Trouble.JAMMED, "not fully locked"),
    (notification.ACCESS_CONTROL, 0x0A): (Trouble.JAMMED, "not fully locked"),
    (notification.ACCESS_CONTROL, 0x0B): (Trouble.JAMMED, ""),
    (notification.ACCESS_CONTROL, 0x10): (Trouble.KEYPAD_OFF, ""),
    (notification.ACCESS_CONTROL, 0x13): (Trouble.WRONG_CODES, ""),
    (notification.HOME_SECURITY, 0x03): (Trouble.TAMPER, "the cover was removed"),
    (notification.HOME_SECURITY, 0x04): (Trouble.WRONG_CODES, ""),
    (notification.HOME_SECURITY, 0x09): (Trouble.TAMPER, "the lock was moved"),
    (notification.POWER_MANAGEMENT, 0x0A): (Trouble.BATTERY_LOW, ""),
    (notification.POWER_MANAGEMENT, 0x0B): (Trouble.BATTERY_CRITICAL, ""),
    (notification.POWER_MANAGEMENT, 0x0E): (Trouble.BATTERY_LOW, ""),
    (notification.POWER_MANAGEMENT, 0x0F): (Trouble.BATTERY_CRITICAL, ""),
    (notification.SYSTEM, 0x06): (Trouble.TAMPER, "the cover was removed"),
}


def translated(command: Command, known: Known | None) -> Command:
    """Version 1 alarms in the words of later versions, where the maker's numbers are known."""
    match command:
        case notification.Report(alarm_type=kind, alarm_level=level, happening=said) if kind and known is not None:
            if said is None or said.kind == 0:
                return replace(command, happening=known.device.meaning(kind, level))
    return command


def moved(said: Happening) -> tuple[Position, How] | None:
    """Where the bolt is now and how it came there; None for what tells nothing of it."""
    return _BOLT.get(said.event) if said.kind == notification.ACCESS_CONTROL else None


def facts(said: Happening, lock: Address, at: datetime) -> list[Fact]:
    """Nothing for what is not a lock's business, and for "idle again"."""
    found: list[Fact] = []
    trouble = _TROUBLE.get((said.kind, said.event))
    if trouble is not None:
        found.append(TroubleSeen(lock, at, *trouble))
    bolt = moved(said)
    if bolt is not None:
        position, how = bolt
        used = _credential_in(said.parameters) if said.event in _CREDENTIAL_USED else None
        if used is not None and used[0] is Kind.PIN:
            how = How.KEYPAD
        slot = slot_in(said.parameters) if how is How.KEYPAD else None
        found.append(BoltMoved(lock, at, position, how, slot))
    change = code_change(said)
    if change is not None:
        found.append(CodesChanged(lock, at, change, slot_in(said.parameters)))
    return found


def code_change(said: Happening) -> CodeChange | None:
    """None also for a change of a credential that is no code, such as a tag."""
    if said.kind != notification.ACCESS_CONTROL:
        return None
    credential = _credential_in(said.parameters)
    if credential is not None and credential[0] not in {Kind.PIN, Kind.NONE}:
        return None
    return _CODES.get(said.event)


def _credential_in(parameters: bytes) -> tuple[Kind, int] | None:
    """What a notification names: a nested report of a credential, or its owner, kind and slot (registry, version 8)."""
    try:
        if len(parameters) == _BARE_CREDENTIAL:
            return Kind(parameters[2]), int.from_bytes(parameters[3:], "big")
        nested = decode(parameters) if parameters else None
    except (Garbled, ValueError):
        return None
    return (nested.kind, nested.slot) if isinstance(nested, user_credential.CredentialReport) else None


def slot_in(parameters: bytes) -> int | None:
    """The slot that a notification names: as a nested report, as a bare number, or with its owner and kind.

    None: it names none.
    """
    credential = _credential_in(parameters)
    if credential is not None:
        kind, slot = credential
        return slot or None if kind is Kind.PIN else None
    if len(parameters) <= 2:
        return int.from_bytes(parameters, "big") or None
    try:
        nested = decode(parameters)
    except Garbled:
        # Seen: reports cut after the slot (zwave-js 15 sends `63 03 id`, and so do locks).
        bare = parameters[:2] == bytes(user_code.Report.KEY)
        return parameters[2] or None if bare else None
    match nested:
        case user_code.Report(user=user):
            return user or None
        case user_code.ExtendedReport(entries=(user_code.Entry(user=user), *_)):
            return user or None
        case _:
            return None


def position_of(mode: door_lock.Mode) -> Position:
    """Seen from outside: a door that only its inner handle opens is locked."""
    match mode:
        case door_lock.Mode.SECURED | door_lock.Mode.INSIDE_UNSECURED | door_lock.Mode.INSIDE_UNSECURED_WITH_TIMEOUT:
            return Position.LOCKED
        case door_lock.Mode.UNKNOWN:
            return Position.UNKNOWN
        case _:
            return Position.UNLOCKED
