"""The house's tables in PostgreSQL, as hub/store/tables says them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from hub.errors import Misconfigured
from hub.store.postgres import SCHEMA
from hub.store.tables import metadata

FOLLOWING = ("kept_nights",)
"""Tables that hold nothing but what follows from the rows of others (hub/store/tables/ledgers.py)."""
VERSION_TABLE = 'CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT COLLATE "C" NOT NULL PRIMARY KEY)'


def version(sql: Connection) -> str | None:
    known = sql.exec_driver_sql(f"SELECT to_regclass('{SCHEMA}.alembic_version')").scalar()
    found: str | None = (
        None if known is None else sql.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    )
    return found


def has_tables(sql: Connection) -> bool:
    found = sql.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = :here"), {"here": SCHEMA}).scalar()
    return bool(found)


def create(sql: Connection, revision: str) -> None:
    """Every table, with what it forbids, marked as of that revision."""
    _refuse_without_ranges(sql)
    _say_what_is_partial()
    metadata.create_all(sql, checkfirst=False)
    sql.exec_driver_sql(VERSION_TABLE)
    sql.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def numbered() -> list[tuple[str, str]]:
    """The columns that the database numbers by itself, with their tables."""
    found = ((table.name, table.autoincrement_column) for table in metadata.sorted_tables)
    return [(name, column.name) for name, column in found if column is not None]


def _refuse_without_ranges(sql: Connection) -> None:
    if sql.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'")).first() is None:
        raise Misconfigured(
            "database", "its server lacks the extension btree_gist; install PostgreSQL's contrib modules"
        )


def _say_what_is_partial() -> None:
    # Said here and not beside SQLite's: SQLAlchemy loads all of a dialect as soon as an option of it is named.
    for table in metadata.tables.values():
        for index in table.indexes:
            where: Any = index.dialect_options["sqlite"]["where"]
            index.dialect_options["postgresql"]["where"] = where
