"""How dates and times are said: in the property's own zone, exactly, so that nothing on a page grows stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a page says it."""

    at: datetime
    zone: ZoneInfo
    today: date

    @property
    def local(self) -> datetime:
        return self.at.astimezone(self.zone)

    @property
    def iso(self) -> str:
        return self.local.isoformat(timespec="seconds")

    @property
    def time(self) -> str:
        return f"{self.local:%H:%M}"

    @property
    def exact(self) -> str:
        return f"{self.local:%H:%M:%S}"

    @property
    def dated(self) -> str:
        """Always with its day, for columns of times."""
        here = self.local.date()
        return f"today {self.time}" if here == self.today else self.when

    @property
    def long(self) -> str:
        """For somebody elsewhere, on another day: `Friday 21 November, 15:00`."""
        return f"{long_day(self.local.date())}, {self.time}"

    @property
    def day(self) -> str:
        return day_words(self.local.date(), self.today)

    @property
    def when(self) -> str:
        """`14:02` today, else with its day: `yesterday 14:02`, `Fri 21 Nov, 14:02`."""
        here = self.local.date()
        if here == self.today:
            return self.time
        if abs(here - self.today) == timedelta(days=1):
            return f"{self.day} {self.time}"
        return f"{self.day}, {self.time}"


@dataclass(frozen=True, slots=True)
class Local:
    """A property's own day: turns instants into what its manager calls them."""

    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def moment(self, at: datetime) -> Moment:
        return Moment(at, self.zone, self.today)

    def maybe(self, at: datetime | None) -> Moment | None:
        return None if at is None else self.moment(at)

    def day(self, day: date) -> str:
        return day_words(day, self.today)


def day_words(day: date, today: date) -> str:
    """As it stands inside a sentence."""
    match (day - today).days:
        case 0:
            return "today"
        case 1:
            return "tomorrow"
        case -1:
            return "yesterday"
    return short_day(day) if abs((day - today).days) < 180 else f"{short_day(day)} {day.year}"


def short_day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 night`, `3 nights`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def capitalize_first(text: str) -> str:
    """A sentence may begin with the name of a machine, which stays as it is written."""
    first = text.partition(" ")[0]
    return text if "." in first.rstrip(".") else text[:1].upper() + text[1:]
