from __future__ import annotations

import asyncio

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
