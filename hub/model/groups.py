"""Stays of one booking: several units that one party took together, known by the reference that they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol, TypeVar

from hub.model.money import Money
from hub.model.values import ChannelId, StayStatus, UnitId

MOST_TOGETHER: Final = 200
"""Stays of one booking."""
_GONE = (StayStatus.CANCELLED, StayStatus.UNUSABLE)


class Member(Protocol):
    @property
    def unit_id(self) -> UnitId: ...
    @property
    def channel_id(self) -> ChannelId | None: ...
    @property
    def status(self) -> StayStatus: ...
    @property
    def arrival(self) -> date | None: ...
    @property
    def departure(self) -> date | None: ...
    @property
    def guests(self) -> int | None: ...
    @property
    def total(self) -> Money | None: ...


def together(one: Member, other: Member) -> bool:
    """Whether two stays of one reference are one booking.

    References of two channels may be the same by chance: numbers, say. Then only nights in common make one booking.
    """
    if one.channel_id == other.channel_id or None in (one.channel_id, other.channel_id):
        return True
    if one.arrival is None or one.departure is None or other.arrival is None or other.departure is None:
        return False
    return one.arrival < other.departure and other.arrival < one.departure


_Stay = TypeVar("_Stay", bound=Member)


@dataclass(frozen=True, slots=True)
class Sum:
    """What a booking is in all. Cancelled stays count for nothing."""

    units: int
    cancelled: int
    guests: int | None
    """None: of some stay nobody said how many come."""
    prices: tuple[Money, ...]
    """One for each currency, as far as prices were said."""
    unpriced: int
    """Stays of which nobody said a price."""


def summed(stays: Iterable[Member]) -> Sum:
    stays = list(stays)
    live = [each for each in stays if each.status not in _GONE]
    said = [each.guests for each in live if each.guests]
    prices: dict[str, int] = {}
    for price in (each.total for each in live):
        if price is not None:
            prices[price.currency] = prices.get(price.currency, 0) + price.minor
    return Sum(
        units=len({each.unit_id for each in live}),
        cancelled=len(stays) - len(live),
        guests=sum(said) if live and len(said) == len(live) else None,
        prices=tuple(Money(minor, currency) for currency, minor in sorted(prices.items())),
        unpriced=sum(each.total is None for each in live),
    )


@dataclass(frozen=True, slots=True)
class Shift:
    """By how many days a booking begins and ends otherwise. Stays that have other days than the rest move as far as they do."""

    arrival: timedelta
    departure: timedelta

    @classmethod
    def of(cls, stay: Member, arrival: date | None, departure: date | None) -> Shift:
        """So that this stay has these days; None: as it has them."""
        assert stay.arrival is not None  # a stay without dates is nobody's to move
        assert stay.departure is not None
        return cls((arrival or stay.arrival) - stay.arrival, (departure or stay.departure) - stay.departure)

    def days(self, stay: Member) -> tuple[date | None, date | None]:
        """The new arrival and departure; None: as it is."""
        moved = (stay.arrival, self.arrival), (stay.departure, self.departure)
        arrival, departure = (None if day is None or not by else day + by for day, by in moved)
        return arrival, departure


def in_order(stays: Sequence[_Stay], shift: Shift) -> list[_Stay]:
    """Which is moved first, so that two in one unit, one after the other, do not meet on their way."""
    later = shift.departure > timedelta(0)
    return sorted(stays, key=lambda each: each.arrival or date.max, reverse=later)
