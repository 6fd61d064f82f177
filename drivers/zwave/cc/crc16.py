"""CRC-16 Encapsulation Command Class 0x56: a command with a better checksum than old radios have.

Source: ZW_classcmd.h, CRC_16_ENCAP; the sum is CRC-CCITT with polynomial 0x1021 from 0x1D0F, over everything before it
(SDS13783 4.41, as zwave-js 15 crc.ts and CRC16CC.ts have it: "123456789" is E5CC).
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from typing import ClassVar

from drivers.zwave.cc.codec import Reader
from hub.errors import Garbled

CLASS = 0x56
_START = 0x1D0F


def checksum(data: bytes) -> int:
    return binascii.crc_hqx(data, _START)


@dataclass(frozen=True, slots=True)
class Encapsulation:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)
    command: bytes = field(repr=False)

    def body(self) -> bytes:
        return self.command + checksum(bytes(self.KEY) + self.command).to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> Encapsulation:
        reader = Reader(body, "a command with a checksum")
        command = reader.take(max(reader.left - 2, 1))
        if reader.u16() != checksum(bytes(cls.KEY) + command):
            raise Garbled("a command has a wrong checksum")
        return cls(command)
