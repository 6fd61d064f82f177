"""Pages of a list by position, never by number: what is added or taken away meanwhile is neither skipped nor told twice.

A cursor is where a page ended. It is opaque to programs; whatever has its form is a position, so there is none that lies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from web.api.wire import In, Out, read_whole

Row = TypeVar("Row")
Item = TypeVar("Item", bound=Out)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)

Limit = Annotated[int, Field(ge=1, le=200, description="how many at most"), BeforeValidator(read_whole)]


def _of_form(form: str) -> AfterValidator:
    def check(cursor: str) -> str:
        if not re.fullmatch(form, cursor):
            raise ValueError("must be `next` of the page before, or be left out")
        return cursor

    return AfterValidator(check)


def _told(form: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{form}$", "description": "`next` of the page before"})


_NAME = "[!-~]{1,300}"
_TIME_AND_ID = "[0-9a-f]{12}-[0-9A-Za-z]{1,40}"
_TIME_AND_NUMBER = "[0-9a-f]{12}-[0-9]{1,15}"
_NUMBER = "[0-9]{1,9}"

NameCursor = Annotated[str, _of_form(_NAME), _told(_NAME)]
TimeCursor = Annotated[str, _of_form(_TIME_AND_ID), _told(_TIME_AND_ID)]
NumberCursor = Annotated[str, _of_form(_NUMBER), _told(_NUMBER)]
NumberedTimeCursor = Annotated[str, _of_form(_TIME_AND_NUMBER), _told(_TIME_AND_NUMBER)]


class ByName(In):
    """A page of a list that is ordered by a name."""

    cursor: NameCursor = ""
    limit: Limit = 50


class ByNumber(In):
    """A page of a list whose rows are numbered."""

    cursor: NumberCursor = ""
    limit: Limit = 50

    @property
    def after(self) -> int:
        return int(self.cursor or 0)


class ByTime(In):
    """A page of a list that is ordered by time."""

    cursor: TimeCursor = ""
    limit: Limit = 50


class Page(Out, Generic[Item]):
    items: list[Item]
    next: str | None = Field(description="the cursor of the next page; null: this is the last")


@dataclass(frozen=True, slots=True)
class Cut(Generic[Row]):
    rows: Sequence[Row]
    next: str | None


def cut_by_name(rows: Sequence[Row], name: Callable[[Row], str], asked: ByName) -> Cut[Row]:
    """A page of a list that is short enough to be read whole."""
    after = sorted((row for row in rows if _ascii(name(row)) > asked.cursor), key=lambda row: _ascii(name(row)))
    return cut(after, lambda row: _ascii(name(row)), asked.limit)


def cut(rows: Sequence[Row], position: Callable[[Row], str], limit: int) -> Cut[Row]:
    """The first `limit` of rows that were read with one to spare."""
    page = rows[:limit]
    return Cut(page, position(page[-1]) if len(rows) > limit else None)


def _ascii(name: str) -> str:
    """Order is by these characters alone, so that a cursor needs no escaping."""
    return name.encode("ascii", "backslashreplace").decode().replace(" ", "_")


def position(at: datetime, id_: str) -> str:
    return f"{max(0, (at - _EPOCH) // timedelta(milliseconds=1)):012x}-{id_}"


def parsed(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    at, _, id_ = cursor.partition("-")
    return _EPOCH + timedelta(milliseconds=min(int(at, 16), _LAST_MS)), id_
