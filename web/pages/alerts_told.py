"""Who is told of alerts, in which order and by which ways, and who of bookings; quiet hours, and test messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from hub.errors import Rejected
from hub.hub import Hub
from hub.model.alerts import QuietHours, Way
from hub.model.effects import SendEmail, SendSms
from hub.model.values import PersonId, PropertyId
from hub.store import alerts, persons
from hub.store.alerts import Listed, Wishes
from hub.store.engine import Tx
from hub.store.persons import Person
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.pages.alerts import Told, told
from web.site import GUARD, SITE, go, page, part, wakes

STEPS: Final = 6
"""As many people as one list offers room for."""
WAYS: Final = (Way.EMAIL, Way.SMS)


class HoursForm(Form):
    quiet_from: time | None = Field(None, title="Quiet from")
    quiet_until: time | None = Field(None, title="Quiet until")


@dataclass(frozen=True, slots=True)
class Said:
    """What was chosen, be it kept or only typed."""

    form: Filled[HoursForm]
    chosen: Sequence[tuple[str, frozenset[str]]]
    """For each step of the list the person, and by which ways; empty: nobody."""
    readers: Mapping[str, frozenset[str]] | None
    """By which ways each is told of bookings; None: the managers."""


@dataclass(frozen=True, slots=True)
class Place:
    id: PropertyId
    name: str
    form: Filled[HoursForm]
    chosen: Sequence[tuple[str, frozenset[str]]]
    """For each step of the list the person, and by which ways; empty: nobody."""
    offered: Sequence[tuple[str, str]]
    managers: str
    """Who is told while the list is empty."""
    readers: Mapping[str, frozenset[str]] | None


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    name: str
    ways: Sequence[str]
    lacks: str


@dataclass(frozen=True, slots=True)
class ToldView:
    places: Sequence[Place]
    people: Sequence[Contact]
    trials: Sequence[Told]
    news: Sequence[Told]
    """Who was told of bookings."""
    unset: Sequence[str]
    """Ways that no service here performs."""
    wakes: str


Typed = Mapping[PropertyId, Said]


def look(tx: Tx, hub: Hub, typed: Typed) -> ToldView:
    ground = Ground.read(tx, hub.clock.now())
    local = ground.local()
    everybody = [row for row in persons.persons(tx) if row.ended_at is None]
    wishes = alerts.wishes(tx)
    senders = {"e-mail": SendEmail, "SMS": SendSms}
    return ToldView(
        places=[
            _place(place.id, place.name, wishes.get(place.id, Wishes(place.id)), everybody, typed)
            for place in ground.places.values()
        ],
        people=[_contact(row, hub) for row in everybody],
        trials=[told(local, row) for row in alerts.trials(tx)],
        news=[told(local, row) for row in alerts.news_told(tx, limit=10)],
        unset=[word for word, kind in senders.items() if hub.plugins.performer(kind) is None],
        wakes=wakes("alerts", "people"),
    )


def _place(id_: PropertyId, name: str, wishes: Wishes, everybody: Sequence[Person], typed: Typed) -> Place:
    said = typed.get(id_) or _said(wishes)
    chosen = said.chosen
    room = max(STEPS, len(chosen) + 1)
    empty = ("", frozenset(way.value for way in WAYS))
    here = [row for row in everybody if row.property in (None, id_)]
    managers = [row.name for row in here if row.kind.value == "manager"]
    return Place(
        id=id_,
        name=name,
        form=said.form,
        chosen=[*chosen, *(empty for _ in range(room - len(chosen)))],
        offered=[(row.id, row.name) for row in here],
        managers=", ".join(managers),
        readers=said.readers,
    )


def _said(wishes: Wishes) -> Said:
    quiet = wishes.quiet
    hours = {} if quiet is None else {"quiet_from": f"{quiet.start:%H:%M}", "quiet_until": f"{quiet.end:%H:%M}"}
    readers = None if wishes.readers is None else dict(map(_step, wishes.readers))
    return Said(blank(HoursForm, **hours), [_step(listed) for listed in wishes.people], readers)


def _step(listed: Listed) -> tuple[str, frozenset[str]]:
    return listed.person, frozenset(way.value for way in listed.ways)


def _contact(row: Person, hub: Hub) -> Contact:
    known = persons.opened_contact(row, hub.vault)
    ways = [word for word, name in (("e-mail", "email"), ("SMS", "phone")) if known.get(name)]
    return Contact(row.id, row.name, ways, "" if ways else "No e-mail address and no telephone number is known.")


async def _page(request: web.Request, typed: Typed, status: int = 200) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look(tx, hub, typed))
    return await page(request, "alerts/told.html", "alerts", status=status, view=view)


async def show(request: web.Request) -> web.Response:
    if request.query.get("part") == "trials":
        hub = request.app[SITE].hub
        view = await hub.store.read(lambda tx: look(tx, hub, {}))
        return part(request, "alerts/told.html", "trials", view=view)
    return await _page(request, {})


async def change(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_, posted = PropertyId(request.match_info["property"]), await request.post()
    form, chosen, readers = read(HoursForm, posted), _chosen(posted), _readers(posted)
    if form.value is not None:
        try:
            told = None if readers is None else _listed([*readers.items()])
            wanted = Wishes(id_, _quiet(form.value), _listed(chosen), told)
            await hub.store.write(lambda tx: hub.alerts.wish(tx, wanted, actor))
        except Rejected as error:
            form = form.refused(f"{error}.")
        else:
            return go(request, "/alerts/told", said="told_changed")
    return await _page(request, {id_: Said(form, chosen, readers)}, status=422)


def _quiet(given: HoursForm) -> QuietHours | None:
    """Raises Rejected."""
    if given.quiet_from is None and given.quiet_until is None:
        return None
    if given.quiet_from is None or given.quiet_until is None:
        raise Rejected("say when the quiet begins and when it ends, or leave both empty")
    return QuietHours(given.quiet_from, given.quiet_until)


def _chosen(posted: Any) -> list[tuple[str, frozenset[str]]]:
    """Whoever was chosen, step by step; steps with nobody are left out."""
    known = {way.value for way in WAYS}
    steps = []
    for number in range(1, 100):
        person = posted.get(f"person-{number}")
        if person is None:
            break
        if person:
            steps.append((str(person), frozenset(known & {str(way) for way in posted.getall(f"ways-{number}", [])})))
    return steps


def _readers(posted: Any) -> dict[str, frozenset[str]] | None:
    """Whoever was ticked to be told of bookings; None: the managers."""
    if posted.get("readers") != "chosen":
        return None
    told: dict[str, set[str]] = {}
    for each in posted.getall("reads", []):
        way, _, person = str(each).partition(":")
        if way in {known.value for known in WAYS}:
            told.setdefault(person, set()).add(way)
    return {person: frozenset(ways) for person, ways in told.items()}


def _listed(chosen: Sequence[tuple[str, frozenset[str]]]) -> tuple[Listed, ...]:
    return tuple(Listed(PersonId(person), frozenset(Way(way) for way in ways)) for person, ways in chosen)


async def try_out(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PersonId(request.match_info["person"])
    try:
        await hub.store.write(lambda tx: hub.alerts.try_out(tx, id_, WAYS, actor))
    except Rejected as error:
        raise web.HTTPConflict(text=f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return go(request, "/alerts/told", said="test_sent")


ROUTES = [
    web.get("/alerts/told", show),
    web.post(r"/alerts/told/{property}", change),
    web.post(r"/alerts/test/{person}", try_out),
]
