from __future__ import annotations

import asyncio

import pytest

from drivers.zwave.turns import Turns
from tests.drivers.zwave.fakes import virtual


async def _visit(turns: Turns, name: str, seen: list[str], *, urgent: bool = False, stay: float = 1.0) -> None:
    async with turns.turn(urgent=urgent):
        seen.append(name)
        await asyncio.sleep(stay)


@virtual
async def test_one_at_a_time_in_order_and_the_urgent_first() -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        for name in "abc":
            tasks.create_task(_visit(turns, name, seen))
        await asyncio.sleep(0.5)
        tasks.create_task(_visit(turns, "now", seen, urgent=True))
    assert seen == ["a", "now", "b", "c"]
    assert asyncio.get_running_loop().time() == 4.0


@virtual
async def test_who_leaves_the_queue_holds_nobody_up() -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_visit(turns, "a", seen))
        impatient = tasks.create_task(_visit(turns, "b", seen))
        tasks.create_task(_visit(turns, "c", seen))
        await asyncio.sleep(0.5)
        impatient.cancel()
    assert seen == ["a", "c"]


@virtual
async def test_who_is_cancelled_when_called_passes_the_turn_on() -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(_visit(turns, "a", seen, stay=60))
        second = tasks.create_task(_visit(turns, "b", seen))
        tasks.create_task(_visit(turns, "c", seen))
        await asyncio.sleep(0.5)
        first.cancel()
        await asyncio.sleep(0)  # the first passes its turn on; the second has not run yet
        second.cancel()
    assert seen == ["a", "c"]


@virtual
async def test_a_turn_that_failed_is_over() -> None:
    turns, seen = Turns(), list[str]()
    try:
        async with turns.turn():
            raise ValueError
    except ValueError:
        await _visit(turns, "a", seen)
    assert seen == ["a"]


async def _work(turns: Turns, name: str, seen: list[str], pieces: int) -> None:
    async with turns.turn():
        for piece in range(pieces):
            await turns.give_way()
            seen.append(f"{name}{piece}")
            await asyncio.sleep(1)


@virtual
async def test_the_urgent_get_in_between_and_the_others_do_not() -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_work(turns, "a", seen, 3))
        tasks.create_task(_work(turns, "b", seen, 1))
        await asyncio.sleep(0.5)
        tasks.create_task(_visit(turns, "now", seen, urgent=True))
        tasks.create_task(_visit(turns, "now too", seen, urgent=True))
    assert seen == ["a0", "now", "now too", "a1", "a2", "b0"]


async def _wait(turns: Turns, seen: list[str], seconds: float) -> None:
    async with turns.turn():
        async with turns.lent():
            await asyncio.sleep(seconds)
        seen.append("back")
        await asyncio.sleep(1)


@virtual
async def test_a_turn_in_which_nothing_is_said_is_lent_to_the_urgent() -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_wait(turns, seen, 5))
        tasks.create_task(_visit(turns, "later", seen))
        await asyncio.sleep(0.5)
        tasks.create_task(_visit(turns, "now", seen, urgent=True))
        await asyncio.sleep(2)
        tasks.create_task(_visit(turns, "slow", seen, urgent=True, stay=10))
        await asyncio.sleep(0.5)
        assert seen == ["now", "slow"]
    assert seen == ["now", "slow", "back", "later"]


@pytest.mark.parametrize("slow", [1.0, 10.0])
@virtual
async def test_who_is_cancelled_while_the_turn_is_lent_holds_nobody_up(slow: float) -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        lender = tasks.create_task(_wait(turns, seen, 5))
        tasks.create_task(_visit(turns, "later", seen))
        await asyncio.sleep(0.5)
        tasks.create_task(_visit(turns, "now", seen, urgent=True, stay=slow))
        await asyncio.sleep(2)
        lender.cancel()  # it asks for its turn back, and in one case somebody has it
        await asyncio.sleep(1)
        lender.cancel()
    assert seen == ["now", "later"]


@virtual
async def test_who_has_no_turn_gives_none_away() -> None:
    turns, seen = Turns(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_visit(turns, "a", seen))
        tasks.create_task(_visit(turns, "now", seen, urgent=True))
        await asyncio.sleep(0.5)
        await turns.give_way()
        assert seen == ["a"]
