"""Channels: where bookings come from, when each was last read, and reading one now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from aiohttp import web

from hub import accounts
from hub.accounts import Lets
from hub.contracts.diaries import Diary, Report, in_words
from hub.errors import Rejected
from hub.hub import Hub
from hub.manifests import Notice, discover
from hub.model.effects import KeepBooking
from hub.model.values import ChannelId, UnitId
from hub.store import house, listings, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Unit
from hub.store.listings import NightsState
from hub.store.stays import ChannelState
from web import told
from web.ground import Ground
from web.site import GUARD, SITE, go, htmx, page, part, wakes
from web.told import ToldLine
from web.words import Moment


@dataclass(frozen=True, slots=True)
class Unread:
    listing: str
    why: str
    since: Moment | None


@dataclass(frozen=True, slots=True)
class ChannelCard:
    id: ChannelId
    unit: str
    integration: str
    state: str
    """`read` | `failing` | `never` | `off`"""
    why: str
    since: Moment | None
    read: Moment | None
    reports: int
    minutes: int
    """How often it is read; 0: it only pushes."""
    wakes: str
    account: bool
    pushes: bool
    """Bookings that are made here are sent there."""
    strange: int
    """Listings of an account that are no unit here."""
    waiting: int
    """Bookings of those."""
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    notices: tuple[Notice, ...]
    diary: bool
    """A calendar that people keep: its connection can be tried."""
    tested: Report | None
    """What came of it the last time."""
    tested_at: Moment | None
    unread: tuple[Unread, ...]
    """Calendars of it in which nobody can see by now what people closed there."""
    told: tuple[ToldLine, ...]
    """What it is told of nights taken, unit by unit."""


def cards(tx: Tx, hub: Hub, only: ChannelId | None = None) -> list[ChannelCard]:
    ground = Ground.read(tx, hub.clock.now())
    states, heard = ledger.channel_states(tx), told.lines(tx, hub, ground, only)
    failing = listings.nights_failing(tx)
    wanted = [row for row in house.channels(tx) if only in (None, row.id)]
    found = []
    for row in wanted:
        lines = tuple(each for each in heard if each.channel == row.id)
        state = states.get(row.id, ChannelState(row.id))
        card = _card(hub, ground, row, state, accounts.lets(tx, row.id))
        found.append(replace(card, told=lines, unread=_unread(ground, row, failing)))
    return found


def _card(hub: Hub, ground: Ground, row: ChannelRow, state: ChannelState, lets: Lets) -> ChannelCard:
    local = ground.local() if row.unit is None else ground.local_of(row.unit)
    plugged = hub.plugins.integration(row.id)
    condition = hub.plugins.conditions.get(row.id)
    word, why = "never", ""
    if plugged is None:
        word, why = "off", "it is not started yet" if condition is None else condition.why
    elif state.failing_since is not None:
        word, why = "failing", state.failing_why or ""
    elif state.good_at is not None:
        word = "read"
    every = None if plugged is None else plugged.poll_every
    tested = plugged.tested if isinstance(plugged, Diary) else None
    manifest = discover().get(f"integration/{row.integration}")
    return ChannelCard(
        id=row.id,
        unit=", ".join(sorted(ground.unit_name(unit) for unit in row.serves)) or "No unit yet",
        integration=row.integration if manifest is None else manifest.title,
        state=word,
        why=why,
        since=local.maybe(state.failing_since),
        read=local.maybe(state.good_at),
        reports=state.reports,
        minutes=0 if every is None else round(every.total_seconds() / 60),
        wakes=wakes("channels", "house"),
        account=row.unit is None,
        pushes=plugged is not None and KeepBooking in plugged.perform,
        strange=lets.strange,
        waiting=len(lets.waiting),
        can=() if manifest is None else manifest.can,
        cannot=() if manifest is None else manifest.cannot,
        notices=() if manifest is None else tuple(each for each in manifest.notices if each.due(hub.clock.now())),
        diary=isinstance(plugged, Diary),
        tested=tested,
        tested_at=None if tested is None else local.maybe(tested.at),
        unread=(),
        told=(),
    )


def _unread(ground: Ground, row: ChannelRow, failing: Sequence[NightsState]) -> tuple[Unread, ...]:
    local = ground.local()
    return tuple(
        Unread(each.name or each.listing, each.nights_why or "", local.maybe(each.nights_failing_since))
        for each in failing
        if each.channel_id == row.id and each.listing in row.units
    )


async def listing(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    found = await hub.store.read(lambda tx: cards(tx, hub))
    return await page(request, "channels/page.html", "channels", channels=found)


async def _again(request: web.Request, id_: ChannelId, toast: str = "") -> web.Response:
    hub = request.app[SITE].hub
    found = await hub.store.read(lambda tx: cards(tx, hub, id_))
    if not found:
        raise web.HTTPNotFound
    return part(request, "channels/page.html", "card", toast=toast, sign="sync", channel=found[0])


async def one(request: web.Request) -> web.Response:
    return await _again(request, ChannelId(request.match_info["id"]))


async def read_now(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    id_ = ChannelId(request.match_info["id"])
    if hub.plugins.integration(id_) is None:
        raise web.HTTPConflict(text="This channel is switched off and cannot be read.")
    await hub.store.write(lambda tx: log.record(tx, hub.clock.now(), actor, "read now", f"channel:{id_}"))
    hub.bus.signal(f"poll:{id_}")
    if htmx(request):
        return await _again(request, id_, "It is being read now.")
    return go(request, "/channels", said="syncing")


async def test(request: web.Request) -> web.Response:
    """Try the connection and say in words what came of it."""
    hub, id_ = request.app[SITE].hub, ChannelId(request.match_info["id"])
    plugged = hub.plugins.integration(id_)
    if not isinstance(plugged, Diary):
        raise web.HTTPConflict(text="This channel is switched off, or there is nothing to be tried.")
    await in_words(plugged)
    return await _again(request, id_) if htmx(request) else go(request, "/channels")


# ---- accounts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaitingLine:
    listing: str
    booking: str
    arrival: str
    departure: str
    status: str
    note: str


async def account(request: web.Request) -> web.Response:
    return await _account(request)


async def _account(request: web.Request, refused: str = "") -> web.Response:
    hub, id_ = request.app[SITE].hub, ChannelId(request.match_info["id"])

    def look(tx: Tx) -> tuple[ChannelRow | None, Lets, list[Unit]]:
        return house.channel_with(tx, id_), accounts.lets(tx, id_), house.units(tx)

    row, lets, units = await hub.store.read(look)
    if row is None or row.unit is not None:
        raise web.HTTPNotFound
    names = {each.listing: each.name or each.listing for each in lets.listings}
    waiting = [
        WaitingLine(
            names.get(each.listing, each.listing),
            each.uid,
            _day(each.arrival),
            _day(each.departure),
            each.status,
            each.note,
        )
        for each in lets.waiting
    ]
    view = {"channel": row.id, "lets": lets, "waiting": waiting, "units": [(unit.id, unit.name) for unit in units]}
    status = 422 if refused else 200
    return await page(request, "channels/account.html", "channels", status=status, refused=refused, **view)


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day} {day:%B %Y}"


async def join(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, ChannelId(request.match_info["id"])
    posted = await request.post()
    listing_, unit = str(posted.get("listing", "")), str(posted.get("unit", ""))
    wanted = UnitId(unit) if unit else None
    try:
        await hub.store.write(lambda tx: accounts.join(tx, id_, listing_, wanted, actor, hub.clock.now()))
    except Rejected as error:
        return await _account(request, f"{error}.")
    return go(request, f"/channels/{id_}/listings", said="listing_joined")


ROUTES = [
    web.get("/channels", listing),
    web.get("/channels/{id}", one),
    web.post("/channels/{id}/read", read_now),
    web.post("/channels/{id}/test", test),
    web.get("/channels/{id}/listings", account),
    web.post("/channels/{id}/listings", join),
]
