"""What Kwikset's locks do differently, each test named after the lock that does."""

from __future__ import annotations

import asyncio

import pytest

from hub.contracts import CodeTaken
from hub.model.facts import BoltMoved, CodeChange, CodesChanged, Trouble, TroubleSeen
from hub.model.values import How, Pin, Position, Proof
from tests.drivers.zwave.brands import HC620, KW_888, KW_910, KW_914, SUPERVISED, keypad_of, wearing
from tests.drivers.zwave.fakes import FakeLock, House, virtual

PIN = Pin("123456")
OLD = [KW_910, KW_914, KW_888, "009000030339", "009000060339"]
"""910, 914, SmartCode 888, 912 and GED1455: what they tell, they tell as version 1 alarms."""


def alarm(kind: int, level: int) -> bytes:
    return bytes((0x71, 5, kind, level))


@virtual
async def test_hc620_is_never_supervised(house: House, lock: FakeLock) -> None:
    """zwave-js/zwave-js#6155: it goes on repeating its reports."""
    wearing(lock, HC620, SUPERVISED)
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.ACKNOWLEDGED
    assert not [command for command in lock.received if command.startswith("6c")]


@pytest.mark.parametrize("product", OLD)
@pytest.mark.parametrize(
    ("kind", "level", "expected"),
    [
        (18, 4, (Position.LOCKED, How.KEYPAD, 4)),
        (19, 4, (Position.UNLOCKED, How.KEYPAD, 4)),
        (21, 1, (Position.LOCKED, How.MANUAL, None)),
        (22, 1, (Position.UNLOCKED, How.MANUAL, None)),
        (23, 1, (Position.JAMMED, How.REMOTE, None)),
        (24, 1, (Position.LOCKED, How.REMOTE, None)),
        (25, 1, (Position.UNLOCKED, How.REMOTE, None)),
        (26, 1, (Position.JAMMED, How.AUTO, None)),
        (27, 1, (Position.LOCKED, How.AUTO, None)),
    ],
)
@virtual
async def test_914_and_its_kin_tell_by_old_alarms_who_moved_the_bolt(
    house: House, lock: FakeLock, product: str, kind: int, level: int, expected: tuple[Position, How, int | None]
) -> None:
    wearing(lock, product)
    async with house.running():
        house.stick.say(2, alarm(kind, level))
        await asyncio.sleep(1)
    moved = house.told(BoltMoved)[-1]
    assert (moved.position, moved.how, moved.slot) == expected


@pytest.mark.parametrize(
    ("kind", "level", "change", "slot"),
    [
        (32, 0, CodeChange.ALL_DELETED, None),
        (33, 7, CodeChange.DELETED, 7),
        (112, 7, CodeChange.ADDED, 7),
        (113, 7, CodeChange.DUPLICATE, 7),
    ],
)
@virtual
async def test_914_tells_changes_of_codes_by_old_alarms(
    house: House, lock: FakeLock, kind: int, level: int, change: CodeChange, slot: int | None
) -> None:
    wearing(lock, KW_914)
    async with house.running():
        house.stick.say(2, alarm(kind, level))
        await asyncio.sleep(1)
    assert [(told.change, told.slot) for told in house.told(CodesChanged)] == [(change, slot)]


@virtual
async def test_914_says_112_with_level_0_when_it_is_full_and_no_code_was_added(house: House, lock: FakeLock) -> None:
    wearing(lock, KW_914)
    async with house.running():
        house.stick.say(2, alarm(112, 0))
        await asyncio.sleep(1)
    assert not house.told(CodesChanged)


@virtual
async def test_914_refuses_a_duplicate_by_an_old_alarm(house: House, lock: FakeLock) -> None:
    wearing(lock, KW_914)
    lock.versions[0x71] = 1
    async with house.running():
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, alarm(113, 5))
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, PIN)


@pytest.mark.parametrize(
    ("kind", "trouble"), [(167, Trouble.BATTERY_LOW), (168, Trouble.BATTERY_CRITICAL), (9, Trouble.JAMMED)]
)
@virtual
async def test_914_tells_trouble_by_old_alarms(house: House, lock: FakeLock, kind: int, trouble: Trouble) -> None:
    wearing(lock, KW_914)
    async with house.running():
        house.stick.say(2, alarm(kind, 60))
        await asyncio.sleep(1)
    assert [told.trouble for told in house.told(TroubleSeen)] == [trouble]
