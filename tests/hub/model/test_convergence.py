"""Whatever is lost, refused, done late or done by others: the keypad ends up with the codes that it should have."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.model.codes import SLEW, Reading, Slot, usable
from hub.model.facts import CodeChange
from hub.model.outcomes import forgotten
from hub.model.values import GrantId, Proof, Purpose, Window
from tests.hub.model.keypad import BUDGET, MORNING, POLICY, SLOTS, Fault, ModelLock, World, tag

PINS = ("4071", "8306", "482913", "960417", "72846")
TOO_LONG = "36071582"
STRANGERS = ("555123", "60606")
LESS, MORE = timedelta(minutes=10), timedelta(hours=3)
spans = st.sampled_from([timedelta(seconds=6), timedelta(seconds=20), LESS, MORE, timedelta(days=2)])
starts = st.sampled_from([timedelta(0), timedelta(0), -LESS, LESS, MORE, timedelta(days=4)])
purposes = st.sampled_from([Purpose.GUEST, Purpose.GUEST, Purpose.STAFF, Purpose.BACKUP])
lasts = st.sampled_from([2 * LESS, 2 * MORE, timedelta(days=3)])
faults = st.lists(st.sampled_from(Fault), max_size=8)
rare_faults = st.one_of(st.just([]), st.just([]), faults)
slots = st.integers(1, SLOTS)


class Convergence(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(
        reads=st.booleans(),
        refuses=st.booleans(),
        proves=st.booleans(),
        schedules=st.sampled_from([None, "forgotten with the code", "kept beyond it", "full of old ones"]),
        holds=st.booleans(),
        hours_first=st.booleans(),
        strangers=st.dictionaries(slots, st.sampled_from(STRANGERS), max_size=2),
        guests=st.lists(st.sampled_from(PINS), unique=True, max_size=3),
        met=st.sampled_from([True, True, False]),
    )
    def a_house(  # noqa: PLR0917
        self,
        reads: bool,
        refuses: bool,
        proves: bool,
        schedules: str | None,
        holds: bool,
        hours_first: bool,
        strangers: dict[int, str],
        guests: list[str],
        met: bool,
    ) -> None:
        grade = (Proof.READ_BACK if reads else Proof.CONFIRMED) if proves else Proof.ACKNOWLEDGED
        self.world.lock = ModelLock(
            reads,
            refuses,
            grade,
            schedules=schedules is not None,
            forgets_hours=schedules == "forgotten with the code",
            holds=holds,
            hours_first=hours_first and schedules == "kept beyond it",
        )
        if schedules == "full of old ones":
            self.world.remember_hours(Window(MORNING - timedelta(days=3), MORNING - LESS))
        for slot, digits in strangers.items():
            self.world.program(slot, digits)
        for digits in guests:
            self.world.invite(digits, timedelta(0), 2 * MORE)
        if met:
            self.world.settle()

    def grant(self, choice: int) -> GrantId | None:
        ids = [id_ for id_, grant in self.world.grants.items() if not self.world.over(grant)]
        return ids[choice % len(ids)] if ids else None

    @rule(digits=st.sampled_from((*PINS, TOO_LONG)), start=starts, span=lasts, purpose=purposes)
    def a_guest_is_invited(self, digits: str, start: timedelta, span: timedelta, purpose: Purpose) -> None:
        """Digits are drawn so that they are unique among those known on the door (hub/model/pins.py)."""
        known = {slot.tag for slot in self.world.slots.values()}
        live = {grant.tag for grant in self.world.grants.values() if not self.world.over(grant)}
        if tag(digits) not in known | live:
            self.world.invite(digits, start, span, purpose)

    @rule(choice=st.integers(0, 9), start=starts, span=lasts)
    def a_stay_moves(self, choice: int, start: timedelta, span: timedelta) -> None:
        id_ = self.grant(choice)
        if id_ is not None:
            self.world.move(id_, start, span)

    @rule(choice=st.integers(0, 9))
    def a_stay_is_cancelled(self, choice: int) -> None:
        id_ = self.grant(choice)
        if id_ is not None:
            self.world.revoke(id_)

    @rule(slot=slots, digits=st.sampled_from((*STRANGERS, *PINS)), told=st.booleans())
    def somebody_puts_a_code_in(self, slot: int, digits: str, told: bool) -> None:
        """In a slot of ours only where the lock could tell us; and never, knowingly, twice the same digits."""
        belief, world = self.world.slots[slot], self.world
        ours = belief.holder is not None or belief.claim is not None
        double = any(code.digits == digits for code in world.lock.memory.values())
        if (ours and not world.lock.reads) or (double and world.lock.refuses_doubles):
            return
        world.program(slot, digits)
        world.unnoticed = world.unnoticed or not told
        if told:
            world.hear(CodeChange.ADDED, slot)

    @rule(slot=slots, told=st.booleans())
    def somebody_takes_a_code_out(self, slot: int, told: bool) -> None:
        self.world.pass_time(timedelta(minutes=2))
        self.world.lock.clear(slot)
        self.world.unnoticed = self.world.unnoticed or not told
        if told:
            self.world.hear(CodeChange.DELETED, slot)

    @rule(slot=slots, told=st.booleans())
    def somebody_switches_a_code_off(self, slot: int, told: bool) -> None:
        if slot in self.world.lock.memory:
            self.world.lock.disabled.add(slot)
            self.world.unnoticed = self.world.unnoticed or not told
            if told:
                self.world.hear(CodeChange.ADDED, slot)

    @rule(told=st.booleans())
    def the_memory_is_wiped(self, told: bool) -> None:
        self.world.pass_time(timedelta(minutes=2))
        self.world.lock.memory.clear()
        self.world.lock.disabled.clear()
        self.world.unnoticed = self.world.unnoticed or not told
        for slot in self.world.slots if told else ():
            self.world.hear(CodeChange.ALL_DELETED, slot)

    @precondition(lambda self: self.world.lock.schedules)
    @rule(refuses=st.booleans())
    def the_lock_refuses_hours(self, refuses: bool) -> None:
        self.world.lock.refuses_hours = refuses

    @precondition(lambda self: not self.world.lock.memory or self.world.lock.reads)
    @rule()
    def the_lock_is_met_as_a_new_one(self) -> None:
        self.world.pending.clear()
        self.world.forget(forgotten)

    @precondition(lambda self: self.world.lock.reads)
    @rule()
    def an_old_backup_is_restored(self) -> None:
        self.world.forget(lambda slot: Slot.unknown(slot.number))
        self.world.restoring = True

    @rule(slot=slots, change=st.sampled_from(CodeChange))
    def the_lock_tells_nonsense(self, slot: int, change: CodeChange) -> None:
        self.world.hear(change, slot)

    @rule(orders=faults, asks=rare_faults)
    def the_hub_works(self, orders: list[Fault], asks: list[Fault]) -> None:
        self.world.settle(orders, asks)

    @rule(
        fault=st.sampled_from([Fault.LOST_COMMAND, Fault.LOST_ANSWER, Fault.IGNORED, Fault.REFUSED]), deaf=st.booleans()
    )
    def the_hub_works_against_a_wall(self, fault: Fault, deaf: bool) -> None:
        wall = [fault] * BUDGET
        self.world.settle(wall, wall if deaf else ())

    @rule(asks=faults)
    def the_clock_is_not_trusted(self, asks: list[Fault]) -> None:
        self.world.settle((), asks, look_only=True)

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self.world.pass_time(span)

    @rule(span=spans)
    def the_clock_is_set_back(self, span: timedelta) -> None:
        self.world.pass_time(-span)

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        self.world.come_to_rest()
        if self.world.unnoticed:
            self.world.pass_time(POLICY.verify_every or timedelta(0))
            self.world.pass_time(SLEW + timedelta(seconds=1))
            self.world.come_to_rest()
            self.world.unnoticed = False
        self.world.check()

    @invariant()
    def no_grant_is_in_two_slots(self) -> None:
        held = [slot.holder for slot in self.world.slots.values() if slot.holder is not None]
        assert len(held) == len(set(held))

    @invariant()
    def an_empty_slot_is_nobodys(self) -> None:
        for slot in self.world.slots.values():
            assert slot.reading is not Reading.EMPTY or slot.claim is not None or slot.holder is None

    @invariant()
    def no_code_opens_before_its_window(self) -> None:
        world = self.world
        for slot, code in world.lock.memory.items():
            if not code.foreign and world.lock.lets_in(slot, world.now):
                assert any(world.digits[id_] == code.digits for id_ in world.begun), "open too early"

    @invariant()
    def a_code_that_is_called_good_opens(self) -> None:
        """Of hours: that a stranger takes a code out, the hub may learn later.

        Where others may have told the lock hours, the code is good once the lock has taken the hub's.
        """
        world = self.world
        for slot in world.slots.values():
            grant = None if slot.holder is None else world.grants.get(slot.holder)
            heard_of = slot.number not in world.unheard
            if grant is not None and usable(grant, slot, world.now) and heard_of and not world.pending:
                hours = world.lock.hours.get(slot.number)
                assert hours is None or world.now in hours, "called good, and shut out"

    def teardown(self) -> None:
        self.all_goes_well_for_a_while()


def test_every_keypad_comes_to_hold_what_it_should() -> None:
    run_state_machine_as_test(Convergence, settings=settings(max_examples=1000, stateful_step_count=30))
