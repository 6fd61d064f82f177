"""What can go wrong between a hub and a keypad, one story at a time. The later ones were found by test_convergence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.model.codes import Ask, Clear, CodeState, Policy, Reading, Rest, Schedule, Write, next_step, ready, state_of
from hub.model.facts import CodeChange
from hub.model.hours import confining
from hub.model.values import GrantId, Proof, Window
from tests.hub.model.keypad import BUDGET, MANAGED, POLICY, SLOTS, Fault, ModelLock, World

HOUR = timedelta(hours=1)
LOCKS = [
    pytest.param(ModelLock(reads=True, grade=Proof.ACKNOWLEDGED), id="tells digits"),
    pytest.param(ModelLock(reads=True, grade=Proof.READ_BACK), id="tells digits unasked"),
    pytest.param(ModelLock(reads=False, grade=Proof.ACKNOWLEDGED), id="masked"),
    pytest.param(ModelLock(reads=False, grade=Proof.CONFIRMED), id="masked, confirms"),
]


@pytest.fixture
def world() -> World:
    """A lock that tells digits when it is asked, all slots looked into."""
    return known(ModelLock())


def known(lock: ModelLock) -> World:
    there = World(ModelLock(lock.reads, lock.refuses_doubles, lock.grade))
    there.settle()
    there.transcript.clear()
    return there


def digits(world: World) -> dict[int, str]:
    return {number: code.digits for number, code in world.lock.memory.items()}


def told(world: World, id_: GrantId) -> CodeState | None:
    slot = next((slot for slot in world.slots.values() if slot.holder == id_), None)
    return state_of(world.grants[id_], slot, world.now)


# ---- the ordinary day -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_a_stay_from_lead_to_check_out(lock: ModelLock) -> None:
    world = known(lock)
    ada = world.invite("482913", HOUR, 5 * HOUR)
    rest = world.settle()
    assert rest == Rest(world.grants[ada].window.start)
    assert digits(world) == {}
    world.pass_time(HOUR)
    world.settle()
    assert digits(world) == {1: "482913"}
    assert told(world, ada) is CodeState.SET
    world.pass_time(5 * HOUR)
    world.settle()
    assert digits(world) == {}
    assert told(world, ada) is None


def test_each_command_is_asked_about_once_and_no_more(world: World) -> None:
    ada = world.invite("482913", timedelta(0), HOUR)
    world.settle()
    assert world.transcript == [Write(1, ada), Ask(1)]
    world.pass_time(HOUR)
    world.settle()
    assert world.transcript[2:] == [Ask(1), Clear(1), Ask(1)]
    assert world.settle() == Rest(None)


def test_an_extended_stay_costs_no_command(world: World) -> None:
    ada = world.invite("482913", timedelta(0), HOUR)
    world.settle()
    world.transcript.clear()
    world.move(ada, timedelta(0), 9 * HOUR)
    world.settle()
    assert world.transcript == []


def test_a_stay_moved_to_later_takes_its_code_along(world: World) -> None:
    ada = world.invite("482913", timedelta(0), 9 * HOUR)
    world.settle()
    world.move(ada, 5 * HOUR, 9 * HOUR)
    world.settle()
    assert digits(world) == {}
    world.pass_time(5 * HOUR)
    world.settle()
    assert digits(world) == {1: "482913"}


def test_a_full_lock_serves_the_longest_waiting_first_and_evicts_nobody(world: World) -> None:
    for slot in (1, 2, 3):
        world.program(slot, f"55512{slot}")
        world.hear(CodeChange.ADDED, slot)
    late = world.invite("8306", timedelta(0), HOUR)
    early = world.invite("4071", -HOUR, 2 * HOUR)
    world.settle()
    assert (told(world, early), told(world, late)) == (CodeState.SET, CodeState.WANTED)
    world.move(late, -2 * HOUR, 9 * HOUR)
    world.settle()
    assert (told(world, early), told(world, late)) == (CodeState.SET, CodeState.WANTED)
    world.pass_time(HOUR)
    world.settle()
    assert (told(world, early), told(world, late)) == (None, CodeState.SET)


# ---- lost, late, ignored --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.REFUSED])
@pytest.mark.parametrize("asks", [[], [Fault.LOST_COMMAND], [Fault.CRASH_AFTER]], ids=["", "ask lost", "ask cut off"])
def test_a_code_arrives_and_goes_whatever_happens_to_the_first_command(
    lock: ModelLock, fault: Fault, asks: list[Fault]
) -> None:
    world = known(lock)
    ada = world.invite("482913", timedelta(0), HOUR)
    world.settle([fault], asks)
    world.come_to_rest()
    if lock.grade is Proof.CONFIRMED and fault is Fault.IGNORED:
        world.pass_time(POLICY.verify_every or HOUR)
        world.come_to_rest()
    assert digits(world) == {1: "482913"}
    assert told(world, ada) is CodeState.SET
    world.revoke(ada)
    world.settle([fault], asks)
    world.come_to_rest()
    assert digits(world) == {}


def test_a_lock_that_never_answers_is_asked_less_and_less(world: World) -> None:
    world.invite("482913", timedelta(0), timedelta(days=9))
    wall = [Fault.LOST_COMMAND] * BUDGET
    gaps = []
    for _ in range(12):
        rest = world.settle(wall, wall)
        assert rest.until is not None
        gaps.append(rest.until - world.now)
        world.pass_time(gaps[-1])
    assert len(world.transcript) == 12
    assert sorted(gaps[:7]) == gaps[:7]
    assert 0.7 * POLICY.longest_wait < gaps[-1] <= POLICY.longest_wait


def test_a_lock_that_answers_again_gets_its_codes_at_once(world: World) -> None:
    ada = world.invite("482913", timedelta(0), timedelta(days=9))
    wall = [Fault.LOST_COMMAND] * BUDGET
    for _ in range(9):
        world.settle(wall, wall)
        world.pass_time(POLICY.longest_wait)
    world.settle(wall, wall)
    world.wake()
    world.settle()
    assert told(world, ada) is CodeState.SET


def test_a_lock_that_says_yes_and_does_nothing_is_not_believed_and_not_hammered(world: World) -> None:
    ada = world.invite("482913", timedelta(0), timedelta(days=9))
    second_hour, third_hour = world.now + HOUR, world.now + 2 * HOUR
    while world.now < third_hour:
        if world.now < second_hour:
            world.transcript.clear()
        rest = world.settle([Fault.IGNORED] * BUDGET)
        assert told(world, ada) is not CodeState.SET
        assert rest.until is not None
        world.pass_time(rest.until - world.now)
    assert sum(isinstance(step, Write) for step in world.transcript) <= 6


def test_a_clear_that_does_nothing_is_seen_and_repeated(world: World) -> None:
    ada = world.invite("482913", timedelta(0), HOUR)
    world.settle()
    world.revoke(ada)
    world.settle([Fault.IGNORED])
    assert told(world, ada) is CodeState.CLEARING
    world.come_to_rest()
    assert digits(world) == {}


def test_two_hubs_on_one_lock_do_not_flood_the_air(world: World) -> None:
    """Seen: two systems that each remove what the other wrote (facts/peers.md B)."""
    world.invite("482913", timedelta(0), timedelta(days=9))
    world.settle()
    world.transcript.clear()
    day = world.now + timedelta(days=1)
    while world.now < day:
        for slot in [number for number, code in world.lock.memory.items() if code.digits == "482913"]:
            world.lock.clear(slot)
            world.hear(CodeChange.DELETED, slot)
        rest = world.settle()
        world.pass_time(min(rest.until or day, day) - world.now or HOUR)
    assert len(world.transcript) < 24 * 60


# ---- hours that the lock keeps itself -------------------------------------------------------------------------------


@pytest.fixture
def keeper() -> World:
    """A lock that can end a code itself, and goes on confining the place when the code is gone."""
    there = World(ModelLock(schedules=True))
    there.settle()
    there.transcript.clear()
    return there


def test_hours_cost_one_command_and_none_at_check_out(keeper: World) -> None:
    ada = keeper.invite("482913", timedelta(0), HOUR)
    keeper.settle()
    asked = confining(keeper.grants[ada].window)
    assert keeper.transcript == [Write(1, ada), Ask(1), Schedule(1, ada, asked)]
    keeper.pass_time(HOUR)
    assert not keeper.lock.opens("482913", keeper.now), "before anybody has come to clear it"
    keeper.settle()
    assert keeper.transcript[3:] == [Ask(1), Clear(1), Ask(1)]


@pytest.mark.parametrize("fault", list(Fault))
def test_hours_arrive_whatever_happens_to_the_first_command(keeper: World, fault: Fault) -> None:
    ada = keeper.invite("482913", timedelta(0), 9 * HOUR)
    keeper.settle([Fault.NONE, fault])
    assert keeper.lock.opens("482913", keeper.now)
    keeper.come_to_rest()
    assert told(keeper, ada) is CodeState.SET
    wanted = None if fault is Fault.REFUSED else confining(keeper.grants[ada].window)
    assert keeper.lock.hours.get(1) == wanted


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
def test_a_guest_whom_old_hours_keep_out_is_not_told_that_the_code_works(keeper: World, fault: Fault) -> None:
    keeper.remember_hours(Window(keeper.now - 9 * HOUR, keeper.now - HOUR))
    ada = keeper.invite("482913", timedelta(0), 9 * HOUR)
    keeper.settle([Fault.NONE, fault], [])
    if told(keeper, ada) is CodeState.SET:
        assert keeper.lock.opens("482913", keeper.now)
    keeper.come_to_rest()
    assert told(keeper, ada) is CodeState.SET
    assert keeper.lock.opens("482913", keeper.now)


def test_a_stay_that_moves_while_the_lock_is_silent_keeps_to_the_shorter_of_both_hours(keeper: World) -> None:
    ada = keeper.invite("482913", timedelta(0), HOUR)
    keeper.settle()
    keeper.move(ada, timedelta(0), 9 * HOUR)
    keeper.settle([Fault.LOST_COMMAND] * BUDGET)
    assert told(keeper, ada) is CodeState.SET, "both may count, and both let in now"
    keeper.pass_time(HOUR)
    keeper.settle([Fault.LOST_COMMAND] * BUDGET)
    assert told(keeper, ada) is CodeState.WRITING
    keeper.come_to_rest()
    assert keeper.lock.opens("482913", keeper.now)


# ---- other people's codes -------------------------------------------------------------------------------------------


def test_strangers_codes_stay(world: World) -> None:
    world.program(1, "555123")
    world.program(5, "60606")
    ada = world.invite("482913", timedelta(0), HOUR)
    world.settle()
    world.pass_time(HOUR)
    world.come_to_rest()
    assert digits(world) == {1: "555123", 5: "60606"}
    assert told(world, ada) is None


def test_a_strangers_code_in_our_slot_stays_and_the_guest_gets_another_slot(world: World) -> None:
    ada = world.invite("482913", timedelta(0), 9 * HOUR)
    world.settle()
    world.program(1, "555123")
    world.hear(CodeChange.ADDED, 1)
    world.settle()
    assert digits(world) == {1: "555123", 2: "482913"}
    world.revoke(ada)
    world.settle()
    assert digits(world) == {1: "555123"}


def test_a_strangers_code_that_nobody_told_of_is_found_before_it_is_overwritten(world: World) -> None:
    world.program(1, "555123")
    world.invite("482913", timedelta(0), HOUR)
    world.settle()
    assert digits(world) == {1: "555123", 2: "482913"}


def test_a_strangers_code_taken_out_frees_the_slot(world: World) -> None:
    for slot in range(1, MANAGED + 1):
        world.program(slot, f"55512{slot}")
        world.hear(CodeChange.ADDED, slot)
    ada = world.invite("482913", timedelta(0), timedelta(days=9))
    world.settle()
    assert told(world, ada) is CodeState.WANTED
    world.lock.clear(3)
    world.pass_time(POLICY.verify_every or HOUR)
    world.settle()
    assert told(world, ada) is CodeState.SET


def test_digits_that_a_stranger_has_are_refused_once_and_wait_for_others(world: World) -> None:
    world.program(SLOTS, "482913")
    ada = world.invite("482913", timedelta(0), 9 * HOUR)
    world.come_to_rest()
    assert told(world, ada) is CodeState.REFUSED
    assert world.transcript.count(Write(1, ada)) == 1
    world.revoke(ada)
    bob = world.invite("960417", timedelta(0), 9 * HOUR)
    world.come_to_rest()
    assert told(world, bob) is CodeState.SET
    assert "482913" in digits(world).values()


def test_the_same_digits_under_a_new_grant_wait_until_the_old_ones_are_gone(world: World) -> None:
    ada = world.invite("482913", timedelta(0), 9 * HOUR)
    world.settle()
    world.revoke(ada)
    again = world.invite("482913", timedelta(0), 9 * HOUR)
    world.settle()
    assert told(world, again) is CodeState.SET
    assert digits(world) == {1: "482913"}


# ---- found by the machine -------------------------------------------------------------------------------------------


def test_a_refused_question_does_not_give_a_code_away() -> None:
    """The write was obeyed and not heard; then the lock refused to be asked. The claim must outlive that."""
    world = known(ModelLock(reads=False))
    ada = world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle([Fault.LOST_ANSWER])
    world.pass_time(timedelta(seconds=6))
    world.settle([], [Fault.REFUSED] * BUDGET)
    world.come_to_rest()
    assert told(world, ada) is CodeState.SET


def test_a_masked_lock_that_ignored_a_write_is_found_out_at_once() -> None:
    world = known(ModelLock(reads=False))
    ada = world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle([Fault.IGNORED])
    assert told(world, ada) is not CodeState.SET
    world.come_to_rest()
    assert digits(world) == {1: "4071"}


def test_a_masked_lock_that_ignored_a_clear_is_found_out_at_once() -> None:
    world = known(ModelLock(reads=False))
    ada = world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle()
    world.revoke(ada)
    world.settle([Fault.IGNORED])
    world.come_to_rest()
    assert digits(world) == {}


def test_a_restored_hub_looks_everywhere_before_it_writes(world: World) -> None:
    """Else a live code goes into a second slot while the first is still unknown."""
    ada = world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle()
    restore(world)
    world.settle([], [Fault.LOST_COMMAND])
    assert digits(world) == {1: "4071"}
    world.come_to_rest()
    assert digits(world) == {1: "4071"}
    assert told(world, ada) is CodeState.SET


def test_a_restored_hub_clears_a_code_whose_guest_comes_later_by_now(world: World) -> None:
    ada = world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle()
    restore(world)
    world.move(ada, timedelta(minutes=10), 2 * HOUR)
    world.settle()
    assert digits(world) == {}


def test_a_restored_hub_clears_what_it_gave_after_the_backup(world: World) -> None:
    ada = world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle()
    restore(world)
    del world.grants[ada]
    world.settle()
    assert digits(world) == {}


def restore(world: World) -> None:
    world.slots = {number: type(slot).unknown(number) for number, slot in world.slots.items()}
    world.restoring = True


def test_a_look_that_is_due_takes_place_when_its_time_comes(world: World) -> None:
    """It was due at the very moment that Rest named, and not yet: nobody would have looked before the next edge."""
    world.invite("4071", timedelta(0), timedelta(days=9))
    rest = world.settle()
    assert rest.until is not None
    world.pass_time(rest.until - world.now)
    assert world.step() == Ask(1)


def test_an_emptied_slot_belongs_to_nobody(world: World) -> None:
    """Its grant's digits could otherwise never be forgotten."""
    world.invite("4071", timedelta(0), 2 * HOUR)
    world.settle()
    world.lock.clear(1)
    world.hear(CodeChange.DELETED, 1)
    world.settle([], [])
    assert (world.slots[1].reading, world.slots[1].holder) == (Reading.EMPTY, None)


def test_a_clock_that_is_set_back_shuts_nobody_out(keeper: World) -> None:
    """The stay was told anew from an earlier moment on, and the lock still began at the later one."""
    ada = keeper.invite("4071", timedelta(0), 2 * HOUR)
    keeper.settle()
    keeper.pass_time(-timedelta(seconds=6))
    keeper.move(ada, timedelta(0), 2 * HOUR)
    assert told(keeper, ada) is CodeState.SET
    assert keeper.lock.opens("4071", keeper.now)


def test_hours_that_are_over_are_lifted_from_a_code_that_waits_where_the_lock_refuses_new_ones() -> None:
    """The stay moved, and what the lock keeps of the old one would have ended the code before its guest came."""
    world = World(ModelLock(reads=False, schedules=True, holds=True))
    ada = world.invite("4071", timedelta(0), HOUR)
    world.settle()
    world.lock.refuses_hours = True
    world.move(ada, 3 * HOUR, HOUR)
    world.settle()
    assert world.lock.hours == {}
    assert not world.lock.lets_in(1, world.now)
    assert ready(world.grants[ada], world.slots[1], world.now)
    world.pass_time(3 * HOUR)
    world.settle()
    assert world.lock.opens("4071", world.now)


def test_a_quiet_house_asks_for_nothing() -> None:
    assert next_step([], [], Policy(managed_to=0), World().limits, World().now) == Rest(None)
