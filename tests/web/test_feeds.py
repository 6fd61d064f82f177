"""Calendars of taken nights over HTTP: for whoever has the link, for nobody else, and proof that they were fetched."""

from __future__ import annotations

from datetime import timedelta

from hub import feeds
from hub.model.values import UnitId
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.store.publishing import Outlet
from tests.web.conftest import Seen, Visitor
from tests.web.village import AIRBNB

FLAT = UnitId("flat-1")
ROBOT = {"User-Agent": "Airbnb/1.0"}


async def _link(manager: Visitor, *, anew: bool = False) -> str:
    def work(tx: Tx) -> str:
        return feeds.make_link(tx, manager.here.hub.desk, AIRBNB, FLAT, "account:Robin", anew=anew)

    return await manager.here.hub.store.write(work)


async def _outlet(manager: Visitor) -> Outlet:
    found = await manager.here.hub.store.read(lambda tx: rows.outlet(tx, AIRBNB, FLAT))
    assert found is not None
    return found


async def _fetch(manager: Visitor, path: str, **headers: str) -> Seen:
    told = ROBOT | {name.replace("_", "-"): value for name, value in headers.items()}
    return await manager.ask("GET", path, headers=told)


async def test_a_platform_fetches_the_calendar_and_then_only_what_is_new(manager: Visitor) -> None:
    path = await _link(manager)
    seen = await _fetch(manager, path)
    assert seen.status == 200
    assert seen.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert seen.html.startswith("BEGIN:VCALENDAR\r\n")
    assert "Set-Cookie" not in seen.headers
    again = await _fetch(manager, path, If_None_Match=f'W/{seen.headers["ETag"]}, "x"')
    assert again.status == 304
    assert again.html == ""
    assert again.headers["ETag"] == seen.headers["ETag"]


async def test_a_fetch_is_proof_and_a_look_in_a_browser_is_none(manager: Visitor) -> None:
    path = await _link(manager)
    assert (await _fetch(manager, path, Sec_Fetch_Mode="navigate")).status == 200
    await manager.ask("HEAD", path, headers=ROBOT)
    assert (await _outlet(manager)).told_at is None
    seen = await _fetch(manager, path)
    outlet = await _outlet(manager)
    assert outlet.confirmed
    assert outlet.asked_by == "Airbnb/1.0"
    manager.here.clock.at += timedelta(hours=1)
    assert (await _fetch(manager, path, If_None_Match=seen.headers["ETag"])).status == 304
    assert (await _outlet(manager)).told_at == manager.here.hub.clock.now(), "that it is unchanged is proof, too"


async def test_the_old_link_is_dead_as_soon_as_there_is_a_new_one(manager: Visitor) -> None:
    old, new = await _link(manager), await _link(manager, anew=True)
    assert (await _fetch(manager, old)).status == 404
    assert (await _fetch(manager, new)).status == 200
    assert (await _fetch(manager, new.replace("flat-1", "flat-2", 1))).status == 404
    assert (await _fetch(manager, "/feeds/flat-1/airbnb-flat-1/guess.ics")).status == 404


async def test_nobody_else_is_let_in_by_it(stranger: Visitor) -> None:
    assert (await stranger.ask("POST", "/feeds/a/b/c.ics")).status == 405
    assert (await stranger.get("/feeds/a/b/c.ics")).status == 404
