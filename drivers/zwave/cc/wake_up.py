"""Wake Up Command Class 0x84, versions 1 to 3: nodes that sleep and wake when they like. Source: ZW_classcmd.h, WAKE_UP_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader

CLASS = 0x84


@dataclass(frozen=True, slots=True)
class IntervalSet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)
    seconds: int
    node: int
    """Whom to tell when it is awake."""

    def body(self) -> bytes:
        return self.seconds.to_bytes(3, "big") + bytes((self.node,))

    @classmethod
    def decode(cls, body: bytes) -> IntervalSet:
        reader = Reader(body, "a wake-up interval")
        return cls(reader.u24(), reader.u8())


@dataclass(frozen=True, slots=True)
class IntervalGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)


@dataclass(frozen=True, slots=True)
class IntervalReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    seconds: int
    node: int

    def body(self) -> bytes:
        return self.seconds.to_bytes(3, "big") + bytes((self.node,))

    @classmethod
    def decode(cls, body: bytes) -> IntervalReport:
        reader = Reader(body, "a wake-up interval")
        return cls(reader.u24(), reader.u8())


@dataclass(frozen=True, slots=True)
class Notification(Bare):
    """It is awake, and goes back to sleep soon unless it is spoken to."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)


@dataclass(frozen=True, slots=True)
class NoMoreInformation(Bare):
    """It may go back to sleep."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x08)


@dataclass(frozen=True, slots=True)
class CapabilitiesGet(Bare):
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x09)


@dataclass(frozen=True, slots=True)
class CapabilitiesReport:
    """All in seconds."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x0A)
    least: int
    most: int
    default: int
    step: int
    on_demand: bool | None = None
    """Version 3: whether it can be woken by others too; None: earlier versions, which do not say."""

    def body(self) -> bytes:
        numbers = b"".join(each.to_bytes(3, "big") for each in (self.least, self.most, self.default, self.step))
        return numbers if self.on_demand is None else numbers + bytes((self.on_demand,))

    @classmethod
    def decode(cls, body: bytes) -> CapabilitiesReport:
        reader = Reader(body, "the abilities of a sleeper")
        numbers = (reader.u24(), reader.u24(), reader.u24(), reader.u24())
        return cls(*numbers, on_demand=bool(reader.u8() & 1) if reader.left else None)
