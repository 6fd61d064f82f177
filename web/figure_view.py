"""How well locks do, as pages show it: a bar for each figure, with the goal as a mark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.model.figures import MOST_ASKED_FOR, MOST_SOLD_TWICE, Counts, Figure, Latency, What

LEAST: Final = 90
"""Per cent at the left end of a bar: goals stand so near to a hundred that a whole scale would show no difference."""
DAYS: Final = 30
_WIDTH: Final = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    title: str
    sentence: str
    share: str
    """`99.4 %`; empty: nothing was measured."""
    goal: str
    met: bool
    detail: str
    """What it is of, in words."""
    width: float
    goal_x: float
    least: int = LEAST


def bars(figures: Iterable[Figure], *, least: int = LEAST) -> list[Bar]:
    return [_bar(figure, least) for figure in figures]


@dataclass(frozen=True, slots=True)
class Tally:
    """Something that should seldom be."""

    words: str
    count: int
    most: int

    @property
    def met(self) -> bool:
        return self.count <= self.most


def tallies(counts: Counts) -> list[Tally]:
    """Of 30 days."""
    return [
        Tally("Stays that were sold twice", counts.sold_twice, MOST_SOLD_TWICE),
        Tally("Times that a person had to see to a calendar or a channel", counts.asked_for, MOST_ASKED_FOR),
    ]


def share(figure: Figure) -> str:
    return "" if figure.tenths is None else f"{figure.tenths / 10:.1f} %" if figure.tenths < 1000 else "100 %"


def _bar(figure: Figure, least: int) -> Bar:
    return Bar(
        title=figure.what.title,
        sentence=figure.what.sentence,
        share=share(figure),
        goal="every one" if figure.what.goal == 1000 else f"more than {figure.what.goal / 10:g} %",
        met=bool(figure.met),
        detail=_detail(figure),
        width=_x((figure.tenths or 0) / 10, least),
        goal_x=_x(figure.what.goal / 10, least),
        least=least,
    )


def _x(percent: float, least: int) -> float:
    return round(max(percent - least, 0) / (100 - least) * _WIDTH, 1)


def _detail(figure: Figure) -> str:
    missed = figure.of - figure.good
    match figure.what:
        case What.ANSWERED:
            return f"{missed} of {figure.of} not answered" if missed else f"all {figure.of} answered"
        case What.CODES:
            return f"{missed} of {figure.of} not in time" if missed else f"all {figure.of} in time"
        case What.CONNECTED:
            return f"silent for {long_span(missed)}" if missed else "never silent"
        case What.PROMPT:
            return f"{missed} of {figure.of} took longer" if missed else f"all {figure.of} in time"
        case What.BATTERIES:
            readings = max(figure.of // 100, 1)
            return f"{readings} readings were forecast a week before, {missed / readings:.1f} points off on average"
        case What.STAGES:
            return f"{missed} of {figure.of} by a person" if missed else f"all {figure.of} by themselves"
        case What.SYNCS:
            return (
                f"a person {missed} times, {figure.good} times nobody"
                if missed
                else f"{figure.of} times nobody had to ask"
            )
        case What.WELCOMED:
            return f"{missed} of {figure.of} without one at check-in" if missed else f"all {figure.of} at check-in"


def long_span(seconds: int) -> str:
    minutes = -(-seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days {hours % 24} h" if hours % 24 else f"{hours // 24} days"


def took(latency: Latency) -> str:
    """A sentence; empty: no command was confirmed."""
    if latency.half_ms is None or latency.most_ms is None:
        return ""
    half, most = f"{latency.half_ms / 1000:g} s", f"{latency.most_ms / 1000:g} s"
    return f"Half of the commands to keypads are confirmed within {half}, 95 of 100 within {most} (of {latency.of} in 30 days)."


@dataclass(frozen=True, slots=True)
class Short:
    """A lock that misses a goal."""

    id: str
    name: str
    missed: tuple[str, ...]
    """`Connected 91.2 %`"""


def short_of(names: Sequence[tuple[str, str, Counts]]) -> list[Short]:
    found = (
        Short(id_, name, tuple(f"{each.what.title} {share(each)}" for each in counts.of_a_lock if each.met is False))
        for id_, name, counts in names
    )
    return [each for each in found if each.missed]
