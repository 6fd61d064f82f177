"""What the figures of locks are made of: of each lock and day, commands, answers and silence; and codes that were in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, delete, func, or_, select, type_coerce
from sqlalchemy.dialects.sqlite import insert

from hub.model.figures import LAST_MOMENT, Counts, by_day
from hub.model.values import LockId, Purpose
from hub.store import doors
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import Instant, grants, lock_days, stays
from hub.store.tables.kinds import Day


def _counting() -> Prepared[None]:
    told = ("asked", "answered", "away_s")
    row = insert(lock_days).values({column.name: bindparam(column.name, type_=column.type) for column in lock_days.c})
    more = {name: lock_days.c[name] + row.excluded[name] for name in told}
    return Prepared(row.on_conflict_do_update(index_elements=["day", "lock_id"], set_=more), lambda _: None)


_COUNTED: Final = _counting()


def _count(tx: Tx, lock: LockId, day: date, *, asked: int = 0, answered: int = 0, away_s: int = 0) -> None:
    _COUNTED.run(tx, lock_id=lock, day=day, asked=asked, answered=answered, away_s=away_s)


def answered(tx: Tx, lock: LockId, at: datetime) -> None:
    """It answered a command, be it that it refused."""
    door = doors.door(tx, lock)
    if door is None:
        return
    if door.unanswered_at is not None:
        doors.learn(tx, lock, unanswered_at=None)
    _count(tx, lock, at.astimezone(UTC).date(), asked=1, answered=1)


def unanswered(tx: Tx, lock: LockId, at: datetime) -> None:
    """It did not answer. Asked again before it gives a sign of life, that is no second failure."""
    door = doors.door(tx, lock)
    if door is None or door.unanswered_at is not None:
        return
    doors.learn(tx, lock, unanswered_at=at)
    _count(tx, lock, at.astimezone(UTC).date(), asked=1)


def was_away(tx: Tx, lock: LockId, since: datetime, until: datetime) -> None:
    """It was silent for that time, which is over now."""
    for day, seconds in by_day(since, until):
        _count(tx, lock, day, away_s=seconds)


# ---- what they say ---------------------------------------------------------------------------------------------------

_SINCE: Final = bindparam("since", type_=Instant)
_NOW: Final = bindparam("now", type_=Instant)

_DAYS: Final = Prepared(
    select(
        lock_days.c.lock_id,
        func.sum(lock_days.c.asked).label("asked"),
        func.sum(lock_days.c.answered).label("answered"),
        func.sum(lock_days.c.away_s).label("away_s"),
    )
    .where(lock_days.c.day >= bindparam("first", type_=Day), lock_days.c.day <= bindparam("last", type_=Day))
    .group_by(lock_days.c.lock_id),
    dict,
)

_MOMENT: Final = LAST_MOMENT // timedelta(milliseconds=1)


def _instant(column: ColumnElement[Any]) -> ColumnElement[int]:
    return type_coerce(column, Integer)


_BEGINS: Final = case(
    (stays.c.check_in.is_not(None), _instant(stays.c.check_in)), else_=_instant(grants.c.start) + _MOMENT
)
_MADE: Final = _instant(grants.c.made_at) + _MOMENT
_BY: Final = case((_BEGINS >= _MADE, _BEGINS), else_=_MADE)
"""By when a code should be proven: what opens for a guest before check-in is a courtesy."""
_CODES: Final = Prepared(
    select(
        grants.c.lock_id,
        func.count().label("due"),
        func.sum(case((and_(grants.c.proven_at.is_not(None), grants.c.proven_at <= _BY), 1), else_=0)).label("in_time"),
    )
    .outerjoin(stays, stays.c.id == grants.c.stay_id)
    .where(grants.c.start >= _SINCE, grants.c.start <= _NOW, type_coerce(_BY, Instant) <= _NOW)
    .where(grants.c.purpose != Purpose.BACKUP.value)
    .where(or_(grants.c.revoked_at.is_(None), grants.c.revoked_at > _BY))
    .group_by(grants.c.lock_id),
    dict,
)


def counts(tx: Tx, since: datetime, now: datetime) -> dict[LockId, Counts]:
    """Of every lock, from the beginning of a day on until now."""
    told: Mapping[Any, Mapping[str, Any]] = {
        row["lock_id"]: row
        for row in _DAYS.all(tx, first=since.astimezone(UTC).date(), last=now.astimezone(UTC).date())
    }
    given: Mapping[Any, Mapping[str, Any]] = {row["lock_id"]: row for row in _CODES.all(tx, since=since, now=now)}
    found: dict[LockId, Counts] = {}
    for door in doors.doors(tx):
        day, code = told.get(door.id, {}), given.get(door.id, {})
        known = 0 if door.met_at is None else _seconds(max(door.met_at, since), now)
        silent = 0 if door.silent_since is None else _seconds(max(door.silent_since, since), now)
        found[door.id] = Counts(
            int(day.get("asked", 0)),
            int(day.get("answered", 0)),
            int(code.get("due", 0)),
            int(code.get("in_time", 0)),
            known,
            min(int(day.get("away_s", 0)) + silent, known),
        )
    return found


def _seconds(since: datetime, until: datetime) -> int:
    return max((until - since) // timedelta(seconds=1), 0)


def tidy(tx: Tx, before: datetime) -> None:
    tx.sql.execute(delete(lock_days).where(lock_days.c.day < before.astimezone(UTC).date()))
