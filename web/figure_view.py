"""How well locks do, as pages show it: a bar for each figure, with the goal as a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.model.figures import Counts, Figure, What

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


def bars(counts: Counts) -> list[Bar]:
    return [_bar(figure) for figure in counts.figures]


def share(figure: Figure) -> str:
    return "" if figure.tenths is None else f"{figure.tenths / 10:.1f} %" if figure.tenths < 1000 else "100 %"


def _bar(figure: Figure) -> Bar:
    return Bar(
        title=figure.what.title,
        sentence=figure.what.sentence,
        share=share(figure),
        goal=f"{figure.what.goal / 10:g} %",
        met=bool(figure.met),
        detail=_detail(figure),
        width=_x((figure.tenths or 0) / 10),
        goal_x=_x(figure.what.goal / 10),
    )


def _x(percent: float) -> float:
    return round(max(percent - LEAST, 0) / (100 - LEAST) * _WIDTH, 1)


def _detail(figure: Figure) -> str:
    missed = figure.of - figure.good
    match figure.what:
        case What.ANSWERED:
            return f"{missed} of {figure.of} not answered" if missed else f"all {figure.of} answered"
        case What.CODES:
            return f"{missed} of {figure.of} not in time" if missed else f"all {figure.of} in time"
        case What.CONNECTED:
            return f"silent for {_long(missed)}" if missed else "never silent"


def _long(seconds: int) -> str:
    minutes = -(-seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days {hours % 24} h" if hours % 24 else f"{hours // 24} days"


@dataclass(frozen=True, slots=True)
class Short:
    """A lock that misses a goal."""

    id: str
    name: str
    missed: tuple[str, ...]
    """`Connected 91.2 %`"""


def short_of(names: Sequence[tuple[str, str, Counts]]) -> list[Short]:
    found = (
        Short(id_, name, tuple(f"{each.what.title} {share(each)}" for each in counts.figures if each.met is False))
        for id_, name, counts in names
    )
    return [each for each in found if each.missed]
