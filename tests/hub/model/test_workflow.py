"""Ten stages: each has one status, and only what follows may follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.model.values import StayStatus
from hub.model.workflow import FOLLOWS, STATUS, Course, Stage, due, made_longer, stage_for, told

IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
OUT = datetime(2027, 3, 5, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _course(arrived: datetime | None = None, left: datetime | None = None, *, seen: bool = True) -> Course:
    return Course(IN, OUT, arrived, left, seen)


def test_there_are_the_ten_of_the_plans_each_with_a_status() -> None:
    assert {each.value for each in Stage} == {
        "pending", "payment_pending", "confirmed", "pre_arrival", "checked_in", "checked_out", "completed", "cancelled",
        "no_show", "refunded",
    }  # fmt: skip
    assert FOLLOWS.keys() == STATUS.keys() == set(Stage)
    assert all(stage not in FOLLOWS[stage] for stage in Stage)


@pytest.mark.parametrize(
    ("stage", "course", "now", "after"),
    [
        (Stage.CONFIRMED, _course(), IN - 49 * HOUR, None),
        (Stage.CONFIRMED, _course(), IN - 48 * HOUR, Stage.PRE_ARRIVAL),
        (Stage.PRE_ARRIVAL, _course(), IN - 50 * HOUR, Stage.CONFIRMED),
        (Stage.PRE_ARRIVAL, _course(IN), IN + HOUR, Stage.CHECKED_IN),
        (Stage.PRE_ARRIVAL, _course(), IN + 23 * HOUR, None),
        (Stage.PRE_ARRIVAL, _course(), IN + 24 * HOUR, Stage.NO_SHOW),
        (Stage.PRE_ARRIVAL, _course(seen=False), IN + 24 * HOUR, None),
        (Stage.PRE_ARRIVAL, replace(_course(), missed_after=3 * HOUR), IN + 3 * HOUR, Stage.NO_SHOW),
        (Stage.PRE_ARRIVAL, replace(_course(), missed_after=30 * HOUR), IN + 29 * HOUR, None),
        (Stage.PRE_ARRIVAL, replace(_course(), missed_after=300 * HOUR), OUT, Stage.NO_SHOW),
        (Stage.PRE_ARRIVAL, replace(_course(), missed_after=None), OUT - HOUR, None),
        (Stage.PRE_ARRIVAL, replace(_course(), missed_after=None), OUT, Stage.CHECKED_OUT),
        (Stage.PRE_ARRIVAL, _course(seen=False), OUT, Stage.CHECKED_OUT),
        (Stage.NO_SHOW, _course(IN + 30 * HOUR), IN + 30 * HOUR, Stage.CHECKED_IN),
        (Stage.CHECKED_IN, _course(IN), OUT - HOUR, None),
        (Stage.CHECKED_IN, _course(IN), OUT, Stage.CHECKED_OUT),
        (Stage.CHECKED_IN, _course(IN, OUT - 2 * HOUR), OUT - HOUR, Stage.CHECKED_OUT),
        (Stage.CHECKED_OUT, _course(IN), OUT - HOUR, Stage.CHECKED_IN),
        (Stage.CHECKED_OUT, _course(IN), OUT + 24 * HOUR, Stage.COMPLETED),
        (Stage.PENDING, _course(), OUT, None),
        (Stage.CANCELLED, _course(IN), OUT, None),
    ],
)
def test_the_clock_moves_a_stay_on(stage: Stage, course: Course, now: datetime, after: Stage | None) -> None:
    following = due(stage, course, now)
    assert (following and following[0]) == after
    if following is not None:
        assert following[0] in FOLLOWS[stage]
        assert STATUS[following[0]] is STATUS[stage], "the clock alone never touches codes"


@pytest.mark.parametrize("stage", Stage)
def test_whatever_the_course_the_clock_takes_only_steps_that_may_be(stage: Stage) -> None:
    for hours in range(-100, 200, 3):
        for arrived in (None, IN + HOUR):
            for left in (None, OUT - HOUR):
                for seen in (True, False):
                    following = due(stage, Course(IN, OUT, arrived, left, seen), IN + hours * HOUR)
                    assert following is None or following[0] in FOLLOWS[stage]


def test_a_status_that_was_told_keeps_the_stage_that_agrees_with_it() -> None:
    assert stage_for(StayStatus.CONFIRMED, Stage.CHECKED_IN) is Stage.CHECKED_IN
    assert stage_for(StayStatus.CANCELLED, Stage.CHECKED_IN) is Stage.CANCELLED
    assert stage_for(StayStatus.CONFIRMED, Stage.CANCELLED) is Stage.CONFIRMED
    assert stage_for(StayStatus.TENTATIVE, None) is Stage.PENDING


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("stage", list(Stage))
def test_a_channel_s_word_moves_a_stay_only_to_what_follows(stage: Stage, inside: bool) -> None:
    steps = told(stage, _course(), IN + HOUR, inside=inside)
    for before, after in zip((stage, *steps), steps, strict=False):
        assert after in FOLLOWS[before]
    assert not steps or steps[-1] is (Stage.CHECKED_IN if inside else Stage.CHECKED_OUT)
    assert bool(steps) is (
        stage in (Stage.CONFIRMED, Stage.PRE_ARRIVAL, Stage.NO_SHOW)
        or stage is (Stage.CHECKED_OUT if inside else Stage.CHECKED_IN)
    )


@pytest.mark.parametrize("stage", list(Stage))
def test_a_longer_stay_is_gone_back_to_only_by_what_follows(stage: Stage) -> None:
    steps = made_longer(stage)
    assert all(after in FOLLOWS[before] for before, after in zip((stage, *steps), steps, strict=False))
    assert steps[-1:] == ((Stage.CHECKED_IN,) if stage in (Stage.CHECKED_OUT, Stage.COMPLETED) else ())


def test_a_guest_who_left_or_whose_stay_is_over_does_not_come_back_by_a_channel_s_word() -> None:
    assert told(Stage.CHECKED_OUT, _course(IN, IN + HOUR), IN + 2 * HOUR, inside=True) == ()
    assert told(Stage.CHECKED_OUT, _course(IN), OUT, inside=True) == ()


def test_what_a_channel_said_of_the_check_out_stands_though_the_stay_goes_on() -> None:
    said = replace(_course(IN), by_channel=True)
    assert due(Stage.CHECKED_OUT, said, OUT - HOUR) is None
    found = due(Stage.CHECKED_OUT, said, OUT + 24 * HOUR)
    assert found is not None
    assert found[0] is Stage.COMPLETED
