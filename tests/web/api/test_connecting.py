"""Channels added, tried, changed and removed over the API; what is secret goes in and never comes out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.channel_kinds import kinds
from tests.integrations.ical.reading import calendar, event
from tests.integrations.servers import Site, site
from tests.web.api.conftest import Api


@pytest.fixture
async def source() -> AsyncIterator[Site]:
    async with site() as made:
        made.answer("/secret.ics", body=calendar(event("DTSTART;VALUE=DATE:20261205", "SUMMARY:Reserved - Anna")))
        yield made


def _wanted(source: Site, path: str = "/secret.ics", **more: object) -> dict[str, object]:
    return {"integration": "ical", "unit": "flat-1", "settings": {"url": source.url(path)}} | more


async def test_a_feed_is_tried_added_changed_and_removed(api: Api, source: Site) -> None:
    tried = (await api.post("/channel-trials", _wanted(source))).json
    assert (tried["stays"], tried["first_night"], tried["last_night"]) == (1, "2026-12-05", "2026-12-05")
    added = await api.post("/channels", _wanted(source))
    assert (added.status, added.json["id"], added.json["unit"]) == (201, "ical-flat-1", "flat-1")
    told = (await api.get("/channels/ical-flat-1/settings")).json
    assert told == {"settings": {}, "secrets": ["url"]}
    changed = (await api.post("/channels/ical-flat-1/settings", {"settings": {"source": "airbnb"}})).json
    assert changed == {"settings": {"source": "airbnb"}, "secrets": ["url"]}
    assert (await api.post("/channels/ical-flat-1/settings", {"settings": {"source": None}})).json["settings"] == {}
    left = await api.ask("DELETE", "/channels/ical-flat-1?stays=cancel")
    assert (left.status, left.json["coming"]) == (200, 0)
    assert (await api.get("/channels/ical-flat-1")).status == 404
    assert (await api.ask("DELETE", "/channels/ical-flat-1")).status == 404


async def test_what_is_wrong_is_told_by_field(api: Api, source: Site) -> None:
    refused = await api.post("/channels", _wanted(source, settings={"adress": "x"}, unit="nowhere"))
    assert refused.status == 409
    faults = {each["field"]: each["why"] for each in refused.json["faults"]}
    assert faults["unit"] == "is none that is known here"
    assert faults["url"] == "is missing"
    assert "is not known" in faults["adress"]
    assert (await api.post("/channel-trials", _wanted(source, "/gone.ics"))).status == 503
    assert (await api.post("/channels", _wanted(source, id="../x"))).json["faults"][0]["field"] == "id"
    assert (await api.post("/channels", _wanted(source, integration="email"))).json["faults"][0][
        "field"
    ] == "integration"
    assert (await api.post("/channels/airbnb-1/settings", {"settings": {"url": None}})).status == 409


async def test_every_kind_is_told_with_what_it_must_be_told(api: Api) -> None:
    told = {each["name"]: each for each in (await api.get("/channel-kinds")).json["items"]}
    assert told.keys() == {each.name for each in kinds()}
    url = next(each for each in told["ical"]["settings"] if each["name"] == "url")
    assert (url["secret"], url["needed"], url["shape"]) == (True, True, "text")
    assert "email" not in told


async def test_a_calendar_is_made_only_where_one_can_be(api: Api) -> None:
    makes = {each["name"]: each["makes"] for each in (await api.get("/channel-kinds")).json["items"]}
    assert {name: word for name, word in makes.items() if word} == {"caldav": "url", "google_calendar": "calendar"}
    refused = await api.post("/channel-calendars", {"integration": "ical", "unit": "flat-1", "settings": {}})
    assert (refused.status, "caldav and google_calendar" in refused.json["detail"]) == (409, True)
    wanted = {"url": "http://127.0.0.1:9/calendars/hub/", "user": "hub", "password": "a secret"}
    silent = await api.post("/channel-calendars", {"integration": "caldav", "unit": "flat-1", "settings": wanted})
    assert silent.status == 503
    del wanted["password"]
    missing = await api.post("/channel-calendars", {"integration": "caldav", "unit": "flat-1", "settings": wanted})
    assert (missing.status, "password" in missing.json["detail"]) == (409, True)
    assert "caldav" not in {each["integration"] for each in (await api.get("/channels")).json["items"]}


async def test_an_integration_is_known_by_its_other_name(api: Api) -> None:
    refused = await api.post("/channels", {"integration": "guestly", "settings": {}})
    assert "client_id" in {each["field"] for each in refused.json["faults"]}
