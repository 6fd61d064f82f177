"""A person's calendar on their page, in the API, and as a telephone fetches it."""

from __future__ import annotations

import html
import re

from hub.store import persons
from hub.store.persons import Person
from tests.web.conftest import Visitor


async def _maria(manager: Visitor) -> Person:
    await manager.post("/people/new", name="Maria", kind="cleaner")
    [row] = await manager.here.hub.store.read(persons.persons)
    return row


def _link(page: str) -> str:
    found = re.search(r"/feeds/people/[a-z2-7]{32}\.ics", html.unescape(page))
    assert found is not None
    return found[0]


async def test_a_link_is_made_shown_with_a_qr_code_renewed_and_ended(manager: Visitor) -> None:
    row = await _maria(manager)
    assert "Set it up" in (await manager.get(f"/people/{row.id}")).text
    where = f"/people/{row.id}/calendar"
    assert "/feeds/people/" not in (await manager.get(where)).html
    assert (await manager.post(where, names="guest")).status == 303
    seen = await manager.get(where)
    assert "<svg" in seen.html
    assert "webcal://" in seen.html
    first = _link(seen.html)
    told = await manager.get(first)
    assert told.status == 200
    assert told.html.startswith("BEGIN:VCALENDAR")
    await manager.post(where, names="guest")
    assert (await manager.get(first)).status == 404
    second = _link((await manager.get(where)).html)
    assert "Show the link" in (await manager.get(f"/people/{row.id}")).text
    await manager.post(f"{where}/end")
    assert (await manager.get(second)).status == 404


async def test_who_has_left_has_no_calendar(manager: Visitor) -> None:
    row = await _maria(manager)
    await manager.post(f"/people/{row.id}/calendar", names="initials")
    link = _link((await manager.get(f"/people/{row.id}/calendar")).html)
    await manager.post(f"/people/{row.id}/leave")
    assert (await manager.get(link)).status == 404
    assert (await manager.post(f"/people/{row.id}/calendar", names="initials")).status == 409
    assert (await manager.post(f"/people/{row.id}/calendar", names="nonsense")).status == 400
