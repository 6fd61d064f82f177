"""A house goes from one kind of database to the other and back, and nothing of it is another afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from hub.io.vault import Vault
from hub.store import chain, log, settings
from hub.store.backup import back_up, restore
from hub.store.engine import Store, Tx
from hub.store.migrate import migrate
from hub.store.places import place_of
from hub.store.tables import Day, metadata
from tests.cluster import Cluster
from tests.hub.store.freeze import sample
from tests.simulators.vloop import run

pytestmark = pytest.mark.peer

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    with postgres.database() as address:
        yield address


def opened(url: str) -> Store:
    return Store.open(url, inline=True, prepare=lambda new: migrate(new, back_up=lambda _: None))


def row_of(table: Table) -> dict[str, object]:
    """As old houses have them, with what PostgreSQL has no letter for, and days that are days."""
    days = {column.name: "2026-12-01" for column in table.columns if isinstance(column.type, Day)}
    return sample(table) | days | ({"note": "x\0y"} if "note" in table.columns else {})


def a_full_house(file: Path) -> None:
    opened(str(file)).close()
    raw = sqlite3.connect(file, isolation_level=None)
    for table in metadata.sorted_tables:
        row = row_of(table)
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        raw.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(row.values()))  # noqa: S608
    raw.close()


def contents(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
    found = {
        table.name: [tuple(row) for row in tx.sql.execute(select(table)).all()] for table in metadata.sorted_tables
    }
    del found["meta"]
    return found


def test_every_row_of_a_house_is_the_same_there_and_back_again(url: str, tmp_path: Path) -> None:
    vault, here, back = Vault([bytes(32)]), tmp_path / "here.db", tmp_path / "back.db"
    a_full_house(here)
    out = back_up(here, tmp_path, tmp_path / "one", vault, recovery=None, now=NOW).file
    place = place_of(url)
    restored = restore(out, vault, place, tmp_path)
    assert str(restored.set_aside).startswith("the schema gatehouse_before_restore_1 of the PostgreSQL database house_")
    again = back_up(place, tmp_path, tmp_path / "two", vault, recovery=None, now=NOW).file
    assert restore(again, vault, back, tmp_path).set_aside is None
    with opened(str(here)) as first, opened(url) as there, opened(str(back)) as last:
        before, between, after = (run(store.read(contents)) for store in (first, there, last))
        assert {each: run(there.read(lambda tx, of=each: settings.value(tx, of))) for each in ("safe_mode", "x")} == {  # type: ignore[misc]
            "safe_mode": NOW.isoformat(),
            "x": "x",
        }
    assert all(len(rows) == 1 for rows in before.values())
    assert between == after
    assert str(between) == str(before).replace("\\x00", "\ufffd")
    assert not list(tmp_path.glob("gatehouse.db.*")), "nothing of the house is left lying about"


def test_what_is_written_after_a_restore_is_numbered_after_what_was_there(url: str, tmp_path: Path) -> None:
    vault, here = Vault([bytes(32)]), tmp_path / "here.db"
    with opened(str(here)) as store:
        for action in ("unlock", "lock"):
            run(store.write(lambda tx, of=action: log.record(tx, NOW, "console", of, "lock:front")))  # type: ignore[misc]
    restore(back_up(here, tmp_path, tmp_path, vault, recovery=None, now=NOW).file, vault, place_of(url), tmp_path)
    with opened(url) as store:
        assert run(store.write(lambda tx: log.record(tx, NOW, "console", "unlock", "lock:front"))) == 3
        assert [link.number for link in run(store.read(chain.links))] == [1, 2, 3]


def test_a_restore_that_fails_leaves_the_house_that_was_there(url: str, tmp_path: Path) -> None:
    vault, here = Vault([bytes(32)]), tmp_path / "here.db"
    a_full_house(here)
    raw = sqlite3.connect(here, isolation_level=None)
    raw.execute("PRAGMA ignore_check_constraints=ON")
    raw.execute("UPDATE slots SET number = 256")
    raw.close()
    out = back_up(here, tmp_path, tmp_path, vault, recovery=None, now=NOW).file
    with opened(url) as store:
        run(store.write(lambda tx: settings.keep(tx, "is", "still here")))
    with pytest.raises(Exception, match="slots_number_check"):
        restore(out, vault, place_of(url), tmp_path)
    with opened(url) as store:
        assert run(store.read(lambda tx: settings.value(tx, "is"))) == "still here"
