"""A model lock and a model hub.

A model lock does to its memory what a real one would; a model hub does with `next_step` what hub/reconcile.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from hub.model.codes import (
    Ask,
    Clear,
    CodeState,
    Enable,
    Grant,
    Limits,
    Policy,
    Rest,
    Schedule,
    Slot,
    Step,
    Write,
    next_step,
    ready,
    state_of,
    unseen,
    usable,
)
from hub.model.facts import CodeChange, SlotRead
from hub.model.hours import Hours, confining, exactly
from hub.model.outcomes import (
    after_ask,
    after_clear,
    after_failure,
    after_refusal,
    after_schedule,
    after_schedule_failure,
    after_schedule_refusal,
    after_write,
    changed_outside,
    claimed,
    heard,
)
from hub.model.values import CodeTag, GrantId, Pin, Proof, Purpose, Window

MORNING = datetime(2027, 7, 5, 8, tzinfo=UTC)
SLOTS, MANAGED, TRIES = 6, 4, 3
POLICY = Policy(managed_to=MANAGED, fresh=timedelta(minutes=1), verify_every=timedelta(minutes=5), tries=TRIES)
BUDGET = 60
"""Commands that one call to settle may take at one moment of time, for six slots: more is a live-lock."""


class Fault(Enum):
    NONE = "none"
    LOST_COMMAND = "the lock hears nothing"
    LOST_ANSWER = "the lock obeys, nobody hears it say so"
    LATE = "as LOST_COMMAND, and the lock obeys a moment later"
    IGNORED = "the lock says yes and does nothing"
    REFUSED = "the lock says no"
    CRASH_BEFORE = "the hub dies after the claim, before the radio"
    CRASH_AFTER = "the hub dies after the radio, before the outcome"


Order = Clear | Write | Enable | Schedule
ACTIVE = {Purpose.GUEST, Purpose.HAND, Purpose.EMERGENCY}
"""Whose codes, in their windows, everybody else makes room for."""


class Refused(Exception):
    pass


class Silent(Exception):
    pass


class Crash(Exception):
    pass


@dataclass
class Code:
    digits: str
    foreign: bool


@dataclass
class ModelLock:
    """A keypad's memory: the truth."""

    reads: bool = True
    refuses_doubles: bool = True
    grade: Proof = Proof.ACKNOWLEDGED
    memory: dict[int, Code] = field(default_factory=dict)
    disabled: set[int] = field(default_factory=set)
    schedules: bool = False
    forgets_hours: bool = False
    """With the code, as some locks do."""
    hours: dict[int, Window] = field(default_factory=dict)
    refuses_hours: bool = False
    """New ones; it forgets those that it has when it is told to."""
    holds: bool = False
    """It keeps codes that open nothing."""
    hours_first: bool = False
    """It takes hours where there is no code yet, and keeps them when it comes."""

    def read(self, slot: int) -> SlotRead:
        code = self.memory.get(slot)
        if code is None:
            return SlotRead(empty=True)
        return SlotRead(empty=False, pin=Pin(code.digits) if self.reads else None, enabled=slot not in self.disabled)

    def write(self, slot: int, digits: str, *, enabled: bool = True) -> None:
        doubles = [n for n, code in self.memory.items() if code.digits == digits and n != slot]
        if doubles and self.refuses_doubles:
            raise Refused
        self.memory[slot] = Code(digits, foreign=False)
        (self.disabled.discard if enabled else self.disabled.add)(slot)

    def clear(self, slot: int) -> None:
        self.memory.pop(slot, None)
        self.disabled.discard(slot)
        if self.forgets_hours:
            self.hours.pop(slot, None)

    def confine(self, slot: int, window: Window | None) -> None:
        if window is None:
            self.hours.pop(slot, None)
        elif slot in self.memory or self.hours_first:
            self.hours[slot] = window
        else:
            raise Refused

    def opens(self, digits: str, now: datetime) -> bool:
        return any(code.digits == digits and self.lets_in(slot, now) for slot, code in self.memory.items())

    def lets_in(self, slot: int, now: datetime) -> bool:
        return slot not in self.disabled and (slot not in self.hours or now in self.hours[slot])


def tag(digits: str) -> CodeTag:
    return CodeTag(f"tag of {digits}")


@dataclass
class World:
    lock: ModelLock = field(default_factory=ModelLock)
    now: datetime = MORNING
    grants: dict[GrantId, Grant] = field(default_factory=dict)
    digits: dict[GrantId, str] = field(default_factory=dict)
    slots: dict[int, Slot] = field(default_factory=lambda: {n: Slot.unknown(n) for n in range(1, SLOTS + 1)})
    written: set[CodeTag] = field(default_factory=set)
    """Every tag that a claim was ever made for: hub/io/tagbook.py."""
    pending: list[Callable[[], None]] = field(default_factory=list)
    transcript: list[Step] = field(default_factory=list)
    """Every command that was tried, in order."""
    restoring: bool = False
    unheard: set[int] = field(default_factory=set)
    """Places that have not taken hours since others may have told the lock whatever they liked."""
    begun: set[GrantId] = field(default_factory=set)
    """Whose window had begun at some time."""
    unnoticed: bool = False
    """Others changed the memory and the lock told nobody: only the next look at every occupied slot shows it."""

    @property
    def limits(self) -> Limits:
        lock = self.lock
        return Limits(SLOTS, 4, 6, lock.reads, lock.schedules, lock.holds, lock.hours_first)

    def remember_hours(self, window: Window) -> None:
        """Of guests long gone: what every place of the lock was told, and keeps."""
        self.lock.hours = dict.fromkeys(range(1, SLOTS + 1), window)
        told = Hours(window, Proof.CONFIRMED)
        self.slots = {number: replace(slot, hours=told) for number, slot in self.slots.items()}

    def forget(self, how: Callable[[Slot], Slot]) -> None:
        """Nothing that was believed of the lock counts any more."""
        self.slots = {number: how(slot) for number, slot in self.slots.items()}
        self.unheard.update(self.slots)

    # ---- the hub ----

    def step(self, *, look_only: bool = False) -> Step:
        live = {grant.tag for grant in self.grants.values() if not self.over(grant)}
        slots = list(self.slots.values())
        self.restoring = self.restoring and unseen(slots, POLICY, self.limits)
        policy = replace(POLICY, look_only=look_only or self.restoring)
        ours = self.written - live
        return next_step(list(self.grants.values()), slots, policy, self.limits, self.now, ours=ours)

    def over(self, grant: Grant) -> bool:
        return grant.revoked or grant.window.over(self.now)

    def settle(self, orders: Iterable[Fault] = (), asks: Iterable[Fault] = (), *, look_only: bool = False) -> Rest:
        """Step at one moment of time until there is nothing to do; `orders` and `asks` go wrong like this, one by one."""
        on_orders, on_asks = iter(orders), iter(asks)
        for _ in range(BUDGET):
            step = self.step(look_only=look_only)
            if isinstance(step, Rest):
                return step
            assert not look_only or isinstance(step, Ask)
            self.take(step, next(on_asks if isinstance(step, Ask) else on_orders, Fault.NONE))
        raise AssertionError(f"{BUDGET} commands at one moment: a live-lock")

    def take(self, step: Ask | Order, fault: Fault) -> None:
        self.transcript.append(step)
        if fault is Fault.IGNORED and isinstance(step, Schedule):
            fault = Fault.LOST_COMMAND  # nobody asks for the hours again, so a driver reads back what it was only told
        slot = self.slots[step.slot]
        if not isinstance(step, Ask):
            held = tag(self.digits[step.grant]) if isinstance(step, Write) else None
            self.written |= {held} if held is not None else set()
            slot = self.slots[step.slot] = claimed(slot, step, held)
        try:
            self.slots[step.slot] = self.over_the_air(step, slot, fault)
        except Silent:
            fail = after_schedule_failure if isinstance(step, Schedule) else after_failure
            self.slots[step.slot] = fail(slot, POLICY, self.now)
        except Refused:
            self.slots[step.slot] = self.refused(step, slot)
            if isinstance(step, Write):
                self.grants[step.grant] = replace(self.grants[step.grant], refused=True)
        except Crash:
            pass

    def refused(self, step: Ask | Order, slot: Slot) -> Slot:
        match step:
            case Ask():
                return after_failure(slot, POLICY, self.now)
            case Schedule():
                return after_schedule_refusal(slot, step, POLICY, self.now)
            case _:
                return after_refusal(slot, POLICY, self.now)

    def over_the_air(self, step: Ask | Order, slot: Slot, fault: Fault) -> Slot:
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        if fault is Fault.REFUSED or (self.lock.refuses_hours and isinstance(step, Schedule) and step.window):
            raise Refused
        obey = self.order(step)
        if fault is Fault.LATE:
            self.pending.append(obey)
        if fault in (Fault.LATE, Fault.LOST_COMMAND):
            raise Silent
        proof = Proof.ACKNOWLEDGED
        if fault is not Fault.IGNORED:
            obey()
            proof = self.lock.grade
        if fault is Fault.LOST_ANSWER:
            raise Silent
        if fault is Fault.CRASH_AFTER:
            raise Crash
        return self.obeyed(step, slot, proof)

    def obeyed(self, step: Ask | Order, slot: Slot, proof: Proof) -> Slot:
        match step:
            case Ask():
                seen = self.lock.read(step.slot)
                seen_tag = None if seen.pin is None else tag(seen.pin.reveal())
                return after_ask(slot, seen, seen_tag, POLICY, self.now)
            case Write() | Enable():
                return after_write(slot, proof, self.limits, self.now)
            case Clear():
                return after_clear(slot, proof, self.limits, self.now)
            case Schedule():
                self.unheard.discard(step.slot)
                return after_schedule(slot, step, proof)

    def order(self, step: Ask | Order) -> Callable[[], None]:
        """What the lock does when it gets the command; it must not cost anybody else their code."""
        match step:
            case Write() | Enable():
                grant, digits = self.grants[step.grant], self.digits[step.grant]
                enabled = isinstance(step, Enable) or step.enabled
                confined = self.lock.hours.get(step.slot) == exactly(grant.window)
                assert enabled or self.lock.holds
                assert self.inside(grant.id) or self.waits(grant.id), "written outside its window"
                assert self.inside(grant.id) or confined or not enabled, "it opens before its window"
                self.protect(step.slot)
                return lambda: self.lock.write(step.slot, digits, enabled=enabled)
            case Clear():
                self.protect(step.slot)
                return lambda: self.lock.clear(step.slot)
            case Schedule(slot=number, grant=id_, window=window):
                assert self.lock.schedules
                ours = self.grants[id_].window
                lifted = window is None and number in self.lock.disabled
                assert self.inside(id_) or (self.waits(id_) and (window == exactly(ours) or lifted)), (
                    "told of hours outside its window"
                )
                assert window in {None, confining(ours), exactly(ours)}
                assert self.lock.memory.get(number, Code(self.digits[id_], foreign=False)).digits == self.digits[id_]
                return lambda: self.lock.confine(number, window)
            case Ask():
                return lambda: None

    def protect(self, slot: int) -> None:
        code = self.lock.memory.get(slot)
        assert code is None or not code.foreign or tag(code.digits) in self.written_or_wanted(), "a foreign code"

    def written_or_wanted(self) -> set[CodeTag]:
        return self.written | {grant.tag for grant in self.grants.values()}

    # ---- people ----

    def invite(self, digits: str, starts: timedelta, lasts: timedelta, purpose: Purpose = Purpose.GUEST) -> GrantId:
        id_ = GrantId(f"grant {len(self.grants) + 1}")
        self.digits[id_] = digits
        start = self.now + starts
        self.grants[id_] = Grant(id_, tag(digits), len(digits), Window(start, start + lasts), purpose=purpose)
        self.remember_begun()
        return id_

    def move(self, id_: GrantId, starts: timedelta, lasts: timedelta) -> None:
        start = self.now + starts
        self.grants[id_] = replace(self.grants[id_], window=Window(start, start + lasts))
        self.remember_begun()
        self.excuse(id_)

    def excuse(self, id_: GrantId) -> None:
        """What the lock was told of a code counts until it takes something else."""
        if any(code.digits == self.digits[id_] and not code.foreign for code in self.lock.memory.values()):
            self.begun.add(id_)

    def remember_begun(self) -> None:
        self.begun |= {id_ for id_ in self.grants if self.inside(id_)}

    def revoke(self, id_: GrantId) -> None:
        self.grants[id_] = replace(self.grants[id_], revoked=True)
        self.excuse(id_)

    def program(self, slot: int, digits: str) -> None:
        """Somebody puts a code in at the keypad, which takes longer than what the lock said stays fresh."""
        self.pass_time(timedelta(minutes=2))
        self.lock.memory[slot] = Code(digits, foreign=True)

    def pass_time(self, span: timedelta) -> None:
        for obey in self.pending:
            try:
                obey()
            except Refused:
                continue
        self.pending.clear()
        self.now += span
        self.remember_begun()

    def hear(self, change: CodeChange, slot: int) -> None:
        self.slots[slot] = changed_outside(self.slots[slot], change)

    def wake(self) -> None:
        self.slots = {number: heard(slot) for number, slot in self.slots.items()}

    # ---- what must be true in the end ----

    def inside(self, id_: GrantId) -> bool:
        return not self.grants[id_].revoked and self.now in self.grants[id_].window

    def waits(self, id_: GrantId) -> bool:
        """Whether its code may be in the lock before its window."""
        start = self.grants[id_].window.start
        soon = self.now < start <= self.now + POLICY.ahead
        return self.limits.keeps_waiting and not self.grants[id_].revoked and soon

    def wanted(self) -> list[Grant]:
        usable = (grant for grant in self.grants.values() if not grant.refused and self.limits.take(grant.digits))
        return [grant for grant in usable if self.inside(grant.id) or self.waits(grant.id)]

    def come_to_rest(self) -> None:
        """The lock answers from now on: with its waits over, everything is as it should be."""
        self.pass_time(timedelta(0))
        self.wake()
        rounds = 0
        while any(slot.retry_at is not None and slot.retry_at > self.now for slot in self.slots.values()) or not rounds:
            rest = self.settle()
            rounds += 1
            assert rounds < 20, "it never comes to rest"
            waits = [slot.retry_at for slot in self.slots.values() if slot.retry_at and slot.retry_at > self.now]
            if waits:
                assert rest.until is not None
                assert rest.until <= min(waits)
                self.pass_time(rest.until - self.now)
        rest = self.settle()
        assert rest == self.step()
        windows = [grant.window for grant in self.grants.values() if not grant.revoked]
        edges = [edge for window in windows for edge in (window.start, window.end) if edge and edge > self.now]
        assert not edges or (rest.until is not None and rest.until <= min(edges)), "it oversleeps"

    def check(self) -> None:
        wanted = {grant.id: grant for grant in self.wanted()}
        held = {slot.holder: slot for slot in self.slots.values() if slot.holder is not None}
        for code in self.lock.memory.values():
            if not code.foreign:
                same = {id_ for id_, digits in self.digits.items() if digits == code.digits}
                owners = {id_ for id_ in same if self.inside(id_) or self.waits(id_)}
                assert owners, "left behind"
                assert owners & held.keys() or all(self.grants[id_].refused for id_ in owners)
        for grant in (grant for grant in wanted.values() if grant.id in held):
            slot = held[grant.id]
            assert self.lock.memory[slot.number].digits == self.digits[grant.id]
            assert ready(grant, slot, self.now)
            if not self.inside(grant.id):
                assert state_of(grant, slot, self.now) is CodeState.HELD
                assert not self.lock.lets_in(slot.number, self.now)
                continue
            assert slot.number not in self.lock.disabled
            assert usable(grant, slot, self.now)
            assert state_of(grant, slot, self.now) is CodeState.SET
            ends = {None} if slot.hours.refused else {confining(grant.window), exactly(grant.window)}
            assert not self.lock.schedules or self.lock.hours.get(slot.number) in ends, "the lock does not end it"
        self.check_room([grant for grant in wanted.values() if grant.id not in held and not self.doubled(grant)])

    def check_room(self, left_out: list[Grant]) -> None:
        free = [n for n in range(1, MANAGED + 1) if n not in self.lock.memory]
        writable = [grant for grant in left_out if self.inside(grant.id) or self.lock.holds]
        assert not (writable and free), "a guest without a code beside a free slot"
        urgent = [grant for grant in left_out if self.inside(grant.id) and grant.purpose in ACTIVE]
        held = [self.grants[slot.holder] for slot in self.slots.values() if slot.holder is not None]
        idle = [grant for grant in held if not self.inside(grant.id) or grant.purpose not in ACTIVE]
        assert not (urgent and idle), "a guest without a code beside one that nobody needs now"

    def doubled(self, grant: Grant) -> bool:
        """Somebody else has the same digits on this door; drawing them twice is the caller's mistake."""
        others = [other for other in self.wanted() if other.tag == grant.tag and other.id != grant.id]
        return bool(others) or any(code.foreign and tag(code.digits) == grant.tag for code in self.lock.memory.values())
