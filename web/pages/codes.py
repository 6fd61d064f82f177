"""A code that works from now on, for somebody who stands at the door and has no stay."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, Field

from hub import issuing
from hub.errors import Rejected
from hub.model.stays import local_instant
from hub.model.values import LockId, Pin, clean
from hub.store import log
from hub.store.engine import Tx
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.site import GUARD, SITE, page


def _cleaned(text: str) -> str:
    return clean(text, limit=len(text) + 1)


class NowForm(Form):
    label: Annotated[str, AfterValidator(_cleaned)] = Field(title="A name", max_length=60)
    locks: list[str] = Field(title="At least one door", min_length=1)
    until: datetime = Field(title="The end")


async def _show(request: web.Request, form: Filled[NowForm], pin: Pin | None = None) -> web.Response:
    hub = request.app[SITE].hub
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    doors = [(door.id, door.name) for door in ground.doors.values()]
    digits = None if pin is None else pin.reveal()
    status = 422 if form.errors else 200
    return await page(request, "codes/now.html", "locks", status=status, form=form, doors=doors, pin=digits)


async def blank_form(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    local = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()).local())
    known = {"until": f"{local.today}T23:59", "locks": request.query.get("lock", "")}
    return await _show(request, blank(NowForm, **known))


async def give(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    posted = await request.post()
    form = read(NowForm, posted, locks=[str(lock) for lock in posted.getall("locks", [])])
    given = form.value
    if given is None:
        return await _show(request, form)
    doors = [LockId(lock) for lock in given.locks]

    def draw(tx: Tx) -> Pin:
        zone = Ground.read(tx, hub.clock.now()).local().zone
        until = local_instant(given.until.date(), given.until.time(), zone, latest=True)
        pin = issuing.code_now(tx, hub.desk, doors, given.label, until)
        for lock in doors:
            log.record(tx, hub.clock.now(), actor, "code given", f"lock:{lock}", detail=given.label)
        return pin

    try:
        return await _show(request, form, await hub.store.write(draw))
    except Rejected as error:
        return await _show(request, form.refused(f"{error}."))


ROUTES = [web.get("/codes/new", blank_form), web.post("/codes/new", give)]
