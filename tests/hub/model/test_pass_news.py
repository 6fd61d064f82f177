"""What somebody is told of the code of a pass, as a table of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.model.pass_news import PATIENCE, Known, Present, What, due, look_again, version
from hub.model.passes import ALWAYS, EveryWeek, Turnover, read_hours
from hub.model.values import CodeTag, LockId, UnitId, Window

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TODAY = Window(NOW - HOUR, NOW + HOUR)
TOMORROW = Window(NOW + 23 * HOUR, NOW + 26 * HOUR)
LATER = Window(NOW + 24 * HOUR, NOW + 27 * HOUR)
NEXT_WEEK = Window(NOW + 170 * HOUR, NOW + 173 * HOUR)

READY = Present(ALWAYS, "v2", TODAY, ready=True)
NOT_YET = replace(READY, ready=False)
STOPPED = replace(READY, stopped=True)
TURN = Present(Turnover(UnitId("flat")), "v2", TOMORROW, ready=True)


@pytest.mark.parametrize(
    ("known", "is_", "what"),
    [
        (None, READY, What.CODE),
        (None, NOT_YET, None),
        (None, STOPPED, None),
        (Known("v2", None), READY, None),
        (Known("v2", None, handed=True), NOT_YET, None),
        (Known("v1", None, handed=True), READY, What.CHANGED),
        (Known("v1", None), READY, What.CODE),
        (Known("", None, handed=True), READY, What.CHANGED),
        (Known("v1", None, handed=True), NOT_YET, None),
        (Known("v2", None, handed=True), STOPPED, What.ENDED),
        (Known("", None, handed=True), STOPPED, What.ENDED),
        (Known("", None), STOPPED, None),
        (Known("v2", None, handed=True), replace(STOPPED, over=True), None),
        (Known("v2", None, handed=True), replace(READY, version="", window=None, ready=False, over=True), None),
        (None, replace(NOT_YET, partly=True), What.CODE),
        (None, replace(NOT_YET, partly=True, window=Window(NOW - PATIENCE / 2, NOW + HOUR)), None),
        (Known("v2", None, lacking=True, handed=True), READY, What.CHANGED),
        (Known("v2", None, lacking=True, handed=True), replace(NOT_YET, partly=True), None),
        (Known("v1", TOMORROW, handed=True), replace(TURN, window=LATER), What.CHANGED),
        (Known("v1", TOMORROW, handed=True), replace(TURN, window=LATER, ready=False), None),
        (Known("v1", TOMORROW, handed=True), replace(TURN, window=NEXT_WEEK, ready=False), What.OFF),
        (Known("v1", TOMORROW, handed=True), replace(TURN, version="", window=None, ready=False), What.OFF),
        (Known("", TOMORROW), replace(TURN, version="", window=None, ready=False), None),
        (Known("v1", Window(NOW - 2 * HOUR, NOW), handed=True), TURN, What.CODE),
        (Known("v1", Window(NOW - 2 * HOUR, NOW), handed=True), replace(TURN, ready=False), None),
    ],
)
def test_what_is_told(known: Known | None, is_: Present, what: What | None) -> None:
    assert due(known, is_, NOW) is what


def test_other_hours_of_a_task_are_news_and_the_next_day_of_a_week_is_not() -> None:
    doors = [(LockId("front"), CodeTag("tag"))]
    week, turn = EveryWeek(read_hours("Mon-Fri 08:00-12:00")), Turnover(UnitId("flat"))
    good = Window(NOW - HOUR, None)
    assert version(doors, week, good, TODAY) == version(doors, week, good, TOMORROW)
    assert version(doors, turn, good, TODAY) != version(doors, turn, good, TOMORROW)
    assert version(doors, week, good, TODAY) != version(doors, week, Window(NOW - HOUR, NOW + HOUR), TODAY)
    assert version(doors, week, good, TODAY) != version([(LockId("front"), CodeTag("other"))], week, good, TODAY)
    assert version([*doors, (LockId("back"), CodeTag("tag"))], week, good, None) == ""


def test_it_is_looked_at_again_when_time_alone_may_change_it() -> None:
    assert look_again(None, replace(READY, window=None), NOW) is None
    assert look_again(None, NOT_YET, NOW) == TODAY.end
    assert look_again(None, replace(TURN, window=LATER), NOW) == LATER.start
    assert look_again(Known("v1", TODAY), replace(TURN, window=NEXT_WEEK), NOW) == TODAY.end
