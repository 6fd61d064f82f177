"""What the figures of locks are made of: of each lock and day, commands, answers and silence; and codes that were in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, delete, exists, func, or_, select, type_coerce
from sqlalchemy.dialects.sqlite import insert

from hub.model.alerts import Kind
from hub.model.figures import LAST_MOMENT, PROMPT, Counts, bound_ms, by_day
from hub.model.values import CODED, LockId, PropertyId, Purpose, StayStatus
from hub.store import doors
from hub.store.engine import Tx
from hub.store.prepared import Prepared, one_of
from hub.store.steps import BY_ITSELF
from hub.store.tables import (
    Instant,
    alerts,
    channels,
    grants,
    lock_answers,
    lock_days,
    locks,
    stay_steps,
    stays,
    sync_log,
    unit_locks,
    units,
)
from hub.store.tables.kinds import Day

_TOLD: Final = ("asked", "answered", "away_s", "moved", "prompt", "forecasts", "off_tenths")


def _counting() -> Prepared[None]:
    row = insert(lock_days).values({column.name: bindparam(column.name, type_=column.type) for column in lock_days.c})
    more = {name: lock_days.c[name] + row.excluded[name] for name in _TOLD}
    return Prepared(row.on_conflict_do_update(index_elements=["day", "lock_id"], set_=more), lambda _: None)


_COUNTED: Final = _counting()


def _answering() -> Prepared[None]:
    row = insert(lock_answers).values({each.name: bindparam(each.name, type_=each.type) for each in lock_answers.c})
    more = {"times": lock_answers.c.times + row.excluded.times}
    keys = ["day", "lock_id", "within_ms"]
    return Prepared(row.on_conflict_do_update(index_elements=keys, set_=more), lambda _: None)


_ANSWER: Final = _answering()

_NONE: Final = dict.fromkeys(_TOLD, 0)


def _count(tx: Tx, lock: LockId, day: date, **more: int) -> None:
    _COUNTED.run(tx, lock_id=lock, day=day, **{**_NONE, **more})


def answered(tx: Tx, lock: LockId, at: datetime, took: timedelta | None = None) -> None:
    """It answered a command, be it that it refused. `took`: how long until it had done it."""
    door = doors.door(tx, lock)
    if door is None:
        return
    if door.unanswered_at is not None:
        doors.learn(tx, lock, unanswered_at=None)
    _count(tx, lock, at.astimezone(UTC).date(), asked=1, answered=1)
    if took is not None:
        _ANSWER.run(tx, lock_id=lock, day=at.astimezone(UTC).date(), within_ms=bound_ms(took), times=1)


def unanswered(tx: Tx, lock: LockId, at: datetime) -> None:
    """It did not answer. Asked again before it gives a sign of life, that is no second failure."""
    door = doors.door(tx, lock)
    if door is None or door.unanswered_at is not None:
        return
    doors.learn(tx, lock, unanswered_at=at)
    _count(tx, lock, at.astimezone(UTC).date(), asked=1)


def was_moved(tx: Tx, lock: LockId, at: datetime, took: timedelta) -> None:
    """It answered a person's press, so long after it."""
    _count(tx, lock, at.astimezone(UTC).date(), moved=1, prompt=int(took <= PROMPT))


def was_foretold(tx: Tx, lock: LockId, at: datetime, missed_by: float) -> None:
    """Its battery told a figure that was forecast a week before, and missed by so many points."""
    _count(tx, lock, at.astimezone(UTC).date(), forecasts=1, off_tenths=round(10 * missed_by))


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
        func.sum(lock_days.c.moved).label("moved"),
        func.sum(lock_days.c.prompt).label("prompt"),
        func.sum(lock_days.c.forecasts).label("forecasts"),
        func.sum(lock_days.c.off_tenths).label("off_tenths"),
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
        points = 100 * int(day.get("forecasts", 0))
        silent = 0 if door.silent_since is None else _seconds(max(door.silent_since, since), now)
        found[door.id] = Counts(
            int(day.get("asked", 0)),
            int(day.get("answered", 0)),
            int(code.get("due", 0)),
            int(code.get("in_time", 0)),
            known,
            min(int(day.get("away_s", 0)) + silent, known),
            int(day.get("moved", 0)),
            int(day.get("prompt", 0)),
            points,
            max(points - round(int(day.get("off_tenths", 0)) / 10), 0),
        )
    return found


_ANSWERS: Final = Prepared(
    select(lock_answers.c.lock_id, lock_answers.c.within_ms, func.sum(lock_answers.c.times).label("times"))
    .where(lock_answers.c.day >= bindparam("first", type_=Day), lock_answers.c.day <= bindparam("last", type_=Day))
    .group_by(lock_answers.c.lock_id, lock_answers.c.within_ms),
    dict,
)


def answers(tx: Tx, since: datetime, now: datetime) -> dict[LockId, dict[int, int]]:
    """How many commands each lock confirmed, by how many milliseconds that took at most."""
    found: dict[LockId, dict[int, int]] = {}
    for row in _ANSWERS.all(tx, first=since.astimezone(UTC).date(), last=now.astimezone(UTC).date()):
        found.setdefault(row["lock_id"], {})[row["within_ms"]] = int(row["times"])
    return found


_COMING: Final = case(
    (stays.c.check_in >= type_coerce(_instant(stays.c.made_at) + _MOMENT, Instant), stays.c.check_in),
    else_=type_coerce(_instant(stays.c.made_at) + _MOMENT, Instant),
)
"""By when a guest should have a code."""
_PROVEN: Final = (
    select(grants.c.id)
    .where(grants.c.stay_id == stays.c.id, grants.c.lock_id == unit_locks.c.lock_id, grants.c.proven_at <= _COMING)
    .where(or_(grants.c.revoked_at.is_(None), grants.c.revoked_at > _COMING))
    .correlate(stays, unit_locks)  # by itself a query within a query within a query looks only one up
    .exists()
)
_DOOR_MISSING: Final = (
    select(unit_locks.c.lock_id).where(unit_locks.c.unit_id == stays.c.unit_id, ~_PROVEN).correlate(stays).exists()
)
_WELCOMED: Final = Prepared(
    select(
        units.c.property_id,
        func.count().label("stays"),
        func.sum(case((_DOOR_MISSING, 0), else_=1)).label("welcomed"),
    )
    .join(units, units.c.id == stays.c.unit_id)
    .where(stays.c.check_in >= _SINCE, stays.c.check_in <= _NOW, _COMING <= _NOW)
    .where(stays.c.status == StayStatus.CONFIRMED.value, one_of(stays.c.kind, sorted(kind.value for kind in CODED)))
    .where(stays.c.contested == 0, exists().where(unit_locks.c.unit_id == stays.c.unit_id))
    .group_by(units.c.property_id),
    dict,
)


def welcomed(tx: Tx, since: datetime, now: datetime) -> dict[PropertyId, Counts]:
    """Of every property that somebody came to: stays, and those that had their codes."""
    return {
        row["property_id"]: Counts(stays=int(row["stays"]), welcomed=int(row["welcomed"]))
        for row in _WELCOMED.all(tx, since=since, now=now)
    }


_WANTED: Final = Prepared(
    select(locks.c.property_id, grants.c.made_at, grants.c.proven_at)
    .join(locks, locks.c.id == grants.c.lock_id)
    .where(grants.c.made_at >= _SINCE, grants.c.made_at <= _NOW, grants.c.proven_at >= grants.c.made_at)
    .where(grants.c.start >= bindparam("earliest", type_=Instant), grants.c.start <= grants.c.made_at)
    .where(grants.c.purpose != Purpose.BACKUP.value),
    dict,
)


_LONGEST: Final = timedelta(days=90)
"""Hours that began longer ago are not looked through: it spares a walk through every code there ever was."""


def at_once(tx: Tx, since: datetime, now: datetime) -> dict[PropertyId, list[timedelta]]:
    """How long codes took to be proven that were wanted as soon as they were made."""
    found: dict[PropertyId, list[timedelta]] = {}
    for row in _WANTED.all(tx, since=since, now=now, earliest=since - _LONGEST):
        found.setdefault(row["property_id"], []).append(row["proven_at"] - row["made_at"])
    return found


# ---- bookings --------------------------------------------------------------------------------------------------------

_BY_ITSELF: Final = or_(stay_steps.c.by == BY_ITSELF, stay_steps.c.by.like("channel:%"))
_STEPS: Final = Prepared(
    select(
        units.c.property_id,
        func.count().label("steps"),
        func.sum(case((_BY_ITSELF, 1), else_=0)).label("own_steps"),
    )
    .select_from(stay_steps)
    .join(stays, stays.c.id == stay_steps.c.stay_id)
    .join(units, units.c.id == stays.c.unit_id)
    .where(stay_steps.c.at >= _SINCE, stay_steps.c.at <= _NOW, stay_steps.c.before.is_not(None))
    .group_by(units.c.property_id),
    dict,
)
_PASSED: Final = Prepared(
    select(
        units.c.property_id,
        func.sum(case((sync_log.c.outcome == "ok", 1), else_=0)).label("passed"),
        func.sum(case((and_(sync_log.c.outcome == "noted", sync_log.c.by != ""), 1), else_=0)).label("asked_for"),
    )
    .select_from(sync_log)
    .join(channels, channels.c.id == sync_log.c.channel_id)
    .outerjoin(units, units.c.id == func.coalesce(sync_log.c.unit_id, channels.c.unit_id))
    .where(sync_log.c.at >= _SINCE, sync_log.c.at <= _NOW)
    .group_by(units.c.property_id),
    dict,
)
_SOLD_TWICE: Final = Prepared(
    select(alerts.c.property_id, func.count(alerts.c.about.distinct()).label("sold_twice"))
    .where(one_of(alerts.c.kind, (Kind.SOLD_TWICE.value, Kind.SOLD_TWICE_SOON.value)))
    .where(alerts.c.raised_at >= _SINCE, alerts.c.raised_at <= _NOW)
    .group_by(alerts.c.property_id),
    dict,
)
"""Alerts that are over are kept as long as the longest span (hub/tidying.py)."""


def bookings(tx: Tx, since: datetime, now: datetime) -> dict[PropertyId | None, Counts]:
    """Of each property how bookings went; None: of an account that has several units, or of nobody knows which."""
    found: dict[PropertyId | None, Counts] = {}
    for query in (_STEPS, _PASSED, _SOLD_TWICE):
        for row in query.all(tx, since=since, now=now):
            told = {name: int(value or 0) for name, value in row.items() if name != "property_id"}
            found[row["property_id"]] = found.get(row["property_id"], Counts()) + Counts(**told)
    return found


def _seconds(since: datetime, until: datetime) -> int:
    return max((until - since) // timedelta(seconds=1), 0)


def tidy(tx: Tx, before: datetime) -> None:
    for table in (lock_days, lock_answers):
        tx.sql.execute(delete(table).where(table.c.day < before.astimezone(UTC).date()))
