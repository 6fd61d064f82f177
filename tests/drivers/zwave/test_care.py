"""The network in its keeper's hands, against a stick made of bytes, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.contracts.radio import Echo, NodeState, Radio, RadioNode, Reach
from hub.errors import Rejected, Unavailable
from hub.model.facts import LockFound, LockHeard, LockSilent
from hub.model.values import Address, Pin, Position
from tests.drivers.zwave.fakes import START, FakeLock, House, virtual
from tests.drivers.zwave.test_report import DIRECT, ROUTED
from tests.drivers.zwave.test_secured import KEYS, S0_LOCK, S2_LOCK, Home, SecureLock

TWO = Address("2")


def node(house: House, number: int = 2) -> RadioNode:
    return next(each for each in house.driver.survey().nodes if each.address == Address(str(number)))


# ---- what can be seen ------------------------------------------------------------------------------------------------


@virtual
async def test_a_survey_shows_the_stick_and_every_node(house: House, lock: FakeLock) -> None:
    house.stick.others = frozenset({7})
    lock.report = ROUTED.hex()
    async with house.running() as driver:
        survey = driver.survey()
    assert (survey.connected, survey.stick, survey.network, survey.own) == (
        True,
        "Z-Wave 7.17",
        "c0ffee01",
        Address("1"),
    )
    two, seven = survey.nodes
    assert (two.model, two.reach, two.state, two.is_lock) == ("Schlage BE369", Reach.LISTENS, NodeState.ALIVE, True)
    assert (two.firmware, two.security) == ("17.8", "")
    assert (two.rssi_dbm, two.route, two.rate_kbit) == (-90, (Address("5"), Address("7")), 40.0)
    assert (two.sent, two.lost, two.heard) == (11, 0, 10)
    assert two.heard_at is not None
    assert two.remarks == ("It is not encrypted: whoever is near can open it.",)
    assert (seven.model, seven.state, seven.is_lock, seven.sent) == ("Switch", NodeState.NOT_MET, False, 0)
    assert not house.driver.survey().connected


@virtual
async def test_before_there_is_a_stick_the_survey_shows_what_is_remembered(house: House, lock: FakeLock) -> None:
    lock.device = "53dc01044003"
    async with house.running():
        pass
    house.renew()
    house.stick.plugged = False
    async with house.running() as driver:
        survey = driver.survey()
    assert not survey.connected
    assert [(each.model, each.reach) for each in survey.nodes] == [("Schlage BE369", Reach.BEAMED)]
    with pytest.raises(Unavailable, match="not connected"):
        await driver.ping(TWO)


@virtual
async def test_a_lock_that_stops_answering_is_dead_and_comes_back_with_its_first_word(
    house: House, lock: FakeLock
) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        lock.reach = "no"
        for _ in range(2):
            with pytest.raises(Unavailable):
                await keypad.read(1)
        assert node(house).state is NodeState.DEAD
        assert node(house).lost == 2
        house.stick.say(2, bytes.fromhex("80035a"))
        await asyncio.sleep(0.1)
        assert node(house).state is NodeState.ALIVE
    assert house.told(LockHeard)


@virtual
async def test_pages_are_told_when_something_changes(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        seen = house.changes
        assert seen >= 2  # connected, met
        lock.reach = "no"
        for _ in range(2):
            with pytest.raises(Unavailable):
                await keypad.read(1)
        assert house.changes > seen
        seen = house.changes
        house.stick.say(2, bytes.fromhex("80035a"))
        await asyncio.sleep(0.1)
        assert house.changes > seen


@virtual
async def test_frames_are_put_down_to_the_order_that_caused_them(house: House, lock: FakeLock) -> None:
    lock.classes += b"\x6c"
    async with house.running() as driver:
        met = driver.survey().idle_frames
        keypad, bolt = driver.locks[TWO].keypad, driver.locks[TWO].bolt
        assert keypad is not None
        assert bolt is not None
        assert met == 21  # the interview
        await keypad.write(1, Pin("4711"))
        await keypad.read(1)
        await keypad.read(2)
        await bolt.move(Position.LOCKED)
        survey = driver.survey()
        assert (survey.codes_set, survey.code_frames, survey.idle_frames) == (1, 3, met)
        house.stick.say(2, bytes.fromhex("80035a"))
        await asyncio.sleep(1)
        assert driver.survey().idle_frames == met + 1
        await asyncio.sleep(24 * 3600)
        assert driver.survey().idle_frames == 0
    assert survey.since == START


# ---- what can be done ------------------------------------------------------------------------------------------------


@virtual
async def test_a_ping_says_how_long_it_took_and_how_well_it_was_heard(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        lock.report = DIRECT.hex()
        assert await driver.ping(TWO) == Echo(20.0, -60)
    assert lock.received[-1] == "00"


@virtual
async def test_a_ping_brings_a_dead_lock_back(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        lock.reach = "no"
        for _ in range(2):
            with pytest.raises(Unavailable, match="out of reach"):
                await driver.ping(TWO)
        assert node(house).state is NodeState.DEAD
        await asyncio.sleep(0.1)
        assert house.told(LockSilent)
        lock.reach = "yes"
        await driver.ping(TWO)
        assert node(house).state is NodeState.ALIVE
        await asyncio.sleep(0.1)
    assert house.told(LockHeard)


@virtual
async def test_a_device_that_is_not_there_cannot_be_pinged(house: House) -> None:
    async with house.running() as driver:
        with pytest.raises(Rejected, match="no device 9"):
            await driver.ping(Address("9"))


@virtual
async def test_an_interview_learns_anew_what_a_lock_can_do_and_touches_no_code(house: House, lock: FakeLock) -> None:
    lock.codes[3] = (1, b"4711")
    async with house.running() as driver:
        lock.slots = 50
        lock.received.clear()
        await driver.interview(TWO)
        assert driver.locks[TWO].abilities.slots == 50
    assert not any(each.startswith("6301") for each in lock.received)
    assert lock.codes == {3: (1, b"4711")}
    found = house.told(LockFound)[-1]
    assert (found.abilities.slots, found.replaced) == (50, False)


@virtual
async def test_an_interview_that_fails_forgets_nothing(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        lock.unanswered = {"6304"}
        with pytest.raises(Unavailable, match="how many codes"):
            await driver.interview(TWO)
        assert driver.locks[TWO].abilities.slots == 30


@virtual
async def test_what_is_no_lock_is_not_interviewed(house: House) -> None:
    house.stick.others = frozenset({7})
    async with house.running() as driver:
        with pytest.raises(Rejected, match="not a lock"):
            await driver.interview(Address("7"))


# ---- the trace -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "classes"), [S2_LOCK, S0_LOCK, ((), "5e72868062637185")])
@virtual
async def test_the_trace_tells_everything_but_digits_and_keys(
    tmp_path: Path, given: tuple[object], classes: str
) -> None:
    home = Home(tmp_path, SecureLock(given=given, classes=bytes.fromhex(classes)) if given else FakeLock())  # type: ignore[arg-type]
    async with home.house.running(settle=60) as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        await keypad.write(3, Pin("47110815"))
        await keypad.read(3)
        lines = driver.trace()
    everything = "\n".join(lines)
    assert "User Code Set, user 3, status enabled" in everything
    assert "User Code Report, user 3, status enabled" in everything
    for secret in ("47110815", b"47110815".hex(), *(each.reveal().hex() for each in KEYS.values())):
        assert secret not in everything
    assert ("to 2, encrypted: User Code" in everything) is bool(given)


@virtual
async def test_the_trace_is_bounded_and_says_what_became_of_each_frame(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        lock.report = ROUTED.hex()
        await driver.ping(TWO)
        lock.reach = "no"
        with pytest.raises(Unavailable):
            await driver.ping(TWO)
        assert driver.trace()[-2].endswith("to 2: No Operation · arrived after 180 ms, over 5, 7, -90 dBm, 40 kbit/s")
        assert driver.trace()[-1].endswith("to 2: No Operation · not acknowledged")
        for _ in range(1000):
            house.stick.say(2, bytes.fromhex("80035a"))
            await asyncio.sleep(1)
        assert len(driver.trace()) == 500


# ---- who goes first --------------------------------------------------------------------------------------------------


@virtual
async def test_thirty_codes_in_one_lock_delay_an_unlock_of_another_by_one_frame(house: House, lock: FakeLock) -> None:
    other = FakeLock(node=3, reports_moves="report")
    house.stick.locks.append(other)
    async with house.running() as driver:
        keypad, bolt = driver.locks[TWO].keypad, driver.locks[Address("3")].bolt
        assert keypad is not None
        assert bolt is not None
        loop, waits = asyncio.get_running_loop(), list[float]()

        async def fill() -> None:
            for slot in range(1, 31):
                await keypad.write(slot, Pin(f"{4000 + slot}"))

        async with asyncio.TaskGroup() as tasks:
            filling = tasks.create_task(fill())
            for nth in range(10):
                await asyncio.sleep(0.17 + nth / 100)
                assert not filling.done()
                asked = loop.time()
                await bolt.move(Position.LOCKED if nth % 2 else Position.UNLOCKED)
                waits.append(
                    max(at for at, said in zip(other.heard_at, other.received, strict=True) if said[:4] == "6201")
                )
                waits[-1] -= asked
        assert max(waits) <= 2 * lock.air_s + 0.001  # the frame on the air, and its own
    assert len(lock.codes) == 30


@virtual
async def test_locks_that_cannot_be_met_share_the_beams_of_an_hour_and_orders_go_all_the_same(house: House) -> None:
    gone = [FakeLock(node=node, device="53dc01044003", reach="no") for node in range(10, 40)]
    house.stick.locks += gone
    async with house.running() as driver:
        await asyncio.sleep(7200)
        house.stick.calls.clear()
        await asyncio.sleep(3600)
        asked = [call for call in house.stick.calls if call[0] in {0x13, 0x60}]
        assert len(asked) <= 32
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        assert await bolt.move(Position.LOCKED) is Position.LOCKED


@virtual
async def test_the_driver_is_a_radio(house: House) -> None:
    radio: Radio = house.driver
    assert radio.survey().connected is False
