"""Codes written into one lock and cleared, over the whole driver and a stick made of bytes."""

from __future__ import annotations

import asyncio

import pytest

from hub.contracts import CodeTaken
from hub.errors import Rejected, Unavailable
from hub.model.facts import CodeChange, CodesChanged, LockHeard, LockSilent
from hub.model.values import Pin, Proof
from tests.drivers.zwave.brands import TWO, keypad_of, supervised
from tests.drivers.zwave.fakes import UNSECURED, FakeLock, House, notification, virtual

SUPERVISED = UNSECURED + b"\x6c"
PIN = Pin("123456")


ANNOUNCES = "7ef801"


def codes_sent(lock: FakeLock) -> list[str]:
    """What was told and asked of codes, each by its two first bytes."""
    return [received[:4] for received in lock.received if received[:4] in {"6c01", "6301", "6302", "630b"}]


# ---- writing ---------------------------------------------------------------------------------------------------------


@virtual
async def test_a_code_that_was_only_taken_is_acknowledged(house: House, lock: FakeLock) -> None:
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.ACKNOWLEDGED
    assert lock.received[-1] == "630105013132333435" + "36"
    assert lock.codes == {5: (1, b"123456")}


@virtual
async def test_a_code_that_the_lock_announces_is_confirmed(house: House, lock: FakeLock) -> None:
    lock.announces = True
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED
        await asyncio.sleep(1)
    assert [(change.change, change.slot) for change in house.told(CodesChanged)] == [(CodeChange.ADDED, 5)]


@virtual
async def test_an_announcement_of_another_slot_confirms_nothing(house: House) -> None:
    async with house.running():
        said = notification(14, bytes.fromhex("630306"))
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, said)
        assert await keypad_of(house).write(5, PIN) is Proof.ACKNOWLEDGED


@virtual
async def test_an_announcement_without_a_slot_is_of_the_command_under_way(house: House) -> None:
    async with house.running():
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, house.stick.say, 2, notification(14))
        loop.call_later(4.8, house.stick.say, 2, notification(14))
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED
        await asyncio.sleep(5)
    told = [(changed.change, changed.slot) for changed in house.told(CodesChanged)]
    assert told == [(CodeChange.ADDED, 5)] * 2, "the second is the first once more: no other slot need be asked"


@pytest.mark.parametrize(("event", "after_s"), [(12, 0.5), (14, 7.0)])
@virtual
async def test_what_is_said_of_all_codes_or_long_after_is_of_no_one_slot(
    house: House, event: int, after_s: float
) -> None:
    async with house.running():
        loop = asyncio.get_running_loop()
        loop.call_later(0.4, house.stick.say, 2, notification(14))
        loop.call_later(after_s, house.stick.say, 2, notification(event))
        await keypad_of(house).write(5, PIN)
        await asyncio.sleep(8)
    assert [changed.slot for changed in house.told(CodesChanged)] == [5, None]


@virtual
async def test_announcements_that_never_come_are_soon_no_longer_waited_for(house: House) -> None:
    async with house.running():
        loop, spent = asyncio.get_running_loop(), []
        for slot in range(1, 5):
            before = loop.time()
            await keypad_of(house).write(slot, Pin(f"12345{slot}"))
            spent.append(loop.time() - before)
    assert spent[0] > 2.0
    assert spent[3] < 0.1


@virtual
async def test_a_lock_that_announces_nothing_is_not_waited_for(house: House, lock: FakeLock) -> None:
    lock.events, lock.product = "7e", "471100010001"
    async with house.running():
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert await keypad_of(house).write(5, PIN) is Proof.ACKNOWLEDGED
        assert loop.time() - before < 0.1


@virtual
async def test_a_code_that_shows_at_once_is_read_back_and_not_supervised(house: House, lock: FakeLock) -> None:
    supervised(lock, late_s=0)
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK
        assert await keypad_of(house).write(6, Pin("654321")) is Proof.READ_BACK
        assert await keypad_of(house).clear(5) is Proof.READ_BACK
    assert codes_sent(lock) == ["6301", "6302"] * 3
    assert lock.codes == {6: (1, b"654321")}


@virtual
async def test_a_lock_that_shows_codes_late_is_soon_told_in_the_slower_way(house: House, lock: FakeLock) -> None:
    supervised(lock)
    async with house.running():
        for slot in (1, 2, 3):
            assert await keypad_of(house).write(slot, Pin(f"12345{slot}")) is Proof.CONFIRMED
    assert codes_sent(lock) == ["6301", "6302", "6c01"] * 2 + ["6c01"]


@virtual
async def test_a_lock_that_does_not_show_a_code_when_asked_at_once_is_supervised(house: House, lock: FakeLock) -> None:
    supervised(lock, late_s=0)
    lock.unanswered = {"6302"}
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED
    assert codes_sent(lock) == ["6301", "6302", "6c01"]


@virtual
async def test_a_lock_that_masks_its_codes_is_supervised(house: House, lock: FakeLock) -> None:
    supervised(lock, late_s=0)
    lock.masked = True
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED
        assert await keypad_of(house).write(6, Pin("654321")) is Proof.CONFIRMED
    assert codes_sent(lock) == ["6301", "6302", "6c01", "6c01"]


@virtual
async def test_a_code_that_is_held_but_disabled_is_not_taken_for_set(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.codes[5] = (2, b"123456")
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED


@virtual
async def test_a_duplicate_that_is_announced_is_neither_asked_for_nor_sent_again(house: House, lock: FakeLock) -> None:
    supervised(lock, late_s=0, events=ANNOUNCES)
    lock.announces, lock.codes[1] = True, (1, b"123456")
    async with house.running():
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, PIN)
    assert codes_sent(lock) == ["6301"]


@virtual
async def test_a_lock_that_announces_codes_is_asked_only_then(house: House, lock: FakeLock) -> None:
    supervised(lock, late_s=0, events=ANNOUNCES)
    lock.announces = True
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK
    assert codes_sent(lock) == ["6301", "6302"]
    assert lock.heard_at[-1] - lock.heard_at[-2] > 1.9 * lock.air_s, (
        "the announcement and the question, one after the other"
    )


@virtual
async def test_a_supervised_code_is_confirmed(house: House, lock: FakeLock) -> None:
    supervised(lock)
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED
    assert lock.received[-1] == "6c01810a" + "6301050131323334" + "3536"


@virtual
async def test_the_outcome_of_an_earlier_command_is_not_taken_for_this_ones(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = ""
    async with house.running():
        await keypad_of(house).write(4, PIN)  # session 1
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, bytes.fromhex("6c0201ff00"))
        assert await keypad_of(house).write(5, Pin("654321")) is Proof.ACKNOWLEDGED


@virtual
async def test_a_lock_that_is_still_at_it_is_waited_for(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = "01"
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED


@virtual
async def test_digits_that_another_slot_holds_are_taken(house: House, lock: FakeLock) -> None:
    lock.announces, lock.codes[1] = True, (1, b"123456")
    async with house.running():
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, PIN)
    assert 5 not in lock.codes


@virtual
async def test_a_supervised_refusal_with_the_reason_is_taken_too(house: House, lock: FakeLock) -> None:
    supervised(lock, events=ANNOUNCES)
    lock.supervision = "02"
    async with house.running():
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, notification(15, bytes.fromhex("630305")))
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, PIN)


@virtual
async def test_a_refusal_without_a_reason_is_rejected(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = "02"
    async with house.running():
        with pytest.raises(Rejected) as raised:
            await keypad_of(house).write(5, PIN)
        assert not isinstance(raised.value, CodeTaken)
        assert "123456" not in str(raised.value)


@virtual
async def test_a_refusal_of_a_code_that_the_lock_holds_is_not_believed(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision, lock.codes[5] = "02", (1, b"123456")
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK


@virtual
async def test_a_busy_lock_is_unavailable(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = "03"
    async with house.running():
        with pytest.raises(Unavailable, match="busy"):
            await keypad_of(house).write(5, PIN)


@virtual
async def test_a_lock_that_does_not_know_supervision_after_all_is_told_plainly(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = "00"
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.ACKNOWLEDGED
        assert await keypad_of(house).write(6, Pin("654321")) is Proof.ACKNOWLEDGED
    assert codes_sent(lock) == ["6301", "6302", "6c01", "6301", "6301", "6302", "6301"]


@virtual
async def test_supervision_that_is_never_answered_is_given_up_after_two_commands(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision = ""
    async with house.running():
        for slot in (1, 2, 3):
            assert await keypad_of(house).write(slot, Pin(f"12345{slot}")) is Proof.ACKNOWLEDGED
    assert codes_sent(lock) == ["6301", "6302", "6c01", "6301", "6302", "6c01", "6301"]


@virtual
async def test_a_model_whose_supervision_is_broken_is_never_supervised(house: House, lock: FakeLock) -> None:
    lock.classes, lock.product = SUPERVISED, "009008110" + "3a8"
    async with house.running():
        await keypad_of(house).write(5, PIN)
    assert not [received for received in lock.received if received.startswith("6c01")]


@virtual
async def test_codes_of_a_lock_with_fixed_length_are_checked_before_they_are_sent(house: House, lock: FakeLock) -> None:
    lock.classes, lock.product = UNSECURED + b"\x70", "003b63415044"
    lock.parameters[16] = b"\x04"
    async with house.running():
        abilities = house.driver.locks[TWO].abilities
        assert (abilities.model, abilities.min_digits, abilities.max_digits) == ("Schlage BE469", 4, 4)
        lock.received.clear()
        with pytest.raises(Rejected):
            await keypad_of(house).write(5, PIN)
        assert not lock.received
        await keypad_of(house).write(5, Pin("1234"))
    assert lock.codes == {5: (1, b"1234")}


@virtual
async def test_a_lock_out_of_reach_is_told_after_the_second_failure_and_heard_again(
    house: House, lock: FakeLock
) -> None:
    async with house.running():
        lock.reach = "no"
        for _ in range(3):
            with pytest.raises(Unavailable, match="out of reach"):
                await keypad_of(house).write(5, PIN)
        await asyncio.sleep(0.1)
        assert [silent.why for silent in house.told(LockSilent)] == ["the lock is out of reach"]
        lock.reach = "yes"
        await keypad_of(house).read(5)
        await asyncio.sleep(0.1)
    assert isinstance(house.facts[-1], LockHeard)


@virtual
async def test_signs_of_life_are_told_once_a_minute(house: House) -> None:
    async with house.running():
        for _ in range(30):
            await keypad_of(house).read(1)
            await asyncio.sleep(5)
    assert len(house.told(LockHeard)) == 2


@virtual
async def test_a_cancelled_write_is_withdrawn_from_the_air(house: House, lock: FakeLock) -> None:
    house.stick.never_ends = True
    async with house.running():
        lock.reach = "no"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await keypad_of(house).write(5, PIN)
        lock.reach = "yes"
        await asyncio.sleep(0.1)
        assert house.stick.calls[-1] == (0x16, "")
        assert (await keypad_of(house).read(5)).empty


# ---- clearing --------------------------------------------------------------------------------------------------------


@virtual
async def test_a_slot_is_cleared_with_raw_zeros(house: House, lock: FakeLock) -> None:
    lock.codes[5] = (1, b"123456")
    async with house.running():
        assert await keypad_of(house).clear(5) is Proof.ACKNOWLEDGED
        assert (await keypad_of(house).read(5)).empty
    assert "63010500" + "00000000" in lock.received


@virtual
async def test_version_2_is_cleared_without_digits(house: House, lock: FakeLock) -> None:
    lock.codes[5], lock.versions[0x63] = (1, b"123456"), 2
    async with house.running():
        await keypad_of(house).clear(5)
    assert lock.received[-1] == "630b0100050000"
    assert not lock.codes


@pytest.mark.parametrize("event", [12, 13])
@virtual
async def test_a_deletion_that_the_lock_announces_is_confirmed(house: House, event: int) -> None:
    async with house.running():
        asyncio.get_running_loop().call_later(0.5, house.stick.say, 2, notification(event))
        assert await keypad_of(house).clear(5) is Proof.CONFIRMED


@virtual
async def test_a_refused_deletion_is_rejected_while_the_code_is_there(house: House, lock: FakeLock) -> None:
    supervised(lock)
    lock.supervision, lock.codes[5] = "02", (1, b"123456")
    async with house.running():
        with pytest.raises(Rejected):
            await keypad_of(house).clear(5)
        lock.codes.clear()
        assert await keypad_of(house).clear(5) is Proof.READ_BACK
