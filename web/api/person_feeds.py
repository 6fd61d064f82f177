"""People's calendars: a secret link each, for a telephone to subscribe to."""

from __future__ import annotations

from pydantic import Field

from hub import person_feeds
from hub.model.diary import Naming
from hub.model.values import PersonId
from hub.store import person_feeds as links
from hub.store import persons
from hub.store.engine import Tx
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told


class PersonCalendarOut(Out):
    person: str
    units: list[str] = Field(description="what it is about: where the person's passes let them in")
    names: Naming | None = Field(description="how guests are called in it; null: there is no link")
    made_at: Told | None
    fetched_at: Told | None = Field(description="when it was last asked for")


class PersonCalendarIn(In):
    names: Naming = Naming.INITIALS


class PersonCalendarGiven(PersonCalendarOut):
    path: str = Field(description="behind the hub's address; whoever has it can read the calendar")


def _told(tx: Tx, call: Call, id_: PersonId) -> PersonCalendarOut:
    if persons.person(tx, id_) is None:
        raise missing("person", id_)
    found = links.of_person(tx, id_)
    return PersonCalendarOut(
        person=id_,
        units=[unit.id for unit in person_feeds.units_of(tx, id_, call.hub.clock.now())],
        names=None if found is None else found.names,
        made_at=None if found is None else found.made_at,
        fetched_at=None if found is None else found.asked_at,
    )


async def get_person_calendar(call: Call, query: Nothing, body: Nothing) -> PersonCalendarOut:
    id_ = PersonId(call.path["person"])
    return await call.hub.store.read(lambda tx: _told(tx, call, id_))


async def make_person_calendar(call: Call, query: Nothing, body: PersonCalendarIn) -> PersonCalendarGiven:
    id_ = PersonId(call.path["person"])

    def work(tx: Tx) -> PersonCalendarGiven:
        _told(tx, call, id_)
        path = person_feeds.make(tx, call.hub.desk, id_, body.names, call.actor)
        return PersonCalendarGiven(**dict(_told(tx, call, id_)), path=path)

    return await call.hub.store.write(work)


async def end_person_calendar(call: Call, query: Nothing, body: Nothing) -> PersonCalendarOut:
    id_ = PersonId(call.path["person"])

    def work(tx: Tx) -> PersonCalendarOut:
        _told(tx, call, id_)
        person_feeds.end(tx, call.hub.desk, id_, call.actor)
        return _told(tx, call, id_)

    return await call.hub.store.write(work)
