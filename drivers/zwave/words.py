"""A command in words that anybody may read: what it is and about which slot, never the digits or keys in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from drivers.zwave import cc
from drivers.zwave.cc import supervision
from hub.errors import Garbled

_SILENT = frozenset({"value"})
"""A parameter's value may be a master code (Configuration Command Class)."""
_LARGEST = 0xFFFF
_LISTED = 12
_CLASSES: Mapping[int, str] = MappingProxyType(
    {
        0x00: "No Operation",
        0x20: "Basic",
        0x25: "Binary Switch",
        0x4C: "Door Lock Logging",
        0x4E: "Schedule Entry Lock",
        0x55: "Transport Service",
        0x59: "Association Group Info",
        0x5A: "Device Reset Locally",
        0x5E: "Z-Wave Plus Info",
        0x62: "Door Lock",
        0x63: "User Code",
        0x6C: "Supervision",
        0x70: "Configuration",
        0x71: "Notification",
        0x72: "Manufacturer Specific",
        0x73: "Powerlevel",
        0x76: "Lock",
        0x7A: "Firmware Update",
        0x80: "Battery",
        0x81: "Clock",
        0x83: "User Credential",
        0x84: "Wake Up",
        0x85: "Association",
        0x86: "Version",
        0x87: "Indicator",
        0x8A: "Time",
        0x8B: "Time Parameters",
        0x8E: "Multi Channel Association",
        0x98: "Security S0",
        0x9F: "Security S2",
    }
)
_SECURITY: Mapping[tuple[int, int], str] = MappingProxyType(
    {
        (0x98, 0x40): "Nonce Get",
        (0x98, 0x80): "Nonce Report",
        (0x98, 0x81): "message",
        (0x98, 0xC1): "message",
        (0x9F, 0x01): "Nonce Get",
        (0x9F, 0x02): "Nonce Report",
        (0x9F, 0x03): "message",
    }
)


def words(data: bytes) -> str:
    """One command of a node or to a node. Of bytes that could be anything only the number is told."""
    name = _name(data[0]) if data else "nothing"
    outer = _SECURITY.get((data[0], data[1])) if len(data) > 1 else None
    if outer is not None:
        return f"{name} {outer}, {len(data)} bytes"
    try:
        command = cc.decode(data)
        if isinstance(command, supervision.Get):
            return f"Supervision Get, session {command.session}: {words(command.command)}"
    except Garbled as error:
        return f"{name}: {error}"
    if isinstance(command, cc.Unknown):
        return name if len(data) < 2 else f"{name} 0x{command.command:02x}, {len(data)} bytes"
    return ", ".join((f"{name} {_spaced(type(command).__name__)}", *_told(command)))


def _name(command_class: int) -> str:
    return _CLASSES.get(command_class, f"class 0x{command_class:02x}")


def _spaced(name: str) -> str:
    return "".join(f" {letter}" if letter.isupper() and at else letter for at, letter in enumerate(name))


def _told(message: Any) -> Iterator[str]:
    for each in fields(message):
        if each.repr and each.name not in _SILENT:
            yield from _field(each.name.replace("_", " "), getattr(message, each.name))


def _field(name: str, value: object) -> Iterator[str]:
    match value:
        case bool():
            yield name if value else f"not {name}"
        case Enum():
            yield f"{name} {value.name.lower().replace('_', ' ')}"
        case int() if abs(value) <= _LARGEST:
            yield f"{name} {value}"
        case tuple() | frozenset() if value and all(isinstance(item, int) for item in value):
            shown = sorted(value) if isinstance(value, frozenset) else list(value)
            more = " …" if len(shown) > _LISTED else ""
            yield f"{name} {' '.join(str(item) for item in shown[:_LISTED])}{more}"
        case tuple() if value and all(is_dataclass(item) for item in value):
            for item in value[:_LISTED]:
                yield from _told(item)
        case _ if is_dataclass(value):
            yield from _told(value)
        case _:
            return
