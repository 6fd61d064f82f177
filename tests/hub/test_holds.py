"""A hold ends by time alone, and whoever shows nights or tells of them sees it then."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub import bookings
from hub.bookings import NewHold
from hub.store import bookings as ledger
from tests.simulators.home import FLAT, START, Home, home, simulate

LASTS = timedelta(minutes=15)


async def _hold(made: Home, day: int = 10, lasts: timedelta = LASTS) -> None:
    new = NewHold(FLAT, date(2027, 3, day), date(2027, 3, day + 2), lasts=lasts)
    await made.hub.store.write(lambda tx: bookings.hold(tx, made.hub.desk, new, "ada", anyway=True))


async def _next_word(made: Home) -> timedelta:
    """How long until the hub says that stays or nights are others than before."""
    began = made.hub.clock.now()
    async with made.hub.bus.listen("stays") as ear, asyncio.timeout(3600):
        await anext(ear)
    return made.hub.clock.now() - began


@pytest.mark.usefixtures("either_database")
def test_at_the_end_of_each_hold_it_is_said_that_nights_changed(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            await _hold(made)
            await _hold(made, 20, 2 * LASTS)
            await made.later(seconds=30)
            assert timedelta(minutes=14) < await _next_word(made) <= LASTS
            assert timedelta(minutes=14) < await _next_word(made) <= LASTS + timedelta(seconds=30)
            assert await made.hub.store.read(ledger.next_hold_end) is None

    simulate(main())


def test_a_shorter_hold_that_comes_later_ends_in_its_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            await _hold(made, 10, 4 * LASTS)
            await made.later(seconds=30)
            await _hold(made, 20, LASTS)
            await made.later(seconds=30)
            assert await _next_word(made) <= LASTS

    simulate(main())


def test_a_hold_that_ended_while_the_hub_was_off_is_gone_when_it_starts(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as made:
            await _hold(made)
        async with home(tmp_path, start=START + timedelta(hours=2), furnish=False) as made:
            assert await made.hub.store.read(ledger.next_hold_end) is None

    simulate(main())
