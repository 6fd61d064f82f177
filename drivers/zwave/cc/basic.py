"""Basic Command Class 0x20: what old locks say when the bolt moved. Source: ZW_classcmd.h, BASIC_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x20


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    value: int

    def body(self) -> bytes:
        return bytes((self.value,))

    @classmethod
    def decode(cls, body: bytes) -> Set:
        return cls(Reader(body, "a Basic Set").u8())


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    value: int

    def body(self) -> bytes:
        return bytes((self.value,))

    @classmethod
    def decode(cls, body: bytes) -> Report:
        return cls(Reader(body, "a Basic Report").u8())
