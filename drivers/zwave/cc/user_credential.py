"""User Credential Command Class 0x83, versions 1 and 2: users, and the codes, tags and fingers that belong to them.

Source: zwave-js 15 UserCredentialCC.ts and the paragraphs of its specification cited there and in its
mockCCBehaviors/UserCredential.ts. What else a lock does with credentials is in credential_upkeep.py.
A lock that has users here must not be driven through User Code (CL:0083.01.21.00.6).
Codes are kept out of every repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader, mask, numbered, one_of

CLASS = 0x83


class Kind(Enum):
    """What a credential is."""

    NONE = 0x00
    """Only in questions and at the end of lists."""
    PIN = 0x01
    PASSWORD = 0x02
    RFID = 0x03
    BLE = 0x04
    NFC = 0x05
    UWB = 0x06
    EYE = 0x07
    FACE = 0x08
    FINGER = 0x09
    HAND = 0x0A
    BIOMETRIC = 0x0B
    DESFIRE = 0x0C
    """Version 2."""


class UserKind(Enum):
    GENERAL = 0x00
    PROGRAMMING = 0x03
    """May program the lock."""
    NON_ACCESS = 0x04
    DURESS = 0x05
    DISPOSABLE = 0x06
    EXPIRING = 0x07
    REMOTE_ONLY = 0x09


class Rule(Enum):
    """How many credentials it takes to open."""

    SINGLE = 0x01
    DUAL = 0x02
    TRIPLE = 0x03


class Operation(Enum):
    ADD = 0x00
    MODIFY = 0x01
    DELETE = 0x02


class UserSaid(Enum):
    """Why a User Report is sent."""

    ADDED = 0x00
    MODIFIED = 0x01
    DELETED = 0x02
    UNCHANGED = 0x03
    ASKED = 0x04
    OCCUPIED = 0x05
    """Not added: there is such a user."""
    EMPTY = 0x06
    """Not modified: there is no such user."""
    NO_MINUTES = 0x07
    """Not done: an expiring user needs a time."""


class CredentialSaid(Enum):
    """Why a Credential Report is sent."""

    ADDED = 0x00
    MODIFIED = 0x01
    DELETED = 0x02
    UNCHANGED = 0x03
    ASKED = 0x04
    OCCUPIED = 0x05
    EMPTY = 0x06
    DUPLICATE = 0x07
    """Not done: another slot holds the same; the report names that one."""
    RULES = 0x08
    """Not done: the maker's rules forbid it."""
    WRONG_USER = 0x09
    """Not done: the credential belongs to another user, or there is no such user."""
    DUPLICATE_ADMIN = 0x0A
    """Not done: it is the admin's code."""


class Modifier(Enum):
    """Who changed it last."""

    NOBODY = 0x00
    """It does not exist."""
    UNKNOWN = 0x01
    ZWAVE = 0x02
    LOCALLY = 0x03
    OTHER = 0x04


@dataclass(frozen=True, slots=True)
class UserCapabilitiesGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)


@dataclass(frozen=True, slots=True)
class UserCapabilitiesReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    users: int
    rules: frozenset[int] = frozenset({1})
    name_length: int = 0
    schedules: bool = False
    """Whether users can have schedules, of the Active Schedule Command Class."""
    all_users_checksum: bool = False
    user_checksum: bool = False
    encodings: frozenset[int] = frozenset()
    """0 ASCII, 1 extended ASCII, 2 UTF-16; empty: all of them."""
    kinds: frozenset[int] = frozenset({0})

    def body(self) -> bytes:
        flags = self.schedules << 7 | self.all_users_checksum << 6 | self.user_checksum << 5
        flags |= (mask(self.encodings) or b"\0")[0] << 2
        head = self.users.to_bytes(2, "big") + bytes(((mask(self.rules) or b"\0")[0], self.name_length, flags))
        kinds = mask(self.kinds)
        return head + bytes((len(kinds),)) + kinds

    @classmethod
    def decode(cls, body: bytes) -> UserCapabilitiesReport:
        reader = Reader(body, "the abilities of a user store")
        users, rules, name_length, flags = reader.u16(), numbered(reader.take(1)), reader.u8(), reader.u8()
        kinds = numbered(reader.take(reader.u8()))
        encodings = numbered(bytes((flags >> 2 & 0x07,)))
        return cls(
            users, rules, name_length, bool(flags & 0x80), bool(flags & 0x40), bool(flags & 0x20), encodings, kinds
        )


@dataclass(frozen=True, slots=True)
class Ability:
    """What a lock can keep of one kind of credential."""

    kind: int
    slots: int
    least: int
    most: int
    """Bytes, which are digits of a code."""
    learns: bool = False
    learn_within_s: int = 0
    learn_steps: int = 0
    hash_length: int = 0
    """Of a credential that is not told but as a hash; 0: it is told as it is."""


@dataclass(frozen=True, slots=True)
class CredentialCapabilitiesGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)


@dataclass(frozen=True, slots=True)
class CredentialCapabilitiesReport:
    """Its fields stand in columns: first all kinds, then all flags, and so on."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    abilities: tuple[Ability, ...]
    checksum: bool = False
    admin_code: bool = False
    admin_code_off: bool = False
    """The admin code can be done away with."""

    def body(self) -> bytes:
        flags = self.checksum << 7 | self.admin_code << 6 | self.admin_code_off << 5
        own = self.abilities
        columns = (
            bytes(each.kind for each in own),
            bytes(each.learns << 7 for each in own),
            b"".join(each.slots.to_bytes(2, "big") for each in own),
            bytes(each.least for each in own),
            bytes(each.most for each in own),
            bytes(each.learn_within_s for each in own),
            bytes(each.learn_steps for each in own),
            bytes(each.hash_length for each in own),
        )
        return bytes((flags, len(own))) + b"".join(columns)

    @classmethod
    def decode(cls, body: bytes) -> CredentialCapabilitiesReport:
        reader = Reader(body, "the abilities of a credential store")
        flags, count = reader.u8(), reader.u8()
        kinds, learns = reader.take(count), [bool(each & 0x80) for each in reader.take(count)]
        slots = [reader.u16() for _ in range(count)]
        rows = zip(kinds, slots, reader.take(count), reader.take(count), learns, *_columns(reader, count), strict=True)
        abilities = tuple(Ability(*row) for row in rows)
        return cls(abilities, bool(flags & 0x80), bool(flags & 0x40), bool(flags & 0x20))


def _columns(reader: Reader, count: int) -> tuple[bytes, bytes, bytes]:
    return reader.take(count), reader.take(count), reader.take(count)


@dataclass(frozen=True, slots=True)
class User:
    kind: UserKind = UserKind.GENERAL
    active: bool = True
    rule: Rule = Rule.SINGLE
    minutes: int = 0
    """Until an expiring user ends; 0 for all others."""
    encoding: int = 0
    name: bytes = b""

    def body(self) -> bytes:
        head = bytes((self.kind.value, self.active, self.rule.value)) + self.minutes.to_bytes(2, "big")
        return head + bytes((self.encoding, len(self.name))) + self.name

    @classmethod
    def read(cls, reader: Reader) -> User:
        kind = one_of(UserKind, reader.u8(), "the kind of a user")
        active, rule = bool(reader.u8() & 1), one_of(Rule, reader.u8(), "the rule of a user")
        return cls(kind, active, rule, reader.u16(), reader.u8() & 0x07, reader.take(reader.u8()))


@dataclass(frozen=True, slots=True)
class UserSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    operation: Operation
    number: int
    """0 with DELETE: all users."""
    user: User | None = None
    """None: only with DELETE, which also deletes the user's credentials."""

    def body(self) -> bytes:
        head = bytes((self.operation.value,)) + self.number.to_bytes(2, "big")
        return head if self.user is None else head + self.user.body()

    @classmethod
    def decode(cls, body: bytes) -> UserSet:
        reader = Reader(body, "a command about a user")
        operation, number = one_of(Operation, reader.u8() & 0x03, "a command about a user"), reader.u16()
        return cls(operation, number, User.read(reader) if operation is not Operation.DELETE else None)


@dataclass(frozen=True, slots=True)
class UserGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    number: int
    """0: the first that there is."""

    def body(self) -> bytes:
        return self.number.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> UserGet:
        return cls(Reader(body, "a question for a user").u16())


@dataclass(frozen=True, slots=True)
class UserReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)
    said: UserSaid
    next_number: int
    modifier: Modifier
    modifier_node: int
    number: int
    user: User

    def body(self) -> bytes:
        head = bytes((self.said.value,)) + self.next_number.to_bytes(2, "big") + bytes((self.modifier.value,))
        return head + self.modifier_node.to_bytes(2, "big") + self.number.to_bytes(2, "big") + self.user.body()

    @classmethod
    def decode(cls, body: bytes) -> UserReport:
        reader = Reader(body, "a report of a user")
        said, next_number = one_of(UserSaid, reader.u8(), "a report of a user"), reader.u16()
        modifier = one_of(Modifier, reader.u8(), "a report of a user")
        return cls(said, next_number, modifier, reader.u16(), reader.u16(), User.read(reader))


@dataclass(frozen=True, slots=True)
class CredentialSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0A)
    user: int
    kind: Kind
    slot: int
    operation: Operation
    data: bytes = field(default=b"", repr=False)
    """Nothing with DELETE."""

    def body(self) -> bytes:
        head = self.user.to_bytes(2, "big") + bytes((self.kind.value,)) + self.slot.to_bytes(2, "big")
        tail = b"" if self.operation is Operation.DELETE else bytes((len(self.data),)) + self.data
        return head + bytes((self.operation.value,)) + tail

    @classmethod
    def decode(cls, body: bytes) -> CredentialSet:
        reader = Reader(body, "a command about a credential")
        user, kind, slot = reader.u16(), one_of(Kind, reader.u8(), "a command about a credential"), reader.u16()
        operation = one_of(Operation, reader.u8() & 0x03, "a command about a credential")
        deletes = operation is Operation.DELETE
        return cls(user, kind, slot, operation, b"" if deletes else reader.take(reader.u8()))


@dataclass(frozen=True, slots=True)
class CredentialGet:
    """What stands as 0 is left open: the first that fits is reported (CC:0083.01.0B.11.003 to .012)."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0B)
    user: int
    kind: Kind
    slot: int

    def body(self) -> bytes:
        return self.user.to_bytes(2, "big") + bytes((self.kind.value,)) + self.slot.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> CredentialGet:
        reader = Reader(body, "a question for a credential")
        return cls(reader.u16(), one_of(Kind, reader.u8(), "a question for a credential"), reader.u16())


@dataclass(frozen=True, slots=True)
class CredentialReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0C)
    said: CredentialSaid
    user: int
    kind: Kind
    slot: int
    readable: bool
    """Whether `data` is the credential itself; else a hash of it, or nothing."""
    data: bytes = field(repr=False)
    modifier: Modifier = Modifier.NOBODY
    modifier_node: int = 0
    next_kind: Kind = Kind.NONE
    next_slot: int = 0

    def body(self) -> bytes:
        head = bytes((self.said.value,)) + self.user.to_bytes(2, "big") + bytes((self.kind.value,))
        head += self.slot.to_bytes(2, "big") + bytes((self.readable << 7, len(self.data))) + self.data
        tail = bytes((self.modifier.value,)) + self.modifier_node.to_bytes(2, "big")
        return head + tail + bytes((self.next_kind.value,)) + self.next_slot.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> CredentialReport:
        what = "a report of a credential"
        reader = Reader(body, what)
        said, user = one_of(CredentialSaid, reader.u8(), what), reader.u16()
        kind, slot = one_of(Kind, reader.u8(), what), reader.u16()
        readable, data = bool(reader.u8() & 0x80), reader.take(reader.u8())
        modifier, node = one_of(Modifier, reader.u8(), what), reader.u16()
        next_kind, next_slot = one_of(Kind, reader.u8(), what), reader.u16()
        return cls(said, user, kind, slot, readable, data, modifier, node, next_kind, next_slot)
