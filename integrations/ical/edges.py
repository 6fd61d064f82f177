"""Days that Airbnb closes by itself: too near for its advance notice, or beyond its booking window.

Its feed calls them `Airbnb (Not available)`, as it does what the host closed there, and they move every day (facts page on
channels §1.2). Where the house says that they do not count, they are told as what they are, each under one name for all days.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta
from enum import Enum
from typing import Final

from hub.model.facts import StayReport
from hub.model.values import StayKind, StayStatus


class Edges(Enum):
    CLOSED = "closed"
    """They count as taken, like all that is closed there."""
    SHOWN = "shown"
    """They are shown, and do not count."""


_DAY: Final = timedelta(days=1)
_NOTICE: Final = timedelta(days=7)
"""The longest. Source: Guesty for Hosts' help, “Airbnb Availability Settings: Reservation Preferences”."""
_WINDOW: Final = timedelta(days=28)
"""The shortest is a month. Source: the same page."""
_END: Final = timedelta(days=300)
"""What is beyond a window lasts to the end of the calendar. Our own guess of how far that is at least."""

NEAR, FAR = "airbnb-notice", "airbnb-window"
_WHY: Final = {
    NEAR: "Airbnb closes these days as they are too near",
    FAR: "Airbnb closes these days as they are beyond its booking window",
}


def told(reports: Iterable[StayReport], of_airbnb: Collection[str], today: date) -> list[StayReport]:
    """The same, with the edges marked as such.

    Args:
        of_airbnb: UIDs of events in Airbnb's words.
    """
    reports = list(reports)
    last = max((each.departure for each in reports if each.departure is not None), default=today)
    return [_told(each, _edge(each, today, last)) if each.uid in of_airbnb else each for each in reports]


def _edge(report: StayReport, today: date, last: date) -> str:
    if report.kind is not StayKind.BLOCK or report.status is not StayStatus.CONFIRMED:
        return ""
    if report.arrival is None or report.departure is None:
        return ""
    # Its day may begin before ours.
    if report.arrival <= today + _DAY and today < report.departure <= today + _NOTICE + _DAY:
        return NEAR
    far = report.departure == last and report.arrival >= today + _WINDOW and report.departure >= today + _END
    return FAR if far else ""


def _told(report: StayReport, edge: str) -> StayReport:
    if not edge:
        return report
    note = f"{_WHY[edge]}; they do not count as taken, as the channel's settings say"
    return replace(report, uid=edge, status=StayStatus.UNUSABLE, note=note)
