"""Fake locks that report the numbers of real ones, and the abilities of the lock they become."""

from __future__ import annotations

from hub.contracts import BoltControl, Keypad
from hub.model.values import Address
from tests.drivers.zwave.fakes import UNSECURED, FakeLock, House

TWO = Address("2")
CONFIGURABLE = UNSECURED + b"\x70"
SUPERVISED = CONFIGURABLE + b"\x6c"

BE369, BE468, BE468ZP, BE469, BE469ZP = "003b634b5044", "003b63495044", "003b00010468", "003b63415044", "003b00010469"
FE599, S6500F = "003b634b504c", "003b00036500"
KW_910, KW_914, KW_888, HC620 = "009000030238", "009000030440", "009000030541", "0090081103a8"
YRD256, YRD256_ZW3, YRD410_ZW2, NF_YRD612 = "012980020600", "0129800246d5", "0129810405d1", "0129810a0dd1"
YRD450_F, YDM3109A, MODULE, CONEXIS = "0129810749d5", "0129c0065904", "012900070000", "012966000002"
ASL_03 = "033f00010001"


def wearing(lock: FakeLock, product: str, classes: bytes = CONFIGURABLE) -> None:
    lock.product, lock.classes = product, classes


def keypad_of(house: House) -> Keypad:
    keypad = house.driver.locks[TWO].keypad
    assert keypad is not None
    return keypad


def bolt_of(house: House) -> BoltControl:
    bolt = house.driver.locks[TWO].bolt
    assert bolt is not None
    return bolt


def supervised(lock: FakeLock, late_s: float = 0.3, events: str = "7e") -> None:
    """A lock of Yale's whose Supervision works."""
    lock.classes, lock.product, lock.late_s, lock.events = UNSECURED + b"\x6c", "0129810a4dd1", late_s, events
