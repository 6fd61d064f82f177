"""How passes stand: open or not, their next hours, and how far the code has come at each door. And what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hub.findings import Look
from hub.issuing import Desk
from hub.model.alerts import Finding, Kind
from hub.model.codes import CodeState, Limits, Slot, state_of
from hub.model.effects import SendSms
from hub.model.passes import Turnover
from hub.model.people import ToldBy
from hub.model.values import GrantId, LockId, PassId, PersonId, Proof, Window
from hub.passes import USED_UP, Ground
from hub.store import codes, pass_news, passes
from hub.store.alerts import Telling
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.passes import Pass, PassDoor
from hub.store.persons import Person


class PassState(Enum):
    OPEN = "open"
    """Its hours are now."""
    WAITING = "waiting"
    """Its next hours are known."""
    IDLE = "idle"
    """No hours are in sight."""
    PAUSED = "paused"
    USED_UP = "used_up"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class AtDoor:
    """A pass at one of its doors."""

    lock: LockId
    digits: int
    state: CodeState | None
    """None: nothing of it is in the lock, and nothing should be."""
    proof: Proof
    proven_at: datetime | None
    slot: int | None
    refused: str
    used: int
    taken: bool
    """Its digits are somebody else's there."""

    @property
    def proven(self) -> bool:
        return self.state in {CodeState.SET, CodeState.HELD} and self.proof in {Proof.READ_BACK, Proof.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Standing:
    row: Pass
    person: Person
    state: PassState
    window: Window | None
    """The hours that are now or come next, lead included."""
    doors: tuple[AtDoor, ...]
    told: bool
    """Somebody was shown the digits."""
    last: tuple[datetime, LockId] | None
    """When and where its code was typed last, as far as the access log reaches back."""
    telling: Telling | None
    """What became of the last message about it; None: there was none."""


def standings(tx: Tx, desk: Desk, *, person: PersonId | None = None, only: PassId | None = None) -> list[Standing]:
    """The oldest first; what is over, too."""
    ground = Ground.read(tx, desk)
    rows = passes.all_passes(tx) if person is None else passes.of_person(tx, person)
    rows = [row for row in rows if only is None or row.id == only]
    granted, last = passes.granted(tx), passes.last_used(tx, [row.id for row in rows])
    tellings = pass_news.last_told(tx)
    used = passes.counted(tx, [row.id for row in rows if row.uses is not None])
    slots = codes.held_by(tx, [entry.grant.id for row in rows for entry in granted.get(row.id, ())])
    found = []
    for row in rows:
        window = ground.window(tx, row)
        entries = {entry.lock: entry for entry in granted.get(row.id, ())}  # the newest of each door comes last
        found.append(
            Standing(
                row,
                ground.people[row.person],
                _state(row, ground, window),
                window,
                tuple(_at_door(tx, row, door, entries, slots, used, ground.now) for door in row.doors),
                any(door.told_at is not None for door in row.doors),
                last.get(row.id),
                tellings.get(row.id),
            )
        )
    return found


def _state(row: Pass, ground: Ground, window: Window | None) -> PassState:
    if row.ended_why == USED_UP:
        return PassState.USED_UP
    if row.ended_at is not None or row.good.over(ground.now) or ground.people[row.person].ended_at is not None:
        return PassState.OVER
    if row.paused_at is not None:
        return PassState.PAUSED
    if window is None:
        return PassState.IDLE
    return PassState.OPEN if ground.now in window else PassState.WAITING


def _at_door(  # one row of each ledger
    tx: Tx,
    row: Pass,
    door: PassDoor,
    entries: Mapping[LockId, Issued],
    slots: Mapping[GrantId, Slot],
    used: Mapping[tuple[PassId, LockId], list[datetime]],
    now: datetime,
) -> AtDoor:
    entry = entries.get(door.lock)
    slot = None if entry is None else slots.get(entry.grant.id)
    return AtDoor(
        lock=door.lock,
        digits=door.digits,
        state=None if entry is None else state_of(entry.grant, slot, now),
        proof=Proof.NONE if slot is None else slot.proof,
        proven_at=None if slot is None else slot.proven_at,
        slot=None if slot is None else slot.number,
        refused="" if entry is None else entry.refused or "",
        used=len(used.get((row.id, door.lock), ())),
        taken=entry is None and passes.taken(tx, row.id, door.lock, [door.tag]),
    )


# ---- what is wrong --------------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    """What a pass asks and its lock cannot do. That a code is not proven although its hours have begun, hub/health.py says."""
    at = {door.id: door for door in look.doors}
    people, taken = Ground.people_of(look.tx), passes.taken_anywhere(look.tx)
    for row in passes.all_passes(look.tx):
        person = people[row.person]
        if row.stopped or person.ended_at is not None or row.good.over(look.now):
            continue
        if row.good.end is not None:
            look.reached(row.good.end)
        about = f"person:{person.id}"
        if person.told_by is ToldBy.SMS and look.plugins.performer(SendSms) is None:
            sentence = f"{person.name} is to be told codes by SMS, and no service that sends SMS is set up."
            cure = "Set one up, or choose another way on the page of the person. Until then somebody has to tell them."
            yield Finding(Kind.NOBODY_SENDS, f"{about}:codes", sentence, cure)
        for door in row.doors:
            why = _cannot(look.tx, row, door, at[door.lock], taken)
            if why is not None:
                yield Finding(
                    Kind.PASS_CANNOT_WORK, about, f"The pass of {person.name}: {why[0]}.", why[1], row.made_at
                )
        if not row.doors or (isinstance(row.when, Turnover) and row.when.unit is None):
            what = "its doors were all removed" if not row.doors else "the unit that it is for was removed"
            cure = "End it, or choose others on the page People."
            yield Finding(Kind.PASS_CANNOT_WORK, about, f"The pass of {person.name}: {what}.", cure, row.made_at)


def _cannot(
    tx: Tx, row: Pass, kept: PassDoor, door: Door, taken: Collection[tuple[PassId, LockId]]
) -> tuple[str, str] | None:
    """A clause and the cure."""
    limits = None if door.abilities is None else Limits.of(door.abilities)
    if limits is not None and limits.slots == 0:
        return f"{door.name} has no keypad", "Take that door out of the pass."
    if limits is not None and not limits.take(kept.digits):
        return f"{door.name} does not take codes of {kept.digits} digits", "Draw new digits on the page People."
    if row.uses is not None and passes.tells_slots(tx, door.id) is False:
        why = f"{door.name} does not say whose code was typed, so its uses are not counted"
        return why, "End the pass yourself when it was used, or give it an end."
    if (row.id, door.id) in taken:
        return f"at {door.name} its digits are somebody else's", "Draw new digits on the page People."
    return None
