"""A channel is added, changed and removed on the pages: tried first, its secrets not shown again, its stays kept or cancelled."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.model.values import ChannelId, StayStatus, UnitId
from hub.store import house
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.stays import StayRow
from tests.integrations.ical.reading import calendar, event
from tests.integrations.servers import Site, site
from tests.web.conftest import Seen, Visitor
from tests.web.village import AIRBNB

FEED = calendar(
    event("DTSTART;VALUE=DATE:20261205", "DTEND;VALUE=DATE:20261208", "SUMMARY:Reserved", uid="1@airbnb.com"),
    event(
        "DTSTART;VALUE=DATE:20261220", "DTEND;VALUE=DATE:20261222", "SUMMARY:Airbnb (Not available)", uid="2@airbnb.com"
    ),
    event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", "SUMMARY:Odd", uid="3@airbnb.com"),
    product="-//Airbnb Inc//Hosting Calendar 1.0//EN",
)
NEW = "/channels/new"


@pytest.fixture
async def source() -> AsyncIterator[Site]:
    async with site() as made:
        made.answer("/airbnb.com/secret.ics", body=FEED)
        made.answer("/page", body=b"<html>Sign in</html>", Content_Type="text/html")
        yield made


def _draft(seen: Seen) -> str:
    found = re.search(r'name="draft" value="([^"]+)"', seen.html)
    assert found is not None, "nothing was kept"
    return found[1]


async def _tried(manager: Visitor, url: str, unit: str = "studio", **more: str) -> Seen:
    return await manager.post(NEW, kind="ical", url=url, unit=unit, step="try", **more)


async def test_an_address_is_tried_read_out_and_added(manager: Visitor, source: Site) -> None:
    tried = await _tried(manager, source.url("/airbnb.com/secret.ics"))
    assert "It answers, and lists 3 entries. Stays 1 Closures 1 First night Saturday 5 December 2026" in tried.text
    assert "Last night Saturday 26 December 2026" in tried.text
    assert "Airbnb does not usually write “Odd”; it may be a stay or a block: 1 entry." in tried.text
    assert "secret.ics" not in tried.html
    added = await manager.post(NEW, draft=_draft(tried), step="keep")
    assert added.headers["Location"] == "/channels#channel-airbnb-studio"
    row = await _row(manager, "airbnb-studio")
    assert (row.unit, row.origin) == (UnitId("studio"), Origin.PAGES)
    assert house.opened_settings(row, manager.here.hub.vault)["url"].endswith("secret.ics")
    assert len(source.asked) == 1, "adding asks nobody again: the channel is read by itself"


async def _row(manager: Visitor, id_: str) -> house.ChannelRow:
    row = await manager.here.hub.store.read(lambda tx: house.channel_with(tx, ChannelId(id_)))
    assert row is not None
    return row


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_added(manager: Visitor, source: Site) -> None:
    wrong = await manager.post(NEW, kind="ical", url="airbnb", step="try")
    assert wrong.status == 422
    assert "Address of the calendar must be the address of a calendar, beginning with https://" in wrong.text
    assert "The unit is missing." in wrong.text
    taken = await _tried(manager, source.url("/page"), id=AIRBNB)
    assert "The name is taken; choose another one." in taken.text
    page = await _tried(manager, source.url("/page"))
    assert (page.status, page.text.count("It was tried: this is a web page and no calendar")) == (422, 1)
    assert 'aria-invalid="true"' in page.html
    again = await manager.post(NEW, kind="ical", unit="studio", draft=_draft(page), step="try")
    assert "It was tried" in again.text, "what was typed is kept, though it is not shown"


async def test_one_that_does_not_answer_now_may_be_added_all_the_same(manager: Visitor, source: Site) -> None:
    source.answer("/busy.ics", status=503)
    tried = await _tried(manager, source.url("/busy.ics"))
    assert "It could not be read" in tried.text
    back = await manager.post(NEW, draft=_draft(tried), step="back")
    assert "Kept as it was typed" in back.text
    assert (await manager.post(NEW, draft=_draft(tried), step="keep")).status == 303


async def test_the_same_address_is_no_second_channel_of_a_unit_and_is_told_for_another(
    manager: Visitor, source: Site
) -> None:
    url = source.url("/airbnb.com/secret.ics")
    await manager.post(NEW, draft=_draft(await _tried(manager, url)), step="keep")
    assert "Address of the calendar is a channel already: airbnb-studio." in (await _tried(manager, url)).text
    other = await _tried(manager, url, "loft")
    assert "The same address is the channel airbnb-studio already, for another unit." in other.text


async def test_a_draft_is_nobody_elses_and_does_not_last(manager: Visitor, source: Site) -> None:
    draft = _draft(await _tried(manager, source.url("/airbnb.com/secret.ics")))
    manager.here.clock.at += timedelta(hours=3)
    late = await manager.post(NEW, kind="ical", draft=draft, step="keep")
    assert (late.status, "Please type it once more" in late.text) == (422, True)
    for nonsense in (draft[:-8], "é", "=", "\x00"):
        assert (await manager.post(NEW, kind="ical", draft=nonsense, step="keep")).status == 422


async def test_an_account_is_asked_for_by_its_own_words_and_its_webhook_is_told(manager: Visitor) -> None:
    form = await manager.get(f"{NEW}?kind=guesty")
    assert "Add Guesty" in form.text
    assert 'type="password"' in form.html
    assert "The unit" not in form.text
    missing = await manager.post(NEW, kind="guesty", client_id="abc", step="try")
    assert "Client secret is missing." in missing.text
    assert 'value="abc"' in missing.html
    assert (await manager.get(f"{NEW}?kind=nobody")).status == 404


async def test_one_that_only_calls_is_added_without_being_asked(manager: Visitor) -> None:
    tried = await manager.post(NEW, kind="partner", unit="studio", secret="long enough for anybody", step="try")
    assert "There is nothing to read: it calls the hub by itself." in tried.text
    assert "Set public_url in gatehouse.toml" in tried.text
    assert (await manager.post(NEW, draft=_draft(tried), step="keep")).status == 303
    assert (await _row(manager, "partner-studio")).integration == "partner"


async def test_a_channel_is_changed_and_what_is_left_empty_stays(manager: Visitor, source: Site) -> None:
    form = await manager.get(f"/channels/{AIRBNB}/change")
    assert "The site file names this channel." in form.text
    before = house.opened_settings(await _row(manager, AIRBNB), manager.here.hub.vault)
    source.answer("/airbnb.com/other.ics", body=FEED)
    url = source.url("/airbnb.com/other.ics")
    tried = await manager.post(f"/channels/{AIRBNB}/change", url=url, source="airbnb", step="try")
    assert (await manager.post(f"/channels/{AIRBNB}/change", draft=_draft(tried), step="keep")).status == 303
    row = await _row(manager, AIRBNB)
    after = house.opened_settings(row, manager.here.hub.vault)
    assert (after["url"], after["source"], row.origin) == (url, "airbnb", Origin.PAGES)
    assert after != before
    kept = await manager.post(f"/channels/{AIRBNB}/change", source="auto", step="try")
    await manager.post(f"/channels/{AIRBNB}/change", draft=_draft(kept), step="keep")
    assert house.opened_settings(await _row(manager, AIRBNB), manager.here.hub.vault)["url"] == url
    other = await manager.post("/channels/booking-flat-2/change", draft=_draft(kept), step="keep")
    assert other.status == 422, "what was tried for one channel is not kept for another"


def _of(tx: Tx, manager: Visitor) -> dict[str, StayRow]:
    told = ledger.sources_of(tx, AIRBNB, since=manager.here.clock.now())
    return {stay.id: stay for _, stay in told}


@pytest.mark.parametrize("choice", ["keep", "cancel"])
async def test_a_channel_is_removed_and_its_stays_are_kept_or_cancelled(manager: Visitor, choice: str) -> None:
    hub, now = manager.here.hub, manager.here.clock.now()
    await hub.store.write(lambda tx: ledger.arrived(tx, manager.here.stays["Anna Berg"], now))
    stays = await hub.store.read(lambda tx: _of(tx, manager))
    coming = [
        each for each in stays.values() if each.check_in is not None and each.check_in > now and not each.arrived_at
    ]
    begun = [each for each in stays.values() if each.id not in {other.id for other in coming}]
    asked = await manager.get(f"/channels/{AIRBNB}/remove")
    assert "new bookings, changes and cancellations there are not known here" in asked.text
    assert "yet to come" in asked.text
    assert "1 guest of it is here now, and keeps the code until the stay ends." in asked.text
    assert (await manager.post(f"/channels/{AIRBNB}/remove", stays=choice)).status == 303
    assert await hub.store.read(lambda tx: house.channel_with(tx, AIRBNB)) is None
    after = {id_: await hub.store.read(lambda tx, id_=id_: ledger.stay(tx, id_)) for id_ in stays}  # type: ignore[misc]
    for each in coming:
        assert after[each.id].status is (StayStatus.CANCELLED if choice == "cancel" else each.status)  # type: ignore[union-attr]
    assert [after[each.id].status for each in begun] == [StayStatus.CONFIRMED]  # type: ignore[union-attr]
    assert (await manager.post(f"/channels/{AIRBNB}/remove")).status == 404


async def test_a_calendar_that_does_not_exist_yet_is_made_at_a_press_or_it_is_said_why_not(manager: Visitor) -> None:
    form = await manager.get(f"{NEW}?kind=caldav")
    assert "Make a new calendar there" in form.text
    assert "Make a new calendar there" not in (await manager.get(f"{NEW}?kind=ical")).text
    typed = {"kind": "caldav", "unit": "studio", "user": "hub", "password": "a secret", "step": "make"}
    refused = await manager.post(NEW, url="http://127.0.0.1:9/calendars/hub/", **typed)
    assert (refused.status, "No calendar was made:" in refused.text) == (422, True)
    assert "a secret" not in refused.html
    async with dav() as address:
        answer = await manager.post(NEW, url=f"{address}/calendars/hub/", **typed)
        assert answer.headers["Location"] == "/channels#channel-caldav-studio"
        row = await _row(manager, "caldav-studio")
        settings = house.opened_settings(row, manager.here.hub.vault)
        assert settings["url"] == f"{address}/calendars/hub/gatehouse-studio/"
        assert (await manager.post(NEW, url=f"{address}/calendars/hub/", **typed)).headers["Location"] == (
            "/channels#channel-caldav-studio"
        )


@asynccontextmanager
async def dav() -> AsyncIterator[str]:
    """A server on which everything is made that is asked for."""

    async def make(request: web.Request) -> web.Response:
        assert request.method == "MKCALENDAR"
        return web.Response(status=201)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", make)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_a_partner_may_tell_of_several_units_and_no_calendar_may(manager: Visitor) -> None:
    assert "Several units" in (await manager.get(f"{NEW}?kind=partner")).text
    tried = await manager.post(NEW, kind="partner", unit="", secret="long enough for anybody", step="try")
    assert (await manager.post(NEW, draft=_draft(tried), step="keep")).status == 303
    row = await _row(manager, "partner")
    assert row.unit is None
    assert (await manager.get("/channels/partner/listings")).status == 200
    missing = await manager.post(NEW, kind="ical", url="https://calendar.example/x.ics", unit="", step="try")
    assert "The unit is missing." in missing.text
