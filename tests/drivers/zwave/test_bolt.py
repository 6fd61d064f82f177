"""Bolt and battery of one lock."""

from __future__ import annotations

import asyncio

import pytest

from hub.contracts import Charge
from hub.errors import Rejected, Unavailable
from hub.model.facts import BatteryRead, BoltMoved
from hub.model.values import How, Pin, Position
from tests.drivers.zwave.brands import TWO, bolt_of, keypad_of, supervised
from tests.drivers.zwave.fakes import FakeLock, House, virtual


@pytest.mark.parametrize(
    ("reports", "supervise"), [("", False), ("report", False), ("notification", False), ("", True)]
)
@virtual
async def test_the_bolt_moves_and_the_lock_says_where_it_is(
    house: House, lock: FakeLock, reports: str, supervise: bool
) -> None:
    if supervise:
        supervised(lock)
    lock.reports_moves = reports
    async with house.running():
        assert await bolt_of(house).move(Position.LOCKED) is Position.LOCKED
        await asyncio.sleep(3)
        assert await bolt_of(house).move(Position.UNLOCKED) is Position.UNLOCKED
        await asyncio.sleep(3)
    moves = [(moved.position, moved.how) for moved in house.told(BoltMoved)[1:]]
    assert moves == [(Position.LOCKED, How.REMOTE), (Position.UNLOCKED, How.REMOTE)]


@virtual
async def test_a_bolt_that_did_not_move_is_reported_where_it_is(house: House, lock: FakeLock) -> None:
    lock.stuck = True
    async with house.running():
        async with asyncio.timeout(10):
            assert await bolt_of(house).move(Position.LOCKED) is Position.UNLOCKED


@virtual
async def test_a_jammed_bolt_is_rejected(house: House, lock: FakeLock) -> None:
    lock.stuck, lock.reports_moves = True, "notification"
    async with house.running():
        with pytest.raises(Rejected, match="jammed"):
            await bolt_of(house).move(Position.LOCKED)
        await asyncio.sleep(1)
    assert house.told(BoltMoved)[-1].position is Position.JAMMED


@virtual
async def test_a_bolt_that_refuses_is_rejected(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = "02"
    async with house.running():
        with pytest.raises(Rejected, match="refused"):
            await bolt_of(house).move(Position.LOCKED)


@virtual
async def test_a_lock_that_only_unlocks_for_a_while_is_told_so(house: House, lock: FakeLock) -> None:
    lock.versions[0x62] = 4
    async with house.running():
        assert await bolt_of(house).move(Position.UNLOCKED) is Position.UNLOCKED
    assert "620101" in lock.received


@virtual
async def test_an_unlock_goes_before_codes_that_wait(house: House, lock: FakeLock) -> None:
    async with house.running():
        lock.received.clear()
        async with asyncio.TaskGroup() as tasks:
            for slot in range(1, 6):
                tasks.create_task(_write(house, slot))
            await asyncio.sleep(0)
            tasks.create_task(_unlock(house))
    order = [received[:4] for received in lock.received if received[:4] in {"6301", "6201"}]
    assert order.index("6201") <= 1


async def _write(house: House, slot: int) -> None:
    await keypad_of(house).write(slot, Pin(f"12345{slot}"))


async def _unlock(house: House) -> None:
    await bolt_of(house).move(Position.UNLOCKED)


@virtual
async def test_the_battery_is_asked(house: House, lock: FakeLock) -> None:
    async with house.running():
        battery = house.driver.locks[TWO].battery
        assert battery is not None
        lock.battery = 12
        assert await battery.read() == Charge(12)
        lock.battery = 0xFF
        assert await battery.read() == Charge(None, low=True)
        await asyncio.sleep(0.1)
        lock.battery = 0x70
        with pytest.raises(Unavailable):
            await battery.read()
    assert [(read.percent, read.low) for read in house.told(BatteryRead)] == [(90, False), (12, False), (None, True)]


@virtual
async def test_a_keypad_without_a_bolt_is_a_lock_too(house: House, lock: FakeLock) -> None:
    lock.classes = bytes.fromhex("728663")
    async with house.running():
        met = house.driver.locks[TWO]
        assert (met.bolt, met.battery) == (None, None)
        assert met.keypad is not None
