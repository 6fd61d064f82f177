"""What Schlage's locks do differently, each test named after the lock that does."""

from __future__ import annotations

import asyncio

import pytest

from drivers.zwave.devices import Role, Setting, device
from hub.contracts import CodeTaken
from hub.errors import Rejected, Unavailable
from hub.model.facts import BoltMoved, SlotRead, Trouble, TroubleSeen
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


@pytest.mark.parametrize("product", [FE599, BE369])
@virtual
async def test_fe599_and_be369_tell_a_refusal_by_a_report_that_there_is_no_such_slot(
    house: House, lock: FakeLock, product: str
) -> None:
    """SmartThingsPublic, zwave-lock.groovy."""
    wearing(lock, product)
    lock.versions[0x71], lock.events = 1, ""
    async with house.running():
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, bytes.fromhex("630305fe"))
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, Pin("1234"))


@pytest.mark.parametrize(("report", "proof"), [("63030501", 1), ("630305012a2a2a2a", 1), ("6303060131323334", 0)])
@virtual
async def test_fe599_tells_a_new_code_by_a_report_without_digits(
    house: House, lock: FakeLock, report: str, proof: int
) -> None:
    wearing(lock, FE599)
    lock.versions[0x71], lock.events = 1, ""
    async with house.running():
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, bytes.fromhex(report))
        expected = Proof.CONFIRMED if proof else Proof.ACKNOWLEDGED
        assert await keypad_of(house).write(5, Pin("1234")) is expected


def test_s_6500f_tells_in_ten_bits_which_slots_hold_a_code() -> None:
    assert device(0x003B, 0x0003, 0x6500).settings[Role.SLOT_MASK] == Setting(6, 2)


@virtual
async def test_be468_has_no_mask_of_slots_and_is_believed(house: House, lock: FakeLock) -> None:
    wearing(lock, BE468)
    lock.parameters, lock.codes[3] = FOUR_DIGITS, (1, b"****")
    async with house.running():
        assert await keypad_of(house).read(3) == SlotRead(empty=False)
    assert "700506" not in lock.received


@virtual
async def test_be469_masks_a_code_that_event_14_confirms(house: House, lock: FakeLock) -> None:
    """The second grade of proof: set, enabled, programmed, and not to be read."""
    wearing(lock, BE469)
    lock.parameters, lock.masked, lock.announces = FOUR_DIGITS | {6: b"\0\0\0\x10"}, True, True
    async with house.running():
        assert await keypad_of(house).write(5, Pin("1234")) is Proof.CONFIRMED
        assert await keypad_of(house).read(5) == SlotRead(empty=False)
        lock.announces = False
        assert await keypad_of(house).write(6, Pin("4321")) is Proof.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("alarm", "troubles"), [("710560ff", [Trouble.KEYPAD_OFF]), ("71056000", []), ("710590ff", [])]
)
@virtual
async def test_fe599_tells_a_keypad_that_is_switched_off_by_an_old_alarm(
    house: House, lock: FakeLock, alarm: str, troubles: list[Trouble]
) -> None:
    """144/255, the keypad is busy, is nobody's trouble."""
    wearing(lock, FE599)
    async with house.running():
        house.stick.say(2, bytes.fromhex(alarm))
        await asyncio.sleep(1)
    assert [told.trouble for told in house.told(TroubleSeen)] == troubles
