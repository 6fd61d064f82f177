"""What should be in a keypad, what we believe is in it, and the one next move that brings the two nearer.

`next_step` decides; what each outcome teaches us about a slot is in hub/model/outcomes.py. Nothing here is a plan: after
every outcome the next step is worked out afresh, so a crash, a lost answer or a change of booking needs no special case.

The rules of both files:

* A claim is written down before the radio is used, so a crash leaves a slot in doubt, never a code that nobody owns.
* A slot is written only when the lock lately said that it is empty, and counts as empty only when the lock said so.
* Where the lock can, it is told the window too; then it ends the code itself (hub/model/hours.py).
* OCCUPIED without a holder is somebody else's code. It is left alone, unless its tag is one of ours.
* What fails waits, slot by slot, longer each time; meanwhile every other slot goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import chain
from typing import Final

from hub.model.facts import Abilities
from hub.model.hours import UNHEARD_OF, UNTOLD, Hours
from hub.model.values import CodeTag, GrantId, Proof, Purpose, Window


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to open one lock with one PIN for one window; lead time is inside the window.

    A change of the window keeps the grant; a new PIN is a new grant.
    """

    id: GrantId
    tag: CodeTag
    digits: int
    """How many digits the PIN has."""
    window: Window
    revoked: bool = False
    refused: bool = False
    """The lock refused these digits: they wait for a person or for a new PIN."""
    suspended: bool = False
    """Off while its door is locked down: out of the lock, and back when that is released."""
    purpose: Purpose = Purpose.GUEST
    """Whose code it is decides who goes without where there are too few slots."""


class Reading(Enum):
    """What the lock, as far as we know, has in a slot."""

    EMPTY = "empty"
    OCCUPIED = "occupied"
    UNKNOWN = "unknown"


class Claim(Enum):
    """What we set out to do to a slot and have not yet seen done."""

    WRITING = "writing"
    CLEARING = "clearing"


@dataclass(frozen=True, slots=True)
class Slot:
    """What we believe about one numbered place in one keypad."""

    number: int
    holder: GrantId | None = None
    """The grant whose code we wrote here or are about to write; never beside EMPTY, unless claimed."""
    reading: Reading = Reading.UNKNOWN
    tag: CodeTag | None = None
    """Of what we last wrote here, or of what the lock told. Beside EMPTY: the place is kept for that code."""
    enabled: bool = True
    claim: Claim | None = None
    proof: Proof = Proof.NONE
    proven_at: datetime | None = None
    """When the lock last said what `reading` says."""
    failures: int = 0
    """Since the slot was last found as it should be."""
    retry_at: datetime | None = None
    written_at: datetime | None = None
    """When the lock last took what we told it: a code, or to clear one."""
    hours: Hours = UNTOLD
    """Of whatever code is in this place: a lock may keep them longer than the code."""

    @classmethod
    def unknown(cls, number: int) -> Slot:
        return cls(number, hours=UNHEARD_OF)

    @property
    def took_orders(self) -> bool:
        """The lock acknowledged our last command, and has not yet been asked whether it obeyed."""
        return self.claim is not None and self.reading is Reading.UNKNOWN and self.proof is not Proof.NONE


@dataclass(frozen=True, slots=True)
class Limits:
    """What a lock's keypad can take, and whether it tells digits when asked."""

    slots: int
    min_digits: int = 4
    max_digits: int = 10
    reads_codes: bool = False
    schedules: bool = False
    """It can confine a code to a window of time."""
    holds: bool = False
    """It can keep a code that opens nothing until it is enabled."""
    hours_first: bool = False
    """It takes hours before their code, and keeps them when the code comes."""

    @classmethod
    def of(cls, abilities: Abilities) -> Limits:
        able = abilities
        return cls(
            able.slots,
            able.min_digits,
            able.max_digits,
            able.reads_codes,
            able.schedules,
            able.holds_disabled,
            able.schedules and able.hours_first,
        )

    @property
    def keeps_waiting(self) -> bool:
        """Whether a code can be in it before its window begins, and open nothing."""
        return self.holds or self.hours_first

    def take(self, digits: int) -> bool:
        return self.min_digits <= digits <= self.max_digits


@dataclass(frozen=True, slots=True)
class Policy:
    """How the hub treats one lock. The times are of the clock that `now` comes from."""

    managed_from: int = 1
    managed_to: int = 30
    """The slots that the hub may use, both included; the others it neither writes nor reads."""
    fresh: timedelta = timedelta(minutes=30)
    """How long to rely on what a lock said before overwriting or clearing a slot; people press keys at keypads too."""
    verify_every: timedelta | None = timedelta(days=1)
    """How often to ask whether an occupied slot still is as it was."""
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(minutes=15)
    tries: int = 6
    """Writes that a slot may lose before its code moves on to one that lost fewer."""
    look_only: bool = False
    """Ask, but change nothing: the clock is not trusted, or a restored hub waits for a person."""


SLEW: Final = timedelta(seconds=10)
"""A clock may be set back by this much and still be trusted (hub/io/clock.py): what was seen "later" was seen just now."""
PLACES: Final = 3
"""A code that was lost in so many slots was not lost because of the slot."""


@dataclass(frozen=True, slots=True)
class Ask:
    slot: int


@dataclass(frozen=True, slots=True)
class Clear:
    slot: int


@dataclass(frozen=True, slots=True)
class Write:
    slot: int
    grant: GrantId


@dataclass(frozen=True, slots=True)
class Schedule:
    """Have the lock itself confine a code to its window."""

    slot: int
    grant: GrantId
    window: Window | None
    """None: lift what confines it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before `until`, unless something happens; None: time alone changes nothing."""

    until: datetime | None


Step = Ask | Clear | Write | Schedule | Rest


class CodeState(Enum):
    """What a person is told about a code."""

    WANTED = "wanted"
    WRITING = "writing"
    SET = "set"
    CLEARING = "clearing"
    REFUSED = "refused"
    LOCKED_DOWN = "locked_down"
    """Off and out of the lock, until the lock-down of its door is released."""
    FOREIGN = "foreign"


# ---- deciding ------------------------------------------------------------------------------------------------------


def next_step(
    grants: Sequence[Grant],
    slots: Sequence[Slot],
    policy: Policy,
    limits: Limits,
    now: datetime,
    *,
    ours: Collection[CodeTag] = frozenset(),
) -> Step:
    """The one next move for one lock.

    Args:
        grants: all that matter to this lock; a holder that is not among them has lost its leave.
        slots: what is known; a slot without an entry was never looked at.
        ours: tags of codes that were once ours and must not be in any lock now, besides those of `grants`.
    """
    in_order = sorted(slots, key=lambda slot: slot.number)
    known = {slot.number: slot for slot in in_order if 1 <= slot.number <= limits.slots}
    view = _View({grant.id: grant for grant in grants}, known, policy, limits, now, frozenset(ours))
    if policy.look_only:
        steps = chain(_locked_down(view), _doubts(view), _unseen(view))
    else:
        steps = chain(_arrivals(view), _removals(view), _schedules(view), _unseen(view), _checks(view))
    return next(steps, Rest(_next_edge(view)))


def unseen(slots: Sequence[Slot], policy: Policy, limits: Limits) -> bool:
    """Whether nobody knows what is in some slot that the hub may use. A restored hub only looks while that is so:
    a code that it has forgotten may be in any of them."""
    known = {slot.number: slot for slot in slots}
    return any(slot.reading is Reading.UNKNOWN for slot in _managed(known, policy, limits))


def _managed(slots: Mapping[int, Slot], policy: Policy, limits: Limits) -> Iterator[Slot]:
    for number in range(max(1, policy.managed_from), min(policy.managed_to, limits.slots) + 1):
        yield slots.get(number) or Slot.unknown(number)


@dataclass(frozen=True, slots=True)
class _View:
    grants: Mapping[GrantId, Grant]
    slots: Mapping[int, Slot]
    policy: Policy
    limits: Limits
    now: datetime
    ours: Collection[CodeTag]

    def managed(self) -> Iterator[Slot]:
        return _managed(self.slots, self.policy, self.limits)

    def wanted(self, holder: GrantId | None) -> bool:
        grant = self.grants.get(holder) if holder is not None else None
        return grant is not None and not grant.revoked and not grant.suspended and self.now in grant.window

    def due(self, waiting: Slot | Hours) -> bool:
        """A wait longer than any that we impose was written by a clock that was wrong."""
        retry_at = waiting.retry_at
        return retry_at is None or not self.now < retry_at <= self.now + self.policy.longest_wait

    def seen_within(self, slot: Slot, age: timedelta) -> bool:
        return slot.proven_at is not None and -SLEW <= self.now - slot.proven_at < age

    def home(self, grant: GrantId) -> Slot | None:
        held = [slot for slot in self.slots.values() if slot.holder == grant]
        return min(held, key=lambda slot: (_in_doubt(slot), slot.number), default=None)

    def place(self, grant: Grant) -> Slot | None:
        """Where the grant's code is already, unclaimed, or was last, unless that place loses what is put there."""
        open_ = [slot for slot in self.managed() if slot.holder is None and slot.claim is None]
        own = [slot for slot in open_ if slot.tag == grant.tag]
        there = next((slot for slot in own if slot.reading is not Reading.EMPTY), None)
        last = max(own, key=lambda slot: (slot.proven_at or self.now, -slot.failures), default=None)
        if there is not None or (last is not None and (last.failures < self.policy.tries or len(own) == PLACES)):
            return there or last
        homeless = {other.tag for other in self.grants.values() if self.wanted(other.id) and not self.home(other.id)}
        free = [slot for slot in open_ if slot.reading is Reading.EMPTY and self.due(slot)]
        free = [slot for slot in free if slot.tag not in homeless or slot.failures >= self.policy.tries]
        best = min(free, key=lambda slot: (slot.failures, slot.hours.shut(self.now), slot.number), default=None)
        return best if last is None or (best is not None and best.failures < self.policy.tries) else last

    def writable(self, grant: Grant) -> bool:
        others = (slot for slot in self.slots.values() if slot.holder != grant.id and slot.tag == grant.tag)
        still_there = any(slot.holder is not None or slot.claim is not None for slot in others)
        return not grant.refused and not still_there and self.limits.take(grant.digits)

    def unwanted(self, slot: Slot) -> bool:
        if not _may_hold(slot):
            return False
        if slot.holder is None:
            return slot.claim is not None or (slot.reading is Reading.OCCUPIED and self.stray(slot.tag))
        return not self.wanted(slot.holder) or self.home(slot.holder) != slot

    def stray(self, tag: CodeTag | None) -> bool:
        granted = [grant for grant in self.grants.values() if grant.tag == tag]
        return not any(self.wanted(grant.id) for grant in granted) if granted else tag in self.ours


def _may_hold(slot: Slot) -> bool:
    return slot.reading is not Reading.EMPTY or slot.claim is not None


def _in_doubt(slot: Slot) -> bool:
    return slot.claim is not None or (slot.holder is not None and slot.reading is Reading.UNKNOWN)


def _arrivals(view: _View) -> Iterator[Step]:
    """What brings those whose window has begun nearer to a proven code: emergencies, then the longest waiting."""
    waiting = (grant for grant in view.grants.values() if view.wanted(grant.id))
    in_turn = sorted(waiting, key=_in_turn)
    return (step for step in (_toward(grant, view) for grant in in_turn) if step is not None)


def _in_turn(grant: Grant) -> tuple[bool, datetime, GrantId]:
    return grant.purpose is not Purpose.EMERGENCY, grant.window.start, grant.id


def _toward(grant: Grant, view: _View) -> Step | None:
    home = view.home(grant.id)
    if home is not None:
        return _mend(home, grant, view) if view.due(home) else None
    slot = view.place(grant) if view.writable(grant) else None
    return _put(slot, grant, view) if slot is not None and view.due(slot) else None


def _put(slot: Slot, grant: Grant, view: _View) -> Step:
    known = slot.reading is not Reading.UNKNOWN and view.seen_within(slot, view.policy.fresh)
    return Write(slot.number, grant.id) if known else Ask(slot.number)


def _mend(home: Slot, grant: Grant, view: _View) -> Step | None:
    if _in_doubt(home):
        return Ask(home.number)
    if not home.enabled:
        return _put(home, grant, view) if view.writable(grant) else None
    return _confine(home, grant, view) if home.hours.shut(view.now) else None


def _confine(home: Slot, grant: Grant, view: _View) -> Schedule | Ask | None:
    """A code is told its hours where the lock lately said that it is: by now somebody else's may be there."""
    hours = home.hours
    if not (view.limits.schedules and hours.lacking(grant.window) and view.due(hours)):
        return None
    if not view.seen_within(home, view.policy.fresh):
        return Ask(home.number) if view.due(home) else None
    return Schedule(home.number, grant.id, hours.aim(grant.window))


def _schedules(view: _View) -> Iterator[Step]:
    """What makes the locks themselves end the codes that they hold, once every guest has one."""
    for slot in view.slots.values():
        grant = view.grants[slot.holder] if slot.holder is not None and view.wanted(slot.holder) else None
        known = slot.enabled and slot.reading is Reading.OCCUPIED and slot.claim is None
        step = _confine(slot, grant, view) if grant is not None and known else None
        if step is not None:
            yield step


def _removals(view: _View) -> Iterator[Ask | Clear]:
    for slot in view.slots.values():
        if view.due(slot) and view.unwanted(slot):
            yield Ask(slot.number) if _look_before_clearing(slot, view) else Clear(slot.number)


def _locked_down(view: _View) -> Iterator[Step]:
    """What a person switched off goes even from a lock that is otherwise only looked at: it hangs on no time of day."""
    off = {grant.id for grant in view.grants.values() if grant.suspended}
    return (step for step in _removals(view) if view.slots[step.slot].holder in off)


def _look_before_clearing(slot: Slot, view: _View) -> bool:
    """Whether the lock's word is needed first. One that tells no digits could seldom say whose code is there."""
    if view.limits.reads_codes:
        return _in_doubt(slot) or not view.seen_within(slot, view.policy.fresh)
    return slot.took_orders or (slot.claim is None and slot.proof is Proof.NONE)


def _unseen(view: _View) -> Iterator[Step]:
    unknown = (slot for slot in view.managed() if slot.reading is Reading.UNKNOWN and slot.holder is None)
    return (Ask(slot.number) for slot in unknown if slot.claim is None and view.due(slot))


def _checks(view: _View) -> Iterator[Step]:
    for slot in _occupied(view):
        if view.due(slot) and view.policy.verify_every and not view.seen_within(slot, view.policy.verify_every):
            yield Ask(slot.number)


def _doubts(view: _View) -> Iterator[Step]:
    return (Ask(slot.number) for slot in view.slots.values() if _in_doubt(slot) and view.due(slot))


def _occupied(view: _View) -> Iterator[Slot]:
    managed = {slot.number for slot in view.managed()}
    for slot in view.slots.values():
        if slot.reading is Reading.OCCUPIED and (slot.holder is not None or slot.number in managed):
            yield slot


def _next_edge(view: _View) -> datetime | None:
    windows = [grant.window for grant in view.grants.values() if not grant.revoked]
    edges = chain(
        (window.start for window in windows),
        (window.end for window in windows if window.end is not None),
        _waits(view),
        _check_times(view),
    )
    return min((edge for edge in edges if edge > view.now), default=None)


def _waits(view: _View) -> Iterator[datetime]:
    for slot in view.slots.values():
        for waiting in (slot, slot.hours):
            if waiting.retry_at is not None and not view.due(waiting):
                yield waiting.retry_at


def _check_times(view: _View) -> Iterator[datetime]:
    if view.policy.verify_every is not None and not view.policy.look_only:
        for slot in _occupied(view):
            if slot.proven_at is not None:
                yield slot.proven_at + view.policy.verify_every


# ---- telling -------------------------------------------------------------------------------------------------------


def usable(grant: Grant, slot: Slot, now: datetime) -> bool:
    """Whether the guest's digits open the door now, as far as the lock has told us."""
    ours = slot.holder == grant.id and slot.claim is None and slot.reading is Reading.OCCUPIED
    proven = ours and slot.enabled and slot.proof is not Proof.NONE
    return proven and not slot.hours.shut(now) and not grant.revoked and not grant.suspended and now in grant.window


def state_of(grant: Grant | None, slot: Slot | None, now: datetime) -> CodeState | None:
    """What to tell about a grant and the slot it holds (either may be missing); None: nothing worth a line."""
    if slot is not None and not _may_hold(slot):
        slot = None
    if grant is None:
        return _state_of_stray(slot)
    if slot is None:
        gone = grant.revoked or grant.window.over(now)
        if gone:
            return None
        if grant.suspended:
            return CodeState.LOCKED_DOWN
        return CodeState.REFUSED if grant.refused else CodeState.WANTED
    if grant.revoked or grant.suspended or now not in grant.window:
        return CodeState.CLEARING
    return CodeState.WRITING if _in_doubt(slot) or not slot.enabled or slot.hours.shut(now) else CodeState.SET


def _state_of_stray(slot: Slot | None) -> CodeState | None:
    if slot is not None and (slot.holder is not None or slot.claim is not None):
        return CodeState.CLEARING
    return CodeState.FOREIGN if slot is not None and slot.reading is Reading.OCCUPIED else None
