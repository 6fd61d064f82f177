"""What a node supports under encryption: Security 0x98 and Security 2 0x9F. Source: ZW_classcmd.h, *_COMMANDS_SUPPORTED_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader

S0, S2 = 0x98, 0x9F
_CONTROLLED_FROM_HERE = 0xEF
"""COMMAND_CLASS_MARK: what follows is not supported but controlled."""
_EXTENDED = 0xF1
"""Class numbers from here on have a second byte."""


def _supported(listed: bytes) -> frozenset[int]:
    found: set[int] = set()
    reader = Reader(listed, "a list of command classes")
    while reader.left and (number := reader.u8()) != _CONTROLLED_FROM_HERE:
        if number < _EXTENDED:
            found.add(number)
        elif reader.left:
            reader.u8()
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class S2SupportedGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (S2, 0x0D)


@dataclass(frozen=True, slots=True)
class S2SupportedReport:
    KEY: ClassVar[tuple[int, int]] = (S2, 0x0E)
    classes: frozenset[int]

    def body(self) -> bytes:
        return bytes(sorted(self.classes))

    @classmethod
    def decode(cls, body: bytes) -> S2SupportedReport:
        return cls(_supported(body))


@dataclass(frozen=True, slots=True)
class S0SupportedGet(Bare):
    KEY: ClassVar[tuple[int, int]] = (S0, 0x02)


@dataclass(frozen=True, slots=True)
class S0SupportedReport:
    KEY: ClassVar[tuple[int, int]] = (S0, 0x03)
    classes: frozenset[int]
    to_follow: int = 0

    def body(self) -> bytes:
        return bytes((self.to_follow, *sorted(self.classes)))

    @classmethod
    def decode(cls, body: bytes) -> S0SupportedReport:
        reader = Reader(body, "a list of command classes")
        to_follow = reader.u8()
        return cls(_supported(reader.rest()), to_follow)
