"""Codes that are in a lock before they are needed: never open too early, and first to go when there is no room."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.codes import (
    Ask,
    Claim,
    Clear,
    CodeState,
    Enable,
    Grant,
    Limits,
    Reading,
    Rest,
    Schedule,
    Slot,
    Step,
    Write,
    next_step,
    ready,
    state_of,
    usable,
)
from hub.model.facts import SlotRead
from hub.model.hours import Hours, confining, exactly
from hub.model.outcomes import after_ask, after_refusal, after_schedule_refusal, after_write, claimed
from hub.model.values import Pin, Proof, Purpose
from tests.hub.model.beliefs import (
    ADA,
    ALL_EMPTY,
    BOB,
    CYD,
    HOUR,
    MASKED,
    NOW,
    POLICY,
    TELLS,
    empty,
    foreign,
    grant,
    holds,
    step,
)

HOLDS = replace(TELLS, holds=True)
BOTH = replace(HOLDS, schedules=True)
KEEPS = replace(TELLS, schedules=True)
FIRST = replace(KEEPS, hours_first=True)
SEEN = POLICY.fresh + timedelta(minutes=1)
DAN = grant("dan", 3, 9)
STAFF = replace(grant("staff", -9, None), purpose=Purpose.STAFF)
BACKUP = replace(grant("backup", -9, None), purpose=Purpose.BACKUP)
LATER = grant("cyd", POLICY.ahead / HOUR + 1, POLICY.ahead / HOUR + 9)
EXACT = Hours(exactly(CYD.window), Proof.READ_BACK)


def shut(number: int, name: str) -> Slot:
    return replace(holds(number, name), enabled=False)


def kept(number: int, name: str, hours: Hours = EXACT, *, enabled: bool = True) -> Slot:
    return replace(holds(number, name), hours=hours, enabled=enabled)


def day(slot: Slot) -> Step:
    """What is done with what is in slot 1, three days before everything is asked again."""
    return step([CYD], [slot, *ALL_EMPTY[1:]], BOTH, policy=replace(POLICY, verify_every=None))


@pytest.mark.parametrize(
    ("why", "grants", "slots", "limits", "wanted"),
    [
        ("it waits where a lock can hold it", [CYD], ALL_EMPTY, HOLDS, Write(1, CYD.id, enabled=False)),
        ("nowhere else", [CYD], ALL_EMPTY, KEEPS, Rest(CYD.window.start)),
        ("not for longer than the house says", [LATER], ALL_EMPTY, HOLDS, Rest(LATER.window.start - POLICY.ahead)),
        ("the next guest first", [DAN, CYD], ALL_EMPTY, HOLDS, Write(1, CYD.id, enabled=False)),
        ("after whoever is there now", [CYD, ADA], ALL_EMPTY, HOLDS, Write(1, ADA.id)),
        ("a place is looked at first", [CYD], [empty(1, SEEN)], HOLDS, Ask(1)),
        (
            "hours come before the code where that holds",
            [CYD],
            ALL_EMPTY,
            FIRST,
            Schedule(1, CYD.id, exactly(CYD.window)),
        ),
        (
            "then the code, in the place that has them",
            [CYD],
            [empty(1), replace(empty(2), hours=EXACT)],
            FIRST,
            Write(2, CYD.id, confined=True),
        ),
        (
            "an emergency comes before all",
            [ADA, replace(BOB, purpose=Purpose.EMERGENCY)],
            ALL_EMPTY,
            TELLS,
            Write(1, BOB.id),
        ),
        ("a code of staff comes after the guests'", [STAFF, ADA], ALL_EMPTY, TELLS, Write(1, ADA.id)),
        ("and after what must go", [STAFF], [empty(1), holds(2, "old")], TELLS, Clear(2)),
    ],
)
def test_what_waits_is_written(why: str, grants: list[Grant], slots: list[Slot], limits: Limits, wanted: Step) -> None:
    assert step(grants, slots, limits, policy=replace(POLICY, verify_every=None)) == wanted, why


@pytest.mark.parametrize(
    ("why", "slot", "wanted"),
    [
        ("it is told its hours to the minute", shut(1, "cyd"), Schedule(1, CYD.id, exactly(CYD.window))),
        ("it opens by itself once the lock keeps them", kept(1, "cyd", enabled=False), Enable(1, CYD.id)),
        ("then nothing is left to do", kept(1, "cyd"), Rest(CYD.window.start)),
        ("hours that were only heard of open nothing", kept(1, "cyd", replace(EXACT, proof=Proof.ACKNOWLEDGED), enabled=False),
         Rest(CYD.window.start)),
        ("refused hours neither", kept(1, "cyd", replace(EXACT, proof=Proof.NONE, refused=True), enabled=False),
         Rest(CYD.window.start)),
        ("a code that could open too early is shut", holds(1, "cyd"), Write(1, CYD.id, enabled=False)),
        ("also where the lock was told a day's grace", kept(1, "cyd", Hours(confining(CYD.window), Proof.READ_BACK)),
         Write(1, CYD.id, enabled=False)),
        ("and taken out where that has failed", replace(holds(1, "cyd"), failures=1), Clear(1)),
        ("what is in doubt is asked for", replace(shut(1, "cyd"), claim=Claim.ENABLING), Ask(1)),
    ],
)  # fmt: skip
def test_a_code_that_waits_never_opens_too_early(why: str, slot: Slot, wanted: Step) -> None:
    assert day(slot) == wanted, why


def test_a_lock_that_cannot_hold_a_code_loses_one_whose_stay_moved_away() -> None:
    assert step([CYD], [holds(1, "cyd"), empty(2)], KEEPS) == Clear(1)
    assert step([CYD], [kept(1, "cyd"), *ALL_EMPTY[1:]], FIRST) == Rest(CYD.window.start)


@pytest.mark.parametrize(
    ("slot", "limits", "wanted"),
    [
        (shut(1, "ada"), HOLDS, Enable(1, ADA.id)),
        (replace(shut(1, "ada"), failures=1), HOLDS, Write(1, ADA.id)),
        (shut(1, "ada"), TELLS, Write(1, ADA.id)),
        (replace(shut(1, "ada"), proven_at=NOW - SEEN), HOLDS, Ask(1)),
        (kept(1, "ada", Hours(exactly(ADA.window), Proof.READ_BACK)), BOTH, Rest(ADA.window.end)),
        (kept(1, "ada", EXACT), BOTH, Schedule(1, ADA.id, confining(ADA.window))),
    ],
)
def test_when_the_window_begins_the_code_opens(slot: Slot, limits: Limits, wanted: Step) -> None:
    assert step([ADA], [slot, *ALL_EMPTY[1:]], limits, policy=replace(POLICY, verify_every=None)) == wanted


# ---- too few places -------------------------------------------------------------------------------------------------

FULL = [holds(1, "ada"), shut(2, "cyd"), shut(3, "dan")]


@pytest.mark.parametrize(
    ("why", "grants", "slots", "wanted"),
    [
        ("a guest who is here takes the place of the one who comes last", [ADA, BOB, CYD, DAN], FULL, Clear(3)),
        ("whoever comes sooner takes the place of whoever comes later", [ADA, grant("eve", 1), CYD, DAN], FULL, Clear(3)),
        ("whoever comes later waits", [ADA, CYD, DAN, grant("eve", 4)], FULL, Rest(CYD.window.start)),
        ("a code of staff gives way to a guest who is here", [ADA, BOB, STAFF, BACKUP],
         [holds(1, "ada"), holds(2, "staff"), holds(3, "backup")], Clear(2)),
        ("a backup code too, if there is no other", [ADA, BOB, BACKUP],
         [holds(1, "ada"), foreign(2), holds(3, "backup")], Clear(3)),
        ("staff does not come back into the place that a guest needs", [ADA, BOB, STAFF],
         [holds(1, "ada"), foreign(2), replace(empty(3), retry_at=NOW + HOUR / 60, tag=BOB.tag)], Rest(NOW + HOUR / 60)),
        ("nobody who is here gives way", [ADA, BOB, grant("eve")], [holds(1, "ada"), foreign(2), holds(3, "bob")],
         Rest(BOB.window.end)),
        ("a code that was adopted in a place beyond those that are managed would make no room", [ADA, BOB, STAFF],
         [holds(1, "ada"), foreign(2), foreign(3), holds(4, "staff")], Rest(BOB.window.end)),
        ("one that is in them does instead", [ADA, BOB, STAFF, BACKUP],
         [holds(1, "ada"), foreign(2), holds(3, "backup"), holds(4, "staff")], Clear(3)),
        ("an empty place is taken first", [ADA, BOB, CYD], [holds(1, "ada"), shut(2, "cyd"), empty(3)], Write(3, BOB.id)),
        ("and what goes anyway is waited for", [ADA, BOB, CYD], [holds(1, "ada"), shut(2, "cyd"), holds(3, "old")], Clear(3)),
    ],
)  # fmt: skip
def test_codes_that_wait_make_room(why: str, grants: list[Grant], slots: list[Slot], wanted: Step) -> None:
    assert step(grants, slots, HOLDS, policy=replace(POLICY, verify_every=None)) == wanted, why


# ---- learning and telling -------------------------------------------------------------------------------------------

NINE = Pin("482913")


@pytest.mark.parametrize("enabled", [True, False])
def test_what_was_written_to_wait_is_proven_only_if_it_waits(enabled: bool) -> None:
    written = claimed(empty(1), Write(1, CYD.id, enabled=False), CYD.tag)
    took = after_write(written, Proof.ACKNOWLEDGED, HOLDS, NOW)
    assert (took.claim, took.written_at) == (Claim.HOLDING, NOW)
    found = after_ask(took, SlotRead(empty=False, pin=NINE, enabled=enabled), CYD.tag, POLICY, NOW)
    assert (found.claim, found.enabled, found.failures) == (None, enabled, int(enabled))
    assert found.proof is Proof.READ_BACK


def test_a_lock_that_says_so_at_once_holds_the_code() -> None:
    held = after_write(claimed(empty(1), Write(1, CYD.id, enabled=False), CYD.tag), Proof.CONFIRMED, MASKED, NOW)
    assert (held.reading, held.enabled, state_of(CYD, held, NOW)) == (Reading.OCCUPIED, False, CodeState.HELD)
    enabled = after_write(claimed(held, Enable(1, CYD.id)), Proof.CONFIRMED, MASKED, NOW)
    assert enabled.enabled


def test_hours_told_first_stay_when_the_code_comes() -> None:
    written = claimed(replace(empty(1), hours=EXACT), Write(1, CYD.id, confined=True), CYD.tag)
    assert written.hours == EXACT


def test_a_lock_that_does_not_enable_is_written_to_when_the_guest_comes() -> None:
    refused = after_refusal(claimed(shut(1, "cyd"), Enable(1, CYD.id)), POLICY, NOW)
    assert (refused.claim, refused.enabled, refused.holder, refused.failures) == (None, False, CYD.id, 1)
    took = after_write(claimed(shut(1, "cyd"), Enable(1, CYD.id)), Proof.ACKNOWLEDGED, HOLDS, NOW)
    still = after_ask(took, SlotRead(empty=False, pin=NINE, enabled=False), CYD.tag, POLICY, NOW)
    assert (still.failures, still.retry_at is not None) == (1, True)


def test_hours_that_are_refused_before_their_code_are_not_offered_for_the_next_at_once() -> None:
    told = claimed(empty(1), Schedule(1, CYD.id, exactly(CYD.window)))
    refused = after_schedule_refusal(told, Schedule(1, CYD.id, exactly(CYD.window)), POLICY, NOW)
    assert refused.hours.refused
    assert refused.hours.retry_at is not None


@pytest.mark.parametrize(
    ("slot", "state", "is_ready"),
    [
        (shut(1, "cyd"), CodeState.HELD, True),
        (kept(1, "cyd"), CodeState.HELD, True),
        (kept(1, "cyd", Hours(exactly(DAN.window), Proof.READ_BACK), enabled=False), CodeState.HELD, False),
        (holds(1, "cyd"), CodeState.CLEARING, True),
        (replace(shut(1, "cyd"), claim=Claim.CLEARING), CodeState.CLEARING, False),
        (replace(shut(1, "cyd"), claim=Claim.ENABLING), CodeState.WRITING, False),
    ],
)
def test_what_a_person_is_told_of_a_code_that_waits(slot: Slot, state: CodeState, is_ready: bool) -> None:
    assert state_of(CYD, slot, NOW) is state
    assert ready(CYD, slot, NOW) is is_ready
    assert not usable(CYD, slot, NOW)


def test_a_code_that_begins_between_two_minutes_is_kept_shut_to_the_end_of_the_first() -> None:
    odd = replace(CYD, window=replace(CYD.window, start=CYD.window.start + timedelta(seconds=12)))
    assert exactly(odd.window).start == CYD.window.start + timedelta(minutes=1)
    assert ready(odd, kept(1, "cyd", Hours(exactly(odd.window), Proof.READ_BACK)), NOW)


TRUST = Hours(exactly(CYD.window), Proof.ACKNOWLEDGED)
EVE = grant("eve", 4, 9)


def test_places_of_a_lock_that_only_acknowledges_hours_are_not_fought_over() -> None:
    """Each code that waits would tell the lock its own hours for the same place, without an end."""
    cyds = replace(empty(1), hours=TRUST)
    dans = replace(empty(2), hours=Hours(exactly(DAN.window), Proof.ACKNOWLEDGED))
    assert step([CYD, DAN], [cyds, empty(2)], FIRST) == Schedule(2, DAN.id, exactly(DAN.window))
    full = replace(FIRST, slots=2)
    for waiting in ([CYD, DAN], [CYD, DAN, EVE]):
        assert step(waiting, [cyds, dans], full) == Rest(min(each.window.start for each in waiting))
    begun = grant("begun")
    assert step([CYD, DAN, begun], [cyds, dans], full) == Write(1, begun.id), "a guest who is there comes first"


def test_a_code_that_was_refused_keeps_no_place_from_those_that_wait() -> None:
    cyds = replace(empty(1), hours=TRUST)
    refused = replace(CYD, refused=True)
    assert step([refused, DAN], [cyds], replace(FIRST, slots=1)) == Schedule(1, DAN.id, exactly(DAN.window))


def test_a_code_that_is_there_before_its_time_and_cannot_be_made_to_wait_goes() -> None:
    early = Slot(1, reading=Reading.OCCUPIED, tag=CYD.tag, proven_at=NOW, hours=TRUST)
    assert step([CYD], [early, *ALL_EMPTY[1:]], FIRST) == Clear(1)


def test_somebody_elses_code_with_the_digits_of_one_that_waits_is_left_alone() -> None:
    early = Slot(1, reading=Reading.OCCUPIED, tag=CYD.tag, proven_at=NOW, hours=TRUST)
    refused = replace(CYD, refused=True)
    left = next_step([refused], [early, *ALL_EMPTY[1:]], POLICY, FIRST, NOW, theirs={CYD.tag})
    assert left == Rest(CYD.window.start)
