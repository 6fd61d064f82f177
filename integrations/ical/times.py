"""When an event is: its dates in the property's zone, and its instants where it gives a time of day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from hub.model.stays import local_instant
from integrations.ical.lines import Component, Property

LIBRARY_ERRORS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What icalendar 7.3 raises on input it does not expect, found by fuzzing; it promises only ValueError."""

_DATE: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_TIME: Final = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)", re.ASCII | re.IGNORECASE)
_DURATION: Final = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?",
    re.ASCII | re.IGNORECASE,
)


class Unusable(Exception):
    """One event cannot be used; the text says why, as a clause about it. The other events stand."""


Moment = date | datetime
"""A day, or an aware instant."""


@dataclass(frozen=True, slots=True)
class Span:
    arrival: date
    departure: date
    check_in: datetime | None = None
    check_out: datetime | None = None


class Zones:
    """The time zones of one feed: those the world knows, those Windows knows, those it defines itself."""

    def __init__(self, house: ZoneInfo, defined: Iterable[Component] = ()) -> None:
        self.house = house
        self._defined = {each.text("TZID"): each for each in defined}
        self._found: dict[str, tzinfo | None] = {}

    def find(self, tzid: str) -> tzinfo | None:
        """None: nobody knows it, so the property's own zone is meant as likely as any."""
        if tzid not in self._found:
            self._found[tzid] = _known(tzid) or self._of_windows(tzid) or self._of_feed(tzid)
        return self._found[tzid]

    def _of_windows(self, tzid: str) -> tzinfo | None:
        from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

        return _known(WINDOWS_TO_OLSON.get(tzid, ""))

    def _of_feed(self, tzid: str) -> tzinfo | None:
        defined = self._defined.get(tzid)
        if defined is None:
            return None
        located = defined.first("X-LIC-LOCATION")
        return (_known(located.value) if located else None) or _built(defined)


def _known(tzid: str) -> ZoneInfo | None:
    """By its name, also behind a vendor's prefix as in `/freeassociation.sourceforge.net/Europe/London` (RFC 5545, 3.2.19)."""
    parts = [part for part in tzid.split("/") if part]
    for first in range(min(len(parts), 8)):
        try:
            return ZoneInfo("/".join(parts[first:]))
        except (KeyError, ValueError, OSError):  # OSError: "America" is a folder
            continue
    return None


def _built(defined: Component) -> tzinfo | None:
    """A zone made of the feed's own rules. Rules that repeat more often than yearly are no time zone."""
    from icalendar import Timezone

    if any("RRULE" in line.upper() and "FREQ=YEARLY" not in line.upper() for line in defined.lines):
        return None
    try:
        built = Timezone.from_ical("\r\n".join(defined.lines))
        return built.to_tz() if isinstance(built, Timezone) else None
    except LIBRARY_ERRORS:
        return None


# ---- one event -----------------------------------------------------------------------------------------------------


def span(event: Component, zones: Zones) -> Span:
    """When an event is.

    Raises:
        Unusable: it does not say, or contradicts itself.
    """
    start = _only(event, "DTSTART")
    if start is None:
        raise Unusable("has no start")
    end, duration = _only(event, "DTEND"), _only(event, "DURATION")
    begins = moment(start, zones, latest=False)
    try:
        return between(begins, _end(begins, end, duration, zones), zones.house)
    except OverflowError as error:
        raise Unusable("ends after the year 9999") from error


def _end(begins: Moment, end: Property | None, duration: Property | None, zones: Zones) -> Moment:
    if end is not None:
        return moment(end, zones, latest=True)
    if duration is not None:
        return begins + _duration(duration.value, begins)
    if isinstance(begins, datetime):
        raise Unusable("has a time of day but no end")
    return begins


def between(begins: Moment, ends: Moment, house: ZoneInfo) -> Span:
    """From one moment to another. Raises Unusable, and OverflowError at the end of time."""
    if isinstance(begins, datetime) != isinstance(ends, datetime):
        raise Unusable("starts with a day and ends with a time of day, or the other way round")
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        if ends <= begins:
            raise Unusable("ends when it starts, or before")
        return Span(_local_day(begins, house), _local_day(ends, house), begins, ends)
    if ends < begins:
        raise Unusable("ends before it starts")
    return Span(begins, max(ends, begins + timedelta(days=1)))  # a day that ends on itself is one night


def moment(found: Property, zones: Zones, *, latest: bool) -> Moment:
    """A date or an instant. A time that the clocks show twice is the second one if `latest`, else the first.

    Raises:
        Unusable: it is neither.
    """
    name = {"DTSTART": "a start", "DTEND": "an end"}.get(found.name, found.name)
    try:
        if day := _DATE.fullmatch(found.value):
            return date(*map(int, day.groups()))
        stamp = _TIME.fullmatch(found.value)
        if stamp is None:
            raise Unusable(f"has {name} that is no date: {found.value[:40]!r}")
        year, month, day_, hour, minute, second = (int(part) for part in stamp.groups()[:6])
        day_of = date(year, month, day_)
        if found.params.get("VALUE", "").upper() == "DATE":
            return day_of
        at = time(hour, minute, min(second, 59))  # a leap second is nobody's check-in
        return _instant(day_of, at, zone_of(found, zones), latest=latest)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"has {name} that does not exist: {found.value[:40]!r}") from error


def zone_of(found: Property, zones: Zones) -> tzinfo:
    """Whose clocks a time is shown on: UTC, the named zone, else those of the property."""
    if found.value[-1:] in {"Z", "z"}:
        return UTC
    tzid = found.params.get("TZID")
    return (zones.find(tzid) if tzid else None) or zones.house


def _instant(day: date, at: time, zone: tzinfo, *, latest: bool) -> datetime:
    if isinstance(zone, ZoneInfo):
        return local_instant(day, at, zone, latest=latest)
    return datetime.combine(day, at, zone).astimezone(UTC)


def _duration(text: str, begins: Moment) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        raise Unusable(f"has a duration that is none: {text[:40]!r}")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if found[1] == "-":
        raise Unusable("lasts less than nothing")
    if not isinstance(begins, datetime) and length % timedelta(days=1):
        raise Unusable("starts with a day but does not last whole days")
    return length


def _only(event: Component, name: str) -> Property | None:
    """The one property of that name; two that say the same are one."""
    found = event.all(name)
    if any(each != found[0] for each in found[1:]):
        raise Unusable(f"has two different {name}")
    return found[0] if found else None


def _local_day(instant: datetime, house: ZoneInfo) -> date:
    return instant.astimezone(house).date()


def start_day(event: Component, zones: Zones) -> date | None:
    """The day on which an event begins, whatever else is wrong with it."""
    start = event.first("DTSTART")
    try:
        begins = moment(start, zones, latest=False) if start else None
    except Unusable:
        return None
    return _local_day(begins, zones.house) if isinstance(begins, datetime) else begins
