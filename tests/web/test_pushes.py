"""Bookings made here that an account is to know: the page, the API, and sending them again."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete

from hub.contracts import Integration, Performer
from hub.hub import Hub
from hub.model.effects import Effect, KeepBooking
from hub.model.values import ChannelId, Part, StayId, StayStatus, UnitId
from hub.pushed import pushed
from hub.store import house, mail, pushes, stay_search, stays
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.pushes import Push, PushState
from hub.store.tables import pushes as pushes_table
from tests.web.conftest import Visitor
from web.words import short_day

ACCOUNT = ChannelId("manager")
BAD_NOTES = "open-api.guesty.com does not take it as it is (422)"
REFUSED = "Guesty refuses: these nights are not free there"


class Takes(Integration):
    @property
    def perform(self) -> Mapping[type, Performer]:
        return {KeepBooking: self._keep}

    async def _keep(self, effect: Effect, key: str) -> None:
        raise AssertionError("nobody performs anything here")


async def furnish(hub: Hub) -> dict[str, StayId]:
    """One that failed, one that is known there, one that was only rehearsed, and one whose notes were refused."""
    hub.plugins.add_channel(ACCOUNT, Takes())

    def work(tx: Tx) -> dict[str, StayId]:
        sealed = house.sealed_settings(ACCOUNT, {}, hub.vault)
        units = {"L-1": UnitId("garden"), "L-2": UnitId("studio")}
        house.keep_channel(tx, ChannelRow(ACCOUNT, None, "guesty", sealed, Origin.SITE, units))
        ids = {row.guest: row.id for row in stays.search(tx, stay_search.Wanted(limit=200))}
        now = hub.clock.now()
        tried: dict[str, Any] = {"attempts": 3, "tried_at": now - timedelta(minutes=5)}
        failed = Push(ACCOUNT, ids["Grace Hopper"], None, PushState.FAILED, {}, 1, error=REFUSED, **tried)
        there = Push(ACCOUNT, ids["Mary Jackson"], "5f92cb", PushState.SYNCED, {}, 1, synced_at=now, **tried)
        dry = Push(ACCOUNT, ids["Tom Okafor"], "test-reservation-id", PushState.SYNCED, {}, 1, dry=1, **tried)
        parts = dict.fromkeys(Part, "a")
        partly = Push(ACCOUNT, ids["Anna Berg"], "5f92cc", PushState.FAILED, parts, 1, error=BAD_NOTES, **tried)
        partly = replace(partly, told={**parts, Part.NOTES: "b"}, lacks={Part.NOTES: BAD_NOTES})
        for row in (failed, there, dry, partly):
            pushes.keep(tx, row)
        return ids

    return await hub.store.write(work)


async def test_the_page_shows_how_far_an_account_knows_our_bookings(manager: Visitor) -> None:
    hub = manager.here.hub
    assert (await manager.get("/channels/nobody/pushes")).status == 404
    ids = await furnish(hub)
    assert "/channels/manager/pushes" in (await manager.get("/channels")).html
    page = await manager.get("/channels/manager/pushes")
    assert page.text.index("Grace Hopper") < page.text.index("Mary Jackson")
    assert "not free there" in page.text
    assert "50.0 %" in page.text
    assert "Rehearsed" in page.text
    assert f"GH-{ids['Grace Hopper']}" in page.text, "by its reference, beside the guest"
    assert f"Not all of it: the notes ({BAD_NOTES})." in page.text
    grace, tom = ids["Grace Hopper"], ids["Tom Okafor"]
    assert (await manager.post("/channels/manager/pushes", stay=grace)).status == 303
    assert (await manager.post("/channels/manager/pushes", stay=grace)).status == 422, "it does not fail any more"
    assert (await manager.post("/channels/manager/pushes", stay=tom, real="1")).status == 303
    assert await hub.store.read(mail.lanes) >= {"channel:manager"}
    row = await hub.store.read(lambda tx: pushes.one(tx, ACCOUNT, tom))
    assert row is not None
    assert (row.state, row.real, row.attempts) == (PushState.PENDING, 1, 0)


async def test_the_page_asks_the_store_as_often_for_four_bookings_as_for_one(manager: Visitor) -> None:
    hub = manager.here.hub
    ids = await furnish(hub)

    def asked(tx: Tx) -> int:
        found: list[str] = []
        raw = tx.sql.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_trace_callback(found.append)
        assert pushed(tx, hub.plugins, ACCOUNT, hub.clock.now()).lines
        raw.set_trace_callback(None)
        return len(found)

    first = await hub.store.read(asked)
    gone = delete(pushes_table).where(pushes_table.c.stay_id != ids["Mary Jackson"])
    await hub.store.write(lambda tx: tx.sql.execute(gone))
    assert await hub.store.read(asked) == first


async def test_other_days_at_an_account_stand_on_the_page_of_the_stay_and_are_settled_there(manager: Visitor) -> None:
    hub = manager.here.hub
    ids = await furnish(hub)
    mary = ids["Mary Jackson"]
    stay = await hub.store.read(lambda tx: stays.stay(tx, mary))
    assert stay is not None
    assert stay.arrival is not None
    assert stay.departure is not None
    until = stay.departure + timedelta(days=1)
    assert "Take its days" not in (await manager.get(f"/stays/{mary}")).text

    def differ(tx: Tx) -> None:
        row = pushes.one(tx, ACCOUNT, mary)
        assert row is not None
        pushes.keep(tx, replace(row, there_from=stay.arrival, there_until=until))

    await hub.store.write(differ)
    for path in (f"/stays/{mary}", "/channels/manager/sync"):
        page = await manager.get(path)
        assert short_day(until) in page.text
        assert "Take its days" in page.text
        assert "Send ours again" in page.text
    assert (await manager.post("/channels/manager/differences", stay=mary, word="accept")).status == 303
    after = await hub.store.read(lambda tx: stays.stay(tx, mary))
    assert after is not None
    assert (after.arrival, after.departure) == (stay.arrival, until)
    assert "Take its days" not in (await manager.get(f"/stays/{mary}")).text


async def test_what_differs_at_an_account_is_what_its_button_says(manager: Visitor) -> None:
    hub = manager.here.hub
    mary = (await furnish(hub))["Mary Jackson"]
    stay = await hub.store.read(lambda tx: stays.stay(tx, mary))
    assert stay is not None
    assert stay.unit_id == "garden"
    assert stay.departure is not None
    later = stay.departure + timedelta(days=1)
    said = {
        ("L-2", stay.departure): ("Move it to Studio here too Send ours", "until you say whose unit counts."),
        ("L-2", later): (
            "Move it to Studio here too, on its days Send ours",
            "until you say whose unit and days count.",
        ),
        ("L-9", stay.departure): ("in listing L-9 (no unit here)", "until you say whose unit counts."),
    }
    for (listing, until), words in said.items():

        def differ(tx: Tx, listing: str = listing, until: date = until) -> None:
            row = pushes.one(tx, ACCOUNT, mary)
            assert row is not None
            pushes.keep(tx, replace(row, there_from=stay.arrival, there_until=until, there_listing=listing))

        await hub.store.write(differ)
        for path in (f"/stays/{mary}", "/channels/manager/sync"):
            page = await manager.get(path)
            assert all(each in page.text for each in words), (listing, until, path)
            assert "Take its days" not in page.text
            assert ('value="accept"' in page.html) is (listing == "L-2"), "what cannot be taken has no button"


async def test_a_booking_that_was_cancelled_at_an_account_is_settled_on_the_page_of_the_stay(manager: Visitor) -> None:
    hub = manager.here.hub
    mary = (await furnish(hub))["Mary Jackson"]

    def cancelled(tx: Tx) -> None:
        row = pushes.one(tx, ACCOUNT, mary)
        assert row is not None
        pushes.keep(tx, replace(row, gone_at=hub.clock.now()))

    await hub.store.write(cancelled)
    for path in (f"/stays/{mary}", "/channels/manager/sync"):
        page = await manager.get(path)
        assert "Cancel it here too" in page.text
        assert "Send ours again" in page.text
        assert "Take its days" not in page.text
    assert (await manager.post("/channels/manager/differences", stay=mary, word="accept")).status == 303
    after = await hub.store.read(lambda tx: stays.stay(tx, mary))
    assert after is not None
    assert after.status is StayStatus.CANCELLED
    assert "Cancel it here too" not in (await manager.get(f"/stays/{mary}")).text
