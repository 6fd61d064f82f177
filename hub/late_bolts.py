"""Locks the bolts of a lock-down that were silent when it began, as soon as their locks are back and while it lasts.

What is wanted is the lock-down itself, a row, and what was tried at each door is another: nothing waits in a queue, and a
restart goes on where the rows are. It never unlocks (ADR 0027).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub import lockdowns
from hub.bus import EVERYTHING, Bus
from hub.contracts import Clock
from hub.errors import Disappointment, Rejected
from hub.model.lockdown import Attempt, Outcome, lock_at
from hub.model.values import LockId, Position
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import doors, emergencies
from hub.store.engine import Store, Tx
from hub.unlock import Answer, Hand

logger = structlog.get_logger("late bolts")

BY: Final = "gatehouse"
_CRAMPED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Due:
    lock: LockId
    lockdowns: tuple[str, ...]
    tries: int


@dataclass(frozen=True, slots=True)
class _Seen:
    lasting: bool
    """There is a lock-down: signs of life matter."""
    due: tuple[_Due, ...] = ()
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class LateBolts:
    store: Store
    plugins: Plugins
    bus: Bus
    clock: Clock
    hand: Hand

    async def run(self) -> None:
        async with self.bus.listen("emergency", "heard:") as ear:
            seen = await self._round()
            while True:
                if seen.lasting:
                    await pause(self.clock, seen.again, ear)
                else:
                    while not await anext(ear) & {"emergency", EVERYTHING}:
                        pass  # without a lock-down a sign of life costs nothing
                seen = await self._round()

    async def _round(self) -> _Seen:
        try:
            seen = await self.store.read(self._look)
            async with asyncio.TaskGroup() as group:
                tries = [group.create_task(self._lock(due), name=f"late bolt {due.lock}") for due in seen.due]
            if all(each.result() for each in tries):
                return await self.store.read(self._look) if tries else seen
        except Disappointment as error:
            logger.warning("the bolts of a lock-down wait for the store", why=str(error))
        return _Seen(lasting=True, again=self.clock.now() + _CRAMPED)

    def _look(self, tx: Tx) -> _Seen:
        rows = emergencies.lockdowns(tx)
        if not rows:
            return _Seen(lasting=False)
        now, attempts, known = self.clock.now(), emergencies.attempts(tx, [row.id for row in rows]), doors.doors(tx)
        due: dict[LockId, _Due] = {}
        later = []
        for row in rows:
            for each in lockdowns.doors_of(row, attempts.get(row.id, {}), known, self.plugins, now):
                at = lock_at(row.since, each.tried, each.now, now)
                if at is None:
                    continue
                if at > now:
                    later.append(at)
                    continue
                before = due.get(each.door.id, _Due(each.door.id, (), 0))
                tries = max(before.tries, each.tried.tries)
                due[each.door.id] = _Due(each.door.id, (*before.lockdowns, row.id), tries)
        return _Seen(lasting=True, due=tuple(due.values()), again=min(later, default=None))

    async def _lock(self, due: _Due) -> bool:
        """False: what became of it could not be written down."""
        try:
            answer = await self._moved(due.lock)
            attempt = Attempt(self.clock.now(), answer.outcome, due.tries + 1, answer.sentence)
            await self.store.write(lambda tx: emergencies.keep_attempt(tx, due.lockdowns, due.lock, attempt))
        except Disappointment as error:
            logger.warning("a bolt of a lock-down waits for the store", lock=due.lock, why=str(error))
            return False
        return True

    async def _moved(self, lock: LockId) -> Answer:
        try:
            return await self.hand.move(lock, Position.LOCKED, BY)
        except Rejected as error:  # its driver has lost it meanwhile
            return Answer(Outcome.UNKNOWN, f"{str(error)[:1].upper()}{str(error)[1:]}.")
