"""Locks made of bytes that keep schedules and a clock, or users and credentials. Written from the documents (ZW_classcmd.h,
and the paragraphs on User Credential that zwave-js' mock cites), not from the driver."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.drivers.zwave.fakes import FakeLock


def wire_time(at: datetime) -> bytes:
    return at.year.to_bytes(2, "big") + bytes((at.month, at.day, at.hour, at.minute, at.second))


@dataclass
class SchedulingLock(FakeLock):
    """Also keeps a clock and schedules. Kinds by the command that sets them: 03 weekday, 06 dated, 10 daily."""

    room: tuple[int, int, int] = (7, 1, 0)
    """By weekday, dated, daily."""
    clock: datetime = datetime(2001, 1, 1, tzinfo=UTC)
    set_at: float = 0.0
    stopped: bool = False
    """Takes the time and does not keep it."""
    offset: bytes = bytes.fromhex("0200" + "3c")
    kept: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    """Kind, user and number."""
    counting: dict[int, int] = field(default_factory=dict)
    """The kind that counts for a user."""
    enabled: dict[int, bool] = field(default_factory=dict)
    stubborn: bool = False
    """Acknowledges schedules and keeps none."""
    enables: bool = True
    """A new schedule switches a user's schedules on."""
    crooked: bool = False
    """Keeps another minute than it was told."""

    def now(self) -> datetime:
        return self.clock + timedelta(seconds=asyncio.get_running_loop().time() - self.set_at)

    def _on_8b01(self, body: bytes) -> list[bytes]:
        if not self.stopped:
            year, (month, day, hour, minute, second) = int.from_bytes(body[:2], "big"), body[2:7]
            self.clock = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            self.set_at = asyncio.get_running_loop().time()
        return []

    def _on_8b02(self, _: bytes) -> list[bytes]:
        return [b"\x8b\x03" + wire_time(self.now())]

    def _on_4e09(self, _: bytes) -> list[bytes]:
        return [b"\x4e\x0a" + bytes(self.room)]

    def _on_4e0d(self, body: bytes) -> list[bytes]:
        self.offset = body
        return []

    def _on_4e01(self, body: bytes) -> list[bytes]:
        self.enabled[body[0]] = body[1] == 1
        return []

    def _on_4e03(self, body: bytes) -> list[bytes]:
        return self._keep(3, body)

    def _on_4e06(self, body: bytes) -> list[bytes]:
        return self._keep(6, body)

    def _on_4e10(self, body: bytes) -> list[bytes]:
        return self._keep(0x10, body)

    def _keep(self, kind: int, body: bytes) -> list[bytes]:
        action, user, number = body[:3]
        if self.stubborn:
            return []
        if action == 1:
            rest = body[3:-1] + bytes((body[-1] ^ self.crooked,))
            self.kept[kind, user, number], self.counting[user] = rest, kind
            self.enabled[user] = self.enables or self.enabled.get(user, False)
        else:
            self.kept.pop((kind, user, number), None)
        return []

    def _on_4e04(self, body: bytes) -> list[bytes]:
        return [b"\x4e\x05" + body[:2] + self.kept.get((3, *body[:2]), b"\xff" * 5)]

    def _on_4e07(self, body: bytes) -> list[bytes]:
        return [b"\x4e\x08" + body[:2] + self.kept.get((6, *body[:2]), b"\xff" * 10)]

    def _on_4e0e(self, body: bytes) -> list[bytes]:
        return [b"\x4e\x0f" + body[:2] + self.kept.get((0x10, *body[:2]), b"\0" * 5)]

    def _on_7004(self, body: bytes) -> list[bytes]:
        self.parameters[body[0]] = body[2:]
        return []


@dataclass
class CredentialLock(FakeLock):
    """Keeps users, and PINs and tags that belong to them."""

    users_elsewhere: int = 20
    pin_slots: int = 30
    digits: tuple[int, int] = (4, 8)
    readable: bool = True
    admin: bytes = b"990099"
    rules: bytes = b"111111"
    """Digits that this maker does not allow."""
    users: dict[int, bytes] = field(default_factory=dict)
    """Kind, active, rule, minutes, encoding, length and name, as on the wire."""
    credentials: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)
    """By kind and slot: the user and the data."""

    def _on_8303(self, _: bytes) -> list[bytes]:
        columns = b"\x01\x03" + b"\x00\x80" + self.pin_slots.to_bytes(2, "big") + b"\x00\x14"
        columns += bytes((self.digits[0], 8, self.digits[1], 16)) + b"\x00\x1e\x00\x02\x00\x00"
        return [b"\x83\x04\xc0\x02" + columns]

    def _on_8305(self, body: bytes) -> list[bytes]:
        operation, number, there = body[0] & 3, int.from_bytes(body[1:3], "big"), self.users
        if operation == 2:
            there.pop(number, None)
            for key in [key for key, (owner, _) in self.credentials.items() if owner == number]:
                del self.credentials[key]
            return [self._user(2, number)]
        if (number in there) is (operation == 0):
            return [self._user(5 if operation == 0 else 6, number)]
        there[number] = body[3:]
        return [self._user(operation, number)]

    def _on_8306(self, body: bytes) -> list[bytes]:
        return [self._user(4, int.from_bytes(body, "big"))]

    def _user(self, said: int, number: int) -> bytes:
        modifier = b"\x02\x00\x01" if number in self.users else b"\x00\x00\x00"
        user = self.users.get(number, bytes.fromhex("00000100000000"))
        return b"\x83\x07" + bytes((said, 0, 0)) + modifier + number.to_bytes(2, "big") + user

    def _on_830a(self, body: bytes) -> list[bytes]:
        user, kind, slot = int.from_bytes(body[:2], "big"), body[2], int.from_bytes(body[3:5], "big")
        operation, data, key = body[5] & 3, body[7:], (kind, slot)
        there = self.credentials.get(key)
        if operation == 2:
            if there is not None and there[0] != user:
                return [self._credential(9, kind, slot)]
            self.credentials.pop(key, None)
            return [self._credential(2, kind, slot, user)]
        if user not in self.users:
            return [self._credential(9, kind, slot, user)]
        if data == self.admin:
            return [self._credential(0x0A, kind, slot, user)]
        if data == self.rules:
            return [self._credential(8, kind, slot, user)]
        twin = next((other for other, (_, held) in self.credentials.items() if held == data and other[0] == kind), None)
        if twin is not None and (twin != key or operation == 0):
            return [self._credential(7, kind, twin[1])]
        if operation == 0 and there is not None:
            return [self._credential(5, kind, slot)]
        if operation == 1 and there is None:
            return [self._credential(6, kind, slot, user)]
        self.credentials[key] = (user, data)
        return [self._credential(operation, kind, slot)]

    def _on_830b(self, body: bytes) -> list[bytes]:
        user, kind, slot = int.from_bytes(body[:2], "big"), body[2], int.from_bytes(body[3:5], "big")
        if kind == 0:
            own = sorted(key for key, (owner, _) in self.credentials.items() if owner == user)
            return [self._credential(4, *own[0]) if own else self._credential(4, 0, 0, user)]
        return [self._credential(4, kind, slot, user)]

    def _credential(self, said: int, kind: int, slot: int, user: int = 0) -> bytes:
        there = self.credentials.get((kind, slot))
        owner, data = there or (user, b"")
        shown = data if self.readable else b""
        head = bytes((said,)) + owner.to_bytes(2, "big") + bytes((kind,)) + slot.to_bytes(2, "big")
        modifier = b"\x02\x00\x01" if there else b"\x00\x00\x00"
        return b"\x83\x0c" + head + bytes((0x80 if self.readable else 0, len(shown))) + shown + modifier + b"\0\0\0"
