"""The command classes a lock host needs, one file each, and how bytes find theirs."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.zwave.cc import (
    association,
    basic,
    battery,
    configuration,
    door_lock,
    manufacturer_specific,
    notification,
    security,
    supervision,
    user_code,
    user_credential,
    version,
    zwaveplus_info,
)
from drivers.zwave.cc.codec import Command, Reader

_COMMANDS: tuple[type[Command], ...] = (
    association.Set,
    association.Get,
    association.Report,
    basic.Set,
    basic.Report,
    battery.Get,
    battery.Report,
    configuration.Get,
    configuration.Report,
    door_lock.OperationSet,
    door_lock.OperationGet,
    door_lock.OperationReport,
    door_lock.CapabilitiesGet,
    door_lock.CapabilitiesReport,
    manufacturer_specific.Get,
    manufacturer_specific.Report,
    notification.EventSupportedGet,
    notification.EventSupportedReport,
    notification.Report,
    security.S0SupportedGet,
    security.S0SupportedReport,
    security.S2SupportedGet,
    security.S2SupportedReport,
    supervision.Get,
    supervision.Report,
    user_code.Set,
    user_code.Get,
    user_code.Report,
    user_code.UsersNumberGet,
    user_code.UsersNumberReport,
    user_code.CapabilitiesGet,
    user_code.CapabilitiesReport,
    user_code.ExtendedSet,
    user_code.ExtendedGet,
    user_code.ExtendedReport,
    user_credential.UserCapabilitiesGet,
    user_credential.UserCapabilitiesReport,
    version.Get,
    version.Report,
    version.CommandClassGet,
    version.CommandClassReport,
    zwaveplus_info.Get,
    zwaveplus_info.Report,
)
COMMANDS = {command.KEY: command for command in _COMMANDS}


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
