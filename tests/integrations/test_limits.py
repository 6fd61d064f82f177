"""Whatever is asked of a booking manager at once: no account is asked oftener than its service documents."""

from __future__ import annotations

import asyncio

import pytest

from hub.contracts import Host
from hub.errors import Unavailable
from hub.io.http import Request, Rules
from tests.integrations.conftest import StoppedClock
from tests.simulators.home import simulate
from tests.simulators.managers.all import MANAGERS, Double, reader
from tests.simulators.managers.beds24 import Beds24Desk

LIMITED = [manager for manager in MANAGERS.values() if manager.desk.LIMITS]
"""Hospitable documents a limit of messages only: tests/integrations/hospitable/test_messages.py."""


@pytest.fixture(params=LIMITED, ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


def test_a_burst_is_spread_over_the_time_that_it_needs(manager: Double, host: Host, clock: StoppedClock) -> None:
    async def main() -> None:
        desk = manager.desk(clock.now)
        if isinstance(desk, Beds24Desk):
            desk.credits = 100  # its own count has to do, without what is told
        account = reader(manager, host, through=desk.send)
        longest = max(count for count, seconds in desk.LIMITS if seconds <= 300)
        while len(desk.asked) < longest * 5 // 4:
            try:
                await account.listings()
            except Unavailable as error:
                await asyncio.sleep(error.wait.total_seconds())
        assert desk.too_many == 0

    simulate(main())


def test_a_double_counts(manager: Double, clock: StoppedClock) -> None:
    """One request too many is turned away, until there is room again."""

    async def main() -> None:
        desk = manager.desk(clock.now)
        count, seconds = desk.LIMITS[0]
        asked = Request("https://service.example/v2/bookings")
        for _ in range(count):
            await desk.send(asked, Rules())
        with pytest.raises(Unavailable) as caught:
            await desk.send(asked, Rules())
        waits = seconds if "Retry-After" in desk.too_fast(1)[1] else 0
        assert (caught.value.wait.total_seconds(), caught.value.untouched, desk.too_many) == (waits, True, 1)
        await asyncio.sleep(seconds)
        await desk.send(asked, Rules())

    simulate(main())
