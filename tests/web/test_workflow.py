"""The stages of a stay, on their page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub import bookings, workflow
from hub.intake import NewStay
from hub.model.availability import Closed, ClosureKind
from hub.model.values import StayStatus
from hub.model.workflow import Stage
from hub.store import stays as ledger
from hub.store import steps
from tests.web.conftest import Visitor


async def test_a_person_says_where_a_stay_stands_and_that_is_written_down(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    assert "Stages" in (await manager.get(f"/stays/{id_}")).text
    assert "Now Confirmed" in (await manager.get(f"/stays/{id_}/stage")).text
    refused = await manager.post(f"/stays/{id_}/stage", stage="completed")
    assert (refused.status, "A stay that is confirmed becomes" in refused.text) == (422, True)
    assert (await manager.post(f"/stays/{id_}/stage", stage="nonsense")).status == 422
    assert (await manager.post(f"/stays/{id_}/stage", stage="checked_in", why="seen at the door")).status == 303
    page = await manager.get(f"/stays/{id_}/stage")
    assert "Now Checked in" in page.text
    assert "seen at the door" in page.text
    assert await manager.here.hub.store.read(lambda tx: steps.stage(tx, id_)) is Stage.CHECKED_IN
    assert (await manager.get("/stays/nobody/stage")).status == 404


async def test_stays_that_went_on_by_themselves_are_listed_the_latest_first(manager: Visitor) -> None:
    hub = manager.here.hub
    assert "Nothing yet" in (await manager.get("/stays/by-itself")).text
    await hub.store.write(lambda tx: workflow.tick(tx, hub.desk))
    text = (await manager.get("/stays/by-itself")).text
    assert "check-in is near" in text
    assert "Confirmed → Before arrival" in text
    assert "by-itself" in (await manager.get(f"/stays/{manager.here.stays['Anna Berg']}/stage")).html
    for odd in ("x", "1", "9" * 20):
        assert (await manager.get(f"/stays/by-itself?before={odd}")).status == 200


async def test_a_closed_unit_is_said_before_a_stay_comes_back_or_is_confirmed(manager: Visitor) -> None:
    hub, id_ = manager.here.hub, manager.here.stays["Anna Berg"]
    assert (await manager.post(f"/stays/{id_}/cancel")).status == 303
    row = await hub.store.read(lambda tx: ledger.stay(tx, id_))
    assert row is not None
    assert row.arrival is not None
    shut = Closed(ClosureKind.MAINTENANCE, row.arrival, row.arrival + timedelta(days=1))
    await hub.store.write(lambda tx: bookings.close(tx, hub.desk, row.unit_id, shut, "", "ada"))
    refused = await manager.post(f"/stays/{id_}/restore")
    assert (refused.status, "Take it back anyway" in refused.text) == (422, True)
    assert (await manager.post(f"/stays/{id_}/restore", anyway="anyway")).status == 303

    asked = await hub.store.read(lambda tx: ledger.stay(tx, id_))
    assert asked is not None
    await hub.store.write(lambda tx: ledger.keep(tx, replace(asked, status=StayStatus.TENTATIVE)))
    refused = await manager.post(f"/stays/{id_}/stage", stage="confirmed", why="paid")
    assert (refused.status, "Confirmed anyway" in refused.text) == (422, True)
    assert (await manager.post(f"/stays/{id_}/stage", anyway="confirmed")).status == 303
    assert await hub.store.read(lambda tx: steps.stage(tx, id_)) is Stage.CONFIRMED


async def test_who_left_early_is_inside_again_unless_the_nights_were_sold(manager: Visitor) -> None:
    hub, id_ = manager.here.hub, manager.here.stays["Tom Okafor"]
    for stage in ("checked_in", "checked_out"):
        assert (await manager.post(f"/stays/{id_}/stage", stage=stage)).status == 303
    row = await hub.store.read(lambda tx: ledger.stay(tx, id_))
    assert row is not None
    assert row.departure is not None
    new = NewStay(row.unit_id, row.departure - timedelta(days=2), row.departure, "Second Guest")
    await hub.store.write(lambda tx: bookings.book(tx, hub.intake, new, "ada", anyway=True))
    refused = await manager.post(f"/stays/{id_}/stage", stage="checked_in")
    assert refused.status == 422
    assert (
        "The guest left, and cannot be inside again: somebody else stays there on some of these nights" in refused.text
    )
    row = await hub.store.read(lambda tx: ledger.stay(tx, id_))
    assert row is not None
    assert row.left_at is not None
