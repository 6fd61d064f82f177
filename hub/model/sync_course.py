"""How well a channel did from day to day, what went wrong most often, and how long news took. Pure; a day is one of UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Final

_DAY: Final = timedelta(days=1)


class Cause(Enum):
    """What an error means to whoever has to do something about it, whichever words it came in."""

    SLOWER = "slower", "it asked us to slow down"
    SILENT = "silent", "it did not answer, or could not be reached"
    TROUBLE = "trouble", "it had trouble of its own"
    KEY = "key", "it did not let us in: the key, the password or what they allow"
    MISSING = "missing", "it did not know the booking, the listing or the address"
    TAKEN = "taken", "it refused the nights: not free there, or against its rules"
    REFUSED = "refused", "it refused what it was told"
    GARBLED = "garbled", "it answered something that cannot be understood"
    OTHER = "other", "something else"

    words: str

    def __new__(cls, value: str, words: str) -> Cause:
        made = object.__new__(cls)
        made._value_ = value
        made.words = words
        return made


_BY_STATUS: Final = {
    401: Cause.KEY, 403: Cause.KEY, 404: Cause.MISSING, 408: Cause.SILENT, 409: Cause.TAKEN, 410: Cause.MISSING,
    425: Cause.SLOWER, 429: Cause.SLOWER,
}  # fmt: skip
_STATUS: Final = re.compile(r"\b([45]\d\d)\b\)?")
# The hub's own words for what it met (hub/io, hub/contracts, integrations): the most telling first.
_BY_WORDS: Final = (
    (Cause.SLOWER, r"slow down|asked us to wait|as often as it allows"),
    (Cause.KEY, r"does not accept|does not let us in|gives no access token|not write into it|not shared with|API key"),
    (Cause.TAKEN, r"not free there|own rules|not available|restricted"),
    (Cause.SILENT, r"did not answer|cannot be reached|was not found|has no address|broke off|hung up|reset|closed the"),
    (Cause.TROUBLE, r"trouble of its own"),
    (Cause.MISSING, r"does not know|knows no|nothing at this address|not any more|no unit here"),
    (Cause.GARBLED, r"not JSON|cannot be read|be understood|without (the|what|its|an end)|unpacked|tells of|reading it took"),
    (Cause.REFUSED, r"refuse|does not take|did not close|not followed"),
)  # fmt: skip


def cause_of(words: str) -> Cause:
    """By a status where one is named, else by the words."""
    for found in _STATUS.finditer(words):
        status = int(found[1])
        named = _BY_STATUS.get(status) or (Cause.TROUBLE if status >= 500 else None)
        if named is not None:
            return named
    by_words = (cause for cause, known in _BY_WORDS if re.search(known, words, re.IGNORECASE))
    return next(by_words, Cause.REFUSED if _STATUS.search(words) else Cause.OTHER)


@dataclass(frozen=True, slots=True)
class Pattern:
    cause: Cause
    count: int
    last: datetime
    words: str
    """As it was said last."""


def patterns(failures: Iterable[tuple[datetime, str]]) -> list[Pattern]:
    """The most frequent first; of as many, the latest."""
    found: dict[Cause, Pattern] = {}
    for at, words in sorted(failures, key=lambda each: each[0]):
        cause = cause_of(words)
        before = found.get(cause)
        found[cause] = Pattern(cause, 1 if before is None else before.count + 1, at, words)
    return sorted(found.values(), key=lambda each: (-each.count, -each.last.timestamp()))


@dataclass(frozen=True, slots=True)
class DayCourse:
    day: date
    told: tuple[int, int]
    """Of so many tries to let it know, so many went well: (well, all)."""
    read: float | None
    """The share of the day in which it could be read; None: nobody could say."""


def course(
    days: int,
    now: datetime,
    told: Sequence[tuple[datetime, bool]],
    outages: Sequence[tuple[datetime, datetime]],
    since: datetime | None,
) -> list[DayCourse]:
    """The last days, today last.

    Args:
        told: when it was tried to let it know, and whether that went well.
        outages: when it could not be read.
        since: since when it is read; None: it is not.
    """
    today, counted = now.astimezone(UTC).date(), dict[date, tuple[int, int]]()
    for at, well in told:
        day = at.astimezone(UTC).date()
        good, all_ = counted.get(day, (0, 0))
        counted[day] = good + well, all_ + 1
    found = []
    for number in range(days - 1, -1, -1):
        day = today - timedelta(days=number)
        begins = datetime.combine(day, time(), UTC)
        start, end = max(begins, since or begins), min(begins + _DAY, now)
        read = None if since is None or end <= start else readable(outages, start, end)
        found.append(DayCourse(day, counted.get(day, (0, 0)), read))
    return found


def outages_in(heard: Iterable[tuple[datetime, bool]], now: datetime) -> list[tuple[datetime, datetime]]:
    """It fails from a failure to the next good reading; what was before the first line went well."""
    found, failing = list[tuple[datetime, datetime]](), None
    for at, well in heard:
        if well and failing is not None:
            found.append((failing, at))
            failing = None
        elif not well and failing is None:
            failing = at
    return found if failing is None else [*found, (failing, max(failing, now))]


def readable(outages: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> float:
    """The share of the time between that is in no outage."""
    if end <= start:
        return 0.0 if any(first <= start <= last for first, last in outages) else 1.0
    bad = sum((max(min(last, end) - max(first, start), timedelta(0)) for first, last in outages), timedelta(0))
    return max(0.0, 1 - bad / (end - start))
