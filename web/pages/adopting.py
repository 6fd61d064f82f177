"""A code that somebody else put into a keypad: whose it is, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, Field

from hub.adopting import Wish
from hub.errors import Rejected, Unavailable
from hub.model.stays import local_instant
from hub.model.values import LockId, PersonId, Pin, clean
from hub.store import persons
from hub.store.doors import Door, hides_digits
from web.forms import DIGITS, Filled, Form, blank, read
from web.ground import Ground
from web.site import GUARD, SITE, go, page
from web.words import Local


def _cleaned(text: str) -> str:
    return clean(text, limit=len(text) + 1)


class AdoptForm(Form):
    person: str = Field("", title="The person")
    label: Annotated[str, AfterValidator(_cleaned)] = Field("", title="A name", max_length=60)
    until: datetime | None = Field(None, title="The end")
    pin: str | None = Field(None, title="The code", pattern=DIGITS)


async def _place(request: web.Request) -> tuple[Door, Local]:
    hub, id_ = request.app[SITE].hub, LockId(request.match_info["id"])
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    if id_ not in ground.doors:
        raise web.HTTPNotFound
    return ground.doors[id_], ground.local(ground.doors[id_].property)


async def _show(request: web.Request, door: Door, form: Filled[AdoptForm]) -> web.Response:
    slot, status = request.match_info["slot"], 422 if form.errors else 200
    known = await request.app[SITE].hub.store.read(persons.persons)
    people = [("", "Somebody else"), *((row.id, row.name) for row in known if row.ended_at is None)]
    return await page(
        request,
        "locks/adopt.html",
        "locks",
        status=status,
        form=form,
        door=door,
        slot=slot,
        people=people,
        hidden=hides_digits(door),
    )


async def blank_form(request: web.Request) -> web.Response:
    door, _ = await _place(request)
    return await _show(request, door, blank(AdoptForm))


async def adopt(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    door, local = await _place(request)
    form = read(AdoptForm, await request.post())
    given = form.value
    if given is None:
        return await _show(request, door, form)
    if not given.label and not given.person:
        return await _show(request, door, form.refused("A name is needed.", "label"))
    end = given.until
    until = None if end is None else local_instant(end.date(), end.time(), local.zone, latest=True)
    try:
        person = PersonId(given.person) if given.person else None
        pin = Pin(given.pin) if given.pin else None
        await hub.adopting.adopt(Wish(door.id, int(request.match_info["slot"]), given.label, until, person, pin), actor)
    except (Rejected, Unavailable) as error:
        return await _show(request, door, form.refused(f"{error}."))
    return go(request, f"/locks/{door.id}", said="code_adopted")


ROUTES = [
    web.get(r"/locks/{id}/codes/{slot:\d{1,3}}/adopt", blank_form),
    web.post(r"/locks/{id}/codes/{slot:\d{1,3}}/adopt", adopt),
]
