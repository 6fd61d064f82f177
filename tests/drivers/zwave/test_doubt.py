"""What came unprotected over a line that garbled something lately is believed when the lock has confirmed it."""

from __future__ import annotations

import asyncio

from hub.model.facts import BatteryRead, BoltMoved, LockHeard, TroubleSeen
from hub.model.values import Address, How, Position
from tests.drivers.zwave.fakes import FakeLock, House, notification, virtual

TWO = Address("2")
BENT = bytes.fromhex("010401154100")
"""A frame whose checksum does not fit: from now on the line is known to garble."""


@virtual
async def test_over_a_noisy_line_only_what_the_lock_confirms_is_told(house: House, lock: FakeLock) -> None:
    async with house.running():
        before = len(house.facts)
        house.stick.give(BENT)
        house.stick.say(2, notification(1))
        house.stick.say(2, bytes.fromhex("80030c"))
        house.stick.say(2, notification(0x13))
        await asyncio.sleep(20)
        said = house.facts[before:]
        lock.mode = 0xFF
        house.stick.say(2, notification(5, b"\x63\x03\x04"))
        await asyncio.sleep(20)
    assert {type(fact) for fact in said} <= {LockHeard, BatteryRead}
    assert {fact.percent for fact in house.told(BatteryRead)} == {90}
    locked = house.told(BoltMoved)[-1]
    assert (locked.position, locked.how, locked.slot) == (Position.LOCKED, How.UNKNOWN, None)


@virtual
async def test_over_a_noisy_line_an_answer_counts_when_it_comes_twice(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        house.stick.give(BENT)
        lock.received.clear()
        assert (await keypad.read(1)).empty
    assert lock.received == ["630201", "630201"]


@virtual
async def test_over_a_noisy_line_a_keypad_that_lets_nobody_in_is_asked_about(house: House, lock: FakeLock) -> None:
    async with house.running():
        house.stick.give(BENT)
        lock.received.clear()
        house.stick.say(2, bytes.fromhex("630a01"))
        await asyncio.sleep(20)
    assert lock.received == ["6309"]
    assert house.told(TroubleSeen) == []
