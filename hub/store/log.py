"""What happened at the doors (access log) and what people and the hub did (audit trail)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, desc, insert, or_, select, update

from hub.model.values import GrantId, LockId, PropertyId, StayId
from hub.store.engine import Tx
from hub.store.tables import access_log, audit

UNLOCKED, LOCKED = "unlocked", "locked"
CODE_SET, CODE_CLEARED, CODE_REFUSED = "code_set", "code_cleared", "code_refused"


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    lock: LockId
    property: PropertyId
    what: str
    """`unlocked`, `locked`, `code_set`, `code_cleared`, `code_refused` or a hub.model.facts.Trouble word."""
    how: str
    who: str
    """In words that admit doubt; a guest's name only for their own code at the keypad."""
    slot: int | None = None
    grant: GrantId | None = None
    stay: StayId | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    lock: LockId | None = None
    property: PropertyId | None = None
    what: str | None = None
    stay: StayId | None = None
    since: datetime | None = None
    until: datetime | None = None


def note(tx: Tx, entry: Entry) -> None:
    tx.sql.execute(
        insert(access_log).values(
            at=entry.at,
            lock_id=entry.lock,
            property_id=entry.property,
            what=entry.what,
            how=entry.how,
            who=entry.who,
            slot=entry.slot,
            grant_id=entry.grant,
            stay_id=entry.stay,
        )
    )
    tx.signal("log")


_COLUMNS = (
    access_log.c.at,
    access_log.c.lock_id,
    access_log.c.property_id,
    access_log.c.what,
    access_log.c.how,
    access_log.c.who,
    access_log.c.slot,
    access_log.c.grant_id,
    access_log.c.stay_id,
    access_log.c.id,
)


def entries(tx: Tx, wanted: Filter, *, before: tuple[datetime, int] | None = None, limit: int = 50) -> list[Entry]:
    """Newest first; `before` is (at, id) of the last entry of the page before."""
    query = _filtered(wanted).order_by(desc(access_log.c.at), desc(access_log.c.id)).limit(limit)
    if before is not None:
        at, id_ = before
        query = query.where(or_(access_log.c.at < at, and_(access_log.c.at == at, access_log.c.id < id_)))
    return [Entry(*tuple(row)) for row in tx.sql.execute(query)]


def _filtered(wanted: Filter) -> Select[Any]:
    query = select(*_COLUMNS)
    exact = {
        access_log.c.lock_id: wanted.lock,
        access_log.c.property_id: wanted.property,
        access_log.c.what: wanted.what,
        access_log.c.stay_id: wanted.stay,
    }
    for column, value in exact.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(access_log.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(access_log.c.at < wanted.until)
    return query


@dataclass(frozen=True, slots=True)
class Deed:
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str
    detail: str


def record(
    tx: Tx, at: datetime, actor: str, action: str, subject: str, *, outcome: str = "done", detail: str = ""
) -> int:
    """One line of the audit trail; returns its number. `outcome` is done, asked, refused or unknown."""
    row = insert(audit).values(at=at, actor=actor, action=action, subject=subject, outcome=outcome, detail=detail)
    return int(tx.sql.execute(row.returning(audit.c.id)).scalar_one())


def conclude(tx: Tx, number: int, outcome: str, detail: str = "") -> None:
    """What became of something that was recorded as asked."""
    tx.sql.execute(update(audit).where(audit.c.id == number).values(outcome=outcome, detail=detail))


def conclude_orphans(tx: Tx) -> int:
    """At start: whatever was asked and never concluded is unknown, and stays so."""
    return tx.sql.execute(update(audit).where(audit.c.outcome == "asked").values(outcome="unknown")).rowcount


def deeds(tx: Tx, subject: str, *, limit: int = 100) -> list[Deed]:
    query = select(audit).where(audit.c.subject == subject).order_by(audit.c.id.desc()).limit(limit)
    return [Deed(**row) for row in tx.sql.execute(query).mappings()]
