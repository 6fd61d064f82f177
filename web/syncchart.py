"""How a channel did from day to day, as points of a drawing like that of the batteries (web/batterychart.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from hub.model.sync_course import DayCourse
from web.batterychart import HEIGHT, WIDTH, Dot

_LEFT, _RIGHT, _TOP, _BOTTOM = 30.0, 4.0, 8.0, 24.0


@dataclass(frozen=True, slots=True)
class SyncChart:
    told: tuple[str, ...]
    """Points of a polyline as SVG writes them, for each run of days on which it was tried to let it know."""
    lone: tuple[Dot, ...]
    """Days of that kind without a neighbour."""
    read: tuple[str, ...]
    """The same, of the time in which it could be read."""


def draw(days: Sequence[DayCourse]) -> SyncChart | None:
    """None: of one day at most there is anything to draw, and that is said sooner in words."""
    if sum(each.read is not None or bool(each.told[1]) for each in days) < 2:
        return None
    told = [None if not all_ else well / all_ for well, all_ in (each.told for each in days)]
    runs, read = _runs(told), _runs([each.read for each in days])
    return SyncChart(
        told=tuple(_line(run) for run in runs if len(run) > 1),
        lone=tuple(run[0] for run in runs if len(run) == 1),
        read=tuple(_line(run) for run in read if len(run) > 1),
    )


def _runs(shares: Sequence[float | None]) -> list[list[Dot]]:
    step = (WIDTH - _LEFT - _RIGHT) / max(len(shares) - 1, 1)
    dots = [
        None if share is None else Dot(round(_LEFT + place * step, 1), round(_y(share), 1))
        for place, share in enumerate(shares)
    ]
    return [
        [dot for dot in run if dot is not None] for known, run in groupby(dots, lambda dot: dot is not None) if known
    ]


def _y(share: float) -> float:
    return _TOP + (1 - share) * (HEIGHT - _TOP - _BOTTOM)


def _line(run: Iterable[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in run)
