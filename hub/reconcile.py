"""Brings every lock nearer to what should be in it: one worker for each lock, one step at a time from fresh state.

`settle` commits the claim, uses the radio, then commits the outcome. A crash between leaves a slot in doubt, and the
next step from doubt is to ask. Nothing is queued, so nothing can be stale.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.bus import Bus, Ear
from hub.contracts import Clock, CodeTaken, Keypad, Lock, SlotSchedule
from hub.errors import Disappointment, Rejected
from hub.io.vault import NOT_OPENED, Vault
from hub.lock_record import LONGEST_SILENCE, Learn, Record
from hub.lock_views import OUTSTANDING, POLICY, Views, salt_of
from hub.model.codes import Ask, Clear, Enable, Reading, Rest, Schedule, Write
from hub.model.outcomes import after_failure, after_schedule_failure, patience
from hub.model.values import CodeTag, LockId, Pin, Proof
from hub.outer_places import OuterPlaces, timed
from hub.schedule import pause
from hub.store import codes, doors
from hub.store.engine import Store, Tx

logger = structlog.get_logger("reconcile")

PATIENCE: Final = timedelta(seconds=20)
"""For one command to one lock, in real time; then the truth is unknown."""
PATIENCE_WITH_HOURS: Final = timedelta(seconds=60)
"""The same for the hours of a code: its clock is set, schedules are read back and old ones taken away, a dozen exchanges."""


_IN_SILENCE: Final = replace(POLICY, longest_wait=LONGEST_SILENCE)


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
    views: Views
    record: Record
    outer: OuterPlaces

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
                    wait = patience(silent, _IN_SILENCE, salt=salt_of(lock)) * self.views.pace
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
        return Round(self.clock.now() + OUTSTANDING * self.views.pace, answered=False)

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
            door, met, view = await self.store.read(lambda tx: self.views.reached(tx, lock))
            if door is None or met is None or met.keypad is None or view is None:
                return Round(None)
            if view.met:
                await self.store.write(lambda tx: self.record.meet(tx, lock))
                continue
            step = view.step(now, self.record.tagbook.tags)
            if isinstance(step, Rest):
                if settled and (door.quarantined or view.spent(now)):
                    await self.store.write(lambda tx: self.record.at_rest(tx, lock))
                look = view.look(now) if door.silent_since is None else Rest(None)
                if isinstance(look, Rest):
                    return Round(self.views.look_again(view, step, look, now))
                if await self.outer.look(lock, met.keypad, look.slot):
                    continue
                return Round(None, answered=False)
            settled = True
            if not await self._take(lock, met, met.keypad, step, hides=not view.limits.reads_codes):
                return Round(None, answered=False)

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
                try:
                    pin = self.vault.open_pin(issued.sealed_pin, about=f"grant:{issued.grant.id}")
                except NOT_OPENED:
                    await self.store.write(lambda tx: self.record.unreadable(tx, lock, step))
                    return True
                self.record.tagbook.add(issued.grant.tag)
                if not await self._claim(lock, step, issued.grant.tag if isinstance(step, Write) else None):
                    return True
                if hides:
                    self.record.tagbook.put(lock, step.slot, issued.grant.tag)
                return await self._write(lock, keypad, step, pin)
            case Clear():
                return not await self._claim(lock, step) or await self._clear(lock, keypad, step)
            case Schedule():
                assert met.schedule is not None  # else the limits would say that it has none
                return not await self._claim(lock, step) or await self._confine(lock, met.schedule, step)

    async def _claim(self, lock: LockId, step: Write | Enable | Clear | Schedule, tag: CodeTag | None = None) -> bool:
        """T3a. False: the step has become a wrong one. The tag of what is about to be written is in the book that
        outlives every backup by now."""
        return await self.store.write(lambda tx: self.record.claim(tx, lock, step, tag))

    async def _ask(self, lock: LockId, keypad: Keypad, number: int) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                seen, took = await timed(keypad.read(number))
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, number, error)
            return False
        if seen.empty:
            self.record.tagbook.gone(lock, number)
        after = await self.store.write(lambda tx: self.record.asked(tx, lock, number, seen, took))
        self.record.remember(lock, after, seen)
        return True

    async def _write(self, lock: LockId, keypad: Keypad, step: Write | Enable, pin: Pin) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                proof, took = await timed(_told(keypad, step, pin))
        except Rejected as error:
            words, other_digits = str(error), isinstance(error, CodeTaken)
            after = await self.store.write(lambda tx: self.record.was_refused(tx, lock, step, words, other_digits))
            if after.reading is Reading.EMPTY:
                self.record.tagbook.gone(lock, step.slot)
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, step.slot, error)
            return False
        else:
            await self.store.write(lambda tx: self.record.written(tx, lock, step, proof, took))
        return True

    async def _clear(self, lock: LockId, keypad: Keypad, step: Clear) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                proof, took = await timed(keypad.clear(step.slot))
        except Rejected:
            await self.store.write(lambda tx: self.record.not_cleared(tx, lock, step.slot))
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, step.slot, error)
            return False
        else:
            after = await self.store.write(lambda tx: self.record.cleared(tx, lock, step.slot, proof, took))
            if after.reading is Reading.EMPTY:
                self.record.tagbook.gone(lock, step.slot)
        return True

    async def _confine(self, lock: LockId, hours: SlotSchedule, step: Schedule) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_WITH_HOURS.total_seconds()):
                doing = hours.clear(step.slot) if step.window is None else hours.set(step.slot, step.window)
                proof, took = await timed(doing)
        except Rejected as error:
            logger.info("a lock refused the hours of a code", lock=lock, slot=step.slot, why=str(error))
            await self.store.write(lambda tx: self.record.not_confined(tx, lock, step))
        except (Disappointment, TimeoutError) as error:
            await self._unanswered(lock, step.slot, error, after_schedule_failure)
            return False
        else:
            await self.store.write(lambda tx: self.record.confined(tx, lock, step, proof, took))
        return True

    async def _unanswered(self, lock: LockId, number: int, error: Exception, learn: Learn = after_failure) -> None:
        why = str(error) or "no answer in time"
        logger.debug("a lock did not answer", lock=lock, slot=number, why=why)
        await self.store.write(lambda tx: self.record.unanswered(tx, lock, number, learn))


async def _told(keypad: Keypad, step: Write | Enable, pin: Pin) -> Proof:
    if isinstance(step, Enable):
        return await keypad.enable(step.slot, pin)
    return await keypad.write(step.slot, pin, enabled=step.enabled)
