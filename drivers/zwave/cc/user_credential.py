"""User Credential Command Class 0x83, only as far as to see whether a lock keeps its codes there.

Source: zwave-js 15 UserCredentialCC.ts. A lock that has users there must not be driven through User Code (its comment on
CL:0083.01.21.00.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Reader

CLASS = 0x83


@dataclass(frozen=True, slots=True)
class UserCapabilitiesGet:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> UserCapabilitiesGet:
        return cls()


@dataclass(frozen=True, slots=True)
class UserCapabilitiesReport:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    users: int

    def body(self) -> bytes:
        return self.users.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> UserCapabilitiesReport:
        return cls(Reader(body, "the abilities of a user store").u16())
