from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.codes import (
    Ask,
    Claim,
    Clear,
    CodeState,
    Grant,
    Limits,
    Policy,
    Reading,
    Rest,
    Slot,
    Step,
    Write,
    after_ask,
    after_clear,
    after_failure,
    after_refusal,
    after_write,
    changed_outside,
    claimed,
    forgotten,
    heard,
    next_step,
    patience,
    state_of,
    unseen,
    usable,
)
from hub.model.facts import Abilities, CodeChange, SlotRead
from hub.model.values import CodeTag, GrantId, Pin, Proof, Window

NOW = datetime(2027, 7, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
TELLS = Limits(4, 4, 8, reads_codes=True)
MASKED = Limits(4, 4, 8, reads_codes=False)
POLICY = Policy(managed_to=3)
SOON = NOW + timedelta(minutes=1)


def grant(name: str, start: float = -1, end: float | None = 5, *, digits: int = 6) -> Grant:
    """Its window in hours from now."""
    window = Window(NOW + start * HOUR, None if end is None else NOW + end * HOUR)
    return Grant(GrantId(name), CodeTag(f"tag of {name}"), digits, window)


def empty(number: int, seen: timedelta = timedelta(minutes=1)) -> Slot:
    return Slot(number, reading=Reading.EMPTY, proof=Proof.READ_BACK, proven_at=NOW - seen)


def holds(number: int, name: str, seen: timedelta = timedelta(minutes=1), proof: Proof = Proof.READ_BACK) -> Slot:
    tag = CodeTag(f"tag of {name}")
    return Slot(number, GrantId(name), Reading.OCCUPIED, tag, proof=proof, proven_at=NOW - seen)


def foreign(number: int, name: str | None = "stranger") -> Slot:
    tag = None if name is None else CodeTag(f"tag of {name}")
    return Slot(number, reading=Reading.OCCUPIED, tag=tag, proven_at=NOW - HOUR)


def waiting(slot: Slot, until: datetime = SOON) -> Slot:
    return replace(slot, failures=slot.failures + 1, retry_at=until)


def unknown(number: int) -> Slot:
    return Slot.unknown(number)


def step(
    grants: list[Grant],
    slots: list[Slot],
    limits: Limits = TELLS,
    *,
    policy: Policy = POLICY,
    ours: tuple[str, ...] = (),
) -> Step:
    tags = frozenset(CodeTag(f"tag of {name}") for name in ours)
    return next_step(grants, slots, policy, limits, NOW, ours=tags)


ADA, BOB, CYD = grant("ada"), grant("bob", -0.5), grant("cyd", 2, 9)
OLD, OLDER = grant("old", -9, -1), grant("older", -9, -2)
ALL_EMPTY = [empty(1), empty(2), empty(3)]


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
        ("refused digits are not tried again", [replace(ADA, refused=True)], ALL_EMPTY, Rest(ADA.window.end)),
        ("too many digits are not tried", [grant("ada", digits=9)], ALL_EMPTY, Rest(ADA.window.end)),
        ("too few digits are not tried", [grant("ada", digits=3)], ALL_EMPTY, Rest(ADA.window.end)),
        ("a slot that was seen empty long ago is asked", [ADA], [empty(1, HOUR), empty(2), empty(3)], Ask(1)),
        ("a slot seen empty in the future is asked", [ADA], [empty(1, -HOUR), empty(2), empty(3)], Ask(1)),
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


# ---- learning -------------------------------------------------------------------------------------------------------

FULL = SlotRead(empty=False, pin=Pin("482913"))
HIDDEN = SlotRead(empty=False)
NOTHING = SlotRead(empty=True)
WRITTEN = claimed(empty(1), Write(1, ADA.id), ADA.tag)
CLEARED = claimed(holds(1, "old"), Clear(1))


def test_a_claim_says_what_was_set_out_to_be_done() -> None:
    assert (WRITTEN.claim, WRITTEN.holder, WRITTEN.tag, WRITTEN.proof) == (Claim.WRITING, ADA.id, ADA.tag, Proof.NONE)
    assert (CLEARED.claim, CLEARED.holder, CLEARED.tag) == (Claim.CLEARING, OLD.id, OLD.tag)


@pytest.mark.parametrize(
    ("proof", "limits", "settled"),
    [
        (Proof.READ_BACK, TELLS, True),
        (Proof.CONFIRMED, TELLS, False),
        (Proof.ACKNOWLEDGED, TELLS, False),
        (Proof.CONFIRMED, MASKED, True),
        (Proof.ACKNOWLEDGED, MASKED, False),
    ],
)
def test_a_lock_that_could_say_more_is_asked(proof: Proof, limits: Limits, settled: bool) -> None:
    written, cleared = after_write(WRITTEN, proof, limits, NOW), after_clear(CLEARED, proof, limits, NOW)
    assert written.proof is proof
    assert (written.claim is None, cleared.claim is None) == (settled, settled)
    if settled:
        assert (written.reading, written.proven_at, written.holder) == (Reading.OCCUPIED, NOW, ADA.id)
        assert cleared == Slot(1, reading=Reading.EMPTY, proof=proof, proven_at=NOW)
    else:
        assert step([ADA], [written, empty(2), empty(3)], limits) == Ask(1)
        assert step([OLD], [cleared, empty(2), empty(3)], limits) == Ask(1)


def test_the_same_digits_prove_a_code() -> None:
    slot = after_ask(WRITTEN, FULL, ADA.tag, POLICY, NOW)
    assert (slot.reading, slot.proof, slot.proven_at, slot.claim) == (Reading.OCCUPIED, Proof.READ_BACK, NOW, None)
    assert usable(ADA, slot, NOW)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (Proof.CONFIRMED, Proof.CONFIRMED),
        (Proof.ACKNOWLEDGED, Proof.ACKNOWLEDGED),
        (Proof.NONE, Proof.ACKNOWLEDGED),
    ],
)
def test_a_masked_answer_keeps_the_grade_and_is_asked_for_once(said: Proof, kept: Proof) -> None:
    doubt = replace(WRITTEN, reading=Reading.UNKNOWN, proof=said)
    slot = after_ask(doubt, HIDDEN, None, POLICY, NOW)
    assert (slot.reading, slot.proof, slot.claim, slot.holder) == (Reading.OCCUPIED, kept, None, ADA.id)
    assert isinstance(step([ADA], [slot, empty(2), empty(3)]), Rest)


def test_other_digits_in_our_slot_are_somebody_elses() -> None:
    slot = after_ask(holds(1, "ada"), FULL, CodeTag("tag of stranger"), POLICY, NOW)
    assert slot == Slot(1, reading=Reading.OCCUPIED, tag=CodeTag("tag of stranger"), proven_at=NOW)
    assert step([ADA], [slot, empty(2), empty(3)]) == Write(2, ADA.id)


def test_a_hidden_code_in_a_slot_that_we_never_wrote_is_somebody_elses() -> None:
    slot = after_ask(forgotten(holds(1, "ada")), HIDDEN, None, POLICY, NOW)
    assert (slot.holder, slot.reading) == (None, Reading.OCCUPIED)


def test_a_code_that_vanished_is_written_again_in_its_place_a_little_later() -> None:
    gone = after_ask(holds(1, "ada"), NOTHING, None, POLICY, NOW)
    assert (gone.holder, gone.reading, gone.tag, gone.failures) == (None, Reading.EMPTY, ADA.tag, 1)
    assert gone.retry_at is not None
    assert step([ADA], [gone, empty(2), empty(3)]) == Rest(gone.retry_at)
    assert next_step([ADA], [gone, empty(2), empty(3)], POLICY, TELLS, gone.retry_at) == Write(1, ADA.id)


def lost(number: int, failures: int = POLICY.tries, name: str = "ada") -> Slot:
    tag = CodeTag(f"tag of {name}")
    return replace(empty(number), tag=tag, failures=failures, retry_at=NOW + number * timedelta(minutes=1))


def test_a_slot_that_keeps_losing_its_code_is_given_up_for_a_better_one() -> None:
    gone = after_ask(replace(holds(1, "ada"), failures=POLICY.tries - 1), NOTHING, None, POLICY, NOW)
    assert step([ADA], [gone, empty(2), empty(3)]) == Write(2, ADA.id)
    assert isinstance(step([ADA], [gone, lost(2, 9, "bob"), lost(3, 6, "bob")]), Rest)
    assert isinstance(step([BOB], [gone, foreign(2), lost(3, 7, "old")]), Rest)
    assert step([BOB], [heard(gone), foreign(2), heard(lost(3, 7, "old"))]) == Write(1, BOB.id)


def test_the_place_where_a_code_was_lost_last_is_tried_first() -> None:
    before = replace(lost(1), proven_at=NOW - HOUR)
    assert step([ADA], [before, lost(2, 1), empty(3)]) == Rest(NOW + timedelta(minutes=1))
    assert step([ADA], [before, heard(lost(2, 1)), empty(3)]) == Write(2, ADA.id)


def test_a_code_that_was_lost_in_three_places_moves_no_more() -> None:
    roomy = replace(POLICY, managed_to=4)
    slots = [lost(1), lost(2), empty(3), empty(4)]
    assert step([ADA], slots, policy=roomy) == Write(3, ADA.id)
    slots = [replace(lost(1), proven_at=NOW), lost(2), lost(3), empty(4)]
    assert step([ADA], slots, policy=roomy) == Rest(NOW + timedelta(minutes=1))


def test_losses_seen_in_the_same_moment_do_not_send_a_code_back_and_forth() -> None:
    assert step([ADA], [lost(1), lost(2, 1), empty(3)]) == Rest(NOW + timedelta(minutes=1))


def test_a_write_that_the_lock_never_took_is_repeated_at_once() -> None:
    lost = after_ask(replace(WRITTEN, reading=Reading.UNKNOWN, failures=1), NOTHING, None, POLICY, NOW)
    assert step([ADA], [lost, empty(2), empty(3)]) == Write(1, ADA.id)
    assert lost.failures == 1


def test_a_clear_that_the_lock_took_and_did_not_do_waits_longer_each_time() -> None:
    took = after_clear(CLEARED, Proof.ACKNOWLEDGED, TELLS, NOW)
    still = after_ask(took, FULL, OLD.tag, POLICY, NOW)
    assert (still.holder, still.claim, still.failures) == (OLD.id, None, 1)
    again = after_ask(after_clear(claimed(still, Clear(1)), Proof.ACKNOWLEDGED, TELLS, NOW), FULL, OLD.tag, POLICY, NOW)
    assert again.retry_at is not None
    assert still.retry_at is not None
    assert again.retry_at > still.retry_at


def test_a_slot_is_free_when_the_lock_says_that_it_is_empty() -> None:
    took = after_clear(CLEARED, Proof.ACKNOWLEDGED, TELLS, NOW)
    free = after_ask(replace(took, failures=3), NOTHING, None, POLICY, NOW)
    assert free == Slot(1, reading=Reading.EMPTY, proof=Proof.READ_BACK, proven_at=NOW)


def test_troubles_are_forgotten_once_a_code_was_found_in_place_later() -> None:
    slot = replace(holds(1, "ada"), failures=3)
    assert after_ask(slot, FULL, ADA.tag, POLICY, NOW).failures == 0
    assert after_ask(replace(WRITTEN, failures=3), FULL, ADA.tag, POLICY, NOW).failures == 3


def test_no_answer_leaves_doubt() -> None:
    for claim in (WRITTEN, CLEARED):
        slot = after_failure(claim, POLICY, NOW)
        assert (slot.claim, slot.reading, slot.failures) == (claim.claim, Reading.UNKNOWN, 1)
        assert slot.retry_at is not None
        assert NOW < slot.retry_at <= NOW + POLICY.first_wait


def test_no_answer_to_a_question_changes_no_belief() -> None:
    slot = after_failure(holds(1, "ada"), POLICY, NOW)
    assert replace(slot, failures=0, retry_at=None) == holds(1, "ada")


def test_a_refused_write_leaves_the_slot_as_it_was() -> None:
    slot = after_refusal(WRITTEN, POLICY, NOW)
    assert (slot.holder, slot.claim, slot.reading, slot.tag) == (None, None, Reading.EMPTY, None)
    assert step([BOB], [slot, empty(2), empty(3)]) == Write(2, BOB.id)


def test_a_refused_write_over_our_own_code_leaves_it_ours() -> None:
    off = replace(holds(1, "ada"), enabled=False)
    slot = after_refusal(claimed(off, Write(1, ADA.id), ADA.tag), POLICY, NOW)
    assert (slot.holder, slot.claim, slot.reading) == (ADA.id, None, Reading.OCCUPIED)


@pytest.mark.parametrize("limits", [TELLS, MASKED])
def test_a_refused_clear_is_tried_again_later(limits: Limits) -> None:
    slot = after_refusal(CLEARED, POLICY, NOW)
    assert slot.holder == OLD.id
    assert isinstance(step([OLD], [slot, empty(2), empty(3)], limits), Rest)
    assert not isinstance(step([OLD], [heard(slot), empty(2), empty(3)], limits), Rest)


def test_a_sign_of_life_ends_the_wait() -> None:
    assert step([OLD], [heard(waiting(holds(1, "old"))), empty(2), empty(3)]) == Clear(1)


def test_another_lock_at_the_address_is_asked_about_everything() -> None:
    slot = forgotten(waiting(holds(1, "ada")))
    assert slot == Slot(1, ADA.id, tag=ADA.tag)
    assert step([ADA], [slot, empty(2), empty(3)]) == Ask(1)
    there = after_ask(slot, FULL, ADA.tag, POLICY, NOW)
    assert usable(ADA, there, NOW)
    reset = after_ask(slot, NOTHING, None, POLICY, NOW)
    assert step([ADA], [reset, empty(2), empty(3)]) == Write(1, ADA.id)


@pytest.mark.parametrize("change", [CodeChange.ADDED, CodeChange.DELETED, CodeChange.ALL_DELETED])
def test_a_change_that_the_lock_tells_is_looked_at(change: CodeChange) -> None:
    assert step([ADA], [changed_outside(holds(1, "ada"), change), empty(2), empty(3)]) == Ask(1)
    assert step([], [changed_outside(empty(1), change), empty(2), empty(3)]) == Ask(1)


def test_the_echo_of_our_own_command_is_no_news() -> None:
    assert changed_outside(WRITTEN, CodeChange.ADDED) == WRITTEN
    assert changed_outside(CLEARED, CodeChange.DELETED) == CLEARED
    assert changed_outside(holds(1, "ada"), CodeChange.DUPLICATE) == holds(1, "ada")


# ---- telling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "slot", "state"),
    [
        (ADA, None, CodeState.WANTED),
        (CYD, None, CodeState.WANTED),
        (ADA, replace(empty(1), tag=ADA.tag), CodeState.WANTED),
        (ADA, WRITTEN, CodeState.WRITING),
        (ADA, replace(holds(1, "ada"), reading=Reading.UNKNOWN), CodeState.WRITING),
        (ADA, replace(holds(1, "ada"), enabled=False), CodeState.WRITING),
        (ADA, holds(1, "ada"), CodeState.SET),
        (replace(ADA, refused=True), None, CodeState.REFUSED),
        (replace(ADA, revoked=True), holds(1, "ada"), CodeState.CLEARING),
        (replace(ADA, revoked=True), None, None),
        (CYD, holds(1, "cyd"), CodeState.CLEARING),
        (OLD, holds(1, "old"), CodeState.CLEARING),
        (OLD, CLEARED, CodeState.CLEARING),
        (OLD, None, None),
        (None, holds(1, "old"), CodeState.CLEARING),
        (None, claimed(foreign(1), Clear(1)), CodeState.CLEARING),
        (None, foreign(1), CodeState.FOREIGN),
        (None, empty(1), None),
        (None, unknown(1), None),
        (None, None, None),
    ],
)
def test_what_a_person_is_told(held: Grant | None, slot: Slot | None, state: CodeState | None) -> None:
    assert state_of(held, slot, NOW) is state


@pytest.mark.parametrize(
    ("held", "slot"),
    [
        (BOB, holds(1, "ada")),
        (ADA, WRITTEN),
        (ADA, replace(holds(1, "ada"), enabled=False)),
        (ADA, replace(holds(1, "ada"), proof=Proof.NONE)),
        (ADA, replace(holds(1, "ada"), reading=Reading.EMPTY)),
        (replace(ADA, revoked=True), holds(1, "ada")),
        (CYD, holds(1, "cyd")),
        (OLD, holds(1, "old")),
    ],
)
def test_a_code_is_not_called_usable_without_proof(held: Grant, slot: Slot) -> None:
    assert usable(ADA, holds(1, "ada"), NOW)
    assert not usable(held, slot, NOW)


def test_a_restored_hub_knows_when_it_has_looked_everywhere() -> None:
    assert unseen([empty(1), empty(2)], POLICY, TELLS)
    assert unseen([empty(1), empty(2), replace(holds(3, "ada"), reading=Reading.UNKNOWN)], POLICY, TELLS)
    assert not unseen([empty(1), foreign(2), holds(3, "ada"), unknown(4)], POLICY, TELLS)


def test_limits_are_those_of_the_lock() -> None:
    assert Limits.of(Abilities("BE469", slots=30, min_digits=4, max_digits=8, reads_codes=True)) == Limits(
        30, 4, 8, True
    )
    assert [digits for digits in range(2, 11) if TELLS.take(digits)] == [4, 5, 6, 7, 8]
