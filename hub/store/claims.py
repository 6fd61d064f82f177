"""Who asked first: the number of a stay's claim to its nights. It needs no clock, as a clock may have been wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, case, func, select

from hub.model.values import CODED, StayStatus
from hub.store.engine import Tx
from hub.store.prepared import Prepared, one_of
from hub.store.tables import Instant, stays

_CODED: Final = frozenset(kind.value for kind in CODED)
_BEFORE: Final = Prepared(
    select(stays.c.claim, stays.c.unit_id, stays.c.kind, stays.c.status, stays.c.arrival, stays.c.departure).where(
        stays.c.id == bindparam("stay")
    ),
    dict,
)
_NEXT: Final = Prepared(
    select((func.coalesce(func.max(stays.c.claim), 0) + 1).label("claim")), lambda row: row["claim"]
)


def claim_of(tx: Tx, stay: str, wanted: Mapping[str, Any]) -> int:
    """The number that it has with these values: a new one where it asks for more than it had."""
    before = _BEFORE.first(tx, stay=stay)
    if before is not None and not (_comes(wanted) and _asks_for_more(before, wanted)):
        return int(before["claim"])
    found: int | None = _NEXT.first(tx)
    return found or 1


def _comes(row: Mapping[str, Any]) -> bool:
    return row["kind"] in _CODED and row["status"] == StayStatus.CONFIRMED.value


def _asks_for_more(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if not _comes(before) or before["unit_id"] != wanted["unit_id"]:
        return True
    if None in (before["arrival"], before["departure"], wanted["arrival"], wanted["departure"]):
        return True
    return bool(wanted["arrival"] < before["arrival"] or before["departure"] < wanted["departure"])


# ---- stays that meet ------------------------------------------------------------------------------------------------


def free_at(stay: Any) -> ColumnElement[datetime]:
    """When a row of `stays` takes its unit no more, as hub/model/stays.py says it."""
    early = stay.c.left_at.between(stay.c.check_in, stay.c.check_out)
    return case((early, stay.c.left_at), else_=stay.c.check_out)


_OTHER = stays.alias()
_KEEPING_NIGHTS: Final = (StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value)
_OVERLAPS: Final[Prepared[int]] = Prepared(
    select(func.count().label("pairs"))
    .select_from(stays.join(_OTHER, and_(_OTHER.c.unit_id == stays.c.unit_id, _OTHER.c.id != stays.c.id)))
    .where(
        stays.c.channel_id.is_(None),
        one_of(stays.c.kind, sorted(_CODED)),
        one_of(stays.c.status, _KEEPING_NIGHTS),
        one_of(_OTHER.c.status, _KEEPING_NIGHTS),
        stays.c.check_out > bindparam("now", type_=Instant),
        _OTHER.c.check_in < free_at(stays),
        stays.c.check_in < free_at(_OTHER),
    ),
    lambda row: row["pairs"],
)


def overlaps(tx: Tx, now: datetime) -> int:
    """How often somebody would come before somebody else has left, counting stays made here that are not over."""
    return _OVERLAPS.first(tx, now=now) or 0
