"""Calendars of taken nights, as platforms fetch them from their secret links. That one did is what proves that it knows."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.web import Request

from hub import feeds, publishing, throttle
from hub.errors import Unavailable
from hub.publishing import Handout
from hub.store.engine import Tx
from web.pace import PACES
from web.site import SITE


async def fetch(request: Request) -> web.StreamResponse:
    if wait := _too_often(request):
        raise web.HTTPTooManyRequests(headers={"Retry-After": f"{wait}"})
    hub, told = request.app[SITE].hub, request.match_info

    def work(tx: Tx) -> Handout:
        outlet = feeds.find(tx, told["channel"], told["unit"], told["token"])
        if outlet is None:
            raise web.HTTPNotFound
        return publishing.hand_out(tx, outlet, hub.clock, hub.wall.now())

    try:
        handout = await hub.store.write(work)
    except Unavailable as error:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "60"}) from error
    response = _answer(request, handout)
    await response.prepare(request)
    await response.write_eof()
    if _is_a_platform(request):
        by = request.headers.get("User-Agent", "")
        await hub.store.write(lambda tx: publishing.fetched(tx, handout, by, hub.clock.now()))
    return response


def _answer(request: Request, handout: Handout) -> web.Response:
    """RFC 9110, 13.1.2: a list of tags, weak ones too, or a star."""
    tag = feeds.etag(handout.body)
    known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex, nofollow, noarchive"}
    if tag in known or "*" in known:
        return web.Response(status=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{handout.outlet.unit_id}.ics"'
    return web.Response(body=handout.body, content_type="text/calendar", charset="utf-8", headers=headers)


def _is_a_platform(request: Request) -> bool:
    """A person who tries the link in a browser proves nothing; neither does whoever asks for the head alone.

    Source: Fetch Metadata Request Headers (W3C), 2.2: browsers send `Sec-Fetch-Mode`, programs do not.
    """
    return request.method == "GET" and "Sec-Fetch-Mode" not in request.headers


def _too_often(request: Request) -> int:
    """The hub itself is not counted: what stands before it comes from there, for everybody."""
    address = throttle.buckets(None, request.remote or "127.0.0.1").address
    return 0 if address is None else request.app[PACES].of_feeds.spend(address)


ROUTES: list[Any] = [web.get(feeds.PATH + "{unit}/{channel}/{token}.ics", fetch)]
