"""What people are told of bookings: that there is a new one, another one than before, or one less. Everything here is pure.

Several changes of one booking are one piece of news, from what was first to what is last; where that is the same again, it
is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final

from hub.model.values import StayId, UnitId

GATHER: Final = timedelta(minutes=3)
"""Nothing new for so long, what there is is told together."""
AT_LAST: Final = timedelta(minutes=15)
"""Nothing waits for longer than that because of what comes after it, but for quiet hours."""
TOO_OLD: Final = timedelta(days=7)
"""What could not be sent for so long is told to nobody any more."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A booking as far as it is worth telling. It names nobody."""

    unit_id: UnitId
    arrival: date
    departure: date
    check_in: datetime
    check_out: datetime
    sure: bool
    """False: it is not confirmed."""
    guests: int | None

    @property
    def opening(self) -> tuple[object, ...]:
        """What its code depends on."""
        return self.unit_id, self.check_in, self.check_out, self.sure

    def written(self) -> dict[str, Any]:
        return {
            "unit": self.unit_id,
            "days": [self.arrival.isoformat(), self.departure.isoformat()],
            "hours": [self.check_in.isoformat(), self.check_out.isoformat()],
            "sure": self.sure,
            "guests": self.guests,
        }

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Shape:
        """What `written` made."""
        arrival, departure = (date.fromisoformat(day) for day in told["days"])
        check_in, check_out = (datetime.fromisoformat(hour) for hour in told["hours"])
        return cls(UnitId(told["unit"]), arrival, departure, check_in, check_out, told["sure"], told["guests"])


class What(Enum):
    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class News:
    """What became of one booking. One of the two is there."""

    stay: StayId
    was: Shape | None
    now: Shape | None
    by: str
    """Whose the last change was: an actor of the audit trail."""
    at: datetime
    """When the last change was."""
    since: datetime
    """When the first was."""

    @property
    def what(self) -> What:
        if self.was is None:
            return What.NEW
        return What.CANCELLED if self.now is None else What.CHANGED

    @property
    def shown(self) -> Shape:
        """As it is; or as it was, where it is no more."""
        shape = self.now or self.was
        assert shape is not None  # what was not and is not is no news
        return shape

    @property
    def begins(self) -> datetime:
        """The earliest check-in that it is about: then it would be too late to tell it."""
        return min(shape.check_in for shape in (self.was, self.now) if shape is not None)

    def over(self, now: datetime) -> bool:
        """Nobody has to know it any more."""
        return all(shape is None or shape.check_out <= now for shape in (self.was, self.now))


def joined(steps: Iterable[News]) -> list[News]:
    """One for each booking, the soonest first; `steps` in the order in which they happened."""
    found: dict[StayId, News] = {}
    for step in steps:
        first = found.get(step.stay, step)
        found[step.stay] = News(step.stay, first.was, step.now, step.by, step.at, first.since)
    news = [each for each in found.values() if each.was != each.now]
    return sorted(news, key=lambda each: (each.shown.check_in, each.stay))


def ripe(first: datetime, last: datetime, now: datetime) -> datetime:
    """From when on what happened between these may be told. What lies ahead of the clock, which was set back, waits no more."""
    return now if last > now else min(last + GATHER, first + AT_LAST)
