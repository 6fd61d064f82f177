"""How much is left in a lock's batteries: which readings to believe, when they were changed, and when they will be empty.

Locks tell nonsense about their batteries: 0 % between two of 90 (home-assistant/core#54551), 0xFF for "too low to
work" (Yale's integrators guide 1.9, Battery Command Class), figures that rise with the sun. Nothing of a curve is
believed that one odd reading could bend, and nothing is forecast that its own curve does not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from statistics import mean, median
from typing import Final

LOW_AT: Final = 20
"""Per cent, where no lock of the model has said yet at which figure it calls its batteries low."""
EMPTY_AT: Final = 5
"""Per cent: what a motor needs is gone before the figure is."""
USUAL_DROP: Final = 10
"""Points that may be missing from one reading to the next, whatever the time between."""
DROP_PER_DAY: Final = 2.0
RISE_OF_NEW: Final = 15
"""Points; warmth alone gives fewer."""
FULL: Final = 60
"""Per cent from which a rise is new batteries without being told twice."""
ALIKE: Final = 10
"""Points: a second odd reading this near the first says the same."""
APART: Final = timedelta(minutes=10)
"""Two odd readings count as two only so far apart: a lock repeats itself within seconds."""

DAY_S: Final = 86_400.0
SHORTEST_CURVE: Final = timedelta(days=7)
CURVE: Final = timedelta(days=45)
"""Batteries do not fall in a line; the last weeks do, nearly."""
SMALLEST_DROP: Final = 2
FARTHEST: Final = timedelta(days=730)
AHEAD: Final = timedelta(days=7)
"""How long before it came true a forecast is judged."""


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime
    percent: int | None
    """0 to 100; None: the lock gave no figure, it warned."""
    low: bool = False


class Weight(Enum):
    """What a reading is worth."""

    GOOD = "good"
    DOUBTED = "doubted"
    """Kept and shown, and believed only if the next one says the same."""
    REPLACED = "replaced"
    """The first of new batteries."""


@dataclass(frozen=True, slots=True)
class Weighed:
    reading: Reading
    weight: Weight


def weigh(before: Sequence[Weighed], new: Reading) -> Weight:
    """What a reading is worth beside those before it, oldest first."""
    if new.percent is None:
        return Weight.GOOD
    last = _last_figure(before)
    doubt = before[-1].reading if before and before[-1].weight is Weight.DOUBTED else None
    if last is None or last.percent is None:
        return Weight.DOUBTED if new.percent == 0 and not _again(doubt, new) else Weight.GOOD
    change = new.percent - last.percent
    if change >= RISE_OF_NEW:
        return Weight.REPLACED if new.percent >= FULL or _again(doubt, new) else Weight.DOUBTED
    days = max((new.at - last.at) / timedelta(days=1), 0.0)
    odd = -change > max(USUAL_DROP, DROP_PER_DAY * days) or (new.percent == 0 and last.percent > EMPTY_AT)
    return Weight.DOUBTED if odd and not _again(doubt, new) else Weight.GOOD


def _last_figure(before: Sequence[Weighed]) -> Reading | None:
    good = (each.reading for each in reversed(before) if each.weight is not Weight.DOUBTED)
    return next((reading for reading in good if reading.percent is not None), None)


def _again(doubt: Reading | None, new: Reading) -> bool:
    if doubt is None or doubt.percent is None or new.percent is None:
        return False
    return abs(doubt.percent - new.percent) <= ALIKE and new.at - doubt.at >= APART


def low_at(told: Sequence[int]) -> int:
    """From which figure on the batteries of a model are low: what its locks said themselves, if they did.

    Args:
        told: the figures at which locks of that model warned of their own accord.
    """
    return min(max(LOW_AT, *told), 50) if told else LOW_AT


# ---- the curve -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forecast:
    per_day: float
    """Points that are lost a day."""
    empty_at: datetime


def curve(readings: Sequence[Weighed]) -> list[Reading]:
    """The good figures of the batteries that are in the lock now, oldest first."""
    kept: list[Reading] = []
    for each in readings:
        if each.weight is Weight.REPLACED:
            kept.clear()
        if each.weight is not Weight.DOUBTED and each.reading.percent is not None:
            kept.append(each.reading)
    return kept


def forecast(points: Sequence[Reading]) -> Forecast | None:
    """When batteries with this curve will be empty; None: it does not fall yet, or is too short to tell.

    The slope is the median of the slopes between all pairs (Theil 1950, Sen 1968): a few odd readings do not move it.
    """
    if not points:
        return None
    last = points[-1]
    recent = [point for point in points if last.at - point.at <= CURVE]
    slope = _slope(recent)
    if slope is None or slope <= 0 or last.at - recent[0].at < SHORTEST_CURVE:
        return None
    level = _level(recent, slope)
    days = max(level - EMPTY_AT, 0.0) / slope
    return Forecast(slope, last.at + min(timedelta(days=days), FARTHEST))


def _slope(points: Sequence[Reading]) -> float | None:
    figures = [point.percent for point in points if point.percent is not None]
    if not figures or max(figures) - figures[-1] < SMALLEST_DROP:
        return None
    slopes = list(_slopes(points))
    return median(slopes) if slopes else None


def _slopes(points: Sequence[Reading]) -> Iterator[float]:
    told = [(point.at.timestamp(), point.percent) for point in points if point.percent is not None]
    for place, (early, high) in enumerate(told):
        for late, low in told[place + 1 :]:
            seconds = late - early
            if seconds >= DAY_S:
                yield (high - low) * DAY_S / seconds


def _level(points: Sequence[Reading], slope: float) -> float:
    """Where the line stands at the last point: the median again, so that one odd reading at the end does not lift it."""
    last = points[-1].at
    return median(
        point.percent - slope * ((last - point.at) / timedelta(days=1)) for point in points if point.percent is not None
    )


def accuracy(points: Sequence[Reading]) -> float | None:
    """How near the forecasts of a week before came to what was read then: 100 less the mean error in points.

    None: fewer than three readings could be forecast.
    """
    errors = [error for place in range(1, len(points)) if (error := _error(points, place)) is not None]
    return 100 - mean(errors) if len(errors) >= 3 else None


def missed_by(points: Sequence[Reading]) -> float | None:
    """By how many points the last of them was missed a week before; None: it could not be forecast."""
    return _error(points, len(points) - 1) if len(points) > 1 else None


def _error(points: Sequence[Reading], place: int) -> float | None:
    now = points[place]
    known = [point for point in points[:place] if now.at - point.at >= AHEAD]
    recent = [point for point in known if known[-1].at - point.at <= CURVE] if known else []
    if now.percent is None or len(recent) < 2 or recent[-1].at - recent[0].at < SHORTEST_CURVE:
        return None
    slope = max(_slope(recent) or 0.0, 0.0)
    expected = max(_level(recent, slope) - slope * ((now.at - recent[-1].at) / timedelta(days=1)), 0.0)
    return abs(expected - now.percent)
