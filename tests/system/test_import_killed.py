"""A list of past stays that is being brought in when the hub is killed: it goes on, nothing twice, and nothing lost."""

from __future__ import annotations

import asyncio
import sqlite3
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.commandline.asks import Apply
from hub.commandline.asks_imports import StayImport, StayImports, StayImportUndo
from hub.config import load
from hub.errors import Unavailable
from hub.wire import ask
from tests.system.victim import START_WITHIN_S, Victim, victim

pytestmark = pytest.mark.slow

ROWS = 300
"""Twelve parts."""
CONFIG = 'database = "gatehouse.db"\nstate_dir = "state"\nkey_file = "key"\n'
SITE = """
[[property]]
id = "inn"
name = "The inn"
timezone = "Europe/Berlin"
check_in = "15:00"
check_out = "11:00"
[[unit]]
id = "flat"
property = "inn"
name = "Flat"
locks = []
"""


def _file() -> bytes:
    days = [date(2021, 1, 1) + timedelta(days=2 * number) for number in range(ROWS)]
    rows = [f"R{number},Guest {number},{day},{day + timedelta(days=1)},10" for number, day in enumerate(days)]
    return "\n".join(["Reference,Guest,Arrival,Departure,Total EUR", *rows]).encode()


def _question() -> StayImport:
    return StayImport(name="past.csv", content=b64encode(_file()))  # pydantic opens it again


def _stays(folder: Path) -> list[str]:
    with sqlite3.connect(f"file:{folder / 'gatehouse.db'}?mode=ro", uri=True) as house:
        return [reference for (reference,) in house.execute("SELECT reference FROM stays ORDER BY reference")]


async def _states(hub: Victim) -> list[str]:
    return [each["state"] for each in await hub.ask(StayImports())]


async def _killed(hub: Victim, question: Any, state: str) -> None:
    """Ask, and kill the hub as soon as a list is in that state, or the question answered: a fast machine may be done."""
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_asked(hub, question))
        while not asking.done() and state not in await _states(hub):
            pass
        await hub.kill()
    await hub.start()
    await hub.ready()


async def _asked(hub: Victim, question: Any) -> None:
    with suppress(Unavailable):
        await hub.ask(question)


async def _at_rest(hub: Victim) -> list[str]:
    async with asyncio.timeout(START_WITHIN_S):
        while set(states := await _states(hub)) & {"checking", "importing", "undoing"}:  # noqa: ASYNC110  # another process has no event
            await asyncio.sleep(0.02)
    return states


async def test_a_list_is_brought_in_and_taken_back_over_three_deaths(tmp_path: Path) -> None:
    (tmp_path / "gatehouse.toml").write_text(CONFIG)
    await ask(load(tmp_path / "gatehouse.toml"), Apply(text=SITE, name="site.toml"))
    async with victim(tmp_path, datetime(2026, 11, 28, tzinfo=UTC), 1) as hub:
        await hub.start()
        await hub.ready()
        await _killed(hub, _question(), "checking")
        await _at_rest(hub)
        await _killed(hub, _question(), "importing")
        assert "done" in await _at_rest(hub)
        references = sorted(f"R{number}" for number in range(ROWS))
        assert _stays(tmp_path) == references
        again = await hub.ask(_question())
        assert (again["new"], again["known"], again["refused"]) == (0, ROWS, 0)
        (done,) = [each["id"] for each in await hub.ask(StayImports()) if each["state"] == "done"]
        await _killed(hub, StayImportUndo(id=done), "undoing")
        assert "undone" in await _at_rest(hub)
        assert _stays(tmp_path) == []
        await hub.stop()
