"""Bookings made here that an account is to know, and how far it does (R546 to R593)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import case, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from hub.model.values import ChannelId, StayId, UnitId
from hub.store.engine import Tx
from hub.store.tables import pushes, stays


class PushState(Enum):
    PENDING = "pending"
    SYNCED = "synced"
    FAILED = "failed"
    """A person should look at it. It is tried again all the same, unless the account refused it."""


@dataclass(frozen=True, slots=True)
class Push:
    channel_id: ChannelId
    stay_id: StayId
    booking: str | None
    """The account's own id of it."""
    state: PushState
    digest: str
    """Of what the account is to know."""
    revision: int
    attempts: int = 0
    error: str = ""
    tried_at: datetime | None = None
    synced_at: datetime | None = None
    dry: int = 0
    """What the account is said to know was never sent."""
    real: int = 0
    """A person had this one sent in spite of the rehearsal."""


_COLUMNS: Final = tuple(pushes.c[field.name] for field in fields(Push))
_STATE: Final = [field.name for field in fields(Push)].index("state")


def _push(values: tuple[object, ...]) -> Push:
    # The columns above are the fields, in order.
    return Push(*values[:_STATE], PushState(values[_STATE]), *values[_STATE + 1 :])  # type: ignore[arg-type, call-arg]


def of_account(tx: Tx, channel: ChannelId) -> list[Push]:
    """Those that failed first, then the newest wish first."""
    failed = case((pushes.c.state == PushState.FAILED.value, 0), else_=1)
    query = select(*_COLUMNS).where(pushes.c.channel_id == channel).order_by(failed, pushes.c.stay_id.desc())
    return [_push(tuple(row)) for row in tx.sql.execute(query)]


def of_stay(tx: Tx, id_: StayId) -> list[Push]:
    query = select(*_COLUMNS).where(pushes.c.stay_id == id_).order_by(pushes.c.channel_id)
    return [_push(tuple(row)) for row in tx.sql.execute(query)]


def one(tx: Tx, channel: ChannelId, id_: StayId) -> Push | None:
    return next((row for row in of_stay(tx, id_) if row.channel_id == channel), None)


def keep(tx: Tx, row: Push) -> None:
    values = {field.name: getattr(row, field.name) for field in fields(Push)} | {"state": row.state.value}
    same = ["channel_id", "stay_id"]
    tx.sql.execute(insert(pushes).values(**values).on_conflict_do_update(index_elements=same, set_=values))
    tx.signal("channels")
    tx.signal("health")
    tx.signal(f"stay:{row.stay_id}")


def known(tx: Tx, channel: ChannelId) -> dict[StayId, Push]:
    return {row.stay_id: row for row in of_account(tx, channel)}


def made_here(tx: Tx, units: Collection[UnitId], now: datetime) -> list[StayId]:
    """Bookings of guests that were made here for these units and are not over."""
    query = (
        select(stays.c.id)
        .where(stays.c.unit_id.in_(units), stays.c.channel_id.is_(None), stays.c.kind == "reservation")
        .where(or_(stays.c.status == "confirmed", stays.c.status == "tentative"), stays.c.check_out > now)
        .order_by(stays.c.check_in, stays.c.id)
    )
    return [StayId(id_) for id_ in tx.sql.execute(query).scalars()]


def failed(tx: Tx, channel: ChannelId) -> frozenset[StayId]:
    query = select(pushes.c.stay_id).where(pushes.c.channel_id == channel, pushes.c.state == PushState.FAILED.value)
    return frozenset(StayId(id_) for id_ in tx.sql.execute(query).scalars())


def is_pushed(tx: Tx, id_: StayId) -> bool:
    """Whether some account lists it only because we told it to."""
    there = select(pushes.c.stay_id).where(pushes.c.stay_id == id_, pushes.c.booking.is_not(None), pushes.c.dry == 0)
    return tx.sql.execute(there.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Statistics:
    pending: int
    synced: int
    failed: int
    lately_synced: int
    lately_tried: int
    """Since the day that was asked for; what waits for its first try is not among them."""
    average_attempts: float | None
    """Of those that were synced lately."""

    @property
    def success_rate(self) -> float | None:
        return self.lately_synced / self.lately_tried if self.lately_tried else None


def statistics(tx: Tx, channel: ChannelId, since: datetime) -> Statistics:
    ours = pushes.c.channel_id == channel
    counted = select(pushes.c.state, func.count()).where(ours).group_by(pushes.c.state)
    count: dict[str, int] = dict(iter(tx.sql.execute(counted)))
    lately = (ours, pushes.c.tried_at >= since)
    synced = (*lately, pushes.c.state == PushState.SYNCED.value)
    tried = tx.sql.execute(select(func.count()).where(*lately)).scalar_one()
    done = tx.sql.execute(select(func.count(), func.avg(pushes.c.attempts)).where(*synced)).one()
    return Statistics(count.get("pending", 0), count.get("synced", 0), count.get("failed", 0), done[0], tried, done[1])
