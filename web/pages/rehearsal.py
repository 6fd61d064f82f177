"""Rehearsal: hands at the simulated locks. There is none where the locks are real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web
from markupsafe import Markup

from hub.contracts import Newcomer, Rehearsal
from hub.hub import Hub
from hub.model.values import Address, LockId, Position
from hub.store import doors
from hub.store.doors import Door
from hub.store.engine import Tx
from web.ground import battery_low
from web.site import SITE, go, htmx, page, part, wakes

DRAINED: Final = 12
"""Percent; low enough for every lock to complain."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One simulated lock, as the house believes it is."""

    id: LockId
    name: str
    model: str
    position: str
    battery: int | None
    battery_low: bool
    keypad: bool
    silent: bool
    address: Address
    wakes: str


@dataclass(frozen=True, slots=True)
class Box:
    """A simulated lock that nobody has added yet, with the label that lies in its box."""

    id: str
    model: str
    pin: str
    tail: str
    awake: bool
    code: Markup
    """Empty, as pin and tail are: it is too old to have a label."""


def box(newcomer: Newcomer) -> Box:
    if not newcomer.label:
        return Box(newcomer.id, newcomer.model, "", "", newcomer.awake, Markup())
    import segno  # half a MiB that a hub with a real radio never draws with

    drawn = segno.make(newcomer.label, error="m", micro=False)
    code = drawn.svg_inline(
        border=2, omitsize=True, svgclass="label-qr", light="#fff", title="The QR code of its label"
    )
    pin, _, tail = newcomer.dsk.partition("-")
    return Box(newcomer.id, newcomer.model, pin, tail, newcomer.awake, Markup(code))  # noqa: S704  # drawn here


def _hands(request: web.Request) -> Rehearsal:
    hands = request.app[SITE].hub.plugins.rehearsal
    if hands is None:
        raise web.HTTPNotFound
    return hands


def _stage(door: Door, model: str) -> Stage:
    return Stage(
        id=door.id,
        name=door.name,
        model=model,
        position=door.position.value,
        battery=door.battery,
        battery_low=battery_low(door),
        keypad=door.abilities is not None and door.abilities.slots > 0,
        silent=door.silent_since is not None,
        address=door.address,
        wakes=wakes(f"lock:{door.id}"),
    )


def stages(tx: Tx, hub: Hub, hands: Rehearsal) -> list[Stage]:
    simulated = hands.doors
    return [_stage(door, simulated[door.address]) for door in doors.doors(tx) if door.address in simulated]


async def _find(request: web.Request) -> tuple[Rehearsal, Stage]:
    hands, hub = _hands(request), request.app[SITE].hub
    id_ = LockId(request.match_info["id"])
    found = await hub.store.read(lambda tx: stages(tx, hub, hands))
    stage = next((stage for stage in found if stage.id == id_), None)
    if stage is None:
        raise web.HTTPNotFound
    return hands, stage


async def show(request: web.Request) -> web.Response:
    hands, hub = _hands(request), request.app[SITE].hub
    found = await hub.store.read(lambda tx: stages(tx, hub, hands))
    boxes = [box(newcomer) for newcomer in hands.newcomers]
    return await page(request, "rehearsal/page.html", "rehearsal", stages=found, boxes=boxes)


async def one(request: web.Request) -> web.Response:
    _, stage = await _find(request)
    return part(request, "rehearsal/page.html", "state", door=stage)


async def press(request: web.Request) -> web.Response:
    hands, stage = await _find(request)
    digits = str((await request.post()).get("digits", ""))
    opened = digits.isascii() and digits.isdecimal() and hands.press(stage.address, digits)
    return _done(request, stage, "opened" if opened else "stayed_shut")


def _done(request: web.Request, stage: Stage, said: str) -> web.Response:
    if htmx(request):
        text = request.app[SITE].templates.page("rehearsal/said.html", {"said": said, "name": stage.name})
        return web.Response(text=text, content_type="text/html", headers={"HX-Reswap": "none"})
    return go(request, "/rehearsal", said=said)


async def pair(request: web.Request) -> web.Response:
    """A newcomer is switched on, and its button pressed."""
    hands, id_ = _hands(request), request.match_info["id"]
    newcomer = next((each for each in hands.newcomers if each.id == id_), None)
    if newcomer is None:
        raise web.HTTPNotFound
    hands.pair(newcomer.id)
    if htmx(request):
        text = request.app[SITE].templates.page("rehearsal/said.html", {"said": "did_pair", "name": newcomer.model})
        return web.Response(text=text, content_type="text/html", headers={"HX-Reswap": "none"})
    return go(request, "/rehearsal", said="did_pair")


async def act(request: web.Request) -> web.Response:
    hands, stage = await _find(request)
    wanted = str((await request.post()).get("act", ""))
    match wanted:
        case "turn":
            hands.turn(stage.address, Position.LOCKED if stage.position == "unlocked" else Position.UNLOCKED)
        case "pair":
            hands.pair(stage.address)
        case "jam" | "free":
            hands.jam(stage.address, jammed=wanted == "jam")
        case "silence" | "answer":
            hands.silence(stage.address, silent=wanted == "silence")
        case "drain" | "charge":
            hands.drain(stage.address, DRAINED if wanted == "drain" else 100)
        case _:
            raise web.HTTPBadRequest(text="Press one of the buttons.")
    return _done(request, stage, f"did_{wanted}")


ROUTES = [
    web.get("/rehearsal", show),
    web.post("/rehearsal/boxes/{id}/pair", pair),
    web.get("/rehearsal/{id}", one),
    web.post("/rehearsal/{id}/press", press),
    web.post("/rehearsal/{id}/act", act),
]
