"""Codes that are in a lock and open nothing until they are enabled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.model.facts import LockFound, SlotRead
from hub.model.values import Pin, Proof
from tests.drivers.zwave.brands import TWO
from tests.drivers.zwave.fake_classes import CredentialLock
from tests.drivers.zwave.fakes import UNSECURED, FakeStick, House, virtual
from tests.drivers.zwave.simulated import Simulated, simulated

PIN = Pin("4829")


def opens(house: Simulated) -> bool:
    return house.lock.press(PIN.reveal(), 0.0)


@pytest.mark.parametrize("masked", [False, True])
@virtual
async def test_a_lock_of_user_code_version_2_holds_a_code_until_it_is_enabled(tmp_path: Path, masked: bool) -> None:
    async with simulated(tmp_path, "yale-zw3", quirks={"masked": masked}).running() as house:
        assert [fact for fact in house.facts if isinstance(fact, LockFound)][-1].abilities.holds_disabled
        await house.keypad.write(3, PIN, enabled=False)
        seen = await house.keypad.read(3)
        assert (seen.empty, seen.enabled) == (False, False)
        assert not opens(house)
        await house.keypad.enable(3, PIN)
        assert (await house.keypad.read(3)).enabled
        assert opens(house)
        await house.keypad.write(3, PIN, enabled=False)
        assert not opens(house), "and it can be shut again"


@virtual
async def test_a_lock_of_version_1_is_not_trusted_with_what_it_calls_reserved(tmp_path: Path) -> None:
    async with simulated(tmp_path, "schlage").running() as house:
        assert not [fact for fact in house.facts if isinstance(fact, LockFound)][-1].abilities.holds_disabled
        for order in (house.keypad.write(3, PIN, enabled=False), house.keypad.enable(3, PIN)):
            with pytest.raises(Rejected, match="keeps no codes that open nothing"):
                await order
        assert house.held() == {}


@virtual
async def test_a_user_who_may_not_come_in_yet_is_let_in_later(tmp_path: Path) -> None:
    lock = CredentialLock(classes=UNSECURED + b"\x83")
    house = House(tmp_path, FakeStick([lock]))
    async with house.running():
        assert house.told(LockFound)[-1].abilities.holds_disabled
        keypad = house.driver.locks[TWO].keypad
        assert keypad is not None
        assert await keypad.write(5, PIN, enabled=False) is Proof.READ_BACK
        assert await keypad.read(5) == SlotRead(empty=False, pin=PIN, enabled=False)
        lock.received.clear()
        assert await keypad.enable(5, PIN) is Proof.CONFIRMED
        assert not [each for each in lock.received if PIN.reveal().encode().hex() in each], (
            "the digits stay where they are"
        )
        assert await keypad.read(5) == SlotRead(empty=False, pin=PIN)
        with pytest.raises(Rejected):
            await keypad.enable(6, PIN)
