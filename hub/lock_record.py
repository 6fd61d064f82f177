"""What each outcome of a step makes of a lock's ledger, and what a person reads of it later; all within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.contracts import Clock
from hub.io.tagbook import TagBook
from hub.io.vault import Vault
from hub.lock_views import View, Views
from hub.model.codes import Claim, Clear, Enable, Grant, Policy, Reading, Schedule, Slot, Write, unseen
from hub.model.facts import SlotRead
from hub.model.outcomes import (
    after_ask,
    after_clear,
    after_failure,
    after_refusal,
    after_schedule,
    after_schedule_refusal,
    after_write,
    claimed,
)
from hub.model.values import CodeTag, LockId, Proof
from hub.store import codes, doors, figures, log, proofs
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.log import Entry
from hub.store.stays import StayRow

LONGEST_SILENCE: Final = timedelta(minutes=5)
"""A lock that does not answer is asked for one thing at least this often; a guest may be on the way."""

Learn = Callable[[Slot, Policy, datetime], Slot]

Refused = Callable[[Tx, Grant, LockId, str, bool], None]
"""Told in the outcome's transaction that a lock refused a grant: its words, and whether other digits may help."""
Proved = Callable[[Tx, StayRow], None]
"""Told in the outcome's transaction that every door of a stay is proven to hold its code."""


@dataclass(frozen=True, slots=True)
class Record:
    views: Views
    clock: Clock
    vault: Vault
    tagbook: TagBook
    refused: Refused
    proved: Proved

    def claim(self, tx: Tx, lock: LockId, step: Write | Enable | Clear | Schedule, tag: CodeTag | None) -> bool:
        """False: what was told since the step was worked out makes it a wrong one; nothing was claimed."""
        view = self.views.view(tx, lock)
        still = view.step(self.clock.now(), self.tagbook.tags) == step
        if still:
            codes.keep_slot(tx, lock, claimed(view.slot(step.slot), step, tag), self.clock.now())
        return still

    def at_rest(self, tx: Tx, lock: LockId) -> None:
        if self.clock.trusted:  # else who is locked out for now looks like one whose time is over
            codes.forget_spent(tx, lock, self.clock.now())
        door = doors.door(tx, lock)
        if door is not None and door.quarantined:
            doors.learn(tx, lock, quarantined=None)

    def asked(self, tx: Tx, lock: LockId, number: int, seen: SlotRead, took: timedelta | None) -> Slot:
        view = self.views.view(tx, lock)
        before = view.slot(number)
        after = after_ask(before, seen, self._tag(lock, seen, before, view.grants), view.policy, self.clock.now())
        self._answered(tx, lock, after, took)
        self._log_change(tx, lock, before, after)
        return after

    def meet(self, tx: Tx, lock: LockId) -> None:
        """Codes whose digits somebody else has in the lock are none of ours: others are drawn, or a person is asked."""
        for slot, grant in self.views.view(tx, lock).met:
            issued = codes.issued(tx, grant.id)
            if issued is not None and not issued.grant.revoked:  # with another one of its stay
                codes.refuse(tx, grant.id, _THEIRS, theirs=True)
                self._log(tx, lock, log.CODE_REFUSED, slot.number, grant)
                self.refused(tx, grant, lock, _THEIRS, True)

    def remember(self, lock: LockId, slot: Slot, seen: SlotRead) -> None:
        """Of a lock that hides its digits: what is taken for ours is in the book, and nothing else."""
        if slot.reading is not Reading.OCCUPIED or seen.pin is not None:
            return
        if slot.tag is None:
            self.tagbook.gone(lock, slot.number)
        elif slot.holder is not None:
            self.tagbook.put(lock, slot.number, slot.tag)

    def _tag(self, lock: LockId, seen: SlotRead, slot: Slot, grants: Iterable[Grant]) -> CodeTag | None:
        """Of the digits that were read. After a rotation they have several: the one by which we know them counts.

        Digits that are hidden are those that the book has for the place, where the ledger has forgotten that.
        """
        if seen.pin is None:
            put = None if seen.empty or slot.claim is not None else self.tagbook.at(lock, slot.number)
            return None if slot.holder is not None and put == slot.tag else put
        tags = self.vault.tags(seen.pin)
        ways = (tags & {slot.tag}, tags.intersection(grant.tag for grant in grants), tags & self.tagbook.tags)
        return next((min(known) for known in ways if known), self.vault.tag(seen.pin))

    def written(self, tx: Tx, lock: LockId, step: Write | Enable, proof: Proof, took: timedelta) -> None:
        view = self.views.view(tx, lock)
        before = view.slot(step.slot)
        after = after_write(before, proof, view.limits, self.clock.now())
        self._answered(tx, lock, after, took)
        self._log_change(tx, lock, before, after)

    def was_refused(self, tx: Tx, lock: LockId, step: Write | Enable, words: str, other_digits: bool) -> Slot:
        view = self.views.view(tx, lock)
        after = after_refusal(view.slot(step.slot), view.policy, self.clock.now())
        self._answered(tx, lock, after)
        if isinstance(step, Enable):  # the digits are there: they are written again when they are needed
            return after
        grant = next((grant for grant in view.grants if grant.id == step.grant), None)
        unread = other_digits and unseen(view.slots, view.policy, view.limits)
        if grant is not None and unread and codes.is_restored(tx, grant.id):
            return after  # where nobody has looked yet it may be there by our own hand
        if grant is not None:
            codes.refuse(tx, grant.id, words, theirs=other_digits and not _may_be_there(grant, step.slot, view))
            self._log(tx, lock, log.CODE_REFUSED, step.slot, grant)
            self.refused(tx, grant, lock, words, other_digits)
        return after

    def unreadable(self, tx: Tx, lock: LockId, step: Write | Enable) -> None:
        """Its digits do not open: others are drawn, or a person is asked. Nobody else's code waits for it."""
        issued = codes.issued(tx, step.grant)
        if issued is not None and not issued.grant.revoked and not issued.refused:
            codes.refuse(tx, step.grant, _UNREADABLE)
            self._log(tx, lock, log.CODE_REFUSED, step.slot, issued.grant)
            self.refused(tx, issued.grant, lock, _UNREADABLE, True)

    def cleared(self, tx: Tx, lock: LockId, number: int, proof: Proof, took: timedelta) -> Slot:
        view = self.views.view(tx, lock)
        before = view.slot(number)
        after = after_clear(before, proof, view.limits, self.clock.now())
        self._answered(tx, lock, after, took)
        self._log_change(tx, lock, before, after)
        return after

    def not_cleared(self, tx: Tx, lock: LockId, number: int) -> None:
        view = self.views.view(tx, lock)
        self._answered(tx, lock, after_refusal(view.slot(number), view.policy, self.clock.now()))

    def confined(self, tx: Tx, lock: LockId, step: Schedule, proof: Proof, took: timedelta) -> None:
        before = self.views.view(tx, lock).slot(step.slot)
        after = after_schedule(before, step, proof)
        self._answered(tx, lock, after, took)
        if before.hours.shut(self.clock.now()):
            self._tell_if_proven(tx, after)  # until now other hours kept the guest out

    def not_confined(self, tx: Tx, lock: LockId, step: Schedule) -> None:
        view = self.views.view(tx, lock)
        self._answered(tx, lock, after_schedule_refusal(view.slot(step.slot), step, view.policy, self.clock.now()))

    def _answered(self, tx: Tx, lock: LockId, after: Slot, took: timedelta | None = None) -> None:
        """The lock answered, be it with a refusal, and this is what that makes of the slot. `took`: until it had done it."""
        codes.keep_slot(tx, lock, after, self.clock.now())
        figures.answered(tx, lock, self.clock.now(), took)

    def unanswered(self, tx: Tx, lock: LockId, number: int, learn: Learn = after_failure) -> None:
        view, now = self.views.view(tx, lock), self.clock.now()
        longest = min(view.policy.longest_wait, LONGEST_SILENCE * self.views.pace)
        policy = replace(view.policy, longest_wait=longest)
        codes.keep_slot(tx, lock, learn(view.slot(number), policy, now), now)
        figures.unanswered(tx, lock, now)

    # ---- what a person reads later ----

    def _log_change(self, tx: Tx, lock: LockId, before: Slot, after: Slot) -> None:
        """A code that came into the lock, to open or to wait, or went out of it, once, when the lock said so."""
        there = after.claim is None and after.reading is Reading.OCCUPIED and after.holder is not None
        if there and before.claim is Claim.ENABLING:
            self._tell_if_proven(tx, after)
        elif there and (before.claim is not None or before.holder != after.holder):
            grant = next((grant for grant in codes.open_grants(tx, lock) if grant.id == after.holder), None)
            self._log(tx, lock, log.CODE_SET, after.number, grant)
            self._tell_if_proven(tx, after)
        was_there = before.claim is Claim.CLEARING or before.reading is Reading.OCCUPIED
        if was_there and after.reading is Reading.EMPTY and before.holder is not None and after.holder is None:
            held = codes.issued(tx, before.holder)
            self._log(tx, lock, log.CODE_CLEARED, after.number, None if held is None else held.grant)

    def _tell_if_proven(self, tx: Tx, slot: Slot) -> None:
        if slot.holder is not None:
            proofs.first_proven(tx, slot.holder, self.clock.now())
        held = None if slot.holder is None else codes.issued(tx, slot.holder)
        stay = None if held is None or held.stay is None else ledger.stay(tx, held.stay)
        if stay is None:
            return
        tally = proofs.tallies(tx, [stay.id], self.clock.now()).get(stay.id)
        if tally is not None and tally.proven == tally.doors:
            self.proved(tx, stay)

    def _log(self, tx: Tx, lock: LockId, what: str, slot: int, grant: Grant | None) -> None:
        door = doors.door(tx, lock)
        held = None if grant is None else codes.issued(tx, grant.id)
        stay = None if held is None or held.stay is None else ledger.stay(tx, held.stay)
        if door is None:
            return
        whose = stay.guest or stay.reference if stay is not None else "" if held is None else held.label
        entry = Entry(self.clock.now(), lock, door.property, what, "hub", whose, slot)
        log.note(
            tx, replace(entry, grant=None if held is None else held.grant.id, stay=None if held is None else held.stay)
        )
        if stay is not None:
            tx.signal(f"stay:{stay.id}")


_UNREADABLE: Final = "the hub itself cannot read its digits any more"
_THEIRS: Final = "somebody else's code in the lock has its digits"


def _may_be_there(grant: Grant, number: int, view: View) -> bool:
    """Whether its code may be in the lock already by our own hand: in another place, or in this one, which was not empty."""
    own = (slot for slot in view.slots if slot.tag == grant.tag)
    return any(slot.number != number or slot.reading is not Reading.EMPTY for slot in own)
