"""Whose code was in which slot when: for what a lock tells late, long after the slot went to somebody else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, and_, bindparam, delete, insert, or_, select, update

from hub.model import trail
from hub.model.codes import Slot
from hub.model.values import GrantId, LockId
from hub.store.engine import Tx
from hub.store.tables import Instant, slot_holders


@dataclass(frozen=True, slots=True)
class Tenure:
    grant: GrantId
    since: datetime
    sure_from: datetime | None
    unsure_from: datetime | None
    until: datetime | None


_OPEN = and_(
    slot_holders.c.lock_id == bindparam("lock"),
    slot_holders.c.slot == bindparam("number", type_=Integer),
    slot_holders.c.until.is_(None),
)


def follow(tx: Tx, lock: LockId, before: Slot, after: Slot, at: datetime) -> None:
    """Write down what a change of a slot means for who holds it."""
    here = {"lock": lock, "number": after.number}
    if before.holder is not None and before.holder != after.holder:
        tx.sql.execute(update(slot_holders).where(_OPEN).values(until=at), here)
    if after.holder is None:
        return
    if before.holder != after.holder:
        sure = at if trail.surely_there(after) else None
        row = {"lock_id": lock, "slot": after.number, "grant_id": after.holder, "since": at, "sure_from": sure}
        tx.sql.execute(insert(slot_holders).values(**row))
    elif trail.surely_there(after) and not trail.surely_there(before):
        tx.sql.execute(update(slot_holders).where(_OPEN, slot_holders.c.sure_from.is_(None)).values(sure_from=at), here)
        tx.sql.execute(update(slot_holders).where(_OPEN).values(unsure_from=None), here)
    elif trail.in_doubt(after) and not trail.in_doubt(before):
        tx.sql.execute(update(slot_holders).where(_OPEN).values(unsure_from=at), here)


_BETWEEN = (
    select(
        slot_holders.c.grant_id,
        slot_holders.c.since,
        slot_holders.c.sure_from,
        slot_holders.c.unsure_from,
        slot_holders.c.until,
    )
    .where(
        slot_holders.c.lock_id == bindparam("lock"),
        slot_holders.c.slot == bindparam("number", type_=Integer),
        slot_holders.c.since <= bindparam("last", type_=Instant),
        or_(slot_holders.c.until.is_(None), slot_holders.c.until >= bindparam("first", type_=Instant)),
    )
    .order_by(slot_holders.c.since)
)


def between(tx: Tx, lock: LockId, number: int, first: datetime, last: datetime) -> list[Tenure]:
    """Who may have held a slot at some time from `first` to `last`, in order."""
    told = {"lock": lock, "number": number, "first": first, "last": last}
    return [Tenure(*row) for row in tx.sql.execute(_BETWEEN, told)]


def doubt_all(tx: Tx, at: datetime) -> None:
    """From here on anybody may have changed any lock."""
    here = (slot_holders.c.until.is_(None), slot_holders.c.unsure_from.is_(None))
    tx.sql.execute(update(slot_holders).where(*here).values(unsure_from=at))


def forget(tx: Tx, before: datetime, locks: Collection[LockId] | None = None) -> int:
    """Whoever held a place until then, of these locks or of all."""
    here = () if locks is None else (slot_holders.c.lock_id.in_(locks),)
    return tx.sql.execute(delete(slot_holders).where(slot_holders.c.until < before, *here)).rowcount
