"""Configuration Command Class 0x70, reading only: on many locks one parameter resets everything.

Source: ZW_classcmd.h, CONFIGURATION_GET and CONFIGURATION_REPORT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader
from hub.errors import Garbled

CLASS = 0x70


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x05)
    parameter: int

    def body(self) -> bytes:
        return bytes((self.parameter,))

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls(Reader(body, "a question for a setting").u8())


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x06)
    parameter: int
    value: int
    size: int = 1

    def body(self) -> bytes:
        return bytes((self.parameter, self.size)) + self.value.to_bytes(self.size, "big", signed=True)

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a setting")
        parameter, size = reader.u8(), reader.u8() & 0x07
        if size not in {1, 2, 4}:
            raise Garbled("a setting has a size that does not exist")
        return cls(parameter, int.from_bytes(reader.take(size), "big", signed=True), size)
