"""Whose the nights of units are, as a calendar draws them: a row for each stay, and no more of it than a bar shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, or_, select

from hub.model.money import Money
from hub.model.values import StayId, StayKind, StayStatus, UnitId
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import Day, Instant, stays


@dataclass(frozen=True, slots=True)
class Span:
    """The nights of one stay."""

    id: StayId
    unit: UnitId
    kind: StayKind
    status: StayStatus
    """CONFIRMED or TENTATIVE."""
    arrival: date
    departure: date
    guest: str
    reference: str
    arrived_at: datetime | None
    left_at: datetime | None
    contested: bool
    """Another guest has some of its nights, and asked for them first."""
    total: Money | None = None


def _span(row: Mapping[str, Any]) -> Span:
    return Span(
        row["id"],
        row["unit_id"],
        StayKind(row["kind"]),
        StayStatus(row["status"]),
        row["arrival"],
        row["departure"],
        row["guest"],
        row["reference"],
        row["arrived_at"],
        row["left_at"],
        bool(row["contested"]),
        None if row["total_minor"] is None or row["currency"] is None else Money(row["total_minor"], row["currency"]),
    )


_NAMES: Final = (
    "id",
    "unit_id",
    "kind",
    "status",
    "arrival",
    "departure",
    "guest",
    "reference",
    "arrived_at",
    "left_at",
    "total_minor",
    "currency",
)
_BETWEEN: Final = Prepared(
    select(*(stays.c[name] for name in (*_NAMES, "contested")))
    .where(or_(stays.c.status == StayStatus.CONFIRMED.value, stays.c.status == StayStatus.TENTATIVE.value))
    .where(stays.c.departure > bindparam("first", type_=Day), stays.c.arrival < bindparam("until", type_=Day))
    .where(stays.c.check_out > bindparam("since", type_=Instant))  # says no more than the days do, but has an index
    .order_by(stays.c.arrival, stays.c.id),
    _span,
    remember=["id"],
)


def spans(tx: Tx, first: date, until: date) -> list[Span]:
    """The stays with a night from that of `first` to the one before `until`, in every unit, by arrival."""
    since = datetime.combine(first, datetime.min.time(), tzinfo=UTC) - timedelta(days=1)
    return _BETWEEN.all(tx, first=first, until=until, since=since)
