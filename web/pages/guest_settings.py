"""What guests read besides their code, and whom they call: of a property, and of each of its units."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import Field

from hub import guest_text
from hub.errors import Rejected
from hub.guest_text import Words
from hub.model.guest_page import notice
from hub.model.guest_told import MOST_TELL_HOURS
from hub.model.values import PropertyId, UnitId
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import Property, Unit
from web.forms import Filled, Form, blank, read
from web.site import GUARD, SITE, go, page


class PlaceForm(Form):
    phone: str = Field("", title="The telephone number", max_length=60)
    instructions: str = Field("", title="What guests should know", max_length=8000)
    privacy: str = Field("", title="What is kept of them", max_length=8000)
    tell_hours: int | None = Field(None, title="Tell them their code", ge=0, le=MOST_TELL_HOURS)


class UnitForm(Form):
    instructions: str = Field("", title="What guests should know", max_length=8000)


@dataclass(frozen=True, slots=True)
class PlaceView:
    place: Property
    units: list[Unit]
    public_url: str
    """Empty: guests have no page."""

    @property
    def usual(self) -> str:
        """The notice where the property writes none of its own."""
        return notice("", self.place.log_days, self.place.guest_days, self.place.guest_phone)


async def listing(request: web.Request) -> web.Response:
    places = await request.app[SITE].hub.store.read(house.properties)
    if len(places) == 1:
        return go(request, f"/settings/guests/{places[0].id}")
    return await page(request, "guest_settings/list.html", "settings", places=places)


async def _show(request: web.Request, form: Filled[PlaceForm] | None) -> web.Response:
    hub, id_ = request.app[SITE].hub, PropertyId(request.match_info["property"])

    def see(tx: Tx) -> PlaceView:
        row = house.property_with(tx, id_)
        if row is None:
            raise web.HTTPNotFound
        return PlaceView(row, house.units_in(tx, id_), hub.config.public_url or "")

    view = await hub.store.read(see)
    row = view.place
    said = {"phone": row.guest_phone, "instructions": row.instructions, "privacy": row.privacy}
    filled = form or blank(PlaceForm, **said, tell_hours=str(row.tell_hours))
    status = 422 if filled.errors else 200
    return await page(request, "guest_settings/place.html", "settings", status=status, view=view, form=filled)


async def show(request: web.Request) -> web.Response:
    return await _show(request, None)


async def change(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PropertyId(request.match_info["property"])
    form = read(PlaceForm, await request.post())
    if (given := form.value) is None:
        return await _show(request, form)
    try:
        said = Words(given.phone, given.instructions, given.privacy, given.tell_hours)
        await hub.store.write(lambda tx: guest_text.of_property(tx, id_, said, actor, hub.clock.now()))
    except Rejected as error:
        return await _show(request, form.refused(f"{error}."))
    return go(request, f"/settings/guests/{id_}", said="guests_told")


async def _show_unit(request: web.Request, form: Filled[UnitForm] | None) -> web.Response:
    id_ = UnitId(request.match_info["unit"])
    unit = await request.app[SITE].hub.store.read(lambda tx: house.unit_with(tx, id_))
    if unit is None:
        raise web.HTTPNotFound
    filled = form or blank(UnitForm, instructions=unit.instructions)
    status = 422 if filled.errors else 200
    return await page(request, "guest_settings/unit.html", "settings", status=status, unit=unit, form=filled)


async def show_unit(request: web.Request) -> web.Response:
    return await _show_unit(request, None)


async def change_unit(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, UnitId(request.match_info["unit"])
    form = read(UnitForm, await request.post())
    if (given := form.value) is None:
        return await _show_unit(request, form)
    try:
        unit = await hub.store.write(lambda tx: guest_text.of_unit(tx, id_, given.instructions, actor, hub.clock.now()))
    except Rejected as error:
        return await _show_unit(request, form.refused(f"{error}."))
    return go(request, f"/settings/guests/{unit.property}", said="guests_told")


ROUTES = [
    web.get("/settings/guests", listing),
    web.get("/settings/guests/{property}", show),
    web.post("/settings/guests/{property}", change),
    web.get("/units/{unit}/guests", show_unit),
    web.post("/units/{unit}/guests", change_unit),
]
