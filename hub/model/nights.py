"""The nights of a unit as a calendar draws them: a byte for each, with all that speaks against sleeping, coming or leaving then.

It says of whole ranges what hub/model/availability.py says of one stay; a test compares the two.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntFlag
from functools import lru_cache
from typing import Final

from hub.model.availability import BookingRules, ClosureKind, Ground, Hours, Reason


class Night(IntFlag):
    """What speaks against a night, or against coming or leaving on the day on which it begins."""

    BOOKED = 1
    BLOCKED = 2
    HELD = 4
    CLOSED = 8
    """By a person: a blackout, or work."""
    BUFFER = 16
    NO_ARRIVAL = 32
    NO_DEPARTURE = 64
    SOON = 128
    """Over, or too soon for the notice that the house wants, or for a platform to hear of it."""


NOT_SLEPT: Final = Night.BOOKED | Night.BLOCKED | Night.HELD | Night.CLOSED | Night.BUFFER | Night.SOON
_SETS: Final = {flag: bytes(value | flag for value in range(256)) for flag in Night}
"""For each flag what becomes of a night that gets it: a whole range is marked at once."""
_BOOKED, _BLOCKED, _HELD = _SETS[Night.BOOKED], _SETS[Night.BLOCKED], _SETS[Night.HELD]
_NEAR: Final = _SETS[Night.BUFFER]


def calendar(ground: Ground, first: date, days: int, now: datetime) -> bytes:
    """One byte of `Night` flags for each of so many nights, from that of `first` on.

    A stay within them, of a length that the house allows, may be booked just when no night of it has a flag of
    NOT_SLEPT, its first day none of NO_ARRIVAL, and the day on which it ends none of NO_DEPARTURE.
    """
    rules, edges = ground.rules, _edges(ground.hours, first, days)
    nights = bytearray(_weekdays(rules, first.weekday(), days))
    buffer = rules.buffer
    for each in ground.taken:
        why = each.why  # not looked up in a dict: an enum's hash costs as much as all the rest
        before, low, high, after = _reach(edges, each.start, each.end, buffer)
        _mark(nights, low, high, _BOOKED if why is Reason.BOOKED else _BLOCKED if why is Reason.BLOCKED else _HELD)
        if before != after and why is not Reason.BLOCKED:
            _mark(nights, before, low, _NEAR)
            _mark(nights, high, after, _NEAR)
    for closure in ground.closed:
        low, high = (closure.first - first).days, (closure.until - first).days
        _mark(nights, max(low, 0), high, _SETS[_OF_CLOSURE[closure.kind]])
    today = (now.astimezone(ground.hours.zone).date() - first).days
    lead = max(rules.notice, ground.lag)
    soon = bisect_right(edges.starts, now + lead) if lead else 0
    if soon and edges.starts[soon - 1] == now + lead:
        soon -= 1  # just in time
    _mark(nights, 0, max(today, soon), _SETS[Night.SOON])
    _mark(nights, max(today + rules.advance_days + 1, 0), days, _SETS[Night.NO_ARRIVAL])
    return bytes(nights)


_OF_CLOSURE: Final = {
    ClosureKind.BLACKOUT: Night.CLOSED,
    ClosureKind.MAINTENANCE: Night.CLOSED,
    ClosureKind.NO_ARRIVAL: Night.NO_ARRIVAL,
    ClosureKind.NO_DEPARTURE: Night.NO_DEPARTURE,
}


def _mark(nights: bytearray, low: int, high: int, flagged: bytes) -> None:
    if low < high:
        nights[low:high] = nights[low:high].translate(flagged)


def _weekdays(rules: BookingRules, first: int, days: int) -> bytes:
    """The flags of the weekdays, from one that is `first`."""
    shut = frozenset(range(7)) - rules.turnover if rules.turnover else frozenset()
    week = bytes(
        (Night.NO_ARRIVAL if day in rules.no_arrival | shut else 0)
        | (Night.NO_DEPARTURE if day in rules.no_departure | shut else 0)
        for day in range(7)
    )
    return (week * (days // 7 + 2))[first : first + days]


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The instants at which the nights of some days begin and end. `_edges` makes one for all that are equal."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]

    def met(self, start: datetime, end: datetime) -> tuple[int, int]:
        """The nights that those hours meet, as a half-open range."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def near(self, low: int, high: int, start: datetime, end: datetime) -> tuple[int, int]:
        """The same, going on from a range within it: a buffer is a night or two."""
        starts, ends = self.starts, self.ends
        while low > 0 and ends[low - 1] > start:
            low -= 1
        while high < len(starts) and starts[high] < end:
            high += 1
        return low, high


@lru_cache(maxsize=64)
def _edges(hours: Hours, first: date, days: int) -> _Edges:
    """The same for all units of a property, and for all properties of a town."""
    dates = [first + timedelta(days=number) for number in range(days + 1)]
    return _Edges(tuple(map(hours.start, dates[:-1])), tuple(map(hours.end, dates[1:])))


@lru_cache(maxsize=4096)
def _reach(edges: _Edges, start: datetime, end: datetime, buffer: timedelta) -> tuple[int, int, int, int]:
    """The nights that those hours meet, from the second to the third, and with a buffer around from the first to the last.

    Most stays of a property begin and end at the hours that its rules say.
    """
    low, high = edges.met(start, end)
    before, after = edges.near(low, high, start - buffer, end + buffer) if buffer else (low, high)
    return before, low, high, after
