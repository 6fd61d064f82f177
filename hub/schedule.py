"""When things that recur are due, and waiting for it on the house's own clock.

APScheduler's triggers say when; the waiting is ours, because the clock is handed in and may be turned.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from hub.contracts import Clock
from hub.errors import Disappointment

log = structlog.get_logger("schedule")

_MOMENT: Final = timedelta(milliseconds=1)
_NAP: Final = timedelta(hours=1)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Intervals are counted from here on: a clock that is wrong at start does not decide when they begin."""


async def pause(clock: Clock, until: datetime | None, nudges: AsyncIterator[object]) -> None:
    """Until the clock reaches that instant (None: never) or something asks to look again, whichever is first."""
    if until is None:
        await anext(nudges)
        return
    seconds = (until - clock.now()).total_seconds()
    if seconds <= 0:
        return
    async with asyncio.TaskGroup() as group:
        either = group.create_task(clock.sleep(seconds)), group.create_task(_nudged(nudges))
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()


async def _nudged(nudges: AsyncIterator[object]) -> None:
    await anext(nudges)


async def _due(trigger: BaseTrigger, clock: Clock) -> None:
    """Until the trigger's next time. What a clock that was set forward leapt over is not made up for, and one that was
    set back is not waited for."""
    after = clock.now() + _MOMENT
    due = trigger.get_next_fire_time(None, after)
    while due is not None and (left := due - clock.now()) > timedelta(0):
        await clock.sleep(min(left, _NAP).total_seconds())
        if clock.now() + _NAP < after:
            after = clock.now()
            due = trigger.get_next_fire_time(None, after)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    trigger: BaseTrigger
    work: Callable[[], Awaitable[None]]
    needs_time: bool = True
    """Not while the clock is not trusted."""


def every(span: timedelta, *, start: datetime) -> BaseTrigger:
    whole = timedelta(seconds=round(span.total_seconds()))
    return IntervalTrigger(
        seconds=round(whole.total_seconds()), start_date=_LONG_AGO + (start - _LONG_AGO) % whole, timezone=UTC
    )


def daily(hour: int, minute: int = 0) -> BaseTrigger:
    """At that time of day in UTC; nothing that a guest sees hangs on it."""
    return CronTrigger(hour=hour, minute=minute, timezone=UTC)


async def keep_jobs(jobs: tuple[Job, ...], clock: Clock) -> None:
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, clock), name=f"job {job.name}")


async def _repeat(job: Job, clock: Clock) -> None:
    while True:
        await _due(job.trigger, clock)
        if job.needs_time and not clock.trusted:
            continue
        try:
            await job.work()
        except Disappointment as error:
            log.warning("job failed, it comes again at its next time", job=job.name, why=str(error))
