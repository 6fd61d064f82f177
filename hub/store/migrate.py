"""Bring a database to the form that this version of the hub expects, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from hub.errors import Misconfigured
from hub.store.sqlite import RESTORE, Damaged, connect_writer, core

MIGRATIONS = Path(__file__).with_name("migrations")

VERSION_TABLE = "CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT NOT NULL PRIMARY KEY) STRICT"


def newest(migrations: Path = MIGRATIONS) -> str:
    """The revision this version of the hub expects. A migration's file name begins with its revision."""
    return max(file.name.partition("_")[0] for file in migrations.glob("versions/[0-9]*.py"))


def migrate(database: Path, *, back_up: Callable[[Path], object], migrations: Path = MIGRATIONS) -> bool:
    """Migrate a claimed database that nobody has open, after `back_up`; say whether anything had to be done.

    Raises:
        Misconfigured: a newer version of the hub has migrated it already.
        Damaged: it holds tables, but nothing says of which version.
    """
    raw = connect_writer(database, synchronous="FULL")
    try:
        wanted, current = newest(migrations), _version(raw)
        if current == wanted:
            return False
        if current is None:
            _refuse_tables_without_a_version(raw, database)
        elif current > wanted:
            raise Misconfigured(
                "database", f"{database} was written by a newer Gatehouse; install that, or {RESTORE} of this version"
            )
        else:
            back_up(database)
        _upgrade(raw, database, migrations)
        return True
    finally:
        raw.close()


def _version(raw: sqlite3.Connection) -> str | None:
    known = raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone()
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


def _refuse_tables_without_a_version(raw: sqlite3.Connection, database: Path) -> None:
    if raw.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        raise Damaged("database", f"{database} does not say which version wrote it; {RESTORE}")


def _upgrade(raw: sqlite3.Connection, database: Path, migrations: Path) -> None:
    # Source: sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes": references off, then checked.
    raw.execute("PRAGMA foreign_keys=OFF")
    with core(raw) as sql:  # rolls back as it connects, so before the transaction
        sql.begin()  # SQLAlchemy's notion only: Alembic then leaves the transaction to us
        raw.execute("BEGIN IMMEDIATE")
        try:
            raw.execute(VERSION_TABLE)
            _run(sql, migrations)
            if orphan := raw.execute("PRAGMA foreign_key_check").fetchone():
                raise Damaged("database", f"{database}: rows of {orphan[0]} would refer to nothing; {RESTORE}")
        except BaseException:
            raw.execute("ROLLBACK")
            raise
        raw.execute("COMMIT")


def _run(sql: Connection, migrations: Path) -> None:
    # Imported here: on all but the first start of a version there is nothing to migrate.
    from alembic.command import upgrade
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = sql
    upgrade(config, "head")
