"""The guests' page over the API: links, the text for a guest, and what guests read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.model.codes import Reading, Slot
from hub.model.people import Scope
from hub.model.values import LockId, Proof
from hub.store import codes
from hub.store.engine import Tx
from tests.web.api.conftest import NOW, Api, opened

PUBLIC = "https://stay.example.com"


@pytest.fixture
async def reached(tmp_path: Path) -> AsyncIterator[Api]:
    """A house whose guests have a page."""
    async with opened(tmp_path, public_url=PUBLIC) as api:
        yield api


async def test_a_link_is_made_shown_again_made_anew_and_revoked(reached: Api) -> None:
    path = f"/stays/{reached.stay}/link"
    nothing = {"made_at": None, "opened_at": None, "code_seen_at": None, "ends_at": None}
    assert (await reached.get(path)).json == {"stay": reached.stay, "possible": True, **nothing}
    made = (await reached.post(path, {})).json
    assert made["url"].startswith(f"{PUBLIC}/g/")
    assert (made["made_at"], made["ends_at"]) == ("2026-11-21T12:00:00.000Z", "2026-11-23T10:00:00.000Z")
    assert (await reached.post(path, {})).json["url"] == made["url"]
    assert (await reached.post(path, {"anew": True})).json["url"] != made["url"]
    assert "url" not in (await reached.get(path)).json
    assert (await reached.ask("DELETE", path)).json["made_at"] is None
    assert (await reached.ask("DELETE", path)).status == 200, "twice is as once"


async def test_a_link_is_for_those_who_may_see_codes(reached: Api) -> None:
    link, text = f"/stays/{reached.stay}/link", f"/stays/{reached.stay}/text"
    writes = await reached.token_with(Scope.STAYS_WRITE)
    for refused in (await reached.post(link, {}, token=writes), await reached.post(text, token=writes)):
        assert (refused.status, refused.json["code"]) == (403, "scope_missing")
    both = await reached.token_with(Scope.STAYS_WRITE, Scope.CODES_READ)
    assert (await reached.post(link, {}, token=both)).status == 200
    assert (await reached.post(text, token=both)).status == 200


async def test_where_guests_have_no_page_there_is_no_link(api: Api) -> None:
    assert (await api.get(f"/stays/{api.stay}/link")).json["possible"] is False
    refused = await api.post(f"/stays/{api.stay}/link", {})
    assert (refused.status, refused.json["detail"]) == (409, "guests have no page: set public_url in gatehouse.toml")


async def test_the_text_has_the_link_where_guests_have_a_page(reached: Api) -> None:
    text = (await reached.post(f"/stays/{reached.stay}/text")).json["text"]
    assert f"{PUBLIC}/g/" in text


async def test_else_it_has_the_code_as_soon_as_that_may_be_told(api: Api) -> None:
    api.clock.at = NOW + timedelta(hours=3)
    refused = await api.post(f"/stays/{api.stay}/text")
    assert refused.status == 409
    assert "not every lock has confirmed the code" in refused.json["detail"]

    def prove(tx: Tx) -> None:
        for entry in codes.issued_for(tx, api.stay):
            known = Slot(1, entry.grant.id, Reading.OCCUPIED, entry.grant.tag, proof=Proof.READ_BACK, proven_at=NOW)
            codes.keep_slot(tx, LockId(entry.lock), known, NOW)

    await api.hub.store.write(prove)
    await api.post("/properties/sea/guest-page", {"phone": "+49 170 1234567"})
    text = (await api.post(f"/stays/{api.stay}/text")).json["text"]
    pins = {code["pin"] for code in (await api.get(f"/codes?stay={api.stay}&reveal=true")).json["items"]}
    assert any(pin in text for pin in pins)
    assert "call +49 170 1234567." in text


async def test_a_stay_that_is_cancelled_has_none_of_it(reached: Api) -> None:
    url = (await reached.post(f"/stays/{reached.stay}/link", {})).json["url"]
    await reached.post(f"/stays/{reached.stay}/cancel")
    assert url
    state = (await reached.get(f"/stays/{reached.stay}/link")).json
    assert (state["possible"], state["made_at"]) == (False, None)
    assert (await reached.post(f"/stays/{reached.stay}/text")).status == 409
    assert (await reached.get("/stays/nowhere/link")).status == 404


async def test_words_for_guests_are_changed_field_by_field(api: Api) -> None:
    path = "/properties/sea/guest-page"
    first = (await api.get(path)).json
    empty = {"phone": "", "instructions": "", "privacy": "", "notice": "", "tell_hours": 0}
    assert {**first, "notice": ""} == {"property": "sea", **empty}
    assert (await api.post(path, {"tell_hours": 48})).json["tell_hours"] == 48
    assert (await api.post(path, {"tell_hours": 337})).status == 422
    assert "ask whoever sent you this link" in first["notice"]
    assert "recorded" not in first["notice"], "of cameras the hub knows nothing"
    assert (await api.post(path, {"privacy": "Ask Anna."})).json["notice"] == "Ask Anna."
    await api.post(path, {"phone": "+49 170 1234567"})
    answer = await api.post(path, {"instructions": "Bins go out on Tuesday.\nNot on Monday."})
    assert answer.json["phone"] == "+49 170 1234567"
    assert answer.json["instructions"] == "Bins go out on Tuesday.\nNot on Monday."
    assert (await api.post(path, {"phone": "call me"})).status == 409
    unit = await api.post("/units/flat-1/guest-page", {"instructions": "Second floor"})
    assert (
        unit.json
        == {"unit": "flat-1", "instructions": "Second floor"}
        == (await api.get("/units/flat-1/guest-page")).json
    )
