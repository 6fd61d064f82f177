from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.schedule import Job, daily, every, keep_jobs
from tests.simulators.home import simulate

START = datetime(2027, 3, 1, 9, 7, tzinfo=UTC)


class Wall:
    """A clock that is set by hand besides running."""

    trusted = True

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return START + self.ahead + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _run(*days: tuple[Callable[[Wall], None], float]) -> list[datetime]:
    """Fire an hourly job; each of `days` sets the clock and then lets that many hours pass."""
    wall, fired = Wall(), list[datetime]()

    async def main() -> None:
        async def work() -> None:
            fired.append(wall.now())

        async with asyncio.TaskGroup() as group:
            job = Job("hourly", every(timedelta(hours=1), start=wall.now()), work)
            task = group.create_task(keep_jobs((job,), wall))
            for set_clock, hours in days:
                set_clock(wall)
                await asyncio.sleep(hours * 3600)
            task.cancel()

    simulate(main())
    return fired


def _keep(_: Wall) -> None:
    pass


def _leap(by: timedelta) -> Callable[[Wall], None]:
    def leap(wall: Wall) -> None:
        wall.ahead += by

    return leap


def test_an_hourly_job_comes_every_hour_after_the_start() -> None:
    assert _run((_keep, 3.5)) == [START + timedelta(hours=hour) for hour in (1, 2, 3)]


def test_what_a_clock_set_forward_leapt_over_is_not_made_up_for() -> None:
    """A box without a battery clock boots months ago."""
    assert len(_run((_keep, 1.5), (_leap(timedelta(days=400)), 3))) <= 1 + 4


@pytest.mark.parametrize("back", [timedelta(hours=5), timedelta(days=400)])
def test_a_clock_set_back_does_not_stop_a_job(back: timedelta) -> None:
    assert 4 <= len(_run((_keep, 1.5), (_leap(-back), 4))) <= 1 + 5


def test_a_daily_job_comes_once_a_day() -> None:
    wall, fired = Wall(), list[datetime]()

    async def main() -> None:
        async def work() -> None:
            fired.append(wall.now())

        async with asyncio.TaskGroup() as group:
            work_: Callable[[], Awaitable[None]] = work
            task = group.create_task(keep_jobs((Job("tidy", daily(3, 30), work_),), wall))
            await asyncio.sleep(3 * 86400)
            task.cancel()

    simulate(main())
    assert [at.replace(microsecond=0) for at in fired] == [
        datetime(2027, 3, day, 3, 30, tzinfo=UTC) for day in (2, 3, 4)
    ]
