"""Adding, removing and replacing devices: what the label says, what is asked on the way, and the name in the house."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from pydantic import Field

from hub.contracts.radio import CONSENT, Asked, Ended, Talk, Wish
from hub.errors import Disappointment, Rejected
from hub.housing import NewLock
from hub.model.values import Address, LockId, PropertyId, Secret, UnitId
from web.forms import Filled, Form, blank, read
from web.pages.radio import names, naming, radio_of, sentence
from web.radio_view import gave, node_line, places_to_take, talk_view
from web.site import GUARD, SITE, go, htmx, page, part, wakes
from web.words import Local

CAMERA: Final = {"Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"}
"""For the one page that scans labels."""


class LabelForm(Form):
    label: str = Field("", title="The label", max_length=600)
    consent: str = Field("", title="The consent", max_length=60)
    how: str = Field("now", title="When")


class NameForm(Form):
    name: str = Field(title="A name", max_length=100)
    property: str = Field(title="The property")
    id: str = Field("", title="The id", max_length=64)
    units: list[str] = Field(default_factory=list, title="Units")


class PlaceForm(Form):
    lock: str = Field(title="One of the locks")


# ---- before ---------------------------------------------------------------------------------------------------------


async def ask_label(request: web.Request) -> web.Response:
    return await _show_label(request, blank(LabelForm))


async def _show_label(request: web.Request, form: Filled[LabelForm]) -> web.Response:
    """With the node whose place is taken where one is replaced."""
    radio, hub = radio_of(request), request.app[SITE].hub
    _, called = await names(hub, radio)
    node = request.match_info.get("node", "")
    if node and Address(node) not in called.nodes:
        raise web.HTTPNotFound
    view: dict[str, Any] = {
        "radio": radio,
        "node": node,
        "name": called(Address(node)) if node else "",
        "action": request.path,
        "form": form,
        "no_encryption": CONSENT[Asked.NO_ENCRYPTION],
    }
    status = 422 if form.errors else 200
    response = await page(request, "radio/label.html", "radio", status=status, **view)
    response.headers.update(CAMERA)
    return response


async def begin(request: web.Request) -> web.Response:
    """Add or replace now, or have it joined by itself later."""
    radio, hub, actor = radio_of(request), request.app[SITE].hub, request[GUARD].actor
    form = read(LabelForm, await request.post())
    if (given := form.value) is None:
        return await _show_label(request, form)
    unencrypted = given.consent == CONSENT[Asked.NO_ENCRYPTION]
    if given.consent and not unencrypted:
        return await _show_label(request, form.refused("these are not the words", "consent"))
    label = Secret(given.label) if given.label else None
    node = request.match_info.get("node")
    try:
        if given.how == "later" and node is None:
            if label is None:
                return await _show_label(request, form.refused("scan or type the label first", "label"))
            await hub.radios.prepare(radio, label, actor)
            return go(request, f"/radio/{radio}", said="radio_prepared")
        wish, address = (Wish.ADD, None) if node is None else (Wish.REPLACE, Address(node))
        await hub.radios.begin(radio, wish, actor, label=label, address=address, unencrypted=unencrypted)
    except Disappointment as error:
        return await _show_label(request, form.refused(f"{error}.", "label" if label else ""))
    return go(request, f"/radio/{radio}/talk")


async def remove(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    await hub.radios.begin(radio, Wish.REMOVE, request[GUARD].actor)
    return go(request, f"/radio/{radio}/talk")


async def unprepare(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    await hub.radios.unprepare(radio, str((await request.post()).get("tail", "")), request[GUARD].actor)
    return go(request, f"/radio/{radio}", said="radio_unprepared")


# ---- while it goes on -----------------------------------------------------------------------------------------------


async def talk(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    found = hub.radios.talk(radio)
    if found is None:
        return go(request, f"/radio/{radio}")
    view = await _talk_view(request, radio, found)
    if request.query.get("part") != "talk":
        return await page(request, "radio/talk.html", "radio", **view)
    if request.query.get("seen") == view["view"].stamp:
        return web.Response(status=204)  # what somebody types into it stays
    return part(request, "radio/talk.html", "talk", **view)


async def _talk_view(request: web.Request, radio: str, found: Talk, *, error: str = "") -> dict[str, Any]:
    hub = request.app[SITE].hub
    ground, called = await names(hub, radio)
    real = Local(ground.local().zone, hub.wall.now())
    survey = hub.radios.survey(radio)
    node = None if found.address is None else called.nodes.get(found.address)
    joined = found.ended is Ended.DONE and found.wish is not Wish.REMOVE and node is not None
    line = node_line(node, called, survey, ground.local()) if joined and node is not None else None
    return {
        "radio": radio,
        "view": talk_view(found, called, real),
        "wakes": wakes(f"plugin:{radio}", "house"),
        "error": error,
        "node": line,
        "naming": None if line is None or line.lock_id else naming(ground, radio, line),
        "gone": places_to_take(ground, radio, survey),
        "form": blank(NameForm),
        "connected": survey.connected,
    }


async def answer(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    posted = await request.post()
    found = hub.radios.talk(radio)
    question = None if found is None else found.question
    try:
        if question is None or posted.get("asked") != question.asked.value:
            raise Rejected("that is not asked any more")
        words = gave(question.asked, posted, [str(each) for each in posted.getall("keys", [])])
        await hub.radios.answer(radio, str(posted.get("talk", "")), words, request[GUARD].actor)
    except Rejected as error:
        return await _go_on(request, radio, error=sentence(error))
    return await _go_on(request, radio)


async def cancel(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    try:
        await hub.radios.cancel(radio, str((await request.post()).get("talk", "")), request[GUARD].actor)
    except Rejected as error:
        return await _go_on(request, radio, error=sentence(error))
    return await _go_on(request, radio)


async def _go_on(request: web.Request, radio: str, *, error: str = "") -> web.Response:
    found = request.app[SITE].hub.radios.talk(radio)
    if found is None or not (error or htmx(request)):
        return go(request, f"/radio/{radio}/talk")
    view = await _talk_view(request, radio, found, error=error)
    if htmx(request):
        return part(request, "radio/talk.html", "talk", **view)
    return await page(request, "radio/talk.html", "radio", status=409, **view)


# ---- afterwards: a name in the house --------------------------------------------------------------------------------


async def ask_name(request: web.Request) -> web.Response:
    return await _show_name(request, blank(NameForm))


async def _show_name(request: web.Request, form: Filled[Any]) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    ground, called = await names(hub, radio)
    survey, address = hub.radios.survey(radio), Address(request.match_info["node"])
    if (node := called.nodes.get(address)) is None:
        raise web.HTTPNotFound
    line = node_line(node, called, survey, ground.local())
    view: dict[str, Any] = {
        "radio": radio,
        "node": line,
        "naming": naming(ground, radio, line),
        "gone": places_to_take(ground, radio, survey),
        "form": form,
    }
    return await page(request, "radio/name.html", "radio", status=422 if form.errors else 200, **view)


async def name_lock(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    address = Address(request.match_info["node"])
    posted = await request.post()
    form = read(NameForm, posted, units=[str(unit) for unit in posted.getall("units", [])])
    if (given := form.value) is None:
        return await _show_name(request, form)
    units = tuple(UnitId(unit) for unit in given.units)
    new = NewLock(given.name, PropertyId(given.property), given.id, units)
    try:
        lock = await hub.radios.name_lock(radio, address, new, request[GUARD].actor)
    except Rejected as error:
        return await _show_name(request, form.refused(f"{error}."))
    return go(request, f"/locks/{lock}", said="lock_named")


async def take_place(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    address = Address(request.match_info["node"])
    form = read(PlaceForm, await request.post())
    if (given := form.value) is None:
        return await _show_name(request, form)
    try:
        await hub.radios.take_place(radio, address, LockId(given.lock), request[GUARD].actor)
    except Rejected as error:
        return await _show_name(request, form.refused(f"{error}."))
    return go(request, f"/locks/{given.lock}", said="lock_taken_over")


ROUTES = [
    web.get("/radio/{radio}/add", ask_label),
    web.post("/radio/{radio}/add", begin),
    web.post("/radio/{radio}/remove", remove),
    web.post("/radio/{radio}/unprepare", unprepare),
    web.get("/radio/{radio}/talk", talk),
    web.post("/radio/{radio}/talk/answer", answer),
    web.post("/radio/{radio}/talk/cancel", cancel),
    web.get("/radio/{radio}/nodes/{node}/replace", ask_label),
    web.post("/radio/{radio}/nodes/{node}/replace", begin),
    web.get("/radio/{radio}/nodes/{node}/name", ask_name),
    web.post("/radio/{radio}/nodes/{node}/name", name_lock),
    web.post("/radio/{radio}/nodes/{node}/take-place", take_place),
]
