"""What happened at the doors (access log) and what people and the hub did (audit trail)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Integer, Select, and_, bindparam, delete, desc, func, insert, or_, select, tuple_, update

from hub.model.access import without
from hub.model.chain import BOLT, DEED, HOUSE, LOCK, Wrong, cut, evidence
from hub.model.values import GrantId, LockId, PropertyId, StayId
from hub.store import chain, settings
from hub.store.engine import Tx
from hub.store.prepared import Bare, Prepared
from hub.store.tables import Instant, access_log, audit
from hub.store.tables import chain as audit_chain

UNLOCKED, LOCKED = "unlocked", "locked"
BATTERY_REPLACED = "battery_replaced"
CODE_SET, CODE_CLEARED, CODE_REFUSED = "code_set", "code_cleared", "code_refused"
PLACE_TAKEN: Final = "place taken"
PLACES_DOUBTED: Final = "places doubted"
"""Of the audit trail: somebody keyed another code into a place that holds one of ours, and ours is put back."""
_CODES: Final = frozenset({CODE_SET, CODE_CLEARED, CODE_REFUSED})
"""Their links are made where the slot changes (hub/store/codes.py)."""
_BOLT: Final = frozenset({UNLOCKED, LOCKED, "jammed"})


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
    maybe: tuple[GrantId, ...] = ()
    """Where it is not known whose code it was: those it may have been."""


@dataclass(frozen=True, slots=True)
class Filter:
    lock: LockId | None = None
    property: PropertyId | None = None
    what: str | None = None
    stay: StayId | None = None
    since: datetime | None = None
    until: datetime | None = None


def note(tx: Tx, entry: Entry) -> None:
    """One line of the access log, and its link in the audit chain."""
    _NOTE.run(tx, **_values(entry))
    if entry.what not in _CODES:
        _link_entry(tx, entry)
    tx.signal("log")


def correct(tx: Tx, id_: int, entry: Entry) -> None:
    """More is known by now of something that was noted: another link says what."""
    tx.sql.execute(update(access_log).where(access_log.c.id == id_).values(**_values(entry)))
    _link_entry(tx, entry, evidence="corrected")
    tx.signal("log")


def _link_entry(tx: Tx, entry: Entry, **more: str) -> None:
    held = entry.maybe or ((entry.grant,) if entry.grant is not None else ())
    subject = " or ".join(dict.fromkeys(chain.holder_alias(tx, grant) for grant in held))
    kind = BOLT if entry.what in _BOLT else LOCK
    told = {"lock": entry.lock, "slot": entry.slot, "subject": subject, **more}
    chain.append(tx, entry.at, kind, entry.what, entry.how, **told)


def _values(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at,
        "lock_id": entry.lock,
        "property_id": entry.property,
        "what": entry.what,
        "how": entry.how,
        "who": entry.who,
        "slot": entry.slot,
        "grant_id": entry.grant,
        "stay_id": entry.stay,
        "maybe": " ".join(entry.maybe),
    }


_NOTE: Final = Prepared(
    insert(access_log).values(
        {each.name: bindparam(each.name, type_=each.type) for each in access_log.c if each.name != "id"}
    ),
    dict,
)

_BUSIEST: Final = Prepared(
    select(access_log.c.stay_id, func.count().label("often"), func.min(access_log.c.at).label("first"))
    .where(access_log.c.at >= bindparam("since", type_=Instant), access_log.c.what == UNLOCKED)
    .where(Bare(access_log.c.stay_id).is_not(None))
    .group_by(Bare(access_log.c.stay_id))
    .having(func.count() >= bindparam("most", type_=Integer)),
    lambda row: (row["stay_id"], row["often"], row["first"]),
)

"""The plus keeps SQLite from walking the log of every stay there ever was, to spare itself the grouping of an hour."""


def busiest(tx: Tx, since: datetime, most: int) -> list[tuple[StayId, int, datetime]]:
    """Stays whose code opened doors so often or more since then: how often, and when first."""
    return _BUSIEST.all(tx, since=since, most=most)


_TOLD = (
    select(access_log.c.id)
    .where(access_log.c.lock_id == bindparam("lock"), access_log.c.at > bindparam("since", type_=Instant))
    .where(access_log.c.at < bindparam("until", type_=Instant))
    .where(access_log.c.slot == bindparam("slot", type_=Integer), access_log.c.what == UNLOCKED)
    .limit(1)
)


def told_of(tx: Tx, lock: LockId, slot: int, since: datetime, until: datetime) -> bool:
    """Whether the code of that place is known to have opened the lock between the two."""
    told = {"lock": lock, "slot": slot, "since": since, "until": until}
    return tx.sql.execute(_TOLD, told).first() is not None


def purge(tx: Tx, place: PropertyId, before: datetime, at: datetime) -> int:
    """Drop what is older; the audit chain keeps that it happened, and says that it was dropped here.

    What was written down while the clock was wrong may bear any time: its age is that of the lines around it.
    """
    surely, perhaps = _aged(ages(tx), before)
    old = or_(access_log.c.id <= surely, and_(access_log.c.id <= perhaps, access_log.c.at < before))
    count = tx.sql.execute(delete(access_log).where(access_log.c.property_id == place, old)).rowcount
    if count:
        chain.append(tx, at, HOUSE, "purged", f"{count} lines", subject=f"property:{place}", actor=chain.GATEHOUSE)
        tx.signal("log")
    return count


def ages(tx: Tx) -> list[tuple[datetime, int]]:
    """At which times, by a clock that was believed, the access log had come to which line; in order."""
    kept = json.loads(settings.value(tx, "log_ages") or "[]")
    return [(datetime.fromisoformat(at), line) for at, line in kept]


def mark_age(tx: Tx, now: datetime, oldest: datetime) -> None:
    """To be called day by day. What an earlier call took for the future was told by a wrong clock."""
    last = tx.sql.execute(select(func.max(access_log.c.id))).scalar() or 0
    known = [(at, line) for at, line in ages(tx) if at < now]
    beyond = max((at for at, _ in known if at <= oldest), default=oldest)
    told = [(at.isoformat(), line) for at, line in (*known, (now, last)) if at >= beyond]
    settings.keep(tx, "log_ages", json.dumps(told))


def _aged(marks: Sequence[tuple[datetime, int]], before: datetime) -> tuple[int, int]:
    """Up to which line everything was written down before then; and up to which it may have been."""
    surely = max((line for at, line in marks if at <= before), default=0)
    perhaps = min((line for at, line in marks if at > before), default=surely)
    return surely, max(surely, perhaps)


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


_NARROWED = {
    "lock": access_log.c.lock_id == bindparam("lock"),
    "property": access_log.c.property_id == bindparam("property"),
    "what": access_log.c.what == bindparam("what"),
    "stay": access_log.c.stay_id == bindparam("stay"),
    "since": access_log.c.at >= bindparam("since"),
    "until": access_log.c.at < bindparam("until"),
    # A row value, since SQLite walks no index for `at < ? OR (at = ? AND id < ?)`.
    "before": tuple_(access_log.c.at, access_log.c.id)
    < tuple_(bindparam("before", type_=Instant), bindparam("before_id", type_=Integer)),
}


@cache
def _page(narrowed: frozenset[str]) -> Select[Any]:
    """Made once for each way to narrow the log: making a statement takes longer than running it."""
    query = select(*_COLUMNS).where(*(_NARROWED[name] for name in sorted(narrowed)))
    return query.order_by(desc(access_log.c.at), desc(access_log.c.id)).limit(bindparam("limit", type_=Integer))


def entries(tx: Tx, wanted: Filter, *, before: tuple[datetime, int] | None = None, limit: int = 50) -> list[Entry]:
    """Newest first; `before` is (at, id) of the last entry of the page before."""
    told = {
        "lock": wanted.lock,
        "property": wanted.property,
        "what": wanted.what,
        "stay": wanted.stay,
        "since": wanted.since,
        "until": wanted.until,
        "before": None if before is None else before[0],
    }
    values: dict[str, object] = {name: value for name, value in told.items() if value is not None}
    query = _page(frozenset(values))
    if before is not None:
        values["before_id"] = before[1]
    return [Entry(*row) for row in tx.sql.execute(query, values | {"limit": limit}).all()]


@dataclass(frozen=True, slots=True)
class Deed:
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str
    detail: str

    def evidence(self, salt: str) -> str:
        return evidence(salt, self.at, self.actor, self.action, self.subject, self.outcome, self.detail)


_DEED = (audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.outcome, audit.c.detail)


def record(
    tx: Tx, at: datetime, actor: str, action: str, subject: str, *, outcome: str = "done", detail: str = ""
) -> int:
    """One line of the audit trail, and its link; returns its number. `outcome` is done, asked, refused or unknown."""
    row = insert(audit).values(at=at, actor=actor, action=action, subject=subject, outcome=outcome, detail=detail)
    number = int(tx.sql.execute(row.returning(audit.c.id)).scalar_one())
    _link(tx, Deed(number, cut(at), actor, action, subject, outcome, detail), at)
    return number


def conclude(tx: Tx, number: int, at: datetime, outcome: str, detail: str = "") -> None:
    """What became of something that was recorded as asked: another link."""
    told = update(audit).where(audit.c.id == number).values(outcome=outcome, detail=detail)
    for row in tx.sql.execute(told.returning(*_DEED)).all():
        _link(tx, Deed(*row), at)


def conclude_orphans(tx: Tx, at: datetime) -> int:
    """At start: whatever was asked and never concluded is unknown, and stays so."""
    asked = tx.sql.execute(select(audit.c.id, audit.c.detail).where(audit.c.outcome == "asked")).all()
    for number, detail in asked:
        conclude(tx, number, at, "unknown", detail)
    return len(asked)


def unname_doubts(tx: Tx, held: Collection[GrantId], names: Collection[str], instead: str) -> int:
    """Lines of the access log that may have been about one of these codes say none of these names any more."""
    codes, lines = set(held), 0
    doubtful = select(access_log.c.id, access_log.c.who, access_log.c.maybe).where(access_log.c.maybe != "")
    for number, who, maybe in tx.sql.execute(doubtful).all() if codes else ():
        if not codes.isdisjoint(maybe.split()):
            told = update(access_log).where(access_log.c.id == number)
            tx.sql.execute(told.values(who=without(who, names, instead)))
            lines += 1
    return lines


def empty_lines(
    tx: Tx, subjects: Collection[str], name: str, at: datetime, *, named_before: datetime | None = None
) -> int:
    """Take the words out of the lines about these subjects, and of others that say that name (empty: none).

    Each gets another link, of the house, for what it says now.
    """
    about = audit.c.subject.in_(subjects)
    named = audit.c.detail.contains(name, autoescape=True)
    if named_before is not None:
        named = and_(named, audit.c.at < named_before)
    found = or_(about, named) if name else about
    emptied = update(audit).where(found, audit.c.detail != "").values(detail="")
    deeds_ = [Deed(*row) for row in tx.sql.execute(emptied.returning(*_DEED)).all()]
    for deed in deeds_:
        salt = tx.draw(16).hex()
        number = chain.append(tx, at, HOUSE, "emptied", "done", evidence=deed.evidence(salt), actor=chain.GATEHOUSE)
        tx.sql.execute(update(audit).where(audit.c.id == deed.id).values(link=number, salt=salt))
    return len(deeds_)


def _link(tx: Tx, deed: Deed, at: datetime) -> None:
    salt = tx.draw(16).hex()
    number = chain.append(
        tx,
        at,
        DEED,
        deed.action,
        deed.outcome,
        lock=deed.subject.removeprefix("lock:") if deed.subject.startswith("lock:") else None,
        subject=chain.subject_alias(tx, deed.subject),
        actor=chain.actor_alias(tx, deed.actor),
        evidence=deed.evidence(salt),
    )
    tx.sql.execute(update(audit).where(audit.c.id == deed.id).values(link=number, salt=salt))


@dataclass(frozen=True, slots=True)
class Looked:
    """How far the lines of the audit trail were compared with their links."""

    id: int = 0
    linked: bool = False
    """A line with a link was among them; from there on every one has its own."""


def look_at_lines(tx: Tx, after: Looked, limit: int) -> Looked | Wrong:
    """Whether each line says what it said when its link was made."""
    query = (
        select(*_DEED, audit.c.link, audit.c.salt, audit_chain.c.evidence)
        .outerjoin(audit_chain, audit_chain.c.number == audit.c.link)
        .where(audit.c.id > after.id)
        .order_by(audit.c.id)
        .limit(limit)
    )
    for *told, link, salt, sealed in tx.sql.execute(query).all():
        deed = Deed(*told)
        if link is None and not after.linked:
            after = Looked(deed.id)
            continue
        if sealed is None:
            return Wrong(deed.id, f"line {deed.id} of the audit trail has no link")
        if salt is None or deed.evidence(salt) != sealed:
            return Wrong(link, f"line {deed.id} of the audit trail is not what link {link} was made for")
        after = Looked(deed.id, linked=True)
    return after


def deeds(tx: Tx, subject: str, *, limit: int = 100, but: str = "") -> list[Deed]:
    """The latest first; `but`: an action that is left out."""
    query = (
        select(*_DEED).where(audit.c.subject == subject, audit.c.action != but).order_by(audit.c.id.desc()).limit(limit)
    )
    return [Deed(*row) for row in tx.sql.execute(query)]


_DONE: Final = Prepared(
    select(audit.c.id).where(audit.c.subject == bindparam("subject"), audit.c.action == bindparam("action")).limit(1),
    lambda row: int(row["id"]),
)


def was_done(tx: Tx, subject: str, action: str) -> bool:
    return _DONE.first(tx, subject=subject, action=action) is not None


_DONE_BY: Final = Prepared(
    select(audit.c.id)
    .where(audit.c.subject == bindparam("subject"), audit.c.action == bindparam("action"))
    .where(audit.c.actor == bindparam("actor"))
    .where(audit.c.at > bindparam("since", type_=Instant), audit.c.at <= bindparam("until", type_=Instant))
    .limit(1),
    lambda row: int(row["id"]),
)


def was_done_by(tx: Tx, subject: str, action: str, actor: str, since: datetime, until: datetime) -> bool:
    told = {"subject": subject, "action": action, "actor": actor, "since": since, "until": until}
    return _DONE_BY.first(tx, **told) is not None
