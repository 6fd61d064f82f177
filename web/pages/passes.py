"""Passes: the form that gives and changes them, with a picture of the week, and what is pressed on their cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal

from aiohttp import web
from pydantic import Field

from hub import people
from hub.errors import Rejected
from hub.hub import Hub
from hub.issuing import Desk
from hub.model.passes import ALWAYS, DAYS, LONGEST_TURNOVER, EveryWeek, Span, Turnover, When
from hub.model.stays import local_instant
from hub.model.values import LockId, PassId, PersonId, UnitId
from hub.people import Wish
from hub.store import passes
from hub.store.engine import Tx
from hub.store.passes import Pass
from hub.store.persons import Person
from web.forms import Filled, Form, Line, blank, read
from web.ground import Ground
from web.pages.people import Day, PersonView, look_at, person_row, week_of
from web.site import GUARD, SITE, go, htmx, page, part
from web.words import Local

LONG_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPANS: Final = (1, 2)
"""So many stretches of a day can be typed; the site file and the API know any number."""


class PassForm(Form):
    name: Line = Field("", title="What it is for", max_length=60)
    note: Line = Field("", title="A note for them", max_length=people.LONGEST_NOTE)
    locks: list[str] = Field(title="At least one door", min_length=1)
    when: Literal["always", "weekly", "turnover"] = Field("always", title="When")
    unit: str = Field("", title="The unit")
    longest: int = Field(LONGEST_TURNOVER // timedelta(hours=1), title="How long", ge=1, le=168)
    start: datetime | None = Field(None, title="From")
    until: datetime | None = Field(None, title="Until")
    uses: int | None = Field(None, title="How often", ge=1, le=people.MOST_USES)


@dataclass(frozen=True, slots=True)
class PassFormView:
    title: str
    action: str
    verb: str
    back: str
    back_to: str
    doors: tuple[tuple[str, str], ...]
    units: tuple[tuple[str, str], ...]
    week: tuple[Day, ...]
    days: tuple[tuple[str, str], ...] = tuple(zip(DAYS, LONG_DAYS, strict=True))


def _name(day: str, number: int, end: str) -> str:
    return f"{day.lower()}{number}_{end}"


def typed_spans(posted: Mapping[str, str]) -> tuple[Span, ...]:
    """Raises Rejected when a time stands alone, or none is given."""
    found = set[Span]()
    for day, name in enumerate(DAYS):
        for number in SPANS:
            start, end = (posted.get(_name(name, number, each), "").strip() for each in ("start", "end"))
            if bool(start) != bool(end):
                raise Rejected(f"{LONG_DAYS[day]}: say from when until when")
            if start:
                found.add(Span(day, _time(start, day), _time(end, day)))
    if not found:
        raise Rejected("say from when until when on at least one day of the week")
    return tuple(sorted(found))


def _time(text: str, day: int) -> time:
    try:
        return time.fromisoformat(text[:5])
    except ValueError:
        raise Rejected(f"{LONG_DAYS[day]}: write times like 08:00") from None


def _known_spans(spans: tuple[Span, ...]) -> Iterator[tuple[str, str]]:
    count: dict[int, int] = {}
    for span in spans:
        number = count[span.day] = count.get(span.day, 0) + 1
        yield _name(DAYS[span.day], number, "start"), f"{span.start:%H:%M}"
        yield _name(DAYS[span.day], number, "end"), f"{span.end:%H:%M}"


def _drawn(form: Filled[PassForm]) -> tuple[Day, ...]:
    try:
        return week_of(typed_spans(form.input))
    except Rejected:
        return week_of(())


# ---- the form -------------------------------------------------------------------------------------------------------


async def _view(request: web.Request, person: Person, row: Pass | None, form: Filled[PassForm]) -> PassFormView:
    hub = request.app[SITE].hub
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    own = [door for door in ground.doors.values() if person.property in {None, door.property}]
    units = [unit for unit in ground.units.values() if person.property in {None, unit.property}]
    return PassFormView(
        title=f"A pass for {person.name}" if row is None else f"Change a pass of {person.name}",
        action=f"/people/{person.id}/passes/new" if row is None else f"/passes/{row.id}/change",
        verb="Give the pass" if row is None else "Change it",
        back=f"/people/{person.id}",
        back_to=person.name,
        doors=tuple((door.id, door.name) for door in own if door.abilities is None or door.abilities.slots),
        units=tuple((unit.id, ground.unit_name(unit.id)) for unit in units),
        week=_drawn(form),
    )


async def _show(request: web.Request, person: Person, row: Pass | None, form: Filled[PassForm]) -> web.Response:
    view = await _view(request, person, row, form)
    status = 422 if form.errors else 200
    return await page(request, "people/pass.html", "people", status=status, view=view, form=form)


def _wish(tx: Tx, hub: Hub, form: PassForm, posted: Mapping[str, str]) -> Wish:
    """Raises Rejected."""
    locks = tuple(LockId(lock) for lock in form.locks)
    local = _local(tx, hub, locks)
    return Wish(
        locks,
        _when(form, posted),
        None if form.start is None else local_instant(form.start.date(), form.start.time(), local.zone, latest=False),
        None if form.until is None else local_instant(form.until.date(), form.until.time(), local.zone, latest=True),
        form.uses,
        form.name,
        form.note,
    )


def _local(tx: Tx, hub: Hub, locks: tuple[LockId, ...]) -> Local:
    ground = Ground.read(tx, hub.clock.now())
    door = ground.doors.get(locks[0]) if locks else None
    return ground.local(None if door is None else door.property)


def _when(form: PassForm, posted: Mapping[str, str]) -> When:
    match form.when:
        case "weekly":
            return EveryWeek(typed_spans(posted))
        case "turnover":
            return Turnover(UnitId(form.unit), timedelta(hours=form.longest))
        case _:
            return ALWAYS


def _read(posted: Any) -> Filled[PassForm]:
    return read(PassForm, posted, locks=[str(lock) for lock in posted.getall("locks", [])])


async def new(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    person = await hub.store.read(lambda tx: person_row(tx, PersonId(request.match_info["id"])))
    return await _show(request, person, None, blank(PassForm, when="weekly", longest="8"))


async def give(request: web.Request) -> web.Response:
    """The digits are shown at once: whoever gives a pass tells them to its holder."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = PersonId(request.match_info["id"])
    person = await hub.store.read(lambda tx: person_row(tx, id_))
    form = _read(await request.post())
    if (given := form.value) is not None:
        try:
            made = await hub.store.write(
                lambda tx: people.give(tx, hub.desk, id_, _wish(tx, hub, given, form.input), actor)
            )
            return await _reveal(request, made)
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, person, None, form)


def _row(tx: Tx, id_: PassId) -> tuple[Pass, Person]:
    row = passes.pass_with(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    return row, person_row(tx, row.person)


async def change(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub

    def see(tx: Tx) -> tuple[Pass, Person, dict[str, str]]:
        row, person = _row(tx, PassId(request.match_info["pass"]))
        return row, person, _known(row, _local(tx, hub, row.locks))

    row, person, known = await hub.store.read(see)
    return await _show(request, person, row, blank(PassForm, **known))


def _known(row: Pass, local: Local) -> dict[str, str]:
    known = {"name": row.name, "note": row.note, "locks": " ".join(row.locks), "when": "always", "longest": "8"}
    known |= {"start": f"{local.moment(row.good.start).local:%Y-%m-%dT%H:%M}"}
    known |= {} if row.good.end is None else {"until": f"{local.moment(row.good.end).local:%Y-%m-%dT%H:%M}"}
    known |= {} if row.uses is None else {"uses": str(row.uses)}
    match row.when:
        case EveryWeek(spans=spans):
            return known | {"when": "weekly"} | dict(_known_spans(spans))
        case Turnover(unit=unit, longest=longest):
            hours = str(max(1, longest // timedelta(hours=1)))
            return known | {"when": "turnover", "unit": unit or "", "longest": hours}
        case _:
            return known


async def save_change(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    row, person = await hub.store.read(lambda tx: _row(tx, PassId(request.match_info["pass"])))
    form = _read(await request.post())
    if (given := form.value) is not None:
        try:
            await hub.store.write(
                lambda tx: people.alter(tx, hub.desk, row.id, _wish(tx, hub, given, form.input), actor)
            )
            return go(request, f"/people/{person.id}", said="pass_changed")
        except Rejected as error:
            form = form.refused(f"{error}.")
    return await _show(request, person, row, form)


# ---- what is pressed ------------------------------------------------------------------------------------------------


_DEEDS: Final[Mapping[str, tuple[Callable[[Tx, Desk, PassId, str], None], str]]] = {
    "pause": (people.pause, "pass_paused"),
    "resume": (people.resume, "pass_resumed"),
    "end": (people.end, "pass_ended"),
    "reopen": (people.reopen, "pass_reopened"),
}


async def act(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    if request.match_info["deed"] not in _DEEDS:
        raise web.HTTPNotFound
    deed, said = _DEEDS[request.match_info["deed"]]
    row, person = await hub.store.read(lambda tx: _row(tx, PassId(request.match_info["pass"])))
    await hub.store.write(lambda tx: deed(tx, hub.desk, row.id, actor))
    return go(request, f"/people/{person.id}", said=said)


async def tell(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    row, person = await hub.store.read(lambda tx: _row(tx, PassId(request.match_info["pass"])))
    await hub.store.write(lambda tx: hub.pass_teller.send_again(tx, row.id, actor))
    return go(request, f"/people/{person.id}", said="pass_told")


async def redraw(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    row, _ = await hub.store.read(lambda tx: _row(tx, PassId(request.match_info["pass"])))
    await hub.store.write(lambda tx: people.redraw(tx, hub.desk, row.id, actor))
    return await _reveal(request, row.id)


async def show_code(request: web.Request) -> web.Response:
    """Audited: who looked, and when, is in the person's own timeline."""
    row, _ = await request.app[SITE].hub.store.read(lambda tx: _row(tx, PassId(request.match_info["pass"])))
    return await _reveal(request, row.id)


async def _reveal(request: web.Request, id_: PassId) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor

    def show(tx: Tx) -> PersonView:
        row, person = _row(tx, id_)
        ground = Ground.read(tx, hub.clock.now())
        by_pin: dict[str, list[str]] = {}
        for lock, pin in people.reveal(tx, hub.desk, id_, actor):
            by_pin.setdefault(pin.reveal(), []).append(ground.door_name(lock))
        pins = tuple((" and ".join(names), digits) for digits, names in by_pin.items())
        return look_at(tx, hub, person.id, row.id, pins)

    view = await hub.store.write(show)
    if htmx(request):
        return part(request, "people/one.html", "shown", view=view)
    return await page(request, "people/one.html", "people", view=view)


ROUTES = [
    web.get("/people/{id}/passes/new", new),
    web.post("/people/{id}/passes/new", give),
    web.get("/passes/{pass}/change", change),
    web.post("/passes/{pass}/change", save_change),
    web.post("/passes/{pass}/code", show_code),
    web.post("/passes/{pass}/redraw", redraw),
    web.post("/passes/{pass}/tell", tell),
    web.post("/passes/{pass}/{deed}", act),
]
