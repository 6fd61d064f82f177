"""What does not fit into a telephone's bar, and what everybody may ask for: the time of the house."""

from __future__ import annotations

from aiohttp import web

from web.ground import Ground
from web.site import SITE, page, part


async def more(request: web.Request) -> web.Response:
    return await page(request, "more.html", "more")


async def clock(request: web.Request) -> web.Response:
    """The house's time, for pages of a hub whose clock is turned."""
    hub = request.app[SITE].hub
    local = await hub.store.read(lambda tx: Ground.read(tx, hub.clock.now()).local())
    return part(request, "clock.html", "clock", moment=local.moment(local.now))


ROUTES = [web.get("/more", more), web.get("/clock", clock)]
