"""How well the locks of a house do: shares with the goal of each, worked out from counts. Pure arithmetic.

A day is one of UTC: a figure of 30 days does not depend on where the house stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Final, Self

SPANS: Final = (7, 30)
"""Days that are looked back, today among them."""
KEPT: Final = timedelta(days=31)
"""Counts of days before that are dropped."""
LAST_MOMENT: Final = timedelta(minutes=15)
"""So long has a code of which nobody knew before that it is wanted now."""


PROMPT: Final = timedelta(seconds=3)
"""A person who pressed a button has waited long enough by then."""


class What(Enum):
    """What is measured, its goal in tenths of a per cent (to be exceeded; 1000: every one), and what counts."""

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

    PROMPT = (
        "prompt",
        950,
        "Answered within 3 s",
        (
            "Of the presses on pages, in the API and on the command line that were to move a bolt and that the lock answered, "
            "those that it answered within 3 seconds."
        ),
    )
    BATTERIES = (
        "batteries",
        950,
        "Battery forecasts",
        (
            "How near forecasts of the charge came: each reading of which a forecast could be made a week before counts a "
            "hundred points, less as many as the forecast was wrong by. Readings count from this version on."
        ),
    )
    WELCOMED = (
        "welcomed",
        1000,
        "Guests with a code",
        (
            "Of the confirmed stays whose check-in came, or that were booked later than that, those that had a code proven on "
            "every door of their unit by then (a backup code counts; booked late: 15 minutes after). Units without a lock do not "
            "count, nor do stays that share their nights with another."
        ),
    )

    STAGES = (
        "stages",
        950,
        "Stages by themselves",
        (
            "Of the steps from one stage of a stay to the next, those that the clock, a door or a channel brought about, and "
            "not a person's word. How a stay begins does not count."
        ),
    )
    SYNCS = (
        "syncs",
        850,
        "Synced by itself",
        (
            "Of what passed between this hub and its channels and was taken, together with each time that a person pressed "
            "Sync now, confirmed a calendar or decided who is right: what nobody had to ask for."
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
        """Whether it is better than its goal; all of them always is."""
        return None if self.of == 0 else self.good == self.of or self.good * 1000 > self.what.goal * self.of


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one lock or of many."""

    asked: int = 0
    answered: int = 0
    due: int = 0
    in_time: int = 0
    known_s: int = 0
    away_s: int = 0
    moved: int = 0
    prompt: int = 0
    forecast: int = 0
    """Readings that were forecast, a hundred points each."""
    foreseen: int = 0
    stays: int = 0
    """Of a property or the house, not of one lock."""
    welcomed: int = 0
    steps: int = 0
    own_steps: int = 0
    passed: int = 0
    """Between the hub and its channels."""
    asked_for: int = 0
    """By a person: each time that one had to do with what passed."""
    sold_twice: int = 0
    """Stays that stood back behind another."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in _COUNTED))

    @property
    def of_a_lock(self) -> tuple[Figure, ...]:
        here = max(self.known_s - self.away_s, 0)
        return (
            Figure(What.ANSWERED, self.answered, self.asked),
            Figure(What.PROMPT, self.prompt, self.moved),
            Figure(What.CODES, self.in_time, self.due),
            Figure(What.CONNECTED, here, self.known_s),
            Figure(What.BATTERIES, self.foreseen, self.forecast),
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        return (*self.of_a_lock, Figure(What.WELCOMED, self.welcomed, self.stays))

    @property
    def of_bookings(self) -> tuple[Figure, ...]:
        return (
            Figure(What.STAGES, self.own_steps, self.steps),
            Figure(What.SYNCS, self.passed, self.passed + self.asked_for),
        )


MOST_SOLD_TWICE: Final = 0
MOST_ASKED_FOR: Final = 5
"""In a month (30 days)."""


_COUNTED: Final = tuple(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something took, in whole seconds, rounded up."""

    of: int
    half_s: int | None
    """Half of them took no longer; None: there was none."""
    most_s: int | None
    """Nor did 95 of 100."""


def delay_of(spans: Iterable[timedelta]) -> Delay:
    """The nearest-rank percentiles: each is one that happened."""
    told = sorted(-(-max(span, timedelta(0)) // timedelta(seconds=1)) for span in spans)
    if not told:
        return Delay(0, None, None)
    half, most = (told[-(-len(told) * percent // 100) - 1] for percent in (50, 95))
    return Delay(len(told), half, most)


BOUNDS_MS: Final = (100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 20_000, 60_000)
"""Answers of locks are counted by how long they took at most."""


def bound_ms(took: timedelta) -> int:
    return next((bound for bound in BOUNDS_MS if took <= timedelta(milliseconds=bound)), BOUNDS_MS[-1])


@dataclass(frozen=True, slots=True)
class Latency:
    """How long locks took from the command to its confirmation."""

    of: int
    half_ms: int | None
    """Half of them took no longer; None: there was none."""
    most_ms: int | None
    """Nor did 95 of 100."""


def latency_of(each: Iterable[Mapping[int, int]]) -> Latency:
    """Of counts by bound: the bounds in which the nearest-rank percentiles lie."""
    counts = Counter[int]()
    for found in each:
        counts.update(found)
    of = counts.total()
    if not of:
        return Latency(0, None, None)
    half, most = (_bound_at(counts, -(-of * percent // 100)) for percent in (50, 95))
    return Latency(of, half, most)


def _bound_at(counts: Mapping[int, int], rank: int) -> int:
    passed = 0
    for bound in sorted(counts):
        passed += counts[bound]
        if passed >= rank:
            return bound
    raise ValueError("a rank beyond all there are")


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
