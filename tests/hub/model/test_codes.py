from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.codes import Ask, Claim, Clear, Grant, Reading, Rest, Slot, Step, Write, next_step
from hub.model.outcomes import patience
from hub.model.values import CodeTag, GrantId, Proof, Purpose
from tests.hub.model.beliefs import (
    ADA,
    ALL_EMPTY,
    BOB,
    CYD,
    HOUR,
    MASKED,
    NOW,
    OLD,
    OLDER,
    POLICY,
    SECOND,
    SOON,
    TELLS,
    empty,
    foreign,
    grant,
    holds,
    step,
    unknown,
    waiting,
)

# ---- deciding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "grants", "slots", "expected"),
    [
        ("an empty house has nothing to do", [], ALL_EMPTY, Rest(None)),
        ("a code is written into the first empty slot", [ADA], ALL_EMPTY, Write(1, ADA.id)),
        ("whoever came first is served first", [BOB, ADA], ALL_EMPTY, Write(1, ADA.id)),
        ("a code is not written before its window", [CYD], ALL_EMPTY, Rest(CYD.window.start)),
        ("a window that is over gives nothing", [OLD], ALL_EMPTY, Rest(None)),
        ("a revoked grant gives nothing", [replace(ADA, revoked=True)], ALL_EMPTY, Rest(None)),
        ("a lock-down takes a code out", [replace(ADA, suspended=True)], [holds(1, "ada")], Clear(1)),
        ("a lock-down gives nothing", [replace(ADA, suspended=True)], ALL_EMPTY, Rest(ADA.window.end)),
        (
            "an emergency comes before whoever came first",
            [ADA, replace(BOB, purpose=Purpose.EMERGENCY)],
            ALL_EMPTY,
            Write(1, BOB.id),
        ),
        ("refused digits are not tried again", [replace(ADA, refused=True)], ALL_EMPTY, Rest(ADA.window.end)),
        ("too many digits are not tried", [grant("ada", digits=9)], ALL_EMPTY, Rest(ADA.window.end)),
        ("too few digits are not tried", [grant("ada", digits=3)], ALL_EMPTY, Rest(ADA.window.end)),
        ("a slot that was seen empty long ago is asked", [ADA], [empty(1, HOUR), empty(2), empty(3)], Ask(1)),
        ("a slot seen empty in the future is asked", [ADA], [empty(1, -HOUR), empty(2), empty(3)], Ask(1)),
        ("a slot seen empty a moment from now is fresh", [ADA], [empty(1, -10 * SECOND)], Write(1, ADA.id)),
        ("a proven code stays", [ADA], [holds(1, "ada"), empty(2), empty(3)], Rest(ADA.window.end)),
        ("a code in doubt is asked about", [ADA], [replace(holds(1, "ada"), reading=Reading.UNKNOWN)], Ask(1)),
        ("a claimed slot is asked about", [ADA], [replace(empty(1), claim=Claim.WRITING, holder=ADA.id)], Ask(1)),
        ("a code switched off is written again", [ADA], [replace(holds(1, "ada"), enabled=False)], Write(1, ADA.id)),
        ("a code that is over is cleared", [OLD], [holds(1, "old"), empty(2), empty(3)], Clear(1)),
        ("a code without a grant is cleared", [], [holds(1, "old"), empty(2), empty(3)], Clear(1)),
        ("a code that moved to later is cleared", [CYD], [holds(1, "cyd"), empty(2), empty(3)], Clear(1)),
        ("a revoked code is cleared", [replace(ADA, revoked=True)], [holds(1, "ada"), empty(2), empty(3)], Clear(1)),
        ("long after it was seen a code is asked about first", [OLD], [holds(1, "old", HOUR)], Ask(1)),
        ("a guest without a code comes before a removal", [OLD, ADA], [holds(1, "old"), empty(2)], Write(2, ADA.id)),
        ("a removal comes before a guest yet to come", [OLD, CYD], [holds(1, "old"), empty(2), empty(3)], Clear(1)),
        ("a removal makes room", [OLD, ADA], [holds(1, "old"), foreign(2), foreign(3)], Clear(1)),
        ("a removal comes before looking around", [OLD], [holds(1, "old"), unknown(2), unknown(3)], Clear(1)),
        ("looking around makes room", [ADA], [foreign(1), foreign(2)], Ask(3)),
        ("a guest comes before looking around", [ADA], [unknown(1), empty(2)], Write(2, ADA.id)),
        ("unknown slots are looked into", [], [empty(1), empty(3)], Ask(2)),
        ("slots that are not managed are not looked into", [], [*ALL_EMPTY, unknown(4)], Rest(None)),
        ("no slot beyond the managed ones is used", [ADA], [foreign(1), foreign(2), foreign(3), empty(4)], None),
        ("a live code is never cleared for another", [ADA, BOB], [holds(1, "bob"), foreign(2), foreign(3)], None),
        ("a strangers' codes are left alone", [], [foreign(1), foreign(2, None), empty(3)], None),
        (
            "digits that still open by an ended grant wait",
            [replace(ADA, tag=OLD.tag)],
            [holds(1, "old"), empty(2)],
            Clear(1),
        ),
        (
            "a code that is there already is taken over in place",
            [ADA],
            [foreign(1), empty(2), foreign(3, "ada")],
            Ask(3),
        ),
        ("a slot beyond what the lock has is no slot", [], [*ALL_EMPTY, holds(9, "old")], Rest(None)),
    ],
)
def test_the_next_step(why: str, grants: list[Grant], slots: list[Slot], expected: Step | None) -> None:
    chosen = step(grants, slots)
    if expected is None:
        assert isinstance(chosen, Rest), why
    else:
        assert chosen == expected, why


def test_a_waiting_slot_holds_up_nobody_else() -> None:
    refused = [waiting(holds(1, "old")), holds(2, "older"), empty(3)]
    assert step([OLD, OLDER], refused) == Clear(2)
    assert step([OLD, OLDER, ADA], refused) == Write(3, ADA.id)
    assert step([OLD], [waiting(holds(1, "old")), empty(2), empty(3)]) == Rest(SOON)


def test_a_guest_waits_for_the_slot_where_the_code_may_be() -> None:
    doubt = waiting(replace(holds(1, "ada"), reading=Reading.UNKNOWN))
    assert step([ADA], [doubt, empty(2), empty(3)]) == Rest(SOON)


def test_a_place_is_kept_for_a_code_that_was_lost() -> None:
    kept = waiting(replace(empty(1), tag=ADA.tag))
    assert step([ADA], [kept, empty(2), empty(3)]) == Rest(SOON)
    assert step([BOB, ADA], [kept, empty(2), empty(3)]) == Write(2, BOB.id)
    assert step([ADA], [replace(kept, retry_at=NOW), empty(2), empty(3)]) == Write(1, ADA.id)
    assert step([BOB], [kept, foreign(2), foreign(3)]) == Rest(SOON)
    assert step([BOB], [replace(kept, retry_at=None), foreign(2), foreign(3)]) == Write(1, BOB.id)


def test_a_slot_that_lost_fewer_codes_is_preferred() -> None:
    assert step([ADA], [replace(empty(1), failures=2), replace(empty(2), failures=1), foreign(3)]) == Write(2, ADA.id)


def test_a_wait_written_by_a_wrong_clock_is_no_wait() -> None:
    far = waiting(holds(1, "old"), NOW + timedelta(days=365))
    assert step([OLD], [far, empty(2), empty(3)]) == Clear(1)


def test_of_two_slots_with_one_code_the_proven_one_stays() -> None:
    doubt = replace(holds(1, "ada"), claim=Claim.WRITING, reading=Reading.UNKNOWN)
    assert step([ADA], [doubt, holds(2, "ada"), empty(3)]) == Ask(1)
    assert step([ADA], [holds(1, "ada"), holds(2, "ada"), empty(3)]) == Clear(2)


def test_a_code_that_was_once_ours_is_cleared_wherever_it_turns_up() -> None:
    lately = replace(foreign(2, "lost"), proven_at=NOW)
    assert step([], [empty(1), lately, empty(3)], ours=("lost",)) == Clear(2)
    assert step([], [empty(1), foreign(2, "lost"), empty(3)], ours=("lost",)) == Ask(2)
    assert isinstance(step([], [empty(1), lately, empty(3)], ours=("other",)), Rest)


def test_a_forgotten_code_of_a_guest_yet_to_come_is_cleared() -> None:
    lately = replace(foreign(2, "cyd"), proven_at=NOW)
    assert step([CYD], [empty(1), lately, empty(3)]) == Clear(2)


def test_a_live_guests_own_digits_are_never_taken_for_a_stray() -> None:
    lately = replace(foreign(2, "ada"), proven_at=NOW)
    assert step([ADA], [empty(1), lately, empty(3)], ours=("ada",)) == Write(2, ADA.id)


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        (holds(1, "old", 9 * HOUR), Clear(1)),
        (replace(holds(1, "old"), claim=Claim.WRITING, reading=Reading.UNKNOWN, proof=Proof.NONE), Clear(1)),
        (replace(holds(1, "old"), claim=Claim.CLEARING), Clear(1)),
        (replace(holds(1, "old"), claim=Claim.CLEARING, reading=Reading.UNKNOWN), Ask(1)),
        (replace(holds(1, "old"), reading=Reading.UNKNOWN, proof=Proof.NONE), Ask(1)),
    ],
)
def test_a_masked_lock_is_asked_before_clearing_only_where_its_word_would_tell(slot: Slot, expected: Step) -> None:
    assert step([OLD], [slot, empty(2), empty(3)], MASKED) == expected


def test_a_hub_that_may_only_look_changes_nothing() -> None:
    look = replace(POLICY, look_only=True)
    slots = [holds(1, "old"), empty(2), empty(3)]
    assert isinstance(step([OLD, ADA], slots, policy=look), Rest)
    assert step([OLD, ADA], [*slots[:2], unknown(3)], policy=look) == Ask(3)
    assert step([OLD], [replace(slots[0], claim=Claim.CLEARING), *slots[1:]], policy=look) == Ask(1)


def test_what_is_set_is_looked_at_again_after_a_day() -> None:
    day = timedelta(days=1)
    late = grant("ada", -30, 30)
    assert step([late], [holds(1, "ada", day), empty(2), empty(3)]) == Ask(1)
    assert step([late], [holds(1, "ada", day + HOUR), empty(2), empty(3)]) == Ask(1)
    assert step([late], [holds(1, "ada", HOUR), empty(2), empty(3)]) == Rest(NOW + day - HOUR)
    assert step([], [replace(foreign(1), proven_at=NOW - 2 * day), empty(2), empty(3)]) == Ask(1)
    never = replace(POLICY, verify_every=None)
    assert step([late], [holds(1, "ada", day + HOUR), empty(2), empty(3)], policy=never) == Rest(late.window.end)


def test_a_look_that_fails_waits_as_everything_does() -> None:
    late = grant("ada", -30, 30)
    assert step([late], [waiting(holds(1, "ada", timedelta(days=2))), empty(2), empty(3)]) == Rest(SOON)


# ---- resting --------------------------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Grant], list[Slot], bool, bool]:
    hours = st.sampled_from([-30, -9, -1, 0, 0.01, 1, 9, 30])
    names = ["ada", "bob", "cyd", "old"]
    grants = [
        replace(
            grant(name, start, draw(st.sampled_from([None, start + 0.5, start + 9, start + 40]))),
            revoked=draw(st.booleans()),
            refused=draw(st.booleans()),
        )
        for name, start in zip(names, draw(st.tuples(hours, hours, hours, hours)), strict=True)
    ]
    holders = draw(st.permutations([*names, None, None, None]))
    slots = [
        Slot(
            number,
            GrantId(holder) if holder else None,
            draw(st.sampled_from(Reading)),
            CodeTag(f"tag of {draw(st.sampled_from([*names, 'stranger']))}"),
            draw(st.booleans()),
            draw(st.sampled_from([None, *Claim])),
            draw(st.sampled_from(Proof)),
            draw(st.sampled_from([None, NOW, NOW - HOUR, NOW + HOUR, NOW - 30 * HOUR])),
            draw(st.integers(0, 9)),
            draw(st.sampled_from([None, NOW, SOON, NOW - HOUR, NOW + 900 * HOUR])),
        )
        for number, holder in zip(range(1, 6), holders, strict=False)
    ]
    return grants, slots, draw(st.booleans()), draw(st.booleans())


@given(worlds(), st.floats(0, 1))
def test_whatever_the_state_is_there_is_a_step_and_rest_lasts_until_it_says(
    world: tuple[list[Grant], list[Slot], bool, bool], share: float
) -> None:
    grants, slots, tells, look_only = world
    policy, limits = replace(POLICY, look_only=look_only), TELLS if tells else MASKED
    chosen = next_step(grants, slots, policy, limits, NOW)
    assert chosen == next_step(grants[::-1], slots[::-1], policy, limits, NOW)
    if isinstance(chosen, Rest):
        until = NOW + 1000 * HOUR if chosen.until is None else chosen.until
        assert until > NOW
        between = NOW + (until - NOW) * share
        if between < until:
            assert next_step(grants, slots, policy, limits, between) == chosen


# ---- waiting --------------------------------------------------------------------------------------------------------


def test_patience_grows_to_its_limit_and_not_in_step_with_others() -> None:
    waits = [patience(failures, POLICY).total_seconds() for failures in (1, 2, 3, 4, 99)]
    assert [round(wait / 5) for wait in waits][:2] == [1, 2]
    assert all(5 * 2**n * 0.75 <= wait <= 5 * 2**n for n, wait in enumerate(waits[:4]))
    assert len({patience(9, POLICY, salt=salt) for salt in range(1, 31)}) > 20


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_patience_never_exceeds_what_a_right_clock_would_write(failures: int, salt: int) -> None:
    assert timedelta(0) < patience(failures, POLICY, salt=salt) <= POLICY.longest_wait
