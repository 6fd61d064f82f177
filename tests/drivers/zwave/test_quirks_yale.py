"""What Yale's locks do differently, each test named after the lock that does."""

from __future__ import annotations

import asyncio

import pytest

from hub.contracts import CodeTaken
from hub.errors import Rejected
from hub.model.facts import BoltMoved, CodeChange, CodesChanged, Trouble, TroubleSeen
from hub.model.values import How, Pin, Position, Proof
from tests.drivers.zwave.brands import (
    CONEXIS,
    MODULE,
    NF_YRD612,
    SUPERVISED,
    TWO,
    YDM3109A,
    YRD256,
    YRD410_ZW2,
    YRD450_F,
    keypad_of,
    wearing,
)
from tests.drivers.zwave.fakes import FakeLock, House, notification, virtual

PIN = Pin("123456")


def alarm(kind: int, level: int) -> bytes:
    return bytes((0x71, 5, kind, level))


@pytest.mark.parametrize("counted", [250, 251])
@virtual
async def test_yrd256_keeps_the_master_code_in_slot_251(house: House, lock: FakeLock, counted: int) -> None:
    wearing(lock, YRD256)
    lock.slots, lock.codes[251] = counted, (1, b"990011")
    async with house.running():
        assert house.driver.locks[TWO].abilities.slots == 250
        await keypad_of(house).write(250, PIN)
        lock.received.clear()
        with pytest.raises(Rejected, match="programs the lock"):
            await keypad_of(house).read(251)
        with pytest.raises(Rejected, match="programs the lock"):
            await keypad_of(house).write(251, PIN)
        with pytest.raises(Rejected, match="programs the lock"):
            await keypad_of(house).clear(251)
    assert not lock.received
    assert lock.codes[251] == (1, b"990011")


@virtual
async def test_yrd410_zw2_refuses_digits_of_another_slot_with_event_15_and_is_told_once(
    house: House, lock: FakeLock
) -> None:
    """raman325/lock_code_manager#848."""
    wearing(lock, YRD410_ZW2)
    lock.announces, lock.codes[1] = True, (1, b"123456")
    async with house.running():
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, PIN)
    assert len([command for command in lock.received if command.startswith("6301")]) == 1
    assert 5 not in lock.codes


@virtual
async def test_yrd256_tells_a_duplicate_as_an_old_alarm(house: House, lock: FakeLock) -> None:
    wearing(lock, YRD256)
    lock.versions[0x71] = 1
    async with house.running():
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, alarm(113, 5))
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, PIN)
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, alarm(112, 6))
        assert await keypad_of(house).write(6, PIN) is Proof.CONFIRMED


@pytest.mark.parametrize(("event", "slot", "change"), [(13, 5, CodeChange.DELETED), (12, None, CodeChange.ALL_DELETED)])
@virtual
async def test_nf_yrd612_zw2_deletes_codes_later_and_that_is_noticed(
    house: House, lock: FakeLock, event: int, slot: int | None, change: CodeChange
) -> None:
    """zwave-js/zwave-js#9188."""
    wearing(lock, NF_YRD612)
    async with house.running():
        await keypad_of(house).write(5, PIN)
        await asyncio.sleep(600)
        lock.codes.clear()
        house.stick.say(2, notification(event, bytes((0x63, 3, slot, 0, 0, 0, 0, 0)) if slot else b""))
        await asyncio.sleep(1)
        assert (await keypad_of(house).read(5)).empty
    assert [(told.change, told.slot) for told in house.told(CodesChanged)] == [(change, slot)]


@virtual
async def test_kfcon_module_is_never_supervised(house: House, lock: FakeLock) -> None:
    """zwave-js/zwave-js#5417: it answers session 0 whatever it was asked."""
    wearing(lock, MODULE, SUPERVISED)
    async with house.running():
        await keypad_of(house).write(5, PIN)
    assert not [command for command in lock.received if command.startswith("6c")]


@virtual
async def test_kfcon_module_may_take_five_seconds_to_answer(house: House, lock: FakeLock) -> None:
    wearing(lock, MODULE)
    async with house.running():
        lock.unanswered.add("6302")
        asyncio.get_running_loop().call_later(4.8, house.stick.say, 2, bytes.fromhex("63030301") + b"1234")
        assert (await keypad_of(house).read(3)).pin == Pin("1234")


@pytest.mark.parametrize("product", [MODULE, CONEXIS, YDM3109A])
@virtual
async def test_conexis_module_and_ydm3109a_open_with_tags_and_nobody_is_named(
    house: House, lock: FakeLock, product: str
) -> None:
    wearing(lock, product)
    async with house.running():
        house.stick.say(2, alarm(144, 4))
        await asyncio.sleep(1)
    moved = house.told(BoltMoved)[-1]
    assert (moved.position, moved.how, moved.slot) == (Position.UNLOCKED, How.UNKNOWN, None)


@pytest.mark.parametrize("level", [0, 1])
@virtual
async def test_ydm3109a_tells_its_privacy_switch_and_no_bolt_moves(house: House, lock: FakeLock, level: int) -> None:
    wearing(lock, YDM3109A)
    async with house.running():
        before = len(house.facts)
        house.stick.say(2, alarm(155, level))
        await asyncio.sleep(1)
    assert not [fact for fact in house.facts[before:] if isinstance(fact, BoltMoved | TroubleSeen | CodesChanged)]


@virtual
async def test_yrd450_f_zw3_tells_a_code_out_of_its_hours_and_no_bolt_moves(house: House, lock: FakeLock) -> None:
    wearing(lock, YRD450_F)
    async with house.running():
        before = len(house.facts)
        house.stick.say(2, alarm(132, 4))
        await asyncio.sleep(1)
    assert not [fact for fact in house.facts[before:] if isinstance(fact, BoltMoved)]


@pytest.mark.parametrize(
    ("kind", "level", "position", "how", "slot"),
    [
        (18, 4, Position.LOCKED, How.KEYPAD, 4),
        (19, 4, Position.UNLOCKED, How.KEYPAD, 4),
        (21, 2, Position.LOCKED, How.MANUAL, None),
        (22, 1, Position.UNLOCKED, How.MANUAL, None),
        (24, 1, Position.LOCKED, How.REMOTE, None),
        (25, 1, Position.UNLOCKED, How.REMOTE, None),
        (27, 1, Position.LOCKED, How.AUTO, None),
        (9, 0, Position.JAMMED, How.UNKNOWN, None),
    ],
)
@virtual
async def test_yrd256_tells_by_old_alarms_who_moved_the_bolt(
    house: House, lock: FakeLock, kind: int, level: int, position: Position, how: How, slot: int | None
) -> None:
    wearing(lock, YRD256)
    async with house.running():
        house.stick.say(2, alarm(kind, level))
        await asyncio.sleep(1)
    moved = house.told(BoltMoved)[-1]
    assert (moved.position, moved.how, moved.slot) == (position, how, slot)


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [(161, Trouble.WRONG_CODES), (167, Trouble.BATTERY_LOW), (168, Trouble.BATTERY_CRITICAL), (9, Trouble.JAMMED)],
)
@virtual
async def test_yrd256_tells_trouble_by_old_alarms(house: House, lock: FakeLock, kind: int, trouble: Trouble) -> None:
    wearing(lock, YRD256)
    async with house.running():
        house.stick.say(2, alarm(kind, 1))
        await asyncio.sleep(1)
    assert [told.trouble for told in house.told(TroubleSeen)] == [trouble]


@virtual
async def test_yrd256_takes_codes_of_mixed_length_and_is_asked_for_none(house: House, lock: FakeLock) -> None:
    wearing(lock, YRD256)
    async with house.running():
        await keypad_of(house).write(1, Pin("4711"))
        await keypad_of(house).write(2, Pin("47114711"))
    assert lock.codes == {1: (1, b"4711"), 2: (1, b"47114711")}
    assert not [command for command in lock.received if command.startswith("70")]
