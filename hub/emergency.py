"""Emergencies: a door opened now, a code before everybody else's, every guest's code off, and on again.

Two steps: what would happen is shown first, and only the same person makes it so, within two minutes. What was done is
a row of `emergencies`, so that a restart changes nothing. None of it needs the internet, and only a code that has an
end needs the time of day.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from hub import backup_codes, issuing
from hub.bus import Bus
from hub.contracts import Clock
from hub.emergency_ahead import Foreseen, foresee
from hub.emergency_wishes import Act, Scope, Wish, scope_of, sound
from hub.errors import Disappointment, Rejected
from hub.guest_messages import GuestMessages
from hub.issuing import Desk
from hub.model.lockdown import Attempt, Outcome
from hub.model.people import called
from hub.model.values import LockId, Pin, Position, Purpose
from hub.opened_flats import tell, tell_of_code
from hub.plugins import Plugins
from hub.reaching_guests import Told
from hub.store import code_list, emergencies, log
from hub.store.doors import Door
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Store, Tx
from hub.unlock import Answer, Hand, unwritten

CONFIRM_WITHIN: Final = timedelta(minutes=2)
"""Real time. What was shown is old by then."""
PROVEN_WITHIN_S: Final = 5.0
"""Real time to wait for the doors before answering (requirement 105); what is not done by then goes on by itself."""
MOST_PENDING: Final = 100
SHOWN_AS_OPENED: Final = timedelta(hours=1)
"""How long a door that was opened in an emergency stands among what everybody is told."""


@dataclass(frozen=True, slots=True)
class DoorDone:
    lock: LockId
    name: str
    outcome: Outcome
    sentence: str
    pin: Pin | None = None
    """Where the door takes another code than the others."""


@dataclass(frozen=True, slots=True)
class Done:
    act: Act
    sentence: str
    doors: tuple[DoorDone, ...]
    pin: Pin | None = None
    guests: tuple[Told, ...] = ()
    """Of a flat that was opened, or that a code for emergencies opens."""


@dataclass(frozen=True, slots=True)
class _Pending:
    wish: Wish
    actor: str
    until: float
    """Of the loop's clock."""


@dataclass(frozen=True, slots=True)
class Emergencies:
    store: Store
    plugins: Plugins
    bus: Bus
    clock: Clock
    desk: Desk
    hand: Hand
    messages: GuestMessages
    _pending: dict[str, _Pending] = field(default_factory=dict)

    # ---- first step ----

    async def prepare(self, wish: Wish, actor: str) -> Foreseen:
        """Raises Rejected: no reason, no such place, nothing to be done there."""
        wish = sound(wish)
        id_ = secrets.token_urlsafe(16)
        foreseen = await self.store.read(lambda tx: foresee(tx, id_, wish, self.plugins, self.clock))
        now = asyncio.get_running_loop().time()
        for old in [key for key, each in self._pending.items() if each.until <= now]:
            del self._pending[old]
        if len(self._pending) >= MOST_PENDING:
            raise Rejected("too many emergencies wait to be confirmed; confirm one, or wait two minutes")
        self._pending[id_] = _Pending(wish, actor, now + CONFIRM_WITHIN.total_seconds())
        return foreseen

    # ---- second step ----

    async def carry_out(self, id_: str, actor: str) -> Done:
        """Make it so.

        Raises:
            Rejected: it was not asked by this person, or more than two minutes ago, or was confirmed already; nothing
                was done. Or the house changed meanwhile so that it cannot be.
        """
        pending = self._pending.get(id_)
        if pending is None or pending.actor != actor:
            raise Rejected("there is nothing to confirm: it was done already, or asked too long ago; ask again")
        del self._pending[id_]  # whatever comes of it, it is not done twice
        if pending.until <= asyncio.get_running_loop().time():
            raise Rejected("that was asked more than two minutes ago, and the house may have changed; ask again")
        match pending.wish.act:
            case Act.LOCK_DOWN:
                return await self._lock_down(pending.wish, actor)
            case Act.RELEASE:
                return await self._release(pending.wish, actor)
            case Act.CODE:
                return await self._code(pending.wish, actor)
            case Act.UNLOCK:
                return await self._unlock(pending.wish, actor)
            case _:
                assert_never(pending.wish.act)

    async def _lock_down(self, wish: Wish, actor: str) -> Done:
        scope, asked = await self.store.write(lambda tx: self._begin(tx, wish, actor, Deed.LOCK_DOWN))
        done = await self._move_all(scope, Position.LOCKED, actor)
        others = [each for each in done if each.outcome is not Outcome.DONE]
        count = f"{len(done) - len(others)} of {len(done)} doors are locked."
        sentence = f"{scope.where} is locked down: codes of guests go out, {count}"
        if others:
            sentence = f"{sentence} Not known to be locked: {', '.join(each.name for each in others)}."
        told = await self._noted(lambda tx: log.conclude(tx, asked, self.clock.now(), "done", sentence))
        return Done(wish.act, sentence + told, done)

    async def _release(self, wish: Wish, actor: str) -> Done:
        def work(tx: Tx) -> str:
            scope = scope_of(tx, wish)
            row = emergencies.emergency(tx, wish.lockdown)
            if row is None or not emergencies.release(tx, row, wish.reason, actor, self.clock.now()):
                raise Rejected("somebody has released it already")
            self._record(tx, wish, scope, actor, outcome="done")
            return scope.where

        where = await self.store.write(work)
        sentence = f"{where} is released: the codes of guests go back into the locks. The doors stay as they are."
        return Done(wish.act, sentence, ())

    async def _code(self, wish: Wish, actor: str) -> Done:
        def work(tx: Tx) -> tuple[Scope, Pin, list[Told]]:
            scope = scope_of(tx, wish)
            able = [door.id for door in scope.doors if issuing.has_keypad(tx, door.id)]
            until = self.clock.now() + timedelta(hours=wish.hours)
            pin = issuing.code_now(tx, self.desk, able, _label(actor), until, purpose=Purpose.EMERGENCY)
            row = self._row(tx, wish, scope, actor, Deed.CODE, until)
            emergencies.begin(tx, row)
            self._record(tx, wish, scope, actor, outcome="done")
            return scope, pin, tell_of_code(tx, self.messages, row, able, actor)

        scope, pin, guests = await self.store.write(work)
        done = [await self._or_backup(each, wish, actor) for each in await self._proven(scope.doors, pin)]
        return Done(wish.act, _how_codes_work(done), tuple(done), pin, tuple(guests))

    async def _or_backup(self, door: DoorDone, wish: Wish, actor: str) -> DoorDone:
        """A lock that does not answer in time may hold a backup code, which works without its answer."""
        if door.outcome is Outcome.DONE:
            return door
        until = self.clock.now() + timedelta(hours=wish.hours)

        def work(tx: Tx) -> Pin | None:
            return backup_codes.take(tx, self.desk, door.lock, _label(actor), until, actor)

        try:
            pin = await self.store.write(work)
        except Disappointment:
            return door  # the emergency code is given all the same
        if pin is None:
            return door
        sentence = f"{door.name} takes another code: one that was in it before, for such a case."
        return DoorDone(door.lock, door.name, Outcome.DONE, sentence, pin)

    async def _unlock(self, wish: Wish, actor: str) -> Done:
        scope, asked = await self.store.write(lambda tx: self._begin(tx, wish, actor, Deed.UNLOCK))
        (done,) = await self._move_all(scope, Position.UNLOCKED, actor)

        guests: list[Told] = []

        def concluded(tx: Tx) -> None:
            log.conclude(tx, asked, self.clock.now(), done.outcome.value, done.sentence)
            row = emergencies.emergency(tx, scope.emergency)
            guests[:] = [] if row is None else tell(tx, self.messages, row, done.outcome, actor)

        told = await self._noted(concluded)
        if told:
            guests, told = [], f"{told} No guest was written to."
        return Done(wish.act, done.sentence + told, (done,), guests=tuple(guests))

    # ---- what they share ----

    def _begin(self, tx: Tx, wish: Wish, actor: str, deed: Deed) -> tuple[Scope, int]:
        scope = scope_of(tx, wish)
        until = self.clock.now() + SHOWN_AS_OPENED if deed is Deed.UNLOCK else None
        row = self._row(tx, wish, scope, actor, deed, until)
        emergencies.begin(tx, row)
        emergencies.want(tx, row, [door.id for door in scope.doors])
        return replace(scope, emergency=row.id), self._record(tx, wish, scope, actor, outcome="asked")

    def _row(self, tx: Tx, wish: Wish, scope: Scope, actor: str, deed: Deed, until: datetime | None) -> Emergency:
        now = self.clock.now()
        row = Emergency(tx.new_id(now), deed, scope.property, wish.lock, wish.reason, now, actor, until)
        return replace(row, guests_untold=not wish.tell_guest)

    def _record(self, tx: Tx, wish: Wish, scope: Scope, actor: str, *, outcome: str) -> int:
        action = f"emergency: {wish.act.value.replace('_', ' ')}"
        return log.record(tx, self.clock.now(), actor, action, scope.subject, outcome=outcome, detail=wish.reason)

    async def _move_all(self, scope: Scope, to: Position, actor: str) -> tuple[DoorDone, ...]:
        """All at once, each with its own deadline: one that does not answer keeps nobody waiting."""
        async with asyncio.TaskGroup() as group:
            moves = [
                group.create_task(self._move(scope.emergency, door, to, actor), name=f"emergency {door.id}")
                for door in scope.doors
            ]
        return tuple(move.result() for move in moves)

    async def _move(self, emergency: str, door: Door, to: Position, actor: str) -> DoorDone:
        try:
            answer, sent = await self.hand.move(door.id, to, actor, anyhow=True), True
        except Rejected as error:
            answer, sent = Answer(Outcome.REFUSED, f"{str(error)[:1].upper()}{str(error)[1:]}."), False
        except Disappointment as error:
            answer, sent = Answer(Outcome.REFUSED, f"{door.name} was not asked: {error}."), False
        # What was never sent to a lock may be locked once its driver meets it; an unlocking ends here, whatever became of it.
        told = None if to is Position.LOCKED and not sent else answer.outcome
        attempt = Attempt(self.clock.now(), told, int(sent), answer.sentence)
        await self._noted(lambda tx: emergencies.keep_attempt(tx, [emergency], door.id, attempt))
        return DoorDone(door.id, door.name, answer.outcome, answer.sentence)

    async def _noted(self, work: Callable[[Tx], None]) -> str:
        """What is said besides where it could not be written down. The bolts were moved: what they did is told all the same."""
        try:
            await self.store.write(work)
        except Disappointment as error:
            return f" {unwritten(error)}"
        return ""

    async def _proven(self, wanted: Sequence[Door], pin: Pin) -> tuple[DoorDone, ...]:
        """How far the new code has come: waits until every door holds it, but not long."""
        names = [f"lock:{door.id}" for door in wanted]
        async with self.bus.listen(*names) as nudges:
            missing = await self.store.read(lambda tx: self._missing(tx, pin))
            try:
                async with asyncio.timeout(PROVEN_WITHIN_S):
                    while missing.keys() & {door.id for door in wanted}:
                        await anext(nudges)
                        missing = await self.store.read(lambda tx: self._missing(tx, pin))
            except TimeoutError:
                pass
        return tuple(_code_done(door, door.id not in missing, missing.get(door.id)) for door in wanted)

    def _missing(self, tx: Tx, pin: Pin) -> dict[LockId, str | None]:
        """The doors that do not hold this emergency code, and their words if they refused it."""
        found, tags = code_list.unproven(tx, self.clock.now()), self.desk.vault.tags(pin)
        these = (each for each in found if each.purpose is Purpose.EMERGENCY and each.grant.tag in tags)
        return {entry.lock: entry.refused for entry in these}


def _code_done(door: Door, works: bool, refused: str | None) -> DoorDone:
    if works:
        return DoorDone(door.id, door.name, Outcome.DONE, f"{door.name} holds it.")
    if refused:
        return DoorDone(door.id, door.name, Outcome.REFUSED, f"{door.name} refused it: {refused}.")
    return DoorDone(door.id, door.name, Outcome.UNKNOWN, f"{door.name} has not said yet that it holds it.")


def _how_codes_work(done: Sequence[DoorDone]) -> str:
    works = sum(each.outcome is Outcome.DONE for each in done)
    others = sum(each.pin is not None for each in done)
    if others == len(done):
        return "No door has confirmed this code yet. Another one works now: it stands beside its door."
    told = "The code works now."
    if works < len(done):
        told = f"Codes work at {works} of {len(done)} doors. The code goes on to the others by itself."
    return f"{told} Mind the doors that take another one." if others else told


def _label(actor: str) -> str:
    return f"Emergency ({called(actor)})"[:60]
