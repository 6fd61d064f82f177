"""What is prepared answers as SQLAlchemy would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from hub.store.engine import Store, Tx
from hub.store.migrate import migrate
from hub.store.prepared import MOST, Prepared, upsert
from hub.store.tables import Instant, channel_state, channels, meta
from tests.hub.store.conftest import Kept
from tests.hub.store.statements import modules, statements

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(kept: Kept) -> Iterator[Store]:
    with Store.open(kept.url, inline=True, prepare=lambda new: migrate(new, back_up=lambda _: None)) as opened:
        yield opened


VALUE = Prepared(select(meta).where(meta.c.key == bindparam("of")), lambda row: (row["key"], row["value"]))


async def test_values_go_in_and_come_out_as_their_columns_say(store: Store) -> None:
    at = Prepared(select(meta.c.key, bindparam("at", type_=Instant).label("at")).where(meta.c.key == "a"), dict)

    def work(tx: Tx) -> object:
        upsert(meta).run(tx, key="a", value="1")
        return at.first(tx, at=NOON)

    assert await store.write(work) == {"key": "a", "at": NOON}


async def test_a_row_is_written_whether_or_not_it_is_there(store: Store) -> None:
    keep = upsert(meta)

    def work(tx: Tx) -> object:
        keep.run(tx, key="a", value="1")
        keep.run(tx, key="a", value="2")
        return VALUE.all(tx, of="a")

    assert await store.write(work) == [("a", "2")]


async def test_columns_that_are_not_named_stay_as_they_were(store: Store) -> None:
    good, failing = upsert(channel_state, ("good_at",)), upsert(channel_state, ("failing_why",))
    read = Prepared(
        select(channel_state.c.good_at, channel_state.c.failing_why), lambda row: (row["good_at"], row["failing_why"])
    )

    def work(tx: Tx) -> object:
        tx.sql.execute(insert(channels).values(id="a", integration="ical", settings=b"", origin="site"))
        good.run(tx, channel_id="a", good_at=NOON)
        failing.run(tx, channel_id="a", failing_why="gone")
        return read.all(tx)

    assert await store.write(work) == [(NOON, "gone")]


async def test_what_was_changed_is_counted(store: Store) -> None:
    change = Prepared(update(meta).where(meta.c.key == bindparam("of")).values(value="x"), lambda _: None)

    def work(tx: Tx) -> object:
        upsert(meta).run(tx, key="a", value="1")
        return change.run(tx, of="a"), change.run(tx, of="b")

    assert await store.write(work) == (1, 0)


async def test_a_row_that_was_seen_before_is_the_same_object_and_a_changed_one_is_not(store: Store) -> None:
    made: list[object] = []

    def make(row: Mapping[str, Any]) -> object:
        made.append(row)
        return row["value"]

    read = Prepared(select(meta).where(meta.c.key == "a"), make, remember=["key"])

    def work(tx: Tx) -> object:
        upsert(meta).run(tx, key="a", value="1")
        seen = [read.first(tx), read.first(tx)]
        upsert(meta).run(tx, key="a", value="2")
        return [*seen, read.first(tx)]

    assert await store.write(work) == ["1", "1", "2"]
    assert len(made) == 2


async def test_of_a_row_that_changes_only_the_last_is_remembered(store: Store) -> None:
    read = Prepared(select(meta).where(meta.c.key == "a"), lambda row: row["value"], remember=["key"])

    def work(tx: Tx) -> object:
        for number in range(10):
            upsert(meta).run(tx, key="a", value=str(number))
            read.first(tx)
        return len(read._known)

    assert await store.write(work) == 1


async def test_what_is_remembered_does_not_grow_for_ever(store: Store) -> None:
    read = Prepared(select(meta).where(meta.c.key == bindparam("of")), lambda row: row["value"], remember=["key"])

    def work(tx: Tx) -> object:
        keep = upsert(meta)
        for number in range(MOST + 10):
            keep.run(tx, key=str(number), value="")
            read.first(tx, of=str(number))
        return len(read._known)

    assert await store.write(work) == 10


# ---- what must not grow with a house ---------------------------------------------------------------------------------

GROWING = ("stays", "grants", "stay_steps", "stay_sources", "access_log", "audit", "slot_holders", "sync_log")
LIVE_ONLY = ("grants_by_lock", "stays_contested")
"""Indexes of no more than what is there now."""


def test_no_look_goes_through_all_that_ever_was() -> None:
    """Alerts and the ladder look hundreds of times a day, after years in a house as well."""
    raw = sqlite3.connect(":memory:")
    raw.executescript((Path(__file__).parent / "saved" / "0004.sql").read_text())
    slow = []
    for name, statement in (each for module in modules() for each in statements(module)):
        if not isinstance(statement, Prepared):
            continue
        words = str(statement._statement.compile(dialect=sqlite.dialect()))
        for *_, way in raw.execute(f"EXPLAIN QUERY PLAN {words}", [None] * words.count("?")):
            scanned = way.split()[1] if way.startswith("SCAN ") else ""
            if scanned in GROWING and not way.endswith(LIVE_ONLY):
                slow.append(f"{name}: {way}")
    raw.close()
    assert slow == []
