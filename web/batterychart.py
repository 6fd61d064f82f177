"""The curve of a lock's batteries, as points of a drawing: what was read, what is not believed, and where it leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.model.battery import EMPTY_AT, Weighed, Weight, curve, forecast

WIDTH, HEIGHT = 320.0, 136.0
"""As wide as the column that it stands in, so that its words are as large as the page's small ones."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 30.0, 4.0, 8.0, 24.0
SHOWN: Final = timedelta(days=180)
_AHEAD: Final = timedelta(days=90)
"""How far the line into the future is drawn at most."""
_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    lines: tuple[str, ...]
    """Points of a polyline as SVG writes them, one for each set of batteries."""
    ahead: str
    """The line that the forecast goes by; empty: there is none."""
    doubted: tuple[Dot, ...]
    replaced: tuple[float, ...]
    """How far from the left."""
    low_y: float
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class _Paper:
    begins: datetime
    ends: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.begins) / max(self.ends - self.begins, timedelta(seconds=1))
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    @staticmethod
    def y(percent: float | None) -> float:
        return round(_TOP + (100 - (percent or 0)) / 100 * (HEIGHT - _TOP - _BOTTOM), 1)

    def point(self, at: datetime, percent: float | None) -> str:
        return f"{self.x(at)},{self.y(percent)}"


def draw(readings: Sequence[Weighed], now: datetime, low_at: int) -> Chart | None:
    """None: there are not two figures to draw a line between."""
    told = [each for each in readings if each.reading.percent is not None and now - each.reading.at <= SHOWN]
    good = [each for each in told if each.weight is not Weight.DOUBTED]
    if len(good) < 2:
        return None
    seen = forecast(curve(readings))
    ends = now if seen is None else max(now, min(seen.empty_at, now + _AHEAD))
    paper = _Paper(told[0].reading.at, ends)
    ahead = ""
    if seen is not None:
        last = good[-1].reading
        leads = (last.percent or 0) - (ends - last.at) / timedelta(days=1) * seen.per_day
        ahead = f"{paper.point(last.at, last.percent)} {paper.point(ends, max(leads, EMPTY_AT))}"
    doubted = (each.reading for each in told if each.weight is Weight.DOUBTED)
    return Chart(
        lines=_lines(good, paper),
        ahead=ahead,
        doubted=tuple(Dot(paper.x(each.at), paper.y(each.percent)) for each in doubted),
        replaced=tuple(paper.x(each.reading.at) for each in good if each.weight is Weight.REPLACED),
        low_y=paper.y(low_at),
        first=paper.begins,
        last=ends,
    )


def _lines(good: Sequence[Weighed], paper: _Paper) -> tuple[str, ...]:
    """Of very many points every so many: more than that no screen shows."""
    step, parts = -(-len(good) // _MOST_POINTS), [[]]  # type: tuple[int, list[list[str]]]
    for place, each in enumerate(good):
        if each.weight is Weight.REPLACED:
            parts.append([])
        if place % step == 0 or each.weight is Weight.REPLACED or place == len(good) - 1:
            parts[-1].append(paper.point(each.reading.at, each.reading.percent))
    return tuple(" ".join(part) for part in parts if part)
