"""What the time between two stays costs (R393): nights that nobody can book for no other reason than a neighbour, by month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.model.nights import Night

MOST_MONTHS: Final = 24
_SHUT: Final = Night.BLOCKED | Night.HELD | Night.CLOSED


@dataclass(frozen=True, slots=True)
class Month:
    """Of one unit or of several. Each night is counted once: booked before shut before lost."""

    first: date
    nights: int
    booked: int
    shut: int
    """Closed, by a person or a channel, or held."""
    lost: int
    """Free but for the buffer of a stay before or after."""

    @property
    def free(self) -> int:
        return self.nights - self.booked - self.shut - self.lost

    @property
    def share(self) -> int | None:
        """Tenths of a per cent of what could have been sold that was lost, rounded down; None: there was nothing to sell."""
        sellable = self.nights - self.shut
        return self.lost * 1000 // sellable if sellable else None


def together(units: Iterable[Sequence[Month]]) -> list[Month]:
    """Of several units, month by month."""
    return [
        Month(
            each[0].first,
            sum(month.nights for month in each),
            sum(month.booked for month in each),
            sum(month.shut for month in each),
            sum(month.lost for month in each),
        )
        for each in zip(*units, strict=True)
    ]


def after(month: date, count: int) -> date:
    """The first day of a month so many later."""
    whole = month.year * 12 + month.month - 1 + count
    return date(whole // 12, whole % 12 + 1, 1)


def by_month(first: date, marks: bytes) -> Iterator[Month]:
    """`marks`: a byte of `Night` flags for each night of whole months, from the first of `first` on."""
    start = 0
    month = first
    while start < len(marks):
        length = (after(month, 1) - month).days
        yield _counted(month, marks[start : start + length])
        start, month = start + length, after(month, 1)


def _counted(first: date, marks: bytes) -> Month:
    booked = sum(1 for mark in marks if mark & Night.BOOKED)
    shut = sum(1 for mark in marks if mark & _SHUT and not mark & Night.BOOKED)
    lost = sum(1 for mark in marks if mark & Night.BUFFER and not mark & (Night.BOOKED | _SHUT))
    return Month(first, len(marks), booked, shut, lost)
