"""What somebody who has a pass is told of its code, and when: once it opens the doors, again when the code or the hours are
others, and when it is over.

What they know is kept as a version, a digest of doors, digits and hours: whatever else is changed about a pass is no news.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.model.passes import EveryWeek, Turnover, When, hours_in_words
from hub.model.values import CodeTag, LockId, Window

AHEAD: Final = timedelta(hours=24)
"""So long before its hours a code is told that goes into a lock only when they begin."""
PATIENCE: Final = timedelta(minutes=10)
"""After the hours began, doors that have been asked for so long and are not ready hold up the others no longer."""


class What(Enum):
    CODE = "code"
    CHANGED = "code_changed"
    ENDED = "code_ended"
    OFF = "hours_off"
    """The hours that they were told of do not come."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the person was told last, or is about to be."""

    version: str
    """Empty: nothing that still counts."""
    window: Window | None
    """Of a turnover: its hours, lead included."""
    lacking: bool = False
    """Some of the doors were not ready."""
    handed: bool = False
    """The digits have left, or may have."""


@dataclass(frozen=True, slots=True)
class Present:
    """A pass as it is now."""

    when: When
    version: str
    """Empty: it opens nothing that is in sight."""
    window: Window | None
    """The hours that are now or come next, lead included."""
    ready: bool
    """Every door opens to the code, or will when the hours begin, as far as anybody can know."""
    partly: bool = False
    """Some do."""
    asked_at: datetime | None = None
    """When the last of the others was first to take it."""
    stopped: bool = False
    """It was ended or paused, or the person has left."""
    over: bool = False
    """It was good until a time that has come; or was stopped so long ago that it is no news."""


def version(doors: Iterable[tuple[LockId, CodeTag]], when: When, good: Window, window: Window | None) -> str:
    """Empty where nothing is in sight. A turnover is news each time, weekly hours once."""
    if window is None:
        return ""
    match when:
        case Turnover(unit=unit):
            hours = f"turnover {unit} {_span(window)}"
        case EveryWeek(spans=spans):
            hours = f"weekly {hours_in_words(spans)} {_span(good)}"
        case _:
            hours = f"always {_span(good)}"
    return hashlib.sha256(json.dumps([sorted(doors), hours]).encode()).hexdigest()[:32]


def _span(window: Window) -> str:
    # As the store keeps them: what is read back is the same.
    start, end = window.start, window.end
    return f"{int(start.timestamp() * 1000)} {'' if end is None else int(end.timestamp() * 1000)}"


def due(known: Known | None, now_is: Present, now: datetime) -> What | None:
    """The one thing to tell, if any."""
    told = known if known is not None and known.version else None
    if now_is.stopped:
        knows = told is not None or (known is not None and known.handed)
        return What.ENDED if knows and not now_is.over else None
    if told is not None and told.version == now_is.version:
        return What.CHANGED if told.lacking and now_is.ready else None
    if _off(told, now_is, now):
        return What.OFF
    if not now_is.version or not may_tell(now_is, now):
        return None
    return What.CHANGED if _replaces(known, now) else What.CODE


def may_tell(now_is: Present, now: datetime) -> bool:
    """All doors are ready; or some, and the others have had their time."""
    if now_is.ready:
        return True
    until = _patient_until(now_is)
    return now_is.partly and until is not None and until <= now


def _patient_until(now_is: Present) -> datetime | None:
    if now_is.window is None:
        return None
    start = now_is.window.start
    return (start if now_is.asked_at is None else max(start, now_is.asked_at)) + PATIENCE


def _off(told: Known | None, now_is: Present, now: datetime) -> bool:
    if told is None or told.window is None or told.window.over(now):
        return False
    return now_is.window is None or not _touch(told.window, now_is.window)


def _touch(one: Window, other: Window) -> bool:
    return (other.end is None or one.start < other.end) and (one.end is None or other.start < one.end)


def _replaces(known: Known | None, now: datetime) -> bool:
    """Whether they would go by what they were told before."""
    return known is not None and known.handed and (known.window is None or not known.window.over(now))


def look_again(known: Known | None, now_is: Present, now: datetime) -> datetime | None:
    """When time alone may change what is due; None: never."""
    edges = [None if known is None or known.window is None else known.window.end, _patient_until(now_is)]
    if now_is.window is not None:
        start = now_is.window.start
        edges += [start - AHEAD, start, now_is.window.end]
    return min((edge for edge in edges if edge is not None and edge > now), default=None)
