"""When a place that is not managed is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.model.slots import Ask, Claim, Limits, Policy, Reading, Rest, Slot
from hub.model.tours import AGAIN, TRIES, Tour, next_look
from hub.model.values import GrantId

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(managed_to=2)
LIMITS = Limits(5)
EMPTY = tuple(Slot(number, reading=Reading.EMPTY) for number in (1, 2))


def test_a_tour_goes_from_place_to_place_a_step_apart() -> None:
    tour, asked, at = Tour(), [], NOW
    for _ in range(400):
        look = next_look(tour, EMPTY, POLICY, LIMITS, at)
        if isinstance(look, Ask):
            asked.append((look.slot, at))
            tour = Tour(look.slot, at)
        else:
            assert look.until is not None
            assert look.until > at
            at = look.until
            if len(asked) == 6:
                break
    assert [slot for slot, _ in asked] == [3, 4, 5, 3, 4, 5]
    assert asked[2][1] - asked[1][1] == POLICY.tour_step
    assert asked[3][1] - asked[2][1] == AGAIN


def test_two_locks_are_not_asked_in_step() -> None:
    tour = Tour(3, NOW)
    turns = {next_look(tour, EMPTY, replace(POLICY, salt=salt), LIMITS, NOW) for salt in range(5)}
    assert len(turns) == 5


@pytest.mark.parametrize(
    "slots",
    [
        pytest.param(EMPTY[:1], id="a place that nobody has looked at"),
        pytest.param((EMPTY[0], Slot.unknown(2)), id="one that is looked at"),
        pytest.param((EMPTY[0], replace(EMPTY[1], claim=Claim.WRITING)), id="a command under way"),
        pytest.param(
            (*EMPTY, Slot(4, holder=GrantId("g"), reading=Reading.UNKNOWN)), id="a code that was adopted, in doubt"
        ),
    ],
)
def test_it_waits_until_the_lock_is_settled(slots: tuple[Slot, ...]) -> None:
    assert next_look(Tour(), slots, POLICY, LIMITS, NOW) == Rest(None)


def test_it_does_not_begin_where_there_are_no_such_places_or_nothing_may_be_believed() -> None:
    assert next_look(Tour(), EMPTY, POLICY, Limits(2), NOW) == Rest(None)
    assert next_look(Tour(), EMPTY, replace(POLICY, look_only=True), LIMITS, NOW) == Rest(None)


def test_what_a_lock_told_of_is_asked_out_of_turn_and_again_when_it_is_due() -> None:
    tour = Tour(3, NOW)
    told = Slot.unknown(5)
    assert next_look(tour, (*EMPTY, told), POLICY, LIMITS, NOW) == Ask(5)
    soon = NOW + timedelta(seconds=5)
    assert next_look(tour, (*EMPTY, replace(told, retry_at=soon)), POLICY, LIMITS, NOW) == Rest(soon)


def test_a_code_that_was_adopted_is_passed_over() -> None:
    ours = Slot(4, holder=GrantId("g"), reading=Reading.OCCUPIED)
    look = next_look(Tour(3, NOW - timedelta(hours=1)), (*EMPTY, ours), POLICY, LIMITS, NOW)
    assert look == Ask(5)


def test_a_place_that_never_answers_is_passed_by_unless_the_lock_itself_is_silent() -> None:
    tour = Tour(3, NOW)
    for minute in range(1, TRIES):
        tour = tour.in_vain(4, NOW + timedelta(minutes=minute), NOW + timedelta(minutes=minute))
        assert (tour.to, tour.failed, tour.unread) == (3, minute, frozenset())
    later = NOW + timedelta(minutes=TRIES)
    assert tour.in_vain(4, NOW, later).to == 3, "it was not heard since"
    assert tour.in_vain(4, None, later).to == 3
    past = tour.in_vain(4, later, later)
    assert past == Tour(4, later, unread=frozenset({4}))
    assert past.answered(5, later) == Tour(5, later, unread=frozenset({4}))
    again = replace(past, to=3)
    assert again.in_vain(4, None, later) == past, "the next tour asks it once"
    assert again.answered(4, later) == Tour(4, later)


def test_a_clock_that_was_ahead_does_not_put_it_off() -> None:
    assert next_look(Tour(3, NOW + timedelta(days=400)), EMPTY, POLICY, LIMITS, NOW) == Ask(4)
