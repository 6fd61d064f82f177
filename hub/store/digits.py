"""Whose digits are, or lately were, on which doors: what a new code must keep away from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import and_, bindparam, exists, literal_column, or_, select

from hub.model.codes import Reading
from hub.model.values import CodeTag, LockId, StayId, Window
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed
from hub.store.tables import Instant, grants, pass_doors, slots


@dataclass(frozen=True, slots=True)
class Sealed:
    """The digits of one code on one door."""

    pin: bytes = field(repr=False)
    about: str
    tag: CodeTag
    stay: StayId | None = None
    revoked: bool = False


_GRANTED: Final = Prepared(
    select(grants.c.id, grants.c.pin, grants.c.tag, grants.c.stay_id, grants.c.revoked_at).where(
        among(grants.c.lock_id, "locks"), grants.c.pin.is_not(None)
    ),
    lambda row: Sealed(row["pin"], f"grant:{row['id']}", row["tag"], row["stay_id"], row["revoked_at"] is not None),
)
_KEPT: Final = Prepared(
    select(pass_doors.c.pass_id, pass_doors.c.lock_id, pass_doors.c.pin, pass_doors.c.tag).where(
        among(pass_doors.c.lock_id, "locks")
    ),
    lambda row: Sealed(row["pin"], f"pass:{row['pass_id']}:{row['lock_id']}", row["tag"]),
)
_FOREIGN: Final = Prepared(
    select(slots.c.tag).where(among(slots.c.lock_id, "locks"), slots.c.tag.is_not(None), slots.c.holder.is_(None)),
    lambda row: CodeTag(row["tag"]),
)
_GONE: Final = Prepared(
    select(grants.c.tag)
    .where(among(grants.c.lock_id, "locks"), grants.c.pin.is_(None))
    .where(or_(grants.c.end.is_(None), grants.c.end > bindparam("since", type_=Instant)))
    .where(or_(grants.c.revoked_at.is_(None), grants.c.revoked_at > bindparam("since", type_=Instant))),
    lambda row: CodeTag(row["tag"]),
)


def sealed_on(tx: Tx, locks: Collection[LockId]) -> list[Sealed]:
    """Every code of ours that is, or is going to be, in one of these locks."""
    return _GRANTED.all(tx, locks=listed(locks)) + _KEPT.all(tx, locks=listed(locks))


def strangers_on(tx: Tx, locks: Collection[LockId]) -> set[CodeTag]:
    """Codes in these locks that are not ours, where the locks tell digits."""
    return set(_FOREIGN.all(tx, locks=listed(locks)))


def strangers_anywhere(tx: Tx) -> set[CodeTag]:
    """The codes in any lock of the house that are not ours, where the locks tell digits."""
    return set(_ANY_FOREIGN.all(tx))


_ANY_FOREIGN: Final = Prepared(
    select(slots.c.tag).where(
        slots.c.tag.is_not(None), slots.c.holder.is_(None), slots.c.reading == Reading.OCCUPIED.value
    ),
    lambda row: CodeTag(row["tag"]),
)


def gone_since(tx: Tx, locks: Collection[LockId], since: datetime) -> set[CodeTag]:
    """Codes of ours that ended after `since`, and whose digits are forgotten."""
    return set(_GONE.all(tx, locks=listed(locks), since=since))


def rivals(tx: Tx, lock: LockId, stay: StayId, tags: Collection[CodeTag], window: Window) -> bool:
    """Whether one of these codes is, within that window, somebody else's on that lock."""
    theirs = or_(grants.c.stay_id != stay, grants.c.stay_id.is_(None))
    live = grants.c.lock_id == lock, grants.c.pin.is_not(None), grants.c.revoked_at.is_(None)
    meets = or_(grants.c.end.is_(None), grants.c.end > window.start)
    if window.end is not None:
        meets = and_(meets, grants.c.start < window.end)
    granted = select(grants.c.id).where(*live, grants.c.tag.in_(tags), theirs, meets)
    kept = select(pass_doors.c.tag).where(pass_doors.c.lock_id == lock, pass_doors.c.tag.in_(tags))
    return any(tx.sql.execute(each.limit(1)).first() is not None for each in (granted, kept))


def is_strangers(tx: Tx, lock: LockId, stay: StayId, tags: Collection[CodeTag]) -> bool:
    """Whether one of these codes is in that lock, and not by our hand for this stay."""
    own = exists().where(grants.c.lock_id == slots.c.lock_id, grants.c.tag == slots.c.tag, grants.c.stay_id == stay)
    there = slots.c.reading == Reading.OCCUPIED.value, slots.c.holder.is_(None), slots.c.claim.is_(None)
    query = select(slots.c.number).where(slots.c.lock_id == lock, slots.c.tag.in_(tags), *there, ~own)
    return tx.sql.execute(query.limit(1)).first() is not None


def anothers(tx: Tx, lock: LockId, stay: StayId, tags: Collection[CodeTag], since: datetime) -> bool:
    """Whether one of these codes is another's on that lock, whenever, or was until after `since`."""
    return _ANOTHERS.first(tx, lock=lock, stay=stay, tags=listed(tags), since=since) is not None


_SINCE: Final = bindparam("since", type_=Instant)
_ANOTHERS: Final = Prepared(
    select(grants.c.id)
    .where(
        # Said of each by itself: there is an index of what is there, and one of what is gone by its end.
        or_(
            and_(grants.c.lock_id == bindparam("lock"), among(grants.c.tag, "tags"), grants.c.pin.is_not(None)),
            and_(grants.c.lock_id == bindparam("lock"), grants.c.pin.is_(None), grants.c.end > _SINCE),
            and_(grants.c.lock_id == bindparam("lock"), grants.c.pin.is_(None), grants.c.end.is_(None)),
        ),
        among(grants.c.tag, "tags"),
        or_(grants.c.stay_id != bindparam("stay"), grants.c.stay_id.is_(None)),
        or_(grants.c.end.is_(None), grants.c.end > _SINCE),
        or_(grants.c.revoked_at.is_(None), grants.c.revoked_at > _SINCE),
    )
    .limit(1),
    lambda row: row["id"],
)


def copied(tx: Tx) -> list[tuple[LockId, int]]:
    """Places beyond those that are managed which hold, by nobody's hand here, digits that were somebody's on that lock."""
    return _COPIED.all(tx)


_ONCE_GIVEN: Final = (grants.c.lock_id == slots.c.lock_id, grants.c.tag == slots.c.tag)
_COPIED: Final = Prepared(
    select(slots.c.lock_id, slots.c.number)
    .where(slots.c.number > literal_column("30"), slots.c.holder.is_(None), slots.c.tag.is_not(None))
    .where(slots.c.reading == Reading.OCCUPIED.value)
    .where(
        # Said of each by itself: there is an index of what is there, and one of what is gone.
        or_(
            exists().where(*_ONCE_GIVEN, grants.c.pin.is_not(None)),
            exists().where(*_ONCE_GIVEN, grants.c.pin.is_(None)),
        )
    )
    .order_by(slots.c.lock_id, slots.c.number),
    lambda row: (LockId(row["lock_id"]), row["number"]),
)


def had(tx: Tx, stay: StayId) -> frozenset[CodeTag]:
    """Of every code that it ever had, also of one that it had before a backup was made and lost afterwards."""
    return frozenset(tx.sql.execute(select(grants.c.tag).where(grants.c.stay_id == stay)).scalars())
