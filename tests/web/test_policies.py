"""What codes are like, decided on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.model.policy import CodeKind, Override
from hub.model.values import LockId, Pin, UnitId
from hub.store import codes, house
from tests.web.conftest import Visitor
from tests.web.village import HOUSE

POLICY = {
    "kind": "phone",
    "digits": "5",
    "distance": "3",
    "lead": "30",
    "early": "60",
    "late": "15",
    "ahead": "48",
    "backups": "3",
}


async def test_the_policy_of_a_property_is_changed(manager: Visitor) -> None:
    page = (await manager.get(f"/settings/codes/{HOUSE}")).text
    assert "Where the digits come from" in page
    assert (await manager.post(f"/settings/codes/{HOUSE}", **POLICY)).status == 303
    row = await manager.here.hub.store.read(lambda tx: house.property_with(tx, HOUSE))
    assert row is not None
    assert (row.code_kind, row.digits, row.code_distance, row.backups) == (CodeKind.PHONE, 5, 3, 3)
    assert (row.early_in, row.late_out, row.code_lead) == (
        timedelta(hours=1),
        timedelta(minutes=15),
        timedelta(minutes=30),
    )


@pytest.mark.parametrize(
    ("name", "value"), [("digits", "9"), ("lead", "2000"), ("kind", "guess"), ("ahead", "-1"), ("backups", "6")]
)
async def test_a_policy_that_cannot_be_is_refused_beside_its_field(manager: Visitor, name: str, value: str) -> None:
    answer = await manager.post(f"/settings/codes/{HOUSE}", **(POLICY | {name: value}))
    assert answer.status == 422


async def test_one_lock_may_differ(manager: Visitor) -> None:
    assert (await manager.post("/locks/front/policy", digits="4", early="")).status == 303
    row = await manager.here.hub.store.read(lambda tx: house.lock_with(tx, LockId("front")))
    assert row is not None
    assert row.codes == Override(digits=4)
    assert "Locks where it is different" in (await manager.get(f"/settings/codes/{HOUSE}")).text
    assert (await manager.post("/locks/front/policy", backups="4")).status == 303
    assert await manager.here.hub.store.read(lambda tx: house.backups_at(tx, LockId("front"))) == 4
    assert 'value="4"' in (await manager.get("/locks/front/policy")).html
    assert "Locks where it is different" in (await manager.get(f"/settings/codes/{HOUSE}")).text
    assert (await manager.post("/locks/front/policy", backups="6")).status == 422
    assert (await manager.post("/locks/front/policy")).status == 303
    assert "Locks where it is different" not in (await manager.get(f"/settings/codes/{HOUSE}")).text


async def test_a_code_of_ones_choice_is_refused_where_it_is_too_easy(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    refused = await manager.post(f"/stays/{id_}/own-code", pin="123456")
    assert refused.status == 422
    assert "among the codes that people try first" in refused.text
    assert "123456" in refused.html
    assert (await manager.post(f"/stays/{id_}/own-code", pin="482913")).status == 303
    tags = await manager.here.hub.store.read(lambda tx: {entry.grant.tag for entry in codes.issued_for(tx, id_)})
    assert tags == {manager.here.hub.vault.tag(Pin("482913"))}
    assert "chose the code" in (await manager.get(f"/stays/{id_}")).text


async def test_a_unit_gets_and_loses_a_code_of_its_own(manager: Visitor) -> None:
    hub = manager.here.hub
    unit = await hub.store.read(lambda tx: house.units(tx)[0])
    assert (await manager.post(f"/units/{unit.id}/code", pin="482913")).status == 303
    assert await hub.store.read(lambda tx: house.unit_pin(tx, unit.id, hub.vault)) == Pin("482913")
    assert "No code of its own any more" in (await manager.get(f"/units/{unit.id}/code")).text
    assert (await manager.post(f"/units/{unit.id}/code", end="end")).status == 303
    assert await hub.store.read(lambda tx: house.unit_pin(tx, UnitId(unit.id), hub.vault)) is None


@pytest.mark.parametrize(
    "path", ["/settings/codes/nowhere", "/units/nowhere/code", "/locks/nowhere/policy", "/stays/x/own-code"]
)
async def test_what_is_not_there_has_no_policy(manager: Visitor, path: str) -> None:
    assert (await manager.get(path)).status == 404
