"""Multi Command Command Class 0x8F: several commands in one frame. Source: ZW_classcmd.h, MULTI_CMD_ENCAP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x8F


@dataclass(frozen=True, slots=True)
class Encapsulation:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    commands: tuple[bytes, ...] = field(repr=False)

    def body(self) -> bytes:
        return bytes((len(self.commands),)) + b"".join(bytes((len(each),)) + each for each in self.commands)

    @classmethod
    def decode(cls, body: bytes) -> Encapsulation:
        reader = Reader(body, "a bundle of commands")
        return cls(tuple(reader.take(reader.u8()) for _ in range(reader.u8())))
