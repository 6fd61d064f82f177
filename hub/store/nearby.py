"""Stays that are near: those that the deadline ladder looks at, and when the next of them is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select

from hub.model.facts import Mode
from hub.model.values import CODED, LockId, Position, StayId, StayStatus
from hub.store.engine import Tx
from hub.store.ladder import BACKUP, LIVE
from hub.store.prepared import Bare, Prepared, among, listed, one_of
from hub.store.proofs import PROVEN
from hub.store.tables import Instant, grants, lock_state, slots, stays

_NEAR: Final = and_(
    one_of(stays.c.kind, [kind.value for kind in CODED]),
    stays.c.status == StayStatus.CONFIRMED.value,
    stays.c.left_at.is_(None),
    stays.c.check_in <= bindparam("until", type_=Instant),
    stays.c.check_out > bindparam("over", type_=Instant),
)
_OWN_UNPROVEN: Final = and_(~BACKUP, ~exists().where(slots.c.holder == grants.c.id, PROVEN))


_SHUT: Final = and_(
    stays.c.arrived_at.is_(None),
    exists().where(
        lock_state.c.lock_id == grants.c.lock_id,
        or_(lock_state.c.mode == Mode.VACATION.value, lock_state.c.position == Position.JAMMED.value),
    ),
)
"""No code opens it (`_shut_since` in hub/store/ladder.py)."""


def _open(*more: ColumnElement[bool]) -> Prepared[StayId]:
    # By its bare value: for the sake of DISTINCT SQLite would go through every stay there ever was.
    query = select(Bare(stays.c.id).label("id")).join(grants, grants.c.stay_id == stays.c.id).where(_NEAR, LIVE, *more)
    return Prepared(query.where(or_(BACKUP, _OWN_UNPROVEN, _SHUT)).distinct(), _id)


def _id(row: Mapping[str, Any]) -> StayId:
    return StayId(row["id"])


_OPEN: Final = _open()
_OPEN_AT: Final = _open(among(grants.c.lock_id, "locks"))
_ALL_NEAR: Final = Prepared(select(stays.c.id).where(_NEAR, stays.c.check_in > bindparam("beyond", type_=Instant)), _id)
_LONG_AGO: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def near(tx: Tx, over: datetime, until: datetime, *, beyond: datetime = _LONG_AGO) -> list[StayId]:
    """Stays that begin by then and were not over at `over`. `beyond`: and later than that."""
    return _ALL_NEAR.all(tx, over=over, until=until, beyond=beyond)


def unsettled(
    tx: Tx, now: datetime, over: datetime, until: datetime, locks: Collection[LockId] | None = None
) -> list[StayId]:
    """Those among them with a code that is not proven, a backup code, or a door that no code opens; `locks`: at one of these."""
    if locks is None:
        return _OPEN.all(tx, now=now, over=over, until=until)
    return _OPEN_AT.all(tx, now=now, over=over, until=until, locks=listed(locks))


_NEXT: Final[Prepared[datetime]] = Prepared(
    select(stays.c.check_in)
    .where(stays.c.check_in > bindparam("until", type_=Instant), stays.c.status == StayStatus.CONFIRMED.value)
    .order_by(stays.c.check_in)
    .limit(1),
    lambda row: row["check_in"],
)


def next_check_in(tx: Tx, until: datetime) -> datetime | None:
    """The first that is later."""
    return _NEXT.first(tx, until=until)


_NEXT_START: Final[Prepared[datetime | None]] = Prepared(
    select(func.min(grants.c.start, type_=Instant).label("at")).where(
        LIVE, grants.c.start > bindparam("now", type_=Instant)
    ),
    lambda row: row["at"],
)


def edges(tx: Tx, now: datetime, ahead: timedelta) -> list[datetime]:
    """When time alone brings a stay so near, or begins the hours of a code."""
    entering, start = next_check_in(tx, now + ahead), _NEXT_START.first(tx, now=now)
    return [at for at in (None if entering is None else entering - ahead, start) if at is not None]
