from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.model.codes import (
    Ask,
    Claim,
    Clear,
    CodeState,
    Grant,
    Limits,
    Reading,
    Rest,
    Slot,
    Write,
    next_step,
    state_of,
    unseen,
    usable,
)
from hub.model.facts import Abilities, CodeChange, SlotRead
from hub.model.outcomes import (
    after_ask,
    after_clear,
    after_failure,
    after_refusal,
    after_write,
    changed_outside,
    claimed,
    forgotten,
    heard,
)
from hub.model.values import CodeTag, Pin, Proof
from tests.hub.model.beliefs import (
    ADA,
    BOB,
    CYD,
    HOUR,
    MASKED,
    NOW,
    OLD,
    POLICY,
    TELLS,
    empty,
    foreign,
    holds,
    lost,
    step,
    unknown,
    waiting,
)

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
        assert cleared == Slot(1, reading=Reading.EMPTY, proof=proof, proven_at=NOW, written_at=NOW)
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


def test_digits_that_are_masked_by_now_do_not_count_as_read_back() -> None:
    slot = after_ask(holds(1, "ada", HOUR), HIDDEN, None, POLICY, NOW)
    assert (slot.proof, slot.proven_at, slot.holder) == (Proof.CONFIRMED, NOW, ADA.id)


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
    assert free == Slot(1, reading=Reading.EMPTY, proof=Proof.READ_BACK, proven_at=NOW, written_at=NOW)


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


def test_what_failed_in_silence_says_nothing_of_the_place() -> None:
    silent = holds(1, "old")
    for _ in range(POLICY.tries + 1):
        silent = after_failure(silent, POLICY, NOW)
    assert silent.failures > POLICY.tries
    assert heard(silent).failures == 0
    assert heard(lost(2, POLICY.tries, "old")).failures == POLICY.tries, "that is the place's own doing"


def test_an_empty_place_that_was_asked_in_silence_loses_nothing() -> None:
    silent, waits = empty(1), []
    for _ in range(POLICY.tries + 1):
        silent = after_failure(silent, POLICY, NOW)
        assert silent.retry_at is not None
        waits.append(silent.retry_at - NOW)
    assert waits[-1] > 4 * waits[0], "it is asked ever more seldom"
    for back in (heard(silent), after_ask(silent, SlotRead(empty=True), None, POLICY, NOW)):
        assert (back.failures, back.unheard) == (0, 0)
        assert step([BOB], [back, empty(2)]) == Write(1, BOB.id)


def test_two_locks_that_fall_silent_together_are_not_asked_in_step() -> None:
    one, other = (after_failure(holds(1, "old"), replace(POLICY, salt=salt), NOW).retry_at for salt in (3, 4))
    assert one != other


def test_another_lock_at_the_address_is_asked_about_everything() -> None:
    slot = forgotten(waiting(holds(1, "ada")))
    assert slot == replace(Slot.unknown(1), holder=ADA.id, tag=ADA.tag)
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


def test_a_code_that_was_hard_to_write_is_not_left_in_the_lock_for_long_when_it_is_over() -> None:
    """One lost command is one, however many went lost when it was written."""
    written = replace(holds(1, "old"), failures=POLICY.tries)
    for waits in (after_failure(written, POLICY, NOW), after_failure(claimed(written, Clear(1)), POLICY, NOW)):
        assert waits.retry_at is not None
        assert waits.retry_at - NOW <= POLICY.first_wait
    refused = replace(written, retry_at=NOW)  # it took the order to clear, and did not obey
    assert claimed(refused, Clear(1)).failures == POLICY.tries
