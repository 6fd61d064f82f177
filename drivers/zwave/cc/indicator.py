"""Indicator Command Class 0x87: lights and beeps. Understood, so that it disturbs nothing, and otherwise left alone.

Source: ZW_classcmd.h, INDICATOR_*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x87


@dataclass(frozen=True, slots=True)
class Light:
    """One property of one indicator, version 2 and later."""

    indicator: int
    aspect: int
    value: int


def _read(body: bytes) -> tuple[int, tuple[Light, ...]]:
    reader = Reader(body, "an indicator")
    value = reader.u8()
    count = reader.u8() & 0x1F if reader.left else 0
    return value, tuple(Light(reader.u8(), reader.u8(), reader.u8()) for _ in range(count))


def _wire(value: int, lights: tuple[Light, ...]) -> bytes:
    objects = b"".join(bytes((light.indicator, light.aspect, light.value)) for light in lights)
    return bytes((value, len(lights))) + objects if lights else bytes((value,))


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    value: int = 0
    """Version 1; later versions keep it for the first indicator."""
    lights: tuple[Light, ...] = ()

    def body(self) -> bytes:
        return _wire(self.value, self.lights)

    @classmethod
    def decode(cls, body: bytes) -> Set:
        return cls(*_read(body))


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    indicator: int | None = None

    def body(self) -> bytes:
        return b"" if self.indicator is None else bytes((self.indicator,))

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls(body[0] if body else None)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    value: int = 0
    lights: tuple[Light, ...] = ()

    def body(self) -> bytes:
        return _wire(self.value, self.lights)

    @classmethod
    def decode(cls, body: bytes) -> Report:
        return cls(*_read(body))
