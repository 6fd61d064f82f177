"""Health: what is wrong in sentences with their cures, what was given up on, the time, and the parts that run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hub import health, letters
from hub.figures import measured
from hub.hub import Hub
from hub.model.alerts import Level
from hub.model.figures import Delay
from hub.plugins import Condition
from hub.store import code_list, log, mail, restoring, settings
from hub.store import stays as ledger
from hub.store.engine import Tx
from web.figure_view import DAYS, Bar, Short, Tally, bars, short_of, tallies, took
from web.ground import Ground
from web.site import GUARD, SITE, Site, go, page, part, wakes
from web.words import Moment

_TONES: Final = {Level.URGENT: "bad", Level.PROBLEM: "warn", Level.NOTICE: "info"}


@dataclass(frozen=True, slots=True)
class Trouble:
    tone: str
    sentence: str
    cure: str
    since: Moment | None
    about: str

    @property
    def alarm(self) -> str:
        """Of an alarm that a person can take note of, its number."""
        return self.about.removeprefix("alarm:") if self.about.startswith("alarm:") else ""


@dataclass(frozen=True, slots=True)
class Letter:
    box: str
    id: int
    about: str
    why: str
    since: Moment


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the things that may be well or not: how many there are, and how many are well."""

    locks: int
    locks_answering: int
    channels: int
    channels_read: int
    codes_due: int
    codes_missing: int
    cramped: bool


@dataclass(frozen=True, slots=True)
class View:
    troubles: list[Trouble]
    letters: list[Letter]
    counts: Counts
    figures: list[Bar]
    """Of all locks together."""
    delay: Delay
    """Of codes that were wanted at once."""
    took: str
    bookings: list[Bar]
    tallies: list[Tally]
    short: list[Short]
    plugins: list[Condition]
    clock_trusted: bool
    can_confirm: bool
    safe_mode: bool
    foreign: Sequence[tuple[str, str]]
    """In safe mode: locks with codes that nobody knows, by id and name; somebody has to say what becomes of these."""
    out_of_reach: Sequence[str]
    """In safe mode: locks that could not be read."""
    now: Moment
    zone: str
    wakes: str


def look(tx: Tx, site: Site) -> View:
    hub = site.hub
    ground = Ground.read(tx, hub.clock.now())
    local = ground.local()
    found = [finding for finding in health.findings(tx, hub) if finding.about != "clock"]
    dead = mail.dead(tx)
    told = measured(tx, ground.now, DAYS)
    safe = settings.safe_mode(tx)
    asked = restoring.asked(tx) if safe else {}
    listed_below = {f"{letter.box}:{letter.id}" for letter in dead}
    return View(
        troubles=[
            Trouble(_TONES[each.level], each.sentence, each.cure, local.maybe(each.since), each.about)
            for each in found
            if each.about not in listed_below
        ],
        letters=[Letter(each.box, each.id, each.about, each.why, local.moment(each.since)) for each in dead],
        counts=_counts(tx, hub, ground),
        figures=bars(told.house.figures) if told.locks else [],
        delay=told.delay,
        took=took(told.latency),
        bookings=bars(told.house.of_bookings, least=0),
        tallies=tallies(told.house),
        short=short_of([(door.id, door.name, told.locks[door.id]) for door in ground.doors.values()]),
        plugins=sorted(hub.plugins.conditions.values(), key=lambda condition: (condition.kind, condition.name)),
        clock_trusted=hub.clock.trusted,
        can_confirm=site.confirm_time is not None,
        safe_mode=safe,
        foreign=[(door.id, door.name) for door in ground.doors.values() if door.id in asked],
        out_of_reach=restoring.out_of_reach(tx) if safe else (),
        now=local.moment(ground.now),
        zone=local.zone.key,
        wakes=wakes("health", "clock", "house", "channels", "questions"),
    )


def _counts(tx: Tx, hub: Hub, ground: Ground) -> Counts:
    states = ledger.channel_states(tx)
    channels = hub.plugins.channels
    read = sum(
        name in states and states[name].good_at is not None and states[name].failing_since is None for name in channels
    )
    issued = [code.issued for code in code_list.listing(tx) if code.issued is not None and not code.issued.pooled]
    due = [entry for entry in issued if ground.now in entry.grant.window]
    return Counts(
        locks=len(ground.doors),
        locks_answering=sum(door.abilities is not None and door.silent_since is None for door in ground.doors.values()),
        channels=len(channels),
        channels_read=read,
        codes_due=len(due),
        codes_missing=len(code_list.unproven(tx, ground.now)),
        cramped=hub.store.cramped,
    )


async def show(request: web.Request) -> web.Response:
    site = request.app[SITE]
    view = await site.hub.store.read(lambda tx: look(tx, site))
    if request.query.get("part") == "main":
        return part(request, "health/page.html", "main", view=view)
    return await page(request, "health/page.html", "health", view=view)


async def retry(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    name = f"{request.match_info['box']}-{request.match_info['id']}"

    def again(tx: Tx) -> None:
        letters.retry(tx, letters.find(tx, name), actor, hub.clock.now(), hub.wall.now())

    await hub.store.write(again)
    return go(request, "/health", said="retried")


async def let_go(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    name = f"{request.match_info['box']}-{request.match_info['id']}"
    await hub.store.write(lambda tx: letters.dismiss(tx, letters.find(tx, name), actor, hub.clock.now()))
    return go(request, "/health", said="let_go")


async def dismiss(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor
    number = int(request.match_info["id"])
    await hub.store.write(lambda tx: hub.intake.dismiss(tx, number, actor))
    return go(request, "/health", said="alarm_dismissed")


async def confirm_time(request: web.Request) -> web.Response:
    site, actor = request.app[SITE], request[GUARD].actor
    if site.confirm_time is None:
        raise web.HTTPConflict(text="The time of a rehearsal needs nobody's word.")
    site.confirm_time()

    def note(tx: Tx) -> None:
        log.record(tx, site.hub.clock.now(), actor, "confirm time", "clock")
        tx.signal("clock")

    await site.hub.store.write(note)
    return go(request, "/health", said="clock_confirmed")


async def leave_safe_mode(request: web.Request) -> web.Response:
    hub, actor = request.app[SITE].hub, request[GUARD].actor

    word = str((await request.post()).get("foreign", ""))

    def leave(tx: Tx) -> None:
        if word:
            hub.intake.answer_foreign(tx, word, actor)
        log.record(tx, hub.clock.now(), actor, "leave safe mode", "house")
        restoring.leave_safe_mode(tx)

    await hub.store.write(leave)
    return go(request, "/health", said="safe_mode_left")


ROUTES = [
    web.get("/health", show),
    web.post(r"/health/{box:inbox|outbox}/{id:\d{1,18}}/retry", retry),
    web.post(r"/health/{box:inbox|outbox}/{id:\d{1,18}}/dismiss", let_go),
    web.post(r"/health/alarms/{id:\d{1,18}}/dismiss", dismiss),
    web.post("/health/time", confirm_time),
    web.post("/health/safe-mode/leave", leave_safe_mode),
]
