"""When things that recur are due, and waiting for it on the house's own clock.

APScheduler's triggers say when; the waiting is ours, because the clock is handed in and may be turned.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from hub.contracts import Clock
from hub.errors import Disappointment

log = structlog.get_logger("schedule")


async def pause(clock: Clock, until: datetime | None, nudges: AsyncIterator[object]) -> None:
    """Until the clock reaches that instant (None: never) or something asks to look again, whichever is first."""
    if until is None:
        await anext(nudges)
        return
    seconds = (until - clock.now()).total_seconds()
    if seconds <= 0:
        return
    async with asyncio.TaskGroup() as group:
        either = {group.create_task(clock.sleep(seconds)), group.create_task(_nudged(nudges))}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()


async def _nudged(nudges: AsyncIterator[object]) -> None:
    await anext(nudges)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    trigger: BaseTrigger
    work: Callable[[], Awaitable[None]]
    needs_time: bool = True
    """Not while the clock is not trusted."""


def every(span: timedelta, *, start: datetime) -> BaseTrigger:
    return IntervalTrigger(seconds=round(span.total_seconds()), start_date=start + span, timezone=UTC)


def daily(hour: int, minute: int = 0) -> BaseTrigger:
    """At that time of day in UTC; nothing that a guest sees hangs on it."""
    return CronTrigger(hour=hour, minute=minute, timezone=UTC)


async def keep_jobs(jobs: tuple[Job, ...], clock: Clock) -> None:
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, clock), name=f"job {job.name}")


async def _repeat(job: Job, clock: Clock) -> None:
    last: datetime | None = None
    while True:
        now = clock.now()
        due = job.trigger.get_next_fire_time(last, now)
        if due is None:
            return
        await clock.sleep(max((due - now).total_seconds(), 0.0))
        last = due
        if job.needs_time and not clock.trusted:
            continue
        try:
            await job.work()
        except Disappointment as error:
            log.warning("job failed, it comes again at its next time", job=job.name, why=str(error))
