"""When somebody who comes again may open doors: always, at weekly hours, or while a unit is made ready between two stays.

Hours are said in local time and become windows in UTC here, in the nights in which the clocks are changed too. A window
that is worked out twice is the same both times, whenever in between that is done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from hub.model.stays import local_instant
from hub.model.values import UnitId, Window

LEAD: Final = timedelta(minutes=5)
"""So long before its hours a code begins to work: a lock that sleeps is not told in the same minute, and clocks differ."""
SAME_USE: Final = timedelta(seconds=15)
"""Two reports so close to each other are of one turn of the key. As ECHO in hub/sightings.py."""
LONGEST_TURNOVER: Final = timedelta(hours=8)
"""Unless somebody says otherwise; without an end a cleaner's code would last until the next guest of the season."""

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The same hours on one day of every week, by the clocks of the property."""

    day: int
    """0 is Monday."""
    start: time
    end: time
    """Not later than `start`: of the day after."""

    def __post_init__(self) -> None:
        if not 0 <= self.day <= 6:
            raise ValueError("a week has the days 0 to 6")

    @property
    def minutes(self) -> range:
        """Of the week, counted from Monday 00:00; may go on beyond its end."""
        begins = self.day * 1440 + _minute(self.start)
        length = _minute(self.end) - _minute(self.start)
        return range(begins, begins + (length if length > 0 else length + 1440))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


@dataclass(frozen=True, slots=True)
class Always:
    """Whenever the pass itself is good."""


@dataclass(frozen=True, slots=True)
class EveryWeek:
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Turnover:
    """From the check-out of each stay in a unit to the next check-in, and no longer than `longest`."""

    unit: UnitId | None
    """None: the unit was removed, and there is nothing to make ready."""
    longest: timedelta = LONGEST_TURNOVER


ALWAYS: Final = Always()
When = Always | EveryWeek | Turnover


# ---- windows --------------------------------------------------------------------------------------------------------


def next_window(
    when: When, good: Window, zone: ZoneInfo, stays: Sequence[Window], now: datetime, *, lead: timedelta = LEAD
) -> Window | None:
    """The window that is open at `now`, else the next one; None: none is in sight.

    Args:
        good: from when until when the pass is good at all.
        stays: of a turnover's unit, from check-in to check-out.
        lead: is inside the window that is returned, as with stays.
    """
    match when:
        case Always():
            found: Iterable[Window] = (good,)
        case EveryWeek(spans=spans):
            found = (good,) if whole_week(spans) else weekly(spans, zone, now)
        case Turnover(longest=longest):
            found = turnovers(stays, longest)
        case _:
            assert_never(when)
    ahead = (cut for window in found if (cut := _overlap(window, good)) is not None and not cut.over(now))
    window = min(ahead, key=lambda window: window.start, default=None)
    return None if window is None else Window(window.start - lead, window.end)


def _overlap(one: Window, other: Window) -> Window | None:
    start = max(one.start, other.start)
    end = min((end for end in (one.end, other.end) if end is not None), default=None)
    return Window(start, end) if end is None or start < end else None


def weekly(spans: Collection[Span], zone: ZoneInfo, now: datetime) -> Sequence[Window]:
    """The windows about `now`, two weeks back and two ahead; those that touch are one."""
    today = now.astimezone(zone).date()
    return _weeks(tuple(sorted(spans)), zone, today - timedelta(days=today.weekday()))


@lru_cache(maxsize=512)
def _weeks(spans: tuple[Span, ...], zone: ZoneInfo, monday: date) -> Sequence[Window]:
    """Worked out once for each week, as it is asked for at every door that is opened."""
    weeks = (_on_days(spans, zone, monday + number * _WEEK) for number in range(-2, 3))
    return tuple(_merged(window for week in weeks for window in week))


def _on_days(spans: tuple[Span, ...], zone: ZoneInfo, monday: date) -> Iterator[Window]:
    for span in spans:
        day = monday + span.day * _DAY
        start = local_instant(day, span.start, zone, latest=False)
        end = local_instant(day if span.end > span.start else day + _DAY, span.end, zone, latest=True)
        if start < end:  # hours that the clocks leap over altogether do not come on that day
            yield Window(start, end)


def _merged(windows: Iterable[Window]) -> list[Window]:
    merged: list[Window] = []
    for window in sorted(windows, key=lambda window: window.start):
        last = merged[-1] if merged else None
        if last is not None and last.end is not None and window.end is not None and window.start <= last.end:
            merged[-1] = Window(last.start, max(last.end, window.end))
        else:
            merged.append(window)
    return merged


@lru_cache(maxsize=512)
def whole_week(spans: tuple[Span, ...]) -> bool:
    """Whether no minute of the week is left out."""
    return len({minute % (7 * 1440) for span in spans for minute in span.minutes}) == 7 * 1440


def turnovers(stays: Sequence[Window], longest: timedelta) -> list[Window]:
    """From each check-out to the next check-in. None where another guest is in the unit at check-out."""
    found = []
    for stay in stays:
        if stay.end is None:
            continue
        later = [other.start for other in stays if other.end is None or other.end > stay.end]
        end = min([stay.end + longest, *later])
        if stay.end < end:
            found.append(Window(stay.end, end))
    return sorted(set(found), key=lambda window: window.start)


# ---- uses -----------------------------------------------------------------------------------------------------------


def new_uses(known: Collection[datetime], seen: Iterable[datetime]) -> list[datetime]:
    """Those of the reported uses that were not counted yet; a doubled or repeated report is no use."""
    counted, fresh = list(known), []
    for at in sorted(seen):
        if all(abs(at - other) >= SAME_USE for other in counted):
            counted.append(at)
            fresh.append(at)
    return fresh


# ---- hours in words -------------------------------------------------------------------------------------------------

_SPAN: Final = re.compile(
    r"(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+(?P<start>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d)", re.IGNORECASE
)


def read_hours(text: str) -> tuple[Span, ...]:
    """Hours as people write them: `Mon-Fri 08:00-17:00; Sat 22:00-02:00`. The days of `Sat-Mon` go over the week's end.

    Raises:
        ValueError: with how to write them.
    """
    found = set[Span]()
    for part in filter(None, (each.strip() for each in re.split(r"[;\n]", text))):
        told = _SPAN.fullmatch(part)
        if told is None:
            raise ValueError(f"“{part}” is not hours of the week; write them like Mon-Fri 08:00-17:00; Sat 10:00-12:00")
        start, end = _time(told["start"]), _time(told["end"])
        found |= {Span(day, start, end) for day in _days(told["days"])}
    if not found:
        raise ValueError("hours are needed; write them like Mon-Fri 08:00-17:00; Sat 10:00-12:00")
    return tuple(sorted(found))


def _time(text: str) -> time:
    try:
        return time(0) if text == "24:00" else time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a time of day; write it like 08:00") from None


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = (each.strip().capitalize() for each in part.partition("-"))
        for day in (first, last or first):
            if day not in DAYS:
                raise ValueError(f"“{day}” is not a day; write {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        yield from ((begin + number) % 7 for number in range((end - begin) % 7 + 1))


def hours_in_words(spans: Iterable[Span]) -> str:
    """So that `read_hours` reads the same; days that follow each other with the same hours are said together."""
    by_hours: dict[tuple[time, time], list[int]] = {}
    for span in sorted(spans):
        by_hours.setdefault((span.start, span.end), []).append(span.day)
    told = [(days, start, end) for (start, end), days in by_hours.items()]
    return "; ".join(f"{_days_in_words(days)} {start:%H:%M}-{end:%H:%M}" for days, start, end in sorted(told))


def _days_in_words(days: Sequence[int]) -> str:
    runs = [[days[0]]]
    for before, day in pairwise(days):
        if day == before + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)
