"""A lock's settings (Configuration), with those that nobody sets by accident."""

from __future__ import annotations

from drivers.zwave.cc import configuration
from drivers.zwave.cc.codec import Command
from drivers.zwave.devices import Device, Role
from drivers.zwave.node import Node, Outcome
from hub.errors import Rejected, Unavailable

_NEVER = {
    Role.RESET: "resets the lock to its factory settings: every code would be gone",
    Role.PIN_LENGTH: "is the length of codes: a change deletes every code",
    Role.SLOT_MASK: "only tells which slots hold a code",
}


def objection(device: Device, parameter: int) -> str | None:
    """Why a parameter is not set, in a clause; None: it may be."""
    for role, why in _NEVER.items():
        setting = device.settings.get(role)
        if setting is not None and setting.number == parameter:
            return f"parameter {parameter} of this lock {why}"
    if 1 <= parameter <= device.user_types:
        return f"parameter {parameter} of this lock says what kind of user slot {parameter} is"
    if not device.known:
        return f"nobody knows what parameter {parameter} of this lock does"
    return None


class NodeSettings:
    """What the hub reads and sets of a lock's configuration. One parameter at a time, and never all of them."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def read(self, parameter: int) -> int:
        """Raises Unavailable."""
        async with self._node.turns.turn():
            return (await self._read(parameter)).value

    async def set(self, parameter: int, value: int) -> None:
        """
        Raises:
            Rejected: this parameter is not set, the lock refused, or keeps another value; the old one counts.
            Unavailable: it did not arrive or was not answered; the old value or the new one counts.
        """
        device = self._node.known.device if self._node.known else Device("")
        why = objection(device, parameter)
        if why is not None:
            raise Rejected(why)
        async with self._node.turns.turn():
            await self.put(parameter, value)

    async def put(self, parameter: int, value: int) -> None:
        """As `set`, inside the node's turn, for one who knows what the parameter does and means it."""
        before = await self._read(parameter)
        if not -(1 << 8 * before.size - 1) <= value < 1 << 8 * before.size:
            raise Rejected(f"parameter {parameter} of this lock has no room for {value}")
        wanted = _signed(value, before.size)
        if before.value == wanted:
            return
        outcome = await self._node.obey(configuration.Set(parameter, wanted, before.size))
        if outcome is Outcome.REFUSED or wanted != (await self._read(parameter)).value:
            raise Rejected(f"the lock did not take {value} for its parameter {parameter}")

    async def _read(self, parameter: int) -> configuration.Report:
        def wanted(said: Command) -> configuration.Report | None:
            return said if isinstance(said, configuration.Report) and said.parameter == parameter else None

        report = await self._node.inquire(configuration.Get(parameter), wanted)
        if report is None:
            raise Unavailable(f"the lock does not tell its parameter {parameter}")
        return report


def _signed(value: int, size: int) -> int:
    """As it is on the wire; 255 of one byte is -1 there."""
    return int.from_bytes((value % (1 << 8 * size)).to_bytes(size, "big"), "big", signed=True)
