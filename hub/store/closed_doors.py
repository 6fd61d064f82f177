"""What guests were told of doors that a lock-down keeps their codes from opening, until they are told that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select

from hub.model.values import LockId, StayId
from hub.store.engine import Tx
from hub.store.prepared import Prepared, upsert
from hub.store.tables import closed_doors


@dataclass(frozen=True, slots=True)
class ToldClosed:
    stay: StayId
    lock: LockId
    at: datetime
    how: str
    """In the words of hub/opened_flats.py."""
    message: str
    """Which one says so; empty: none."""


_ALL: Final = Prepared(
    select(closed_doors).order_by(closed_doors.c.stay_id, closed_doors.c.lock_id),
    lambda row: ToldClosed(StayId(row["stay_id"]), LockId(row["lock_id"]), row["at"], row["how"], row["message"]),
)
_KEEP: Final = upsert(closed_doors)
_FORGET: Final = Prepared(
    delete(closed_doors).where(
        closed_doors.c.stay_id == bindparam("stay"), closed_doors.c.lock_id == bindparam("lock")
    ),
    lambda _: None,
)


def told(tx: Tx) -> list[ToldClosed]:
    return _ALL.all(tx)


def outlasting(stay: StayId, lock: LockId) -> str:
    """By which the book that no restore takes back has it (hub/io/tagbook.py)."""
    return f"closed:{stay}:{lock}"


def keep(tx: Tx, row: ToldClosed) -> None:
    tx.ends[outlasting(row.stay, row.lock)] = row.at
    _KEEP.run(tx, stay_id=row.stay, lock_id=row.lock, at=row.at, how=row.how, message=row.message)


def forget(tx: Tx, row: ToldClosed) -> None:
    tx.ends[outlasting(row.stay, row.lock)] = None
    _FORGET.run(tx, stay=row.stay, lock=row.lock)
