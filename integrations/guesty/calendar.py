"""The days of a listing in Guesty's calendar.

Sources: Open API reference, “Retrieve the calendar for a single listing” (`startDate`, and `endDate`, the last day to be
returned); guides “Calendar Block Types” (of an unavailable day the letters of what blocks it are `true`) and “Calendar
webhooks” with “Optimized Calendar Webhook and Endpoint”; samples guesty_calendar_day and guesty_calendar_block_types. That the
days stand under `data.days` is as integrators read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from hub.contracts.accounts import let_in, listed
from hub.contracts.fields import Fields
from hub.contracts.nights import Days, days_of
from hub.errors import Rejected
from hub.io.api import told
from hub.model.values import StayKind
from integrations.guesty.reading import KEYS, Get

CALENDARS: Final = "/v1/availability-pricing/api/calendar/listings"

_BY_PEOPLE: Final = {"o": StayKind.OWNER, "m": StayKind.BLOCK, "ic": StayKind.BLOCK}
"""An owner's reservation, a manual block, and an event of a calendar that Guesty imports. All others are Guesty's own bookings
(`r`, `b`), or rules by which it sells no more nights there (`bd`, `sr`, `abl`, `a`, `bw`, `pt`, `an`): the house has its own."""


async def closed_by_people(get: Get, listing: str, first: date, last: date) -> Days:
    rows, who = await _days(get, listing, first, last)
    return days_of(rows, who, first, _kind)


def _kind(day: Fields) -> StayKind | None:
    blocks = day.inside_of("blocks")
    return next((kind for letter, kind in _BY_PEOPLE.items() if blocks.yes(letter)), None)


async def closed(get: Get, listing: str, first: date, last: date) -> bool:
    """Whether none of these nights can be booked there."""
    days = [Fields(day) for day in (await _days(get, listing, first, last))[0] if isinstance(day, Mapping)]
    return bool(days) and not any(
        day.text("status") == "available" and f"{first}" <= day.text("date") <= f"{last}" for day in days
    )


async def _days(get: Get, listing: str, first: date, last: date) -> tuple[list[Any], str]:
    answer = await get(f"{CALENDARS}/{listing}", [("startDate", f"{first}"), ("endDate", f"{last}")])
    if answer.status in (404, 410):
        raise Rejected(f"{answer.host} knows no calendar of this listing ({answer.status})")
    return listed(told(let_in(answer, KEYS)), answer.host, "data", "days"), answer.host


def changed_in(said: Fields) -> str:
    """The listing whose calendar a webhook says has changed: `listing.calendar.updated`, or the lean `calendar.updated.v2`."""
    if said.there("dateRange") is not None:
        return said.text("listingId")
    return next((day.text("listingId") for day in said.each("calendar")), "")
