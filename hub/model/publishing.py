"""What platforms are told of the nights that are taken here: which nights, in which words, and when they should have heard.

Pure. A platform is never told of what it told itself; of what others told, of holds and of closures it learns the nights
and nothing of any guest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from hub.model.availability import Closed, ClosureKind, Hours
from hub.model.stays import free_from, nights

# ---- habits of platforms -------------------------------------------------------------------------------------------

AGAIN_AFTER: Final = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=5))
"""Ruling C27: what could not be brought to a platform is tried again so soon, and then slowly."""
SLOWLY: Final = timedelta(minutes=30)

_USUAL: Final = timedelta(hours=24)
_PATIENCE: Final = {
    # Twice the longest that was reported of how seldom each fetches a calendar. Source: facts/channels.md §1.2.
    "airbnb": timedelta(hours=6),
    "booking_com": timedelta(hours=4),
    "vrbo": timedelta(hours=12),
    "guesty": timedelta(hours=1),
    "smoobu": timedelta(hours=1),
    "lodgify": timedelta(hours=1),
    "ownerrez": timedelta(hours=1),
}
_HOSTS: Final = {
    "airbnb.": "airbnb",
    "booking.com": "booking_com",
    "vrbo.": "vrbo",
    "homeaway.": "vrbo",
    "guesty.": "guesty",
    "smoobu.": "smoobu",
    "lodgify.": "lodgify",
    "ownerrez.": "ownerrez",
    "ownerreservations.": "ownerrez",
}
PUSHED: Final = timedelta(minutes=10)
"""What we bring ourselves has had its three quick tries by then."""
ECHO_FOR: Final = timedelta(hours=1)
"""So long after a platform was handed a calendar without a night, a closure of that night may still be our own coming back."""


def patience(platform: str, *, pushed: bool) -> timedelta:
    """How long a platform may take before a person is told that it has not heard."""
    return PUSHED if pushed else _PATIENCE.get(platform, _USUAL)


def seldom(platform: str) -> timedelta:
    """How long a platform may leave a calendar unfetched at worst."""
    return patience(platform, pushed=False) / 2


def platform_of(named: str, address: str) -> str:
    """Whose habits a channel has: what the operator named, else what the address of its own calendar tells."""
    if named and named not in ("auto", "other"):
        return named
    return next((platform for host, platform in _HOSTS.items() if host in address.lower()), "")


def again_after(tries: int) -> timedelta:
    """`tries`: those that failed before this one."""
    return AGAIN_AFTER[tries] if tries < len(AGAIN_AFTER) else SLOWLY


# ---- which nights --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Nights that a platform is told are taken."""

    about: str
    """`stay:ID`, `stay:ID:before` and `:after` for its buffer, `hold:ID`, `closure:ID`."""
    first: date
    until: date
    """The day on which it is free again."""
    reserved: bool
    """Somebody comes; else it is only closed."""
    mark: str = ""
    """In a calendar that people keep: a digest of all that stands there of it."""


@dataclass(frozen=True, slots=True)
class Occupied:
    """One stay, as far as nights go."""

    about: str
    arrival: date
    departure: date
    start: datetime
    end: datetime
    """When it is over: the check-out, or when the guest left before."""
    somebody: bool


def of_stay(stay: Occupied, hours: Hours, buffer: timedelta) -> Iterator[Block]:
    """Its nights, and those before and after that its buffer takes: nobody may leave on its first day, or come on its last."""
    until = free_from(stay.arrival, stay.departure, stay.end, hours.zone, hours.check_in)
    if until <= stay.arrival:
        return
    yield Block(stay.about, stay.arrival, until, stay.somebody)
    if not stay.somebody or not buffer:
        return
    before, after = stay.arrival, until
    while _end(hours, before) + buffer > stay.start:
        before -= timedelta(days=1)
    while _start(hours, after) < stay.end + buffer:
        after += timedelta(days=1)
    if before < stay.arrival:
        yield Block(f"{stay.about}:before", before, stay.arrival, False)
    if after > until:
        yield Block(f"{stay.about}:after", until, after, False)


@lru_cache(maxsize=8192)
def _start(hours: Hours, day: date) -> datetime:
    """A whole house of stays begins at the same hours."""
    return hours.start(day)


@lru_cache(maxsize=8192)
def _end(hours: Hours, day: date) -> datetime:
    return hours.end(day)


def of_closure(about: str, shut: Closed) -> Iterator[Block]:
    """Days on which nobody may come or go take no nights."""
    if shut.kind in (ClosureKind.BLACKOUT, ClosureKind.MAINTENANCE):
        yield Block(about, shut.first, shut.until, False)


def busy(blocks: Iterable[Block]) -> frozenset[date]:
    return frozenset(night for block in blocks for night in nights(block.first, block.until))


def ranges(days: Collection[date]) -> tuple[tuple[date, date], ...]:
    """Nights as runs: the first, and the day after the last."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and runs[-1][1] == day:
            runs[-1] = (runs[-1][0], day + timedelta(days=1))
        else:
            runs.append((day, day + timedelta(days=1)))
    return tuple(runs)


# ---- in words of a calendar ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """A block as it is said at one platform."""

    block: Block
    version: int
    """Of everything said there, when this last changed."""
    since: datetime
    told_at: datetime | None = None
    """Since when the platform has it as it is."""
    gone: bool = False
    """It is said no more, and the platform has not heard that yet."""


def calendar(said: Iterable[Said]) -> bytes:
    """As RFC 5545 writes it. The same blocks give the same bytes, so that asking again costs nothing.

    DTSTAMP is when the block last changed (3.8.7.2), SEQUENCE grows with each change (3.8.7.4), DTEND is the first free day.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Gatehouse//Nights taken//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for each in sorted(said, key=lambda each: (each.block.first, each.block.about)):
        if not each.gone:
            lines += _event(each)
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _event(said: Said) -> list[str]:
    block, stamp = said.block, f"{said.since.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return [
        "BEGIN:VEVENT",
        f"UID:{uid(block)}",
        f"DTSTAMP:{stamp}",
        f"LAST-MODIFIED:{stamp}",
        f"SEQUENCE:{said.version}",
        f"DTSTART;VALUE=DATE:{block.first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{block.until:%Y%m%d}",
        f"SUMMARY:{'Reserved' if block.reserved else 'Blocked'}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
    ]


def uid(block: Block) -> str:
    """Stable for as long as the block is."""
    return f"{block.about.replace(':', '-').lower()}@gatehouse"
