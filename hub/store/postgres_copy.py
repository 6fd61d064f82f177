"""A house out of a PostgreSQL database into an SQLite file, and out of such a file into a PostgreSQL database.

Backups are such files in any case (hub/store/backup.py), so that what was kept in one kind of database can be restored into
the other. Tables and columns are the same in both; what PostgreSQL adds to them follows from the rows.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql as words

from hub.store import postgres_tables
from hub.store.migrate import make_file, migrate, newest
from hub.store.places import Claim
from hub.store.postgres import SCHEMA, Postgres, PostgresClaim, Session
from hub.store.sqlite import RESTORE, Damaged
from hub.store.tables import metadata
from hub.store.tables.ledgers import KEEP_ALL_NIGHTS

_AT_ONCE: Final = 1000
"""Rows in memory at a time."""
_COLUMNS: Final = """
SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = %s AND table_name <> ALL (%s) GROUP BY table_name ORDER BY table_name"""


def take_out(place: Postgres, to: Path) -> None:
    """Fill an empty file with one state of the house, in use or not. Raises Unavailable or Damaged."""
    with contextlib.closing(place.connect()) as session:
        try:
            session.execute(place.begin_reading)
            revision = _revision(session, place)
            make_file(to, revision)
            with contextlib.closing(sqlite3.connect(to, isolation_level=None)) as raw, _unruled(raw):
                for table, columns in _tables(session):
                    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
                    for rows in _rows(session, table, columns):
                        raw.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608
        except psycopg.Error as error:
            raise place.explained(error) from error


def _revision(session: Session, place: Postgres) -> str:
    if not place.tells_version(session):
        raise Damaged("database", f"{place} holds no house; {RESTORE}")
    return str(session.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _tables(session: Session) -> list[tuple[str, list[str]]]:
    not_ours = ["alembic_version", *postgres_tables.FOLLOWING]
    return session.connection.execute(_COLUMNS, [SCHEMA, not_ours]).fetchall()


def _rows(session: Session, table: str, columns: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    names = words.SQL(", ").join(map(words.Identifier, columns))
    query = words.SQL("SELECT {} FROM {}").format(names, words.Identifier(table))
    with session.connection.cursor(name="rows") as cursor:  # the server keeps what was not fetched yet
        cursor.execute(query)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield rows


@contextlib.contextmanager
def _unruled(raw: sqlite3.Connection) -> Iterator[None]:
    """What is there already was looked at when it came: no trigger fires, and rows may come before those they refer to."""
    triggers = raw.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("BEGIN")
    for name, _ in triggers:
        raw.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, made in triggers:
        raw.execute(made)
    raw.execute("COMMIT")


def put_in(fresh: Path, place: Postgres, claim: Claim) -> str | None:
    """Put the house of a sound file in the place of the one in the database, whole or not at all.

    Returns where the one that was there is now: in a schema beside.
    """
    assert isinstance(claim, PostgresClaim)
    migrate(fresh, back_up=lambda file: None)
    session = claim.session
    with place.core(session) as sql, contextlib.closing(sqlite3.connect(fresh)) as raw:
        assert not sql.in_transaction()
        try:
            session.execute("BEGIN")
            aside = _set_aside(session)
            session.execute(f"CREATE SCHEMA {SCHEMA}")
            postgres_tables.create(sql, newest())
            for table in metadata.sorted_tables:
                _fill(session, raw, table.name, list(table.columns.keys()))
            session.execute(KEEP_ALL_NIGHTS)
            _count_on(session)
            session.execute("COMMIT")
        except psycopg.Error as error:
            raise place.explained(error) from error
    return None if aside is None else f"the schema {aside} of {place}"


def _set_aside(session: Session) -> str | None:
    there = "SELECT nspname::text FROM pg_namespace WHERE starts_with(nspname, %s)"
    known = {name for (name,) in session.connection.execute(there, [SCHEMA]).fetchall()}
    if SCHEMA not in known:
        return None
    names = (f"{SCHEMA}_before_restore_{number}" for number in range(1, 1000))
    aside = next(name for name in names if name not in known)
    session.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {aside}")
    return aside


def _fill(session: Session, raw: sqlite3.Connection, table: str, columns: list[str]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    told = words.SQL("COPY {} ({}) FROM STDIN").format(
        words.Identifier(table), words.SQL(", ").join(map(words.Identifier, columns))
    )
    session.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    with session.connection.cursor() as cursor, cursor.copy(told) as copy:
        for row in raw.execute(f'SELECT {names} FROM "{table}"'):  # noqa: S608
            copy.write_row([each.replace("\0", "\ufffd") if isinstance(each, str) else each for each in row])
    session.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def _count_on(session: Session) -> None:
    """New rows are numbered after those that are there."""
    for table, column in postgres_tables.numbered():
        counter = f"pg_get_serial_sequence('{SCHEMA}.{table}', '{column}')"
        session.execute(f'SELECT setval({counter}, coalesce(max("{column}"), 0) + 1, false) FROM "{table}"')  # noqa: S608
