"""A person's calendar: the link with its QR code on their page, and what a telephone gets under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from markupsafe import Markup

from hub import feeds, person_feeds, throttle
from hub.errors import Rejected, Unavailable
from hub.hub import Hub
from hub.model.diary import Naming
from hub.model.values import PersonId
from hub.store import person_feeds as links
from hub.store.engine import Tx
from web.ground import Ground
from web.pace import PACES
from web.pages.people import person_row
from web.site import GUARD, SITE, go, htmx, page, part
from web.words import Moment


@dataclass(frozen=True, slots=True)
class CalendarView:
    id: PersonId
    name: str
    units: tuple[str, ...]
    """What it is about."""
    made: Moment | None
    asked: Moment | None
    names: str
    url: str = ""
    """If it was asked for."""
    webcal: str = ""
    qr: Markup | None = None


def calendar_view(tx: Tx, hub: Hub, id_: PersonId, *, here: str = "") -> CalendarView:
    """`here`: where the hub is reached, to show the link; empty: it is not shown."""
    row, ground, found = person_row(tx, id_), Ground.read(tx, hub.clock.now()), links.of_person(tx, id_)
    local = ground.local(row.property)
    url = ""
    if found is not None and here:
        url = feeds.address(hub.config.public_url, here, person_feeds.path_of(hub.desk, found)).reveal()
    subscribe = f"webcal://{url.partition('://')[2]}" if url else ""
    return CalendarView(
        id=id_,
        name=row.name,
        units=tuple(unit.name for unit in person_feeds.units_of(tx, id_, hub.clock.now())),
        made=None if found is None else local.moment(found.made_at),
        asked=None if found is None else local.maybe(found.asked_at),
        names=(Naming.INITIALS if found is None else found.names).value,
        url=url,
        webcal=subscribe,
        qr=_drawn(subscribe) if subscribe else None,
    )


def _drawn(text: str) -> Markup:
    """What is in it stands beside it."""
    import segno  # half a MiB that most hubs never draw with

    code = segno.make(text, error="m", micro=False).svg_inline(
        border=2, omitsize=True, svgclass="label-qr", light="#fff", title="QR code of the link"
    )
    return Markup(code)  # noqa: S704  # drawn here


async def show(request: web.Request) -> web.Response:
    """The link, its QR code, and which units it is about."""
    hub, id_ = request.app[SITE].hub, PersonId(request.match_info["id"])
    here = f"{request.scheme}://{request.host}"
    view = await hub.store.read(lambda tx: calendar_view(tx, hub, id_, here=here))
    return await _card(request, view)


async def _card(request: web.Request, view: CalendarView) -> web.Response:
    if htmx(request):
        return part(request, "people/calendar.html", "card", calendar=view)
    return await page(request, "people/calendar.html", "people", calendar=view)


async def make(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PersonId(request.match_info["id"])
    names = str((await request.post()).get("names", Naming.INITIALS.value))

    def work(tx: Tx) -> None:
        person_row(tx, id_)
        person_feeds.make(tx, hub.desk, id_, Naming(names), actor)

    try:
        await hub.store.write(work)
    except ValueError as error:
        raise web.HTTPBadRequest from error
    except Rejected as error:
        raise web.HTTPConflict(text=f"{error}.") from error
    return go(request, f"/people/{id_}/calendar", said="calendar_made")


async def end(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, PersonId(request.match_info["id"])
    try:
        await hub.store.write(lambda tx: person_feeds.end(tx, hub.desk, id_, actor))
    except Rejected as error:
        raise web.HTTPConflict(text=f"{error}.") from error
    return go(request, f"/people/{id_}", said="calendar_ended")


async def fetch(request: web.Request) -> web.Response:
    """As a telephone asks for it, now and then."""
    address = throttle.buckets(None, request.remote or "127.0.0.1").address
    if address is not None and (wait := request.app[PACES].of_feeds.spend(address)):
        raise web.HTTPTooManyRequests(headers={"Retry-After": f"{wait}"})
    hub, token = request.app[SITE].hub, request.match_info["token"]
    try:
        body = await hub.store.write(lambda tx: person_feeds.fetch(tx, hub.desk, token))
    except Unavailable as error:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "60"}) from error
    if body is None:
        raise web.HTTPNotFound
    tag = feeds.etag(body)
    known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex, nofollow, noarchive"}
    if tag in known or "*" in known:
        return web.Response(status=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="gatehouse.ics"'
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


ROUTES: list[Any] = [
    web.get("/people/{id}/calendar", show),
    web.post("/people/{id}/calendar", make),
    web.post("/people/{id}/calendar/end", end),
    web.get(person_feeds.PATH + "{token}.ics", fetch),
]
