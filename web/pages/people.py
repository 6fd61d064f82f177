"""People: who comes again and is no guest; one person with their passes; and the forms that add, change and let them go."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from hub import people, people_data
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.codes import CodeState
from hub.model.passes import DAYS, LEAD, EveryWeek, Span, Turnover, hours_in_words
from hub.model.people import PersonKind, ToldBy
from hub.model.values import LockId, PassId, PersonId, PropertyId, UnitId
from hub.people import Who
from hub.standing import AtDoor, PassState, Standing, standings
from hub.store import log, passes, person_feeds, persons
from hub.store.alerts import Telling
from hub.store.engine import Tx
from hub.store.persons import Person
from hub.telling import WORDS
from web.forms import Filled, Form, Line, blank, read
from web.ground import DoorCode, Ground, OnDoor
from web.site import GUARD, SITE, go, in_dialog, page, part, show_form, wakes
from web.story import Event, deed_event, entry_event
from web.words import Local, Moment

_DONE: Final = (PassState.OVER, PassState.USED_UP)


# ---- what is shown of a pass ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of one day, in minutes since midnight."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    words: str
    bars: tuple[Bar, ...]


def week_of(spans: Iterable[Span]) -> tuple[Day, ...]:
    """What goes on after midnight is drawn on the day after, and said on the day on which it begins."""
    bars: dict[int, list[Bar]] = {day: [] for day in range(7)}
    words: dict[int, list[str]] = {day: [] for day in range(7)}
    for span in sorted(spans):
        words[span.day].append(f"{span.start:%H:%M} to {span.end:%H:%M}")
        minutes = span.minutes
        for number, first in ((span.day, span.day * 1440), (span.day + 1, (span.day + 1) * 1440)):
            start, end = max(minutes.start, first), min(minutes.stop, first + 1440)
            if start < end:
                bars[number % 7].append(Bar(start - first, end - start))
    return tuple(Day(DAYS[day], ", ".join(words[day]) or "closed", tuple(bars[day])) for day in range(7))


@dataclass(frozen=True, slots=True)
class SentView:
    what: str
    way: str
    state: str
    why: str
    at: Moment


@dataclass(frozen=True, slots=True)
class PassView:
    id: PassId
    name: str
    note: str
    state: str
    week: tuple[Day, ...]
    """Empty: it has no weekly hours."""
    hours: str
    """The same in words, e.g. `Mon–Fri 08:00–17:00`."""
    unit: str
    """Between whose stays it opens."""
    longest: str
    start: Moment | None
    """Of the hours that are now or come next, without the lead."""
    end: Moment | None
    good_from: Moment
    good_until: Moment | None
    uses: int | None
    used: tuple[tuple[str, int], ...]
    doors: tuple[DoorCode, ...]
    digits: int
    told: bool
    last: tuple[Moment, str] | None
    sent: SentView | None
    """The last message about it."""
    pins: tuple[tuple[str, str], ...] = ()
    """(doors, digits), only when somebody asked for them."""

    @property
    def done(self) -> bool:
        return self.state in {state.value for state in _DONE}


def pass_view(ground: Ground, each: Standing, pins: tuple[tuple[str, str], ...] = ()) -> PassView:
    row, when = each.row, each.row.when
    local = _local(ground, row.locks)
    window = each.window
    return PassView(
        id=row.id,
        name=row.name,
        note=row.note,
        state=each.state.value,
        week=week_of(when.spans) if isinstance(when, EveryWeek) else (),
        hours=hours_in_words(when.spans).replace("-", "–") if isinstance(when, EveryWeek) else "",
        unit=_unit(ground, when.unit) if isinstance(when, Turnover) else "",
        longest=_hours(when.longest) if isinstance(when, Turnover) else "",
        start=None if window is None else local.moment(window.start + LEAD),
        end=None if window is None else local.maybe(window.end),
        good_from=local.moment(row.good.start),
        good_until=local.maybe(row.good.end),
        uses=row.uses,
        used=() if row.uses is None else tuple((ground.door_name(door.lock), door.used) for door in each.doors),
        doors=tuple(sorted((_on_door(ground, each, door, local) for door in each.doors), key=lambda door: door.name)),
        digits=max((door.digits for door in each.doors), default=0),
        told=each.told,
        last=None if each.last is None else (local.moment(each.last[0]), ground.door_name(each.last[1])),
        sent=None if each.telling is None else _sent(each.telling, local),
        pins=pins,
    )


def _sent(row: Telling, local: Local) -> SentView:
    at = local.moment(row.ended_at or row.promised_at)
    return SentView(row.what, WORDS[row.way], row.state.value, row.why or "", at)


def _local(ground: Ground, locks: tuple[LockId, ...]) -> Local:
    door = ground.doors.get(locks[0]) if locks else None
    return ground.local(None if door is None else door.property)


def _unit(ground: Ground, unit: UnitId | None) -> str:
    return "a unit that was removed" if unit is None else ground.unit_name(unit)


def _hours(span: timedelta) -> str:
    minutes = span // timedelta(minutes=1)
    return f"{minutes // 60} hours" if minutes % 60 == 0 and minutes != 60 else f"{minutes} minutes"


def _on_door(ground: Ground, each: Standing, door: AtDoor, local: Local) -> DoorCode:
    name = ground.door_name(door.lock)
    if door.taken:
        return DoorCode(door.lock, name, OnDoor.PROBLEM, why="its digits are somebody else's there")
    match door.state:
        case CodeState.SET | CodeState.HELD:
            state = OnDoor.READY if door.proven else OnDoor.SENT
            held = each.window if door.state is CodeState.HELD else None
            opens = None if held is None else local.moment(held.start)
            return DoorCode(door.lock, name, state, local.maybe(door.proven_at), door.proof, opens=opens)
        case CodeState.REFUSED:
            return DoorCode(door.lock, name, OnDoor.PROBLEM, why=f"the lock refuses it: {door.refused}")
        case CodeState.CLEARING:
            why = "not before safe mode is left" if ground.safe_mode else ""
            return DoorCode(door.lock, name, OnDoor.LEAVING, why=why)
        case CodeState.WANTED if each.window is not None and ground.now < each.window.start:
            return DoorCode(door.lock, name, OnDoor.LATER, local.moment(each.window.start))
        case CodeState.WANTED | CodeState.WRITING:
            return DoorCode(door.lock, name, OnDoor.WORKING)
    return DoorCode(door.lock, name, OnDoor.GONE)


# ---- the list -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonLine:
    id: PersonId
    name: str
    kind: str
    place: str
    left: Moment | None
    passes: tuple[PassView, ...]
    state: str
    """`left` | `problem` | `open` | `waiting` | `paused` | `idle` | `none`"""


@dataclass(frozen=True, slots=True)
class ListView:
    people: list[PersonLine]
    tabs: list[tuple[str, str, bool]]
    show: str
    here: str
    wakes: str


def look(tx: Tx, hub: Hub, show: str) -> ListView:
    ground = Ground.read(tx, hub.clock.now())
    of: dict[PersonId, list[PassView]] = {}
    for each in standings(tx, hub.desk):
        if each.state not in _DONE:
            of.setdefault(each.person.id, []).append(pass_view(ground, each))
    lines = [_line(ground, row, tuple(of.get(row.id, ()))) for row in persons.persons(tx)]
    return ListView(
        people=[line for line in lines if (line.left is not None) == (show == "left")],
        tabs=[("Here", "/people", show != "left"), ("Have left", "/people?show=left", show == "left")],
        show=show,
        here=f"/people?show={show}&part=rows",
        wakes=wakes("people", "house", *(f"lock:{lock}" for lock in ground.doors)),
    )


def _line(ground: Ground, row: Person, given: tuple[PassView, ...]) -> PersonLine:
    local = ground.local(row.property)
    place = "" if row.property is None or len(ground.places) < 2 else ground.places[row.property].name
    return PersonLine(row.id, row.name, row.kind.value, place, local.maybe(row.ended_at), given, _worst(row, given))


def _worst(row: Person, given: tuple[PassView, ...]) -> str:
    if row.ended_at is not None:
        return "left"
    if any(each.state == "open" and door.state is OnDoor.PROBLEM for each in given for door in each.doors):
        return "problem"
    states = {each.state for each in given}
    return next((state for state in ("open", "waiting", "paused", "idle") if state in states), "none")


async def listing(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    show = "left" if request.query.get("show") == "left" else "here"
    view = await hub.store.read(lambda tx: look(tx, hub, show))
    if request.query.get("part") == "rows":
        return part(request, "people/list.html", "rows", view=view)
    return await page(request, "people/list.html", "people", view=view)


# ---- one person -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonView:
    person: PersonLine
    phone: str
    email: str
    told_by: str
    by_hand: str
    """Why they are told by hand; empty: they are told by themselves."""
    passes: list[PassView]
    """What is over comes last."""
    shown: PassView | None
    """The one whose digits somebody asked for."""
    story: list[Event]
    calendar: bool
    """They have a link to subscribe to."""
    wakes: str


def person_row(tx: Tx, id_: PersonId) -> Person:
    row = persons.person(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    return row


def look_at(
    tx: Tx, hub: Hub, id_: PersonId, shown: PassId | None = None, pins: tuple[tuple[str, str], ...] = ()
) -> PersonView:
    """`pins` are of the pass that is `shown`."""
    ground, row = Ground.read(tx, hub.clock.now()), person_row(tx, id_)
    contact = persons.opened_contact(row, hub.vault)
    found = standings(tx, hub.desk, person=id_)
    views = [pass_view(ground, each, pins if each.row.id == shown else ()) for each in found]
    return PersonView(
        person=_line(ground, row, tuple(each for each in views if not each.done)),
        phone=contact.get("phone", ""),
        email=contact.get("email", ""),
        told_by=row.told_by.value,
        by_hand=hub.pass_teller.untold_because(row),
        passes=sorted(views, key=lambda each: each.done),
        shown=next((each for each in views if each.pins), None),
        story=_story(tx, ground, row),
        calendar=person_feeds.of_person(tx, id_) is not None,
        wakes=wakes("people", "stays", "log", "alerts", *(f"lock:{lock}" for each in found for lock in each.row.locks)),
    )


def _story(tx: Tx, ground: Ground, row: Person) -> list[Event]:
    local = ground.local(row.property)
    deeds = [deed_event(deed, local) for deed in log.deeds(tx, f"person:{row.id}", limit=30)]
    opened = [entry_event(ground, entry, local) for entry in passes.opened_by(tx, row.id, limit=30)]
    return sorted([*deeds, *opened], key=lambda event: event.at.at, reverse=True)[:30]


async def one(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    id_ = PersonId(request.match_info["id"])
    view = await hub.store.read(lambda tx: look_at(tx, hub, id_))
    if (block := request.query.get("part", "")) in {"live", "shown"}:
        return part(request, "people/one.html", block, view=view)
    return await page(request, "people/one.html", "people", view=view)


# ---- forms ----------------------------------------------------------------------------------------------------------


class PersonForm(Form):
    name: Line = Field(title="The name", max_length=60)
    kind: PersonKind = Field(title="What they do here")
    property: str = Field("", title="Where")
    phone: Line = Field("", title="The telephone number", max_length=40)
    email: Line = Field("", title="The e-mail address", max_length=200)
    told_by: ToldBy | None = Field(None, title="How they are told their codes")

    def who(self) -> Who:
        place = PropertyId(self.property) if self.property else None
        return Who(self.name, self.kind, place, self.phone, self.email, self.told_by)


@dataclass(frozen=True, slots=True)
class FormView:
    title: str
    action: str
    verb: str
    back: str
    back_to: str
    in_dialog: bool
    places: tuple[tuple[str, str], ...] = ()
    sentence: str = ""
    """Asked in place of fields."""


async def _show(request: web.Request, view: FormView, form: Filled[Any]) -> web.Response:
    return await show_form(request, "people", view, form)


async def _view(request: web.Request, row: Person | None) -> FormView:
    hub = request.app[SITE].hub
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    places = (("", "Every property"), *((place.id, place.name) for place in ground.places.values()))
    where = "/people" if row is None else f"/people/{row.id}"
    return FormView(
        title="Add a person" if row is None else f"Change {row.name}",
        action="/people/new" if row is None else f"{where}/change",
        verb="Add the person" if row is None else "Change it",
        back=where,
        back_to="People" if row is None else row.name,
        in_dialog=in_dialog(request),
        places=places if len(ground.places) > 1 else (),
    )


async def new(request: web.Request) -> web.Response:
    return await _show(request, await _view(request, None), blank(PersonForm, kind=PersonKind.CLEANER.value))


async def add(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    form = read(PersonForm, await request.post())
    if (given := form.value) is not None:
        try:
            id_ = await hub.store.write(lambda tx: people.add(tx, hub.desk, given.who(), actor))
            return go(request, f"/people/{id_}", said="person_added")
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, await _view(request, None), form)


async def _person(request: web.Request) -> Person:
    return await request.app[SITE].hub.store.read(lambda tx: person_row(tx, PersonId(request.match_info["id"])))


async def change(request: web.Request) -> web.Response:
    row = await _person(request)
    known = {"name": row.name, "kind": row.kind.value, "property": row.property or "", "told_by": row.told_by.value}
    known |= persons.opened_contact(row, request.app[SITE].hub.vault)
    return await _show(request, await _view(request, row), blank(PersonForm, **known))


async def save_change(request: web.Request) -> web.Response:
    hub, actor, row = request.app[SITE].hub, request[GUARD].actor, await _person(request)
    form = read(PersonForm, await request.post())
    if (given := form.value) is not None:
        try:
            await hub.store.write(lambda tx: people.change(tx, hub.desk, row.id, given.who(), actor))
            return go(request, f"/people/{row.id}", said="person_changed")
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, await _view(request, row), form)


async def leave(request: web.Request) -> web.Response:
    row = await _person(request)
    view = FormView(
        title=f"Has {row.name} left?",
        action=f"/people/{row.id}/leave",
        verb="Yes, take all codes out",
        back=f"/people/{row.id}",
        back_to=row.name,
        in_dialog=in_dialog(request),
        sentence="None of their passes opens anything any more, at once. You can take it back: the digits stay theirs.",
    )
    return await _show(request, view, blank(Form))


async def save_leave(request: web.Request) -> web.Response:
    hub, actor, row = request.app[SITE].hub, request[GUARD].actor, await _person(request)
    await hub.store.write(lambda tx: people.leave(tx, hub.desk, row.id, actor))
    return go(request, f"/people/{row.id}", said="person_left")


async def remove(request: web.Request) -> web.Response:
    return await _ask_to_remove(request, await _person(request), blank(Form))


async def _ask_to_remove(request: web.Request, row: Person, form: Filled[Form]) -> web.Response:
    view = FormView(
        title=f"Remove {row.name}?",
        action=f"/people/{row.id}/remove",
        verb="Yes, remove for good",
        back=f"/people/{row.id}",
        back_to=row.name,
        in_dialog=in_dialog(request),
        sentence="Their contact and passes go, and their name leaves the access log and the audit trail. That somebody had "
        "these codes and opened these doors remains, of nobody. It cannot be undone.",
    )
    return await _show(request, view, form)


async def save_remove(request: web.Request) -> web.Response:
    hub, actor, row = request.app[SITE].hub, request[GUARD].actor, await _person(request)
    form = read(Form, await request.post())
    try:
        await hub.store.write(lambda tx: people_data.remove(tx, hub.desk, row.id, actor))
    except Rejected as error:
        words = str(error)
        return await _ask_to_remove(request, row, form.refused(f"{words[:1].upper()}{words[1:]}."))
    return go(request, "/people?show=left", said="person_removed")


async def export(request: web.Request) -> web.Response:
    hub, actor, row = request.app[SITE].hub, request[GUARD].actor, await _person(request)
    told = await hub.store.write(lambda tx: people_data.export(tx, hub.desk, row.id, actor))
    headers = {"Content-Disposition": f'attachment; filename="person-{row.id}.json"', "Cache-Control": "no-store"}
    text = json.dumps(told, indent=2, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", headers=headers)


async def come_back(request: web.Request) -> web.Response:
    hub, actor, row = request.app[SITE].hub, request[GUARD].actor, await _person(request)
    await hub.store.write(lambda tx: people.come_back(tx, hub.desk, row.id, actor))
    return go(request, f"/people/{row.id}", said="person_back")


ROUTES = [
    web.get("/people", listing),
    web.get("/people/new", new),
    web.post("/people/new", add),
    web.get("/people/{id}", one),
    web.get("/people/{id}/change", change),
    web.post("/people/{id}/change", save_change),
    web.get("/people/{id}/leave", leave),
    web.post("/people/{id}/leave", save_leave),
    web.post("/people/{id}/return", come_back),
    web.get("/people/{id}/remove", remove),
    web.post("/people/{id}/remove", save_remove),
    web.post("/people/{id}/export", export),
]
