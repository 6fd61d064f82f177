"""Emergency: lock down, a code now, open a door. What would happen is shown first; a second press makes it so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from hub import closed_doors, lockdowns
from hub.emergency import Done
from hub.emergency_ahead import Foreseen
from hub.emergency_wishes import Act, Wish
from hub.errors import Rejected
from hub.hub import Hub
from hub.lockdowns import DoorOf
from hub.model.lockdown import Bolt, Outcome
from hub.model.people import called
from hub.model.values import LockId, PropertyId
from hub.reaching_guests import Told
from hub.store import code_list, emergencies
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Tx
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.site import GUARD, SITE, page, part, wakes
from web.words import Moment

CHOICES = ("lock_down", "code", "unlock")
"""What a person can begin with; a release begins at its lock-down."""


class EmergencyForm(Form):
    where: str = Field(title="Where")
    """`property:ID` or `lock:ID`."""
    reason: Annotated[str, Field(title="The reason", min_length=3, max_length=300)]
    hours: Annotated[float, Field(title="How long", gt=0, le=168)] = 4
    untold: str = ""
    """`yes`: guests whom it concerns are not told."""


class ReleaseForm(Form):
    reason: Annotated[str, Field(title="The reason", min_length=3, max_length=300)]


@dataclass(frozen=True, slots=True)
class Standing:
    """An emergency that lasts, or one that is over, as the page tells it."""

    id: str
    deed: str
    where: str
    reason: str
    by: str
    since: Moment
    until: Moment | None
    released: Moment | None
    released_by: str
    release_reason: str
    waiting: int
    """Doors that still hold guests' codes, of a lock-down."""
    doors: Sequence[tuple[str, str]] = ()
    """A tone and a sentence for each bolt that was to be moved."""
    guests: Sequence[Told] = ()
    """Whom a lock-down that lasts was told to."""
    untold: bool = False
    """Somebody asked not to tell them."""


@dataclass(frozen=True, slots=True)
class EmergencyView:
    standing: Sequence[Standing]
    past: Sequence[Standing]
    places: Sequence[tuple[str, str]]
    """Where something can be done: properties with more than one lock, then locks."""
    locks: Sequence[tuple[str, str]]
    wakes: str


def look(tx: Tx, hub: Hub) -> EmergencyView:
    ground = Ground.read(tx, hub.clock.now())
    locks = [(f"lock:{door.id}", door.name) for door in ground.doors.values()]
    now, past = emergencies.current(tx, ground.now), emergencies.past(tx, ground.now)
    of = lockdowns.by_emergency(tx, [*now, *past], hub.plugins, ground.now)
    counted = {place: sum(door.property == place for door in ground.doors.values()) for place in ground.places}
    whole = [(f"property:{each.id}", f"All of {each.name}") for each in ground.places.values() if counted[each.id]]
    return EmergencyView(
        standing=[_standing(tx, ground, row, of[row.id]) for row in now],
        past=[_standing(tx, ground, row, of[row.id]) for row in past],
        places=whole + locks,
        locks=locks,
        wakes=wakes("emergency", "house", *(f"lock:{door}" for door in ground.doors)),
    )


def _standing(tx: Tx, ground: Ground, row: Emergency, of: Sequence[DoorOf] = ()) -> Standing:
    local = ground.local(row.property)
    door = None if row.lock is None else ground.doors.get(row.lock)
    place = ground.places.get(row.property)
    return Standing(
        id=row.id,
        deed=row.deed.value,
        where=door.name if door is not None else row.property if place is None else place.name,
        reason=row.reason,
        by=called(row.by),
        since=local.moment(row.since),
        until=local.maybe(row.until),
        released=local.maybe(row.released_at),
        released_by=called(row.released_by),
        release_reason=row.release_reason,
        waiting=len(set(_still_there(tx, ground, row))) if row.deed is Deed.LOCK_DOWN else 0,
        doors=[(_tone(each), each.sentence) for each in of],
        guests=closed_doors.told_of(tx, row),
        untold=row.guests_untold,
    )


def _tone(each: DoorOf) -> str:
    if each.bolt in (Bolt.LOCKED, None):
        well = each.bolt is Bolt.LOCKED or each.tried.outcome is Outcome.DONE
        return "ok" if well else "bad" if each.tried.outcome is Outcome.REFUSED else "warn"
    return "bad" if each.bolt in (Bolt.OPEN, Bolt.REFUSED) else "warn"


def _still_there(tx: Tx, ground: Ground, row: Emergency) -> Iterable[LockId]:
    """The doors of a lock-down that may still open for guests."""
    for door in ground.doors.values():
        if row.released_at is None and row.covers(door.id, door.property):
            for code in code_list.listing(tx, lock=door.id):
                if code.slot is not None and code.issued is not None and code.issued.grant.suspended:
                    yield door.id


# ---- requests -------------------------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look(tx, hub))
    if request.query.get("part") == "standing":
        return part(request, "emergency/page.html", "standing", view=view)
    act = request.query.get("act", "")
    where = f"lock:{request.query['lock']}" if "lock" in request.query else ""
    forms = {name: blank(EmergencyForm, where=where, hours="4") for name in CHOICES}
    return await _page(request, view, forms, act)


async def _page(
    request: web.Request, view: EmergencyView, forms: dict[str, Filled[EmergencyForm]], act: str, *, status: int = 200
) -> web.Response:
    return await page(request, "emergency/page.html", "emergency", status=status, view=view, forms=forms, act=act)


async def prepare(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    act = request.match_info["act"]
    if act not in CHOICES:
        raise web.HTTPNotFound
    form = read(EmergencyForm, await request.post())
    if form.value is not None:
        try:
            return await _confirm(request, await _foresee(request, _wish(Act(act), form.value)))
        except Rejected as error:
            form = form.refused(f"{error}.")
    forms = {name: blank(EmergencyForm, hours="4") for name in CHOICES} | {act: form}
    view = await hub.store.read(lambda tx: look(tx, hub))
    return await _page(request, view, forms, act, status=422)


def _wish(act: Act, given: EmergencyForm) -> Wish:
    kind, _, id_ = given.where.partition(":")
    if kind == "lock":
        return Wish(act, given.reason, lock=LockId(id_), hours=given.hours, tell_guest=given.untold != "yes")
    return Wish(act, given.reason, property=PropertyId(id_), hours=given.hours, tell_guest=given.untold != "yes")


async def _foresee(request: web.Request, wish: Wish) -> Foreseen:
    return await request.app[SITE].hub.emergencies.prepare(wish, request[GUARD].actor)


async def _confirm(request: web.Request, foreseen: Foreseen) -> web.Response:
    return await page(request, "emergency/confirm.html", "emergency", foreseen=foreseen)


async def release_form(request: web.Request) -> web.Response:
    return await _release(request, blank(ReleaseForm))


async def _release(request: web.Request, form: Filled[Any], *, status: int = 200) -> web.Response:
    hub, id_ = request.app[SITE].hub, request.match_info["id"]

    def work(tx: Tx) -> Standing:
        row = emergencies.emergency(tx, id_)
        if row is None or row.deed is not Deed.LOCK_DOWN:
            raise web.HTTPNotFound
        return _standing(tx, Ground.read(tx, hub.clock.now()), row)

    row = await hub.store.read(work)
    return await page(request, "emergency/release.html", "emergency", status=status, row=row, form=form)


async def release(request: web.Request) -> web.Response:
    form = read(ReleaseForm, await request.post())
    if form.value is None:
        return await _release(request, form, status=422)
    try:
        wish = Wish(Act.RELEASE, form.value.reason, lockdown=request.match_info["id"])
        return await _confirm(request, await _foresee(request, wish))
    except Rejected as error:
        return await _release(request, form.refused(f"{error}."), status=422)


async def carry_out(request: web.Request) -> web.Response:
    """Shown once: a code is not shown again."""
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    done: Done = await hub.emergencies.carry_out(request.match_info["id"], actor)
    pin = None if done.pin is None else done.pin.reveal()
    response = await page(request, "emergency/done.html", "emergency", done=done, pin=pin)
    response.headers["Cache-Control"] = "no-store"
    return response


ROUTES = [
    web.get("/emergency", show),
    web.post("/emergency/begin/{act}", prepare),
    web.post("/emergency/confirm/{id}", carry_out),
    web.get("/emergency/{id}/release", release_form),
    web.post("/emergency/{id}/release", release),
]
