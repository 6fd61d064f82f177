"""The calendar of units as it is drawn: for each unit one row or more of nights, some of them under a bar.

A night lies between two days, so each day has two columns: whoever leaves and whoever comes on one day share it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import groupby
from typing import Final

from hub.model.availability import ClosureKind
from hub.model.nights import Night
from hub.model.stays import free_from
from hub.model.values import CODED, StayKind, StayStatus, UnitId
from hub.store.bookings import ClosureRow, Hold
from hub.store.nights import Span
from web.words import Local, short_day


@dataclass(frozen=True, slots=True)
class Bar:
    """Nights that are somebody's, or nobody's."""

    kind: str
    """`stay` | `inside` | `gone` | `tentative` | `owner` | `block` | `unknown` | `held` | `blackout` | `maintenance`"""
    name: str
    """Of the guest, of whom it is held for, or why it is closed; may be empty."""
    days: str
    nights: int
    """All of it, not only those that are shown."""
    href: str
    columns: int
    sold_twice: bool
    before: bool
    """It began before the first day that is shown."""
    after: bool
    price: str = ""
    """What the guest pays, where somebody said it."""
    price_fits: bool = False
    """Whole, beside the name: a price that is cut is another price."""


@dataclass(frozen=True, slots=True)
class Free:
    """Nights without a bar that are all alike."""

    why: str
    """What speaks against them: `taken` | `near` | `soon` | `no-in` | `no-out` | `no-both`; empty: nothing."""
    nights: int
    columns: int
    """Of each."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing, beside a bar that found no room in the row above."""

    columns: int


Cell = Bar | Free | Gap


@dataclass(frozen=True, slots=True)
class Row:
    id: UnitId
    name: str
    lanes: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    today: bool
    morning: bool
    """Of today: it is before noon."""

    @property
    def weekend(self) -> bool:
        return self.day.weekday() >= 5

    @property
    def weekday(self) -> str:
        return f"{self.day:%a}"

    @property
    def spoken(self) -> str:
        return short_day(self.day)


@dataclass(frozen=True, slots=True)
class Shown:
    """The days of a calendar, and the night before the first of them."""

    first: date
    days: int

    @property
    def night_before(self) -> date:
        return self.first - timedelta(days=1)

    @property
    def until(self) -> date:
        return self.first + timedelta(days=self.days)

    @property
    def nights(self) -> int:
        return self.days + 1

    def columns(self, low: int, high: int) -> int:
        """Of the nights from `low` to before `high`: of the first and the last only one half is on the page."""
        return 2 * (high - low) - (low == 0) - (high == self.nights)

    def clipped(self, begins: date, ends: date) -> tuple[int, int]:
        low, high = (begins - self.night_before).days, (ends - self.night_before).days
        return max(low, 0), min(high, self.nights)

    def header(self, local: Local) -> list[Day]:
        here = local.now.astimezone(local.zone)
        days = (self.first + timedelta(days=number) for number in range(self.days))
        return [Day(day, day == local.today, here.hour < 12) for day in days]

    def months(self) -> list[tuple[date, int]]:
        """The first day of each, and how many columns it has."""
        days = (self.first + timedelta(days=number) for number in range(self.days))
        found = (list(group) for _, group in groupby(days, key=lambda day: (day.year, day.month)))
        return [(group[0], 2 * len(group)) for group in found]


@dataclass(frozen=True, slots=True)
class _Piece:
    low: int
    high: int
    bar: Bar


def row(shown: Shown, id_: UnitId, name: str, pieces: Iterable[_Piece], flags: bytes) -> Row:
    """`flags`: a byte of `Night` for each night that is shown."""
    lanes: list[list[_Piece]] = [[]]
    for piece in pieces:
        room = (lane for lane in lanes if all(piece.high <= each.low or each.high <= piece.low for each in lane))
        lane = next(room, None)
        if lane is None:
            lanes.append([piece])
        else:
            lane.append(piece)
    cells = [list(_lane(shown, lane, flags if lane is lanes[0] else None)) for lane in lanes]
    return Row(id_, name, cells)


def _lane(shown: Shown, lane: list[_Piece], flags: bytes | None) -> Iterator[Cell]:
    at = 0
    for piece in sorted(lane, key=lambda each: each.low):
        yield from _between(shown, at, piece.low, flags)
        yield piece.bar
        at = piece.high
    yield from _between(shown, at, shown.nights, flags)


def _between(shown: Shown, low: int, high: int, flags: bytes | None) -> Iterator[Cell]:
    if low >= high:
        return
    if flags is None:
        yield Gap(shown.columns(low, high))
        return
    nights = ((_WHY[flags[number]], shown.columns(number, number + 1)) for number in range(low, high))
    for (why, columns), group in groupby(nights):
        yield Free(why, len(list(group)), columns)


def _why(flags: int) -> str:
    if flags & (Night.BOOKED | Night.BLOCKED | Night.HELD | Night.CLOSED):
        return "taken"
    if flags & Night.SOON:
        return "soon"
    if flags & Night.BUFFER:
        return "near"
    if flags & Night.NO_ARRIVAL:
        return "no-both" if flags & Night.NO_DEPARTURE else "no-in"
    return "no-out" if flags & Night.NO_DEPARTURE else ""


_WHY: Final = tuple(_why(flags) for flags in range(256))


# ---- what takes nights ---------------------------------------------------------------------------------------------


def pieces(
    shown: Shown,
    spans: Sequence[Span],
    holds: Iterable[Hold],
    closures: Iterable[ClosureRow],
    local: Local,
    check_in: time,
) -> Iterator[_Piece]:
    """Those of one unit: stays first, as they have the first row where it can be.

    Args:
        check_in: from which hour on others come, where somebody left early.
    """
    twice = _sold_twice(spans)
    for span in spans:
        ends = span.departure
        if span.left_at is not None:
            free = free_from(span.arrival, span.departure, span.left_at, local.zone, check_in)
            ends = max(free, span.arrival + timedelta(days=1))
        bar = _kind_of(span, local), span.guest or span.reference, f"/stays/{span.id}"
        price = "" if span.total is None else str(span.total)
        yield from _piece(shown, (span.arrival, ends), *bar, sold_twice=span in twice, price=price)
    for held in holds:
        yield from _piece(shown, (held.arrival, held.departure), "held", held.label, "/stays/holds")
    for shut in closures:
        if shut.kind in (ClosureKind.BLACKOUT, ClosureKind.MAINTENANCE):
            yield from _piece(
                shown, (shut.first, shut.until), shut.kind.value, shut.note, f"/units/{shut.unit}/booking"
            )


def _piece(
    shown: Shown, days: tuple[date, date], kind: str, name: str, href: str, *, sold_twice: bool = False, price: str = ""
) -> Iterator[_Piece]:
    begins, ends = days
    low, high = shown.clipped(begins, ends)
    if low >= high:
        return
    bar = Bar(
        kind=kind,
        name=name,
        days=f"{short_day(begins)} to {short_day(ends)}",
        nights=(ends - begins).days,
        href=href,
        columns=shown.columns(low, high),
        sold_twice=sold_twice,
        before=begins < shown.night_before,
        after=ends > shown.until,
        price=price,
        price_fits=shown.columns(low, high) >= (6 if shown.days <= 14 else 14),
    )
    yield _Piece(low, high, bar)


def _kind_of(span: Span, local: Local) -> str:
    match span.kind:
        case StayKind.BLOCK:
            return "block"
        case StayKind.UNKNOWN:
            return "unknown"
    if span.status is StayStatus.TENTATIVE:
        return "tentative"
    if span.kind is StayKind.OWNER:
        return "owner"
    if span.left_at is not None or span.departure < local.today:
        return "gone"
    return "stay" if span.arrived_at is None else "inside"


def _sold_twice(spans: Sequence[Span]) -> Collection[Span]:
    """Those who stand back behind another, and those behind whom they do."""
    people = [span for span in spans if span.kind in CODED]
    return {
        each
        for second in people
        if second.contested
        for each in people
        if each.arrival < second.departure and second.arrival < each.departure
    }
