"""The page of a guest: their code, their hours, what to know, and what to do when a door does not open.

Nothing is told or done by looking: programs that preview or scan a link only look. The digits come by a form, and so does help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from hub import guest_page, throttle
from hub.guest_page import GuestPage
from hub.guest_text import by_pin
from hub.hub import Hub
from hub.model.guest_page import dialled
from hub.model.ladder import Tell, Withhold
from hub.model.values import LockId, Pin
from hub.store import guest_page as links
from hub.store.engine import Tx
from web.pace import PACES
from web.site import SITE
from web.site import guest_page as answer
from web.words import Local, Moment, counted


@dataclass(frozen=True, slots=True)
class DoorView:
    id: str
    name: str
    told: bool
    backup: bool
    check: str
    """What the lock says since the guest said that it does not open; empty: nobody said so."""
    again: bool
    """The backup code does not open it either."""
    said: Moment | None
    begun: bool
    steps: tuple[str, ...]
    """What to try at its keypad."""


@dataclass(frozen=True, slots=True)
class View:
    here: str
    place: str
    unit: str
    zone: str
    check_in: Moment
    check_out: Moment
    works_from: Moment
    works_until: Moment | None
    """Where that is not check-out."""
    told: bool
    """There is something to be shown."""
    shown_from: Moment | None
    """Where that is only a matter of time."""
    begun: bool
    doors: tuple[DoorView, ...]
    down: tuple[str, ...]
    """Doors that are locked down."""
    instructions: tuple[str, ...]
    phone: str
    dialled: str
    notice_lines: tuple[str, ...]
    """What is kept of the guest."""
    pins: tuple[tuple[str, str], ...] = ()
    """(doors, digits), if they were asked for."""
    notice: str = ""
    """What could not be done."""
    opened: tuple[str, ...] = ()
    """Doors that were opened in an emergency, in sentences."""

    @property
    def asking(self) -> bool:
        return any(door.check == "asking" for door in self.doors)


def look(hub: Hub, here: str, page: GuestPage, pins: dict[LockId, Pin] | None = None, notice: str = "") -> View:
    place, unit = page.place, page.unit
    local = Local(place.zone, hub.clock.now())
    until = page.gate.until if isinstance(page.gate, Withhold) else None
    return View(
        here=here,
        place=place.name,
        unit="" if unit.name == place.name else unit.name,
        zone=place.zone.key,
        check_in=local.moment(page.check_in),
        check_out=local.moment(page.check_out),
        works_from=local.moment(page.comes_at),
        works_until=None if page.until == page.check_out else local.moment(page.until),
        told=bool(page.told) or isinstance(page.gate, Tell),
        shown_from=local.maybe(until),
        begun=page.begun,
        doors=tuple(
            DoorView(
                id=door.lock,
                name=door.name,
                told=door.told,
                backup=door.backup,
                check="" if door.check is None else door.check.value,
                again=door.complaint is not None and door.complaint.again_at is not None,
                said=None if door.complaint is None else local.moment(door.complaint.last_at),
                begun=door.begun,
                steps=door.steps,
            )
            for door in page.doors
        ),
        down=tuple(door.name for door in page.doors if door.down),
        instructions=tuple(text for text in (place.instructions, unit.instructions) if text),
        phone=place.guest_phone,
        dialled=dialled(place.guest_phone),
        notice_lines=tuple(line for line in page.notice.splitlines() if line.strip()),
        pins=tuple((" and ".join(names), pin.reveal()) for pin, names in by_pin(page, pins or {})),
        notice=notice,
        opened=page.opened,
    )


def _here(request: web.Request) -> str:
    return guest_page.PATH + request.match_info["token"]


def _found(tx: Tx, hub: Hub, token: str) -> GuestPage:
    page = guest_page.find(tx, hub.desk, token)
    if page is None:
        raise web.HTTPNotFound
    return page


def _mind_pace(request: web.Request) -> None:
    """Raises HTTPTooManyRequests. The hub itself is not counted: what stands before it comes from there, for everybody."""
    address = throttle.buckets(None, request.remote or "127.0.0.1").address
    if address is not None and (wait := request.app[PACES].of_address.spend(address)):
        raise web.HTTPTooManyRequests(text=f"{wait}", headers={"Retry-After": str(wait)})


async def show(request: web.Request) -> web.Response:
    _mind_pace(request)
    hub, token = request.app[SITE].hub, request.match_info["token"]
    page = await hub.store.read(lambda tx: _found(tx, hub, token))
    if request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET":
        await hub.store.write(lambda tx: links.opened(tx, page.stay.id, hub.clock.now()))
    view = look(hub, _here(request), page)
    if request.query.get("part") == "check":
        text = request.app[SITE].templates.block("guest/page.html", "check", {"view": view})
        return web.Response(text=text, content_type="text/html")
    return answer(request, view=view)


async def show_code(request: web.Request) -> web.Response:
    hub, token = request.app[SITE].hub, request.match_info["token"]
    if (early := await _too_often(request)) is not None:
        return early

    def work(tx: Tx) -> View:
        page = _found(tx, hub, token)
        return look(hub, _here(request), page, guest_page.show(tx, hub.desk, page))

    return answer(request, view=await hub.store.write(work))


async def get_help(request: web.Request) -> web.Response:
    """The lock is asked, another code handed out if there is one, and the manager told: in one transaction."""
    hub, token, posted = request.app[SITE].hub, request.match_info["token"], await request.post()
    if (early := await _too_often(request)) is not None:
        return early
    lock, backup_too = LockId(str(posted.get("door", ""))), posted.get("backup") == "fails"

    def work(tx: Tx) -> View:
        after = guest_page.complain(tx, hub.desk, _found(tx, hub, token), lock, backup_too=backup_too)
        return look(hub, _here(request), after, guest_page.show(tx, hub.desk, after))

    return answer(request, view=await hub.store.write(work))


async def _too_often(request: web.Request) -> web.Response | None:
    """Says how long to wait; the telephone number stands there all the same."""
    _mind_pace(request)
    hub, token = request.app[SITE].hub, request.match_info["token"]
    page = await hub.store.read(lambda tx: _found(tx, hub, token))
    wait = request.app[PACES].of_link.spend(page.stay.id)
    if not wait:
        return None
    notice = f"That was a little too often. Please wait {counted(wait, 'second')}, then press again."
    return answer(
        request, status=429, headers={"Retry-After": str(wait)}, view=look(hub, _here(request), page, notice=notice)
    )


async def robots(request: web.Request) -> web.Response:
    return web.Response(text="User-agent: *\nDisallow: /\n", content_type="text/plain")


ROUTES: list[Any] = [
    web.get(guest_page.PATH + "{token}", show),
    web.post(guest_page.PATH + "{token}/code", show_code),
    web.post(guest_page.PATH + "{token}/help", get_help),
    web.get("/robots.txt", robots),
]
