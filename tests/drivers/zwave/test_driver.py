"""The whole driver against a stick made of bytes, in virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from drivers.zwave.driver import ZWave
from hub.errors import Misconfigured, Unavailable
from hub.io.serial import Line
from hub.model.facts import (
    Abilities,
    BatteryRead,
    BoltMoved,
    CodeChange,
    CodesChanged,
    LockFound,
    LockHeard,
    LockSilent,
    Trouble,
    TroubleSeen,
)
from hub.model.values import Address, How, Pin, Position
from tests.drivers.zwave.fakes import START, FakeLock, House, notification, virtual
from tests.drivers.zwave.test_frame import MALFORMED

TWO = Address("2")


# ---- meeting ---------------------------------------------------------------------------------------------------------


@virtual
async def test_a_lock_is_met_and_told_before_what_it_says(house: House) -> None:
    async with house.running() as driver:
        assert list(driver.locks) == [TWO]
    found, moved, battery = house.facts
    assert found == LockFound(TWO, found.at, Abilities("Schlage BE369", "17.8", 30, reads_codes=True))
    assert moved == BoltMoved(TWO, moved.at, Position.UNLOCKED)
    assert battery == BatteryRead(TWO, battery.at, 90)


@virtual
async def test_the_stick_is_asked_in_the_order_that_other_hosts_use(house: House) -> None:
    async with house.running():
        pass
    assert [function for function, _ in house.stick.calls[:7]] == [0x07, 0x02, 0x15, 0x08, 0x20, 0x41, 0x60]
    assert house.stick.controls[0] == 0x15


@virtual
async def test_a_lock_is_met_with_few_questions_and_no_code_is_touched(house: House, lock: FakeLock) -> None:
    async with house.running():
        pass
    assert lock.received == [
        "7204",  # who made it
        "8611",  # its firmware
        "861363",  # which User Code
        "6304",  # how many slots
        "861362",  # which Door Lock
        "6202",  # where the bolt is
        "861371",  # which Notification
        "710106",  # which events
        "8002",  # its battery
        "850202",  # who hears of it (this model reports to group 2)
        "85010201",
    ]


@virtual
async def test_after_a_restart_a_known_lock_is_only_confirmed(house: House, lock: FakeLock) -> None:
    async with house.running():
        pass
    lock.received.clear()
    house.facts.clear()
    house.renew()
    async with house.running() as driver:
        assert driver.locks[TWO].abilities.slots == 30
    assert lock.received == ["7204", "8611", "6202"]
    assert isinstance(house.facts[0], LockFound)
    assert not house.facts[0].replaced


@virtual
async def test_a_known_lock_that_is_out_of_reach_after_a_restart_is_still_there(house: House, lock: FakeLock) -> None:
    async with house.running():
        pass
    lock.reach = "no"
    house.renew()
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        with pytest.raises(Unavailable):
            await keypad.read(1)
        await asyncio.sleep(0.1)
        assert [silent.why for silent in house.told(LockSilent)] == ["the lock is out of reach"]


@virtual
async def test_other_hardware_at_the_same_address_is_a_new_lock(house: House, lock: FakeLock) -> None:
    async with house.running():
        pass
    lock.product, lock.slots = "0129" + "810a4dd1", 250
    house.facts.clear()
    house.renew()
    async with house.running() as driver:
        assert driver.locks[TWO].abilities.slots == 250
    assert house.told(LockFound)[-1].replaced
    assert house.told(LockFound)[-1].abilities.model == "Yale NF-YRD612-ZW3"


@virtual
async def test_another_network_is_forgotten(house: House, lock: FakeLock) -> None:
    async with house.running():
        pass
    house.stick.home_id, lock.slots = "deadbeef", 10
    house.renew()
    async with house.running() as driver:
        assert driver.locks[TWO].abilities.slots == 10
    assert house.told(LockFound)[-1].replaced


@virtual
async def test_a_node_that_left_is_no_longer_a_lock(house: House) -> None:
    async with house.running():
        pass
    house.stick.locks.clear()
    house.renew()
    async with house.running() as driver:
        assert not driver.locks
    assert house.told(LockSilent)[-1].why == "was removed from the Z-Wave network"


@virtual
async def test_nodes_that_are_no_locks_are_left_in_peace(house: House) -> None:
    house.stick.others = frozenset({7, 9})
    house.stick.locks += [
        FakeLock(node=10, classes=bytes.fromhex("5e8671"), device="d39c0104400b"),  # a keypad on the wall
        FakeLock(node=11, device="539c01044003"),  # sleeps without a beam
    ]
    async with house.running() as driver:
        house.stick.say(7, bytes.fromhex("2003ff"))
        house.stick.say(10, notification(6))
        await asyncio.sleep(1)
        assert list(driver.locks) == [TWO]
    assert {fact.lock for fact in house.facts if hasattr(fact, "lock")} == {TWO}
    assert not house.stick.locks[1].received
    assert not house.stick.locks[2].received


@pytest.mark.parametrize(
    ("classes", "secure"),
    [("5e9855", "S0 without a key"), ("5e989f6c55", "S2 without a key"), ("5e9f6c626371", "S2 without a key")],
)
@virtual
async def test_a_secure_lock_without_a_key_is_met_and_cannot_be_used(
    house: House, lock: FakeLock, classes: str, secure: str
) -> None:
    lock.classes = bytes.fromhex(classes)
    async with house.running() as driver:
        met = driver.locks[TWO]
        house.stick.say(2, notification(6, bytes.fromhex("630301")))
        await asyncio.sleep(1)
    assert (met.bolt, met.keypad, met.battery) == (None, None, None)
    found, silent = house.facts
    assert isinstance(found, LockFound)
    assert (found.abilities.secure, found.abilities.slots) == (secure, 0)
    assert isinstance(silent, LockSilent)
    assert silent.why == "is encrypted, and the hub has no key for it"


@virtual
async def test_a_lock_out_of_reach_is_told_and_met_as_soon_as_it_stirs(house: House, lock: FakeLock) -> None:
    lock.reach = "no"
    async with house.running(settle=60) as driver:
        assert not driver.locks
        assert [silent.lock for silent in house.told(LockSilent)] == [TWO]
        lock.reach = "yes"
        house.stick.say(2, notification(6, bytes.fromhex("630304")))
        await asyncio.sleep(5)
        assert list(driver.locks) == [TWO]
    after = [fact for fact in house.facts if not isinstance(fact, LockSilent)]
    assert isinstance(after[0], LockFound)
    assert BoltMoved(TWO, after[1].at, Position.UNLOCKED, How.KEYPAD, 4) == after[1]


@virtual
async def test_one_lock_out_of_reach_does_not_keep_the_others_from_being_met(house: House) -> None:
    house.stick.locks.insert(0, FakeLock(node=3, reach="no"))
    house.stick.locks.append(FakeLock(node=4))
    async with house.running(settle=8) as driver:
        assert set(driver.locks) == {Address("2"), Address("4")}


@virtual
async def test_a_lock_that_joins_while_we_listen_is_met(house: House) -> None:
    async with house.running() as driver:
        house.stick.locks.append(FakeLock(node=9))
        house.stick.request(0x49, bytes.fromhex("4009" + "03044003"))
        await asyncio.sleep(5)
        assert Address("9") in driver.locks
        house.stick.request(0x49, bytes.fromhex("200900"))
        await asyncio.sleep(1)
        assert Address("9") not in driver.locks


@virtual
async def test_a_bridge_is_spoken_to_as_a_bridge(house: House) -> None:
    house.stick.functions |= {0xA9}
    async with house.running() as driver:
        assert list(driver.locks) == [TWO]
    assert 0x13 not in {function for function, _ in house.stick.calls}


# ---- hearing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (notification(6, bytes.fromhex("630307")), BoltMoved(TWO, START, Position.UNLOCKED, How.KEYPAD, 7)),
        (notification(1), BoltMoved(TWO, START, Position.LOCKED, How.MANUAL)),
        (notification(9), BoltMoved(TWO, START, Position.LOCKED, How.AUTO)),
        (notification(13, bytes.fromhex("63030501")), CodesChanged(TWO, START, CodeChange.DELETED, 5)),
        (notification(12), CodesChanged(TWO, START, CodeChange.ALL_DELETED)),
        (notification(0x13), TroubleSeen(TWO, START, Trouble.WRONG_CODES)),
        (notification(0x0B, kind=8), TroubleSeen(TWO, START, Trouble.BATTERY_CRITICAL)),
        (bytes.fromhex("800307"), BatteryRead(TWO, START, 7)),
        (bytes.fromhex("8003ff"), BatteryRead(TWO, START, None, low=True)),
    ],
)
@virtual
async def test_what_a_lock_says_is_told(house: House, said: bytes, fact: BoltMoved) -> None:
    async with house.running():
        house.stick.say(2, said)
        await asyncio.sleep(1)
        at = START + timedelta(seconds=5)
    assert house.facts[3:] == [type(fact)(**{**{name: getattr(fact, name) for name in fact.__slots__}, "at": at})]


@virtual
async def test_a_wrapped_notification_is_answered_at_each_arrival_and_told_once(house: House, lock: FakeLock) -> None:
    wrapped = notification(13, bytes.fromhex("630303"))
    async with house.running():
        lock.received.clear()
        for session in (5, 5, 6):
            house.stick.say(2, bytes((0x6C, 1, session, len(wrapped))) + wrapped)
            await asyncio.sleep(1)
    assert lock.received == ["6c0205ff00", "6c0205ff00", "6c0206ff00"]
    assert len(house.told(CodesChanged)) == 2


@virtual
async def test_a_lock_that_numbers_all_its_sessions_alike_is_believed(house: House, lock: FakeLock) -> None:
    async with house.running():
        for slot in (3, 4):
            wrapped = notification(13, bytes((0x63, 3, slot)))
            house.stick.say(2, bytes((0x6C, 1, 0, len(wrapped))) + wrapped)
            await asyncio.sleep(1)
    assert [change.slot for change in house.told(CodesChanged)] == [3, 4]


@virtual
async def test_a_node_that_asks_what_we_are_is_told(house: House, lock: FakeLock) -> None:
    async with house.running():
        lock.received.clear()
        house.stick.say(2, bytes.fromhex("5e01"))
        await asyncio.sleep(1)
    assert lock.received == ["5e0201000005000500"]


@virtual
async def test_old_alarms_are_understood_where_the_maker_is_known(house: House, lock: FakeLock) -> None:
    lock.product, lock.versions[0x71] = "009000010001", 1
    async with house.running():
        house.stick.say(2, bytes.fromhex("71051304"))
        house.stick.say(2, bytes.fromhex("7105a8" + "05"))
        await asyncio.sleep(1)
    moved, trouble = house.facts[3:]
    assert moved == BoltMoved(TWO, moved.at, Position.UNLOCKED, How.KEYPAD, 4)
    assert trouble == TroubleSeen(TWO, trouble.at, Trouble.BATTERY_CRITICAL)


@virtual
async def test_an_alarm_that_nobody_understands_makes_us_look_at_the_bolt(house: House, lock: FakeLock) -> None:
    async with house.running():
        lock.received.clear()
        lock.mode = 0xFF
        house.stick.say(2, bytes.fromhex("7105f001"))
        await asyncio.sleep(4)
    assert lock.received == ["6202"]
    assert house.told(BoltMoved)[-1].position is Position.LOCKED


@virtual
async def test_garbled_commands_change_nothing(house: House, lock: FakeLock) -> None:
    async with house.running():
        for said in (
            "",
            "80",
            "8003",
            "800365",
            "6303",
            "62030c",
            "7105",
            "6c01",
            "6c010502ff",
            "ffff",
            "9f01",
            "7105000000ff06061f",
        ):
            house.stick.say(2, bytes.fromhex(said))
        house.stick.request(0x04, b"\x00\x02\x09")
        house.stick.request(0x49, b"\xee")
        house.stick.give(bytes.fromhex("00a5 0104 0115 4100".replace(" ", "")))
        await asyncio.sleep(2)
        before = house.facts[3:]
        lock.mode = 0xFF
        house.stick.say(2, notification(1))
        await asyncio.sleep(3)
    assert before == []
    assert house.told(BoltMoved)[-1].position is Position.LOCKED


@virtual
async def test_malformed_streams_change_nothing(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        before, received = list(house.facts), list(lock.received)
        for wire in MALFORMED:
            house.stick.give(bytes.fromhex(wire))
            await asyncio.sleep(2)
        assert (house.facts, lock.received) == (before, received)
        assert (await keypad.read(1)).empty
    assert house.stick.opened == 1


# ---- the stick comes and goes --------------------------------------------------------------------------------------------


@virtual
async def test_unplug_and_replug_are_survived(house: House) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        house.stick.unplug()
        await asyncio.sleep(0.1)
        with pytest.raises(Unavailable, match="not connected"):
            await keypad.read(1)
        await asyncio.sleep(20)
        assert [silent.why for silent in house.told(LockSilent)] == ["the Z-Wave stick is not connected"]
        house.stick.plugged = True
        await asyncio.sleep(40)
        assert (await keypad.read(1)).empty
    assert isinstance(house.facts[-1], LockHeard | LockFound)
    assert house.stick.opened == 2


@virtual
async def test_a_command_under_way_ends_when_the_stick_is_pulled_out(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        lock.air_s = 3.0
        asyncio.get_running_loop().call_later(1.0, house.stick.unplug)
        with pytest.raises(Unavailable):
            await keypad.write(1, Pin("123456"))


@virtual
async def test_a_stick_that_blinks_worries_nobody(house: House) -> None:
    async with house.running():
        house.stick.give(b"")
        await asyncio.sleep(10)
    assert not house.told(LockSilent)


@virtual
async def test_a_stick_that_restarts_itself_is_greeted_again_and_not_restarted(house: House) -> None:
    async with house.running():
        house.stick.request(0x0A, bytes.fromhex("05000102010000"))
        await asyncio.sleep(10)
    functions = [function for function, _ in house.stick.calls]
    assert functions.count(0x07) == 2
    assert functions.count(0x08) == 1


@virtual
async def test_a_deaf_stick_is_opened_again_until_it_hears(house: House) -> None:
    house.stick.deaf = True
    async with house.running(settle=15) as driver:
        assert house.stick.opened > 1
        house.stick.deaf = False
        await asyncio.sleep(60)
        assert list(driver.locks) == [TWO]


@virtual
async def test_a_port_that_may_not_be_opened_is_a_setting_to_be_corrected(house: House) -> None:
    async def refuse(_port: str) -> Line:
        raise PermissionError("no")

    driver = ZWave("/dev/ttyACM0", house.host, refuse, {})
    with pytest.raises(Misconfigured, match="dialout") as raised:
        await driver.run()
    assert raised.value.key == "drivers.zwave.port"


# ---- many locks ------------------------------------------------------------------------------------------------------


@virtual
async def test_a_silent_lock_delays_the_others_by_one_transmission(house: House, lock: FakeLock) -> None:
    """Codes are wanted in a dead lock and in a healthy one; the healthy one does not wait for all of the dead one's."""
    lock.events, lock.product = "7e", "471100010001"
    dead = FakeLock(node=3)
    house.stick.locks.append(dead)
    async with house.running() as driver:
        dead.reach = "no"
        loop = asyncio.get_running_loop()

        async def fill(address: str, seen: list[float]) -> None:
            keypad = driver.locks[Address(address)].keypad
            assert keypad is not None
            for slot in range(1, 6):
                try:
                    await keypad.write(slot, Pin(f"12345{slot}"))
                except Unavailable:
                    assert address == "3"
                seen.append(loop.time())

        started, good, bad = loop.time(), list[float](), list[float]()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fill("3", bad))
            tasks.create_task(fill("2", good))
        assert max(b - a for a, b in zip([started, *good], good, strict=False)) < 5.2
        assert len(bad) == 5


@virtual
async def test_an_unlock_does_not_wait_behind_a_lock_that_does_not_answer(house: House, lock: FakeLock) -> None:
    dead = FakeLock(node=3)
    house.stick.locks.append(dead)
    house.stick.never_ends = True
    async with house.running() as driver:
        dead.reach = "no"
        bolt, keypad = driver.locks[TWO].bolt, driver.locks[Address("3")].keypad
        assert bolt is not None
        assert keypad is not None
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_swallow(keypad.read(1)))
            await asyncio.sleep(0.5)
            asked = loop.time()
            assert await bolt.move(Position.LOCKED) is Position.LOCKED
            assert lock.heard_at[lock.received.index("6201ff")] - asked < 1.6
            await reading


async def _swallow(work: object) -> None:
    with pytest.raises(Unavailable):
        await work  # type: ignore[misc]


@virtual
async def test_a_lock_that_fell_silent_is_looked_for_until_it_answers(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        lock.reach = "no"
        for _ in range(3):
            with pytest.raises(Unavailable):
                await keypad.read(1)
        await asyncio.sleep(60)
        silent = len(house.told(LockSilent))
        lock.reach = "yes"
        lock.heard_at.clear()
        await asyncio.sleep(600)
    assert silent == 1
    assert len(house.told(LockHeard)) > 0
    assert house.facts.index(house.told(LockHeard)[-1]) > house.facts.index(house.told(LockSilent)[-1])
    assert len(lock.heard_at) == 1
