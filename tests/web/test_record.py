"""The record: the audit chain, how long the log is kept, and one guest's part of it."""

from __future__ import annotations

import json
from datetime import timedelta

from hub.store import house, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow
from tests.web.conftest import Visitor
from tests.web.village import HOUSE, NOW


async def _over(visitor: Visitor) -> StayRow:
    """Some stay that is over, and whose codes are gone."""
    here = visitor.here
    row = await here.hub.store.read(lambda tx: ledger.stay(tx, here.stays["Priya Natarajan"]))
    assert row is not None
    await here.hub.store.write(lambda tx: here.hub.intake.cancel_stay(tx, row.id, "console"))
    await here.hub.store.write(lambda tx: tx.sql.exec_driver_sql("UPDATE slots SET holder = NULL, reading = 'empty'"))
    return row


async def test_the_log_says_that_the_chain_is_whole_once_it_was_looked_at(manager: Visitor) -> None:
    assert "Not checked yet" in (await manager.get("/log")).text
    assert (await manager.post("/record/check")).status == 303
    text = (await manager.get("/log")).text
    assert "Audit chain whole" in text
    assert "What is kept, and how long" in text


async def test_how_long_the_log_is_kept_is_changed_and_written_down(manager: Visitor) -> None:
    assert (await manager.post(f"/record/keep/{HOUSE}", days="14")).status == 303

    def kept(tx: Tx) -> tuple[int, str]:
        place = house.property_with(tx, HOUSE)
        assert place is not None
        return place.log_days, log.deeds(tx, f"property:{HOUSE}")[0].detail

    assert await manager.here.hub.store.read(kept) == (14, "14 (was 30)")
    for wrong in ("", "0", "366", "-1", "²"):
        assert (await manager.post(f"/record/keep/{HOUSE}", days=wrong)).status == 409


async def test_how_long_it_is_kept_who_guests_were_is_changed_and_written_down(manager: Visitor) -> None:
    body = (await manager.get("/record")).html
    assert 'name="guest_days" min="0" max="3650" value="730"' in body
    assert (await manager.post(f"/record/keep/{HOUSE}", guest_days="0")).status == 303

    def kept(tx: Tx) -> tuple[int, int, list[tuple[str, str]]]:
        place = house.property_with(tx, HOUSE)
        assert place is not None
        deeds = log.deeds(tx, f"property:{HOUSE}")
        return place.log_days, place.guest_days, [(each.action, each.detail) for each in deeds]

    words = "who a guest was is kept until somebody erases it (was 730)"
    assert await manager.here.hub.store.read(kept) == (30, 0, [("guest days", words)])
    for wrong in ("", "3651", "-1", "²"):
        assert (await manager.post(f"/record/keep/{HOUSE}", guest_days=wrong)).status == 409
    assert (await manager.post("/record/keep/nowhere", guest_days="1")).status == 404


async def test_a_guest_who_may_still_come_in_is_not_offered_to_be_erased(manager: Visitor) -> None:
    id_ = manager.here.stays["Priya Natarajan"]
    assert "cancel it first" in (await manager.get(f"/stays/{id_}/guest")).text
    assert (await manager.post(f"/stays/{id_}/guest/erase", confirm=id_)).status == 409


async def test_a_guest_is_exported_and_erased(manager: Visitor) -> None:
    row = await _over(manager)
    told = await manager.post(f"/stays/{row.id}/guest/export")
    assert json.loads(told.html)["stay"]["guest"] == "Priya Natarajan"
    page = await manager.get(f"/stays/{row.id}/guest")
    assert "Comes with a dog" not in page.text
    assert row.id in page.text
    assert (await manager.post(f"/stays/{row.id}/guest/erase", confirm="yes")).status == 409
    assert (await manager.post(f"/stays/{row.id}/guest/erase", confirm=row.id)).status == 303
    for path in ("/log", f"/stays/{row.id}", "/stays?show=cancelled"):
        assert "Priya" not in (await manager.get(path)).text


async def test_old_lines_of_the_log_are_found_by_a_purge_and_no_others(manager: Visitor) -> None:
    def work(tx: Tx) -> tuple[int, int]:
        before = len(log.entries(tx, log.Filter(), limit=1000))
        log.mark_age(tx, NOW, NOW - timedelta(days=400))
        gone = log.purge(tx, HOUSE, NOW - timedelta(days=1), NOW)
        assert len(log.entries(tx, log.Filter(), limit=1000)) == before - gone
        return gone, log.purge(tx, HOUSE, NOW - timedelta(days=1), NOW)

    gone, again = await manager.here.hub.store.write(work)
    assert gone > 0
    assert again == 0
