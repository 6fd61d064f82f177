"""Long work on the stick and its network, against a stick made of bytes, in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from hub.contracts.radio import NodeState, Wish
from hub.errors import Rejected, Unavailable
from hub.model.facts import Alarm
from hub.model.values import Address, Position
from tests.drivers.zwave.fakes import FakeLock, House, virtual
from tests.drivers.zwave.kept_stick import ALL, KeptStick, asked

TWO = Address("2")


@pytest.fixture
def stick(lock: FakeLock) -> KeptStick:
    stick = KeptStick([lock])
    stick.functions |= ALL
    return stick


@pytest.fixture
def home(tmp_path: Path, stick: KeptStick) -> House:
    return House(tmp_path, stick)


# ---- noise, neighbours -----------------------------------------------------------------------------------------------


@virtual
async def test_noise_and_neighbours_are_shown_without_a_frame_on_the_air(
    home: House, stick: KeptStick, lock: FakeLock
) -> None:
    stick.beside = {2: {1, 7}}
    async with home.running() as driver:
        received = len(lock.received)
        await asyncio.sleep(3600)
        survey = driver.survey()
    assert survey.noise_dbm == (-92, -91)
    assert survey.nodes[0].neighbours == {Address("1"), Address("7")}
    assert len(lock.received) == received
    assert len(asked(stick, 0x80)) <= 2


@virtual
async def test_a_stick_is_never_asked_for_what_it_does_not_list(house: House) -> None:
    async with house.running() as driver:
        await asyncio.sleep(200)
        with pytest.raises(Rejected, match="does not let its memory"):
            await driver.back_up()
        with pytest.raises(Rejected, match="cannot strike out"):
            await driver.forget(TWO)
        await driver.heal()
    assert {function for function, _ in house.stick.calls} <= house.stick.functions


@virtual
async def test_a_function_that_is_listed_and_never_answered_delays_nobody_twice(home: House, stick: KeptStick) -> None:
    stick.silent = {0x3B, 0x80}
    async with home.running() as driver:
        await asyncio.sleep(7200)
        assert len(asked(stick, 0x3B)) == len(asked(stick, 0x80)) == 1
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        assert await bolt.move(Position.LOCKED) is Position.LOCKED


@virtual
async def test_a_jam_is_told_once_and_again_when_it_is_over(home: House, stick: KeptStick) -> None:
    async with home.running() as driver:
        stick.noise = "c6c8"
        await asyncio.sleep(600)
        assert driver.survey().jammed
        stick.noise = "a4a5"
        await asyncio.sleep(120)
        assert not driver.survey().jammed
    jams = [alarm for alarm in home.alarms if alarm.alarm is Alarm.JAMMED]
    assert [(alarm.note, alarm.over) for alarm in jams] == [("", True), ("noise of -58 dBm", False), ("", True)]


@virtual
async def test_a_stick_that_is_gone_is_an_alarm_until_it_is_back(house: House) -> None:
    async with house.running():
        house.stick.unplug()
        await asyncio.sleep(20)
        house.stick.plugged = True
        await asyncio.sleep(40)
    gone = [(alarm.note, alarm.over) for alarm in house.alarms if alarm.alarm is Alarm.STICK_GONE]
    assert gone == [("", True), ("the port is not there", False), ("", True)]


# ---- routes ----------------------------------------------------------------------------------------------------------


@virtual
async def test_healing_shows_its_progress_and_reads_the_new_neighbours(home: House, stick: KeptStick) -> None:
    stick.locks.append(FakeLock(node=3))
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        healing = tasks.create_task(driver.heal())
        await asyncio.sleep(1)
        assert driver.survey().busy == "Looking for routes: device 2, 0 of 2 done"
        await asyncio.sleep(9)
        assert driver.survey().busy == "Looking for routes: device 3, 1 of 2 done"
        with pytest.raises(Rejected, match="device 3, 1 of 2"):
            await driver.heal(TWO)
        await healing
        survey = driver.survey()
    assert survey.busy == ""
    assert all(each.neighbours == {Address("1"), Address("7")} for each in survey.nodes)
    assert [payload[:2] for payload in asked(stick, 0x51)] == ["02", "03"]
    assert not asked(stick, 0x46)


@virtual
async def test_a_stick_that_is_not_the_suc_gives_plain_return_routes(home: House, stick: KeptStick) -> None:
    stick.suc = 9
    async with home.running() as driver:
        await driver.heal(TWO)
    assert [payload[:4] for payload in asked(stick, 0x46)] == ["0201"]


@virtual
async def test_a_device_that_finds_nobody_is_named_and_the_others_go_on(home: House, stick: KeptStick) -> None:
    stick.found = 0x23
    stick.locks.append(FakeLock(node=3))
    async with home.running() as driver:
        with pytest.raises(Unavailable, match="2, 3"):
            await driver.heal()
        assert driver.survey().busy == ""


@virtual
async def test_somebody_at_a_door_does_not_wait_for_a_search(home: House, stick: KeptStick, lock: FakeLock) -> None:
    stick.search_s = 60.0
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.heal(TWO))
        await asyncio.sleep(5)
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        started = asyncio.get_running_loop().time()
        await bolt.move(Position.LOCKED)
        assert lock.heard_at[lock.received.index("6201ff")] - started < 0.1


@virtual
async def test_a_search_of_which_nothing_is_heard_ends(home: House, stick: KeptStick) -> None:
    stick.search_s = 10_000.0
    async with home.running() as driver:
        started = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable):
            await driver.heal()
        assert asyncio.get_running_loop().time() - started < 90


# ---- devices that are gone -------------------------------------------------------------------------------------------


@virtual
async def test_a_device_that_no_longer_answers_is_struck_out(home: House, stick: KeptStick, lock: FakeLock) -> None:
    async with home.running() as driver:
        lock.reach = "no"
        await driver.forget(TWO)
        assert not driver.survey().nodes
        assert not driver.locks


@pytest.mark.parametrize("failed", [set(), {2}])
@virtual
async def test_a_device_that_still_answers_stays(home: House, stick: KeptStick, failed: set[int]) -> None:
    stick.failed = failed
    async with home.running() as driver:
        with pytest.raises(Rejected, match="still answers"):
            await driver.forget(TWO)
        assert driver.survey().nodes[0].state is NodeState.ALIVE


@virtual
async def test_a_device_that_the_stick_still_lists_was_not_struck_out(
    home: House, stick: KeptStick, lock: FakeLock
) -> None:
    async with home.running() as driver:
        lock.reach = "no"
        stick.others = frozenset({2})
        with pytest.raises(Unavailable, match="could not strike"):
            await driver.forget(TWO)
        assert [each.address for each in driver.survey().nodes] == [TWO]


# ---- beside other work -----------------------------------------------------------------------------------------------


@virtual
async def test_nothing_long_is_begun_while_a_device_joins_and_nobody_joins_meanwhile(
    home: House, stick: KeptStick
) -> None:
    stick.functions |= {0x4A, 0x4B}
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        healing = tasks.create_task(driver.heal())
        await asyncio.sleep(1)
        with pytest.raises(Rejected, match="busy with other work"):
            driver.joining.begin(Wish.REMOVE)
        await healing
        talk = driver.joining.begin(Wish.REMOVE)
        with pytest.raises(Rejected, match="being added or removed"):
            await driver.back_up()
        driver.joining.cancel(talk.id)
        await asyncio.sleep(60)


@virtual
async def test_a_device_that_is_dead_is_an_alarm_until_it_answers(home: House, lock: FakeLock) -> None:
    async with home.running() as driver:
        lock.reach = "no"
        for _ in range(3):
            with pytest.raises(Unavailable):
                await driver.ping(TWO)
        lock.reach = "yes"
        await driver.ping(TWO)
        await asyncio.sleep(1)
    dead = [(alarm.device, alarm.note, alarm.over) for alarm in home.alarms if alarm.alarm is Alarm.DEAD]
    assert dead == [("2", "", True), ("2", "the lock is out of reach", False), ("2", "", True)]


@virtual
async def test_an_older_stick_is_asked_to_tell_how_transmissions_went(home: House, stick: KeptStick) -> None:
    stick.functions |= {0x0B}
    stick.silent = {0x0B}
    async with home.running() as driver:
        assert TWO in driver.locks
    assert asked(stick, 0x0B) == ["0201"]


@virtual
async def test_a_weak_signal_and_many_losses_are_remarked(home: House, lock: FakeLock) -> None:
    lock.report = "0004" + "00" + "a6" + "7f" * 4 + "0000" + "03" + "00000000" + "03" + "01"
    async with home.running() as driver:
        for nth in range(60):
            lock.reach = "no" if nth % 4 == 0 else "yes"
            with suppress(Unavailable):
                await driver.ping(TWO)
        remarks = driver.survey().nodes[0].remarks
    assert "Its signal is weak (-90 dBm); a repeater between it and the stick would help." in remarks
    assert "15 of 71 commands to it were not acknowledged." in remarks
