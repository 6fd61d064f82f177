"""What a device was given when it joined stays true whatever is said in its name without encryption."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.zwave.care import HALF_JOINED
from drivers.zwave.security.dsk import Dsk
from hub.contracts.radio import Ended, Wish
from hub.errors import Unavailable
from hub.model.facts import LockFound
from hub.model.values import Address, Secret
from tests.drivers.zwave.fakes import FakeLock, frame, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import ACCESS, DSK, PLAIN, S0, UNAUTH, Newcomer
from tests.drivers.zwave.test_secured import Home, SecureLock

TWO, SEVEN = Address("2"), Address("7")
SOCKET = "d39c01041001"
"""What the stick remembers of a switch."""


def forge(pairing: Pairing, classes: bytes) -> None:
    """From now on somebody else is faster when the device is asked what it can do."""

    def described(node: int) -> None:
        pairing.stick.give(frame(0x60, b"\x01", response=True))
        info = bytes.fromhex(pairing.newcomer.device[6:]) + classes
        pairing.stick._later(0.01, 0x49, bytes((0x84, node, len(info))) + info)

    pairing.stick._describe = described  # type: ignore[method-assign]


@virtual
async def test_a_forged_description_after_joining_does_not_take_the_encryption_away(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
        forge(pairing, PLAIN)
        await asyncio.sleep(30)
        assert radio.locks[SEVEN].abilities.secure == "S2 Access Control"
    assert all(sent.startswith("9f") or bytes.fromhex(sent) in pairing.newcomer.heard for sent in _later(pairing))


def _later(pairing: Pairing) -> list[str]:
    """What reached the lock after it was complete, acknowledgements of its presence left out."""
    received = pairing.newcomer.received
    return [each for each in received if each != "00"]


@virtual
async def test_a_hub_that_dies_right_after_joining_still_knows_the_key_and_that_it_is_new(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
    assert not pairing.house.told(LockFound, 7)
    forge(pairing, PLAIN)
    pairing.renew()
    async with pairing.running(settle=30) as radio:
        assert radio.locks[SEVEN].abilities.secure == "S2 Access Control"
    pairing.renew()
    async with pairing.running(settle=30):
        pass
    assert [found.replaced for found in pairing.house.told(LockFound, 7)] == [True, False]


@virtual
async def test_a_lock_that_had_a_key_is_not_used_under_a_weaker_one(tmp_path: Path) -> None:
    """Whoever heard one S0 lock join knows the S0 key of all (CVE-2013-20003), and can answer in any other's name."""
    home = Home(tmp_path, SecureLock(given=(ACCESS,), classes=bytes.fromhex("5e9f986c")))
    async with home.house.running(settle=10) as driver:
        home.lock.given = (S0,)
        home.lock.restart()
        with pytest.raises(Unavailable):
            await driver.interview(TWO)
        await asyncio.sleep(300)
        assert driver.locks[TWO].abilities.secure == "S2 Access Control"
        assert not any(payload[:1] == b"\x98" for payload in home.lock.heard)


@pytest.mark.parametrize(("label", "end"), [(DSK, Ended.DONE), (Dsk(DSK.reveal()[:15] + b"\0"), Ended.FAILED)])
@virtual
async def test_with_a_label_no_other_device_gets_even_the_weakest_key(tmp_path: Path, label: Dsk, end: Ended) -> None:
    switch = Newcomer(wants=(UNAUTH,), device=SOCKET, classes=bytes.fromhex("5e9f6c25"))
    pairing = Pairing(tmp_path, switch)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(label.text))
        talk = await pairing.ended()
        assert talk.ended is end
        assert bool(switch.held) is (end is Ended.DONE)


@virtual
async def test_a_lock_that_was_made_to_look_like_something_else_does_not_stay_with_a_weak_key(tmp_path: Path) -> None:
    """Its description and its wishes are both sent in the clear."""
    lock = Newcomer(wants=(UNAUTH,), device=SOCKET, classes=bytes.fromhex("5e9f6c6263"), said=bytes.fromhex("5e9f6c25"))
    pairing = Pairing(tmp_path, lock)
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        await pairing.asked()
        pairing.say("S2_UNAUTHENTICATED")
        talk = await pairing.ended()
        assert talk.ended is Ended.FAILED
        assert "may be an attack" in talk.sentence
        assert pairing.stick.lock(7) is None
    assert len(pairing.alarms) == 1


@pytest.mark.parametrize("wish", [Wish.ADD, Wish.REPLACE])
@virtual
async def test_a_device_that_came_in_while_the_power_failed_is_not_used(tmp_path: Path, wish: Wish) -> None:
    """The stick remembers it, and nobody here had heard its number yet."""
    newcomer = Newcomer(classes=PLAIN)
    locks = [] if wish is Wish.ADD else [FakeLock(node=7, reach="no")]
    pairing = Pairing(tmp_path, newcomer, locks)
    async with pairing.running(settle=20) as radio:
        pairing.stick._later = lambda *_: None  # type: ignore[method-assign]
        radio.joining.begin(wish, address=SEVEN if wish is Wish.REPLACE else None)
        await asyncio.sleep(7)
        assert pairing.stick.lock(7) is newcomer
        assert radio.joining.talk is not None
        assert radio.joining.talk.ended is None
    pairing.renew()
    async with pairing.running(settle=60) as radio:
        assert [node.remarks for node in radio.survey().nodes] == [(HALF_JOINED,)]
        assert not radio.locks
        assert set(newcomer.received) <= {"00"}


@virtual
async def test_nobody_is_half_joined_when_nobody_came(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, locks=[FakeLock(node=3)])
    pairing.stick.pressed = None
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD)
        pairing.cancel()
        await pairing.ended()
    pairing.stick.locks.append(FakeLock(node=9))  # by another host, while this one was away
    pairing.renew()
    async with pairing.running() as radio:
        assert set(radio.locks) == {Address("3"), Address("9")}
