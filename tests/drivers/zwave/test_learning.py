"""Interviews that are broken off, repeated and outlived, and locks that sleep; in virtual time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.zwave.functions import SEND_DATA
from hub.contracts.radio import NodeState, Reach
from hub.errors import Unavailable
from hub.model.facts import Alarm, CodesChanged, LockFound, LockHeard, LockSilent
from hub.model.values import Address, Pin
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, notification, virtual
from tests.drivers.zwave.test_secured import KEYS, S0_LOCK, Home, SecureLock

TWO = Address("2")
WHOLE = ["7204", "8611", "861363", "6304", "861362", "6202", "861371", "710106", "8002", "850202", "85010201"]


# ---- what was learnt is not asked again ------------------------------------------------------------------------------


@dataclass
class Leaving(FakeLock):
    """Goes out of reach after so many commands."""

    after: int = 99

    def take(self, command: bytes) -> list[bytes]:
        answers = super().take(command)
        if len(self.received) >= self.after:
            self.reach = "no"
        return answers


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("after", range(1, 11))
@virtual
async def test_an_interview_goes_on_where_it_was_broken_off(tmp_path: Path, after: int, restart: bool) -> None:
    lock = Leaving(after=after)
    house = House(tmp_path, FakeStick([lock]))
    async with house.running(settle=8):
        assert lock.received == WHOLE[:after]
        assert [function for function, _ in house.stick.calls].count(0x60) == 1
        if not restart:
            lock.after, lock.reach = 99, "yes"
            await asyncio.sleep(60)
    if restart:
        lock.after, lock.reach = 99, "yes"
        house.renew()
        async with house.running():
            pass
    assert [function for function, _ in house.stick.calls].count(0x60) == 1
    assert house.driver.locks[TWO].abilities.slots == 30
    again = lock.received[after:]
    assert again == [each for each in WHOLE if each in again]
    repeated = set(WHOLE[:after]) & set(again)
    assert repeated <= {"6202", "8002", WHOLE[after - 1]}  # news, and what was perhaps not heard


@virtual
async def test_after_a_restart_the_keys_that_were_tried_are_not_tried_again(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock(given=(next(iter(S0_LOCK[0])),), classes=bytes.fromhex("5e9f986c")))
    async with home.house.running(settle=60):
        pass
    home.lock.received.clear()
    home.hold(KEYS)
    async with home.house.running() as driver:
        assert driver.locks[TWO].keypad is not None
    assert not any(frame.startswith("9f") for frame in home.lock.received)
    assert b"\x98\x02" not in home.lock.heard[-3:]


@virtual
async def test_the_notes_hold_no_codes(house: House, lock: FakeLock, tmp_path: Path) -> None:
    lock.codes[3] = (1, b"47110815")
    async with house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        await keypad.read(3)
        await keypad.write(4, Pin("99887766"))
    saved = (tmp_path / "nodes.json").read_text()
    for digits in ("47110815", b"47110815".hex(), "99887766", b"99887766".hex()):
        assert digits not in saved
    notes = json.loads(saved)["notes"]["2"]
    assert notes["complete"]
    assert set(notes["answers"]) == set(WHOLE) - {"6202", "8002"}


@virtual
async def test_other_firmware_makes_the_hub_ask_again(house: House, lock: FakeLock) -> None:
    async with house.running():
        pass
    lock.firmware, lock.slots = "1200", 250
    lock.received.clear()
    house.renew()
    async with house.running() as driver:
        assert driver.locks[TWO].abilities.firmware == "18.0"
        assert driver.locks[TWO].abilities.slots == 250
    assert lock.received[:3] == ["7204", "8611", "6202"]
    assert set(lock.received[3:]) >= set(WHOLE[:10]) - {"6202", "8002"}
    assert not house.told(LockFound)[-1].replaced
    lock.received.clear()
    house.renew()
    async with house.running():
        pass
    assert lock.received == ["7204", "8611", "6202"]


@virtual
async def test_other_firmware_is_learnt_in_pieces_too(tmp_path: Path) -> None:
    lock = Leaving()
    house = House(tmp_path, FakeStick([lock]))
    async with house.running():
        pass
    lock.firmware = "1200"
    lock.received.clear()
    lock.after = 6
    house.renew()
    async with house.running(settle=8):
        lock.after, lock.reach = 99, "yes"
        await asyncio.sleep(60)
        assert house.driver.locks[TWO].abilities.firmware == "18.0"
    assert lock.received.count("6304") == 1


@virtual
async def test_what_an_older_hub_did_not_ask_is_asked_once(house: House, lock: FakeLock, tmp_path: Path) -> None:
    async with house.running():
        pass
    file = tmp_path / "nodes.json"
    saved = json.loads(file.read_text())
    del saved["notes"]["2"]["answers"]["710106"]
    file.write_text(json.dumps(saved))
    lock.received.clear()
    house.renew()
    async with house.running():
        pass
    assert lock.received == ["7204", "8611", "6202", "710106"]


@virtual
async def test_one_class_can_be_asked_about_alone(house: House, lock: FakeLock) -> None:
    async with house.running() as driver:
        lock.slots = 50
        lock.received.clear()
        session = driver._session
        assert session is not None
        await driver._members[2].learn_again(session, about=0x63)
        assert driver.locks[TWO].abilities.slots == 50
    assert [each for each in lock.received if each not in {"6202", "8002"}] == ["861363", "6304"]


@virtual
async def test_a_description_without_security_does_not_open_a_lock_that_was_given_a_key(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running() as driver:
        home.lock.classes = bytes.fromhex("5e7280626371")  # anybody can say this in its name
        await driver.interview(TWO)
        assert driver.locks[TWO].abilities.secure == "S2 Access Control"
    assert all(frame.startswith("9f") or bytes.fromhex(frame) in home.lock.heard for frame in home.lock.received)


@virtual
async def test_a_description_over_a_noisy_line_must_be_heard_twice_alike(house: House, lock: FakeLock) -> None:
    async with house.running(settle=0):
        await asyncio.sleep(0.001)
        house.stick.give(bytes.fromhex("010401154100"))
        await asyncio.sleep(5)
    assert [function for function, _ in house.stick.calls].count(0x60) == 2


@virtual
async def test_a_long_list_of_what_is_encrypted_comes_in_parts(tmp_path: Path) -> None:
    @dataclass
    class Talkative(SecureLock):
        def _answer(self, payload: bytes) -> list[bytes]:
            if payload != b"\x98\x02":
                return super()._answer(payload)
            self.heard.append(payload)
            self.waiting += [b"\x98\x03\x01\x62\x63\x72", b"\x98\x03\x00\x71\x80\x85\x86"]
            return self.flush()

    home = Home(tmp_path, Talkative(given=S0_LOCK[0], classes=bytes.fromhex("5e986c")))
    async with home.house.running(settle=60) as driver:
        lock = driver.locks[TWO]
        assert lock.keypad is not None
        assert lock.battery is not None


@virtual
async def test_what_a_lock_left_out_after_its_key_was_not_found_is_asked_again(tmp_path: Path) -> None:
    """Found in twelve hours of trouble: no key answered, so little was asked and all of it noted; what the lock then left
    out counted as never answered."""

    @dataclass
    class Hesitant(SecureLock):
        skips: list[bytes] = field(default_factory=lambda: [b"\x98\x02", b"\x63\x04"])

        def _answer(self, payload: bytes) -> list[bytes]:
            if payload in self.skips:
                self.skips.remove(payload)
                return []
            return super()._answer(payload)

    home = Home(tmp_path, Hesitant(given=S0_LOCK[0], classes=bytes.fromhex("5e986c")))
    async with home.house.running(settle=300) as driver:
        assert driver.locks[TWO].keypad is not None


@virtual
async def test_a_lock_that_does_not_say_who_made_it_is_asked_again_and_then_used(house: House, lock: FakeLock) -> None:
    """Found in twelve hours of trouble: the answer was lost, and the hub wrote six digits into a lock that keeps four."""
    lock.unanswered.add("7204")
    async with house.running(settle=5) as driver:
        early = TWO in driver.locks
        await asyncio.sleep(300)
        assert driver.locks[TWO].keypad is not None
    assert not early
    assert lock.received.count("7204") == 4


# ---- locks that sleep ------------------------------------------------------------------------------------------------


@dataclass
class Sleeper(FakeLock):
    """Not listening, no beam: it hears only while it is awake."""

    device: str = "139c01044003"
    classes: bytes = bytes.fromhex("5e7284628063718586")
    tells: int = 1
    every_s: int = 3600

    def __post_init__(self) -> None:
        self.reach = "no"

    def _on_8405(self, _: bytes) -> list[bytes]:
        return [b"\x84\x06" + self.every_s.to_bytes(3, "big") + bytes((self.tells,))]

    def _on_8404(self, body: bytes) -> list[bytes]:
        self.tells = body[3]
        return []

    def _on_8408(self, _: bytes) -> list[bytes]:
        self.reach = "no"
        return []


def wake(house: House, lock: Sleeper) -> None:
    lock.reach = "yes"
    house.stick.say(2, b"\x84\x07")


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper(product="012900011000")


@pytest.fixture
def night(tmp_path: Path, sleeper: Sleeper) -> House:
    return House(tmp_path, FakeStick([sleeper]))


@virtual
async def test_a_sleeping_lock_is_asked_nothing_until_it_wakes_and_may_then_sleep_again(
    night: House, sleeper: Sleeper
) -> None:
    async with night.running(settle=3600) as driver:
        assert not [call for call in night.stick.calls if call[0] in {SEND_DATA, 0x60}]
        assert driver.survey().nodes[0].reach is Reach.SLEEPS
        assert not night.told(LockSilent)
        wake(night, sleeper)
        await asyncio.sleep(10)
        assert driver.locks[TWO].abilities.slots == 30
        assert sleeper.received[-1] == "8408"
        assert sleeper.received.count("8405") == 1
        assert driver.survey().nodes[0].state is NodeState.ASLEEP
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        sent = len(night.stick.calls)
        with pytest.raises(Unavailable, match="sleeps"):
            await keypad.read(1)
        with pytest.raises(Unavailable, match="sleeps"):
            await driver.ping(TWO)
        assert len(night.stick.calls) == sent
        assert not night.told(LockSilent)


@virtual
async def test_a_lock_that_wakes_is_told_to_be_there_and_kept_awake_for_orders(night: House, sleeper: Sleeper) -> None:
    async with night.running() as driver:
        wake(night, sleeper)
        await asyncio.sleep(3600)
        sleeper.received.clear()
        wake(night, sleeper)
        await asyncio.sleep(1)
        assert night.told(LockHeard)
        assert driver.survey().nodes[0].state is NodeState.ALIVE
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        for slot in range(1, 4):
            await keypad.write(slot, Pin(f"471{slot}"))
            await asyncio.sleep(1.5)
        await asyncio.sleep(10)
        assert driver.survey().nodes[0].state is NodeState.ASLEEP
    assert sleeper.received[-1] == "8408"
    assert sleeper.received.count("8408") == 1
    assert len(sleeper.codes) == 3
    assert "7204" not in sleeper.received[:1]


@virtual
async def test_a_lock_that_tells_somebody_else_that_it_is_awake_is_told_to_tell_us(
    night: House, sleeper: Sleeper
) -> None:
    sleeper.tells = 9
    async with night.running():
        wake(night, sleeper)
        await asyncio.sleep(10)
    assert sleeper.tells == 1
    assert "8404000e1001" in sleeper.received


@virtual
async def test_a_lock_that_falls_asleep_in_the_middle_is_asked_the_rest_next_time(
    night: House, sleeper: Sleeper
) -> None:
    async with night.running() as driver:
        wake(night, sleeper)
        asyncio.get_running_loop().call_later(0.2, setattr, sleeper, "reach", "no")
        await asyncio.sleep(600)
        assert not driver.locks
        assert not night.told(LockSilent)
        asked = len(sleeper.received)
        assert 0 < asked < 10
        wake(night, sleeper)
        await asyncio.sleep(10)
        assert TWO in driver.locks
    assert set(sleeper.received[:asked]) & set(sleeper.received[asked:]) <= {
        "6202",
        "8002",
        sleeper.received[asked - 1],
    }


@virtual
async def test_a_sleeping_lock_that_opens_is_heard_like_any_other(night: House, sleeper: Sleeper) -> None:
    async with night.running():
        wake(night, sleeper)
        await asyncio.sleep(60)
        night.stick.say(2, notification(1))
        await asyncio.sleep(10)
    assert any(getattr(fact, "how", None) is not None for fact in night.facts)


@virtual
async def test_a_sleeping_lock_that_wakes_no_more_is_told_once_and_its_return_as_well(
    night: House, sleeper: Sleeper
) -> None:
    async with night.running():
        wake(night, sleeper)
        await asyncio.sleep(7200)
        assert not night.told(LockSilent)
        await asyncio.sleep(7200)
        assert [silent.why for silent in night.told(LockSilent)] == ["the lock did not wake up when it should have"]
        wake(night, sleeper)
        await asyncio.sleep(5)
    dead = [(alarm.device, alarm.over) for alarm in night.alarms if alarm.alarm is Alarm.DEAD]
    assert dead == [("2", True), ("2", False), ("2", True)]


# ---- what a lock lists only without encryption -----------------------------------------------------------------------


@dataclass
class Divided(SecureLock):
    """Says who made it without encryption, and nothing about it with."""

    classes: bytes = bytes.fromhex("7286986c")

    def _answer(self, payload: bytes) -> list[bytes]:
        self.heard.append(payload)
        if payload in {b"\x98\x02", b"\x9f\x0d"}:
            listed = b"\x98\x03\x00" if payload[0] == 0x98 else b"\x9f\x0e"
            self.waiting.append(listed + bytes.fromhex("62637180"))
        elif payload[0] not in {0x72, 0x86}:
            self.waiting += self._plain(payload)
        return self.flush()

    def take(self, command: bytes) -> list[bytes]:
        if command[0] in {0x72, 0x86}:
            self.received.append(command.hex())
            return self._plain(command)
        return super().take(command)


@virtual
async def test_an_old_lock_that_says_only_openly_who_made_it_is_still_known(tmp_path: Path) -> None:
    home = Home(tmp_path, Divided(given=S0_LOCK[0]))
    async with home.house.running(settle=60) as driver:
        assert driver.locks[TWO].abilities.model == "Schlage BE369"
        assert driver.locks[TWO].abilities.firmware == "17.8"
        facts = len(home.house.facts)
        home.say([bytes.fromhex("7205" + "0129810a4dd1"), notification(13, bytes.fromhex("630303"))])
        await driver.interview(TWO)
        assert driver.locks[TWO].abilities.model == "Schlage BE369"
        assert not any(isinstance(fact, CodesChanged) for fact in home.house.facts[facts:])
    plain = {frame[:4] for frame in home.lock.received if not frame.startswith("98")}
    assert plain == {"7204", "8611", "8613"}


@virtual
async def test_a_lock_under_s2_is_asked_nothing_openly(tmp_path: Path) -> None:
    home = Home(tmp_path, Divided(classes=bytes.fromhex("72869f6c")))
    async with home.house.running(settle=60):
        pass
    assert all(frame.startswith("9f") for frame in home.lock.received)


@virtual
async def test_what_a_newer_hub_reads_out_of_the_same_answers_counts(
    house: House, lock: FakeLock, tmp_path: Path
) -> None:
    async with house.running():
        pass
    file = tmp_path / "nodes.json"
    saved = json.loads(file.read_text())
    saved["nodes"]["2"]["access_events"] = []  # as though the hub of then had not understood that answer
    file.write_text(json.dumps(saved))
    lock.received.clear()
    house.renew()
    async with house.running():
        pass
    assert lock.received == ["7204", "8611", "6202"]
    assert json.loads(file.read_text())["nodes"]["2"]["access_events"]


@pytest.mark.parametrize("restart", [False, True])
@virtual
async def test_a_lock_that_is_too_busy_for_its_key_during_an_interview_is_not_given_up(
    tmp_path: Path, restart: bool
) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running() as driver:
        given, home.lock.given = home.lock.given, ()
        home.lock.reach = "mute"
        with pytest.raises(Unavailable, match="under its key"):
            await driver.interview(TWO)
        home.lock.given, home.lock.reach = given, "yes"
        home.lock.restart()
        if not restart:
            keypad = driver.locks[TWO].keypad
            assert keypad is not None
            assert (await keypad.read(1)).empty
    if restart:
        home.hold(KEYS)
        home.lock.restart()
        async with home.house.running() as driver:
            assert driver.locks[TWO].keypad is not None
            assert driver.survey().nodes[0].security
