"""Version Command Class 0x86, versions 1 to 3. Source: ZW_classcmd.h, VERSION_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader

CLASS = 0x86


@dataclass(frozen=True, slots=True)
class Get(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x11)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x12)
    library: int
    protocol: tuple[int, int]
    firmware: tuple[int, int]
    hardware: int | None = None
    """Version 2."""
    others: tuple[tuple[int, int], ...] = ()
    """Version 2: the firmware of further chips."""

    def body(self) -> bytes:
        head = bytes((self.library, *self.protocol, *self.firmware))
        if self.hardware is None:
            return head
        return head + bytes((self.hardware, len(self.others))) + b"".join(bytes(each) for each in self.others)

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a version report")
        library, protocol, firmware = reader.u8(), (reader.u8(), reader.u8()), (reader.u8(), reader.u8())
        hardware = reader.u8() if reader.left else None
        count = reader.u8() if reader.left else 0
        return cls(library, protocol, firmware, hardware, tuple((reader.u8(), reader.u8()) for _ in range(count)))


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


@dataclass(frozen=True, slots=True)
class CapabilitiesGet(Bare):
    """Version 3."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x15)


@dataclass(frozen=True, slots=True)
class CapabilitiesReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x16)
    software: bool
    """It can name the versions of its software one by one."""

    def body(self) -> bytes:
        return bytes((0x03 | (0x04 if self.software else 0),))

    @classmethod
    def decode(cls, body: bytes) -> CapabilitiesReport:
        return cls(bool(Reader(body, "the abilities of Version").u8() & 0x04))


@dataclass(frozen=True, slots=True)
class SoftwareGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x17)


@dataclass(frozen=True, slots=True)
class Build:
    version: tuple[int, int, int]
    """All zeros: not used."""
    number: int

    def body(self) -> bytes:
        return bytes(self.version) + self.number.to_bytes(2, "big")

    @classmethod
    def read(cls, reader: Reader) -> Build:
        return cls((reader.u8(), reader.u8(), reader.u8()), reader.u16())


@dataclass(frozen=True, slots=True)
class SoftwareReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x18)
    sdk: tuple[int, int, int]
    framework: Build
    host: Build
    protocol: Build
    application: Build

    def body(self) -> bytes:
        parts = (self.framework, self.host, self.protocol, self.application)
        return bytes(self.sdk) + b"".join(part.body() for part in parts)

    @classmethod
    def decode(cls, body: bytes) -> SoftwareReport:
        reader = Reader(body, "the versions of a node's software")
        sdk = (reader.u8(), reader.u8(), reader.u8())
        return cls(sdk, Build.read(reader), Build.read(reader), Build.read(reader), Build.read(reader))
