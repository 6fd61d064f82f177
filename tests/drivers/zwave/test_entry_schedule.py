"""Hours that a lock itself keeps to, over the whole driver and a lock made of bytes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.contracts import SlotSchedule
from hub.errors import Rejected, Unavailable
from hub.model.facts import LockFound
from hub.model.values import Proof, Weekly, Window
from tests.drivers.zwave.brands import HC620, KW_914, MODULE, NF_YRD612, TWO, wearing
from tests.drivers.zwave.fake_classes import SchedulingLock
from tests.drivers.zwave.fakes import START, UNSECURED, FakeStick, House, virtual

CLASSES = UNSECURED + b"\x4e\x8b\x70"
CHRISTMAS = Window(datetime(2026, 12, 24, 15, tzinfo=UTC), datetime(2027, 1, 2, 11, 30, 20, tzinfo=UTC))
CHRISTMAS_WIRE = "1a0c180f00" + "1b01020b1f"
HOUR = timedelta(hours=1)


@pytest.fixture
def lock() -> SchedulingLock:
    keeper = SchedulingLock()
    wearing(keeper, NF_YRD612, CLASSES)
    return keeper


@pytest.fixture
def house(tmp_path: Path, lock: SchedulingLock) -> House:
    return House(tmp_path, FakeStick([lock]))


def schedule_of(house: House) -> SlotSchedule:
    schedule = house.driver.locks[TWO].schedule
    assert schedule is not None
    return schedule


def said(lock: SchedulingLock, *beginnings: str) -> list[str]:
    return [received for received in lock.received if received.startswith(beginnings or "4e")]


@virtual
async def test_a_code_is_confined_to_a_window_and_read_back(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        assert house.told(LockFound)[-1].abilities.schedules
        assert await schedule_of(house).set(5, CHRISTMAS) is Proof.READ_BACK
    assert {key: value.hex() for key, value in lock.kept.items()} == {(6, 5, 1): CHRISTMAS_WIRE}
    assert (lock.counting[5], lock.enabled[5]) == (6, True)


@virtual
async def test_the_clock_is_set_before_and_means_utc(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        assert abs(lock.now() - (START + timedelta(seconds=asyncio.get_running_loop().time()))) < timedelta(seconds=2)
    assert lock.offset == bytes(3)
    order = [received[:4] for received in lock.received if received[:2] in {"4e", "8b"}]
    assert order.index("4e0d") < order.index("8b01") < order.index("4e06")


@virtual
async def test_the_clock_is_set_once_a_day(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        for slot in (1, 2, 3):
            await schedule_of(house).set(slot, CHRISTMAS)
        assert len(said(lock, "8b01")) == 1
        await asyncio.sleep(86_400)
        await schedule_of(house).set(4, CHRISTMAS)
    assert len(said(lock, "8b01")) == 2


@virtual
async def test_a_clock_that_was_lost_is_set_again_within_a_day_and_one_that_goes_right_is_left_alone(
    house: House, lock: SchedulingLock
) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        lock.received.clear()
        await asyncio.sleep(86_460)
        looked = [each[:4] for each in lock.received if each[:4] != "7005"]  # besides the daily look at its mode
        assert looked == ["8b02"]
        lock.clock, lock.set_at = datetime(2000, 1, 1, tzinfo=UTC), asyncio.get_running_loop().time()
        await asyncio.sleep(86_460)
        assert abs(lock.now() - (START + timedelta(seconds=asyncio.get_running_loop().time()))) < timedelta(seconds=2)


@pytest.mark.parametrize("off", [12 * HOUR, -12 * HOUR])
@virtual
async def test_a_lock_is_set_right_as_soon_as_the_hub_was_although_its_clock_was_set_today(
    house: House, lock: SchedulingLock, off: timedelta
) -> None:
    house.clock.off = off
    async with house.running():
        await asyncio.sleep(150)
        await schedule_of(house).set(5, CHRISTMAS)
        house.clock.off = timedelta(0)
        await asyncio.sleep(90)
        assert abs(lock.now() - (START + timedelta(seconds=asyncio.get_running_loop().time()))) < timedelta(seconds=2)
        lock.received.clear()
        await asyncio.sleep(3600)
        assert not said(lock, "8b01"), "once is enough"


APPLIED = "7105000000ff080100"
"""Notification Report: Power Management, power has been applied."""


@pytest.mark.parametrize(
    "hints",
    [[APPLIED], ["800305", "800364"], ["8003ff", "800364"]],
    ids=["power applied", "full again", "no longer low"],
)
@virtual
async def test_a_clock_is_looked_at_as_soon_as_the_battery_was_changed(
    house: House, lock: SchedulingLock, hints: list[str]
) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        await asyncio.sleep(3600)
        lock.clock, lock.set_at = datetime(2000, 1, 1, tzinfo=UTC), asyncio.get_running_loop().time()
        for hint in hints:
            house.stick.say(2, bytes.fromhex(hint))
            await asyncio.sleep(10)
        assert abs(lock.now() - (START + timedelta(seconds=asyncio.get_running_loop().time()))) < timedelta(seconds=2)


@virtual
async def test_hours_that_are_told_after_a_battery_was_changed_have_the_clock_set_first(
    house: House, lock: SchedulingLock
) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        lock.unanswered = {"8b02"}  # nobody can see that it went wrong
        house.stick.say(2, bytes.fromhex(APPLIED))
        await asyncio.sleep(10)
        before = len(said(lock, "8b01"))
        await schedule_of(house).set(6, CHRISTMAS)
        assert len(said(lock, "8b01")) == before + 1


@virtual
async def test_a_battery_that_is_warmer_than_before_is_no_new_one(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        lock.received.clear()
        for hint in ("800337", "80034b", "71050000 00ff080a00".replace(" ", "")):
            house.stick.say(2, bytes.fromhex(hint))
            await asyncio.sleep(10)
        assert not said(lock, "8b")


@virtual
async def test_the_clock_of_a_lock_that_was_out_of_reach_is_looked_at_when_it_is_back(
    house: House, lock: SchedulingLock
) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        lock.reach = "no"
        for _ in range(2):
            with pytest.raises(Unavailable):
                await schedule_of(house).set(6, CHRISTMAS)
        lock.clock, lock.set_at = datetime(2000, 1, 1, tzinfo=UTC), asyncio.get_running_loop().time()
        lock.reach = "yes"
        await asyncio.sleep(3600)
        assert abs(lock.now() - (START + timedelta(seconds=asyncio.get_running_loop().time()))) < timedelta(seconds=2)


@virtual
async def test_a_clock_that_is_looked_at_and_not_told_stays_as_it_is(house: House, lock: SchedulingLock) -> None:
    lock.unanswered = {"8b02"}
    async with house.running():
        await asyncio.sleep(86_400)
    assert not said(lock, "8b01")


@virtual
async def test_a_lock_whose_clock_stands_still_keeps_no_schedule(house: House, lock: SchedulingLock) -> None:
    lock.stopped = True
    async with house.running():
        with pytest.raises(Rejected, match="clock"):
            await schedule_of(house).set(5, CHRISTMAS)
    assert not lock.kept


@virtual
async def test_a_window_without_an_end_lasts_as_long_as_the_lock_can_count(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        await schedule_of(house).set(5, Window(START))
    assert lock.kept[6, 5, 1].hex() == "1a06010c00" + "630c1f173b"


@pytest.mark.parametrize(
    "window",
    [
        Window(datetime(2100, 1, 1, tzinfo=UTC)),
        Window(datetime(1999, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
@virtual
async def test_what_the_calendar_of_a_lock_does_not_reach_is_rejected(
    house: House, lock: SchedulingLock, window: Window
) -> None:
    async with house.running():
        with pytest.raises(Rejected, match="calendar"):
            await schedule_of(house).set(5, window)
    assert not said(lock, "4e06")


@virtual
async def test_hours_that_are_the_same_on_several_days_are_one_daily_schedule(
    house: House, lock: SchedulingLock
) -> None:
    lock.room = (7, 1, 1)
    async with house.running():
        hours = tuple(Weekly(day, timedelta(hours=22), 9 * HOUR) for day in (0, 4, 6))
        assert await schedule_of(house).set(5, hours) is Proof.READ_BACK
    assert {key: value.hex() for key, value in lock.kept.items()} == {(0x10, 5, 1): "23" + "1600" + "0900"}


@virtual
async def test_hours_past_midnight_are_two_schedules_by_weekday(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        hours = (
            Weekly(5, timedelta(hours=22), 4 * HOUR),
            Weekly(0, timedelta(hours=8), timedelta(hours=9, seconds=30)),
        )
        assert await schedule_of(house).set(5, hours) is Proof.READ_BACK
    assert {key: value.hex() for key, value in lock.kept.items()} == {
        (3, 5, 1): "06" + "1600" + "173b",
        (3, 5, 2): "00" + "0000" + "0200",
        (3, 5, 3): "01" + "0800" + "1101",
    }


@virtual
async def test_more_hours_than_there_is_room_for_are_rejected_before_anything_is_sent(
    house: House, lock: SchedulingLock
) -> None:
    lock.room = (2, 1, 0)
    async with house.running():
        before = len(lock.received)
        with pytest.raises(Rejected, match="keeps 2 such schedules"):
            await schedule_of(house).set(5, tuple(Weekly(day, HOUR, HOUR) for day in range(3)))
        with pytest.raises(Rejected, match="cleared"):
            await schedule_of(house).set(5, ())
        assert len(lock.received) == before


@virtual
async def test_a_lock_without_dated_schedules_cannot_keep_a_window(house: House, lock: SchedulingLock) -> None:
    lock.room = (7, 0, 0)
    async with house.running():
        assert not house.told(LockFound)[-1].abilities.schedules
        with pytest.raises(Rejected, match="keeps 0 such schedules"):
            await schedule_of(house).set(5, CHRISTMAS)


@virtual
async def test_what_confined_a_code_before_no_longer_counts(house: House, lock: SchedulingLock) -> None:
    lock.room = (7, 3, 0)
    lock.kept[6, 5, 1] = lock.kept[6, 5, 3] = bytes.fromhex("1a01010000" + "630101" + "0000")
    lock.kept[3, 5, 2] = bytes.fromhex("0008001100")
    async with house.running():
        assert await schedule_of(house).set(5, CHRISTMAS) is Proof.READ_BACK
    assert {key for key in lock.kept if key[0] == 6} == {(6, 5, 1)}
    assert lock.counting[5] == 6  # the weekday is of another kind, and does not count


@virtual
async def test_a_lock_that_keeps_nothing_of_what_it_took_is_not_believed(house: House, lock: SchedulingLock) -> None:
    lock.stubborn = True
    async with house.running():
        with pytest.raises(Unavailable, match="other hours"):
            await schedule_of(house).set(5, CHRISTMAS)


@virtual
async def test_a_lock_that_keeps_other_hours_than_it_was_told_is_not_believed(
    house: House, lock: SchedulingLock
) -> None:
    lock.crooked = True
    async with house.running():
        with pytest.raises(Unavailable, match="other hours"):
            await schedule_of(house).set(5, CHRISTMAS)


@virtual
async def test_a_lock_that_tells_nothing_of_its_schedules_is_believed_to_have_taken_them(
    house: House, lock: SchedulingLock
) -> None:
    lock.unanswered = {"4e07"}
    async with house.running():
        assert await schedule_of(house).set(5, CHRISTMAS) is Proof.ACKNOWLEDGED
    lock.classes += b"\x6c"
    house.renew()
    (house.folder / "nodes.json").unlink()
    async with house.running():
        assert await schedule_of(house).set(6, CHRISTMAS) is Proof.CONFIRMED


@virtual
async def test_a_refused_schedule_is_rejected(house: House, lock: SchedulingLock) -> None:
    lock.classes += b"\x6c"
    lock.stubborn, lock.supervision = True, "02"
    async with house.running():
        with pytest.raises(Rejected, match="refused"):
            await schedule_of(house).set(5, CHRISTMAS)


@virtual
async def test_a_code_is_let_in_at_any_time_again(house: House, lock: SchedulingLock) -> None:
    lock.kept[3, 5, 2] = bytes.fromhex("0008001100")
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        house.renew()
    async with house.running():
        assert await schedule_of(house).clear(5) is Proof.READ_BACK
    assert (lock.kept, lock.enabled[5]) == ({}, False)


@virtual
async def test_schedules_that_were_switched_off_are_switched_on_again(house: House, lock: SchedulingLock) -> None:
    lock.enables = False
    async with house.running():
        await schedule_of(house).clear(5)
        assert not lock.enabled[5]
        await schedule_of(house).set(5, CHRISTMAS)
    assert lock.enabled[5]


@virtual
async def test_only_the_kind_that_was_told_is_looked_for_when_it_is_known(house: House, lock: SchedulingLock) -> None:
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        lock.received.clear()
        assert await schedule_of(house).clear(5) is Proof.READ_BACK
    assert [received[:4] for received in lock.received] == ["4e07", "4e06", "4e07", "4e01"]


@pytest.mark.parametrize("slot", [0, 31, 256, 251])
@virtual
async def test_a_slot_that_is_no_guests_has_no_schedule(house: House, lock: SchedulingLock, slot: int) -> None:
    async with house.running():
        before = len(lock.received)
        with pytest.raises(Rejected):
            await schedule_of(house).set(slot, CHRISTMAS)
        with pytest.raises(Rejected):
            await schedule_of(house).clear(slot)
        assert len(lock.received) == before


@pytest.mark.parametrize("classes", [UNSECURED + b"\x4e", UNSECURED + b"\x8b", UNSECURED])
@virtual
async def test_a_lock_without_schedules_or_without_a_clock_has_not_that_ability(
    house: House, lock: SchedulingLock, classes: bytes
) -> None:
    lock.classes = classes
    async with house.running():
        met = house.driver.locks[TWO]
        assert (met.schedule, met.abilities.schedules) == (None, False)
    assert "4e09" not in lock.received


@virtual
async def test_kfcon_module_claims_twenty_daily_schedules_and_has_one(house: House, lock: SchedulingLock) -> None:
    """zwave-js' device file of the module; it keeps no dates, so a window is not to be had of it."""
    wearing(lock, MODULE, CLASSES)
    lock.room, lock.slots = (0, 0, 20), 20
    async with house.running():
        assert "4e09" not in lock.received
        assert not house.told(LockFound)[-1].abilities.schedules
        await schedule_of(house).set(5, (Weekly(0, HOUR, HOUR), Weekly(3, HOUR, HOUR)))
        with pytest.raises(Rejected):
            await schedule_of(house).set(5, (Weekly(0, HOUR, HOUR), Weekly(3, HOUR, 2 * HOUR)))
    assert list(lock.kept) == [(0x10, 5, 1)]


@virtual
async def test_914_confines_only_whom_a_parameter_calls_guest_or_worker(house: House, lock: SchedulingLock) -> None:
    wearing(lock, KW_914, CLASSES)
    lock.parameters = dict.fromkeys(range(1, 31), b"\x01") | {40: b"\x00"}
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
        assert lock.parameters[5] == b"\x03"
        await schedule_of(house).set(6, (Weekly(0, HOUR, HOUR),))
        assert lock.parameters[6] == b"\x04"
        await schedule_of(house).clear(5)
        assert lock.parameters[5] == b"\x01"
    order = [received[:6] for received in lock.received if received[:4] in {"4e06", "7004"}]
    assert order.index("4e0601") < order.index("700405")  # the schedule first: the manual asks for it
    assert not said(lock, "700428")


@virtual
async def test_hc620_has_no_such_parameter_and_none_is_written(house: House, lock: SchedulingLock) -> None:
    wearing(lock, HC620, CLASSES)
    async with house.running():
        await schedule_of(house).set(5, CHRISTMAS)
    assert not said(lock, "70")
