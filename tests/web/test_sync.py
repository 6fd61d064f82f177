"""The page on which a manager sees what a platform is told and has heard, and says the last word."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from hub import bookings, feeds
from hub.intake import NewStay
from hub.model.availability import Closed, ClosureKind
from hub.model.sync_course import DayCourse
from hub.model.values import UnitId
from hub.store import publishing as rows
from hub.store import stays
from hub.store.engine import Tx
from tests.web.conftest import Visitor
from tests.web.village import AIRBNB
from web.syncchart import draw

FLAT = UnitId("flat-1")
EVER = datetime(2020, 1, 1, tzinfo=UTC)
PAGE = f"/channels/{AIRBNB}/sync"


async def _close(manager: Visitor, first: date, until: date) -> None:
    hub, shut = manager.here.hub, Closed(ClosureKind.BLACKOUT, first, until)
    await hub.store.write(lambda tx: bookings.close(tx, hub.desk, FLAT, shut, "", "account:Robin"))


async def test_a_link_is_made_shown_copied_renewed_and_revoked(manager: Visitor) -> None:
    seen = await manager.get(PAGE)
    assert "It is not told which nights are taken here" in seen.text
    said = await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/link")
    assert said.headers["Location"] == PAGE
    first = await manager.get(PAGE)
    (link,) = re.findall(r"http://[^<\s]+\.ics", first.html)
    assert f'data-copy="link-{FLAT}"' in first.html
    assert "Platforms cannot reach this hub from the internet." in first.text
    path = link.removeprefix(manager.url)
    assert (await manager.get(path, **{"User-Agent": "Airbnb/1.0"})).status == 200
    await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/link")
    assert (await manager.get(path)).status == 404
    await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/unlink")
    assert "Make a link" in (await manager.get(PAGE)).text


async def test_both_clocks_stand_on_the_pages_of_the_channel_and_of_the_unit(manager: Visitor) -> None:
    await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/link")
    await manager.here.hub.publisher.look()
    outlet_path = await manager.here.hub.store.read(lambda tx: _path(tx, manager))
    await manager.get(outlet_path, **{"User-Agent": "Airbnb/1.0"})
    manager.here.clock.at += timedelta(minutes=10)
    await _close(manager, date(2027, 1, 10), date(2027, 1, 12))
    await manager.here.hub.publisher.look()
    page = await manager.get(PAGE)
    assert re.search(r"Published \d+ entr(y|ies), since 14:12", page.text)
    assert "Confirmed fetched 14:02, without 1 newer entry" in page.text
    assert "Open to risk since 14:12" in page.text
    assert "It has not heard yet" in page.text
    for path in ("/channels", f"/units/{FLAT}/booking"):
        assert "published 14:12, fetched 14:02" in (await manager.get(path)).text, path
    assert "Half of what was new" not in page.text
    manager.here.clock.at += timedelta(minutes=5)
    await manager.get(outlet_path, **{"User-Agent": "Airbnb/1.0"})
    page = await manager.get(PAGE)
    assert "It knows all" in page.text
    assert "Airbnb/1.0" in page.text
    assert (
        "Half of what was new here was known there within 5 min, and 95 % within 5 min (counted 1 time)." in page.text
    )
    assert "Nothing went wrong." in page.text
    assert "<svg viewBox" not in page.html, "of one day there is no course to draw"


def test_a_course_is_drawn_once_two_days_are_known_and_a_day_without_a_try_breaks_the_line() -> None:
    known, none = (3, 4), (0, 0)
    days = [DayCourse(date(2026, 11, number + 1), told, None) for number, told in enumerate((none, known, none))]
    assert draw(days) is None
    days += [DayCourse(date(2026, 11, number), known, None) for number in (4, 5)]
    drawn = draw(days)
    assert drawn is not None
    assert (len(drawn.told), len(drawn.lone), drawn.read) == (1, 1, ())


async def test_on_the_page_of_a_stay_stands_which_channels_know_of_it(manager: Visitor) -> None:
    hub = manager.here.hub
    new = NewStay(FLAT, date(2027, 1, 10), date(2027, 1, 12), "Ada Lovelace")
    id_ = await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "account:Robin"))
    assert "It is not told of this unit." in (await manager.get(f"/stays/{id_}")).text
    await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/link")
    await hub.publisher.look()
    waits = await manager.get(f"/stays/{id_}")
    assert "Who knows of these nights" in waits.text
    assert "Not heard yet" in waits.text
    await manager.get(await hub.store.read(lambda tx: _path(tx, manager)), **{"User-Agent": "Airbnb/1.0"})
    assert "Published 14:02. Confirmed 14:02. Knows" in (await manager.get(f"/stays/{id_}")).text


def _path(tx: Tx, manager: Visitor) -> str:
    outlet = rows.outlet(tx, AIRBNB, FLAT)
    assert outlet is not None
    return feeds.path_of(outlet, manager.here.hub.desk)


async def test_a_person_may_say_that_it_stands_there(manager: Visitor) -> None:
    await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/link")
    assert "I have looked: it is right there" in (await manager.get(PAGE)).text
    await manager.post(f"/channels/{AIRBNB}/units/{FLAT}/confirm")
    page = await manager.get(PAGE)
    assert "confirmed by a person" in page.text
    assert "Robin" in page.text


async def test_a_refusal_is_said_on_the_page(manager: Visitor) -> None:
    seen = await manager.post(f"/channels/{AIRBNB}/differences", stay="nobody", word="accept")
    assert seen.status == 422
    assert "of one mind about it by now" in seen.text
    assert (await manager.get("/channels/nobody/sync")).status == 404
    assert (await manager.post("/channels/nobody/sync")).status == 404


async def test_all_channels_are_synced_at_a_press_and_so_are_those_of_one_stay(manager: Visitor) -> None:
    assert "Sync all now" in (await manager.get("/channels")).text
    answer = await manager.post("/channels/sync")
    assert answer.headers["Location"] == "/channels"
    assert "Reading asked for" in (await manager.get(PAGE)).text
    asked = (await manager.get(PAGE)).text.count("Reading asked for")
    assert "Sync some" in (await manager.get("/channels/sync")).text
    nothing = await manager.post("/channels/sync", kind="block", last="2020-01-01")
    assert "No channel has to do with that" in (await manager.get(nothing.headers["Location"])).text
    assert (await manager.get(PAGE)).text.count("Reading asked for") == asked
    wrong = await manager.post("/channels/sync", channel=AIRBNB, first="2027-01-02", last="2027-01-01")
    assert (wrong.status, "The last night is before the first." in wrong.text) == (422, True)
    stay = await manager.here.hub.store.read(lambda tx: next(iter(stays.sources_of(tx, AIRBNB, since=EVER)))[1])
    assert "Sync with its channels" in (await manager.get(f"/stays/{stay.id}")).text
    before = (await manager.get(PAGE)).text.count("Reading asked for")
    assert (await manager.post(f"/stays/{stay.id}/sync")).headers["Location"] == f"/stays/{stay.id}"
    assert (await manager.get(PAGE)).text.count("Reading asked for") == before + 1
    assert (await manager.post("/stays/nobody/sync")).status == 404
