"""A reservation and the house rules: from what a calendar says to the hours a code may open a door."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_instant(day: date, at: time, zone: ZoneInfo, *, latest: bool) -> datetime:
    """The UTC instant at which the clocks of `zone` show that day and time.

    A time that the clocks skip becomes the first instant after the gap; one that they show twice becomes the second
    when `latest`, else the first.
    """
    shown = datetime.combine(day, at.replace(tzinfo=None))
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None, fold=0) != shown.replace(fold=0):
        return _transition(second, first, zone)
    return second if latest else first


def _transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks were changed: after `before`, not later than `after`."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
