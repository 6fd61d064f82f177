"""Which nights the buffer between two stays costs each unit (R393): for pages, the API and the command line."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from hub import bookings
from hub.errors import Rejected
from hub.model.lost_nights import MOST_MONTHS, Month, after, by_month
from hub.model.values import UnitId
from hub.store.engine import Tx


def lost_nights(tx: Tx, units: Collection[UnitId], day: date, months: int, now: datetime) -> dict[UnitId, list[Month]]:
    """By the stays and rules of now, of so many months from that of `day` on. Raises Rejected where that is too much."""
    if not 1 <= months <= MOST_MONTHS:
        raise Rejected(f"nights are counted over 1 to {MOST_MONTHS} months")
    first = day.replace(day=1)
    bookings.mind_reach(first)
    drawn = bookings.calendars(tx, units, first, (after(first, months) - first).days, now)
    return {unit: [*by_month(first, marks)] for unit, marks in drawn.items()}
