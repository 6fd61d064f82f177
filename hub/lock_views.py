"""Everything that one decision about one lock hangs on, read in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from hub.contracts import Clock, Lock
from hub.io.tagbook import TagBook
from hub.model.codes import Ask, Grant, Limits, Policy, Reading, Rest, Slot, Step, next_step
from hub.model.facts import Abilities
from hub.model.tours import NO_TOUR, Tour, next_look
from hub.model.values import CodeTag, LockId
from hub.plugins import Plugins
from hub.store import codes, doors, emergencies, settings
from hub.store.doors import Door
from hub.store.engine import Tx

OUTSTANDING: Final = timedelta(minutes=15)
"""A lost signal costs at most this much while something is outstanding."""
TRUST_WAIT: Final = timedelta(seconds=30)
"""Nothing tells us when the time is known at last, and a guest may be waiting for it."""

POLICY: Final = Policy(managed_to=codes.MANAGED)


@dataclass(frozen=True, slots=True)
class View:
    """Everything that one decision about one lock hangs on."""

    grants: tuple[Grant, ...]
    slots: tuple[Slot, ...]
    limits: Limits
    policy: Policy
    theirs: frozenset[CodeTag] = frozenset()
    tour: Tour = NO_TOUR
    met: tuple[tuple[Slot, Grant], ...] = ()
    """Somebody else's codes with the digits of ones that were drawn for this lock before anybody knew of them."""

    def slot(self, number: int) -> Slot:
        return next((slot for slot in self.slots if slot.number == number), Slot.unknown(number))

    def spent(self, now: datetime) -> bool:
        """Whether some grant is over and its code gone from every slot: its digits are kept for nothing."""
        held = {slot.holder for slot in self.slots}
        return any((each.revoked or each.window.over(now)) and each.id not in held for each in self.grants)

    def step(self, now: datetime, issued: frozenset[CodeTag]) -> Step:
        return next_step(self.grants, self.slots, self.policy, self.limits, now, ours=issued, theirs=self.theirs)

    def look(self, now: datetime) -> Ask | Rest:
        """What to ask about a place that is not managed, once nothing else is to be done."""
        return next_look(self.tour, self.slots, self.policy, self.limits, now)


def salt_of(lock: LockId) -> int:
    """The same in every run."""
    return crc32(lock.encode())


@dataclass(frozen=True, slots=True)
class Views:
    clock: Clock
    plugins: Plugins
    tagbook: TagBook
    pace: float
    """Seconds of the house's clock for one real second: back-off is real, the ledger's times are the house's."""

    def reached(self, tx: Tx, lock: LockId) -> tuple[Door | None, Lock | None, View | None]:
        door = doors.door(tx, lock)
        met = None if door is None else self.plugins.lock(door.driver, door.address)
        there = met is not None and met.keypad is not None
        return door, met, self._view(tx, lock, door) if there else None

    def view(self, tx: Tx, lock: LockId) -> View:
        return self._view(tx, lock, doors.door(tx, lock))

    def _view(self, tx: Tx, lock: LockId, door: Door | None) -> View:
        limits = Limits(0) if door is None or door.abilities is None else self._limits(door, door.abilities)
        grants = tuple(codes.open_grants(tx, lock))
        look_only = not self.clock.trusted or settings.safe_mode(tx)
        policy = replace(
            POLICY,
            ahead=POLICY.ahead if door is None else door.ahead,
            first_wait=POLICY.first_wait * self.pace,
            longest_wait=POLICY.longest_wait * self.pace,
            # A command takes real time: what is fresh must outlast some, however fast the house's clock runs.
            fresh=max(POLICY.fresh, timedelta(minutes=1) * self.pace),
            tour_step=POLICY.tour_step * self.pace,
            salt=salt_of(lock),
            look_only=look_only,
            down=look_only and emergencies.is_down(tx, lock),
        )
        slots = tuple(codes.slots_of(tx, lock))
        strangers = [slot for slot in slots if slot.holder is None and slot.tag and slot.reading is Reading.OCCUPIED]
        theirs = codes.theirs(tx, lock) if strangers else frozenset()
        met = () if look_only else tuple(self._met(tx, strangers, grants))
        tour = NO_TOUR if door is None else replace(door.tour, at=door.tour.at or door.met_at)
        return View(grants, slots, limits, policy, theirs, tour, met)

    def _met(self, tx: Tx, strangers: Iterable[Slot], grants: Iterable[Grant]) -> Iterator[tuple[Slot, Grant]]:
        """What is in the book may have been put there by us, and so may what was drawn before a backup was restored."""
        for slot in strangers:
            for grant in grants if slot.tag not in self.tagbook.tags else ():
                drawn = grant.tag == slot.tag and not (grant.revoked or grant.refused)
                if drawn and not codes.is_restored(tx, grant.id):
                    yield slot, grant

    def _limits(self, door: Door, told: Abilities) -> Limits:
        """What the lock told of itself, so far as its driver is there to do it."""
        met = self.plugins.lock(door.driver, door.address)
        limits = Limits.of(told)
        there = met is not None and met.schedule is not None
        return replace(limits, schedules=limits.schedules and there, hours_first=limits.hours_first and there)

    def look_again(self, view: View, rest: Rest, look: Rest, now: datetime) -> datetime | None:
        retries = (retry for slot in view.slots for retry in (slot.retry_at, slot.hours.retry_at) if retry is not None)
        waiting = any(retry > now for retry in retries) or any(slot.claim is not None for slot in view.slots)
        soon = now + (OUTSTANDING * self.pace if self.clock.trusted else TRUST_WAIT)
        times = (rest.until, look.until, soon if waiting or view.policy.look_only else None)
        return min((each for each in times if each is not None), default=None)
