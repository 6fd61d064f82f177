"""Codes as people are shown them, and those that are not where they should be: grants and slots read together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, exists, or_, select

from hub.model.codes import CodeState, Reading, Slot, state_of
from hub.model.values import CodeTag, LockId, Purpose, StayId
from hub.store import emergencies
from hub.store.codes import MANAGED, Issued, entry_of, held, issued, opens_for_guests, read_slot, theirs
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed
from hub.store.proofs import NOW, PROVEN
from hub.store.tables import grants, slots, stays


@dataclass(frozen=True, slots=True)
class Code:
    """One row for `gatehouse codes` and the pages: a grant, a slot, or both."""

    lock: LockId
    slot: Slot | None
    issued: Issued | None
    guest: str
    """Of the stay, else its reference, as many channels name nobody; or the label."""
    theirs: bool = False
    """Somebody else's, though its digits were once drawn for that lock."""

    def state(self, now: datetime, ours: Collection[CodeTag]) -> CodeState | None:
        """`ours`: tags of codes that were once ours."""
        grant = None if self.issued is None else self.issued.grant
        left_alone = self.theirs or (self.slot is not None and self.slot.number > MANAGED)
        return state_of(grant, self.slot, now, () if left_alone else ours)


def listing(tx: Tx, *, lock: LockId | None = None, stay: StayId | None = None) -> list[Code]:
    """Every live or waiting code and every slot that is not known to be empty."""
    holding = {row["holder"]: row for row in tx.sql.execute(_slot_rows(lock)).mappings() if row["holder"]}
    down = emergencies.down(tx)
    found = [_code(row, holding, down) for row in tx.sql.execute(_grant_rows(lock, stay)).mappings()]
    if stay is None:
        strangers = select(slots).where(slots.c.holder.is_(None), slots.c.reading == Reading.OCCUPIED.value)
        if lock is not None:
            strangers = strangers.where(slots.c.lock_id == lock)
        found += [_stranger(tx, row) for row in tx.sql.execute(strangers).mappings()]
    return sorted(found, key=_place)


def _place(code: Code) -> tuple[LockId, int, float]:
    """Door by door as it is in the keypad, then what goes in later, the next first."""
    if code.slot is not None or code.issued is None:
        return code.lock, 0 if code.slot is None else code.slot.number, 0
    return code.lock, 1000, code.issued.grant.window.start.timestamp()


def _stranger(tx: Tx, row: RowMapping) -> Code:
    known = row["tag"] is not None and row["tag"] in theirs(tx, row["lock_id"])
    return Code(row["lock_id"], read_slot(row), None, "", known)


def of_stays(tx: Tx, ids: Collection[StayId]) -> dict[StayId, list[Code]]:
    """The live and waiting codes of these stays, however many, in two queries."""
    stays_ = listed(ids)
    holding, down = dict(_HELD_FOR.all(tx, ids=stays_)), emergencies.down(tx)
    found: dict[StayId, list[Code]] = {id_: [] for id_ in ids}
    for entry, guest in _OF_STAYS.all(tx, ids=stays_):
        told = _switched_off(entry, down)
        assert told.stay is not None  # asked for by it
        found[told.stay].append(Code(told.lock, holding.get(told.grant.id), told, guest))
    return found


def of_locks(tx: Tx, ids: Collection[LockId]) -> dict[LockId, list[Code]]:
    """The live and waiting codes of these locks, however many, in two queries."""
    locks_ = listed(ids)
    holding, down = dict(_HELD_IN.all(tx, ids=locks_)), emergencies.down(tx)
    found: dict[LockId, list[Code]] = {id_: [] for id_ in ids}
    for entry, guest in _OF_LOCKS.all(tx, ids=locks_):
        found[entry.lock].append(Code(entry.lock, holding.get(entry.grant.id), _switched_off(entry, down), guest))
    return found


def _switched_off(entry: Issued, down: Collection[LockId]) -> Issued:
    """As a lock-down leaves it."""
    off = entry.lock in down and opens_for_guests(entry)
    return replace(entry, grant=replace(entry.grant, suspended=True)) if off else entry


def _slot_rows(lock: LockId | None):  # type: ignore[no-untyped-def]
    query = select(slots).where(slots.c.holder.is_not(None))
    return query if lock is None else query.where(slots.c.lock_id == lock)


def _grant_rows(lock: LockId | None, stay: StayId | None):  # type: ignore[no-untyped-def]
    query = select(grants, stays.c.guest, stays.c.reference).outerjoin(stays).where(grants.c.pin.is_not(None))
    if lock is not None:
        query = query.where(grants.c.lock_id == lock)
    return query if stay is None else query.where(grants.c.stay_id == stay)


_OF_STAYS: Final = Prepared(
    _grant_rows(None, None).where(among(grants.c.stay_id, "ids")),
    lambda row: (entry_of(row), _whose(row)),
    remember=["id"],
)
_OF_LOCKS: Final = Prepared(
    _grant_rows(None, None).where(among(grants.c.lock_id, "ids")),
    lambda row: (entry_of(row), _whose(row)),
    remember=["id"],
)
_HELD_IN: Final = Prepared(
    select(slots).where(among(slots.c.lock_id, "ids"), slots.c.holder.is_not(None)),
    held,
    remember=["lock_id", "number"],
)
_HELD_FOR: Final = Prepared(
    select(slots)
    .join(grants, grants.c.id == slots.c.holder)
    .where(among(grants.c.stay_id, "ids"), grants.c.pin.is_not(None)),
    held,
    remember=["lock_id", "number"],
)


def _whose(row: Mapping[Any, Any]) -> str:
    return str(row["guest"] or row["reference"] or row["label"])


def _code(row: RowMapping, holding: dict[str, RowMapping], down: Collection[LockId]) -> Code:
    slot = holding.get(row["id"])
    return Code(row["lock_id"], None if slot is None else read_slot(slot), entry_of(row, down), _whose(row))


_UNPROVEN: Final = Prepared(
    select(grants).where(
        grants.c.pin.is_not(None),
        grants.c.revoked_at.is_(None),
        grants.c.purpose != Purpose.BACKUP.value,
        grants.c.start <= NOW,
        or_(grants.c.end.is_(None), grants.c.end > NOW),
        ~exists().where(slots.c.holder == grants.c.id, PROVEN),
    ),
    entry_of,
    remember=["id"],
)


def unproven(tx: Tx, now: datetime) -> list[Issued]:
    """Grants whose window has begun, and that no lock is known to hold; neither those that a lock-down switched off, nor
    backup codes."""
    found, down = _UNPROVEN.all(tx, now=now), emergencies.down(tx)
    return [entry for entry in found if not (entry.lock in down and opens_for_guests(entry))]


def not_given_up(tx: Tx) -> list[tuple[Slot, Issued]]:
    """Codes whose hours the lock refused, with the slots in which it may keep to earlier ones although it was asked not to."""
    kept = [(slot, issued(tx, holder)) for holder, slot in _NOT_GIVEN_UP.all(tx)]
    return [(slot, entry) for slot, entry in kept if entry is not None]


_NOT_GIVEN_UP: Final = Prepared(
    select(slots).where(
        slots.c.hours_refused == 1,
        slots.c.hours_before.is_not(None),
        slots.c.hours_failures > 0,
        slots.c.holder.is_not(None),
    ),
    held,
)
