"""What passes between the hub and one platform: what it is told, what it has heard, where the two differ, and the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from aiohttp import web
from pydantic import Field

from hub import feeds, hearing, other_days, resync, syncing
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.figures import Delay
from hub.model.values import ChannelId, StayId, StayKind, UnitId
from hub.store import house, log, pushes, stays
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.store.house import ChannelRow
from hub.store.pushes import Elsewhen
from hub.syncing import Difference
from web import told
from web.figure_view import long_span
from web.forms import Filled, Form, blank, read
from web.ground import Ground
from web.site import GUARD, SITE, go, page, wakes
from web.syncchart import SyncChart, draw
from web.told import ToldLine
from web.words import Local, Moment, short_day

MOST = 50
"""Lines of the log on one page."""


@dataclass(frozen=True, slots=True)
class LogLine:
    id: int
    at: Moment
    out: bool
    outcome: str
    what: str
    words: str
    by: str
    unit: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """Other days, or another listing, that an account gives to a booking of ours."""

    words: str
    take: str
    """What to take them does; empty: its listing is no unit here."""
    decide: str
    """What a person has to say."""


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    stay: StayId
    who: str
    unit: str
    nights: str
    doubt: str
    theirs: Theirs | None
    """What the platform says, where days or unit are in doubt."""


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """What went wrong with the same meaning."""

    meaning: str
    count: int
    words: str
    last: Moment


@dataclass(frozen=True, slots=True)
class View:
    channel: ChannelId
    public: bool
    """Platforms can reach the hub."""
    told: tuple[ToldLine, ...]
    untold: tuple[tuple[UnitId, str], ...]
    """Units that it is not told of yet."""
    brought: bool
    """There is something to bring: it does not only fetch."""
    polled: bool
    differences: tuple[DifferenceLine, ...]
    log: tuple[LogLine, ...]
    older: int | None
    read: str
    """How much of the time it could be read, in words."""
    tries: tuple[int, int]
    chart: SyncChart | None
    """Of the last 30 days."""
    days: tuple[str, str]
    """The first and the last of them."""
    errors: tuple[ErrorLine, ...]
    took: tuple[str, str]
    """Within what half of all news were known there, and 95 %; empty: there were none."""
    took_of: int
    wakes: str


def look(tx: Tx, hub: Hub, id_: ChannelId, here: str, before: int | None = None) -> View:
    row = _row(tx, id_)
    ground, now = Ground.read(tx, hub.clock.now()), hub.clock.now()
    local = ground.local() if row.unit is None else ground.local_of(row.unit)
    lines = tuple(told.full_line(tx, hub, ground, each, here) for each in syncing.standings(tx, now, id_))
    untold = sorted(row.serves - {each.unit for each in lines})
    entries, rates = rows.entries(tx, id_, before=before, limit=MOST + 1), syncing.rates(tx, id_, now)
    integration, course = hub.plugins.integration(id_), syncing.course_of(tx, id_, now)
    return View(
        channel=id_,
        public=hub.config.public_url is not None,
        told=lines,
        untold=tuple((unit, ground.unit_name(unit)) for unit in untold),
        brought=any(not each.feed for each in lines),
        polled=integration is not None and integration.poll_every is not None,
        differences=tuple(_difference(each, ground) for each in syncing.differences(tx, id_, now)),
        log=tuple(_logged(each, ground, local) for each in entries[:MOST]),
        older=entries[MOST - 1].id if len(entries) > MOST else None,
        read="" if rates.read is None else f"{rates.read:.1%}".replace(".0%", "%"),
        tries=rates.told,
        chart=draw(course.days),
        days=(short_day(course.days[0].day), short_day(course.days[-1].day)),
        errors=tuple(
            ErrorLine(each.cause.words, each.count, each.words, local.moment(each.last)) for each in course.errors
        ),
        took=_took(course.took),
        took_of=course.took.of,
        wakes=wakes("channels", "house"),
    )


def _took(delay: Delay) -> tuple[str, str]:
    half, most = delay.half_s, delay.most_s
    return ("", "") if half is None or most is None else (long_span(half), long_span(most))


def _row(tx: Tx, id_: ChannelId) -> ChannelRow:
    row = house.channel_with(tx, id_)
    if row is None:
        raise web.HTTPNotFound
    return row


def _difference(each: Difference, ground: Ground) -> DifferenceLine:
    stay = each.stay
    ours = None if stay.arrival is None or stay.departure is None else (stay.arrival, stay.departure)
    who = stay.guest or stay.reference or "A guest without a name"
    unit = ground.unit_name(stay.unit_id)
    name = "" if each.their_unit is None else ground.unit_name(each.their_unit)
    theirs = None if each.theirs is None else _theirs(each.theirs, ours, each.listing, name)
    return DifferenceLine(stay.id, who, unit, _days(ours), each.doubt.value, theirs)


def _theirs(days: tuple[date, date], ours: tuple[date, date] | None, listing: str | None, unit: str) -> Theirs:
    """`unit`: the name of theirs; empty: it is none here."""
    words, decide = _days(days), other_days.to_decide(days=days != ours, unit=listing is not None)
    if listing is None:
        return Theirs(words, "Take its days", decide)
    if not unit:
        return Theirs(f"{words} in listing {listing} (no unit here)", "", decide)
    return Theirs(f"{words} in {unit}", f"Move it to {unit} here too{'' if days == ours else ', on its days'}", decide)


def _days(days: tuple[date, date] | None) -> str:
    return "" if days is None else f"{short_day(days[0])} to {short_day(days[1])}"


@dataclass(frozen=True, slots=True)
class OtherDays:
    """What an account says of a stay that was made here."""

    channel: ChannelId
    theirs: Theirs | None
    """None: it was cancelled there."""
    ours: str


def other_days_of(tx: Tx, id_: StayId, now: datetime) -> list[OtherDays]:
    gone = (OtherDays(channel, None, "") for channel, stay in pushes.cancelled_there(tx, now) if stay == id_)
    found = (each for each in pushes.elsewhen(tx, now) if each.stay == id_)
    return [*gone, *(_other_days(tx, each) for each in found)]


def _other_days(tx: Tx, each: Elsewhen) -> OtherDays:
    here, there = (None if id_ is None else house.unit_with(tx, id_) for id_ in (each.unit, each.their_unit))
    theirs = _theirs(each.theirs, each.ours, each.listing, "" if there is None else there.name)
    where = "" if each.listing is None or here is None else f" in {here.name}"
    return OtherDays(each.channel, theirs, f"{_days(each.ours)}{where}")


def _logged(each: rows.Entry, ground: Ground, local: Local) -> LogLine:
    unit = "" if each.unit_id is None else ground.unit_name(each.unit_id)
    by = each.by.removeprefix("account:")
    return LogLine(
        each.id, local.moment(each.at), each.direction == rows.OUT, each.outcome, each.what, each.words, by, unit
    )


# ---- showing -------------------------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.Response:
    return await _show(request)


async def _show(request: web.Request, refused: str = "") -> web.Response:
    hub, id_ = request.app[SITE].hub, ChannelId(request.match_info["id"])
    before = request.query.get("before", "")
    older = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    here = f"{request.scheme}://{request.host}"
    view = await hub.store.read(lambda tx: look(tx, hub, id_, here, older))
    if older is not None:
        view = replace(view, wakes="")
    return await page(
        request, "channels/sync.html", "channels", status=422 if refused else 200, view=view, refused=refused
    )


# ---- doing ---------------------------------------------------------------------------------------------------------


async def _do(request: web.Request, work: Callable[[Tx, Hub, ChannelId, str], object], said: str) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, ChannelId(request.match_info["id"])

    def done(tx: Tx) -> object:
        _row(tx, id_)
        return work(tx, hub, id_, actor)

    try:
        await hub.store.write(done)
    except Rejected as error:
        return await _show(request, f"{error}.")
    return go(request, f"/channels/{id_}/sync", said=said)


async def link(request: web.Request) -> web.Response:
    """Made where there is none, else made anew."""
    unit = UnitId(request.match_info["unit"])
    return await _do(
        request,
        lambda tx, hub, id_, actor: feeds.make_link(tx, hub.desk, id_, unit, actor, anew=True),
        "feed_link_made",
    )


async def unlink(request: web.Request) -> web.Response:
    unit = UnitId(request.match_info["unit"])
    return await _do(
        request, lambda tx, hub, id_, actor: feeds.end_link(tx, hub.desk, id_, unit, actor), "feed_link_revoked"
    )


async def confirm(request: web.Request) -> web.Response:
    unit = UnitId(request.match_info["unit"])
    return await _do(
        request, lambda tx, hub, id_, actor: syncing.confirm(tx, id_, unit, actor, hub.clock.now()), "feed_confirmed"
    )


async def now(request: web.Request) -> web.Response:
    """Both ways: it is read, and brought what it should have."""

    def work(tx: Tx, hub: Hub, id_: ChannelId, actor: str) -> None:
        log.record(tx, hub.clock.now(), actor, "sync now", f"channel:{id_}")
        syncing.sync_now(tx, hub.publisher, id_, actor)
        integration = hub.plugins.integration(id_)
        if integration is not None and integration.poll_every is not None:
            hearing.ask_reading(tx, id_, actor, hub.clock.now())

    return await _do(request, work, "synced")


class SyncForm(Form):
    channel: str | None = Field(None, title="The channel", max_length=100)
    kind: StayKind | None = Field(None, title="The kind of stays")
    first: date | None = Field(None, title="The first night")
    last: date | None = Field(None, title="The last night")


async def ask_some(request: web.Request) -> web.Response:
    return await _some(request, blank(SyncForm))


async def _some(request: web.Request, form: Filled[SyncForm]) -> web.Response:
    channels = await request.app[SITE].hub.store.read(house.channels)
    names, status = [each.id for each in channels], 422 if form.errors else 200
    return await page(request, "channels/sync_some.html", "channels", status=status, channels=names, form=form)


async def sync_several(request: web.Request) -> web.Response:
    hub, actor, form = request.app[SITE].hub, request[GUARD].actor, read(SyncForm, await request.post())
    if (given := form.value) is not None:
        about = resync.Narrowed(
            ChannelId(given.channel) if given.channel else None, given.kind, given.first, given.last
        )
        try:
            asked = await hub.store.write(lambda tx: resync.several(tx, hub, about, actor))
        except Rejected as error:
            form = form.refused(f"{error}.")
        else:
            return go(request, "/channels", said="all_synced" if asked else "nothing_synced")
    return await _some(request, form)


async def stay_now(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, StayId(request.match_info["id"])

    def work(tx: Tx) -> list[resync.Asked]:
        if stays.stay(tx, id_) is None:
            raise web.HTTPNotFound
        return resync.stay(tx, hub, id_, actor)

    asked = await hub.store.write(work)
    well = any(not each.why for each in asked)
    return go(request, f"/stays/{id_}", said="stay_synced" if well else "nobody_synced")


async def settle(request: web.Request) -> web.Response:
    posted = await request.post()
    stay, accept = StayId(str(posted.get("stay", ""))), posted.get("word") == "accept"
    return await _do(
        request, lambda tx, hub, id_, actor: syncing.settle(tx, hub.intake, id_, stay, actor, accept=accept), "settled"
    )


ROUTES: list[Any] = [
    web.get("/channels/{id}/sync", show),
    web.post("/channels/{id}/sync", now),
    web.get("/channels/sync", ask_some),
    web.post("/channels/sync", sync_several),
    web.post("/stays/{id}/sync", stay_now),
    web.post("/channels/{id}/differences", settle),
    web.post("/channels/{id}/units/{unit}/link", link),
    web.post("/channels/{id}/units/{unit}/unlink", unlink),
    web.post("/channels/{id}/units/{unit}/confirm", confirm),
]
