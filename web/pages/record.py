"""The record: whether the audit chain is whole, what is kept of people and how long, and one guest's part of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from hub import audit, forgetting, guests
from hub.errors import Rejected
from hub.guests import Foreseen
from hub.hub import Hub
from hub.model.keeping import MOST_GUEST_DAYS, MOST_LOG_DAYS, REGISTER, Kept
from hub.model.values import PropertyId, StayId
from hub.store import chain, house
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Property
from web.ground import Ground, StayLine
from web.site import GUARD, SITE, go, page
from web.words import Moment


@dataclass(frozen=True, slots=True)
class Chain:
    """The audit chain as people are told of it."""

    links: int
    head: str
    checked: Moment | None
    wrong: str

    @classmethod
    def read(cls, tx: Tx, ground: Ground) -> Chain:
        seen, last = audit.last_look(tx), chain.head(tx)
        checked = None if seen is None else ground.local().moment(seen.at)
        return cls(last.number, last.seal, checked, "" if seen is None else seen.wrong)


@dataclass(frozen=True, slots=True)
class View:
    chain: Chain
    places: list[Property]
    most_days: int
    most_guest_days: int
    kept: tuple[Kept, ...]


def look(tx: Tx, hub: Hub) -> View:
    ground = Ground.read(tx, hub.clock.now())
    return View(Chain.read(tx, ground), list(ground.places.values()), MOST_LOG_DAYS, MOST_GUEST_DAYS, REGISTER)


async def show(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    view = await hub.store.read(lambda tx: look(tx, hub))
    return await page(request, "record/page.html", "log", view=view)


async def check(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    await audit.look(hub.store, hub.state_dir, hub.wall)
    return go(request, "/record", said="chain_checked")


async def keep(request: web.Request) -> web.Response:
    """How long a property keeps its access log, and who its guests were."""
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PropertyId(request.match_info["property"])
    posted = await request.post()
    log_days, guest_days = (_days(str(posted[name])) if name in posted else None for name in ("days", "guest_days"))
    if await hub.store.read(lambda tx: house.property_with(tx, id_)) is None:
        raise web.HTTPNotFound
    try:
        now = hub.clock.now()
        await hub.store.write(lambda tx: forgetting.keep(tx, id_, log_days, guest_days, actor, now))
    except Rejected as error:
        raise web.HTTPConflict(text=_sentence(error)) from error
    return go(request, "/record", said="log_days_changed" if guest_days is None else "guest_days_changed")


def _days(typed: str) -> int:
    """What is no number counts as too much."""
    typed = typed.strip()
    return int(typed[:6]) if typed.isascii() and typed.isdigit() else 10**6


# ---- one guest -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GuestView:
    stay: StayLine
    id: StayId
    foreseen: Foreseen | None
    refused: str
    """Why nothing can be erased now, and the cure."""


def look_at_guest(tx: Tx, hub: Hub, id_: StayId) -> GuestView:
    row = ledger.stay(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    line = Ground.read(tx, hub.clock.now()).tallied(row, None)
    try:
        return GuestView(line, id_, guests.foresee(tx, hub.desk, id_), "")
    except Rejected as error:
        return GuestView(line, id_, None, _sentence(error))


def _sentence(error: Rejected) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."


async def show_guest(request: web.Request) -> web.Response:
    hub, id_ = request.app[SITE].hub, StayId(request.match_info["id"])
    view = await hub.store.read(lambda tx: look_at_guest(tx, hub, id_))
    return await page(request, "record/guest.html", "stays", view=view)


async def export(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])

    def work(tx: Tx) -> dict[str, Any]:
        if ledger.stay(tx, id_) is None:
            raise web.HTTPNotFound
        return guests.export(tx, hub.desk, id_, actor)

    told = await hub.store.write(work)
    headers = {"Content-Disposition": f'attachment; filename="guest-{id_}.json"', "Cache-Control": "no-store"}
    text = json.dumps(told, indent=2, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", headers=headers)


async def erase(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    typed = str((await request.post()).get("confirm", ""))[:100]
    try:
        await hub.store.write(lambda tx: guests.erase(tx, hub.desk, id_, typed, actor))
    except Rejected as error:
        raise web.HTTPConflict(text=_sentence(error)) from error
    return go(request, f"/stays/{id_}", said="guest_erased")


ROUTES = [
    web.get("/record", show),
    web.post("/record/check", check),
    web.post("/record/keep/{property}", keep),
    web.get(r"/stays/{id:\w{1,40}}/guest", show_guest),
    web.post(r"/stays/{id:\w{1,40}}/guest/export", export),
    web.post(r"/stays/{id:\w{1,40}}/guest/erase", erase),
]
