"""On the page of a stay: the link to its guest's page, and the text that a manager sends the guest."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from hub import guest_page, guest_text
from hub.errors import Rejected
from hub.guest_messages import MAIL
from hub.hub import Hub
from hub.model.values import StayId
from hub.store import guest_page as links
from hub.store import house
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ground
from web.site import GUARD, SITE, go, htmx, page, part
from web.words import Local, Moment


@dataclass(frozen=True, slots=True)
class GuestTelling:
    """Whether the guest is told by itself."""

    state: str
    """A word of hub.model.guest_told.Telling."""
    by: str
    """`by e-mail`, `through guesty`; empty: by a person, or before a backup was made that was restored."""
    at: Moment | None
    why: str
    message: str
    """A word of hub.store.guest_messages.MessageState: how the last one stands; empty: there is none."""
    wrong: str
    """Why a person has to look; empty: nobody has to."""


@dataclass(frozen=True, slots=True)
class ForGuest:
    """What a guest of this stay gets."""

    reachable: bool
    """Guests have a page."""
    open: bool
    """Somebody comes, and may be told something."""
    made: Moment | None
    """Since when there is a link."""
    opened: Moment | None
    seen: Moment | None
    """When the guest first saw the code there."""
    phone: str
    place: str
    """The property's id, where its telephone number is set."""
    text: str = ""
    """If it was asked for."""
    url: str = ""
    refused: str = ""
    """Why there is no text."""
    telling: GuestTelling | None = None
    """None: nobody comes who could be told."""


def for_guest(
    tx: Tx, hub: Hub, ground: Ground, row: StayRow, text: str = "", url: str = "", refused: str = ""
) -> ForGuest:
    local, place = ground.local_of(row.unit_id), house.property_of(tx, row.unit_id)
    link = links.link_of(tx, row.id)
    return ForGuest(
        reachable=hub.config.public_url is not None,
        open=guest_page.has_page(tx, row, hub.desk),
        made=None if link is None else local.moment(link.made_at),
        opened=None if link is None else local.maybe(link.opened_at),
        seen=None if link is None else local.maybe(link.shown_at),
        phone="" if place is None else place.guest_phone,
        place="" if place is None else place.id,
        text=text,
        url=url,
        refused=refused,
        telling=_telling(tx, hub, local, row),
    )


def _telling(tx: Tx, hub: Hub, local: Local, row: StayRow) -> GuestTelling | None:
    now = hub.guest_teller.stands(tx, row)
    if now is None:
        return None
    by = "" if now.channel is None else "by e-mail" if now.channel == MAIL else f"through {now.channel}"
    last = now.message
    wrong = (last.why or "nobody knows why") if last is not None and now.wrong else ""
    return GuestTelling(
        now.state.value, by, local.maybe(now.at), now.why, "" if last is None else last.state.value, wrong
    )


async def show_text(request: web.Request) -> web.Response:
    """With the link, made if there is none yet; or with the code. Audited."""
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])

    def work(tx: Tx) -> ForGuest:
        row, ground = _row(tx, id_), Ground.read(tx, hub.clock.now())
        public = hub.config.public_url
        try:
            text = guest_text.write(tx, hub.desk, id_, actor, public)
        except Rejected as error:
            return for_guest(tx, hub, ground, row, refused=str(error))
        link = None if public is None else guest_page.known(tx, hub.desk, id_)
        url = "" if public is None or link is None else guest_page.address(public, link).reveal()
        return for_guest(tx, hub, ground, row, text, url)

    view = await hub.store.write(work)
    if htmx(request):
        return part(request, "stays/for_guest.html", "card", guest=view, id=id_)
    return await page(request, "stays/for_guest.html", "stays", guest=view, id=id_)


def _row(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    return row


async def show(request: web.Request) -> web.Response:
    hub, id_ = request.app[SITE].hub, StayId(request.match_info["id"])
    view = await hub.store.read(lambda tx: for_guest(tx, hub, Ground.read(tx, hub.clock.now()), _row(tx, id_)))
    return part(request, "stays/for_guest.html", "card", guest=view, id=id_)


async def tell(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    await hub.store.write(lambda tx: hub.guest_teller.tell(tx, id_, actor))
    return go(request, f"/stays/{id_}", said="guest_is_told")


async def told(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    await hub.store.write(lambda tx: hub.guest_teller.told_by_hand(tx, id_, actor))
    return go(request, f"/stays/{id_}", said="guest_was_told")


async def make_anew(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    await hub.store.write(lambda tx: guest_page.token_of(tx, hub.desk, id_, actor, anew=True))
    return go(request, f"/stays/{id_}", said="link_made")


async def revoke(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])
    await hub.store.write(lambda tx: guest_page.revoke(tx, hub.desk, id_, actor))
    return go(request, f"/stays/{id_}", said="link_revoked")


ROUTES = [
    web.get("/stays/{id}/for-guest", show),
    web.post("/stays/{id}/for-guest", show_text),
    web.post("/stays/{id}/tell", tell),
    web.post("/stays/{id}/told-by-hand", told),
    web.post("/stays/{id}/link/anew", make_anew),
    web.post("/stays/{id}/link/revoke", revoke),
]
