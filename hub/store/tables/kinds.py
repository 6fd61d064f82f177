"""What columns are made of, and the one list of tables.

Times are integer milliseconds UTC; days are ISO text; enums are their words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, Text, TypeDecorator

metadata = MetaData()

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


def required(name: str, kind: Any, *parts: Any, **more: Any) -> Column[Any]:
    return Column(name, kind, *parts, nullable=False, **more)


def flag(name: str) -> Column[Any]:
    return Column(name, Integer, CheckConstraint(f"{name} IN (0, 1)"), nullable=False, server_default="0")
