"""Supervision from the side that obeys: a node wants to know what became of what it said."""

from __future__ import annotations

from drivers.zwave import cc
from drivers.zwave.cc import supervision
from drivers.zwave.cc.codec import Command
from drivers.zwave.cc.supervision import Status

REPEATED_WITHIN_S = 10.0
"""A supervised command that comes again with its session is answered again and not believed again."""


class Obedience:
    """Towards one node."""

    def __init__(self) -> None:
        self._last: tuple[int, bytes] | None = None
        self._last_at = 0.0

    def take(self, asked: supervision.Get, now: float) -> tuple[supervision.Report, list[Command | cc.Unknown]]:
        """The answer, and what is to be believed: nothing of what was heard before.

        Some locks use one session number for everything (zwave-js/zwave-js#5417), so the content counts too.

        Raises:
            Garbled: what it wraps breaks a layout; then it is not answered either.
        """
        commands = cc.unwrap(asked.command)
        understood = any(not isinstance(each, cc.Unknown) for each in commands)
        report = supervision.Report(asked.session, Status.SUCCESS if understood else Status.NO_SUPPORT)
        this = (asked.session, asked.command)
        repeated = this == self._last and now - self._last_at < REPEATED_WITHIN_S
        self._last, self._last_at = this, now
        return report, [] if repeated else commands
