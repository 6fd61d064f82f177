"""User Code Command Class 0x63, versions 1 and 2.

Source: ZW_classcmd.h, USER_CODE_* and USERS_NUMBER_* (version 1); zwave-js 15 UserCodeCC.ts for version 2.
Codes are kept out of every repr.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader, mask, numbered, one_of
from drivers.zwave.cc.crc16 import checksum

CLASS = 0x63
CLEARED = bytes(4)
"""The code that goes with AVAILABLE in version 1: raw zeros, not the digit 0 (zwave-js 15 UserCodeCCSet)."""


class Status(Enum):
    AVAILABLE = 0x00
    ENABLED = 0x01
    DISABLED = 0x02
    """Version 1 calls it "reserved by administrator"."""
    MESSAGING = 0x03
    """Version 2: tells the controller, opens nothing."""
    PASSAGE_MODE = 0x04
    NOT_AVAILABLE = 0xFE
    """There is no such slot."""


def _status(value: int) -> Status:
    return one_of(Status, value, "a code status")


class KeypadMode(Enum):
    """Version 2. Source: zwave-js 15 _Types.ts, KeypadMode."""

    NORMAL = 0x00
    VACATION = 0x01
    """No code opens."""
    PRIVACY = 0x02
    """Nothing opens from outside."""
    LOCKED_OUT = 0x03
    """Too many wrong codes; only the lock itself chooses it."""


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    user: int
    status: Status
    code: bytes = field(repr=False)

    def body(self) -> bytes:
        return bytes((self.user, self.status.value)) + self.code

    @classmethod
    def decode(cls, body: bytes) -> Set:
        reader = Reader(body, "a command to set a code")
        return cls(reader.u8(), _status(reader.u8()), reader.rest())


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    user: int

    def body(self) -> bytes:
        return bytes((self.user,))

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls(Reader(body, "a question for a code").u8())


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    user: int
    status: Status
    code: bytes = field(default=b"", repr=False)

    def body(self) -> bytes:
        return bytes((self.user, self.status.value)) + self.code

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a code report")
        return cls(reader.u8(), _status(reader.u8()), reader.rest())


@dataclass(frozen=True, slots=True)
class UsersNumberGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)


@dataclass(frozen=True, slots=True)
class UsersNumberReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    users: int
    wide: bool = False
    """Whether it came as version 2 sends it, with a second, longer field."""

    def body(self) -> bytes:
        short = bytes((min(self.users, 0xFF),))
        return short + self.users.to_bytes(2, "big") if self.wide else short

    @classmethod
    def decode(cls, body: bytes) -> UsersNumberReport:
        reader = Reader(body, "the number of code slots")
        users = reader.u8()
        return cls(reader.u16(), wide=True) if reader.left >= 2 else cls(users)


@dataclass(frozen=True, slots=True)
class CapabilitiesGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)


@dataclass(frozen=True, slots=True)
class CapabilitiesReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)
    statuses: frozenset[int]
    keypad_modes: frozenset[int]
    keys: frozenset[int]
    """ASCII values of the keys on the keypad."""
    admin: int = 0
    """Bits 5 to 7 of the first byte: what can be done with the admin code."""
    bulk: int = 0
    """Bits 5 to 7 of the second: checksum, many codes in a report, many codes in a set."""

    def body(self) -> bytes:
        parts = [(self.admin, self.statuses), (self.bulk, self.keypad_modes), (0, self.keys)]
        return b"".join(bytes((flags | len(mask(numbers)),)) + mask(numbers) for flags, numbers in parts)

    @classmethod
    def decode(cls, body: bytes) -> CapabilitiesReport:
        reader = Reader(body, "a list of code abilities")
        found = []
        for _ in range(3):
            head = reader.u8()
            found.append((head & 0xE0, numbered(reader.take(head & 0x1F))))
        (admin, statuses), (bulk, modes), (_, keys) = found
        return cls(statuses, modes, keys, admin, bulk)


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot in the commands of version 2."""

    user: int
    status: Status
    code: bytes = field(default=b"", repr=False)

    def body(self) -> bytes:
        return self.user.to_bytes(2, "big") + bytes((self.status.value, len(self.code))) + self.code

    @classmethod
    def read(cls, reader: Reader) -> Entry:
        return cls(reader.u16(), _status(reader.u8()), reader.take(reader.u8() & 0x0F))


@dataclass(frozen=True, slots=True)
class ExtendedSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0B)
    entries: tuple[Entry, ...]

    def body(self) -> bytes:
        return bytes((len(self.entries),)) + b"".join(entry.body() for entry in self.entries)

    @classmethod
    def decode(cls, body: bytes) -> ExtendedSet:
        reader = Reader(body, "a command to set codes")
        return cls(tuple(Entry.read(reader) for _ in range(reader.u8())))


@dataclass(frozen=True, slots=True)
class ExtendedGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0C)
    user: int
    more: bool = False

    def body(self) -> bytes:
        return self.user.to_bytes(2, "big") + bytes((self.more,))

    @classmethod
    def decode(cls, body: bytes) -> ExtendedGet:
        reader = Reader(body, "a question for codes")
        return cls(reader.u16(), bool(reader.u8() & 1))


@dataclass(frozen=True, slots=True)
class ExtendedReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0D)
    entries: tuple[Entry, ...]
    next_user: int = 0
    """The next slot that is set; 0: none."""

    def body(self) -> bytes:
        entries = b"".join(entry.body() for entry in self.entries)
        return bytes((len(self.entries),)) + entries + self.next_user.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> ExtendedReport:
        reader = Reader(body, "a report of codes")
        return cls(tuple(Entry.read(reader) for _ in range(reader.u8())), reader.u16())


@dataclass(frozen=True, slots=True)
class KeypadModeSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x08)
    mode: KeypadMode

    def body(self) -> bytes:
        return bytes((self.mode.value,))

    @classmethod
    def decode(cls, body: bytes) -> KeypadModeSet:
        return cls(one_of(KeypadMode, Reader(body, "a keypad mode").u8(), "a keypad mode"))


@dataclass(frozen=True, slots=True)
class KeypadModeGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x09)


@dataclass(frozen=True, slots=True)
class KeypadModeReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0A)
    mode: KeypadMode

    def body(self) -> bytes:
        return bytes((self.mode.value,))

    @classmethod
    def decode(cls, body: bytes) -> KeypadModeReport:
        return cls(one_of(KeypadMode, Reader(body, "a keypad mode").u8(), "a keypad mode"))


@dataclass(frozen=True, slots=True)
class AdminCodeSet:
    """Understood for the sake of completeness; nothing here sends it."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0E)
    code: bytes = field(repr=False)
    """Empty: no admin code."""

    def body(self) -> bytes:
        return bytes((len(self.code),)) + self.code

    @classmethod
    def decode(cls, body: bytes) -> AdminCodeSet:
        reader = Reader(body, "an admin code")
        return cls(reader.take(reader.u8() & 0x0F))


@dataclass(frozen=True, slots=True)
class AdminCodeGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0F)


@dataclass(frozen=True, slots=True)
class AdminCodeReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x10)
    code: bytes = field(repr=False)

    def body(self) -> bytes:
        return bytes((len(self.code),)) + self.code

    @classmethod
    def decode(cls, body: bytes) -> AdminCodeReport:
        reader = Reader(body, "an admin code")
        return cls(reader.take(reader.u8() & 0x0F))


@dataclass(frozen=True, slots=True)
class ChecksumGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x11)


@dataclass(frozen=True, slots=True)
class ChecksumReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x12)
    checksum: int

    def body(self) -> bytes:
        return self.checksum.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> ChecksumReport:
        return cls(Reader(body, "a checksum").u16())


def checksum_of(entries: Iterable[Entry]) -> int:
    """What a lock reports that holds these codes and no others.

    Source: zwave-js 15 mockCCBehaviors/UserCode.ts: CRC-CCITT over slot, status and code of every slot that is not
    available, in ascending order; 0 when there is none.
    """
    held = sorted((entry for entry in entries if entry.status is not Status.AVAILABLE), key=lambda entry: entry.user)
    data = b"".join(entry.user.to_bytes(2, "big") + bytes((entry.status.value,)) + entry.code for entry in held)
    return checksum(data) if data else 0
