"""`gatehouse stay import`: by the words of the command line, on a house whose hub does not run."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.commandline.stay_imports import _in_words, _pairs
from hub.config import parse
from hub.errors import Rejected, Unavailable
from hub.hub import Hub
from hub.running import World, made
from hub.store import imports
from tests.hub.test_commands import Clock, Radio, ask, furnish

HEAD = "Name,Check-in,Check-out,Price,State"
ROWS = ("Ada,2026-05-01,2026-05-04,300 EUR,", "Bo,13/06/2026,15/06/2026,,", "Cy,soon,later,,")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        yield hub


async def _import(hub: Hub, *rows: str, head: str = HEAD, **said: Any) -> Any:
    content = base64.b64encode("\n".join((head, *rows)).encode()).decode()
    return await ask(hub, "stay import", name="stays.csv", content=content, **said)


def _counts(told: Any) -> tuple[int, ...]:
    return told["new"], told["changed"], told["known"], told["refused"]


async def test_a_dry_run_says_what_would_be_done_and_leaves_nothing(hub: Hub) -> None:
    told = await _import(hub, *ROWS, dry_run=True)
    assert (told["state"], _counts(told)) == ("checked", (2, 0, 0, 1))
    assert told["columns"]["arrival"] == "Check-in"
    (row,) = told["rows"]
    assert (row["line"], row["verdict"]) == (4, "refused")
    assert row["why"] == "“soon” is not a day"
    assert "2026-11-21" in row["cure"]
    assert await ask(hub, "stay imports") == []
    assert await ask(hub, "stay list", past=True) == []
    assert _in_words(told).startswith("Nothing was changed. There are 2 new")


async def test_an_import_is_listed_and_undone(hub: Hub) -> None:
    told = await _import(hub, *ROWS)
    assert (told["state"], _counts(told)) == ("done", (2, 0, 0, 1))
    assert f"undo-import {told['id']}" in _in_words(told)
    assert _in_words(told | {"state": "importing"}).startswith("It goes on as soon as")
    assert _counts(await _import(hub, *ROWS)) == (0, 0, 2, 1)
    (line,) = await ask(hub, "stay imports")
    assert (line["id"], line["file"], line["made_by"]) == (told["id"], "stays.csv", "console:anna")
    assert [row["guest"] for row in await ask(hub, "stay list", past=True)] == ["Ada", "Bo"]
    undone = await ask(hub, "stay undo-import", id=told["id"])
    assert (undone["state"], undone["undone"], undone["kept"]) == ("undone", 2, 0)
    assert await ask(hub, "stay list", past=True) == []
    with pytest.raises(Rejected, match="nothing to undo"):
        await ask(hub, "stay undo-import", id=told["id"])


async def test_what_is_said_of_the_file_counts(hub: Hub) -> None:
    rows = ("Ada,Cottage,03/04/2026,05/04/2026,$5,Fertig",)
    head = "Who,House,In,Out,Price,State"
    unit = await hub.store.read(lambda tx: next(iter(tx.sql.exec_driver_sql("SELECT id FROM units")))[0])
    said = {
        "dates": "day_first", "currency": "USD", "call": {"Cottage": unit}, "means": {"fertig": "stayed"},
        "column": {"guest": "Who", "unit": "House", "arrival": "In", "departure": "Out"},
    }  # fmt: skip
    told = await _import(hub, *rows, head=head, dry_run=True, **said)
    assert _counts(told) == (1, 0, 0, 0), told
    with pytest.raises(Rejected, match="no column “Wer”"):
        await _import(hub, *rows, head=head, column={"guest": "Wer"})
    with pytest.raises(Rejected, match="no column can be “colour”"):
        await _import(hub, *rows, head=head, column={"colour": "Who"})
    assert await hub.store.read(imports.all_of_them) == [], "what was refused leaves nothing"


async def test_nothing_is_past_while_nobody_knows_the_time(hub: Hub) -> None:
    hub.clock.trusted = False  # type: ignore[misc]
    with pytest.raises(Unavailable, match="nobody knows the time"):
        await _import(hub, *ROWS)
    assert await hub.store.read(imports.all_of_them) == []


def test_pairs_are_cut_where_they_are_meant_to_be() -> None:
    assert _pairs("--column", ["guest=Name = all"]) == {"guest": "Name = all"}
    assert _pairs("--call", ["A=B house=flat"]) == {"A=B house": "flat"}
    with pytest.raises(Rejected, match="--call needs two words"):
        _pairs("--call", ["flat"])
