"""The command classes a lock host needs, one file each, and how bytes find theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from drivers.zwave.cc import (
    application_status,
    association,
    basic,
    battery,
    clock,
    configuration,
    crc16,
    credential_upkeep,
    device_reset_locally,
    door_lock,
    door_lock_logging,
    indicator,
    manufacturer_specific,
    multi_command,
    notification,
    schedule_entry_lock,
    security,
    supervision,
    time,
    time_parameters,
    user_code,
    user_credential,
    version,
    wake_up,
    zwaveplus_info,
)
from drivers.zwave.cc.codec import Command, Reader
from hub.errors import Garbled

_MODULES: tuple[ModuleType, ...] = (
    application_status,
    association,
    basic,
    battery,
    clock,
    configuration,
    crc16,
    credential_upkeep,
    device_reset_locally,
    door_lock,
    door_lock_logging,
    indicator,
    manufacturer_specific,
    multi_command,
    notification,
    schedule_entry_lock,
    security,
    supervision,
    time,
    time_parameters,
    user_code,
    user_credential,
    version,
    wake_up,
    zwaveplus_info,
)
_WRAPPED_AT_MOST = 4
"""Commands in commands in commands; nobody sends more than two."""


def _commands() -> Iterator[type[Command]]:
    """Every class of these files that has a number on the wire."""
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "KEY"):
                yield value


COMMANDS: dict[tuple[int, int], type[Command]] = {command.KEY: command for command in _commands()}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command that nothing here understands."""

    command_class: int
    command: int
    rest: bytes = field(default=b"", repr=False)


def decode(data: bytes) -> Command | Unknown:
    """Understand one command.

    Raises:
        Garbled: it breaks the layout of its own command class.
    """
    reader = Reader(data, "a command")
    command_class = reader.u8()
    command = reader.u8() if reader.left else 0  # class 0x00, No Operation, has no command byte
    known = COMMANDS.get((command_class, command))
    return known.decode(reader.rest()) if known else Unknown(command_class, command, reader.rest())


def unwrap(data: bytes, *, depth: int = 0) -> list[Command | Unknown]:
    """What one frame says: CRC-16 and Multi Command taken off, in order.

    Raises:
        Garbled: it breaks a layout somewhere, or is wrapped without end; then none of it is believed.
    """
    if depth > _WRAPPED_AT_MOST:
        raise Garbled("a command is wrapped too often")
    said = decode(data)
    match said:
        case crc16.Encapsulation(command=inner):
            return unwrap(inner, depth=depth + 1)
        case multi_command.Encapsulation(commands=several):
            return [each for inner in several for each in unwrap(inner, depth=depth + 1)]
        case _:
            return [said]
