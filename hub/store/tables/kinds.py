"""What columns are made of, and the one list of tables.

Times are integer milliseconds UTC; days are ISO text; enums are their words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import DDL, CheckConstraint, Column, Integer, MetaData, Table, Text, TypeDecorator, event

metadata = MetaData()

NIGHTS_OF_A_UNIT, CODES_OF_A_LOCK = 1, 2
"""Which of PostgreSQL's advisory locks: those of one kind are told apart by what they are about."""

FREE_AT = "CASE WHEN {0}.left_at BETWEEN {0}.check_in AND {0}.check_out THEN {0}.left_at ELSE {0}.check_out END"
"""When a row of `stays` takes its unit no more (hub/model/stays.py)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime kept as whole milliseconds since 1970, UTC; cut, so that nothing is ever kept as later than it was."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], datetime | None]:
        """Not `process_result_value`, which costs a second call for each value, and an access log has many."""
        return _read_instant


def _read_instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


class Day(TypeDecorator[date]):
    """A local calendar day kept as `2026-11-21`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Any) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)


def table(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


def ruled(table: Table, *statements: str, database: str) -> None:
    """What else a table is made with, in the words of one database."""
    for statement in statements:
        made = DDL(statement.replace("%", "%%")).execute_if(dialect=database)  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", made)


def sqlite_rule(table: Table, name: str, rule: str) -> None:
    """A trigger."""
    ruled(table, f"CREATE TRIGGER {name} {rule}", database="sqlite")


def postgresql_rule(table: Table, name: str, when: str, body: str) -> None:
    """A trigger and its function."""
    ruled(
        table,
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n{body}\n$$",
        f"CREATE TRIGGER {name} {when} ON {table.name} FOR EACH ROW EXECUTE FUNCTION {name}()",
        database="postgresql",
    )


def required(name: str, kind: Any, *parts: Any, **more: Any) -> Column[Any]:
    return Column(name, kind, *parts, nullable=False, **more)


def flag(name: str) -> Column[Any]:
    return Column(name, Integer, CheckConstraint(f"{name} IN (0, 1)"), nullable=False, server_default="0")
