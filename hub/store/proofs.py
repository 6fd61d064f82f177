"""Whether a code is proven in its lock, asked of the ledger: for one stay or for many."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from hub.model.codes import Reading
from hub.model.values import GrantId, Proof, StayId
from hub.store.engine import Tx
from hub.store.prepared import Prepared, among, listed, one_of
from hub.store.tables import Instant, grants, slots

NOW: Final = bindparam("now", type_=Instant)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one stay: on how many doors it should have a code, and on how many that, or a backup code, is proven, if only to
    wait there."""

    doors: int
    proven: int
    refused: int


_THEN: Final = case((grants.c.start <= NOW, NOW), else_=type_coerce(grants.c.start, Integer) + 60_000)
"""Now, or the first whole minute of a window that has not begun: locks keep their hours by the minute."""


def _ended(end: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(end.is_not(None), end <= _THEN)


def _not_begun(start: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(start.is_not(None), start > _THEN)


PROVEN: Final = and_(
    one_of(slots.c.proof, (Proof.READ_BACK.value, Proof.CONFIRMED.value)),
    slots.c.reading == Reading.OCCUPIED.value,
    slots.c.claim.is_(None),
    or_(slots.c.enabled == 1, grants.c.start > NOW),
    ~or_(_ended(slots.c.hours_before), _not_begun(slots.c.hours_late)),
    ~and_(slots.c.hours_refused == 0, or_(_ended(slots.c.hours_end), _not_begun(slots.c.hours_start))),
)
"""`ready` of hub/model/codes.py, with a proof that is more than an acknowledgement. Takes the parameter `now`."""


_FIRST: Final = Prepared(
    update(grants)
    .where(grants.c.id == bindparam("grant"), grants.c.proven_at.is_(None))
    .where(exists().where(slots.c.holder == grants.c.id, PROVEN))
    .values(proven_at=NOW),
    lambda _: None,
)


def first_proven(tx: Tx, grant: GrantId, now: datetime) -> None:
    """Write down that it is proven now, if it is and was not before."""
    _FIRST.run(tx, grant=grant, now=now)


def _tallied() -> Select[Any]:
    """Door by door first: where a stay has two codes, one that is proven is enough."""
    proven = func.max(case((PROVEN, 1), else_=0)).label("proven")
    refused = func.min(case((grants.c.refused.is_not(None), 1), else_=0)).label("refused")
    each = (
        select(grants.c.stay_id, proven, refused)
        .outerjoin(slots, slots.c.holder == grants.c.id)
        .where(among(grants.c.stay_id, "ids"))
        .where(grants.c.pin.is_not(None), grants.c.revoked_at.is_(None))
        .group_by(grants.c.stay_id, grants.c.lock_id)
        .subquery()
    )
    sums = (
        func.count().label("doors"),
        func.sum(each.c.proven).label("proven"),
        func.sum(each.c.refused).label("refused"),
    )
    return select(each.c.stay_id, *sums).group_by(each.c.stay_id)


_TALLIED: Final = Prepared(
    _tallied(), lambda row: (StayId(row["stay_id"]), Tally(row["doors"], row["proven"], row["refused"]))
)


def tallies(tx: Tx, ids: Collection[StayId], now: datetime) -> dict[StayId, Tally]:
    return dict(_TALLIED.all(tx, ids=listed(ids), now=now))
