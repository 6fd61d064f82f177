"""Z-Wave Plus Info Command Class 0x5E. Source: ZW_classcmd.h, ZWAVEPLUS_INFO_*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.zwave.cc.codec import Bare, Reader

CLASS = 0x5E
CENTRAL_STATIC_CONTROLLER = 0x00
"""ZWAVEPLUS_INFO_REPORT_ROLE_TYPE_CONTROLLER_CENTRAL_STATIC."""
GATEWAY_ICON = 0x0500
"""ICON_TYPE_GENERIC_GATEWAY, "Z-Wave Plus Assigned Icon Types"."""


@dataclass(frozen=True, slots=True)
class Get(Bare):
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x01)


@dataclass(frozen=True, slots=True)
class Report:
    KEY: ClassVar[tuple[int, int]] = (CLASS, 0x02)
    version: int
    role: int
    node_type: int
    installer_icon: int
    user_icon: int

    def body(self) -> bytes:
        head = bytes((self.version, self.role, self.node_type))
        return head + self.installer_icon.to_bytes(2, "big") + self.user_icon.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> Report:
        reader = Reader(body, "a Z-Wave Plus report")
        return cls(reader.u8(), reader.u8(), reader.u8(), reader.u16(), reader.u16())
