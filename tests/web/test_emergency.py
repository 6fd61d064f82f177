"""Emergency: two presses, what would happen said between them."""

from __future__ import annotations

import re
from datetime import timedelta

from hub.model.values import LockId
from hub.store import closed_doors, doors, emergencies, stays
from hub.store.closed_doors import ToldClosed
from hub.store.stay_search import Wanted
from tests.web.conftest import Seen, Visitor

REASON = "A break-in next door"


def _confirm(seen: Seen) -> str:
    found = re.search(r'action="(/emergency/confirm/[^"]+)"', seen.html)
    assert found is not None, seen.text
    return found[1]


async def test_a_lock_down_is_shown_first_then_done_then_released(manager: Visitor) -> None:
    asked = await manager.post("/emergency/begin/lock_down", where="lock:front", reason=REASON, hours="4")
    assert "Lock down Front door?" in asked.text
    assert not await manager.here.hub.store.read(emergencies.down)
    done = await manager.post(_confirm(asked))
    assert "Front door is locked down" in done.text
    assert await manager.here.hub.store.read(emergencies.down) == {"front"}
    page = await manager.get("/emergency")
    assert "Front door is locked down" in page.text
    assert REASON in page.text
    release = re.search(r'href="(/emergency/[^"]+/release)"', page.html)
    assert release is not None
    assert (await manager.get(release[1])).status == 200
    assert "needed" in (await manager.post(release[1])).text
    asked = await manager.post(release[1], reason="The police were here")
    assert "come back" in asked.text
    await manager.post(_confirm(asked))
    assert not await manager.here.hub.store.read(emergencies.down)
    assert "Released" in (await manager.get("/emergency")).text


async def test_confirmed_twice_it_is_done_once(manager: Visitor) -> None:
    asked = await manager.post("/emergency/begin/code", where="lock:front", reason=REASON, hours="4")
    first, second = await manager.post(_confirm(asked)), await manager.post(_confirm(asked))
    assert re.search(r'class="pin" id="pin">\d{6}<', first.html)
    assert first.headers["Cache-Control"] == "no-store"
    assert second.status == 409
    assert "ask again" in second.text


async def test_what_is_missing_is_said_at_its_field(manager: Visitor) -> None:
    answer = await manager.post("/emergency/begin/unlock", where="lock:front", reason="")
    assert answer.status == 422
    assert "The reason is needed." in answer.text


async def test_a_place_that_is_not_is_refused(manager: Visitor) -> None:
    answer = await manager.post("/emergency/begin/lock_down", where="lock:attic", reason=REASON)
    assert answer.status == 422
    assert "There is no lock called “attic”." in answer.text


async def test_what_became_of_each_bolt_stands_beside_the_lock_down_and_after_it(manager: Visitor) -> None:
    hub = manager.here.hub
    asked = await manager.post("/emergency/begin/lock_down", where="lock:front", reason=REASON, hours="4")
    await manager.post(_confirm(asked))
    (row,) = await hub.store.read(emergencies.lockdowns)
    assert "Front door is locked." in (await manager.get("/emergency")).text
    opened = hub.clock.now() + timedelta(seconds=1)
    moved = {"position": "unlocked", "position_how": "manual", "position_at": opened}
    await hub.store.write(lambda tx: doors.learn(tx, LockId("front"), **moved))
    assert "Front door is unlocked." in (await manager.get("/emergency")).text
    release = await manager.post(f"/emergency/{row.id}/release", reason="The police were here")
    await manager.post(_confirm(release))
    over = (await manager.get("/emergency")).text
    assert "Front door is locked." in over, "as its command ended"


async def test_an_opened_door_is_not_said_to_be_open_where_it_refused(manager: Visitor) -> None:
    hub = manager.here.hub
    asked = await manager.post("/emergency/begin/unlock", where="lock:front", reason=REASON, hours="4")
    done = await manager.post(_confirm(asked))
    page = await manager.get("/emergency")
    (row,) = await hub.store.read(lambda tx: emergencies.current(tx, hub.clock.now()))
    (attempt,) = (await hub.store.read(lambda tx: emergencies.attempts(tx, [row.id])))[row.id].values()
    assert "Front door was to be opened" in page.text
    assert attempt.sentence in page.text
    assert attempt.sentence in done.text


async def test_a_lock_down_that_lasts_names_the_guests_who_were_told_and_those_to_be_told_by_hand(
    manager: Visitor,
) -> None:
    asked = await manager.post("/emergency/begin/lock_down", where="lock:front", reason=REASON)
    assert "are told after a minute" in asked.text
    await manager.post(_confirm(asked))
    hub = manager.here.hub
    stay = (await hub.store.read(lambda tx: stays.search(tx, Wanted())))[0]
    row = ToldClosed(stay.id, LockId("front"), hub.clock.now(), "nobody", "")
    await hub.store.write(lambda tx: closed_doors.keep(tx, row))
    page = await manager.get("/emergency")
    assert f"{stay.guest} cannot be told from here: tell them yourself." in page.text
    assert f'href="/stays/{stay.id}"' in page.html


async def test_somebody_may_ask_not_to_tell_guests(manager: Visitor) -> None:
    hub = manager.here.hub
    assert "Do not tell guests" in (await manager.get("/emergency")).text
    assert "Do not tell the guest of that flat" in (await manager.get("/emergency")).text
    asked = await manager.post("/emergency/begin/unlock", where="lock:front", reason=REASON, hours="4", untold="yes")
    await manager.post(_confirm(asked))
    (row,) = await hub.store.read(lambda tx: emergencies.current(tx, hub.clock.now()))
    assert row.guests_untold
