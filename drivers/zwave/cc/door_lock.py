"""Door Lock Command Class 0x62, versions 1 to 4.

Source: ZW_classcmd.h, DOOR_LOCK_* (versions 1 to 3); zwave-js 15 DoorLockCC.ts for the capabilities of version 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Reader, mask, numbered
from hub.errors import Garbled

CLASS = 0x62


class Mode(Enum):
    """DOOR_LOCK_OPERATION_SET_DOOR_*; "inside" means that only the handle inside opens."""

    UNSECURED = 0x00
    UNSECURED_WITH_TIMEOUT = 0x01
    INSIDE_UNSECURED = 0x10
    INSIDE_UNSECURED_WITH_TIMEOUT = 0x11
    OUTSIDE_UNSECURED = 0x20
    OUTSIDE_UNSECURED_WITH_TIMEOUT = 0x21
    UNKNOWN = 0xFE
    SECURED = 0xFF


def _mode(value: int) -> Mode:
    try:
        return Mode(value)
    except ValueError as error:
        raise Garbled("a lock named a door lock mode that does not exist") from error


@dataclass(frozen=True, slots=True)
class OperationSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    mode: Mode

    def body(self) -> bytes:
        return bytes((self.mode.value,))

    @classmethod
    def decode(cls, body: bytes) -> OperationSet:
        return cls(_mode(Reader(body, "a door lock command").u8()))


@dataclass(frozen=True, slots=True)
class OperationGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> OperationGet:
        return cls()


@dataclass(frozen=True, slots=True)
class Heading:
    """Version 3 and later: where the bolt is going."""

    target: Mode
    duration: int
    """Encoded as in the Multilevel Switch report: 0 is there, 0xFE unknown."""


@dataclass(frozen=True, slots=True)
class OperationReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    mode: Mode
    handles: int = 0
    condition: int = 0
    """Bits: 0 door closed, 1 bolt unlocked, 2 latch closed."""
    timeout: tuple[int, int] = (0xFE, 0xFE)
    """Minutes and seconds until it locks itself; 0xFE none."""
    heading: Heading | None = None

    @property
    def moving(self) -> bool:
        return self.heading is not None and self.heading.duration != 0 and self.heading.target is not self.mode

    def body(self) -> bytes:
        heading = b"" if self.heading is None else bytes((self.heading.target.value, self.heading.duration))
        return bytes((self.mode.value, self.handles, self.condition, *self.timeout)) + heading

    @classmethod
    def decode(cls, body: bytes) -> OperationReport:
        reader = Reader(body, "a door lock report")
        mode, handles, condition = _mode(reader.u8()), reader.u8(), reader.u8()
        timeout = (reader.u8(), reader.u8())
        heading = Heading(_mode(reader.u8()), reader.u8()) if reader.left >= 2 else None
        return cls(mode, handles, condition, timeout, heading)


@dataclass(frozen=True, slots=True)
class CapabilitiesGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> CapabilitiesGet:
        return cls()


@dataclass(frozen=True, slots=True)
class CapabilitiesReport:
    """Version 4."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x08)
    operations: frozenset[int]
    """1 constant, 2 timed."""
    modes: tuple[int, ...]
    handles: int = 0
    components: int = 0
    features: int = 0

    def body(self) -> bytes:
        operations = mask(self.operations)
        modes = bytes(self.modes)
        tail = bytes((self.handles, self.components, self.features))
        return bytes((len(operations),)) + operations + bytes((len(modes),)) + modes + tail

    @classmethod
    def decode(cls, body: bytes) -> CapabilitiesReport:
        reader = Reader(body, "a list of door lock abilities")
        operations = numbered(reader.take(reader.u8() & 0x1F))
        modes = tuple(reader.take(reader.u8()))
        return cls(operations, modes, reader.u8(), reader.u8(), reader.u8())
