"""Nights that were sold twice, side by side, with what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from hub import asking, conflicts
from hub.bookings import NotFree
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import StayId, UnitId
from hub.store import questions
from hub.store.engine import Tx
from web.ground import Ask, Ground, StayLine
from web.pages.stays import row_of
from web.site import GUARD, SITE, go, page, wakes


@dataclass(frozen=True, slots=True)
class Pair:
    unit: str
    first: StayLine
    second: StayLine
    second_has_code: bool
    free: list[tuple[UnitId, str]]
    """(id, name) of units where the second could go."""
    anyway: list[tuple[UnitId, str]]
    """Where only the house's own rules are against it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A move that the house's own rules are against, and a person may say all the same."""

    stay: StayId
    unit: UnitId
    words: str


@dataclass(frozen=True, slots=True)
class View:
    asked: list[Ask]
    """Closures that may be a second sale."""
    pairs: list[Pair]
    wakes: str


def look(tx: Tx, hub: Hub) -> View:
    ground = Ground.read(tx, hub.clock.now())
    pairs = []
    for each in conflicts.clashes(tx, hub.desk):
        first, second = ground.with_doors(tx, [each.first, each.second])
        free = [(unit, ground.unit_name(unit)) for unit in each.free_units]
        anyway = [(unit, ground.unit_name(unit)) for unit, _ in each.units_anyway]
        pairs.append(Pair(ground.unit_name(each.second.unit_id), first, second, each.second_has_code, free, anyway))
    asked = [each for each in questions.open_questions(tx) if each.kind == asking.SOLD]
    may_be = [ground.ask(each, row_of(tx, StayId(each.subject))) for each in asked]
    return View(may_be, pairs, wakes("stays", "questions"))


async def show(request: web.Request) -> web.Response:
    return await _show(request, "")


async def _show(request: web.Request, refused: str, asked: Asked | None = None) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look(tx, hub))
    return await page(
        request, "conflicts/page.html", "stays", status=422 if refused else 200, view=view, refused=refused, asked=asked
    )


async def move(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    posted = await request.post()
    unit, anyway = UnitId(str(posted.get("unit", ""))), "anyway" in posted
    try:
        await hub.store.write(lambda tx: conflicts.move(tx, hub.intake, id_, unit, actor, anyway=anyway))
    except NotFree as error:
        asked = await hub.store.read(lambda tx: _asked(tx, hub, id_, unit)) if error.soft else None
        return await _show(request, f"{str(error)[:1].upper()}{str(error)[1:]}.", asked)
    except Rejected as error:
        return await _show(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return go(request, f"/stays/{id_}", said="stay_moved")


def _asked(tx: Tx, hub: Hub, id_: StayId, unit: UnitId) -> Asked:
    ground, row = Ground.read(tx, hub.clock.now()), row_of(tx, id_)
    return Asked(id_, unit, f"Move {row.guest or row.reference or 'the guest'} to {ground.unit_name(unit)} anyway")


async def share(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    other = StayId(str((await request.post()).get("other", "")))
    try:
        await hub.store.write(lambda tx: conflicts.let_share(tx, hub.desk, id_, other, actor))
    except Rejected as error:
        return await _show(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return go(request, "/stays/conflicts", said="nights_shared")


ROUTES = [
    web.get("/stays/conflicts", show),
    web.post("/stays/{id}/move", move),
    web.post("/stays/{id}/share", share),
]
