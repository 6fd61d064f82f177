"""What locks told of their batteries, reading by reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, bindparam, delete, func, insert, select, update

from hub.model.battery import Reading, Weighed, Weight, low_at
from hub.model.values import LockId, StayId, StayKind, StayStatus
from hub.store.engine import Tx
from hub.store.tables import Instant, battery_readings, locks, stays, unit_locks

KEPT: Final = timedelta(days=3 * 366)


def keep(tx: Tx, lock: LockId, model: str, told: Weighed) -> None:
    tx.sql.execute(
        insert(battery_readings).values(
            lock_id=lock,
            model=model,
            at=told.reading.at,
            percent=told.reading.percent,
            low=int(told.reading.low),
            weight=told.weight.value,
        )
    )


def believe_last(tx: Tx, lock: LockId, weight: Weight) -> None:
    """The last reading was doubted, and what came next says the same."""
    last = select(func.max(battery_readings.c.id)).where(battery_readings.c.lock_id == lock).scalar_subquery()
    tx.sql.execute(update(battery_readings).where(battery_readings.c.id == last).values(weight=weight.value))


_LATEST = (
    select(battery_readings)
    .where(battery_readings.c.lock_id == bindparam("lock"), battery_readings.c.at >= bindparam("since", type_=Instant))
    .order_by(battery_readings.c.at.desc(), battery_readings.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


def readings(tx: Tx, lock: LockId, since: datetime, *, limit: int = 1000) -> list[Weighed]:
    """Oldest first; of more than `limit`, the latest."""
    rows = tx.sql.execute(_LATEST, {"lock": lock, "since": since, "limit": limit}).mappings().all()
    return [
        Weighed(Reading(row["at"], row["percent"], bool(row["low"])), Weight(row["weight"])) for row in reversed(rows)
    ]


def low_at_of(tx: Tx, model: str) -> int:
    """From which per cent on the batteries of a model count as low."""
    told = select(battery_readings.c.percent).where(
        battery_readings.c.model == model,
        battery_readings.c.low == 1,
        battery_readings.c.percent > 0,
        battery_readings.c.weight != Weight.DOUBTED.value,
    )
    return low_at(list(tx.sql.execute(told).scalars()))


def forget_old(tx: Tx, before: datetime) -> None:
    tx.sql.execute(delete(battery_readings).where(battery_readings.c.at < before))


def unread(tx: Tx, before: datetime) -> list[LockId]:
    """Locks of which no reading is younger than that."""
    last = select(func.max(battery_readings.c.at)).where(battery_readings.c.lock_id == locks.c.id).scalar_subquery()
    return list(tx.sql.execute(select(locks.c.id).where((last < before) | last.is_(None))).scalars())


@dataclass(frozen=True, slots=True)
class Coming:
    """A stay that needs this lock."""

    stay: StayId
    check_in: datetime
    check_out: datetime


def coming(tx: Tx, wanted: Iterable[LockId], since: datetime, until: datetime) -> dict[LockId, Coming]:
    """For each of these locks the stay that needs it next: under way, or one that begins before `until`."""
    rows = tx.sql.execute(
        select(unit_locks.c.lock_id, stays.c.id, stays.c.check_in, stays.c.check_out)
        .join(stays, stays.c.unit_id == unit_locks.c.unit_id)
        .where(
            unit_locks.c.lock_id.in_(list(wanted)),
            stays.c.status == StayStatus.CONFIRMED.value,
            stays.c.kind != StayKind.BLOCK.value,
            stays.c.check_out > since,
            stays.c.check_in < until,
        )
        .order_by(stays.c.check_in.desc())
    )
    return {row.lock_id: Coming(row.id, row.check_in, row.check_out) for row in rows}
