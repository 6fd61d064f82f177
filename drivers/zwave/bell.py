"""Wakes a witness when it has waited long enough for somebody to explain what it saw."""

from __future__ import annotations

import asyncio

from drivers.zwave.witness import Witness


class Bell:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def set(self, witness: Witness) -> None:
        """For when this one wants to be woken; whatever was set before counts no more."""
        self.silence()
        due = witness.deadline()
        self._timer = None if due is None else self._loop.call_at(due, self._ring, witness)

    def silence(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self, witness: Witness) -> None:
        witness.timeout(self._loop.time())
        self.set(witness)
