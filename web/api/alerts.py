"""Alerts: what needs somebody, who was told, who looks after it, and whom each property wants told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Annotated, Any

from pydantic import Field

from hub.model.alerts import SENT, Level, QuietHours, Way
from hub.model.values import PersonId, PropertyId
from hub.store import alerts, house, persons
from hub.store.alerts import Alert, Listed, Sent, Telling, Wishes
from hub.store.engine import Tx
from hub.store.house import Origin
from web.api.paging import ByTime, Page, cut, parsed, position
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, TimeOfDay, Told


class TellingOut(Out):
    person: str
    name: str
    way: Way
    what: str = Field(
        description="`raised`, `concerned`, `informed`, `escalated`, `reminder`, `over`, `test` or `bookings`"
    )
    promised_at: Told
    state: Sent
    why: str | None
    ended_at: Told | None


class AlertOut(Out):
    id: str
    kind: str = Field(description="as in the findings of health")
    level: Level
    about: str
    property: str | None = Field(description="null: it concerns the whole house")
    sentence: str
    cure: str
    since: Told = Field(description="found since then")
    raised_at: Told
    acknowledged_at: Told | None
    acknowledged_by: str | None
    over_at: Told | None
    told: list[TellingOut]


class AlertPage(Page[AlertOut]):
    pass


class Shown(Enum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    OVER = "over"


class AlertQuery(ByTime):
    show: Shown = Shown.OPEN


def _telling(row: Telling) -> TellingOut:
    return TellingOut(
        person=row.person,
        name=row.name,
        way=row.way,
        what=row.what,
        promised_at=row.promised_at,
        state=row.state,
        why=row.why,
        ended_at=row.ended_at,
    )


def _alert(tx: Tx, row: Alert) -> AlertOut:
    assert row.course.raised_at is not None  # nothing else is an alert
    return AlertOut(
        id=row.id,
        kind=row.kind.word,
        level=row.level,
        about=row.about,
        property=row.place,
        sentence=row.sentence,
        cure=row.cure,
        since=row.course.found_at,
        raised_at=row.course.raised_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        over_at=row.over_at,
        told=[_telling(each) for each in alerts.tellings_of(tx, [row.id])[row.id]],
    )


def _at(row: Alert) -> str:
    at = row.over_at or row.course.raised_at
    assert at is not None  # nothing else is an alert
    return position(at, row.id)


async def list_alerts(call: Call, query: AlertQuery, body: Nothing) -> AlertPage:
    """The latest first."""

    def work(tx: Tx) -> AlertPage:
        before = parsed(query.cursor)
        if query.show is Shown.OVER:
            rows = alerts.over(tx, before=before, limit=query.limit + 1)
        else:
            found = [row for row in alerts.raised(tx) if row.open == (query.show is Shown.OPEN)]
            after = [row for row in found if not query.cursor or _at(row) < query.cursor]
            rows = sorted(after, key=_at, reverse=True)[: query.limit + 1]
        page = cut(rows, _at, query.limit)
        return AlertPage(items=[_alert(tx, row) for row in page.rows], next=page.next)

    return await call.hub.store.read(work)


def _there(tx: Tx, call: Call) -> Alert:
    row = alerts.alert(tx, call.path["alert"])
    if row is None:
        raise missing("alert", call.path["alert"])
    return row


async def get_alert(call: Call, query: Nothing, body: Nothing) -> AlertOut:
    return await call.hub.store.read(lambda tx: _alert(tx, _there(tx, call)))


async def acknowledge(call: Call, query: Nothing, body: Nothing) -> AlertOut:
    """Somebody looks after it: nobody else is told."""

    def work(tx: Tx) -> AlertOut:
        return _alert(tx, call.hub.alerts.acknowledge(tx, _there(tx, call).id, call.actor))

    return await call.hub.store.write(work)


async def take_back(call: Call, query: Nothing, body: Nothing) -> AlertOut:
    def work(tx: Tx) -> AlertOut:
        return _alert(tx, call.hub.alerts.unacknowledge(tx, _there(tx, call).id, call.actor))

    return await call.hub.store.write(work)


# ---- who is told ----------------------------------------------------------------------------------------------------


class ListedModel(In):
    person: Annotated[str, Field(min_length=1, max_length=100)]
    ways: Annotated[list[Way], Field(min_length=1, max_length=3, description="`email`, `sms`; all see the page")]


class ListedOut(Out):
    person: str
    ways: list[Way]


class QuietIn(In):
    start: TimeOfDay
    end: TimeOfDay = Field(description="of the next day where it is before `start`")


class QuietOut(Out):
    start: str
    end: str


class WishesIn(In):
    """What is left out stays as it is."""

    quiet_hours: QuietIn | None = Field(default=None, description="local; null: never quiet")
    escalation: Annotated[list[ListedModel], Field(max_length=50)] = Field(
        default=[], description="in this order; empty: the managers"
    )
    bookings: Annotated[list[ListedModel], Field(max_length=50)] | None = Field(
        default=None,
        description="who is told of new, changed and cancelled bookings; empty: nobody; null: the managers, by e-mail",
    )


class WishesOut(Out):
    property: str
    quiet_hours: QuietOut | None
    escalation: list[ListedOut]
    bookings: list[ListedOut] | None = Field(description="null: the managers, by e-mail")


def _wishes(row: Wishes) -> WishesOut:
    quiet = None if row.quiet is None else QuietOut(start=f"{row.quiet.start:%H:%M}", end=f"{row.quiet.end:%H:%M}")
    readers = None if row.readers is None else _listed_out(row.readers)
    return WishesOut(property=row.id, quiet_hours=quiet, escalation=_listed_out(row.people), bookings=readers)


def _listed_out(people: Sequence[Listed]) -> list[ListedOut]:
    return [ListedOut(person=each.person, ways=sorted(each.ways, key=lambda way: way.value)) for each in people]


def _listed_in(people: Sequence[ListedModel]) -> tuple[Listed, ...]:
    return tuple(Listed(PersonId(each.person), frozenset(each.ways) & SENT) for each in people)


async def get_wishes(call: Call, query: Nothing, body: Nothing) -> WishesOut:
    id_ = PropertyId(call.path["property"])

    def work(tx: Tx) -> WishesOut:
        if house.property_with(tx, id_) is None:
            raise missing("property", id_)
        return _wishes(alerts.wishes(tx).get(id_, Wishes(id_)))

    return await call.hub.store.read(work)


async def change_wishes(call: Call, query: Nothing, body: WishesIn) -> WishesOut:
    id_, said = PropertyId(call.path["property"]), body.model_fields_set
    wanted: dict[str, Any] = {}
    if "quiet_hours" in said:
        hours = body.quiet_hours
        wanted["quiet"] = None if hours is None else QuietHours(hours.start, hours.end)
    if "escalation" in said:
        wanted["people"] = _listed_in(body.escalation)
    if "bookings" in said:
        wanted["readers"] = None if body.bookings is None else _listed_in(body.bookings)

    def work(tx: Tx) -> WishesOut:
        if house.property_with(tx, id_) is None:
            raise missing("property", id_)
        anew = replace(alerts.wishes(tx).get(id_, Wishes(id_)), origin=Origin.PAGES, **wanted)
        call.hub.alerts.wish(tx, anew, call.actor)
        return _wishes(anew)

    return await call.hub.store.write(work)


class TestOut(Out):
    __test__ = False

    person: str
    ways: list[Way] = Field(description="by which a test message was promised")


async def send_test(call: Call, query: Nothing, body: Nothing) -> TestOut:
    id_ = PersonId(call.path["person"])

    def work(tx: Tx) -> TestOut:
        if persons.person(tx, id_) is None:
            raise missing("person", id_)
        ways = call.hub.alerts.try_out(tx, id_, SENT, call.actor)
        return TestOut(person=id_, ways=sorted(ways, key=lambda way: way.value))

    return await call.hub.store.write(work)
