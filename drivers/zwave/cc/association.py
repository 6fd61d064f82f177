"""Association Command Class 0x85: to whom a node reports on its own account. Source: ZW_classcmd.h, ASSOCIATION_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x85
LIFELINE = 1
"""The group that reports everything: "Association Command Class, list of mandatory commands for the Lifeline"."""


@dataclass(frozen=True, slots=True)
class Set:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    group: int
    nodes: tuple[int, ...]

    def body(self) -> bytes:
        return bytes((self.group, *self.nodes))

    @classmethod
    def decode(cls, body: bytes) -> Set:
        reader = Reader(body, "an association")
        return cls(reader.u8(), tuple(reader.rest()))


@dataclass(frozen=True, slots=True)
class Get:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    group: int

    def body(self) -> bytes:
        return bytes((self.group,))

    @classmethod
    def decode(cls, body: bytes) -> Get:
        return cls(Reader(body, "a question for associations").u8())


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x03)
    group: int
    limit: int
    to_follow: int
    nodes: tuple[int, ...]

    def body(self) -> bytes:
        return bytes((self.group, self.limit, self.to_follow, *self.nodes))

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a list of associations")
        return cls(reader.u8(), reader.u8(), reader.u8(), tuple(reader.rest()))
