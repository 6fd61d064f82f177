"""What people did in an emergency: doors locked down, codes and doors opened against the rule; why, and who said so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, exists, insert, literal_column, or_, select, update

from hub.model.lockdown import Attempt, Outcome
from hub.model.values import LockId, PropertyId
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed
from hub.store.tables import Instant, emergencies, emergency_doors, locks


class Deed(Enum):
    LOCK_DOWN = "lock_down"
    """Every guest's code off and out of the lock, the doors locked, until it is released."""
    CODE = "code"
    """A code before everybody else's."""
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Emergency:
    id: str
    deed: Deed
    property: PropertyId
    lock: LockId | None
    """None: every lock of the property."""
    reason: str
    since: datetime
    by: str
    until: datetime | None = None
    """When it is over by itself; None: a lock-down lasts until somebody releases it."""
    released_at: datetime | None = None
    released_by: str = ""
    release_reason: str = ""
    guests_untold: bool = False
    """Guests whom it concerns are not told of it."""

    def covers(self, lock: LockId, property_: PropertyId) -> bool:
        return self.lock == lock if self.lock is not None else self.property == property_


def _emergency(row: Mapping[Any, Any]) -> Emergency:
    return Emergency(
        id=row["id"],
        deed=Deed(row["deed"]),
        property=row["property_id"],
        lock=row["lock_id"],
        reason=row["reason"],
        since=row["since"],
        by=row["by"],
        until=row["until"],
        released_at=row["released_at"],
        released_by=row["released_by"] or "",
        release_reason=row["release_reason"] or "",
        guests_untold=bool(row["guests_untold"]),
    )


def begin(tx: Tx, row: Emergency) -> None:
    tx.sql.execute(
        insert(emergencies).values(
            id=row.id,
            deed=row.deed.value,
            property_id=row.property,
            lock_id=row.lock,
            reason=row.reason,
            since=row.since,
            by=row.by,
            until=row.until,
            guests_untold=int(row.guests_untold),
        )
    )
    if row.deed is Deed.LOCK_DOWN:
        tx.ends[outlasting(row)] = row.since
    _signal(tx, row)


def release(tx: Tx, row: Emergency, reason: str, actor: str, at: datetime) -> bool:
    """False: somebody has released it already."""
    open_ = update(emergencies).where(emergencies.c.id == row.id, emergencies.c.released_at.is_(None))
    done = tx.sql.execute(open_.values(released_at=at, released_by=actor, release_reason=reason))
    if done.rowcount:
        tx.ends.update({outlasting(row): None, over(row.id): at})
    _signal(tx, row)
    return done.rowcount > 0


# ---- what outlives a restore ----------------------------------------------------------------------------------------

_DOWN_NAME: Final = "down"


def outlasting(row: Emergency) -> str:
    """By which the book that no restore takes back has a lock-down (hub/io/tagbook.py), with where it holds; not why."""
    return ":".join((_DOWN_NAME, row.id, row.property, row.lock or "", "untold" if row.guests_untold else ""))


def over(id_: str) -> str:
    """And by which it has that it was released."""
    return f"up:{id_}"


def outlasted(name: str, since: datetime) -> Emergency | None:
    """Out of the book; None: that is no lock-down."""
    kind, *told = name.split(":")
    if kind != _DOWN_NAME:
        return None
    id_, place, lock, untold = told
    reason = "It was locked down after the backup was made that was restored, which does not know why"
    row = Emergency(id_, Deed.LOCK_DOWN, PropertyId(place), LockId(lock) if lock else None, reason, since, "gatehouse")
    return replace(row, guests_untold=bool(untold))


def _signal(tx: Tx, row: Emergency) -> None:
    scope = locks.c.property_id == row.property if row.lock is None else locks.c.id == row.lock
    for lock in tx.sql.execute(select(locks.c.id).where(scope)).scalars():
        tx.signal(f"lock:{lock}")
    tx.signal("health")
    tx.signal("emergency")


def emergency(tx: Tx, id_: str) -> Emergency | None:
    row = tx.sql.execute(select(emergencies).where(emergencies.c.id == id_)).mappings().first()
    return None if row is None else _emergency(row)


# Asked for every step of every lock, so made once: making a statement takes longer than running it.
_NOW: Final = bindparam("now", type_=Instant)
_DOWN = (emergencies.c.deed == literal_column(f"'{Deed.LOCK_DOWN.value}'")) & emergencies.c.released_at.is_(None)
"""As in the index of lock-downs: a parameter in its place would have the statement compiled anew each time it is run."""
_OPEN = Prepared(
    select(emergencies).where(_DOWN | (emergencies.c.until > _NOW)).order_by(emergencies.c.since, emergencies.c.id),
    _emergency,
)
_THIS: Final[BindParameter[str]] = bindparam("lock")
_IS_DOWN = Prepared(
    select(
        exists()
        .where(
            _DOWN,
            emergencies.c.property_id == select(locks.c.property_id).where(locks.c.id == _THIS).scalar_subquery(),
            or_(emergencies.c.lock_id.is_(None), emergencies.c.lock_id == _THIS),
        )
        .label("down")
    ),
    lambda row: bool(row["down"]),
)
_ANY_DOWN = Prepared(select(exists().where(_DOWN).label("down")), lambda row: bool(row["down"]))
"""Asked first, many times for each time that there is one."""
_ALL_DOWN = Prepared(
    select(locks.c.id)
    .join(emergencies, emergencies.c.property_id == locks.c.property_id)
    .where(_DOWN, or_(emergencies.c.lock_id.is_(None), emergencies.c.lock_id == locks.c.id)),
    lambda row: LockId(row["id"]),
)


def current(tx: Tx, now: datetime) -> list[Emergency]:
    """What is not over: lock-downs, and what ends by itself later than `now`."""
    return _OPEN.all(tx, now=now)


def past(tx: Tx, now: datetime, *, limit: int = 20) -> list[Emergency]:
    """Those that are over, the latest first."""
    gone = emergencies.c.released_at.is_not(None) | (emergencies.c.until <= now)
    query = select(emergencies).where(gone).order_by(emergencies.c.since.desc(), emergencies.c.id).limit(limit)
    return [_emergency(row) for row in tx.sql.execute(query).mappings()]


def touching(tx: Tx, since: datetime, until: datetime) -> list[Emergency]:
    """Those that began by `until` and began, ended or were released at `since` or later, the latest first."""
    lately = or_(emergencies.c.since >= since, emergencies.c.until >= since, emergencies.c.released_at >= since)
    query = select(emergencies).where(emergencies.c.since <= until, lately)
    rows = tx.sql.execute(query.order_by(emergencies.c.since.desc(), emergencies.c.id)).mappings()
    return [_emergency(row) for row in rows]


def released(tx: Tx, after: datetime) -> list[Emergency]:
    """Lock-downs that were released later than that."""
    query = select(emergencies).where(emergencies.c.released_at > after)
    return [_emergency(row) for row in tx.sql.execute(query).mappings()]


def is_down(tx: Tx, lock: LockId) -> bool:
    return bool(_ANY_DOWN.first(tx) and _IS_DOWN.first(tx, lock=lock))


def down(tx: Tx) -> frozenset[LockId]:
    """Every lock under a lock-down."""
    return frozenset(_ALL_DOWN.all(tx) if _ANY_DOWN.first(tx) else ())


# ---- what became of each door ---------------------------------------------------------------------------------------


def want(tx: Tx, row: Emergency, wanted: Iterable[LockId]) -> None:
    """Its bolts are about to be moved."""
    for lock in wanted:
        keep_attempt(tx, [row.id], lock, Attempt(row.since))


def keep_attempt(tx: Tx, ids: Collection[str], lock: LockId, attempt: Attempt) -> None:
    """For each of these emergencies; nothing of a lock that was removed meanwhile."""
    if tx.sql.execute(select(locks.c.id).where(locks.c.id == lock)).first() is None:
        return
    values = {
        "at": attempt.at,
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "tries": attempt.tries,
        "sentence": attempt.sentence,
    }
    for id_ in ids:
        here = (emergency_doors.c.emergency_id == id_) & (emergency_doors.c.lock_id == lock)
        if not tx.sql.execute(update(emergency_doors).where(here).values(**values)).rowcount:
            tx.sql.execute(insert(emergency_doors).values(emergency_id=id_, lock_id=lock, **values))
    tx.signal("health")
    tx.signal("emergency")


_ATTEMPTS: Final = Prepared(
    select(emergency_doors).where(among(emergency_doors.c.emergency_id, "ids")),
    lambda row: (
        row["emergency_id"],
        LockId(row["lock_id"]),
        Attempt(
            row["at"], None if row["outcome"] is None else Outcome(row["outcome"]), row["tries"], str(row["sentence"])
        ),
    ),
)


def attempts(tx: Tx, ids: Collection[str]) -> dict[str, dict[LockId, Attempt]]:
    """What was tried at the doors of these emergencies."""
    found: dict[str, dict[LockId, Attempt]] = defaultdict(dict)
    for id_, lock, attempt in _ATTEMPTS.all(tx, ids=listed(ids)) if ids else ():
        found[id_][lock] = attempt
    return found


def lockdowns(tx: Tx) -> list[Emergency]:
    """Those that last."""
    return _LOCKDOWNS.all(tx) if _ANY_DOWN.first(tx) else []


_LOCKDOWNS: Final = Prepared(select(emergencies).where(_DOWN).order_by(emergencies.c.since), _emergency)
