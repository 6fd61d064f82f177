"""Configuration Command Class 0x70, versions 1 to 4.

On many locks one parameter resets everything and another deletes all codes: whoever sets one asks settings.py first.
The commands that set many at once are left out for that reason.

Source: ZW_classcmd.h, CONFIGURATION_*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader
from hub.errors import Garbled

CLASS = 0x70


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    parameter: int

    def body(self) -> bytes:
        return bytes((self.parameter,))

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls(Reader(body, "a question for a setting").u8())


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    parameter: int
    value: int
    size: int = 1

    def body(self) -> bytes:
        return bytes((self.parameter, self.size)) + self.value.to_bytes(self.size, "big", signed=True)

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a setting")
        parameter, size = reader.u8(), reader.u8() & 0x07
        if size not in {1, 2, 4}:
            raise Garbled("a setting has a size that does not exist")
        return cls(parameter, int.from_bytes(reader.take(size), "big", signed=True), size)


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    parameter: int
    value: int
    size: int = 1
    default: bool = False
    """Back to what it was when new, whatever the value."""

    def body(self) -> bytes:
        flags = self.size | (0x80 if self.default else 0)
        return bytes((self.parameter, flags)) + self.value.to_bytes(self.size, "big", signed=True)

    @classmethod
    def decode(cls, body: bytes) -> Set:
        reader = Reader(body, "a setting")
        parameter, flags = reader.u8(), reader.u8()
        size = flags & 0x07
        if size not in {1, 2, 4}:
            raise Garbled("a setting has a size that does not exist")
        return cls(parameter, int.from_bytes(reader.take(size), "big", signed=True), size, bool(flags & 0x80))


@dataclass(frozen=True, slots=True)
class NameGet:
    """Version 3."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0A)
    parameter: int

    def body(self) -> bytes:
        return self.parameter.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> NameGet:
        return cls(Reader(body, "a question for a setting's name").u16())


@dataclass(frozen=True, slots=True)
class NameReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0B)
    parameter: int
    to_follow: int
    name: bytes

    def body(self) -> bytes:
        return self.parameter.to_bytes(2, "big") + bytes((self.to_follow,)) + self.name

    @classmethod
    def decode(cls, body: bytes) -> NameReport:
        reader = Reader(body, "a setting's name")
        return cls(reader.u16(), reader.u8(), reader.rest())


@dataclass(frozen=True, slots=True)
class PropertiesGet:
    """Version 3."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0E)
    parameter: int
    """0: which is the first."""

    def body(self) -> bytes:
        return self.parameter.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> PropertiesGet:
        return cls(Reader(body, "a question for a setting's properties").u16())


@dataclass(frozen=True, slots=True)
class PropertiesReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0F)
    parameter: int
    style: int
    """0 signed, 1 unsigned, 2 one of several, 3 bits."""
    size: int
    """0: there is no such parameter."""
    limits: bytes
    """Least, most and default value, `size` bytes each."""
    next_parameter: int
    read_only: bool = False
    alters: bool = False
    """Setting it changes what the node is able to do. Both are said from version 4 on."""
    options: int | None = None
    """Version 4. Bits: 0 advanced, 1 not to be set in bulk."""

    def body(self) -> bytes:
        flags = self.alters << 7 | self.read_only << 6 | self.style << 3 | self.size
        tail = b"" if self.options is None else bytes((self.options,))
        head = self.parameter.to_bytes(2, "big") + bytes((flags,))
        return head + self.limits + self.next_parameter.to_bytes(2, "big") + tail

    @classmethod
    def decode(cls, body: bytes) -> PropertiesReport:
        reader = Reader(body, "a setting's properties")
        parameter, flags = reader.u16(), reader.u8()
        size = flags & 0x07
        limits = reader.take(3 * size)
        # Seen: nodes that leave out the next parameter after the last (zwave-js/zwave-js#1309).
        following = reader.u16() if size or reader.left >= 2 else 0
        options = reader.u8() if reader.left else None
        return cls(
            parameter, flags >> 3 & 0x07, size, limits, following, bool(flags & 0x40), bool(flags & 0x80), options
        )
