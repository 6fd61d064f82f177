"""Alerts, who was told of them, and whom a property wants told when. (hub/store/alarms.py is what drivers say of radios.)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from enum import Enum
from typing import Any, Final

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.alerts import Course, Kind, Level, QuietHours, Way
from hub.model.values import PersonId, PropertyId
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.prepared import Prepared, one_of, upsert
from hub.store.tables import alerts, booking_readers, escalation, telling_rules, tellings


@dataclass(frozen=True, slots=True)
class Alert:
    id: str
    kind: Kind
    about: str
    place: PropertyId | None
    """The property; None: it concerns the whole house."""
    sentence: str
    cure: str
    course: Course
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    over_at: datetime | None = None

    @property
    def level(self) -> Level:
        return self.kind.rule.level

    @property
    def open(self) -> bool:
        """Raised, not over, and nobody has said that they look after it."""
        return self.course.raised_at is not None and self.over_at is None and self.acknowledged_at is None


def _alert(row: Mapping[Any, Any]) -> Alert:
    course = Course(
        found_at=row["found_at"],
        missing_since=row["missing_since"],
        raised_at=row["raised_at"],
        told=row["told"],
        reminded=row["reminded"],
        told_at=row["told_at"],
        acknowledged=row["acknowledged_at"] is not None,
    )
    return Alert(
        id=row["id"],
        kind=Kind.of(row["kind"]),
        about=row["about"],
        place=row["property_id"],
        sentence=row["sentence"],
        cure=row["cure"],
        course=course,
        acknowledged_at=row["acknowledged_at"],
        acknowledged_by=row["acknowledged_by"],
        over_at=row["over_at"],
    )


_LIVE: Final = Prepared(
    select(alerts).where(text("over_at IS NULL")).order_by(alerts.c.found_at, alerts.c.id), _alert, remember=["id"]
)
_NEWEST = (
    select(alerts)
    .where(text("over_at IS NULL"), alerts.c.raised_at.is_not(None))
    .order_by(alerts.c.raised_at.desc(), alerts.c.id.desc())
)


def live(tx: Tx) -> list[Alert]:
    """Those that are not over, and what was not found for long enough to be one; the oldest first."""
    return _LIVE.all(tx)


def raised(tx: Tx) -> list[Alert]:
    """Those that are not over: the worst first, then the newest."""
    rows = [_alert(row) for row in tx.sql.execute(_NEWEST).mappings()]
    order = list(Level)
    return sorted(rows, key=lambda each: order.index(each.level))


_OPEN = select(func.count()).where(
    text("over_at IS NULL"),
    alerts.c.raised_at.is_not(None),
    alerts.c.acknowledged_at.is_(None),
    alerts.c.kind.in_([kind.word for kind in Kind if kind.rule.level is not Level.NOTICE]),
)


def count_open(tx: Tx) -> int:
    """How many wait for somebody to look after them, mere notices apart."""
    return int(tx.sql.execute(_OPEN).scalar_one())


def alert(tx: Tx, id_: str) -> Alert | None:
    """Only what was ever raised is an alert."""
    query = select(alerts).where(alerts.c.id == id_, alerts.c.raised_at.is_not(None))
    row = tx.sql.execute(query).mappings().first()
    return None if row is None else _alert(row)


def over(tx: Tx, *, before: tuple[datetime, str] | None = None, limit: int = 50) -> list[Alert]:
    """Those that are over, the latest first; `before` is (over_at, id) of the last one of the page before."""
    query = select(alerts).where(text("over_at IS NOT NULL"))
    if before is not None:
        at, id_ = before
        query = query.where((alerts.c.over_at < at) | ((alerts.c.over_at == at) & (alerts.c.id < id_)))
    latest = query.order_by(alerts.c.over_at.desc(), alerts.c.id.desc()).limit(limit)
    return [_alert(row) for row in tx.sql.execute(latest).mappings()]


def keep(tx: Tx, row: Alert) -> None:
    course = row.course
    values = {
        "kind": row.kind.word,
        "about": row.about,
        "property_id": row.place,
        "sentence": row.sentence,
        "cure": row.cure,
        "found_at": course.found_at,
        "missing_since": course.missing_since,
        "raised_at": course.raised_at,
        "told": course.told,
        "reminded": course.reminded,
        "told_at": course.told_at,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by,
        "over_at": row.over_at,
    }
    _KEEPING.run(tx, id=row.id, **values)


_KEEPING: Final = upsert(alerts)


def forget(tx: Tx, ids: Iterable[str]) -> None:
    """As if they had never been, with who was told."""
    tx.sql.execute(delete(alerts).where(alerts.c.id.in_(tuple(ids))))


def come_to_now(tx: Tx, now: datetime) -> None:
    """What was over in a future that a wrong clock told is over now: it may name a guest, and is not kept for longer."""
    tx.sql.execute(update(alerts).where(alerts.c.over_at > now).values(over_at=now))


def tidy(tx: Tx, before: datetime) -> int:
    """Drop alerts that were over before that, and tests of that time."""
    tx.sql.execute(delete(tellings).where(tellings.c.alert_id.is_(None), tellings.c.promised_at < before))
    return tx.sql.execute(delete(alerts).where(alerts.c.over_at < before)).rowcount


UNSAID: Final = "What it said is not kept any more."


def unname(tx: Tx, place: PropertyId | None, before: datetime) -> int:
    """Of alerts of a property (None: of the whole house) that were over before that, it remains that there was one: what they
    say may name a guest."""
    here = alerts.c.property_id.is_(None) if place is None else alerts.c.property_id == place
    old = (alerts.c.over_at < before, here, alerts.c.sentence != UNSAID)
    return tx.sql.execute(update(alerts).where(*old).values(sentence=UNSAID, cure="")).rowcount


def acknowledge(tx: Tx, row: Alert, by: str, at: datetime) -> Alert:
    known = replace(row, acknowledged_at=at, acknowledged_by=by, course=replace(row.course, acknowledged=True))
    keep(tx, known)
    return known


def unacknowledge(tx: Tx, row: Alert, at: datetime) -> Alert:
    """Whoever was told was told anew, as it were: the next person is not told at once."""
    course = replace(row.course, acknowledged=False, told_at=row.course.told_at and at)
    known = replace(row, acknowledged_at=None, acknowledged_by=None, course=course)
    keep(tx, known)
    return known


# ---- who was told ---------------------------------------------------------------------------------------------------


class Sent(Enum):
    """What became of telling somebody."""

    WAITING = "waiting"
    SENT = "sent"
    MOOT = "moot"
    """Not needed any more when it could have been sent."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Telling:
    key: str
    """Of the promise."""
    alert: str | None
    """None: a test message, news of bookings, or the code of a pass."""
    person: PersonId
    name: str
    way: Way
    what: str
    """`raised` | `concerned` | `informed` | `escalated` | `reminder` | `over` | `test` | `bookings`
    or what is told of a pass (hub/model/pass_news.py)"""
    promised_at: datetime
    state: Sent = Sent.WAITING
    why: str | None = None
    ended_at: datetime | None = None


def telling_of(row: Mapping[Any, Any]) -> Telling:
    return Telling(
        key=row["key"],
        alert=row["alert_id"],
        person=row["person_id"],
        name=row["name"],
        way=Way(row["way"]),
        what=row["what"],
        promised_at=row["promised_at"],
        state=Sent(row["state"]),
        why=row["why"],
        ended_at=row["ended_at"],
    )


def tell(tx: Tx, row: Telling) -> None:
    values = {
        "key": row.key,
        "alert_id": row.alert,
        "person_id": row.person,
        "name": row.name,
        "way": row.way.value,
        "what": row.what,
        "promised_at": row.promised_at,
        "state": row.state.value,
    }
    tx.sql.execute(insert(tellings).values(values).on_conflict_do_nothing())


def telling(tx: Tx, key: str) -> Telling | None:
    row = tx.sql.execute(select(tellings).where(tellings.c.key == key)).mappings().first()
    return None if row is None else telling_of(row)


def told(tx: Tx, key: str, state: Sent, at: datetime, why: str | None = None) -> None:
    ended = update(tellings).where(tellings.c.key == key, tellings.c.state != Sent.SENT.value)
    tx.sql.execute(ended.values(state=state.value, ended_at=at, why=why))
    tx.signal("alerts")


def delayed(tx: Tx, key: str, why: str) -> None:
    """It could not be sent for now, and why."""
    tx.sql.execute(update(tellings).where(tellings.c.key == key).values(why=why))


def told_to(tx: Tx, person: PersonId) -> list[Telling]:
    """All that is kept of what one person was told, the earliest first."""
    query = select(tellings).where(tellings.c.person_id == person).order_by(tellings.c.promised_at, tellings.c.key)
    return [telling_of(row) for row in tx.sql.execute(query).mappings()]


def tellings_of(tx: Tx, ids: Sequence[str]) -> dict[str, list[Telling]]:
    """By alert, the first first."""
    found: dict[str, list[Telling]] = {id_: [] for id_ in ids}
    query = select(tellings).where(tellings.c.alert_id.in_(ids)).order_by(tellings.c.promised_at, tellings.c.key)
    for row in tx.sql.execute(query).mappings():
        found[row["alert_id"]].append(telling_of(row))
    return found


def trials(tx: Tx, *, limit: int = 20) -> list[Telling]:
    """The test messages, the latest first."""
    return _unalarming(tx, "test", limit)


BOOKINGS: Final = "bookings"
"""What of a telling that is news of bookings."""


def news_told(tx: Tx, *, limit: int = 20) -> list[Telling]:
    """Who was told of bookings, the latest first."""
    return _unalarming(tx, BOOKINGS, limit)


def _unalarming(tx: Tx, what: str, limit: int) -> list[Telling]:
    query = select(tellings).where(tellings.c.alert_id.is_(None), tellings.c.what == what)
    query = query.order_by(tellings.c.promised_at.desc()).limit(limit)
    return [telling_of(row) for row in tx.sql.execute(query).mappings()]


_WAITING = text("state = 'waiting'")


def waiting_longest(tx: Tx) -> dict[Way, Telling]:
    """Of each way, what waits to be sent for the longest time."""
    return {found.way: found for found in _OLDEST.all(tx)}


_OLDEST: Final = Prepared(
    select(tellings).where(
        _WAITING,
        tuple_(tellings.c.way, tellings.c.promised_at).in_(
            select(tellings.c.way, func.min(tellings.c.promised_at)).where(_WAITING).group_by(tellings.c.way)
        ),
    ),
    telling_of,
)


def last_ended(tx: Tx) -> list[Telling]:
    """Of each person and way, what was sent or refused last."""
    return list({(row.person, row.way): row for row in _LAST.all(tx)}.values())


def _last() -> Prepared[Telling]:
    ended = one_of(tellings.c.state, (Sent.SENT.value, Sent.REFUSED.value))
    latest = (
        select(tellings.c.person_id, tellings.c.way, func.max(tellings.c.ended_at))
        .where(ended)
        .group_by(tellings.c.person_id, tellings.c.way)
    )
    same = tuple_(tellings.c.person_id, tellings.c.way, tellings.c.ended_at).in_(latest)
    query = select(tellings).where(ended, same).order_by(tellings.c.person_id, tellings.c.way, tellings.c.key)
    return Prepared(query, telling_of)


_LAST: Final = _last()


# ---- whom a property wants told ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """One step of an escalation list."""

    person: PersonId
    ways: frozenset[Way] = frozenset({Way.EMAIL, Way.SMS})
    """By which this person wants to be told, where the trouble allows it. Everybody sees the page."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a property wants its people told."""

    id: PropertyId
    quiet: QuietHours | None = None
    people: tuple[Listed, ...] = ()
    """In this order; empty: the managers, in no particular one."""
    readers: tuple[Listed, ...] | None = None
    """Who is told of new, changed and cancelled bookings; empty: nobody. None: the managers, by e-mail."""
    origin: Origin = Origin.PAGES

    @property
    def told(self) -> tuple[Listed, ...]:
        """Everybody who is chosen to be told of something."""
        return self.people + (self.readers or ())


def wishes(tx: Tx) -> dict[PropertyId, Wishes]:
    """Of every property that has said something."""
    listed, readers = _by_property(_LISTED.all(tx)), _by_property(_READERS.all(tx))
    return {
        rules.id: replace(
            rules,
            people=tuple(listed.get(rules.id, ())),
            readers=None if rules.readers is None else tuple(readers.get(rules.id, ())),
        )
        for rules in _RULES.all(tx)
    }


def _by_property(rows: Iterable[tuple[PropertyId, Listed]]) -> dict[PropertyId, list[Listed]]:
    found: dict[PropertyId, list[Listed]] = {}
    for place, person in rows:
        found.setdefault(place, []).append(person)
    return found


def _rules(row: Mapping[str, Any]) -> Wishes:
    quiet = _quiet(row["quiet_from"], row["quiet_until"])
    readers = None if row["bookings"] == _MANAGERS else ()
    return Wishes(id=row["property_id"], quiet=quiet, readers=readers, origin=Origin(row["origin"]))


_MANAGERS: Final = "managers"
_CHOSEN: Final = "listed"


def _listed(row: Mapping[str, Any]) -> tuple[PropertyId, Listed]:
    ways = frozenset(Way(word) for word in row["ways"].split())
    return row["property_id"], Listed(row["person_id"], ways)


_RULES: Final = Prepared(select(telling_rules).order_by(telling_rules.c.property_id), _rules)
_LISTED: Final = Prepared(select(escalation).order_by(escalation.c.property_id, escalation.c.position), _listed)

_READERS: Final = Prepared(
    select(booking_readers).order_by(booking_readers.c.property_id, booking_readers.c.person_id), _listed
)


def _quiet(start: str | None, end: str | None) -> QuietHours | None:
    if start is None or end is None:
        return None
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))


def keep_wishes(tx: Tx, wanted: Wishes) -> None:
    forget_wishes(tx, wanted.id)
    quiet = wanted.quiet
    hours = {
        "quiet_from": None if quiet is None else f"{quiet.start:%H:%M}",
        "quiet_until": None if quiet is None else f"{quiet.end:%H:%M}",
    }
    rules = {"origin": wanted.origin.value, "bookings": _MANAGERS if wanted.readers is None else _CHOSEN}
    tx.sql.execute(insert(telling_rules).values(property_id=wanted.id, **rules, **hours))
    rows = [_step(wanted.id, listed) | {"position": place} for place, listed in enumerate(wanted.people, start=1)]
    for into, steps in (
        (escalation, rows),
        (booking_readers, [_step(wanted.id, each) for each in wanted.readers or ()]),
    ):
        if steps:
            tx.sql.execute(insert(into), steps)
    tx.signal("alerts")


def _step(place: PropertyId, listed: Listed) -> dict[str, object]:
    ways = " ".join(sorted(way.value for way in listed.ways))
    return {"property_id": place, "person_id": listed.person, "ways": ways}


def forget_wishes(tx: Tx, property_: PropertyId) -> None:
    tx.sql.execute(delete(telling_rules).where(telling_rules.c.property_id == property_))
    for each in (escalation, booking_readers):
        tx.sql.execute(delete(each).where(each.c.property_id == property_))
    tx.signal("alerts")
