from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.cc.door_lock import Mode
from drivers.zwave.cc.notification import Happening
from drivers.zwave.events import facts, position_of, slot_in
from hub.model.facts import BoltMoved, CodeChange, CodesChanged, Fact, Trouble, TroubleSeen
from hub.model.values import Address, How, Position
from tests.drivers.zwave.fakes import START

LOCK = Address("2")


@pytest.mark.parametrize(
    ("parameters", "slot"),
    [
        ("", None),
        ("630304", 4),
        ("63030401", 4),
        ("6303040131323334", 4),
        ("630304ee", 4),
        ("04", 4),
        ("012c", 300),
        ("00", None),
        ("630300", None),
        ("630d01012c01043132333400" + "00", 300),
        ("630d000000", None),
        ("7204ff", None),
        ("720504", None),
        ("ffffffff", None),
        ("0007" + "01" + "0005", 5),
        ("0007" + "03" + "0005", None),
        ("0007" + "77" + "0005", None),
        ("830c00" + "0007" + "01" + "0005" + "8004" + "31323334" + "020001" + "000000", 5),
        ("830c00" + "0007" + "03" + "0005" + "8004" + "aabbccdd" + "020001" + "000000", None),
    ],
)
def test_the_slot_is_found_however_it_is_named(parameters: str, slot: int | None) -> None:
    assert slot_in(bytes.fromhex(parameters)) == slot


@pytest.mark.parametrize(
    ("kind", "event", "expected"),
    [
        (6, 0x01, [BoltMoved(LOCK, START, Position.LOCKED, How.MANUAL)]),
        (6, 0x02, [BoltMoved(LOCK, START, Position.UNLOCKED, How.MANUAL)]),
        (6, 0x03, [BoltMoved(LOCK, START, Position.LOCKED, How.REMOTE)]),
        (6, 0x04, [BoltMoved(LOCK, START, Position.UNLOCKED, How.REMOTE)]),
        (6, 0x05, [BoltMoved(LOCK, START, Position.LOCKED, How.KEYPAD, 4)]),
        (6, 0x06, [BoltMoved(LOCK, START, Position.UNLOCKED, How.KEYPAD, 4)]),
        (6, 0x09, [BoltMoved(LOCK, START, Position.LOCKED, How.AUTO)]),
        (
            6,
            0x0A,
            [
                TroubleSeen(LOCK, START, Trouble.JAMMED, "not fully locked"),
                BoltMoved(LOCK, START, Position.JAMMED, How.AUTO),
            ],
        ),
        (6, 0x0B, [TroubleSeen(LOCK, START, Trouble.JAMMED), BoltMoved(LOCK, START, Position.JAMMED)]),
        (6, 0x0C, [CodesChanged(LOCK, START, CodeChange.ALL_DELETED, 4)]),
        (6, 0x0D, [CodesChanged(LOCK, START, CodeChange.DELETED, 4)]),
        (6, 0x0E, [CodesChanged(LOCK, START, CodeChange.ADDED, 4)]),
        (6, 0x0F, [CodesChanged(LOCK, START, CodeChange.DUPLICATE, 4)]),
        (6, 0x10, [TroubleSeen(LOCK, START, Trouble.KEYPAD_OFF)]),
        (6, 0x13, [TroubleSeen(LOCK, START, Trouble.WRONG_CODES)]),
        (6, 0x21, [BoltMoved(LOCK, START, Position.LOCKED, How.KEYPAD, 4)]),
        (6, 0x22, [BoltMoved(LOCK, START, Position.UNLOCKED, How.KEYPAD, 4)]),
        (7, 0x03, [TroubleSeen(LOCK, START, Trouble.TAMPER, "the cover was removed")]),
        (8, 0x0A, [TroubleSeen(LOCK, START, Trouble.BATTERY_LOW)]),
        (8, 0x0B, [TroubleSeen(LOCK, START, Trouble.BATTERY_CRITICAL)]),
        (6, 0x00, []),
        (6, 0x11, []),
        (6, 0x16, []),
        (6, 0xFE, []),
        (1, 0x01, []),
    ],
)
def test_events_mean_facts(kind: int, event: int, expected: list[Fact]) -> None:
    assert facts(Happening(kind, event, b"\x04"), LOCK, START) == expected


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=31))
def test_no_notification_breaks_anything(kind: int, event: int, parameters: bytes) -> None:
    for fact in facts(Happening(kind, event, parameters), LOCK, START):
        if isinstance(fact, BoltMoved) and fact.slot is not None:
            assert fact.how is How.KEYPAD
            assert fact.slot > 0


@pytest.mark.parametrize(
    ("mode", "position"),
    [
        (Mode.SECURED, Position.LOCKED),
        (Mode.UNSECURED, Position.UNLOCKED),
        (Mode.UNSECURED_WITH_TIMEOUT, Position.UNLOCKED),
        (Mode.OUTSIDE_UNSECURED, Position.UNLOCKED),
        (Mode.INSIDE_UNSECURED, Position.LOCKED),
        (Mode.UNKNOWN, Position.UNKNOWN),
    ],
)
def test_a_door_is_locked_as_seen_from_outside(mode: Mode, position: Position) -> None:
    assert position_of(mode) is position


def test_every_mode_is_a_position() -> None:
    with suppress(KeyError):
        assert all(isinstance(position_of(mode), Position) for mode in Mode)


@pytest.mark.parametrize(
    ("event", "parameters", "expected"),
    [
        (0x24, "0007010005", BoltMoved(LOCK, START, Position.UNLOCKED, How.KEYPAD, 5)),
        (0x23, "0007010005", BoltMoved(LOCK, START, Position.LOCKED, How.KEYPAD, 5)),
        (0x24, "0007030005", BoltMoved(LOCK, START, Position.UNLOCKED, How.UNKNOWN)),
        (0x24, "", BoltMoved(LOCK, START, Position.UNLOCKED, How.UNKNOWN)),
        (0x2B, "830c000007010005800431323334020001000000", CodesChanged(LOCK, START, CodeChange.ADDED, 5)),
        (0x2C, "830c010007010005800431323334020001000000", CodesChanged(LOCK, START, CodeChange.ADDED, 5)),
        (0x2D, "830c020007010005800431323334020001000000", CodesChanged(LOCK, START, CodeChange.DELETED, 5)),
        (0x2D, "830c0200070300058004aabbccdd020001000000", None),
        (0x26, "0000000000", CodesChanged(LOCK, START, CodeChange.ALL_DELETED)),
        (0x26, "0000030000", None),
    ],
)
def test_events_of_credentials_are_told_of_codes_only(event: int, parameters: str, expected: Fact | None) -> None:
    """A tag opens too, but no slot of the keypad and nobody's name belongs to it."""
    assert facts(Happening(6, event, bytes.fromhex(parameters)), LOCK, START) == ([expected] if expected else [])
