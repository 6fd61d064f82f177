"""Every page of a house, wherever it is kept: in a file and in PostgreSQL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from yarl import URL

from hub import demo
from hub.model.facts import CalendarRead, StayReport
from hub.model.stays import local_instant
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.running import World, made
from hub.store import passes, stays
from hub.store.places import place_of
from hub.store.stay_search import Wanted
from tests.simulators.home import DATABASE, new_house
from tests.web.conftest import Visitor
from tests.web.village import Radio, Still, Village, tell
from web.app import build
from web.site import SITE

TODAY = date(2026, 11, 20)
OPENING = local_instant(TODAY, demo.OPENING, demo.ZONE, latest=False)
FEEDS = {"flat-1": "airbnb-flat-1", "flat-2": "vrbo-flat-2", "flat-2-booking": "booking-flat-2"}


def _reports(feed: str) -> Iterable[StayReport]:
    for booking in demo.bookings(TODAY):
        if booking.feed == feed:
            guest = booking.summary.partition(" - ")[2]
            kind = StayKind.UNKNOWN if "CLOSED" in booking.summary else StayKind.RESERVATION
            yield StayReport(booking.uid, kind, StayStatus.CONFIRMED, booking.arrival, booking.departure, guest=guest)


@asynccontextmanager
async def _demonstration(folder: Path) -> AsyncIterator[Visitor]:
    config = demo._config(folder, 0)
    config = config.model_copy(update={"database": DATABASE.get() or config.database, "drivers": {}})
    new_house(config)
    clock = Still()
    clock.at = OPENING + timedelta(hours=6)
    async with made(config, World(clock=clock, inline=True)) as hub:
        here = Village(hub, clock, Radio(hub), {})
        config.drivers.update(demo._config(folder, 0).drivers)
        await hub.store.write(lambda tx: demo._furnish(tx, hub, "http://127.0.0.1:1"))
        for feed, channel in FEEDS.items():
            await tell(hub, CalendarRead(ChannelId(channel), clock.at, tuple(_reports(feed))))
        app = build(hub)
        async with TestServer(app) as server, ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            visitor = Visitor(here, app, str(server.make_url("")).rstrip("/"), session)
            await visitor.sign_in()
            yield visitor
            app[SITE].live.close()


_ELSEWHERE = ("/static/", "/api/", "/live", "/feeds/", "/g/", "/enter/", "/healthz", "/metrics", "/robots.txt")
_ENOUGH = 3
"""Of one kind of page, that many are looked at."""


async def _walk(visitor: Visitor, *besides: str) -> tuple[dict[str, int], set[str]]:
    """Pages that did not answer, with their status, and the kinds of page that no link led to."""
    routes = [each for each in visitor.app.router.routes() if each.method == "GET" and each.resource is not None]
    canonical = {each.resource.canonical for each in routes if each.resource is not None}
    by_name = sorted(canonical, key=lambda kind: kind.count("{"))  # /people/new is no person
    kinds = {re.sub(r"\\\{[^}]*\}", "[^/]+", re.escape(kind)): kind for kind in by_name}
    seen, wrong, waiting, known = Counter[str](), dict[str, int](), ["/", *besides], set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = next((each for form, each in kinds.items() if re.fullmatch(form, URL(path).path)), "")
        if path in known or path.startswith(_ELSEWHERE) or seen[kind] >= _ENOUGH:
            continue
        known.add(path)
        page = await visitor.get(path)
        if page.status == 303:  # a house with one property has no list of them
            seen[kind] += 1
            waiting.append(page.headers["Location"])
            continue
        seen[kind] += 1
        if page.status != 200:
            wrong[path] = page.status
        waiting += [unescape(link) for link in re.findall(r'(?:href|hx-get)="(/[^"#]*)', page.html)]
    return wrong, {kind for kind in canonical - set(seen) if not kind.startswith(_ELSEWHERE)}


_UNLINKED = ("/stays/import", "/stays/conflicts")
_NOT_HERE = (
    *("/radio/", "/rehearsal", "/emergency/", "/locks/{id}/codes/", "/stays/import/", "/stays/{id}/group/"),
    *("/channels/{id}/pushes", "/channels/{id}/listings", "/people/{id}/remove", "/clock", "/setup", "/signin"),
)
"""Of what the house does not have: a radio, a lock-down, somebody else's code, an import, a booking of several units, an account,
somebody who has left, a doubted clock."""


@pytest.mark.peer
@pytest.mark.usefixtures("in_postgresql")
async def test_every_page_of_the_demonstration_answers_in_postgresql(tmp_path: Path) -> None:
    async with _demonstration(tmp_path) as visitor:
        store = visitor.here.hub.store
        assert len(await store.read(lambda tx: stays.search(tx, Wanted(limit=500)))) > 30
        assert await store.read(passes.all_passes)
        assert store.place == place_of(DATABASE.get() or "")
        wrong, unseen = await _walk(visitor, *_UNLINKED)
        assert wrong == {}
        assert {kind for kind in unseen if not kind.startswith(_NOT_HERE)} <= {"/styleguide"}


@pytest.mark.usefixtures("either_database")
async def test_every_page_of_a_lived_in_house_answers(manager: Visitor) -> None:
    wrong, _ = await _walk(manager)
    assert wrong == {}
