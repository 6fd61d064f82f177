"""Events that repeat: each occurrence becomes an event of its own, within limits that no rule can exceed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.model.values import utc
from integrations.ical.lines import Component
from integrations.ical.times import LIBRARY_ERRORS, Moment, Span, Unusable, Zones, between, moment, span, zone_of

if TYPE_CHECKING:
    from icalendar import Event

HORIZON: Final = timedelta(days=731)
"""How far ahead occurrences are told."""
_BACK: Final = timedelta(days=31)
"""How far back: a stay that is under way began before now."""
_EARLIEST: Final = date(1990, 1, 1)
_MOST_EXCEPTIONS: Final = 2_000

_PERIODS: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_PARTS: Final = {
    "FREQ": re.compile(r"[A-Z]{1,10}"),
    "INTERVAL": re.compile(r"[1-9][0-9]{0,3}"),
    "COUNT": re.compile(r"[1-9][0-9]{0,9}"),
    "UNTIL": re.compile(r"[0-9]{8}(?:T[0-9]{6}Z?)?"),
    "BYDAY": re.compile(r"(?:[+-]?[0-9]{0,2}(?:MO|TU|WE|TH|FR|SA|SU)(?:,|$))+"),
    "BYMONTHDAY": re.compile(r"(?:[+-]?(?:0?[1-9]|[12][0-9]|3[01])(?:,|$))+"),
    "BYMONTH": re.compile(r"(?:(?:0?[1-9]|1[0-2])(?:,|$))+"),
    "BYSETPOS": re.compile(r"(?:[+-]?[0-9]{1,3}(?:,|$))+"),
    "WKST": re.compile(r"MO|TU|WE|TH|FR|SA|SU"),
}
"""What a rule may be made of. With BYHOUR, BYMINUTE and BYSECOND a daily rule could repeat every second."""
_NOT_IN_SHORT_PERIODS: Final = frozenset({"BYMONTHDAY", "BYSETPOS"})
"""Of little use in a daily or weekly rule, and one that never comes true is searched for up to the year 9999."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    event: Component
    """What describes it: the repeating event, or the one that replaces this occurrence."""
    key: str
    """When it was to start by the rule, so that it stays the same when it is moved."""
    span: Span


def repeats(event: Component) -> bool:
    return any(event.first(name) for name in ("RRULE", "RDATE", "EXRULE", "RECURRENCE-ID"))


def occurrences(events: Sequence[Component], zones: Zones, now: datetime) -> list[Occurrence]:
    """Those of one repeating event, and of the events that replace some of its occurrences; all have one UID.

    Raises:
        Unusable: it repeats in a way that is not followed.
    """
    simple = [_simplified(event, number, zones) for number, event in enumerate(events)]
    import recurring_ical_events
    from icalendar import Calendar

    calendar = Calendar()
    calendar.subcomponents.extend(simple)
    try:
        found = recurring_ical_events.of(calendar).between((now - _BACK).date(), (now + HORIZON).date())
    except LIBRARY_ERRORS as error:
        raise Unusable("repeats in a way that cannot be understood") from error
    return [_occurrence(each, events, zones) for each in found]


def _occurrence(found: Event, events: Sequence[Component], zones: Zones) -> Occurrence:
    planned = found.RECURRENCE_ID or found.start
    described = events[int(str(found["X-NUMBER"]))]
    return Occurrence(
        described, _plain(planned).isoformat(), between(_plain(found.start), _plain(found.end), zones.house)
    )


def _plain(value: Moment) -> Moment:
    return utc(value) if isinstance(value, datetime) else value


# ---- an event reduced to when it is --------------------------------------------------------------------------------


def _simplified(event: Component, number: int, zones: Zones) -> Event:
    """An event for the library that holds nothing but times known to be good."""
    from icalendar import Event

    when = span(event, zones)
    start = event.first("DTSTART")
    zone = zone_of(start, zones) if start else zones.house
    begins = when.check_in.astimezone(zone) if when.check_in else when.arrival
    ends = when.check_out.astimezone(zone) if when.check_out else when.departure
    if when.arrival < _EARLIEST:
        raise Unusable(f"repeats since before {_EARLIEST.year}")
    made = Event()
    made.add("UID", "one")
    made.add("X-NUMBER", str(number))
    made.add("DTSTART", begins)
    made.add("DTEND", ends)
    for rule in _rules(event, begins):
        made.add("RRULE", rule)
    for name in ("EXDATE", "RDATE", "RECURRENCE-ID"):
        for each in _moments(event, name, begins, zones):
            made.add(name, each)
    return made


def _rules(event: Component, begins: Moment) -> list[dict[str, Any]]:
    """The rule as the library wants it; none or one."""
    if event.first("EXRULE") or len(event.all("RRULE")) > 1:
        raise Unusable("repeats by more than one rule")
    return [_rule(found.value.upper(), begins) for found in event.all("RRULE")]


def _rule(text: str, begins: Moment) -> dict[str, Any]:
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    for name, value in parts.items():
        if name not in _PARTS:
            raise Unusable(f"repeats by {name[:20]}, which is not followed")
        if not _PARTS[name].fullmatch(value):
            raise Unusable(f"repeats by a rule that cannot be read: {name}={value[:20]}")
    period = parts.get("FREQ", "")
    if period not in _PERIODS:
        raise Unusable("repeats more often than daily, or without saying how often")
    if period in {"DAILY", "WEEKLY"} and (odd := _NOT_IN_SHORT_PERIODS & parts.keys()):
        raise Unusable(f"repeats {period.lower()} by {', '.join(sorted(odd))}, which is not followed")
    from icalendar.prop import vRecur

    try:
        rule: dict[str, Any] = vRecur.from_ical(";".join(f"{name}={value.strip(',')}" for name, value in parts.items()))
    except LIBRARY_ERRORS as error:
        raise Unusable("repeats by a rule that cannot be read") from error
    return rule


def _moments(event: Component, name: str, begins: Moment, zones: Zones) -> list[Moment]:
    """The dates of EXDATE, RDATE or RECURRENCE-ID, of the same kind and in the same zone as the start."""
    found: list[Moment] = []
    for each in event.all(name):
        if "RANGE" in each.params:
            raise Unusable("changes all of its later occurrences, which is not followed")
        for value in each.value.split(","):
            found.append(_like(begins, moment(replace(each, value=value.strip()), zones, latest=False)))
            if len(found) > _MOST_EXCEPTIONS:
                raise Unusable(f"has more than {_MOST_EXCEPTIONS} exceptions")
    return found


def _like(begins: Moment, other: Moment) -> Moment:
    if isinstance(begins, datetime):
        return (
            other.astimezone(begins.tzinfo) if isinstance(other, datetime) else datetime.combine(other, begins.timetz())
        )
    return other.date() if isinstance(other, datetime) else other
