"""Somebody stands at a door while the same lock is being told something long, over the whole driver, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.zwave.security.keys import SecurityClass
from hub.errors import Unavailable
from hub.model.facts import Alarm, SlotRead
from hub.model.values import Pin, Position, Proof, Window
from tests.drivers.zwave.brands import NF_YRD612, TWO, bolt_of, keypad_of, supervised, wearing
from tests.drivers.zwave.fake_classes import CredentialLock, SchedulingLock
from tests.drivers.zwave.fakes import AIR_S, UNSECURED, FakeLock, FakeStick, House, virtual
from tests.drivers.zwave.test_secured import S0_LOCK, S2_LOCK, Home, SecureLock

PIN = Pin("123456")
CHRISTMAS = Window(datetime(2026, 12, 24, 15, tzinfo=UTC), datetime(2027, 1, 2, 11, tzinfo=UTC))
OPEN = "620100"
ONE_FRAME = 2 * AIR_S + 0.001


async def waited(house: House, lock: FakeLock, bulk: Coroutine[Any, Any, Proof], frames: int) -> tuple[float, Proof]:
    """Seconds from *Unlock now* to the lock's hearing of it, when `frames` of the bulk had reached the lock."""
    lock.received.clear()
    lock.heard_at.clear()
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(bulk)
        await lock.has_received(frames)
        asked = asyncio.get_running_loop().time()
        await bolt_of(house).move(Position.UNLOCKED)
        at = next(index for index, received in enumerate(lock.received) if OPEN in received)
        assert not work.done()
        proof = await work
    return lock.heard_at[at] - asked, proof


@pytest.mark.parametrize("frames", [1, 3, 4])
@virtual
async def test_an_unlock_gets_in_between_while_a_lock_is_told_hours(tmp_path: Path, frames: int) -> None:
    lock = SchedulingLock()
    wearing(lock, NF_YRD612, UNSECURED + b"\x4e\x8b\x70")
    house = House(tmp_path, FakeStick([lock]))
    async with house.running():
        schedule = house.driver.locks[TWO].schedule
        assert schedule is not None
        await asyncio.sleep(90_000)  # the clock that was set when they met has to be set again
        seconds, proof = await waited(house, lock, schedule.set(5, CHRISTMAS), frames)
    assert (seconds < ONE_FRAME, proof) == (True, Proof.READ_BACK)


@virtual
async def test_an_unlock_gets_in_between_while_a_lock_is_given_a_user_and_a_code(tmp_path: Path) -> None:
    lock = CredentialLock(classes=UNSECURED + b"\x83")
    house = House(tmp_path, FakeStick([lock]))
    async with house.running():
        for work in (keypad_of(house).write(5, PIN), keypad_of(house).clear(5)):
            seconds, _ = await waited(house, lock, work, 1)
            assert seconds < ONE_FRAME
        assert await keypad_of(house).read(5) == SlotRead(empty=True)


@virtual
async def test_an_unlock_gets_in_between_a_code_and_its_reading_back(house: House, lock: FakeLock) -> None:
    supervised(lock, late_s=0.0)
    async with house.running():
        seconds, proof = await waited(house, lock, keypad_of(house).write(5, PIN), 1)
    assert (seconds < ONE_FRAME, proof) == (True, Proof.READ_BACK)


@virtual
async def test_an_unlock_does_not_wait_for_an_answer_that_does_not_come(house: House, lock: FakeLock) -> None:
    lock.unanswered = {"6302"}
    async with house.running(), asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(_quietly(keypad_of(house).read(5)))
        await asyncio.sleep(0.1)
        asked = asyncio.get_running_loop().time()
        await bolt_of(house).move(Position.UNLOCKED)
        assert lock.heard_at[lock.received.index(OPEN)] - asked < 1.0
        assert not reading.done()


async def _quietly(work: Awaitable[object]) -> None:
    with pytest.raises(Unavailable):
        await work


# ---- while the air is busy -------------------------------------------------------------------------------------------


@virtual
async def test_what_the_air_was_too_busy_for_is_sent_a_little_later(house: House, lock: FakeLock) -> None:
    async with house.running():
        house.stick.busy = 4
        assert await keypad_of(house).write(5, PIN) is Proof.ACKNOWLEDGED
        assert lock.codes[5] == (1, b"123456")
        house.stick.busy = 4
        assert await bolt_of(house).move(Position.LOCKED) is Position.LOCKED
    assert not [alarm for alarm in house.alarms if alarm.alarm is Alarm.JAMMED and not alarm.over]


@virtual
async def test_an_air_that_stays_busy_fails_the_command_and_is_a_jam_after_three(house: House) -> None:
    async with house.running():
        house.stick.busy = 15
        for _ in range(3):
            with pytest.raises(Unavailable, match="too busy"):
                await keypad_of(house).read(5)
    jams = [alarm.note for alarm in house.alarms if alarm.alarm is Alarm.JAMMED and not alarm.over]
    assert len(jams) == 1


@virtual
async def test_a_bolt_does_not_move_later_than_the_person_at_the_door_waits(house: House, lock: FakeLock) -> None:
    async with house.running():
        house.stick.busy, house.stick.finding_s = 4, 3.0
        with pytest.raises(Unavailable, match="too busy"):
            await bolt_of(house).move(Position.UNLOCKED)
        house.stick.busy = 0
        await asyncio.sleep(60)
    assert OPEN not in lock.received


# ---- with encryption -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", range(1, 5))
@pytest.mark.parametrize(("given", "classes"), [S2_LOCK, S0_LOCK])
@virtual
async def test_an_unlock_in_between_costs_neither_its_answer(
    tmp_path: Path, given: tuple[SecurityClass, ...], classes: str, after: int
) -> None:
    lock = SecureLock(given=given, classes=bytes.fromhex(classes) + b"\x6c")
    home = Home(tmp_path, lock)
    async with home.house.running(), asyncio.TaskGroup() as tasks:
        lock.received.clear()
        writing = tasks.create_task(keypad_of(home.house).write(5, PIN))
        await lock.has_received(after)
        asked = asyncio.get_running_loop().time()
        assert await bolt_of(home.house).move(Position.UNLOCKED) is Position.UNLOCKED
        assert asyncio.get_running_loop().time() - asked < 1.5
        await writing
        assert (await keypad_of(home.house).read(5)).pin == PIN
