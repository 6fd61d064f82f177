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
from itertools import chain
from typing import Final

from hub.model.code_states import in_doubt, may_hold, ready, state_of, usable
from hub.model.hours import Hours, exactly
from hub.model.slots import (
    PLACES,
    SLEW,
    Ask,
    Claim,
    Clear,
    CodeState,
    Enable,
    Grant,
    Limits,
    Policy,
    Reading,
    Rest,
    Schedule,
    Slot,
    Step,
    Write,
    wanted_in,
)
from hub.model.values import CodeTag, GrantId, Proof, Purpose

__all__ = [
    "PLACES",
    "SLEW",
    "Ask",
    "Claim",
    "Clear",
    "CodeState",
    "Enable",
    "Grant",
    "Limits",
    "Policy",
    "Reading",
    "Rest",
    "Schedule",
    "Slot",
    "Step",
    "Write",
    "next_step",
    "ready",
    "state_of",
    "unseen",
    "usable",
]

# ---- deciding ------------------------------------------------------------------------------------------------------


def next_step(
    grants: Sequence[Grant],
    slots: Sequence[Slot],
    policy: Policy,
    limits: Limits,
    now: datetime,
    *,
    ours: Collection[CodeTag] = frozenset(),
    theirs: Collection[CodeTag] = frozenset(),
) -> Step:
    """The one next move for one lock.

    Args:
        grants: all that matter to this lock; a holder that is not among them has lost its leave.
        slots: what is known; a slot without an entry was never looked at.
        ours: tags of codes that were once ours and must not be in any lock now, besides those of `grants`.
        theirs: tags of codes that were to be ours, and that somebody else has in this lock.
    """
    in_order = sorted(slots, key=lambda slot: slot.number)
    known = {slot.number: slot for slot in in_order if 1 <= slot.number <= limits.slots and _is_minded(slot, policy)}
    expected = frozenset(grant.id for grant in grants if wanted_in(grant, policy, limits, now))
    view = _View(
        {grant.id: grant for grant in grants}, known, _homes(known), policy, limits, now, ours, expected, theirs
    )
    phases = _LOOKING if policy.look_only else _IN_ORDER
    return next(chain.from_iterable(phase(view) for phase in phases), Rest(_next_edge(view)))


def unseen(slots: Sequence[Slot], policy: Policy, limits: Limits) -> bool:
    """Whether nobody knows what is in some slot that the hub may use. A restored hub only looks while that is so:
    a code that it has forgotten may be in any of them."""
    known = {slot.number: slot for slot in slots}
    return any(slot.reading is Reading.UNKNOWN for slot in _managed(known, policy, limits))


def _managed(slots: Mapping[int, Slot], policy: Policy, limits: Limits) -> Iterator[Slot]:
    for number in range(max(1, policy.managed_from), min(policy.managed_to, limits.slots) + 1):
        yield slots.get(number) or Slot.unknown(number)


def _is_minded(slot: Slot, policy: Policy) -> bool:
    """Beyond the managed slots only what is ours counts: a code that was adopted there."""
    managed = policy.managed_from <= slot.number <= policy.managed_to
    return managed or slot.holder is not None or slot.claim is not None


def _homes(slots: Mapping[int, Slot]) -> Mapping[GrantId, Slot]:
    """Where each holder's code is, or most likely is."""
    homes: dict[GrantId, Slot] = {}
    for slot in slots.values():
        if slot.holder is not None and (slot.holder not in homes or in_doubt(homes[slot.holder]) > in_doubt(slot)):
            homes[slot.holder] = slot
    return homes


@dataclass(frozen=True, slots=True)
class _View:
    grants: Mapping[GrantId, Grant]
    slots: Mapping[int, Slot]
    homes: Mapping[GrantId, Slot]
    policy: Policy
    limits: Limits
    now: datetime
    ours: Collection[CodeTag]
    expected: Collection[GrantId]
    theirs: Collection[CodeTag]

    def managed(self) -> Iterator[Slot]:
        return _managed(self.slots, self.policy, self.limits)

    def begun(self, grant: Grant) -> bool:
        return grant.window.start <= self.now

    def wanted(self, holder: GrantId | None) -> bool:
        """Whether its code should be in the lock now, to open or to wait there."""
        return holder in self.expected

    def due(self, waiting: Slot | Hours) -> bool:
        """A wait longer than any that we impose was written by a clock that was wrong."""
        retry_at = waiting.retry_at
        return retry_at is None or not self.now < retry_at <= self.now + self.policy.longest_wait

    def seen_within(self, slot: Slot, age: timedelta) -> bool:
        return slot.proven_at is not None and -SLEW <= self.now - slot.proven_at < age

    def place(self, grant: Grant) -> Slot | None:
        """Where the grant's code is already, unclaimed, or was last, unless that place loses what is put there."""
        open_ = [slot for slot in self.managed() if slot.holder is None and slot.claim is None]
        own = [slot for slot in open_ if slot.tag == grant.tag and not self._is_theirs(slot)]
        there = next((slot for slot in own if slot.reading is not Reading.EMPTY), None)
        last = max(own, key=lambda slot: (slot.proven_at or self.now, -slot.failures), default=None)
        if there is not None or (last is not None and (last.failures < self.policy.tries or len(own) == PLACES)):
            return there or last
        homeless = {other.tag for other in self.grants.values() if self.wanted(other.id) and other.id not in self.homes}
        free = [slot for slot in open_ if slot.reading is Reading.EMPTY and self.due(slot)]
        free = [slot for slot in free if slot.tag not in homeless or slot.failures >= self.policy.tries]
        free = [slot for slot in free if self.begun(grant) or not self._spoken_for(slot, grant)]
        best = min(free, key=lambda slot: self._fitness(slot, grant), default=None)
        return best if last is None or (best is not None and best.failures < self.policy.tries) else last

    def _fitness(self, slot: Slot, grant: Grant) -> tuple[int, bool, bool, int]:
        """Best first. What was told the hours of a code that waits is kept for it."""
        return slot.failures, slot.hours.lacking_ahead(grant.window), slot.hours.shut(self.now), slot.number

    def _spoken_for(self, slot: Slot, grant: Grant) -> bool:
        """Whether the lock took the hours of another code that waits for this place, and not those of `grant`."""
        expected = (each for each in self.grants.values() if self.wanted(each.id) and not each.refused)
        waiting = (each for each in expected if each.id not in self.homes)
        told = {each.id for each in waiting if not slot.hours.lacking_ahead(each.window)}
        return bool(told) and grant.id not in told

    def writable(self, grant: Grant) -> bool:
        others = (slot for slot in self.slots.values() if slot.holder != grant.id and slot.tag == grant.tag)
        still_there = any(slot.holder is not None or slot.claim is not None for slot in others)
        return not grant.refused and not still_there and self.limits.take(grant.digits)

    def unwanted(self, slot: Slot) -> bool:
        if not may_hold(slot):
            return False
        if slot.holder is None:
            there = slot.reading is Reading.OCCUPIED
            return slot.claim is not None or (there and (self.stray(slot.tag) or self._too_early(slot)))
        return not self.wanted(slot.holder) or self.homes[slot.holder] != slot or self._must_go(slot)

    def _must_go(self, slot: Slot) -> bool:
        """A code that opens before its time, and that cannot be made to wait."""
        grant = self.grants.get(slot.holder) if slot.holder is not None else None
        exposed = grant is not None and self.exposed(slot, grant)
        return exposed and not (self.limits.holds and slot.failures == 0 and grant is not None and self.writable(grant))

    def _too_early(self, slot: Slot) -> bool:
        """A code that nobody holds and whose time is to come, in a lock that took its hours and does not say it keeps them."""
        coming = (each for each in self.grants.values() if each.tag == slot.tag and self.wanted(each.id))
        return (
            slot.enabled
            and not self._is_theirs(slot)
            and any(
                not self.begun(each) and not self.limits.holds and slot.hours.taken_on_trust(each.window)
                for each in coming
            )
        )

    def exposed(self, slot: Slot, grant: Grant) -> bool:
        """Whether a code that should only wait may open the door already."""
        known = slot.enabled and not in_doubt(slot)
        return known and not self.begun(grant) and not slot.hours.confined(grant.window)

    def _is_theirs(self, slot: Slot) -> bool:
        return slot.reading is Reading.OCCUPIED and slot.tag in self.theirs

    def stray(self, tag: CodeTag | None) -> bool:
        if tag in self.theirs:
            return False
        granted = [grant for grant in self.grants.values() if grant.tag == tag]
        return not any(self.wanted(grant.id) for grant in granted) if granted else tag in self.ours


# ---- who comes first -----------------------------------------------------------------------------------------------

_RANK: Final = {Purpose.EMERGENCY: -1, Purpose.BACKUP: 1, Purpose.STAFF: 2}
_NEEDED: Final = (-1, 0)
_USEFUL: Final = (1, 2)
_WAITING, _STAFF_WAITING = 3, 4


def _rank(grant: Grant, view: _View) -> int:
    """Whose code is needed now, before whose is only of use; then those that wait."""
    if view.begun(grant):
        return _RANK.get(grant.purpose, 0)
    return _STAFF_WAITING if grant.purpose is Purpose.STAFF else _WAITING


def _turn(grant: Grant, view: _View) -> tuple[int, datetime, GrantId]:
    return _rank(grant, view), grant.window.start, grant.id


def _queue(view: _View) -> list[Grant]:
    """Whoever should have a code in the lock and has none, the first first."""
    waiting = [grant for grant in view.grants.values() if view.wanted(grant.id) and grant.id not in view.homes]
    return sorted((grant for grant in waiting if view.writable(grant)), key=lambda grant: _turn(grant, view))


def _crowded_out(view: _View) -> Iterator[Slot]:
    """Places whose codes make room for those who come first, the last of all first; as few as possible."""
    queue = _queue(view)
    short = queue[_room(view) :] if queue else []
    there = [slot for slot in view.managed() if slot.holder is not None] if short else []  # elsewhere is none to gain
    held = [(view.grants[slot.holder], slot) for slot in there if slot.holder is not None and not view.unwanted(slot)]
    last_first = sorted(held, key=lambda each: _turn(each[0], view), reverse=True)
    for grant, (holder, slot) in zip(short, last_first, strict=False):
        if not _gives_way(holder, grant, view):
            return
        yield slot


def _room(view: _View) -> int:
    return sum(_is_room(slot, view) for slot in view.managed())


def _is_room(slot: Slot, view: _View) -> bool:
    """Whether a code can be put there, now or as soon as what is there has gone."""
    if slot.failures >= view.policy.tries:
        return False
    if slot.holder is not None:
        return view.unwanted(slot)
    return slot.reading is not Reading.OCCUPIED or slot.claim is not None or view.stray(slot.tag)


def _gives_way(holder: Grant, newcomer: Grant, view: _View) -> bool:
    """Nobody whose code is in use gives way to another who is worth as much; of those who wait, the later one does."""
    ranks = _rank(holder, view), _rank(newcomer, view)
    if ranks[0] != ranks[1]:
        return ranks[0] > ranks[1]
    return ranks[0] >= _WAITING and view.limits.holds and holder.window.start > newcomer.window.start


def _is_left_room(grant: Grant, queue: Sequence[Grant], view: _View) -> bool:
    """Whether, once everybody of a higher rank has a place, there is one for this code."""
    before = sum(_rank(other, view) < _rank(grant, view) for other in queue)
    return before == 0 or before < _room(view)


# ---- phases --------------------------------------------------------------------------------------------------------


def _needed(view: _View) -> Iterator[Step]:
    """What brings the guests whose window has begun nearer to a proven code: emergencies, then the longest waiting."""
    return _arrivals(view, _NEEDED)


def _useful(view: _View) -> Iterator[Step]:
    """What serves those who have another way in."""
    return _arrivals(view, _USEFUL)


def _ahead(view: _View) -> Iterator[Step]:
    """Codes that wait in the lock, the next first."""
    return _arrivals(view, (_WAITING, _STAFF_WAITING))


def _arrivals(view: _View, ranks: Collection[int]) -> Iterator[Step]:
    coming = [grant for grant in view.grants.values() if view.wanted(grant.id) and _rank(grant, view) in ranks]
    queue = _queue(view) if coming else []
    for grant in sorted(coming, key=lambda grant: _turn(grant, view)):
        step = _toward(grant, queue, view)
        if step is not None:
            yield step


def _toward(grant: Grant, queue: Sequence[Grant], view: _View) -> Step | None:
    home = view.homes.get(grant.id)
    if home is not None:
        if not view.due(home) or view.unwanted(home):
            return None
        return _mend(home, grant, view) if view.begun(grant) else _wait_there(home, grant, view)
    slot = view.place(grant) if view.writable(grant) and _is_left_room(grant, queue, view) else None
    return _put(slot, grant, view) if slot is not None and view.due(slot) else None


def _put(slot: Slot, grant: Grant, view: _View) -> Step | None:
    if slot.reading is Reading.UNKNOWN or not view.seen_within(slot, view.policy.fresh):
        return Ask(slot.number)
    if view.begun(grant):
        return Write(slot.number, grant.id)
    if view.limits.holds:
        return Write(slot.number, grant.id, enabled=False)
    if slot.hours.confined(grant.window):
        return Write(slot.number, grant.id, confined=True)
    return _tell_ahead(slot, grant, view)


def _tell_ahead(slot: Slot, grant: Grant, view: _View) -> Step | None:
    """The hours of a code that opens nothing yet, to the minute; if the lock refused them, an end to what it kept before.

    Hours are lifted only from a code that is off: they are all that keeps another one shut.
    """
    hours = slot.hours
    if not view.limits.schedules or not view.due(hours):
        return None
    if hours.lacking_ahead(grant.window):
        return Schedule(slot.number, grant.id, exactly(grant.window))
    held = slot.holder == grant.id and not slot.enabled
    return Schedule(slot.number, grant.id, None) if held and hours.shut(exactly(grant.window).start) else None


def _mend(home: Slot, grant: Grant, view: _View) -> Step | None:
    if in_doubt(home):
        return Ask(home.number)
    if not home.enabled:
        return _open(home, grant, view)
    return _confine(home, grant, view) if home.hours.shut(view.now) else None


def _open(home: Slot, grant: Grant, view: _View) -> Step | None:
    """Somebody else may have switched it off, or the lock may not switch it on: then it is written again."""
    step = _put(home, grant, view) if view.writable(grant) else None
    return (
        Enable(home.number, grant.id) if isinstance(step, Write) and view.limits.holds and not home.failures else step
    )


def _wait_there(home: Slot, grant: Grant, view: _View) -> Step | None:
    """A code whose window has not begun: shut until the lock keeps its hours, then enabled, so that it needs no hub."""
    if in_doubt(home):
        return Ask(home.number)
    if home.enabled:
        return None
    if home.hours.confined(grant.window):
        step = _put(home, grant, view) if view.writable(grant) and not home.failures else None
        return Enable(home.number, grant.id) if isinstance(step, Write) else step
    step = _tell_ahead(home, grant, view)
    return step if step is None or view.seen_within(home, view.policy.fresh) else Ask(home.number)


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
        step = _confine(slot, grant, view) if grant is not None and known and view.begun(grant) else None
        if step is not None:
            yield step


def _exposures(view: _View) -> Iterator[Step]:
    """What shuts a code whose window was moved into the future, and that can stay."""
    for id_, home in view.homes.items():
        grant = view.grants[id_] if view.wanted(id_) and view.due(home) and not view.unwanted(home) else None
        step = _put(home, grant, view) if grant is not None and view.exposed(home, grant) else None
        if step is not None:
            yield step


def _removals(view: _View) -> Iterator[Ask | Clear]:
    for slot in chain(filter(view.unwanted, view.slots.values()), _crowded_out(view)):
        if view.due(slot):
            yield Ask(slot.number) if _look_before_clearing(slot, view) else Clear(slot.number)


def _locked_down(view: _View) -> Iterator[Step]:
    """What a person switched off goes even from a lock that is otherwise only looked at: it hangs on no time of day.

    So do codes of ours of which nobody knows any more whose they are: they may be those of guests.
    """
    off = {grant.id for grant in view.grants.values() if grant.suspended}
    gone = {*off, None} if view.policy.down else off
    return (step for step in _removals(view) if view.slots[step.slot].holder in gone)


def _look_before_clearing(slot: Slot, view: _View) -> bool:
    """Whether the lock's word is needed first. One that tells no digits could seldom say whose code is there."""
    if view.limits.reads_codes:
        return in_doubt(slot) or not view.seen_within(slot, view.policy.fresh)
    seen = slot.reading is Reading.OCCUPIED and view.seen_within(slot, view.policy.fresh)
    return slot.took_orders or (slot.claim is None and slot.proof is Proof.NONE and not seen)


def _unseen(view: _View) -> Iterator[Step]:
    unknown = (slot for slot in view.managed() if slot.reading is Reading.UNKNOWN and slot.holder is None)
    return (Ask(slot.number) for slot in unknown if slot.claim is None and view.due(slot))


def _checks(view: _View) -> Iterator[Step]:
    for slot in _occupied(view):
        if view.due(slot) and view.policy.verify_every and not view.seen_within(slot, view.policy.verify_every):
            yield Ask(slot.number)


def _doubts(view: _View) -> Iterator[Step]:
    return (Ask(slot.number) for slot in view.slots.values() if in_doubt(slot) and view.due(slot))


_LOOKING: Final = (_locked_down, _doubts, _unseen)
_IN_ORDER: Final = (_needed, _exposures, _removals, _schedules, _useful, _ahead, _unseen, _checks)


def _occupied(view: _View) -> Iterator[Slot]:
    managed = {slot.number for slot in view.managed()}
    for slot in view.slots.values():
        if slot.reading is Reading.OCCUPIED and (slot.holder is not None or slot.number in managed):
            yield slot


def _next_edge(view: _View) -> datetime | None:
    windows = [grant.window for grant in view.grants.values() if not grant.revoked]
    edges = chain(
        (window.start for window in windows),
        (window.start - view.policy.ahead for window in windows if view.limits.keeps_waiting),
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
