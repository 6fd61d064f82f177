"""Door Lock Command Class 0x62, versions 1 to 4.

Source: ZW_classcmd.h, DOOR_LOCK_* (versions 1 to 3); zwave-js 15 DoorLockCC.ts for the capabilities of version 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader, mask, numbered, one_of

CLASS = 0x62
DOOR, BOLT, LATCH = 0x01, 0x02, 0x04
"""Components, as bits of the condition and of the abilities."""
NO_TIMEOUT = 0xFE


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


class Operation(Enum):
    """DOOR_LOCK_CONFIGURATION_SET_CONSTANT_OPERATION and _TIMED_OPERATION: whether an unlocked bolt stays so."""

    CONSTANT = 0x01
    TIMED = 0x02


def _mode(value: int) -> Mode:
    return one_of(Mode, value, "a door lock mode")


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
class OperationGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)


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
    """Bits: 0 door closed, 1 bolt unlocked, 2 latch closed. What a lock does not have it may report as anything."""
    timeout: tuple[int, int] = (0xFE, 0xFE)
    """Minutes and seconds until it locks itself; 0xFE none."""
    heading: Heading | None = None

    @property
    def door_open(self) -> bool:
        """Of a lock that lists a door sensor among its components; else it means nothing."""
        return not self.condition & DOOR

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
class CapabilitiesGet(Bare):
    """Version 4."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)


@dataclass(frozen=True, slots=True)
class CapabilitiesReport:
    """Version 4."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x08)
    operations: frozenset[int]
    """1 constant, 2 timed."""
    modes: tuple[int, ...]
    handles: int = 0
    components: int = 0
    """Whose condition is reported: DOOR, BOLT, LATCH."""
    features: int = 0
    """Bits: 0 block to block, 1 twist assist, 2 hold and release, 3 auto-relock."""

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


@dataclass(frozen=True, slots=True)
class Comfort:
    """Version 4 and later: what the bolt does on its own account."""

    relock_s: int = 0
    """Until it locks itself; 0: never."""
    hold_s: int = 0
    """How long the latch is held back."""
    flags: int = 0
    """Bits: 0 twist assist, 1 block to block."""


@dataclass(frozen=True, slots=True)
class Configuration:
    operation: Operation
    handles: int
    """Bits 0 to 3 the handles inside, 4 to 7 those outside."""
    timeout: tuple[int, int] = (NO_TIMEOUT, NO_TIMEOUT)
    """Minutes and seconds until a timed lock locks itself; 0xFE none."""
    comfort: Comfort | None = None

    def body(self) -> bytes:
        head = bytes((self.operation.value, self.handles, *self.timeout))
        more = self.comfort
        if more is None:
            return head
        return head + more.relock_s.to_bytes(2, "big") + more.hold_s.to_bytes(2, "big") + bytes((more.flags,))

    @classmethod
    def read(cls, reader: Reader) -> Configuration:
        operation = one_of(Operation, reader.u8(), "a door lock configuration")
        handles, timeout = reader.u8(), (reader.u8(), reader.u8())
        comfort = Comfort(reader.u16(), reader.u16(), reader.u8()) if reader.left else None
        return cls(operation, handles, timeout, comfort)


@dataclass(frozen=True, slots=True)
class ConfigurationSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    configuration: Configuration

    def body(self) -> bytes:
        return self.configuration.body()

    @classmethod
    def decode(cls, body: bytes) -> ConfigurationSet:
        return cls(Configuration.read(Reader(body, "a door lock configuration")))


@dataclass(frozen=True, slots=True)
class ConfigurationGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)


@dataclass(frozen=True, slots=True)
class ConfigurationReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    configuration: Configuration

    def body(self) -> bytes:
        return self.configuration.body()

    @classmethod
    def decode(cls, body: bytes) -> ConfigurationReport:
        return cls(Configuration.read(Reader(body, "a door lock configuration")))
