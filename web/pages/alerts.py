"""Alerts: what needs somebody, who looks after it, what is over, and who was told of it when and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hub.errors import Rejected
from hub.hub import Hub
from hub.model.alerts import Level
from hub.model.people import called
from hub.store import alerts
from hub.store.alerts import Alert, Sent, Telling
from hub.store.engine import Tx
from hub.telling import WORDS
from web.ground import Ground
from web.site import GUARD, SITE, go, page, part, wakes
from web.words import Local, Moment

TONES: Final = {Level.URGENT: "bad", Level.PROBLEM: "warn", Level.NOTICE: "info"}
_SHOWS: Final = ("open", "acknowledged", "over")
_PER_PAGE: Final = 30
_WHAT: Final = {
    "raised": "told by {way}",
    "concerned": "told by {way}, as somebody with a pass there",
    "informed": "told by {way} at once, as somebody of the list",
    "escalated": "told by {way}, as nobody had acknowledged it",
    "reminder": "told again by {way}",
    "over": "told by {way} that it is over",
    "test": "test message by {way}",
    "bookings": "told of bookings by {way}",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One person, told or to be told."""

    name: str
    what: str
    at: Moment
    """When it was sent, or promised."""
    tone: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    tone: str
    urgent: bool
    sentence: str
    cure: str
    link: tuple[str, str] | None
    """Where more is said of it: address and words."""
    since: Moment
    acknowledged: Moment | None
    by: str
    over: Moment | None
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class AlertsView:
    show: str
    counts: dict[str, int]
    """How many are open, and how many acknowledged."""
    lines: Sequence[Line]
    older: str
    wakes: str


def look(tx: Tx, hub: Hub, show: str, before: str) -> AlertsView:
    ground = Ground.read(tx, hub.clock.now())
    live = alerts.raised(tx)
    waiting = [row for row in live if row.open]
    looked_after = [row for row in live if not row.open]
    rows, older = {"open": waiting, "acknowledged": looked_after}.get(show, []), ""
    if show == "over":
        last = alerts.alert(tx, before) if before else None
        position = None if last is None or last.over_at is None else (last.over_at, last.id)
        rows = alerts.over(tx, before=position, limit=_PER_PAGE + 1)
        older = rows[_PER_PAGE - 1].id if len(rows) > _PER_PAGE else ""
        rows = rows[:_PER_PAGE]
    tellings = alerts.tellings_of(tx, [row.id for row in rows])
    return AlertsView(
        show=show,
        counts={"open": len(waiting), "acknowledged": len(looked_after)},
        lines=[line(ground, row, tellings[row.id]) for row in rows],
        older=older,
        wakes=wakes("alerts", "alerts:list", "clock"),
    )


def line(ground: Ground, row: Alert, tellings: Sequence[Telling] = ()) -> Line:
    local = ground.local(row.place)
    return Line(
        id=row.id,
        tone=TONES[row.level],
        urgent=row.level is Level.URGENT,
        sentence=row.sentence,
        cure=row.cure,
        link=_link(row.about),
        since=local.moment(row.course.found_at),
        acknowledged=local.maybe(row.acknowledged_at),
        by=called(row.acknowledged_by or ""),
        over=local.maybe(row.over_at),
        told=[told(local, telling) for telling in tellings],
    )


_LINKS: Final = {"lock": ("/locks/{}", "To the lock"), "stay": ("/stays/{}", "To the stay")}


def _link(about: str) -> tuple[str, str] | None:
    what, _, id_ = about.partition(":")
    found = _LINKS.get(what)
    return None if found is None else (found[0].format(id_), found[1])


def told(local: Local, row: Telling) -> Told:
    tones = {Sent.SENT: "ok", Sent.WAITING: "info", Sent.MOOT: "quiet", Sent.REFUSED: "bad"}
    states = {Sent.SENT: "Sent", Sent.WAITING: "Waits", Sent.MOOT: "Not needed", Sent.REFUSED: "Not sent"}
    return Told(
        name=row.name,
        what=_WHAT[row.what].format(way=WORDS[row.way]),
        at=local.moment(row.ended_at or row.promised_at),
        tone=tones[row.state],
        state=states[row.state],
        why=(row.why or "") if row.state is not Sent.SENT else "",
    )


async def show(request: web.Request) -> web.Response:
    hub = request.app[SITE].hub
    wanted = request.query.get("show", "open")
    shown = wanted if wanted in _SHOWS else "open"
    view = await hub.store.read(lambda tx: look(tx, hub, shown, request.query.get("before", "")))
    if request.query.get("part") == "main":
        return part(request, "alerts/page.html", "main", view=view)
    return await page(request, "alerts/page.html", "alerts", view=view)


async def count(request: web.Request) -> web.Response:
    """How many wait for somebody, for the mark beside Alerts."""
    number = await request.app[SITE].hub.store.read(alerts.count_open)
    return part(request, "count.html", "count", number=number)


async def acknowledge(request: web.Request) -> web.Response:
    hub, actor, id_ = request.app[SITE].hub, request[GUARD].actor, request.match_info["id"]
    taking_back = request.match_info["act"] == "take-back"
    act = hub.alerts.unacknowledge if taking_back else hub.alerts.acknowledge
    try:
        await hub.store.write(lambda tx: act(tx, id_, actor))
    except Rejected as error:
        raise web.HTTPConflict(text=f"Somebody was quicker: {error}.") from error
    return go(request, "/alerts", said="alert_taken_back" if taking_back else "alert_acknowledged")


ROUTES = [
    web.get("/alerts", show),
    web.get("/alerts/count", count),
    web.post(r"/alerts/{id:\w{1,40}}/{act:acknowledge|take-back}", acknowledge),
]
