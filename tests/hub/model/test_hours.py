"""What a lock was told of the hours of a code, and what may still count after it refused or was not heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.codes import Ask, Clear, CodeState, Rest, Schedule, Slot, Step, Write, state_of, usable
from hub.model.hours import EARLY, UNTOLD, Hours, confining
from hub.model.outcomes import (
    after_schedule,
    after_schedule_failure,
    after_schedule_refusal,
    claimed,
    forgotten,
    heard,
)
from hub.model.values import Proof, Window
from tests.hub.model.beliefs import ADA, ALL_EMPTY, HOUR, NOW, OLD, POLICY, SECOND, TELLS, grant, holds, step

KEEPS = replace(TELLS, schedules=True)
ASKED = confining(ADA.window)
assert ASKED is not None
TELL = Schedule(1, ADA.id, ASKED)
LIFT = Schedule(1, ADA.id, None)
THERE = holds(1, "ada")
PAST = Hours(OLD.window, Proof.CONFIRMED)
"""Of the guest before."""
KEPT = Hours(ASKED, Proof.CONFIRMED)


def told(hours: Hours) -> Slot:
    return replace(THERE, hours=hours)


# ---- deciding -------------------------------------------------------------------------------------------------------


def test_a_lock_is_told_the_end_exactly_and_a_beginning_that_keeps_nobody_out() -> None:
    assert Window(ADA.window.start - EARLY, ADA.window.end) == ASKED


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        (UNTOLD, TELL),
        (KEPT, Rest(ADA.window.end)),
        (replace(KEPT, proof=Proof.NONE), TELL),
        (PAST, TELL),
        (replace(KEPT, proof=Proof.NONE, refused=True), Rest(ADA.window.end)),
        (replace(KEPT, proof=Proof.NONE, refused=True, before=NOW + HOUR), LIFT),
        (replace(PAST, refused=True), TELL),
        (replace(UNTOLD, failures=1, retry_at=NOW + 5 * SECOND), Rest(NOW + 5 * SECOND)),
    ],
)
def test_a_lock_is_told_what_it_does_not_keep_to(hours: Hours, wanted: Step) -> None:
    assert step([ADA], [told(hours), *ALL_EMPTY[1:]], KEEPS, policy=replace(POLICY, verify_every=None)) == wanted


def test_a_code_without_an_end_is_confined_by_nothing() -> None:
    forever = grant("ada", end=None)
    for hours, wanted in ((UNTOLD, Rest(None)), (PAST, LIFT), (replace(UNTOLD, before=NOW), LIFT)):
        slots = [told(hours), *ALL_EMPTY[1:]]
        assert step([forever], slots, KEEPS, policy=replace(POLICY, verify_every=None)) == wanted


def test_a_lock_that_keeps_no_hours_is_told_none() -> None:
    assert isinstance(step([ADA], [THERE, *ALL_EMPTY[1:]]), Rest)


def test_hours_wait_until_the_code_is_known_to_be_there_and_every_guest_has_one() -> None:
    bob = grant("bob")
    assert step([ADA], ALL_EMPTY, KEEPS) == Write(1, ADA.id)
    for doubtful in (claimed(ALL_EMPTY[0], Write(1, ADA.id), ADA.tag), forgotten(THERE)):
        assert step([ADA], [doubtful, *ALL_EMPTY[1:]], KEEPS) == Ask(1)
    assert step([ADA, bob], [THERE, *ALL_EMPTY[1:]], KEEPS) == Write(2, bob.id)
    assert step([ADA, OLD], [THERE, holds(2, "old")], KEEPS) == Clear(2)


def test_a_guest_whom_old_hours_keep_out_comes_before_a_code_that_must_go() -> None:
    assert step([ADA, OLD], [told(PAST), holds(2, "old")], KEEPS) == TELL


def test_a_place_whose_hours_are_over_is_taken_last() -> None:
    free = [replace(ALL_EMPTY[0], hours=PAST), *ALL_EMPTY[1:]]
    assert step([ADA], free, KEEPS) == Write(2, ADA.id)


# ---- learning -------------------------------------------------------------------------------------------------------


def test_whatever_a_lock_was_told_before_may_count_until_it_takes_something_else() -> None:
    lost = after_schedule_failure(claimed(told(PAST), TELL), POLICY, NOW)
    assert (lost.hours.told, lost.hours.end, lost.hours.proof) == (ASKED, OLD.window.end, Proof.NONE)
    assert lost.hours.retry_at is not None
    assert lost.retry_at is None, "the code does not wait for its hours"
    taken = after_schedule(claimed(lost, TELL), TELL, Proof.CONFIRMED)
    assert taken.hours == KEPT


def test_hours_that_were_refused_leave_what_counted_before_to_be_lifted() -> None:
    refused = after_schedule_refusal(claimed(told(PAST), TELL), TELL, POLICY, NOW)
    assert (refused.hours.refused, refused.hours.end) == (True, OLD.window.end)
    stuck = after_schedule_refusal(claimed(refused, LIFT), LIFT, POLICY, NOW)
    assert stuck.hours.end == OLD.window.end
    assert stuck.hours.retry_at is not None, "it is not hammered"
    lifted = after_schedule(claimed(heard(stuck), LIFT), LIFT, Proof.CONFIRMED)
    assert (lifted.hours.end, lifted.hours.refused, lifted.hours.lacking(ADA.window)) == (None, True, False)


def test_hours_that_were_refused_where_nothing_counted_cost_no_command() -> None:
    refused = after_schedule_refusal(claimed(THERE, TELL), TELL, POLICY, NOW)
    assert not refused.hours.lacking(ADA.window)
    longer = grant("ada", end=9).window
    assert refused.hours.lacking(longer), "other hours it may be able to keep"


def test_a_code_that_is_written_again_has_its_hours_told_again() -> None:
    """Some locks forget them with the code, and some keep them."""
    again = claimed(told(KEPT), Write(1, ADA.id), ADA.tag)
    assert again.hours.lacking(ADA.window)
    assert again.hours.end == ADA.window.end


def test_what_others_told_a_lock_is_lifted_where_it_cannot_be_overwritten() -> None:
    """A lock that was met anew, or taken over from another hub."""
    for slot in (forgotten(told(PAST)), Slot.unknown(1)):
        assert not slot.hours.shut(NOW)
        refused = after_schedule_refusal(claimed(told(slot.hours), TELL), TELL, POLICY, NOW)
        assert step([ADA], [refused, *ALL_EMPTY[1:]], KEEPS) == LIFT
        assert not after_schedule(refused, LIFT, Proof.CONFIRMED).hours.lacking(ADA.window)


def test_a_code_that_was_not_looked_at_lately_is_looked_at_before_it_is_told_hours() -> None:
    """Somebody may have put another one there; it must not be given our guest's hours."""
    long_ago = replace(THERE, proven_at=NOW - POLICY.fresh)
    assert step([ADA], [long_ago, *ALL_EMPTY[1:]], KEEPS) == Ask(1)
    unheard = replace(long_ago, failures=1, retry_at=NOW + SECOND)
    assert step([ADA], [unheard, *ALL_EMPTY[1:]], KEEPS) == Rest(NOW + SECOND)


# ---- telling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "good"),
    [
        (UNTOLD, True),
        (KEPT, True),
        (PAST, False),
        (replace(KEPT, proof=Proof.NONE), True),
        (replace(KEPT, before=NOW - timedelta(seconds=1)), False),
        (replace(KEPT, before=NOW + HOUR), True),
        (replace(PAST, refused=True), True),
    ],
)
def test_a_code_is_good_only_as_long_as_all_lasts_that_may_count(hours: Hours, good: bool) -> None:
    assert usable(ADA, told(hours), NOW) is good
    assert state_of(ADA, told(hours), NOW) is (CodeState.SET if good else CodeState.WRITING)


def test_only_hours_that_a_lock_says_it_keeps_are_said_to_be_kept() -> None:
    claim = UNTOLD.claimed(ASKED)
    heard_only = claim.taken(ASKED, Proof.ACKNOWLEDGED)
    others = (claim, heard_only, claim.rejected(), UNTOLD.taken(None, Proof.CONFIRMED))
    assert [hours.kept for hours in (KEPT, *others)] == [True, False, False, False, False]
