"""Battery Command Class 0x80, versions 1 and 2. Source: ZW_classcmd.h, BATTERY_*; ranges: zwave-js 15 BatteryCC.ts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from drivers.zwave.cc.codec import Reader
from hub.errors import Garbled

CLASS = 0x80
_LOW_WARNING = 0xFF


class Recharge(Enum):
    """Version 2: whether to replace or recharge it."""

    NO = 0
    SOON = 1
    NOW = 3


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls()


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    percent: int | None
    """None: the lock gives no figure, it warns that the battery is low (0xFF)."""
    recharge: Recharge | None = None
    """None: version 1, which does not say."""

    @property
    def low(self) -> bool:
        return self.percent is None or self.recharge in {Recharge.SOON, Recharge.NOW}

    def body(self) -> bytes:
        level = bytes((_LOW_WARNING if self.percent is None else self.percent,))
        return level if self.recharge is None else level + bytes((self.recharge.value, 0))

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a battery report")
        level = reader.u8()
        if 100 < level < _LOW_WARNING:
            raise Garbled("a battery report names a level that does not exist")
        percent = None if level == _LOW_WARNING else level
        if not reader.left:
            return cls(percent)
        flags = reader.u8() & 0x03
        return cls(percent, Recharge.NO if flags == 2 else Recharge(flags))
