"""Promises are kept here: claimed under a lease, performed with their key, recorded. At least once, never before the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from hub.bus import Bus
from hub.contracts import Clock, Performer
from hub.errors import Disappointment, Rejected, Unavailable
from hub.model.effects import Effect, Notify, PublishNights, PushStay, TellBookings, TellChannel, TellPass
from hub.model.publishing import again_after
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import mail
from hub.store.engine import Store
from hub.store.mail import Promise

log = structlog.get_logger("outbox")

LEASE: Final = timedelta(minutes=2)
PATIENCE: Final = timedelta(seconds=30)
"""For one performance; a lease outlives it, so that nobody else performs the same promise meanwhile."""
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
STORE_WAIT_S: Final = 10.0
"""Real time. Until the next try when the disk is full."""
TRIES: Final = 30
"""About a day of trying; then a person is shown the promise."""
PUSH_FIRST_WAIT: Final = timedelta(seconds=1)
"""Ruling C21: three tries, 1 s and 2 s apart; then slower and slower."""
PUSH_LONGEST_WAIT: Final = timedelta(hours=6)
ALERT_WAIT: Final = timedelta(minutes=5)
"""The longest wait of what tells people something. It is tried until it is sent, or nobody has to know any more."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """One worker for each lane, so that one slow service holds up nobody else."""

    store: Store
    bus: Bus
    wall: Clock
    plugins: Plugins
    spread: Callable[[], float]
    """A number in [0, 1) for jitter."""
    own: Mapping[type[Any], Performer]
    """What the hub itself performs, by kind of effect; the rest is for the integration of the channel that is told."""

    async def run(self) -> None:
        working: set[str] = set()
        async with asyncio.TaskGroup() as group, self.bus.listen("outbox") as nudges:
            while True:
                for lane in sorted(await self.store.read(mail.lanes) - working):
                    working.add(lane)
                    group.create_task(self._work(lane), name=f"outbox {lane}")
                await anext(nudges)

    async def _work(self, lane: str) -> None:
        cramped = False
        async with self.bus.listen("outbox") as nudges:
            while True:
                try:
                    kept = await self._keep_next(lane)
                    cramped = False
                    if kept:
                        continue
                except Unavailable as error:
                    (log.debug if cramped else log.warning)("promises wait for the store", lane=lane, why=str(error))
                    cramped = True
                    await asyncio.sleep(STORE_WAIT_S)
                    continue
                due = await self.store.read(lambda tx: mail.next_promise_due(tx, lane))
                await pause(self.wall, due, nudges)

    async def _keep_next(self, lane: str) -> bool:
        now = self.wall.now()
        promise = await self.store.write(lambda tx: mail.claim(tx, lane, now, now + LEASE))
        if promise is not None:
            await self._keep(promise)
        return promise is not None

    async def _keep(self, promise: Promise) -> None:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._performer(promise.effect)(promise.effect, promise.key)
        except Rejected as error:
            await self._put_back(promise, str(error), None)
        except TimeoutError:
            await self._put_back(promise, f"no answer within {PATIENCE.seconds} s", self._again(promise, timedelta(0)))
        except Disappointment as error:
            wait = error.wait if isinstance(error, Unavailable) else timedelta(0)
            await self._put_back(promise, str(error), self._again(promise, wait))
        except Exception as error:  # the outbox worker: one of the five places (design.md §5)
            log.error("a promise could not be kept", key=promise.key, exc_info=error)
            await self._put_back(promise, f"unexpected: {type(error).__name__}", self._again(promise, timedelta(0)))
        else:
            await self.store.write(lambda tx: mail.kept(tx, promise.id, self.wall.now()))

    def _performer(self, effect: Effect) -> Performer:
        if type(effect) in self.own:
            return self.own[type(effect)]
        match effect:
            case TellChannel(channel=channel):
                integration = self.plugins.integration(channel)
                if integration is None:
                    raise Unavailable(f"the channel “{channel}” is switched off")
                performer = integration.perform.get(TellChannel)
                if performer is None:
                    raise Rejected(f"the channel “{channel}” cannot be told anything")
                return performer
            case _:
                raise Rejected(f"nobody here performs a {type(effect).__name__}")

    def _again(self, promise: Promise, wait: timedelta) -> datetime | None:
        if isinstance(promise.effect, PublishNights):  # it is tried for as long as there is something to say
            return self.wall.now() + max(again_after(promise.attempts), wait)
        alert = isinstance(promise.effect, Notify | TellBookings | TellPass)
        if promise.attempts + 1 >= TRIES and not alert:
            return None
        first, longest = FIRST_WAIT, ALERT_WAIT if alert else LONGEST_WAIT
        if isinstance(promise.effect, PushStay):
            first, longest = PUSH_FIRST_WAIT, PUSH_LONGEST_WAIT
        back_off: timedelta = min(first * 2 ** min(promise.attempts, 20), longest)
        return self.wall.now() + max(back_off * (0.8 + 0.4 * self.spread()), wait)

    async def _put_back(self, promise: Promise, why: str, again: datetime | None) -> None:
        if promise.attempts == 0:
            log.warning("a promise waits", key=promise.key, why=why)
        await self.store.write(lambda tx: mail.not_kept(tx, promise.id, why, again))
