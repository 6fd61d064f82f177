"""What a site file says of bookings, of a property or one unit: `booking = { buffer = "4h", min_nights = 2, … }`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from hub.config import Section
from hub.model.availability import WEEK, OwnRules, Resource, bounds_broken
from hub.model.refunds import Steps, typed_steps
from hub.model.workflow import NoShow

_SPAN: Final = re.compile(r"(\d{1,5}) ?(m|min|h)?")


def read_span(value: object) -> timedelta:
    told = _SPAN.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if told is None:
        raise ValueError('must be minutes, e.g. 60, "60m" or "1h"')
    return timedelta(**{"hours" if told[2] == "h" else "minutes": int(told[1])})


def _weekdays(value: object) -> frozenset[int]:
    if isinstance(value, list) and all(day in WEEK for day in value):
        return frozenset(WEEK.index(day) for day in value)
    raise ValueError('must be days of the week, e.g. ["Sat", "Sun"]')


Weekdays = Annotated[frozenset[int], BeforeValidator(_weekdays)]
Span = Annotated[timedelta, BeforeValidator(read_span)]


def _steps(value: object) -> object:
    return typed_steps(value) if isinstance(value, str) else value


def _tenths(value: object) -> object:
    """2.9 is 29 tenths of a per cent."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError("must be a number of per cent, like 2.9")
    return round(value * 10)


Refunds = Annotated[Steps, BeforeValidator(_steps)]
Fee = Annotated[int, BeforeValidator(_tenths)]
Number = Annotated[int, Field(strict=True)]


class Booking(Section):
    """What may be booked; what is left out is as usual. `notice` and the like may be "90m" or "12h"."""

    resource: Resource | None = None
    buffer: Span | None = None
    notice: Span | None = None
    advance_days: Number | None = None
    min_nights: Number | None = None
    max_nights: Number | None = None
    capacity: Number | None = None
    children: StrictBool | None = None
    pets: StrictBool | None = None
    no_arrival: Weekdays | None = None
    no_departure: Weekdays | None = None
    turnover: Weekdays | None = None
    stale_after: Span | None = None
    no_show: NoShow | None = None
    no_show_after: Span | None = None
    refunds: Refunds | None = None
    """As `30: 100, 14: 50`: days before check-in, and per cent."""
    refund_fee: Fee | None = None
    """Of a refund, in per cent."""

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        if (wrong := bounds_broken(self.own())) is not None:
            raise ValueError(wrong)
        return self

    def own(self) -> OwnRules:
        return OwnRules(**dict(self))
