"""What a lock says is in its slots."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hub.errors import Rejected, Unavailable
from hub.model.facts import LockFound, SlotRead
from hub.model.values import Pin, Proof
from tests.drivers.zwave.brands import TWO, keypad_of, supervised
from tests.drivers.zwave.fakes import FakeLock, House, virtual

PIN = Pin("123456")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (0, b"", SlotRead(empty=True)),
        (0, bytes(4), SlotRead(empty=True)),
        (0, b"****", SlotRead(empty=True)),
        (1, b"123456", SlotRead(empty=False, pin=PIN)),
        (1, b"123456\0\0\0\0", SlotRead(empty=False, pin=PIN)),
        (1, b" 123456 ", SlotRead(empty=False, pin=PIN)),
        (1, b"0000", SlotRead(empty=True)),
        (1, b"00000000", SlotRead(empty=True)),
        (1, b"0001", SlotRead(empty=False, pin=Pin("0001"))),
        (1, b"****", SlotRead(empty=False)),
        (1, b"**********", SlotRead(empty=False)),
        (1, b"\xff\xfe\xfd\xfc", SlotRead(empty=False)),
        (1, b"12", SlotRead(empty=False)),
        (1, b"", SlotRead(empty=False)),
        (2, b"123456", SlotRead(empty=False, pin=PIN, enabled=False)),
        (2, b"****", SlotRead(empty=False, enabled=False)),
        (3, b"123456", SlotRead(empty=False, pin=PIN, enabled=False)),
        (4, b"123456", SlotRead(empty=False, pin=PIN)),
    ],
)
@virtual
async def test_a_slot_holds_what_the_lock_says(
    house: House, lock: FakeLock, status: int, code: bytes, expected: SlotRead
) -> None:
    lock.codes[3] = (status, code)
    async with house.running():
        assert await keypad_of(house).read(3) == expected


@pytest.mark.parametrize("slot", [0, -1, 31, 256])
@virtual
async def test_a_slot_beyond_the_last_is_refused_without_asking(house: House, lock: FakeLock, slot: int) -> None:
    async with house.running():
        lock.received.clear()
        with pytest.raises(Rejected):
            await keypad_of(house).read(slot)
        with pytest.raises(Rejected):
            await keypad_of(house).write(slot, PIN)
        with pytest.raises(Rejected):
            await keypad_of(house).clear(slot)
    assert not lock.received


@virtual
async def test_a_slot_that_the_lock_does_not_have_is_refused(house: House, lock: FakeLock) -> None:
    lock.codes[9] = (0xFE, b"")
    async with house.running():
        with pytest.raises(Rejected):
            await keypad_of(house).read(9)


@virtual
async def test_slots_above_255_are_asked_for_with_the_longer_question(house: House, lock: FakeLock) -> None:
    lock.slots, lock.versions[0x63] = 300, 2
    async with house.running():
        assert await keypad_of(house).write(299, PIN) is Proof.ACKNOWLEDGED
        assert (await keypad_of(house).read(299)).pin == PIN
    assert lock.received[-2:] == ["630b01012b0106313233343536", "630c012b00"]


@virtual
async def test_the_first_masked_code_is_told_as_an_ability_less(house: House, lock: FakeLock) -> None:
    lock.masked, lock.codes[1] = True, (1, b"1234")
    async with house.running():
        assert house.told(LockFound)[-1].abilities.reads_codes
        await keypad_of(house).read(1)
        await keypad_of(house).read(1)
        await asyncio.sleep(1)
        assert not house.driver.locks[TWO].abilities.reads_codes
    assert [found.abilities.reads_codes for found in house.told(LockFound)] == [True, False]
    house.renew()
    async with house.running():
        assert not house.driver.locks[TWO].abilities.reads_codes


@virtual
async def test_an_unanswered_question_is_unavailable_and_the_next_one_works(house: House, lock: FakeLock) -> None:
    async with house.running():
        lock.reach = "mute"
        with pytest.raises(Unavailable, match="did not answer"):
            await keypad_of(house).read(1)
        lock.reach = "yes"
        assert (await keypad_of(house).read(1)).empty


@virtual
async def test_a_report_of_another_slot_is_not_taken_for_the_answer(house: House, lock: FakeLock) -> None:
    lock.codes[4] = (1, b"123456")
    async with house.running():
        asyncio.get_running_loop().call_later(0.001, house.stick.say, 2, bytes.fromhex("63030301") + b"9999")
        assert (await keypad_of(house).read(4)).pin == PIN


@virtual
async def test_a_report_may_overtake_its_callback(house: House, lock: FakeLock) -> None:
    house.stick.order = "report first"
    supervised(lock)
    async with house.running():
        assert await keypad_of(house).write(4, PIN) is Proof.CONFIRMED
        lock.late_s = 0
        assert await keypad_of(house).write(5, Pin("654321")) is Proof.READ_BACK
        assert (await keypad_of(house).read(4)).pin == PIN


@virtual
async def test_a_lock_that_says_it_is_busy_is_not_waited_for(house: House, lock: FakeLock) -> None:
    async with house.running():
        lock.unanswered = {"6302"}
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, house.stick.say, 2, bytes.fromhex("22010107"))
        before = loop.time()
        with pytest.raises(Unavailable, match="busy") as raised:
            await keypad_of(house).read(5)
        assert raised.value.wait == timedelta(seconds=7)
        assert loop.time() - before < 0.2
        lock.unanswered.clear()
        assert (await keypad_of(house).read(5)).empty


@virtual
async def test_a_lock_that_queues_a_question_is_waited_for(house: House, lock: FakeLock) -> None:
    async with house.running():
        lock.unanswered = {"6302"}
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, house.stick.say, 2, bytes.fromhex("220102"))
        loop.call_later(1.5, house.stick.say, 2, bytes.fromhex("63030501") + b"123456")
        assert (await keypad_of(house).read(5)).pin == PIN
