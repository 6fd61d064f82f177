"""Locks that were joined with encryption by another host, in virtual time."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.zwave import keyring
from drivers.zwave.care import ZWaveRadio
from drivers.zwave.security.keys import NetworkKey, S2Keys, SecurityClass, export_keys, s0_keys, s2_keys
from drivers.zwave.security.s0 import Heard, S0Session
from drivers.zwave.security.s2 import Link, NeedNonce, NonceArrived, Received, Reply, S2Session, Strength
from hub.errors import Misconfigured, Unavailable
from hub.model.facts import BoltMoved, CodesChanged, LockFound, LockSilent
from hub.model.values import Address, Pin, Position
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, notification, virtual

TWO = Address("2")
ACCESS, AUTH, UNAUTH, S0 = (
    SecurityClass.S2_ACCESS_CONTROL,
    SecurityClass.S2_AUTHENTICATED,
    SecurityClass.S2_UNAUTHENTICATED,
    SecurityClass.S0,
)
KEYS = {each: NetworkKey(bytes((each.value,)) * 16) for each in SecurityClass}
HOME = 0xC0FFEE01
SECURE = bytes.fromhex("62637172808586")
OPENED_BY_3 = notification(6, bytes.fromhex("630301"))


@dataclass
class SecureLock(FakeLock):
    """Answers under the strongest key it was `given`, and nothing that comes without encryption."""

    given: tuple[SecurityClass, ...] = (ACCESS, AUTH)
    classes: bytes = bytes.fromhex("5e9f6c")
    heard: list[bytes] = field(default_factory=list)
    """What it could decrypt."""
    speaks: SecurityClass | None = None
    """Under which key, if not the strongest."""
    waiting: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        keys: dict[Strength, S2Keys] = {each: s2_keys(KEYS[each]) for each in self.given if each.is_s2}
        self.s2 = S2Session(Link(HOME, 2, 1), keys, secrets.token_bytes)
        self.s0 = S0Session(2, 1, s0_keys(KEYS[S0]), secrets.token_bytes)

    def take(self, command: bytes) -> list[bytes]:
        now = asyncio.get_running_loop().time()
        self.received.append(command.hex())
        if self.given and command[0] == 0x9F and S0 not in self.given:
            return self._react(self.s2.receive(command, now))
        if command[0] == 0x98 and S0 in self.given:
            return self._react(self.s0.receive(command, now))
        return []

    def _react(self, events: tuple[object, ...]) -> list[bytes]:
        frames: list[bytes] = []
        for event in events:
            match event:
                case Reply(frame=frame):
                    frames.append(frame)
                case NonceArrived():
                    frames += self.flush()
                case Received(payload=payload, under=under) if under is self.given[0]:
                    frames += self._answer(payload)
                case Heard(payload=payload):
                    frames += self._answer(payload)
                case _:
                    pass
        return frames

    def _answer(self, payload: bytes) -> list[bytes]:
        self.heard.append(payload)
        if payload in {b"\x9f\x0d", b"\x98\x02"}:
            listed = b"\x9f\x0e" if payload[0] == 0x9F else b"\x98\x03\x00"
            self.waiting.append(listed + SECURE)
        else:
            self.waiting += super().take(payload)
        return self.flush()

    def flush(self) -> list[bytes]:
        """What it wants to say, or the question for a nonce that must come first."""
        frames: list[bytes] = []
        now = asyncio.get_running_loop().time()
        while self.waiting:
            s0 = S0 in self.given
            sealed = (
                self.s0.encrypt(self.waiting[0], now)
                if s0
                else self.s2.encrypt(self.waiting[0], now, under=self.speaks or self.given[0])
            )
            if isinstance(sealed, NeedNonce):
                return [*frames, sealed.ask]
            self.waiting.pop(0)
            frames.append(sealed)
        return frames


class Home:
    """A house with one secure lock and a hub that holds these keys."""

    def __init__(self, folder: Path, lock: SecureLock) -> None:
        self.lock = lock
        self.house = House(folder, FakeStick([lock]))
        self.hold(KEYS)

    def hold(self, keys: dict[SecurityClass, NetworkKey]) -> None:
        self.house.driver = ZWaveRadio("/dev/fake", self.house.host, self.house.stick.connect, keys)

    def say(self, frames: list[bytes]) -> None:
        for frame in frames:
            self.house.stick.say(2, frame)


S2_LOCK, S0_LOCK = ((ACCESS, AUTH), "5e9f6c"), ((S0,), "5e986c")
EITHER = pytest.mark.parametrize(("given", "classes"), [S2_LOCK, S0_LOCK, ((AUTH,), "5e9f6c"), ((S0,), "5e9f986c")])


@EITHER
@virtual
async def test_a_lock_is_used_under_the_strongest_key_it_has(
    tmp_path: Path, given: tuple[SecurityClass, ...], classes: str
) -> None:
    home = Home(tmp_path, SecureLock(given=given, classes=bytes.fromhex(classes)))
    home.lock.codes[7] = (1, b"7777")
    async with home.house.running(settle=60) as driver:
        lock = driver.locks[TWO]
        in_words = given[0].name.replace("_", " ").title()
        weak = [remark for remark in driver.survey().nodes[0].remarks if "weak" in remark]
        assert bool(weak) is (given[0] is not ACCESS), "a person is told"
        assert (lock.abilities.secure, lock.abilities.slots) == (in_words, 30)
        assert lock.keypad is not None
        assert lock.bolt is not None
        await lock.keypad.write(3, Pin("4711"))
        assert [(await lock.keypad.read(slot)).pin for slot in (3, 7, 8)] == [Pin("4711"), Pin("7777"), None]
        assert await lock.bolt.move(Position.LOCKED) is Position.LOCKED
    assert home.lock.codes == {3: (1, b"4711"), 7: (1, b"7777")}


@virtual
async def test_nothing_but_encryption_leaves_for_a_secure_lock(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        await keypad.write(3, Pin("4711"))
    sent = home.lock.received
    assert sum(frame.startswith("9f0") for frame in sent) >= len(home.lock.heard) > 10
    assert all(frame.startswith("9f0") or bytes.fromhex(frame) in home.lock.heard for frame in sent)
    assert not any(b"4711".hex() in frame for frame in sent if frame.startswith("9f"))


@EITHER
@virtual
async def test_what_a_secure_lock_says_without_encryption_is_not_believed(
    tmp_path: Path, given: tuple[SecurityClass, ...], classes: str
) -> None:
    home = Home(tmp_path, SecureLock(given=given, classes=bytes.fromhex(classes)))
    async with home.house.running(settle=60):
        before = len(home.house.facts)
        home.say([OPENED_BY_3, notification(0x0D, bytes.fromhex("630301"))])
        await asyncio.sleep(5)
        assert len(home.house.facts) == before
        home.lock.waiting.append(notification(0x0D, bytes.fromhex("630301")))
        home.say(home.lock.flush())
        await asyncio.sleep(5)
    assert home.house.told(CodesChanged)


@virtual
async def test_what_comes_under_a_weaker_key_is_not_believed(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running():
        home.lock.speaks = AUTH
        home.lock.waiting.append(notification(0x0D, bytes.fromhex("630301")))
        home.say(home.lock.flush())
        await asyncio.sleep(5)
        assert not home.lock.waiting
    assert not home.house.told(CodesChanged)


@virtual
async def test_a_lock_that_lost_its_memory_is_understood_again_within_one_question(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    home.lock.codes[7] = (1, b"7777")
    async with home.house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        await keypad.read(7)
        home.lock.restart()
        assert (await keypad.read(7)).pin == Pin("7777")


@virtual
async def test_a_question_that_crosses_what_the_lock_says_is_put_again(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    home.lock.codes[7] = (1, b"7777")
    async with home.house.running() as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        home.lock.waiting.append(OPENED_BY_3)
        frames = home.lock.flush()
        home.lock.air_s = 0.7  # so late it takes no message with a nonce of its own, as other locks never do
        asyncio.get_running_loop().call_later(0.1, home.say, frames)
        assert (await keypad.read(7)).pin == Pin("7777")
    assert [moved.slot for moved in home.house.told(BoltMoved)][-1] == 1


@virtual
async def test_a_lock_that_gives_no_nonce_is_unavailable(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock(given=(S0,), classes=bytes.fromhex("5e986c")))
    async with home.house.running(settle=60) as driver:
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        home.lock.reach = "mute"
        home.lock.given = ()
        with pytest.raises(Unavailable, match="agree on the encryption"):
            await keypad.read(7)


@pytest.mark.parametrize(("given", "question"), [((ACCESS,), "9f01"), ((S0,), "9840")])
@virtual
async def test_a_flood_in_the_name_of_a_lock_out_of_reach_costs_others_little(
    tmp_path: Path, given: tuple[SecurityClass, ...], question: str
) -> None:
    """ "S0-No-More": each forged question has us send a nonce to somebody who does not hear it."""
    home = Home(tmp_path, SecureLock(given=given, classes=bytes.fromhex("5e9f6c" if ACCESS in given else "5e986c")))
    home.house.stick.locks.append(FakeLock(node=3))
    async with home.house.running(settle=30) as driver:
        keypad = driver.locks[Address("3")].keypad
        assert keypad is not None
        home.lock.reach = "no"
        loop, took = asyncio.get_running_loop(), []
        for number in range(600):
            asked = bytes.fromhex(question) + (bytes((number % 256,)) if question == "9f01" else b"")
            home.house.stick.say(2, asked)
            await asyncio.sleep(0.1)
            if number % 30 == 0:
                began = loop.time()
                await keypad.write(1, Pin(f"{1000 + number}"))
                took.append(loop.time() - began)
        assert sorted(took)[len(took) // 2] < 1.0
        assert max(took) < 7.0, "one transmission into the void"
        home.lock.reach = "yes"
        await asyncio.sleep(70)
        for _ in range(2):  # the first may be said with a nonce that we have given up
            home.lock.waiting.append(notification(0x0D, bytes.fromhex("630301")))
            home.say(home.lock.flush())
            await asyncio.sleep(5)
    assert home.house.told(CodesChanged)


@virtual
async def test_after_a_restart_the_key_is_remembered(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running():
        pass
    home.lock.heard.clear()
    home.hold(KEYS)
    async with home.house.running(settle=60) as driver:
        assert driver.locks[TWO].keypad is not None
    usual = [bytes.fromhex("7204"), bytes.fromhex("8611"), bytes.fromhex("6202")]
    assert home.lock.heard in (usual, usual[1:]), "a first number that the lock has just heard is taken for an echo"


@virtual
async def test_a_lock_met_without_keys_is_used_once_they_come_and_not_when_they_go(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    for keys, usable in (({}, False), (KEYS, True), ({}, False)):
        home.hold(dict(keys))
        home.lock.restart()
        async with home.house.running() as driver:
            assert (driver.locks[TWO].keypad is not None) is usable
    assert [bool(found.abilities.slots) for found in home.house.told(LockFound)] == [False, True, False]
    assert home.house.told(LockSilent)[-1].why == "is encrypted, and the hub has no key for it"
    assert all(frame.startswith("9f") or bytes.fromhex(frame) in home.lock.heard for frame in home.lock.received)


@virtual
async def test_a_lock_that_was_too_busy_for_any_key_is_tried_again(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    home.lock.reach, home.lock.given = "mute", ()
    async with home.house.running(settle=60) as driver:
        assert driver.locks[TWO].keypad is None
        home.lock.reach, home.lock.given = "yes", (ACCESS, AUTH)
        home.lock.restart()
        await asyncio.sleep(200)
        assert driver.locks[TWO].keypad is not None
    assert [bool(found.abilities.slots) for found in home.house.told(LockFound)] == [False, True]


@virtual
async def test_what_is_said_in_its_name_before_it_was_met_is_not_believed_afterwards(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running(settle=0):
        for _ in range(2000):
            home.say([notification(0x0D, bytes.fromhex("630301"))])
            await asyncio.sleep(0.002)
    assert home.house.told(LockFound)
    assert not home.house.told(CodesChanged)


# ---- the keys themselves ----------------------------------------------------------------------------------------------


def test_keys_are_taken_over_once_and_kept_sealed(tmp_path: Path) -> None:
    host = House(tmp_path, FakeStick([])).host
    file = tmp_path / "from-the-other-host.json"
    file.write_text(export_keys(KEYS))
    assert keyring.load(None, host) == {}
    assert keyring.load(file, host) == KEYS
    file.unlink()
    assert keyring.load(None, host) == keyring.load(file, host) == KEYS
    assert (tmp_path / "keys.sealed").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, "{}", json.dumps({"S0_Legacy": "00ff" * 7})])
def test_a_key_file_that_cannot_be_used_is_the_operators_to_cure(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Misconfigured) as wrong:
        keyring.load(file, House(tmp_path, FakeStick([])).host)
    assert wrong.value.key == "drivers.zwave.keys"
    assert "00ff" not in str(wrong.value)
    assert not (tmp_path / "keys.sealed").exists()
