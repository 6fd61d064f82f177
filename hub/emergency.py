"""Emergencies: a door opened now, a code before everybody else's, every guest's code off, and on again.

Two steps: what would happen is shown first, and only the same person makes it so, within two minutes. What was done is
a row of `emergencies`, so that a restart changes nothing. None of it needs the internet, and only a code that has an
end needs the time of day.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, assert_never

from hub import backup_codes, issuing
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment, Rejected
from hub.guest_messages import GuestMessages
from hub.issuing import Desk
from hub.model.codes import Reading
from hub.model.lockdown import Attempt, Outcome
from hub.model.people import called
from hub.model.values import LockId, Pin, Position, PropertyId, Purpose, StayId, clean
from hub.opened_flats import Told, guests_of, tell
from hub.plugins import Plugins
from hub.store import code_list, codes, doors, emergencies, house, log, settings
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Store, Tx
from hub.store.ladder import can_wait
from hub.store.stays import StayRow
from hub.unlock import Answer, Hand, unwritten

CONFIRM_WITHIN: Final = timedelta(minutes=2)
"""Real time. What was shown is old by then."""
PROVEN_WITHIN_S: Final = 5.0
"""Real time to wait for the doors before answering (requirement 105); what is not done by then goes on by itself."""
MOST_PENDING: Final = 100
SHOWN_AS_OPENED: Final = timedelta(hours=1)
"""How long a door that was opened in an emergency stands among what everybody is told."""
CODE_HOURS: Final = 4.0
LONGEST_CODE: Final = timedelta(days=7)


class Act(Enum):
    LOCK_DOWN = "lock_down"
    RELEASE = "release"
    CODE = "code"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done, and why."""

    act: Act
    reason: str
    property: PropertyId | None = None
    lock: LockId | None = None
    """Where `property` is not said: that door alone."""
    hours: float = CODE_HOURS
    """Of a code."""
    lockdown: str = ""
    """Which one is released."""
    tell_guest: bool = True
    """Whoever stays in a flat that is opened learns of it."""


@dataclass(frozen=True, slots=True)
class DoorAhead:
    lock: LockId
    name: str
    codes: int
    """Codes that would be switched off, or come back."""
    trouble: str
    """Why it will not go as wished; empty: nothing is known against it."""


@dataclass(frozen=True, slots=True)
class GuestAhead:
    stay: StayId
    name: str
    unit: str
    inside: bool
    """Has come in and not left, as far as the doors tell."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would happen, for a person to say yes to."""

    id: str
    act: Act
    where: str
    reason: str
    doors: tuple[DoorAhead, ...]
    guests: tuple[GuestAhead, ...]
    notes: tuple[str, ...]


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
    """Of a flat that was opened."""


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
        wish = _sound(wish)
        id_ = secrets.token_urlsafe(16)
        foreseen = await self.store.read(lambda tx: self._foresee(tx, id_, wish))
        now = asyncio.get_running_loop().time()
        for old in [key for key, each in self._pending.items() if each.until <= now]:
            del self._pending[old]
        if len(self._pending) >= MOST_PENDING:
            raise Rejected("too many emergencies wait to be confirmed; confirm one, or wait two minutes")
        self._pending[id_] = _Pending(wish, actor, now + CONFIRM_WITHIN.total_seconds())
        return foreseen

    def _foresee(self, tx: Tx, id_: str, wish: Wish) -> Foreseen:
        scope = _scope(tx, wish)
        down = emergencies.down(tx)
        return Foreseen(
            id=id_,
            act=wish.act,
            where=scope.where,
            reason=wish.reason,
            doors=tuple(self._door_ahead(tx, door, wish.act) for door in scope.doors),
            guests=tuple(self._guests_ahead(tx, wish, scope)),
            notes=tuple(_notes(tx, wish, scope.doors, down, self.clock)),
        )

    def _guests_ahead(self, tx: Tx, wish: Wish, scope: _Scope) -> Iterable[GuestAhead]:
        if wish.act is Act.UNLOCK:
            return [_ahead(tx, row) for row in guests_of(tx, scope.doors[0].id, self.clock.now())]
        return _guests(tx, scope.doors, self.clock.now()) if wish.act in (Act.LOCK_DOWN, Act.RELEASE) else ()

    def _door_ahead(self, tx: Tx, door: Door, act: Act) -> DoorAhead:
        return DoorAhead(door.id, door.name, len(_of_now(tx, door, self.clock.now())[0]), self._trouble(door, act))

    def _trouble(self, door: Door, act: Act) -> str:
        met = self.plugins.lock(door.driver, door.address)
        if met is None:
            return "its driver has not met it; nothing reaches it"
        if act in (Act.LOCK_DOWN, Act.UNLOCK) and met.bolt is None:
            return "it has no bolt that could be moved from here"
        if door.silent_since is not None:
            return _WHILE_SILENT[act]
        if act is Act.CODE and met.keypad is None:
            return "it has no keypad"
        return ""

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
            scope = _scope(tx, wish)
            row = emergencies.emergency(tx, wish.lockdown)
            if row is None or not emergencies.release(tx, row, wish.reason, actor, self.clock.now()):
                raise Rejected("somebody has released it already")
            self._record(tx, wish, scope, actor, outcome="done")
            return scope.where

        where = await self.store.write(work)
        sentence = f"{where} is released: the codes of guests go back into the locks. The doors stay as they are."
        return Done(wish.act, sentence, ())

    async def _code(self, wish: Wish, actor: str) -> Done:
        def work(tx: Tx) -> tuple[_Scope, Pin]:
            scope = _scope(tx, wish)
            able = [door.id for door in scope.doors if issuing.has_keypad(tx, door.id)]
            until = self.clock.now() + timedelta(hours=wish.hours)
            pin = issuing.code_now(tx, self.desk, able, _label(actor), until, purpose=Purpose.EMERGENCY)
            emergencies.begin(tx, self._row(tx, wish, scope, actor, Deed.CODE, until))
            self._record(tx, wish, scope, actor, outcome="done")
            return scope, pin

        scope, pin = await self.store.write(work)
        done = [await self._or_backup(each, wish, actor) for each in await self._proven(scope.doors, pin)]
        return Done(wish.act, _how_codes_work(done), tuple(done), pin)

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

    def _begin(self, tx: Tx, wish: Wish, actor: str, deed: Deed) -> tuple[_Scope, int]:
        scope = _scope(tx, wish)
        until = self.clock.now() + SHOWN_AS_OPENED if deed is Deed.UNLOCK else None
        row = self._row(tx, wish, scope, actor, deed, until)
        emergencies.begin(tx, row)
        emergencies.want(tx, row, [door.id for door in scope.doors])
        return replace(scope, emergency=row.id), self._record(tx, wish, scope, actor, outcome="asked")

    def _row(self, tx: Tx, wish: Wish, scope: _Scope, actor: str, deed: Deed, until: datetime | None) -> Emergency:
        now = self.clock.now()
        row = Emergency(tx.new_id(now), deed, scope.property, wish.lock, wish.reason, now, actor, until)
        return replace(row, guests_untold=not wish.tell_guest)

    def _record(self, tx: Tx, wish: Wish, scope: _Scope, actor: str, *, outcome: str) -> int:
        action = f"emergency: {wish.act.value.replace('_', ' ')}"
        return log.record(tx, self.clock.now(), actor, action, scope.subject, outcome=outcome, detail=wish.reason)

    async def _move_all(self, scope: _Scope, to: Position, actor: str) -> tuple[DoorDone, ...]:
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


_WHILE_SILENT: Final = {
    Act.LOCK_DOWN: "it does not answer; its codes go out and its bolt is locked as soon as it does",
    Act.RELEASE: "it does not answer; the codes come back as soon as it does",
    Act.CODE: "it does not answer; the code goes in as soon as it does",
    Act.UNLOCK: "it does not answer; it is asked once more now, and if it does not open then, it does not open later either",
}


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


def _sound(wish: Wish) -> Wish:
    """Raises Rejected."""
    reason = clean(wish.reason, limit=300)
    if len(reason) < 3:
        raise Rejected("say why, in a few words; it stands in the audit trail")
    if not timedelta(minutes=5) <= timedelta(hours=wish.hours) <= LONGEST_CODE:
        raise Rejected("an emergency code works for five minutes to seven days")
    return replace(wish, reason=reason)


# ---- where ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scope:
    property: PropertyId
    where: str
    subject: str
    """As the audit trail names it."""
    doors: tuple[Door, ...]
    emergency: str = ""
    """Once it is begun."""


def _scope(tx: Tx, wish: Wish) -> _Scope:
    """Raises Rejected: there is no such place, or nothing to be done there."""
    if wish.act is Act.RELEASE:
        row = emergencies.emergency(tx, wish.lockdown)
        if row is None or row.deed is not Deed.LOCK_DOWN or row.released_at is not None:
            raise Rejected("there is no such lock-down, or it was released already")
        return _place(tx, row.property, row.lock)
    if wish.lock is None and wish.property is None:
        raise Rejected("name a property or a lock")
    scope = _place(tx, wish.property, wish.lock)
    if wish.act is Act.UNLOCK and wish.lock is None:
        raise Rejected("one door at a time is unlocked; name a lock")
    if wish.act is Act.LOCK_DOWN and scope.doors and {door.id for door in scope.doors} <= emergencies.down(tx):
        raise Rejected(f"{scope.where} is locked down already")
    return scope


def _place(tx: Tx, property_: PropertyId | None, lock: LockId | None) -> _Scope:
    if lock is not None:
        door = doors.door(tx, lock)
        if door is None:
            raise Rejected(f"there is no lock called “{lock}”")
        return _Scope(door.property, door.name, f"lock:{lock}", (door,))
    place = None if property_ is None else house.property_with(tx, property_)
    if place is None:
        raise Rejected(f"there is no property called “{property_}”")
    known = tuple(door for door in doors.doors(tx) if door.property == place.id)
    if not known:
        raise Rejected(f"{place.name} has no locks")
    return _Scope(place.id, place.name, f"property:{place.id}", known)


def _of_now(tx: Tx, door: Door, now: datetime) -> tuple[list[Issued], list[Issued]]:
    """The codes of guests that are in a lock, or would be without a lock-down; and those of later stays."""
    soon = now + door.ahead if can_wait(door) else now
    there, later = list[Issued](), list[Issued]()
    for code in code_list.listing(tx, lock=door.id):
        if code.issued is not None and codes.opens_for_guests(code.issued) and not code.issued.grant.revoked:
            (there if code.slot is not None or code.issued.grant.window.start <= soon else later).append(code.issued)
    return there, later


def _later(tx: Tx, wanted: Iterable[Door], now: datetime) -> Iterable[str]:
    if count := len({entry.stay for door in wanted for entry in _of_now(tx, door, now)[1]}):
        yield f"Codes of later stays ({count}) are in no lock yet, and go in only once it is released."


def _guests(tx: Tx, wanted: Iterable[Door], now: datetime) -> Iterable[GuestAhead]:
    """Whoever has a code on one of these doors now, those inside first."""
    rows = {}
    for door in wanted:
        for entry in _of_now(tx, door, now)[0]:
            if entry.stay is not None and (row := ledger.stay(tx, entry.stay)) is not None:
                rows[entry.stay] = row
    ahead = [_ahead(tx, row) for row in rows.values()]
    return sorted(ahead, key=lambda guest: (not guest.inside, guest.name))


def _ahead(tx: Tx, row: StayRow) -> GuestAhead:
    unit = house.unit_with(tx, row.unit_id)
    inside = row.arrived_at is not None and row.left_at is None
    name = row.guest or row.reference or "A guest without a name"
    return GuestAhead(row.id, name, row.unit_id if unit is None else unit.name, inside)


def _notes(tx: Tx, wish: Wish, wanted: Sequence[Door], down: frozenset[LockId], clock: Clock) -> Iterable[str]:
    if wish.act is Act.LOCK_DOWN:
        foreign = sum(
            slot.reading is Reading.OCCUPIED and slot.holder is None
            for door in wanted
            for slot in codes.slots_of(tx, door.id)
        )
        yield "Codes of staff and emergency codes keep working. Whoever is inside can still leave."
        yield from _later(tx, wanted, clock.now())
        if foreign:
            yield f"{foreign} codes that Gatehouse did not put there stay in the keypads; it does not touch them."
    if wish.act is Act.CODE and not clock.trusted:
        yield "The hub does not know the time for certain. Confirm it on the Health page first; no code is given until then."
    if wish.act is Act.CODE and settings.safe_mode(tx):
        yield "The hub is in safe mode after a restore and writes no code. Leave safe mode on the Health page first."
    if wish.act is Act.UNLOCK and any(door.id in down for door in wanted):
        yield "This door is locked down. Unlocking it does not end that."
