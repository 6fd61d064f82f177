"""Commands in pieces, and commands to everybody, as they reach the driver."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.zwave.security import transport
from drivers.zwave.security.transport import crc16
from hub.model.facts import BoltMoved, CodesChanged
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, notification, virtual
from tests.drivers.zwave.test_secured import OPENED_BY_3, Home, SecureLock

DELETED = notification(0x0D, bytes.fromhex("630301"))
BROADCAST, MULTICAST = 0x04, 0x08


def pieces(command: bytes, *, session: int = 5, at_most: int = 8) -> list[bytes]:
    made = []
    for at in range(0, len(command), at_most):
        kind = transport.SUBSEQUENT if at else transport.FIRST
        head = bytes((0x55, kind, len(command), session << 4)) + (bytes((at,)) if at else b"")
        content = head + command[at : at + at_most]
        made.append(content + crc16(content).to_bytes(2, "big"))
    return made


def plain(folder: Path) -> tuple[House, FakeLock]:
    lock = FakeLock()
    return House(folder, FakeStick([lock])), lock


def to_several(stick: FakeStick, status: int, command: bytes) -> None:
    stick.request(0x04, bytes((status, 2, len(command))) + command)


@virtual
async def test_a_command_in_pieces_is_heard_once_it_is_whole(tmp_path: Path) -> None:
    house, lock = plain(tmp_path)
    async with house.running():
        first, *rest = pieces(OPENED_BY_3)
        house.stick.say(2, first)
        assert not [moved for moved in house.told(BoltMoved) if moved.slot == 1]
        for each in rest:
            house.stick.say(2, each)
        await asyncio.sleep(1)
        assert [moved.slot for moved in house.told(BoltMoved)][-1] == 1
    assert lock.received[-1] == "55e850"


@virtual
async def test_a_piece_that_was_lost_is_asked_for(tmp_path: Path) -> None:
    house, lock = plain(tmp_path)
    async with house.running():
        first, second = pieces(OPENED_BY_3)
        house.stick.say(2, first)
        await asyncio.sleep(transport.MISSING_AFTER_S + 0.5)
        assert lock.received[-1] == "55c85008"
        house.stick.say(2, second)
        await asyncio.sleep(1)
        assert [moved.slot for moved in house.told(BoltMoved)][-1] == 1


@virtual
async def test_a_secure_lock_is_believed_in_pieces_only_when_they_are_encrypted(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running():
        home.say(pieces(DELETED))
        await asyncio.sleep(5)
        assert not home.house.told(CodesChanged)
        home.lock.waiting.append(DELETED)
        (sealed,) = home.lock.flush()
        home.say(pieces(sealed, session=6))
        await asyncio.sleep(5)
        assert len(home.house.told(CodesChanged)) == 1


@virtual
async def test_whoever_floods_us_with_pieces_gets_few_answers(tmp_path: Path) -> None:
    house, lock = plain(tmp_path)
    async with house.running():
        before = len(lock.received)
        for number in range(600):
            house.stick.say(2, pieces(OPENED_BY_3, session=number % 16)[1])
            await asyncio.sleep(0.1)
        assert len(lock.received) - before < 150


@virtual
async def test_what_a_lock_says_to_everybody_is_heard_and_not_answered(tmp_path: Path) -> None:
    house, lock = plain(tmp_path)
    async with house.running():
        before = len(lock.received)
        for status in (BROADCAST, MULTICAST):
            to_several(house.stick, status, bytes((0x6C, 1, 7, len(OPENED_BY_3))) + OPENED_BY_3)
            to_several(house.stick, status, b"\x5e\x01")
            await asyncio.sleep(1)
        assert [moved.slot for moved in house.told(BoltMoved)][-1] == 1
        assert len(lock.received) == before


@virtual
async def test_a_message_to_a_group_does_not_disturb_what_two_have_agreed_on(tmp_path: Path) -> None:
    """Nobody can read it but who knows the group's state: it is no reason to begin anew (S2 multicast)."""
    home = Home(tmp_path, SecureLock())
    async with home.house.running():
        before = len(home.lock.received)
        for number in range(10):
            grouped = bytes((0x9F, 3, number, 1, 3, 0x43, 9)) + bytes(20)
            to_several(home.house.stick, MULTICAST, grouped)
            await asyncio.sleep(1)
        assert len(home.lock.received) == before
        home.lock.waiting.append(DELETED)
        (sealed,) = home.lock.flush()
        home.say([sealed])
        await asyncio.sleep(5)
        assert len(home.house.told(CodesChanged)) == 1
        assert len(home.lock.received) == before
