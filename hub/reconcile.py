"""Brings every lock nearer to what should be in it: one worker for each lock, one step at a time from fresh state.

`settle` commits the claim, uses the radio, then commits the outcome. A crash between leaves a slot in doubt, and the
next step from doubt is to ask. Nothing is queued, so nothing can be stale.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.bus import Bus, Ear
from hub.contracts import Clock, CodeTaken, Keypad, Lock, SlotSchedule
from hub.errors import Disappointment, Rejected
from hub.io.tagbook import TagBook
from hub.io.vault import Vault
from hub.model.codes import (
    Ask,
    Claim,
    Clear,
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
    next_step,
)
from hub.model.facts import Abilities, SlotRead
from hub.model.outcomes import (
    after_ask,
    after_clear,
    after_failure,
    after_refusal,
    after_schedule,
    after_schedule_failure,
    after_schedule_refusal,
    after_write,
    claimed,
    patience,
)
from hub.model.values import CodeTag, LockId, Pin, Proof
from hub.plugins import Plugins
from hub.schedule import pause
from hub.store import codes, doors, emergencies, figures, log, proofs, settings
from hub.store import stays as ledger
from hub.store.doors import Door
from hub.store.engine import Store, Tx
from hub.store.log import Entry
from hub.store.stays import StayRow

logger = structlog.get_logger("reconcile")

PATIENCE: Final = timedelta(seconds=20)
"""For one command to one lock, in real time; then the truth is unknown."""
PATIENCE_WITH_HOURS: Final = timedelta(seconds=60)
"""The same for the hours of a code: its clock is set, schedules are read back and old ones taken away, a dozen exchanges."""
OUTSTANDING: Final = timedelta(minutes=15)
"""A lost signal costs at most this much while something is outstanding."""

TRUST_WAIT: Final = timedelta(seconds=30)
"""Nothing tells us when the time is known at last, and a guest may be waiting for it."""
LONGEST_SILENCE: Final = timedelta(minutes=5)
"""A lock that does not answer is asked for one thing at least this often; a guest may be on the way."""

_POLICY: Final = Policy(managed_to=codes.MANAGED)

Learn = Callable[[Slot, Policy, datetime], Slot]

Refused = Callable[[Tx, Grant, LockId, str, bool], None]
"""Told in the outcome's transaction that a lock refused a grant: its words, and whether other digits may help."""


Proved = Callable[[Tx, StayRow], None]
"""Told in the outcome's transaction that every door of a stay is proven to hold its code."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything that one decision about one lock hangs on."""

    grants: tuple[Grant, ...]
    slots: tuple[Slot, ...]
    limits: Limits
    policy: Policy
    theirs: frozenset[CodeTag] = frozenset()

    def slot(self, number: int) -> Slot:
        return next((slot for slot in self.slots if slot.number == number), Slot.unknown(number))

    def spent(self, now: datetime) -> bool:
        """Whether some grant is over and its code gone from every slot: its digits are kept for nothing."""
        held = {slot.holder for slot in self.slots}
        return any((each.revoked or each.window.over(now)) and each.id not in held for each in self.grants)

    def step(self, now: datetime, issued: frozenset[CodeTag]) -> Step:
        return next_step(self.grants, self.slots, self.policy, self.limits, now, ours=issued, theirs=self.theirs)


@dataclass(frozen=True, slots=True)
class Round:
    """How a round of steps ended."""

    until: datetime | None
    """When to look again; None if time alone will not change anything, or if the lock's silence decides."""
    answered: bool = True
    """False: only time or a sign of life makes another round worth it, whatever else is signalled."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    store: Store
    vault: Vault
    bus: Bus
    clock: Clock
    plugins: Plugins
    tagbook: TagBook
    refused: Refused
    proved: Proved
    pace: float = 1.0
    """Seconds of the house's clock for one real second: back-off is real, the ledger's times are the house's."""

    async def run(self) -> None:
        """One worker for each lock of the house, new ones as they are named, until cancelled."""
        working: dict[LockId, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group, self.bus.listen("house") as nudges:
            while True:
                named = {door.id for door in await self.store.read(doors.doors)}
                for lock in working.keys() - named:
                    working.pop(lock).cancel()
                for lock in sorted(named - working.keys()):
                    working[lock] = group.create_task(self._attend(lock), name=f"lock {lock}")
                await anext(nudges)

    async def _attend(self, lock: LockId) -> None:
        """A lock that does not answer is asked again ever more seldom, and at once when it gives a sign of life."""
        silent = 0
        nudging = self.bus.listen(f"lock:{lock}", "clock")
        async with nudging as nudges, self.bus.listen(f"heard:{lock}") as life:
            while True:
                rest = await self._guarded(lock, nudges)
                silent = 0 if rest.answered else silent + 1
                if rest.answered:
                    await pause(self.clock, rest.until, nudges)
                else:
                    wait = min(patience(silent, _POLICY), LONGEST_SILENCE) * self.pace
                    await pause(self.clock, rest.until or self.clock.now() + wait, life)

    async def _guarded(self, lock: LockId, nudges: Ear) -> Round:
        try:
            return await self.settle(lock, nudges)
        except Disappointment as error:
            logger.warning("a lock's ledger could not be read or written", lock=lock, why=str(error))
        except Exception as error:  # the per-lock worker: one of the five places (design.md §5)
            logger.error("a lock was set aside, the other doors go on", lock=lock, exc_info=error)
            why = f"its worker failed unexpectedly ({type(error).__name__}); it is tried again every 15 minutes"
            await self._set_aside(lock, why)
        return Round(self.clock.now() + OUTSTANDING * self.pace, answered=False)

    async def _set_aside(self, lock: LockId, why: str) -> None:
        def work(tx: Tx) -> None:
            if doors.door(tx, lock) is not None:  # it may have been removed meanwhile
                doors.learn(tx, lock, quarantined=why)

        try:
            await self.store.write(work)
        except Disappointment as error:
            logger.warning("a lock's ledger could not be written", lock=lock, why=str(error))

    async def settle(self, lock: LockId, nudges: Ear) -> Round:
        """Step until the lock is as it should be, must be waited for, or does not answer."""
        settled = False
        while True:
            nudges.forget()  # what this loop wrote itself, above all
            now = self.clock.now()
            door, met, view = await self.store.read(lambda tx: self._reached(tx, lock))
            if door is None or met is None or met.keypad is None or view is None:
                return Round(None)
            step = view.step(now, self.tagbook.tags)
            if isinstance(step, Rest):
                if settled and (door.quarantined or view.spent(now)):
                    await self.store.write(lambda tx: self._at_rest(tx, lock))
                return Round(self._look_again(view, step, now))
            settled = True
            if not await self._take(lock, met, met.keypad, step, hides=not view.limits.reads_codes):
                return Round(None, answered=False)

    def _reached(self, tx: Tx, lock: LockId) -> tuple[Door | None, Lock | None, View | None]:
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
            _POLICY,
            ahead=_POLICY.ahead if door is None else door.ahead,
            first_wait=_POLICY.first_wait * self.pace,
            longest_wait=_POLICY.longest_wait * self.pace,
            # A command takes real time: what is fresh must outlast some, however fast the house's clock runs.
            fresh=max(_POLICY.fresh, timedelta(minutes=1) * self.pace),
            look_only=look_only,
            down=look_only and emergencies.is_down(tx, lock),
        )
        slots = tuple(codes.slots_of(tx, lock))
        strangers = any(slot.holder is None and slot.tag and slot.reading is Reading.OCCUPIED for slot in slots)
        return View(grants, slots, limits, policy, codes.theirs(tx, lock) if strangers else frozenset())

    def _limits(self, door: Door, told: Abilities) -> Limits:
        """What the lock told of itself, so far as its driver is there to do it."""
        met = self.plugins.lock(door.driver, door.address)
        limits = Limits.of(told)
        there = met is not None and met.schedule is not None
        return replace(limits, schedules=limits.schedules and there, hours_first=limits.hours_first and there)

    def _look_again(self, view: View, rest: Rest, now: datetime) -> datetime | None:
        retries = (retry for slot in view.slots for retry in (slot.retry_at, slot.hours.retry_at) if retry is not None)
        waiting = any(retry > now for retry in retries) or any(slot.claim is not None for slot in view.slots)
        if not waiting and not view.policy.look_only:
            return rest.until
        soon = now + (OUTSTANDING * self.pace if self.clock.trusted else TRUST_WAIT)
        return soon if rest.until is None else min(rest.until, soon)

    def _at_rest(self, tx: Tx, lock: LockId) -> None:
        if self.clock.trusted:  # else who is locked out for now looks like one whose time is over
            codes.forget_spent(tx, lock, self.clock.now())
        door = doors.door(tx, lock)
        if door is not None and door.quarantined:
            doors.learn(tx, lock, quarantined=None)

    # ---- one step ----

    async def _take(
        self, lock: LockId, met: Lock, keypad: Keypad, step: Ask | Clear | Write | Enable | Schedule, *, hides: bool
    ) -> bool:
        """False: the lock did not answer. `hides`: it tells no digits, so only the place says later whose code is there."""
        match step:
            case Ask(slot=number):
                return await self._ask(lock, keypad, number)
            case Write() | Enable():
                issued = await self.store.read(lambda tx: codes.issued(tx, step.grant))
                if issued is None or issued.sealed_pin is None:
                    return True
                self.tagbook.add(issued.grant.tag)
                if not await self._claim(lock, step, issued.grant.tag if isinstance(step, Write) else None):
                    return True
                if hides:
                    self.tagbook.put(lock, step.slot, issued.grant.tag)
                pin = self.vault.open_pin(issued.sealed_pin, about=f"grant:{issued.grant.id}")
                return await self._write(lock, keypad, step, pin)
            case Clear():
                return not await self._claim(lock, step) or await self._clear(lock, keypad, step)
            case Schedule():
                assert met.schedule is not None  # else the limits would say that it has none
                return not await self._claim(lock, step) or await self._confine(lock, met.schedule, step)

    async def _claim(self, lock: LockId, step: Write | Enable | Clear | Schedule, tag: CodeTag | None = None) -> bool:
        """T3a. False: what was told since the step was worked out makes it a wrong one; nothing was claimed.

        The tag of what is about to be written is in the book that outlives every backup by now.
        """

        def work(tx: Tx) -> bool:
            view = self.view(tx, lock)
            still = view.step(self.clock.now(), self.tagbook.tags) == step
            if still:
                codes.keep_slot(tx, lock, claimed(view.slot(step.slot), step, tag), self.clock.now())
            return still

        return await self.store.write(work)

    async def _ask(self, lock: LockId, keypad: Keypad, number: int) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                seen = await keypad.read(number)
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, number, error)
            return False
        if seen.empty:
            self.tagbook.gone(lock, number)
        self._remember(lock, await self.store.write(lambda tx: self._asked(tx, lock, number, seen)), seen)
        return True

    def _asked(self, tx: Tx, lock: LockId, number: int, seen: SlotRead) -> Slot:
        view = self.view(tx, lock)
        before = view.slot(number)
        after = after_ask(before, seen, self._tag(lock, seen, before, view.grants), view.policy, self.clock.now())
        self._answered(tx, lock, after)
        self._log_change(tx, lock, before, after)
        if after.tag != before.tag and not view.policy.look_only:
            self._meet(tx, lock, after, view)
        return after

    def _meet(self, tx: Tx, lock: LockId, slot: Slot, view: View) -> None:
        """Somebody else's code was found. What was drawn for this lock before anybody knew of it may have its digits."""
        foreign = slot.reading is Reading.OCCUPIED and slot.holder is None
        if not foreign or slot.tag in self.tagbook.tags:  # what is in the book may have been put there by us
            return
        for grant in view.grants:
            if grant.tag == slot.tag and not (grant.revoked or grant.refused or codes.is_restored(tx, grant.id)):
                codes.refuse(tx, grant.id, _THEIRS, theirs=True)
                self._log(tx, lock, log.CODE_REFUSED, slot.number, grant)
                self.refused(tx, grant, lock, _THEIRS, True)

    def _remember(self, lock: LockId, slot: Slot, seen: SlotRead) -> None:
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

    async def _write(self, lock: LockId, keypad: Keypad, step: Write | Enable, pin: Pin) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                proof = await _told(keypad, step, pin)
        except Rejected as error:
            words, other_digits = str(error), isinstance(error, CodeTaken)
            after = await self.store.write(lambda tx: self._was_refused(tx, lock, step, words, other_digits))
            if after.reading is Reading.EMPTY:
                self.tagbook.gone(lock, step.slot)
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, step.slot, error)
            return False
        else:
            await self.store.write(lambda tx: self._written(tx, lock, step, proof))
        return True

    def _written(self, tx: Tx, lock: LockId, step: Write | Enable, proof: Proof) -> None:
        view = self.view(tx, lock)
        before = view.slot(step.slot)
        after = after_write(before, proof, view.limits, self.clock.now())
        self._answered(tx, lock, after)
        self._log_change(tx, lock, before, after)

    def _was_refused(self, tx: Tx, lock: LockId, step: Write | Enable, words: str, other_digits: bool) -> Slot:
        view = self.view(tx, lock)
        after = after_refusal(view.slot(step.slot), view.policy, self.clock.now())
        self._answered(tx, lock, after)
        if isinstance(step, Enable):  # the digits are there: they are written again when they are needed
            return after
        grant = next((grant for grant in view.grants if grant.id == step.grant), None)
        if grant is not None:
            codes.refuse(tx, grant.id, words, theirs=other_digits and not _may_be_there(grant, step.slot, view))
            self._log(tx, lock, log.CODE_REFUSED, step.slot, grant)
            self.refused(tx, grant, lock, words, other_digits)
        return after

    async def _clear(self, lock: LockId, keypad: Keypad, step: Clear) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                proof = await keypad.clear(step.slot)
        except Rejected:
            await self.store.write(lambda tx: self._not_cleared(tx, lock, step.slot))
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, step.slot, error)
            return False
        else:
            after = await self.store.write(lambda tx: self._cleared(tx, lock, step.slot, proof))
            if after.reading is Reading.EMPTY:
                self.tagbook.gone(lock, step.slot)
        return True

    def _cleared(self, tx: Tx, lock: LockId, number: int, proof: Proof) -> Slot:
        view = self.view(tx, lock)
        before = view.slot(number)
        after = after_clear(before, proof, view.limits, self.clock.now())
        self._answered(tx, lock, after)
        self._log_change(tx, lock, before, after)
        return after

    def _not_cleared(self, tx: Tx, lock: LockId, number: int) -> None:
        view = self.view(tx, lock)
        self._answered(tx, lock, after_refusal(view.slot(number), view.policy, self.clock.now()))

    async def _confine(self, lock: LockId, hours: SlotSchedule, step: Schedule) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_WITH_HOURS.total_seconds()):
                proof = await (hours.clear(step.slot) if step.window is None else hours.set(step.slot, step.window))
        except Rejected as error:
            logger.info("a lock refused the hours of a code", lock=lock, slot=step.slot, why=str(error))
            await self.store.write(lambda tx: self._not_confined(tx, lock, step))
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, step.slot, error, after_schedule_failure)
            return False
        else:
            await self.store.write(lambda tx: self._confined(tx, lock, step, proof))
        return True

    def _confined(self, tx: Tx, lock: LockId, step: Schedule, proof: Proof) -> None:
        before = self.view(tx, lock).slot(step.slot)
        after = after_schedule(before, step, proof)
        self._answered(tx, lock, after)
        if before.hours.shut(self.clock.now()):
            self._tell_if_proven(tx, after)  # until now other hours kept the guest out

    def _not_confined(self, tx: Tx, lock: LockId, step: Schedule) -> None:
        view = self.view(tx, lock)
        self._answered(tx, lock, after_schedule_refusal(view.slot(step.slot), step, view.policy, self.clock.now()))

    def _answered(self, tx: Tx, lock: LockId, after: Slot) -> None:
        """The lock answered, be it with a refusal, and this is what that makes of the slot."""
        codes.keep_slot(tx, lock, after, self.clock.now())
        figures.answered(tx, lock, self.clock.now())

    async def _unanswered(self, lock: LockId, number: int, error: Exception, learn: Learn = after_failure) -> None:
        why = str(error) or "no answer in time"
        logger.debug("a lock did not answer", lock=lock, slot=number, why=why)

        def work(tx: Tx) -> None:
            view, now = self.view(tx, lock), self.clock.now()
            policy = replace(view.policy, longest_wait=min(view.policy.longest_wait, LONGEST_SILENCE * self.pace))
            codes.keep_slot(tx, lock, learn(view.slot(number), policy, now), now)
            figures.unanswered(tx, lock, now)

        await self.store.write(work)

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


_THEIRS: Final = "somebody else's code in the lock has its digits"


def _may_be_there(grant: Grant, number: int, view: View) -> bool:
    """Whether its code may be in the lock already by our own hand: in another place, or in this one, which was not empty."""
    own = (slot for slot in view.slots if slot.tag == grant.tag)
    return any(slot.number != number or slot.reading is not Reading.EMPTY for slot in own)


async def _told(keypad: Keypad, step: Write | Enable, pin: Pin) -> Proof:
    if isinstance(step, Enable):
        return await keypad.enable(step.slot, pin)
    return await keypad.write(step.slot, pin, enabled=step.enabled)
