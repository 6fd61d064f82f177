"""Manufacturer Specific Command Class 0x72. Source: ZW_classcmd.h, MANUFACTURER_SPECIFIC_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x72


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x04)

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls()


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
