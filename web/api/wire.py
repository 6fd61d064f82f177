"""The small types of the wire: each reads exactly what its schema describes, and the schema describes all that it reads."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema

_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,8})")

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def read_instant(value: object) -> datetime:
    """Source: RFC 3339 section 5.6. A leap second is the second after the 59th; what no calendar here reaches is its edge."""
    form = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        raise ValueError("must be a date and time with its zone, as 2026-11-21T15:00:00Z")
    day, clock, second, fraction, zone = form.groups()
    leap = timedelta(seconds=1 if second == "60" else 0)
    try:
        shown = datetime.fromisoformat(f"{day}T{clock}:{'59' if leap else second}{(fraction or '')[:7]}{zone.upper()}")
    except ValueError as error:
        raise ValueError("is not a date and time that exists; write it as 2026-11-21T15:00:00Z") from error
    try:
        return (shown + leap).astimezone(UTC)
    except OverflowError:
        return _EARLIEST if shown.year == 1 else _LATEST


def _read_day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day, as 2026-11-21")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is not a day that exists; write it as 2026-11-21") from error


def _read_time(value: object) -> time:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("must be a time of day, as 15:00")
    return time.fromisoformat(value)


def read_whole(value: object) -> int:
    """Of a query, where everything is text."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError("must be a whole number")
    return int(value)


def _read_flag(value: object) -> bool:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def _write_instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[
    datetime,
    PlainValidator(read_instant),
    PlainSerializer(_write_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Told = Annotated[
    datetime,
    PlainSerializer(_write_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant that we tell; always UTC."""
Day = Annotated[date, PlainValidator(_read_day), WithJsonSchema({"type": "string", "format": "date"})]
TimeOfDay = Annotated[
    time,
    PlainValidator(_read_time),
    WithJsonSchema({"type": "string", "pattern": f"^({_TIME.pattern})$", "examples": ["15:00"]}),
]
Flag = Annotated[bool, BeforeValidator(_read_flag)]
"""True or false in a query."""


def read_integer(value: object) -> object:
    """Source: JSON Schema 2020-12 Validation section 6.1.1: a number without a fraction is an integer, however it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(read_integer)


class In(BaseModel):
    """What is sent to us. Nothing is guessed: an unknown field or another type is refused."""

    # Deferred: a hub starts without preparing two hundred shapes of which most days need ten; each is made at its first use.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Out(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Nothing(In):
    """No query, or no body."""
