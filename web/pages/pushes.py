"""Bookings that are made here and sent to an account: how far it knows them, and sending them again."""

from __future__ import annotations

from aiohttp import web

from hub import pushing
from hub.errors import Rejected
from hub.model.values import ChannelId, StayId
from hub.pushed import Line, Pushed, pushed
from hub.store.engine import Tx
from web.ground import Ground
from web.site import GUARD, SITE, go, page
from web.words import Moment


async def sent(request: web.Request) -> web.Response:
    return await _page(request)


async def _page(request: web.Request, refused: str = "") -> web.Response:
    hub, id_ = request.app[SITE].hub, ChannelId(request.match_info["id"])

    def look(tx: Tx) -> tuple[Ground, Pushed]:
        return Ground.read(tx, hub.clock.now()), pushed(tx, hub.plugins, id_, hub.clock.now())

    try:
        ground, found = await hub.store.read(look)
    except Rejected as error:
        raise web.HTTPNotFound from error
    local = ground.local()

    def tried(line: Line) -> Moment | None:
        return local.maybe(line.synced_at or line.tried_at)

    lines = [(line, _days(line), tried(line)) for line in found.lines]
    rate, average = found.statistics.success_rate, found.statistics.average_attempts
    view = {
        "channel": id_,
        "found": found,
        "lines": lines,
        "rate": None if rate is None else f"{100 * rate:.1f} %",
        "average": None if average is None else f"{average:.1f}",
    }
    status = 422 if refused else 200
    return await page(request, "channels/pushes.html", "channels", status=status, refused=refused, **view)


def _days(line: Line) -> str:
    if line.arrival is None or line.departure is None:
        return ""
    return f"{line.arrival.day} {line.arrival:%B} to {line.departure.day} {line.departure:%B %Y}"


async def again(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, ChannelId(request.match_info["id"])
    posted = await request.post()
    stay, real = str(posted.get("stay", "")), "real" in posted

    def work(tx: Tx) -> None:
        now, wall = hub.clock.now(), hub.wall.now()
        if real:
            pushing.send_for_real(tx, id_, StayId(stay), actor, now, wall)
        else:
            pushing.retry(tx, id_, StayId(stay) if stay else None, actor, now, wall)

    try:
        await hub.store.write(work)
    except Rejected as error:
        return await _page(request, f"{error}.")
    return go(request, f"/channels/{id_}/pushes", said="pushed_again")


ROUTES = [
    web.get("/channels/{id}/pushes", sent),
    web.post("/channels/{id}/pushes", again),
]
