"""In which mode a lock is by its settings: most tell nobody when somebody switches vacation mode on at their keypad."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import structlog

from drivers.zwave.cc import configuration, notification
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.notification import Happening
from drivers.zwave.devices import Role
from drivers.zwave.node import Node
from drivers.zwave.settings import NodeSettings
from hub.errors import Unavailable
from hub.model.facts import Mode

log = structlog.get_logger("zwave")

_MODES: Final = MappingProxyType({0: Mode.NORMAL, 1: Mode.VACATION, 2: Mode.PRIVACY, 3: Mode.NORMAL})
"""Yale's parameter 8: 0 normal, 1 vacation, 2 privacy, 3 passage, in which codes matter to nobody. Schlage's parameter 4 knows
0 and another value, 255 or 1, for vacation (facts/zwave.md §6)."""
_WRONG_CODES: Final = frozenset({(notification.ACCESS_CONTROL, 0x13), (notification.HOME_SECURITY, 0x04)})


class Modes:
    """Of one lock: read every day, and when wrong codes were tried, since in vacation mode all of them are."""

    def __init__(self, node: Node, tell: Callable[[Mode], None]) -> None:
        self._node = node
        self._tell = tell

    def questioned(self, command: Command) -> bool:
        match command:
            case notification.Report(happening=Happening(kind=kind, event=event)):
                return (kind, event) in _WRONG_CODES
            case _:
                return False

    async def look(self) -> None:
        """Tell the mode, where the lock has a setting for it and can be asked now."""
        known = self._node.known
        setting = None if known is None else known.device.settings.get(Role.MODE)
        if known is None or setting is None or configuration.CLASS not in known.classes or self._node.asleep:
            return
        try:
            value = await NodeSettings(self._node).read(setting.number)
        except Unavailable as error:
            log.debug("a lock's mode was not read", node=self._node.number, why=str(error))
            return
        self._tell(_MODES.get(value, Mode.VACATION))
