"""Manufacturer Specific Command Class 0x72, versions 1 and 2. Source: ZW_classcmd.h, MANUFACTURER_SPECIFIC_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader

CLASS = 0x72


@dataclass(frozen=True, slots=True)
class Get(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    manufacturer: int
    product_type: int
    product: int

    def body(self) -> bytes:
        return b"".join(number.to_bytes(2, "big") for number in (self.manufacturer, self.product_type, self.product))

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "the maker's numbers")
        return cls(reader.u16(), reader.u16(), reader.u16())


@dataclass(frozen=True, slots=True)
class DeviceSpecificGet:
    """Version 2."""

    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    kind: int
    """0 what the maker prefers, 1 serial number, 2 a number that says nothing."""

    def body(self) -> bytes:
        return bytes((self.kind,))

    @classmethod
    def decode(cls, body: bytes) -> DeviceSpecificGet:
        return cls(Reader(body, "a question for a serial number").u8() & 0x07)


@dataclass(frozen=True, slots=True)
class DeviceSpecificReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x07)
    kind: int
    style: int
    """0 text in UTF-8, 1 bytes."""
    data: bytes

    def body(self) -> bytes:
        return bytes((self.kind, self.style << 5 | len(self.data))) + self.data

    @classmethod
    def decode(cls, body: bytes) -> DeviceSpecificReport:
        reader = Reader(body, "a serial number")
        kind, head = reader.u8() & 0x07, reader.u8()
        return cls(kind, head >> 5, reader.take(head & 0x1F))
