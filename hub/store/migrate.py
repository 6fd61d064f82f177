"""Bring a database to the form that this version of the hub expects, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.errors import Misconfigured
from hub.store.places import Place
from hub.store.sqlite import APPLICATION_ID, RESTORE, Damaged, connect_writer, core

if TYPE_CHECKING:
    from hub.store.postgres import Postgres

MIGRATIONS = Path(__file__).with_name("migrations")

VERSION_TABLE = "CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT NOT NULL PRIMARY KEY) STRICT"


def newest(migrations: Path = MIGRATIONS) -> str:
    """The revision this version of the hub expects. A migration's file name begins with its revision."""
    return max(file.name.partition("_")[0] for file in migrations.glob("versions/[0-9]*.py"))


def migrate(place: Place, *, back_up: Callable[[Any], object], migrations: Path = MIGRATIONS) -> bool:
    """Migrate a claimed database that nobody has open, after `back_up`; say whether anything had to be done.

    Raises:
        Misconfigured: a newer version of the hub has migrated it already.
        Damaged: it holds tables, but nothing says of which version.
    """
    if not isinstance(place, Path):
        return _migrate_postgresql(place, back_up, migrations)
    raw = connect_writer(place, synchronous="FULL")
    try:
        current = _version(raw)
        if not _is_behind(current, place, migrations):
            return False
        if current is None:
            _refuse_tables_without_a_version(raw, place)
        else:
            back_up(place)
        _upgrade(raw, place, migrations)
        return True
    finally:
        raw.close()


def _is_behind(current: str | None, place: Place, migrations: Path) -> bool:
    wanted = newest(migrations)
    if current is not None and current > wanted:
        raise Misconfigured(
            "database", f"{place} was written by a newer Gatehouse; install that, or {RESTORE} of this version"
        )
    return current != wanted


def _migrate_postgresql(place: Postgres, back_up: Callable[[Any], object], migrations: Path) -> bool:
    """As `migrate`. A new house begins with the newest form; there is no older one than that of 0004."""
    from hub.store import postgres_tables

    session = place.connect()
    with place.core(session) as sql:
        current = postgres_tables.version(sql)
        if not _is_behind(current, place, migrations):
            return False
        if current is None and postgres_tables.has_tables(sql):
            raise Damaged("database", f"{place} does not say which version wrote it; {RESTORE}")
        if current is not None:
            back_up(place)
        assert sql.in_transaction()  # SQLAlchemy's notion only: Alembic then leaves the transaction to us
        session.execute("BEGIN")
        try:
            if current is None:
                postgres_tables.create(sql, newest(migrations))
            else:
                _run(sql, migrations)
        except BaseException:
            session.execute("ROLLBACK")
            raise
        session.execute("COMMIT")
        return True


def _version(raw: sqlite3.Connection) -> str | None:
    known = raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone()
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


def _refuse_tables_without_a_version(raw: sqlite3.Connection, database: Path) -> None:
    if raw.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        raise Damaged("database", f"{database} does not say which version wrote it; {RESTORE}")


def make_file(file: Path, revision: str) -> None:
    """An empty house of that form in an empty file."""
    raw = connect_writer(file, synchronous="OFF")
    raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    _upgrade(raw, file, MIGRATIONS, revision)  # closes it
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()


def _upgrade(raw: sqlite3.Connection, database: Path, migrations: Path, revision: str = "head") -> None:
    # Source: sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes": references off, then checked.
    raw.execute("PRAGMA foreign_keys=OFF")
    with core(raw) as sql:  # rolls back as it connects, so before the transaction
        sql.begin()  # SQLAlchemy's notion only: Alembic then leaves the transaction to us
        raw.execute("BEGIN IMMEDIATE")
        try:
            raw.execute(VERSION_TABLE)
            _run(sql, migrations, revision)
            if orphan := raw.execute("PRAGMA foreign_key_check").fetchone():
                raise Damaged("database", f"{database}: rows of {orphan[0]} would refer to nothing; {RESTORE}")
        except BaseException:
            raw.execute("ROLLBACK")
            raise
        raw.execute("COMMIT")


def _run(sql: Connection, migrations: Path, revision: str = "head") -> None:
    # Imported here: on all but the first start of a version there is nothing to migrate.
    from alembic.command import upgrade
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = sql
    upgrade(config, revision)
