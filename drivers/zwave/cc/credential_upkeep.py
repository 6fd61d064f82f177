"""User Credential Command Class 0x83, the rest: learning, moving, checksums, the admin's code, the key locker.

Source: zwave-js 15 UserCredentialCC.ts. Codes and keys are kept out of every repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader, one_of
from drivers.zwave.cc.user_credential import CLASS, Kind, Operation


class Learning(Enum):
    STARTED = 0x00
    SUCCESS = 0x01
    BUSY = 0x02
    ENDED = 0x03
    TIMEOUT = 0x04
    STEP_AGAIN = 0x05
    NOT_TO_BE_ADDED = 0xFE
    NOT_TO_BE_MODIFIED = 0xFF


class AdminSaid(Enum):
    MODIFIED = 0x01
    UNMODIFIED = 0x03
    ASKED = 0x04
    DUPLICATE = 0x07
    RULES = 0x08
    NOT_SUPPORTED = 0x0D
    CANNOT_BE_OFF = 0x0E
    FAILED = 0x0F


def _what(user: int, kind: Kind, slot: int) -> bytes:
    return user.to_bytes(2, "big") + bytes((kind.value,)) + slot.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class LearnStart:
    """Have the lock take a credential from whoever stands before it."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0F)
    user: int
    kind: Kind
    slot: int
    operation: Operation
    within_s: int

    def body(self) -> bytes:
        return _what(self.user, self.kind, self.slot) + bytes((self.operation.value, self.within_s))

    @classmethod
    def decode(cls, body: bytes) -> LearnStart:
        reader = Reader(body, "a command to learn")
        user, kind, slot = reader.u16(), one_of(Kind, reader.u8(), "a command to learn"), reader.u16()
        return cls(user, kind, slot, one_of(Operation, reader.u8() & 0x03, "a command to learn"), reader.u8())


@dataclass(frozen=True, slots=True)
class LearnCancel(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x10)


@dataclass(frozen=True, slots=True)
class LearnReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x11)
    learning: Learning
    user: int
    kind: Kind
    slot: int
    steps_left: int = 0

    def body(self) -> bytes:
        return bytes((self.learning.value,)) + _what(self.user, self.kind, self.slot) + bytes((self.steps_left,))

    @classmethod
    def decode(cls, body: bytes) -> LearnReport:
        reader = Reader(body, "a report of learning")
        learning, user = one_of(Learning, reader.u8(), "a report of learning"), reader.u16()
        return cls(learning, user, one_of(Kind, reader.u8(), "a report of learning"), reader.u16(), reader.u8())


@dataclass(frozen=True, slots=True)
class AssociationSet:
    """Give a credential to another user."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x12)
    kind: Kind
    slot: int
    user: int

    def body(self) -> bytes:
        return bytes((self.kind.value,)) + self.slot.to_bytes(2, "big") + self.user.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> AssociationSet:
        reader = Reader(body, "a credential's owner")
        return cls(one_of(Kind, reader.u8(), "a credential's owner"), reader.u16(), reader.u16())


@dataclass(frozen=True, slots=True)
class AssociationReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x13)
    kind: Kind
    slot: int
    user: int
    status: int
    """0: done."""

    def body(self) -> bytes:
        head = bytes((self.kind.value,)) + self.slot.to_bytes(2, "big")
        return head + self.user.to_bytes(2, "big") + bytes((self.status,))

    @classmethod
    def decode(cls, body: bytes) -> AssociationReport:
        reader = Reader(body, "a credential's owner")
        return cls(one_of(Kind, reader.u8(), "a credential's owner"), reader.u16(), reader.u16(), reader.u8())


@dataclass(frozen=True, slots=True)
class AllUsersChecksumGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x14)


@dataclass(frozen=True, slots=True)
class AllUsersChecksumReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x15)
    checksum: int

    def body(self) -> bytes:
        return self.checksum.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> AllUsersChecksumReport:
        return cls(Reader(body, "a checksum").u16())


@dataclass(frozen=True, slots=True)
class UserChecksumGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x16)
    user: int

    def body(self) -> bytes:
        return self.user.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> UserChecksumGet:
        return cls(Reader(body, "a question for a checksum").u16())


@dataclass(frozen=True, slots=True)
class UserChecksumReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x17)
    user: int
    checksum: int

    def body(self) -> bytes:
        return self.user.to_bytes(2, "big") + self.checksum.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> UserChecksumReport:
        reader = Reader(body, "a checksum")
        return cls(reader.u16(), reader.u16())


@dataclass(frozen=True, slots=True)
class CredentialChecksumGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x18)
    kind: Kind

    def body(self) -> bytes:
        return bytes((self.kind.value,))

    @classmethod
    def decode(cls, body: bytes) -> CredentialChecksumGet:
        what = "a question for a checksum"
        return cls(one_of(Kind, Reader(body, what).u8(), what))


@dataclass(frozen=True, slots=True)
class CredentialChecksumReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x19)
    kind: Kind
    checksum: int

    def body(self) -> bytes:
        return bytes((self.kind.value,)) + self.checksum.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> CredentialChecksumReport:
        reader = Reader(body, "a checksum")
        return cls(one_of(Kind, reader.u8(), "a checksum"), reader.u16())


@dataclass(frozen=True, slots=True)
class AdminCodeSet:
    """Understood for the sake of completeness; nothing here sends it."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x1A)
    code: bytes = field(repr=False)

    def body(self) -> bytes:
        return bytes((len(self.code),)) + self.code

    @classmethod
    def decode(cls, body: bytes) -> AdminCodeSet:
        reader = Reader(body, "an admin code")
        return cls(reader.take(reader.u8() & 0x0F))


@dataclass(frozen=True, slots=True)
class AdminCodeGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x1B)


@dataclass(frozen=True, slots=True)
class AdminCodeReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x1C)
    said: AdminSaid
    code: bytes = field(repr=False)

    def body(self) -> bytes:
        return bytes((self.said.value << 4 | len(self.code),)) + self.code

    @classmethod
    def decode(cls, body: bytes) -> AdminCodeReport:
        reader = Reader(body, "an admin code")
        head = reader.u8()
        return cls(one_of(AdminSaid, head >> 4, "an admin code"), reader.take(head & 0x0F))


@dataclass(frozen=True, slots=True)
class Locker:
    """What the key locker can keep of one kind of entry."""

    kind: int
    slots: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class LockerCapabilitiesGet(Bare):
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x1D)


@dataclass(frozen=True, slots=True)
class LockerCapabilitiesReport:
    """In columns, as the capabilities of credentials."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x1E)
    lockers: tuple[Locker, ...]

    def body(self) -> bytes:
        numbers = [[each.slots for each in self.lockers], [each.least for each in self.lockers]]
        numbers.append([each.most for each in self.lockers])
        columns = b"".join(number.to_bytes(2, "big") for column in numbers for number in column)
        return bytes((len(self.lockers),)) + bytes(each.kind for each in self.lockers) + columns

    @classmethod
    def decode(cls, body: bytes) -> LockerCapabilitiesReport:
        reader = Reader(body, "the abilities of a key locker")
        count = reader.u8()
        kinds = reader.take(count)
        slots, least, most = ([reader.u16() for _ in range(count)] for _ in range(3))
        return cls(tuple(Locker(*row) for row in zip(kinds, slots, least, most, strict=True)))


@dataclass(frozen=True, slots=True)
class LockerEntrySet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x1F)
    kind: int
    slot: int
    operation: Operation
    data: bytes = field(default=b"", repr=False)

    def body(self) -> bytes:
        head = bytes((self.kind,)) + self.slot.to_bytes(2, "big") + bytes((self.operation.value,))
        return head if self.operation is Operation.DELETE else head + len(self.data).to_bytes(2, "big") + self.data

    @classmethod
    def decode(cls, body: bytes) -> LockerEntrySet:
        reader = Reader(body, "an entry of the key locker")
        kind, slot = reader.u8(), reader.u16()
        operation = one_of(Operation, reader.u8() & 0x03, "an entry of the key locker")
        return cls(kind, slot, operation, b"" if operation is Operation.DELETE else reader.take(reader.u16()))


@dataclass(frozen=True, slots=True)
class LockerEntryGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x20)
    kind: int
    slot: int

    def body(self) -> bytes:
        return bytes((self.kind,)) + self.slot.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> LockerEntryGet:
        reader = Reader(body, "a question to the key locker")
        return cls(reader.u8(), reader.u16())


@dataclass(frozen=True, slots=True)
class LockerEntryReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x21)
    occupied: bool
    kind: int
    slot: int

    def body(self) -> bytes:
        return bytes((self.occupied, self.kind)) + self.slot.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> LockerEntryReport:
        reader = Reader(body, "an entry of the key locker")
        return cls(bool(reader.u8() & 1), reader.u8(), reader.u16())
