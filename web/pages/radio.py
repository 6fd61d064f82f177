"""Radio: the network of a stick, as a map and as a table, and what can be done for one of its devices."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from hub.errors import Rejected
from hub.hub import Hub
from hub.model.people import KEEPERS
from hub.model.values import Address
from hub.radio import Errand, Outcome, Work
from hub.store.engine import Tx
from web.ground import Ground
from web.radio_view import Names, NodeLine, errand_line, look, names_of, node_line, places_to_take
from web.site import GUARD, SITE, go, htmx, page, part, wakes
from web.words import Local

WORKS: Final = {
    "ping": Work.PING,
    "interview": Work.INTERVIEW,
    "heal": Work.HEAL,
    "forget": Work.FORGET,
}


def keep_out(request: web.Request) -> None:
    """Only the house's owner looks after its radio."""
    if request[GUARD].account.role not in KEEPERS:
        raise web.HTTPForbidden(text="Only the owner of the house looks after its radio.")


def radio_of(request: web.Request) -> str:
    """The radio that the address names. Whoever is no owner comes no further."""
    keep_out(request)
    name = request.match_info["radio"]
    if name not in request.app[SITE].hub.radios.names:
        raise web.HTTPNotFound
    return name


async def first(request: web.Request) -> web.Response:
    """Most houses have one."""
    keep_out(request)
    names = request.app[SITE].hub.radios.names
    if not names:
        return await page(request, "radio/none.html", "radio")
    return await _show(request, names[0])


async def one(request: web.Request) -> web.Response:
    return await _show(request, radio_of(request))


async def _show(request: web.Request, name: str) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look(tx, hub, name))
    if request.query.get("part") == "main":
        return part(request, "radio/page.html", "main", view=view)
    return await page(request, "radio/page.html", "radio", view=view)


# ---- one device ----------------------------------------------------------------------------------------------------


async def names(hub: Hub, radio: str) -> tuple[Ground, Names]:
    survey = hub.radios.survey(radio)
    ground = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()))
    return ground, names_of(ground, radio, survey)


async def node(request: web.Request) -> web.Response:
    block = request.query.get("part", "")
    if block == "main":
        return await _node_again(request)
    view = await _node_view(request)
    return await page(request, "radio/node.html", "radio", **view)


async def _node_again(request: web.Request, *, toast: str = "", sign: str = "check") -> web.Response:
    return part(request, "radio/node.html", "main", toast=toast, sign=sign, **await _node_view(request))


async def _node_view(request: web.Request) -> dict[str, Any]:
    radio, address = radio_of(request), Address(request.match_info["node"])
    hub = request.app[SITE].hub
    ground, called = await names(hub, radio)
    survey = hub.radios.survey(radio)
    found = called.nodes.get(address)
    if found is None:
        raise web.HTTPNotFound
    local, real = ground.local(), Local(ground.local().zone, hub.wall.now())
    line: NodeLine = node_line(found, called, survey, local)
    mine = [errand for errand in hub.radios.errands(radio) if errand.address == address]
    return {
        "radio": radio,
        "node": line,
        "errands": [errand_line(errand, called, real) for errand in mine],
        "wakes": wakes(f"plugin:{radio}", "house"),
        "naming": naming(ground, radio, line),
        "gone": places_to_take(ground, radio, survey),
    }


def naming(ground: Ground, radio: str, line: NodeLine) -> dict[str, object]:
    """What the form needs that makes a device a lock of the house."""
    return {
        "action": f"/radio/{radio}/nodes/{line.address}",
        "properties": [(place.id, place.name) for place in ground.places.values()],
        "units": [(unit.id, ground.unit_name(unit.id)) for unit in ground.units.values()],
    }


async def work(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    address = Address(request.match_info["node"])
    errand = await hub.radios.send(radio, WORKS[request.match_info["work"]], request[GUARD].actor, address)
    await errand.settle()
    there = f"/radio/{radio}/nodes/{address}"
    if errand.work is Work.FORGET and errand.outcome is Outcome.DONE:
        return go(request, f"/radio/{radio}", said="radio_forgotten")
    if htmx(request):
        return await _node_again(request, toast=said(errand), sign=sign_of(errand))
    return go(request, there)


async def heal_all(request: web.Request) -> web.Response:
    radio, hub = radio_of(request), request.app[SITE].hub
    errand = await hub.radios.send(radio, Work.HEAL, request[GUARD].actor)
    await errand.settle()
    if not htmx(request):
        return go(request, f"/radio/{radio}")

    def again(tx: Tx) -> object:
        return look(tx, hub, radio)

    view = await hub.store.read(again)
    return part(request, "radio/page.html", "main", toast=said(errand), sign=sign_of(errand), view=view)


def said(errand: Errand) -> str:
    """How it ended, in a sentence."""
    match errand.outcome:
        case Outcome.UNDER_WAY:
            return "It is under way; this page tells when it is done."
        case Outcome.DONE:
            return f"Done: {errand.sentence}."
        case Outcome.REFUSED:
            return f"That is not possible: {errand.sentence}."
        case Outcome.UNKNOWN:
            return f"No answer: {errand.sentence}."


def sign_of(errand: Errand) -> str:
    return {Outcome.DONE: "check", Outcome.UNDER_WAY: "sync"}.get(errand.outcome, "alert")


def sentence(error: Rejected) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


ROUTES = [
    web.get("/radio", first),
    web.get("/radio/{radio}", one),
    web.post("/radio/{radio}/heal", heal_all),
    web.get("/radio/{radio}/nodes/{node}", node),
    web.post(r"/radio/{radio}/nodes/{node}/{work:ping|interview|heal|forget}", work),
]
