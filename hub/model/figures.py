"""How well the locks of a house do: three shares with the goal of each, worked out from counts. Pure arithmetic.

A day is one of UTC: a figure of 30 days does not depend on where the house stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Final, Self

SPANS: Final = (7, 30)
"""Days that are looked back, today among them."""
KEPT: Final = timedelta(days=31)
"""Counts of days before that are dropped."""
LAST_MOMENT: Final = timedelta(minutes=15)
"""So long has a code of which nobody knew before that it is wanted now."""


class What(Enum):
    """What is measured, its goal in tenths of a per cent (to be exceeded), and what counts."""

    ANSWERED = (
        "answered",
        990,
        "Commands answered",
        (
            "Of the commands that were sent to the lock, those that it answered in time, be it with a refusal. A lock that stays "
            "silent counts once, until it gives a sign of life."
        ),
    )
    CODES = (
        "codes",
        995,
        "Codes in time",
        (
            "Of the codes that were due, those that were proven in the lock at check-in; other codes than guests' 15 minutes "
            "after their hours began, and one that is asked for later than that after 15 minutes. Backup codes do not count, nor "
            "do codes that were taken back before."
        ),
    )
    CONNECTED = (
        "connected",
        980,
        "Connected",
        (
            "Of the time since the lock was first met, that in which it was not known to be silent. While the hub is off, a "
            "lock counts as it was known last."
        ),
    )

    word: str
    goal: int
    title: str
    sentence: str

    def __new__(cls, word: str, goal: int, title: str, sentence: str) -> Self:
        made = object.__new__(cls)
        made._value_ = word
        made.word, made.goal, made.title, made.sentence = word, goal, title, sentence
        return made


@dataclass(frozen=True, slots=True)
class Figure:
    what: What
    good: int
    of: int
    """Commands, codes, or seconds; 0: there was nothing to measure."""

    @property
    def tenths(self) -> int | None:
        """Tenths of a per cent, rounded down: what is not whole never reads 100 %. None: nothing was measured."""
        return None if self.of == 0 else self.good * 1000 // self.of

    @property
    def met(self) -> bool | None:
        """Whether it is better than its goal."""
        return None if self.of == 0 else self.good * 1000 > self.what.goal * self.of


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one lock or of many."""

    asked: int = 0
    answered: int = 0
    due: int = 0
    in_time: int = 0
    known_s: int = 0
    away_s: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.asked + other.asked,
            self.answered + other.answered,
            self.due + other.due,
            self.in_time + other.in_time,
            self.known_s + other.known_s,
            self.away_s + other.away_s,
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        here = max(self.known_s - self.away_s, 0)
        return (
            Figure(What.ANSWERED, self.answered, self.asked),
            Figure(What.CODES, self.in_time, self.due),
            Figure(What.CONNECTED, here, self.known_s),
        )


def together(each: Iterable[Counts]) -> Counts:
    return sum(each, Counts())


def begin_of(days: int, now: datetime) -> datetime:
    """The first moment of so many days, today among them."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=days - 1), time(), tzinfo=UTC)


def by_day(since: datetime, until: datetime) -> Iterator[tuple[date, int]]:
    """A time that lasted, as whole seconds of each of its days; of what lasted longer than is kept, the end."""
    at = max(since, until - KEPT)
    while at < until:
        day = at.astimezone(UTC).date()
        end = min(until, datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC))
        yield day, (end - at) // timedelta(seconds=1)
        at = end
