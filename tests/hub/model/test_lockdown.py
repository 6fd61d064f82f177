"""Where the bolt of a lock-down stands, and when the hub may lock it late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.model.lockdown import UNDER_WAY, Attempt, Bolt, BoltNow, Outcome, bolt, lock_at
from hub.model.values import How, Position

SINCE = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
TRIED = SINCE + timedelta(seconds=10)
NOW = SINCE + timedelta(hours=1)
BACK = SINCE + timedelta(minutes=50)
BEFORE = SINCE - timedelta(hours=3)
QUIET = BoltNow(can_move=True, silent=False, heard_at=BEFORE)
HEARD = replace(QUIET, heard_at=BACK)
LOCKED_BEFORE = replace(QUIET, position=Position.LOCKED, position_at=BEFORE)


def _told(position: Position, at: datetime = BACK, how: How = How.MANUAL) -> BoltNow:
    return replace(HEARD, position=position, position_at=at, how=how)


DONE, REFUSED, UNKNOWN = (Attempt(TRIED, outcome, 1) for outcome in Outcome)
UNTRIED = Attempt(SINCE)


@pytest.mark.parametrize(
    ("tried", "lock", "stands"),
    [
        (DONE, QUIET, Bolt.LOCKED),
        (DONE, _told(Position.UNLOCKED, BEFORE), Bolt.LOCKED),
        (DONE, _told(Position.UNLOCKED), Bolt.OPEN),
        (DONE, _told(Position.LOCKED), Bolt.LOCKED),
        (REFUSED, QUIET, Bolt.REFUSED),
        (REFUSED, _told(Position.LOCKED), Bolt.LOCKED),
        (REFUSED, _told(Position.JAMMED), Bolt.OPEN),
        (UNKNOWN, QUIET, Bolt.UNANSWERED),
        (UNKNOWN, LOCKED_BEFORE, Bolt.UNANSWERED),
        (UNKNOWN, _told(Position.LOCKED), Bolt.LOCKED),
        (UNTRIED, QUIET, Bolt.UNANSWERED),
        (UNTRIED, replace(LOCKED_BEFORE, can_move=False), Bolt.BY_HAND),
        (UNTRIED, replace(_told(Position.LOCKED), can_move=False), Bolt.LOCKED),
    ],
)
def test_a_door_counts_as_locked_only_if_it_said_so_since_the_lock_down(
    tried: Attempt, lock: BoltNow, stands: Bolt
) -> None:
    assert bolt(SINCE, tried, lock, NOW) is stands


def test_a_command_that_may_still_be_heard_is_neither_locked_nor_unanswered() -> None:
    assert bolt(SINCE, UNTRIED, QUIET, SINCE + UNDER_WAY / 2) is Bolt.UNDER_WAY


@pytest.mark.parametrize(
    ("tried", "lock", "late"),
    [
        (UNKNOWN, QUIET, False),  # no sign of life since
        (UNKNOWN, HEARD, True),
        (UNKNOWN, replace(HEARD, silent=True), False),
        (UNKNOWN, replace(HEARD, can_move=False), False),
        (UNKNOWN, _told(Position.LOCKED), False),
        (UNKNOWN, _told(Position.UNLOCKED, BEFORE), True),
        (UNKNOWN, _told(Position.UNLOCKED, how=How.UNKNOWN), True),  # it only tells where it stands
        (UNKNOWN, _told(Position.UNLOCKED), False),  # somebody leaves
        (UNKNOWN, _told(Position.UNLOCKED, how=How.REMOTE), False),  # somebody wanted it open
        (UNKNOWN, _told(Position.JAMMED, how=How.UNKNOWN), False),
        (UNTRIED, HEARD, True),
        (REFUSED, HEARD, False),
        (DONE, HEARD, False),
        (DONE, _told(Position.UNLOCKED, how=How.UNKNOWN), False),
    ],
)
def test_only_a_lock_that_never_answered_and_is_back_is_locked_late(tried: Attempt, lock: BoltNow, late: bool) -> None:
    at = lock_at(SINCE, tried, lock, NOW)
    assert (at is not None) == late
    assert at is None or at <= NOW


SET_BACK = SINCE - timedelta(hours=8)
"""What the clock says after it was set back."""
SOON = SET_BACK + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("tried", "lock", "stands", "late"),
    [
        (UNKNOWN, replace(QUIET, heard_at=SOON), Bolt.UNANSWERED, True),
        (UNKNOWN, replace(HEARD, silent=True), Bolt.UNANSWERED, False),
        (UNTRIED, replace(QUIET, heard_at=SOON), Bolt.UNANSWERED, True),
        (UNKNOWN, _told(Position.LOCKED, SET_BACK - timedelta(days=1)), Bolt.UNANSWERED, True),
        (UNKNOWN, _told(Position.UNLOCKED), Bolt.OPEN, False),  # before the clock was set: somebody leaves
        (UNKNOWN, _told(Position.LOCKED), Bolt.LOCKED, False),
        (DONE, QUIET, Bolt.LOCKED, False),
        (DONE, _told(Position.LOCKED, SOON), Bolt.LOCKED, False),
        (DONE, _told(Position.UNLOCKED, SOON), Bolt.OPEN, False),
        (REFUSED, QUIET, Bolt.REFUSED, False),
        # Once more tried, by the clock as it is now:
        (replace(DONE, at=SOON), _told(Position.UNLOCKED, SET_BACK), Bolt.LOCKED, False),
        (replace(DONE, at=SOON), _told(Position.UNLOCKED, SOON + timedelta(minutes=1)), Bolt.OPEN, False),
        (replace(UNKNOWN, at=SOON), _told(Position.LOCKED, SOON + timedelta(minutes=1)), Bolt.LOCKED, False),
        (replace(UNKNOWN, at=SOON), _told(Position.UNLOCKED, SOON + timedelta(minutes=1)), Bolt.OPEN, False),
    ],
)
def test_after_the_clock_was_set_back_a_bolt_waits_for_no_time_of_before(
    tried: Attempt, lock: BoltNow, stands: Bolt, late: bool
) -> None:
    now = SOON + timedelta(minutes=2)
    assert bolt(SINCE, tried, lock, now) is stands
    at = lock_at(SINCE, tried, lock, now)
    assert (at is not None and at <= now) == late


def test_a_lock_that_is_heard_and_never_answers_is_tried_ever_more_seldom() -> None:
    waits = []
    for tries in range(1, 9):
        at = lock_at(SINCE, replace(UNKNOWN, tries=tries), HEARD, NOW)
        assert at is not None
        waits.append(int((at - TRIED).total_seconds()) // 60)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
