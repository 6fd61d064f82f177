"""What Schlage's locks do differently, each test named after the lock that does."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import Rejected, Unavailable
from hub.model.facts import BoltMoved, SlotRead
from hub.model.values import Pin, Position, Proof
from tests.drivers.zwave.brands import (
    BE369,
    BE468,
    BE468ZP,
    BE469,
    BE469ZP,
    FE599,
    KW_914,
    SUPERVISED,
    keypad_of,
    wearing,
)
from tests.drivers.zwave.fakes import FakeLock, House, notification, virtual

FOUR_DIGITS = {16: b"\x04"}


@pytest.mark.parametrize("zeros", [b"0000", b"00000000", b"0000000000"])
@virtual
async def test_be469_reports_zeros_for_a_cleared_slot(house: House, lock: FakeLock, zeros: bytes) -> None:
    """keymaster#479, #515, #558."""
    wearing(lock, BE469)
    lock.parameters, lock.codes[3] = FOUR_DIGITS, (1, zeros)
    async with house.running():
        assert await keypad_of(house).read(3) == SlotRead(empty=True)


@virtual
async def test_elsewhere_zeros_are_a_code_that_opens(house: House, lock: FakeLock) -> None:
    """keymaster#479: a Kwikset takes 0000 and opens with it."""
    wearing(lock, KW_914)
    lock.codes[3] = (1, b"0000")
    async with house.running():
        assert await keypad_of(house).read(3) == SlotRead(empty=False, pin=Pin("0000"))


@pytest.mark.parametrize("product", [BE469, BE469ZP])
@pytest.mark.parametrize(("mask", "empty"), [(b"\0\0\0\x04", False), (b"\0\0\0\x03", True)])
@virtual
async def test_be469_masks_slots_that_hold_nothing_and_the_mask_of_slots_knows(
    house: House, lock: FakeLock, product: str, mask: bytes, empty: bool
) -> None:
    """keymaster#515."""
    wearing(lock, product)
    lock.parameters, lock.codes[3] = FOUR_DIGITS | {6: mask}, (1, b"**********")
    async with house.running():
        assert await keypad_of(house).read(3) == SlotRead(empty=empty)


@virtual
async def test_be469_that_keeps_its_mask_to_itself_leaves_the_slot_unknown(house: House, lock: FakeLock) -> None:
    wearing(lock, BE469)
    lock.parameters, lock.codes[3] = FOUR_DIGITS, (1, b"****")
    async with house.running():
        with pytest.raises(Unavailable, match="did not answer"):
            await keypad_of(house).read(3)


@virtual
async def test_fe599_masks_slots_and_has_no_mask_of_them_so_it_is_believed(house: House, lock: FakeLock) -> None:
    wearing(lock, FE599)
    lock.codes[3] = (1, b"****")
    async with house.running():
        assert await keypad_of(house).read(3) == SlotRead(empty=False)


@pytest.mark.parametrize("product", [BE468, BE468ZP, BE469, BE469ZP, "003b00042109", "003b00046109"])
@virtual
async def test_be468_and_its_kin_take_codes_of_one_length_only(house: House, lock: FakeLock, product: str) -> None:
    wearing(lock, product)
    lock.parameters = {16: b"\x06"}
    async with house.running():
        assert not [command for command in lock.received if command.startswith("7004")]
        with pytest.raises(Rejected, match="6 digits"):
            await keypad_of(house).write(3, Pin("1234"))
        await keypad_of(house).write(3, Pin("123456"))
    assert lock.codes == {3: (1, b"123456")}


@virtual
async def test_be469zp_is_never_supervised(house: House, lock: FakeLock) -> None:
    """zwave-js/zwave-js#5260, #5359."""
    wearing(lock, BE469ZP, SUPERVISED)
    lock.parameters, lock.supervision = FOUR_DIGITS, ""
    async with house.running():
        assert await keypad_of(house).write(3, Pin("1234")) is Proof.ACKNOWLEDGED
    assert not [command for command in lock.received if command.startswith("6c")]


@virtual
async def test_be469zp_may_take_ten_seconds_to_answer(house: House, lock: FakeLock) -> None:
    wearing(lock, BE469ZP)
    lock.parameters, lock.codes[3] = FOUR_DIGITS, (1, b"1234")
    async with house.running():
        lock.unanswered.add("6302")
        loop = asyncio.get_running_loop()
        loop.call_later(9.5, house.stick.say, 2, bytes.fromhex("63030301") + b"1234")
        assert (await keypad_of(house).read(3)).pin == Pin("1234")


@virtual
async def test_be469zp_repeats_old_news_after_four_seconds(house: House, lock: FakeLock) -> None:
    """zwave-js/zwave-js#9134: the repetition would overwrite what happened since."""
    wearing(lock, BE469ZP)
    lock.parameters = FOUR_DIGITS
    async with house.running():
        house.stick.say(2, notification(6, bytes.fromhex("630303")))
        await asyncio.sleep(2)
        lock.mode = 0xFF
        house.stick.say(2, notification(1))
        await asyncio.sleep(2.3)
        house.stick.say(2, notification(6, bytes.fromhex("630303")))
        await asyncio.sleep(3)
    assert [moved.position for moved in house.told(BoltMoved)][-2:] == [Position.UNLOCKED, Position.LOCKED]


@pytest.mark.parametrize("product", [BE369, FE599])
@virtual
async def test_be369_and_fe599_report_to_group_2(house: House, lock: FakeLock, product: str) -> None:
    wearing(lock, product)
    async with house.running():
        pass
    assert "85010201" in lock.received
    assert "85010101" not in lock.received
