"""What an emergency would do, for a person to say yes to: at which doors, to whom, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.contracts import Clock
from hub.emergency_wishes import Act, Scope, Wish, scope_of
from hub.model.codes import Reading
from hub.model.values import LockId, StayId
from hub.opened_flats import guests_of
from hub.plugins import Plugins
from hub.store import code_list, codes, emergencies, house, settings
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.ladder import can_wait
from hub.store.stays import StayRow


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


def foresee(tx: Tx, id_: str, wish: Wish, plugins: Plugins, clock: Clock) -> Foreseen:
    """Raises Rejected: no such place, nothing to be done there."""
    scope = scope_of(tx, wish)
    down = emergencies.down(tx)
    return Foreseen(
        id=id_,
        act=wish.act,
        where=scope.where,
        reason=wish.reason,
        doors=tuple(_door_ahead(tx, door, wish.act, plugins, clock.now()) for door in scope.doors),
        guests=tuple(_guests_ahead(tx, wish, scope, clock.now())),
        notes=tuple(_notes(tx, wish, scope.doors, down, clock)),
    )


def _guests_ahead(tx: Tx, wish: Wish, scope: Scope, now: datetime) -> Iterable[GuestAhead]:
    if wish.act in (Act.LOCK_DOWN, Act.RELEASE):
        return _guests(tx, scope.doors, now)
    until = now + timedelta(hours=wish.hours) if wish.act is Act.CODE else None
    rows = {row.id: row for door in scope.doors for row in guests_of(tx, door.id, now, until)}
    return [_ahead(tx, row) for row in rows.values()]


def _door_ahead(tx: Tx, door: Door, act: Act, plugins: Plugins, now: datetime) -> DoorAhead:
    return DoorAhead(door.id, door.name, len(_of_now(tx, door, now)[0]), _trouble(door, act, plugins))


def _trouble(door: Door, act: Act, plugins: Plugins) -> str:
    met = plugins.lock(door.driver, door.address)
    if met is None:
        return "its driver has not met it; nothing reaches it"
    if act in (Act.LOCK_DOWN, Act.UNLOCK) and met.bolt is None:
        return "it has no bolt that could be moved from here"
    if door.silent_since is not None:
        return _WHILE_SILENT[act]
    if act is Act.CODE and met.keypad is None:
        return "it has no keypad"
    return ""


_WHILE_SILENT: Final = {
    Act.LOCK_DOWN: "it does not answer; its codes go out and its bolt is locked as soon as it does",
    Act.RELEASE: "it does not answer; the codes come back as soon as it does",
    Act.CODE: "it does not answer; the code goes in as soon as it does",
    Act.UNLOCK: "it does not answer; it is asked once more now, and if it does not open then, it does not open later either",
}


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
        yield from _of_lock_down(tx, wish, wanted, clock)
    if wish.act is Act.RELEASE:
        yield "Guests who were told of it are told again once their codes are back in the locks."
    if wish.act is Act.CODE and not clock.trusted:
        yield "The hub does not know the time for certain. Confirm it on the Health page first; no code is given until then."
    if wish.act is Act.CODE and settings.safe_mode(tx):
        yield "The hub is in safe mode after a restore and writes no code. Leave safe mode on the Health page first."
    if wish.act is Act.UNLOCK and any(door.id in down for door in wanted):
        yield "This door is locked down. Unlocking it does not end that."
    if not wish.tell_guest and wish.act is not Act.RELEASE:
        yield "Guests are not told of it by Gatehouse."


def _of_lock_down(tx: Tx, wish: Wish, wanted: Sequence[Door], clock: Clock) -> Iterable[str]:
    yield "Codes of staff and emergency codes keep working. Whoever is inside can still leave."
    if wish.tell_guest:
        yield "Guests who are there or come within a day are told after a minute, unless it is released before."
    yield from _later(tx, wanted, clock.now())
    foreign = sum(
        slot.reading is Reading.OCCUPIED and slot.holder is None
        for door in wanted
        for slot in codes.slots_of(tx, door.id)
    )
    if foreign:
        yield f"{foreign} codes that Gatehouse did not put there stay in the keypads; it does not touch them."
