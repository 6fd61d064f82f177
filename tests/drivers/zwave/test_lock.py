"""Codes, bolt and battery of one lock, over the whole driver and a stick made of bytes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hub.contracts import BoltControl, Charge, CodeTaken, Keypad
from hub.errors import Rejected, Unavailable
from hub.model.facts import BatteryRead, BoltMoved, CodeChange, CodesChanged, LockFound, LockHeard, LockSilent, SlotRead
from hub.model.values import Address, How, Pin, Position, Proof
from tests.drivers.zwave.fakes import UNSECURED, FakeLock, House, notification, virtual

TWO = Address("2")
SUPERVISED = UNSECURED + b"\x6c"
PIN = Pin("123456")


def keypad_of(house: House) -> Keypad:
    keypad = house.driver.locks[TWO].keypad
    assert keypad is not None
    return keypad


def bolt_of(house: House) -> BoltControl:
    bolt = house.driver.locks[TWO].bolt
    assert bolt is not None
    return bolt


ANNOUNCES = "7ef801"


def supervised(lock: FakeLock, late_s: float = 0.3, events: str = "7e") -> None:
    lock.classes, lock.product, lock.late_s, lock.events = SUPERVISED, "0129810a4dd1", late_s, events


def codes_sent(lock: FakeLock) -> list[str]:
    """What was told and asked of codes, each by its two first bytes."""
    return [received[:4] for received in lock.received if received[:4] in {"6c01", "6301", "6302", "630b"}]


# ---- reading ---------------------------------------------------------------------------------------------------------


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


# ---- bolt and battery ------------------------------------------------------------------------------------------------


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
        assert await battery.read() == Charge(0, low=True)
        await asyncio.sleep(0.1)
        lock.battery = 0x70
        with pytest.raises(Unavailable):
            await battery.read()
    assert [(read.percent, read.low) for read in house.told(BatteryRead)] == [(90, False), (12, False), (0, True)]


@virtual
async def test_a_keypad_without_a_bolt_is_a_lock_too(house: House, lock: FakeLock) -> None:
    lock.classes = bytes.fromhex("728663")
    async with house.running():
        met = house.driver.locks[TWO]
        assert (met.bolt, met.battery) == (None, None)
        assert met.keypad is not None
