"""Alarms of radio networks: kept until they are over or somebody takes note of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from hub.model.facts import Alarm, RadioAlarm
from hub.store import log
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import alarms

_SAME: Final = timedelta(seconds=1)
"""Two tellings of what happened at one moment are one; instants lose a fraction of a millisecond in the store."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    id: int
    driver: str
    alarm: Alarm
    device: str
    note: str
    since: datetime

    @property
    def words(self) -> str:
        """For the audit trail."""
        return ": ".join(part for part in (self.alarm.value.replace("_", " "), self.device, self.note) if part)


def _row(row: Mapping[Any, Any]) -> AlarmRow:
    return AlarmRow(row["id"], row["driver"], Alarm(row["alarm"]), row["device"], row["note"], row["since"])


def absorb(tx: Tx, driver: str, fact: RadioAlarm) -> None:
    """What happens again is an alarm again; what merely goes on stays dismissed."""
    same = (alarms.c.driver == driver, alarms.c.alarm == fact.alarm.value, alarms.c.device == fact.device)
    known = tx.sql.execute(select(alarms).where(*same)).mappings().first()
    told = {"note": fact.note, "told_at": fact.at}
    if fact.over:
        if known is None:
            return
        tx.sql.execute(delete(alarms).where(*same))
        _note(tx, driver, "alarm over", _row(known), fact.at)
    elif known is None:
        key = {"driver": driver, "alarm": fact.alarm.value, "device": fact.device, "since": fact.at}
        made = tx.sql.execute(insert(alarms).values(**key, **told).returning(alarms)).mappings().one()
        _note(tx, driver, "alarm", _row(made), fact.at)
    elif fact.alarm.lasts:
        tx.sql.execute(update(alarms).where(*same).values(**told))
    elif fact.at - known["since"] >= _SAME:
        again = update(alarms).where(*same).values(since=fact.at, dismissed_at=None, dismissed_by=None, **told)
        _note(tx, driver, "alarm", _row(tx.sql.execute(again.returning(alarms)).mappings().one()), fact.at)
    tx.signal("health")


def _note(tx: Tx, driver: str, action: str, row: AlarmRow, at: datetime) -> None:
    log.record(tx, at, driver, action, f"radio:{driver}", detail=row.words)


def current(tx: Tx) -> list[AlarmRow]:
    """Those that are not over and that nobody took note of, the oldest first."""
    return _CURRENT.all(tx)


_CURRENT: Final = Prepared(
    select(alarms).where(alarms.c.dismissed_at.is_(None)).order_by(alarms.c.since, alarms.c.id), _row
)


def dismiss(tx: Tx, id_: int, by: str, at: datetime) -> AlarmRow | None:
    """None: there is none of that number that anybody still sees."""
    seen = update(alarms).where(alarms.c.id == id_, alarms.c.dismissed_at.is_(None))
    row = tx.sql.execute(seen.values(dismissed_at=at, dismissed_by=by).returning(alarms)).mappings().first()
    tx.signal("health")
    return None if row is None else _row(row)
