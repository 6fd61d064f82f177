"""Version Command Class 0x86. Source: ZW_classcmd.h, VERSION_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x86


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x11)

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls()


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x12)
    library: int
    protocol: tuple[int, int]
    firmware: tuple[int, int]

    def body(self) -> bytes:
        return bytes((self.library, *self.protocol, *self.firmware))

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a version report")
        return cls(reader.u8(), (reader.u8(), reader.u8()), (reader.u8(), reader.u8()))


@dataclass(frozen=True, slots=True)
class CommandClassGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x13)
    command_class: int

    def body(self) -> bytes:
        return bytes((self.command_class,))

    @classmethod
    def decode(cls, body: bytes) -> CommandClassGet:
        return cls(Reader(body, "a question for a version").u8())


@dataclass(frozen=True, slots=True)
class CommandClassReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x14)
    command_class: int
    version: int
    """0: not supported."""

    def body(self) -> bytes:
        return bytes((self.command_class, self.version))

    @classmethod
    def decode(cls, body: bytes) -> CommandClassReport:
        reader = Reader(body, "the version of a command class")
        return cls(reader.u8(), reader.u8())
