"""The stages of stays, and who moved each when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, and_, bindparam, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.values import StayId, StayStatus
from hub.model.workflow import FAREWELL, PRE_ARRIVAL, SOONEST_NO_SHOW, Stage, stage_for
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import Instant, stay_steps, stays

BY_ITSELF: Final = "gatehouse"


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    before: Stage | None
    """None: the stay began."""
    after: Stage
    by: str
    why: str


_STAGE: Final = Prepared(select(stays.c.stage).where(stays.c.id == bindparam("stay")), lambda row: Stage(row["stage"]))


def stage(tx: Tx, id_: StayId) -> Stage | None:
    return _STAGE.first(tx, stay=id_)


def history(tx: Tx, id_: StayId) -> list[Step]:
    """The first comes first."""
    query = select(stay_steps).where(stay_steps.c.stay_id == id_).order_by(stay_steps.c.id)
    return [
        Step(
            row["at"],
            None if row["before"] is None else Stage(row["before"]),
            Stage(row["after"]),
            row["by"],
            row["why"],
        )
        for row in tx.sql.execute(query).mappings()
    ]


@dataclass(frozen=True, slots=True)
class Moved:
    """A step of some stay."""

    id: int
    stay: StayId
    step: Step


_BY_ITSELF: Final = Prepared(
    select(*(stay_steps.c[name] for name in ("id", "stay_id", "at", "before", "after", "by", "why")))
    .where(stay_steps.c.by == BY_ITSELF, stay_steps.c.before.is_not(None))
    .where(stay_steps.c.id < bindparam("below", type_=Integer))
    .order_by(stay_steps.c.id.desc())
    .limit(bindparam("most", type_=Integer)),
    lambda row: Moved(
        row["id"],
        StayId(row["stay_id"]),
        Step(row["at"], Stage(row["before"]), Stage(row["after"]), row["by"], row["why"]),
    ),
)


def by_itself(tx: Tx, *, before: int | None, limit: int) -> list[Moved]:
    """Whatever stay the clock or a door moved on, the latest first. `before`: only steps with a lower number."""
    return _BY_ITSELF.all(tx, below=2**62 if before is None else before, most=limit)


_STAND: Final = Prepared(
    update(stays).where(stays.c.id == bindparam("_id")).values(stage=bindparam("stage")), lambda row: None
)
_NOTE: Final = Prepared(
    insert(stay_steps).values(
        {column.name: bindparam(column.name, type_=column.type) for column in stay_steps.c if column.name != "id"}
    ),
    lambda row: None,
)


def take(tx: Tx, id_: StayId, before: Stage | None, after: Stage, *, by: str, why: str, at: datetime) -> None:
    """Write it down. Whether it may be is hub/model/workflow.py's to say."""
    _STAND.run(tx, _id=id_, stage=after.value)
    told = {"before": None if before is None else before.value, "after": after.value, "by": by, "why": why}
    _NOTE.run(tx, stay_id=id_, at=at, **told)
    tx.signal(f"stay:{id_}")
    tx.signal("stays")


def put(tx: Tx, id_: StayId, after: Stage, *, new: bool, at: datetime, by: str, why: str) -> None:
    """It stands there, by somebody's word; written down where that is news."""
    before = None if new else stage(tx, id_)
    if after is not before:
        take(tx, id_, before, after, by=by, why=why, at=at)


def follow(tx: Tx, id_: StayId, status: StayStatus, *, new: bool, at: datetime, by: str, why: str) -> None:
    """A stay was kept with this status: its stage agrees with it from here on."""
    before = None if new else stage(tx, id_)
    after = stage_for(status, before)
    if after is not before:
        take(tx, id_, before, after, by=by, why=why, at=at)


_NOW: Final = bindparam("now", type_=Instant)
_CAME: Final = stays.c.arrived_at.is_not(None)
_LEFT: Final = stays.c.left_at.is_not(None)
_DUE: Final = Prepared(
    select(stays.c.id)
    .where(
        stays.c.check_in.is_not(None),
        or_(stays.c.status == StayStatus.CONFIRMED.value, stays.c.stage == Stage.PAYMENT_PENDING.value),
    )
    .where(
        or_(
            stays.c.stage == Stage.PAYMENT_PENDING.value,
            and_(stays.c.stage == Stage.CONFIRMED.value, stays.c.check_in <= bindparam("near", type_=Instant)),
            and_(
                stays.c.stage == Stage.PRE_ARRIVAL.value,
                or_(
                    _CAME,
                    stays.c.check_in > bindparam("near", type_=Instant),
                    stays.c.check_in <= bindparam("missed", type_=Instant),
                    stays.c.check_out <= _NOW,
                ),
            ),
            and_(stays.c.stage == Stage.NO_SHOW.value, stays.c.check_out > _NOW, or_(_CAME, stays.c.check_in > _NOW)),
            and_(stays.c.stage == Stage.CHECKED_IN.value, or_(_LEFT, stays.c.check_out <= _NOW)),
            and_(
                stays.c.stage == Stage.CHECKED_OUT.value,
                or_(
                    stays.c.check_out <= bindparam("farewell", type_=Instant),
                    and_(stays.c.check_out > _NOW, _CAME, ~_LEFT),
                ),
            ),
        )
    )
    .order_by(stays.c.check_in)
    .limit(500),
    lambda row: StayId(row["id"]),
)
"""Nearly what `due` of hub/model/workflow.py says, which has the last word."""


def perhaps_due(tx: Tx, now: datetime) -> list[StayId]:
    """Stays that the clock may move; at most 500 at a time."""
    return _DUE.all(tx, now=now, near=now + PRE_ARRIVAL, missed=now - SOONEST_NO_SHOW, farewell=now - FAREWELL)
