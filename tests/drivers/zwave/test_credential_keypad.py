"""Codes of a lock that keeps users and credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.contracts import CodeTaken, Keypad
from hub.errors import Rejected, Unavailable
from hub.model.facts import LockFound, SlotRead
from hub.model.values import Pin, Proof
from tests.drivers.zwave.brands import TWO
from tests.drivers.zwave.fake_classes import CredentialLock
from tests.drivers.zwave.fakes import UNSECURED, FakeStick, House, virtual

PIN = Pin("123456")
GUEST = bytes.fromhex("00010100000000")
"""General, active, one credential, no minutes, ASCII, no name."""


@pytest.fixture
def lock() -> CredentialLock:
    return CredentialLock(classes=UNSECURED + b"\x83")


@pytest.fixture
def house(tmp_path: Path, lock: CredentialLock) -> House:
    return House(tmp_path, FakeStick([lock]))


def keypad_of(house: House) -> Keypad:
    keypad = house.driver.locks[TWO].keypad
    assert keypad is not None
    return keypad


@virtual
async def test_a_lock_with_users_is_never_spoken_to_through_user_code(house: House, lock: CredentialLock) -> None:
    async with house.running():
        abilities = house.told(LockFound)[-1].abilities
        assert (abilities.slots, abilities.min_digits, abilities.max_digits) == (20, 4, 8)
        await keypad_of(house).write(5, PIN)
        await keypad_of(house).read(5)
        await keypad_of(house).clear(5)
    assert not [received for received in lock.received if received.startswith("63")]


@virtual
async def test_a_code_gets_a_user_of_its_own_and_is_read_back(house: House, lock: CredentialLock) -> None:
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK
        assert await keypad_of(house).read(5) == SlotRead(empty=False, pin=PIN)
    assert (lock.users, lock.credentials) == ({5: GUEST}, {(1, 5): (5, b"123456")})


@virtual
async def test_a_code_that_the_lock_does_not_show_is_confirmed(house: House, lock: CredentialLock) -> None:
    lock.readable = False
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.CONFIRMED
        assert await keypad_of(house).read(5) == SlotRead(empty=False)


@virtual
async def test_a_code_is_replaced_by_another(house: House, lock: CredentialLock) -> None:
    async with house.running():
        await keypad_of(house).write(5, PIN)
        assert await keypad_of(house).write(5, Pin("654321")) is Proof.READ_BACK
    assert lock.credentials == {(1, 5): (5, b"654321")}


@virtual
async def test_the_same_code_again_is_no_duplicate(house: House, lock: CredentialLock) -> None:
    async with house.running():
        await keypad_of(house).write(5, PIN)
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK
    assert lock.credentials == {(1, 5): (5, b"123456")}


@pytest.mark.parametrize(
    ("user", "after"),
    [("00000100000000", "00010100000000"), ("00010200000000", "00010100000000"), ("04010100000000", "00010100000000")],
)
@virtual
async def test_a_user_who_could_not_come_in_is_put_right(
    house: House, lock: CredentialLock, user: str, after: str
) -> None:
    """Switched off; in need of a second credential; not for opening."""
    lock.users[5] = bytes.fromhex(user)
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK
    assert lock.users[5].hex() == after


@pytest.mark.parametrize("digits", ["123456", "990099"])
@virtual
async def test_digits_that_another_slot_or_the_admin_has_are_taken(
    house: House, lock: CredentialLock, digits: str
) -> None:
    lock.users[7], lock.credentials[1, 7] = GUEST, (7, b"123456")
    async with house.running():
        with pytest.raises(CodeTaken):
            await keypad_of(house).write(5, Pin(digits))
    assert 5 not in lock.users  # nobody without a code is left behind
    assert len([received for received in lock.received if received.startswith("830a")]) == 1


@virtual
async def test_digits_against_the_makers_rules_are_rejected(house: House, lock: CredentialLock) -> None:
    async with house.running():
        with pytest.raises(Rejected, match="rules") as raised:
            await keypad_of(house).write(5, Pin("111111"))
        assert not isinstance(raised.value, CodeTaken)


@virtual
async def test_another_users_code_is_not_written_over(house: House, lock: CredentialLock) -> None:
    lock.users[9], lock.credentials[1, 5] = GUEST, (9, b"777777")
    async with house.running():
        with pytest.raises(Rejected, match="another user"):
            await keypad_of(house).write(5, PIN)
        assert (await keypad_of(house).read(5)).pin == Pin("777777")
    assert (lock.credentials[1, 5], set(lock.users)) == ((9, b"777777"), {9})


@virtual
async def test_an_empty_slot_and_a_user_who_is_switched_off_are_told(house: House, lock: CredentialLock) -> None:
    lock.users[9], lock.credentials[1, 5] = bytes.fromhex("00000100000000"), (9, b"777777")
    async with house.running():
        assert await keypad_of(house).read(4) == SlotRead(empty=True)
        assert await keypad_of(house).read(5) == SlotRead(empty=False, pin=Pin("777777"), enabled=False)


@virtual
async def test_a_code_goes_and_its_user_with_it(house: House, lock: CredentialLock) -> None:
    async with house.running():
        await keypad_of(house).write(5, PIN)
        assert await keypad_of(house).clear(5) is Proof.CONFIRMED
        assert await keypad_of(house).clear(5) is Proof.READ_BACK
    assert (lock.users, lock.credentials) == ({}, {})


@virtual
async def test_a_users_tag_stays_when_the_code_goes(house: House, lock: CredentialLock) -> None:
    lock.users[5], lock.credentials[1, 5], lock.credentials[3, 2] = GUEST, (5, b"123456"), (5, b"\xaa" * 8)
    async with house.running():
        assert await keypad_of(house).clear(5) is Proof.CONFIRMED
    assert (set(lock.users), set(lock.credentials)) == ({5}, {(3, 2)})


@virtual
async def test_a_lock_that_does_not_answer_is_unavailable(house: House, lock: CredentialLock) -> None:
    async with house.running():
        lock.unanswered = {"830a"}
        with pytest.raises(Unavailable):
            await keypad_of(house).write(5, PIN)


@pytest.mark.parametrize("slot", [0, 21, 300])
@virtual
async def test_a_slot_without_a_user_is_refused_without_asking(house: House, lock: CredentialLock, slot: int) -> None:
    async with house.running():
        before = len(lock.received)
        with pytest.raises(Rejected):
            await keypad_of(house).read(slot)
        with pytest.raises(Rejected):
            await keypad_of(house).write(slot, PIN)
        with pytest.raises(Rejected):
            await keypad_of(house).clear(slot)
        assert len(lock.received) == before


@virtual
async def test_a_code_too_long_for_the_lock_is_refused_without_asking(house: House, lock: CredentialLock) -> None:
    async with house.running():
        before = len(lock.received)
        with pytest.raises(Rejected, match="4 to 8"):
            await keypad_of(house).write(5, Pin("123456789"))
        assert len(lock.received) == before


@virtual
async def test_the_admin_code_is_neither_asked_for_nor_set(house: House, lock: CredentialLock) -> None:
    async with house.running():
        await keypad_of(house).write(5, PIN)
        await keypad_of(house).clear(5)
    assert not [received for received in lock.received if received[:4] in {"831a", "831b"}]


@virtual
async def test_a_lock_with_users_and_without_pins_has_no_keypad(house: House, lock: CredentialLock) -> None:
    lock.pin_slots = 0
    async with house.running():
        assert house.driver.locks[TWO].keypad is None


@virtual
async def test_user_credential_alone_makes_a_lock_of_it(house: House, lock: CredentialLock) -> None:
    lock.classes = bytes.fromhex("728683")
    async with house.running():
        assert await keypad_of(house).write(5, PIN) is Proof.READ_BACK
