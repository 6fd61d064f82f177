"""People and their passes: who may open which doors when, and with how many uses. Digits only for who may see codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from hub import people, people_data
from hub.hub import Hub
from hub.model.alerts import Way
from hub.model.codes import CodeState
from hub.model.passes import ALWAYS, DAYS, EveryWeek, Span, Turnover, When
from hub.model.people import PersonKind, Scope, ToldBy
from hub.model.values import LockId, PassId, PersonId, Pin, Proof, PropertyId, UnitId
from hub.people import Who, Wish
from hub.standing import AtDoor, PassState, Standing, standings
from hub.store import passes, persons
from hub.store.alerts import Sent, Telling
from hub.store.engine import Tx
from hub.store.persons import Person
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Instant, Nothing, Out, TimeOfDay, Told, Whole

Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


# ---- people ---------------------------------------------------------------------------------------------------------


class PersonOut(Out):
    id: str
    name: str
    kind: PersonKind
    property: str | None = Field(description="null: of every property")
    since: Told
    left_at: Told | None
    phone: str | None = Field(description="null: unknown, or the token lacks the scope `people:write`")
    email: str | None
    told_by: ToldBy = Field(description="how they are told codes; by hand where no address or service is known")


class PersonDataOut(Out):
    """Everything that is kept of a person, with why and how long."""

    person: str
    data: dict[str, Any]


class PersonPage(Page[PersonOut]):
    pass


def _person(call: Call, row: Person) -> PersonOut:
    contact = persons.opened_contact(row, call.hub.vault) if call.may(Scope.PEOPLE_WRITE) else {}
    return PersonOut(
        id=row.id,
        name=row.name,
        kind=row.kind,
        property=row.property,
        since=row.made_at,
        left_at=row.ended_at,
        phone=contact.get("phone"),
        email=contact.get("email"),
        told_by=row.told_by,
    )


class PersonQuery(ByName):
    property: str | None = None


async def list_people(call: Call, query: PersonQuery, body: Nothing) -> PersonPage:
    """Those who have left, too."""
    rows = await call.hub.store.read(persons.persons)
    shown = [row for row in rows if query.property is None or row.property in {None, query.property}]
    page = cut_by_name(shown, lambda row: row.id, query)
    return PersonPage(items=[_person(call, row) for row in page.rows], next=page.next)


async def get_person(call: Call, query: Nothing, body: Nothing) -> PersonOut:
    return await call.hub.store.read(lambda tx: _person(call, _found(tx, PersonId(call.path["person"]))))


def _found(tx: Tx, id_: PersonId) -> Person:
    row = persons.person(tx, id_)
    if row is None:
        raise missing("person", id_)
    return row


class PersonIn(In):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    kind: PersonKind
    property: str | None = Field(None, max_length=100, description="null: of every property")
    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=200)] = ""
    told_by: ToldBy | None = Field(None, description="null: as it is; of somebody new, `email`")

    def who(self) -> Who:
        place = None if self.property is None else PropertyId(self.property)
        return Who(self.name, self.kind, place, self.phone, self.email, self.told_by)


async def add_person(call: Call, query: Nothing, body: PersonIn) -> PersonOut:
    def work(tx: Tx) -> PersonOut:
        return _person(call, _found(tx, people.add(tx, call.hub.desk, body.who(), call.actor)))

    return await call.hub.store.write(work)


async def change_person(call: Call, query: Nothing, body: PersonIn) -> PersonOut:
    return await _on_person(call, lambda tx, id_: people.change(tx, call.hub.desk, id_, body.who(), call.actor))


async def person_leaves(call: Call, query: Nothing, body: Nothing) -> PersonOut:
    return await _on_person(call, lambda tx, id_: people.leave(tx, call.hub.desk, id_, call.actor))


async def person_comes_back(call: Call, query: Nothing, body: Nothing) -> PersonOut:
    return await _on_person(call, lambda tx, id_: people.come_back(tx, call.hub.desk, id_, call.actor))


class RemovedOut(Out):
    person: str
    log_lines: int = Field(description="lines of the access log that named them, and name nobody any more")


async def remove_person(call: Call, query: Nothing, body: Nothing) -> RemovedOut:
    def work(tx: Tx) -> RemovedOut:
        id_ = _found(tx, PersonId(call.path["person"])).id
        return RemovedOut(person=id_, log_lines=people_data.remove(tx, call.hub.desk, id_, call.actor))

    return await call.hub.store.write(work)


async def export_person(call: Call, query: Nothing, body: Nothing) -> PersonDataOut:
    def work(tx: Tx) -> PersonDataOut:
        row = _found(tx, PersonId(call.path["person"]))
        return PersonDataOut(person=row.id, data=people_data.export(tx, call.hub.desk, row.id, call.actor))

    return await call.hub.store.write(work)


async def _on_person(call: Call, change: Callable[[Tx, PersonId], None]) -> PersonOut:
    id_ = PersonId(call.path["person"])

    def work(tx: Tx) -> PersonOut:
        _found(tx, id_)
        change(tx, id_)
        return _person(call, _found(tx, id_))

    return await call.hub.store.write(work)


# ---- passes ---------------------------------------------------------------------------------------------------------


class SpanOut(Out):
    day: str
    start: str = Field(description="local to the property, as 08:00")
    end: str = Field(description="not later than `start`: of the day after")


class PassDoorOut(Out):
    lock: str
    digits: int = Field(description="how many the code has")
    state: CodeState | None = Field(description="of the code in the lock; null: it is not there, and should not be")
    proof: Proof
    slot: int | None
    refused: str = Field(description="the lock's words")
    used: int = Field(description="how often it was opened, where uses are counted")
    taken: bool = Field(description="the digits are somebody else's there; draw new ones")


class PassToldOut(Out):
    what: str = Field(description="`code`, `code_changed`, `code_ended` or `hours_off`")
    way: Way
    promised_at: Told
    state: Sent
    ended_at: Told | None = Field(description="when it was sent, refused, or no longer needed")
    why: str | None


class PassOut(Out):
    id: str
    person: str
    name: str
    state: PassState
    hours: list[SpanOut] | None = Field(description="of the week; null: not confined to hours")
    unit: str | None = Field(description="it opens between two stays of this unit")
    longest_minutes: int | None = Field(description="after a check-out of that unit")
    valid_from: Told
    valid_until: Told | None
    opens_from: Told | None = Field(description="the hours that are now or come next")
    opens_until: Told | None
    uses: int | None = Field(description="how often it opens each of its doors; null: as often as one likes")
    note: str = Field(description="for its holder, in what they are told")
    doors: list[PassDoorOut]
    paused_at: Told | None
    ended_at: Told | None
    ended_why: str
    told: PassToldOut | None = Field(description="the last message to the person about it; null: there was none")


class PassPage(Page[PassOut]):
    pass


class PassQuery(ByName):
    person: str | None = None
    lock: str | None = None


def _pass(each: Standing) -> PassOut:
    row, when = each.row, each.row.when
    return PassOut(
        id=row.id,
        person=row.person,
        name=row.name,
        state=each.state,
        hours=_spans(when.spans) if isinstance(when, EveryWeek) else None,
        unit=when.unit if isinstance(when, Turnover) else None,
        longest_minutes=when.longest // timedelta(minutes=1) if isinstance(when, Turnover) else None,
        valid_from=row.good.start,
        valid_until=row.good.end,
        opens_from=None if each.window is None else each.window.start,
        opens_until=None if each.window is None else each.window.end,
        uses=row.uses,
        note=row.note,
        doors=[_door(door) for door in each.doors],
        paused_at=row.paused_at,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
        told=None if each.telling is None else _telling(each.telling),
    )


def _telling(row: Telling) -> PassToldOut:
    return PassToldOut(
        what=row.what,
        way=row.way,
        promised_at=row.promised_at,
        state=row.state,
        ended_at=row.ended_at,
        why=row.why,
    )


def _spans(spans: Iterable[Span]) -> list[SpanOut]:
    return [SpanOut(day=DAYS[each.day], start=f"{each.start:%H:%M}", end=f"{each.end:%H:%M}") for each in spans]


def _door(door: AtDoor) -> PassDoorOut:
    return PassDoorOut(
        lock=door.lock,
        digits=door.digits,
        state=door.state,
        proof=door.proof,
        slot=door.slot,
        refused=door.refused,
        used=door.used,
        taken=door.taken,
    )


async def list_passes(call: Call, query: PassQuery, body: Nothing) -> PassPage:
    """Those that are over, too; they are forgotten after 30 days."""
    person = None if query.person is None else PersonId(query.person)
    found = await call.hub.store.read(lambda tx: standings(tx, call.hub.desk, person=person))
    shown = [each for each in found if query.lock is None or query.lock in each.row.locks]
    page = cut_by_name(shown, lambda each: each.row.id, query)
    return PassPage(items=[_pass(each) for each in page.rows], next=page.next)


async def get_pass(call: Call, query: Nothing, body: Nothing) -> PassOut:
    return await call.hub.store.read(lambda tx: _told(tx, call.hub, PassId(call.path["pass"])))


def _told(tx: Tx, hub: Hub, id_: PassId) -> PassOut:
    found = standings(tx, hub.desk, only=id_)
    if not found:
        raise missing("pass", id_)
    return _pass(found[0])


class SpanIn(In):
    day: Day
    start: TimeOfDay
    end: Annotated[TimeOfDay, Field(description="not later than `start`: of the day after")]


class PassIn(In):
    locks: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=50)]
    hours: Annotated[list[SpanIn], Field(min_length=1, max_length=50)] | None = Field(
        None, description="of the week, local to the property; null: at any time"
    )
    unit: str | None = Field(None, max_length=100, description="in place of hours: between two stays of this unit")
    longest_minutes: Annotated[int, Field(ge=15, le=7 * 1440), Whole] = Field(480, description="after a check-out")
    start: Instant | None = Field(None, description="null: from now on")
    until: Instant | None = Field(None, description="null: until somebody ends it")
    uses: Annotated[int, Field(ge=1, le=people.MOST_USES), Whole] | None = Field(
        None, description="how often it opens each of its doors; 1 makes a code for one time"
    )
    name: Annotated[str, Field(max_length=60, description="what it is for; told to its holder")] = ""
    note: Annotated[str, Field(max_length=people.LONGEST_NOTE, description="for its holder, in what they are told")] = (
        ""
    )

    def wish(self) -> Wish:
        locks = tuple(LockId(lock) for lock in dict.fromkeys(self.locks))
        return Wish(locks, self._when(), self.start, self.until, self.uses, self.name, self.note)

    def _when(self) -> When:
        if self.unit is not None:
            return Turnover(UnitId(self.unit), timedelta(minutes=self.longest_minutes))
        if self.hours is None:
            return ALWAYS
        return EveryWeek(tuple(sorted({Span(DAYS.index(each.day), each.start, each.end) for each in self.hours})))


class PinOut(Out):
    lock: str
    pin: str


class PassGiven(Out):
    given: PassOut
    pins: list[PinOut] = Field(description="one for each door; the same where the doors take the same")


def _given(tx: Tx, call: Call, id_: PassId) -> PassGiven:
    pins = people.reveal(tx, call.hub.desk, id_, call.actor)
    return PassGiven(given=_told(tx, call.hub, id_), pins=[_pin(*each) for each in pins])


def _pin(lock: LockId, pin: Pin) -> PinOut:
    return PinOut(lock=lock, pin=pin.reveal())


async def give_pass(call: Call, query: Nothing, body: PassIn) -> PassGiven:
    call.demand(Scope.CODES_READ)
    person = PersonId(call.path["person"])

    def work(tx: Tx) -> PassGiven:
        _found(tx, person)
        return _given(tx, call, people.give(tx, call.hub.desk, person, body.wish(), call.actor))

    return await call.hub.store.write(work)


async def change_pass(call: Call, query: Nothing, body: PassIn) -> PassOut:
    return await _on_pass(call, lambda tx, id_: people.alter(tx, call.hub.desk, id_, body.wish(), call.actor))


async def pause_pass(call: Call, query: Nothing, body: Nothing) -> PassOut:
    return await _on_pass(call, lambda tx, id_: people.pause(tx, call.hub.desk, id_, call.actor))


async def resume_pass(call: Call, query: Nothing, body: Nothing) -> PassOut:
    return await _on_pass(call, lambda tx, id_: people.resume(tx, call.hub.desk, id_, call.actor))


async def end_pass(call: Call, query: Nothing, body: Nothing) -> PassOut:
    return await _on_pass(call, lambda tx, id_: people.end(tx, call.hub.desk, id_, call.actor))


async def reopen_pass(call: Call, query: Nothing, body: Nothing) -> PassOut:
    return await _on_pass(call, lambda tx, id_: people.reopen(tx, call.hub.desk, id_, call.actor))


async def tell_pass(call: Call, query: Nothing, body: Nothing) -> PassOut:
    return await _on_pass(call, lambda tx, id_: call.hub.pass_teller.send_again(tx, id_, call.actor))


async def _on_pass(call: Call, change: Callable[[Tx, PassId], None]) -> PassOut:
    id_ = PassId(call.path["pass"])

    def work(tx: Tx) -> PassOut:
        _known(tx, id_)
        change(tx, id_)
        return _told(tx, call.hub, id_)

    return await call.hub.store.write(work)


def _known(tx: Tx, id_: PassId) -> None:
    if passes.pass_with(tx, id_) is None:
        raise missing("pass", id_)


async def redraw_pass(call: Call, query: Nothing, body: Nothing) -> PassGiven:
    id_ = PassId(call.path["pass"])

    def work(tx: Tx) -> PassGiven:
        _known(tx, id_)
        call.demand(Scope.CODES_READ)
        people.redraw(tx, call.hub.desk, id_, call.actor)
        return _given(tx, call, id_)

    return await call.hub.store.write(work)


async def reveal_pass(call: Call, query: Nothing, body: Nothing) -> PassGiven:
    id_ = PassId(call.path["pass"])

    def work(tx: Tx) -> PassGiven:
        _known(tx, id_)
        return _given(tx, call, id_)

    return await call.hub.store.write(work)
