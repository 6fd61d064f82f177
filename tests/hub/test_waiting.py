"""Whole hubs with locks that keep codes until they are needed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import issuing
from hub.contracts import Clock
from hub.io.clock import LoopClock
from hub.model.codes import CodeState, state_of
from hub.model.values import Address, LockId
from hub.store import code_list, proofs
from hub.store.code_list import Code
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

CHECK_IN = datetime(2027, 3, 10, 14, 0, tzinfo=UTC)
BEGINS = CHECK_IN - timedelta(hours=1)
CHECK_OUT = datetime(2027, 3, 12, 10, 0, tzinfo=UTC)
START = BEGINS - timedelta(hours=8)
AHEAD = timedelta(hours=6)
"""Not the usual three days, which cost a test a thousand readings of the calendar."""
FRONT = LockId("front")
WAYS = {
    "held": {"holds_disabled": True},
    "held and with hours": {"holds_disabled": True, "schedules": True},
    "hours first": {"schedules": True, "hours_first": True},
    "masked": {"holds_disabled": True, "masked": True, "reads_codes": False},
}


def _door(**able: Any) -> Memory:
    return replace(Memory(Address("front")), **able)


async def _booked(house: Home, uid: str = "a", guest: str = "Ada Lovelace") -> str:
    house.book(uid, date(2027, 3, 10), date(2027, 3, 12), guest)
    await house.later(minutes=4)
    return await house.digits(guest)


async def _code(house: Home) -> Code:
    return next(
        code for code in await house.hub.store.read(lambda tx: code_list.listing(tx, lock=FRONT)) if code.issued
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_code_is_in_the_lock_days_before_and_opens_when_it_should(tmp_path: Path, way: str) -> None:
    async def main() -> None:
        async with home(tmp_path, [_door(**WAYS[way])], start=START, code_ahead=AHEAD) as house:
            digits, lock = await _booked(house), house.lock("front")
            await house.until(BEGINS - timedelta(hours=6, minutes=1))
            assert not lock.codes
            await house.until(BEGINS - timedelta(hours=5, minutes=58))
            assert lock.holds(digits)
            code = await _code(house)
            assert code.issued is not None
            assert state_of(code.issued.grant, code.slot, house.hub.clock.now()) is CodeState.HELD
            assert code.slot is not None
            assert code.slot.written_at is not None
            stay = await house.stay()
            tally = await house.hub.store.read(lambda tx: proofs.tallies(tx, [stay.id], house.hub.clock.now())[stay.id])
            assert tally.proven == 1, "it is proven while there is time to help"
            await house.until(BEGINS - timedelta(seconds=1))
            assert not await house.driver.press("front", digits)
            await house.until(BEGINS + timedelta(seconds=2))
            assert await house.driver.press("front", digits)
            await house.until(CHECK_OUT + timedelta(seconds=10))
            assert not lock.codes

    simulate(main())


@pytest.mark.parametrize("way", ["held and with hours", "hours first"])
def test_a_lock_with_hours_of_its_own_needs_no_hub_at_check_in(tmp_path: Path, way: str) -> None:
    async def main() -> None:
        async with home(tmp_path, [_door(**WAYS[way])], start=START, code_ahead=AHEAD) as house:
            digits, lock = await _booked(house), house.lock("front")
            await house.until(BEGINS - timedelta(hours=1))
            lock.silent = True
            assert lock.opens(digits, BEGINS - timedelta(seconds=1)) is None
            assert lock.opens(digits, BEGINS) is not None
            assert lock.opens(digits, CHECK_OUT) is None

    simulate(main())


@pytest.mark.parametrize("able", [{}, {"schedules": True}])
def test_a_lock_that_keeps_nothing_shut_gets_the_code_an_hour_before(tmp_path: Path, able: dict[str, Any]) -> None:
    async def main() -> None:
        async with home(tmp_path, [_door(**able)], start=START, code_ahead=AHEAD) as house:
            digits = await _booked(house)
            await house.until(BEGINS - timedelta(seconds=1))
            assert not house.lock("front").codes
            await house.until(BEGINS + timedelta(seconds=2))
            assert house.lock("front").holds(digits)

    simulate(main())


@pytest.mark.parametrize("lost", ["hold", "enable", "confine", "read"])
def test_whatever_is_lost_it_never_opens_too_early_and_opens_in_time(tmp_path: Path, lost: str) -> None:
    async def main() -> None:
        times = {"left": 4}

        def lose(what: str) -> str | None:
            mine = what == ("write" if lost == "hold" else lost)
            if mine and times["left"]:
                times["left"] -= 1
                return ("command", "answer")[times["left"] % 2]
            return None

        async with home(
            tmp_path, [_door(holds_disabled=True, schedules=True, lose=lose)], start=START, code_ahead=AHEAD
        ) as house:
            digits, lock = await _booked(house), house.lock("front")
            for hours in (5.99, 5.9, 5, 3, 0.5, 0.001):
                await house.until(BEGINS - timedelta(hours=hours))
                assert lock.opens(digits, house.hub.clock.now()) is None
            await house.until(BEGINS + timedelta(seconds=10))
            assert lock.opens(digits, house.hub.clock.now()) is not None

    simulate(main())


def test_a_stay_that_moves_away_shuts_its_code_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_door(holds_disabled=True)], start=START, code_ahead=timedelta(hours=48)) as house:
            digits, lock = await _booked(house), house.lock("front")
            await house.until(BEGINS + timedelta(minutes=5))
            assert lock.opens(digits, house.hub.clock.now()) is not None
            house.rebook("a", arrival=date(2027, 3, 11))
            await house.later(minutes=5)
            assert lock.holds(digits)
            assert lock.opens(digits, house.hub.clock.now()) is None

    simulate(main())


def test_a_guest_who_is_here_gets_the_place_of_one_who_comes_later(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [_door(holds_disabled=True, slots=1)], start=START, code_ahead=AHEAD) as house:
            later = await _booked(house)
            await house.until(BEGINS - timedelta(hours=5))
            assert house.lock("front").holds(later)
            until = BEGINS - timedelta(hours=1)
            now = await house.hub.store.write(lambda tx: issuing.code_now(tx, house.hub.desk, [FRONT], "Bob", until))
            await house.later(minutes=1)
            assert (house.lock("front").holds(now.reveal()), house.lock("front").holds(later)) == (True, False)
            await house.until(until + timedelta(minutes=1))
            assert house.lock("front").holds(later), "and back when there is room"

    simulate(main())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("hours", [2, -2])
def test_a_restart_reads_and_never_rewrites(tmp_path: Path, way: str, hours: float) -> None:
    """Before and within the stay: what a lock holds is known from disk, and asking is all that a new process does."""
    memory = _door(**WAYS[way])

    async def first() -> None:
        async with home(tmp_path, [memory], start=START, code_ahead=AHEAD) as house:
            await _booked(house)
            await house.until(BEGINS - timedelta(hours=hours))

    async def again() -> None:
        clock: Clock = LoopClock(asyncio.get_running_loop(), BEGINS - timedelta(hours=hours))
        async with home(tmp_path, [memory], clock=clock, furnish=False) as house:
            await house.later(minutes=45)
            assert (memory.journal, memory.hours) == before
            assert (await _code(house)).slot is not None

    simulate(first())
    before = list(memory.journal), dict(memory.hours)
    assert before[0]
    simulate(again())
