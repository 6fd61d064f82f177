"""Battery Command Class 0x80, versions 1 to 3. Source: ZW_classcmd.h, BATTERY_*; ranges: zwave-js 15 BatteryCC.ts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader
from hub.errors import Garbled

CLASS = 0x80
_LOW_WARNING = 0xFF
_RECHARGEABLE, _BACKUP, _OVERHEATING, _LOW_FLUID = 0x20, 0x10, 0x08, 0x04
_DISCONNECTED, _COLD = 0x01, 0x02


class Recharge(Enum):
    """Version 2: whether to replace or recharge it."""

    NO = 0
    SOON = 1
    NOW = 3


@dataclass(frozen=True, slots=True)
class State:
    """Version 2: what the battery is and how it is."""

    recharge: Recharge = Recharge.NO
    charging: int = 0
    """0 discharging, 1 charging, 2 maintaining."""
    flags: int = 0
    """Bits of the same byte: 0x20 rechargeable, 0x10 backup, 0x08 overheating, 0x04 low fluid."""
    disconnected: bool = False
    cold: bool = False
    """Version 3."""

    def body(self) -> bytes:
        first = self.charging << 6 | self.flags | self.recharge.value
        return bytes((first, (_DISCONNECTED if self.disconnected else 0) | (_COLD if self.cold else 0)))

    @classmethod
    def read(cls, reader: Reader) -> State:
        first, second = reader.u8(), reader.u8() if reader.left else 0
        # Replacing "now" is both bits; a lock that sets only the upper one means it too (zwave-js 15 BatteryCC.ts).
        recharge = Recharge.NOW if first & 0x02 else Recharge(first & 0x01)
        flags = first & (_RECHARGEABLE | _BACKUP | _OVERHEATING | _LOW_FLUID)
        return cls(recharge, first >> 6, flags, bool(second & _DISCONNECTED), bool(second & _COLD))


@dataclass(frozen=True, slots=True)
class Get(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    percent: int | None
    """None: the lock gives no figure, it warns that the battery is low (0xFF)."""
    state: State | None = None
    """None: version 1, which does not say."""

    @property
    def low(self) -> bool:
        return self.percent is None or (self.state is not None and self.state.recharge is not Recharge.NO)

    def body(self) -> bytes:
        level = bytes((_LOW_WARNING if self.percent is None else self.percent,))
        return level if self.state is None else level + self.state.body()

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a battery report")
        level = reader.u8()
        if 100 < level < _LOW_WARNING:
            raise Garbled("a battery report names a level that does not exist")
        return cls(None if level == _LOW_WARNING else level, State.read(reader) if reader.left else None)


@dataclass(frozen=True, slots=True)
class HealthGet(Bare):
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)


@dataclass(frozen=True, slots=True)
class Temperature:
    value: int
    precision: int = 1
    """Digits of the value after the point."""
    size: int = 2
    """Bytes."""
    fahrenheit: bool = False


@dataclass(frozen=True, slots=True)
class HealthReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    capacity: int | None
    """Per cent of what it held when new; None: unknown."""
    temperature: Temperature | None = None

    def body(self) -> bytes:
        head, warm = bytes((0xFF if self.capacity is None else self.capacity,)), self.temperature
        if warm is None:
            return head + b"\0"
        style = bytes((warm.precision << 5 | warm.fahrenheit << 3 | warm.size,))
        return head + style + warm.value.to_bytes(warm.size, "big", signed=True)

    @classmethod
    def decode(cls, body: bytes) -> HealthReport:
        reader = Reader(body, "a report of a battery's health")
        capacity, style = reader.u8(), reader.u8()
        size = style & 0x07
        if size not in {0, 1, 2, 4}:
            raise Garbled("a report of a battery's health has a size that does not exist")
        value = int.from_bytes(reader.take(size), "big", signed=True)
        warm = Temperature(value, style >> 5, size, bool(style & 0x08)) if size else None
        return cls(None if capacity == 0xFF else capacity, warm)
