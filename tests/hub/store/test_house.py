from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from hub.io.vault import Unreadable, Vault
from hub.model.values import Address, ChannelId, LockId, PropertyId, UnitId
from hub.store import house, removing, tables
from hub.store.engine import Store, Tx
from hub.store.house import ChannelRow, ClosedMeans, LockRow, Origin, Property, Unit
from hub.store.tables import metadata
from tests.simulators.home import DATABASE

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

HOME = Property(
    id=PropertyId("home"),
    name="Seaside",
    zone=ZoneInfo("Europe/Berlin"),
    check_in=time(15),
    check_out=time(10, 30),
    code_lead=timedelta(minutes=90),
    digits=6,
    origin=Origin.SITE,
)
FRONT = LockRow(LockId("front"), HOME.id, "Front door", "zwave", Address("3"), shared=True, origin=Origin.SITE)
FLAT_DOOR = replace(FRONT, id=LockId("flat-door"), name="Flat door", address=Address("4"), shared=False)
FLAT = Unit(UnitId("flat"), HOME.id, "Flat", (FLAT_DOOR.id, FRONT.id), ClosedMeans.ASK, Origin.SITE)
ATTIC = replace(FLAT, id=UnitId("attic"), name="Attic", locks=(FRONT.id,), closed_means=ClosedMeans.BLOCK)


@pytest.fixture
def vault() -> Vault:
    return Vault([bytes(32)])


@pytest.fixture
def inline(tmp_path: Path, either_database: str) -> Iterator[Store]:
    with Store.open(DATABASE.get() or str(tmp_path / "house.db"), inline=True, synchronous="OFF") as opened:
        yield opened


@pytest.fixture
async def store(inline: Store) -> Store:
    def furnish(tx: Tx) -> None:
        metadata.create_all(tx.sql)
        house.keep_property(tx, HOME)
        for lock in (FRONT, FLAT_DOOR):
            house.keep_lock(tx, lock)
        for unit in (FLAT, ATTIC):
            house.keep_unit(tx, unit)

    await inline.write(furnish)
    return inline


async def test_what_is_kept_is_read_back_the_same(store: Store) -> None:
    assert await store.read(house.properties) == [HOME]
    assert await store.read(house.locks) == [FLAT_DOOR, FRONT]
    assert await store.read(house.units) == [ATTIC, FLAT]


async def test_each_row_is_found_by_its_id_and_a_stranger_is_none(store: Store) -> None:
    assert await store.read(lambda tx: house.property_with(tx, HOME.id)) == HOME
    assert await store.read(lambda tx: house.lock_with(tx, FRONT.id)) == FRONT
    assert await store.read(lambda tx: house.unit_with(tx, FLAT.id)) == FLAT
    assert await store.read(lambda tx: house.property_of(tx, ATTIC.id)) == HOME
    for find in (house.property_with, house.lock_with, house.unit_with, house.channel_with, house.property_of):
        assert await store.read(lambda tx, find=find: find(tx, "nobody")) is None  # type: ignore[misc]


async def test_a_unit_knows_its_doors_and_a_door_its_units(store: Store) -> None:
    assert await store.read(lambda tx: house.doors_of(tx, FLAT.id)) == [FLAT_DOOR, FRONT]
    assert await store.read(lambda tx: house.units_of(tx, FRONT.id)) == [ATTIC, FLAT]
    assert await store.read(lambda tx: house.units_of(tx, FLAT_DOOR.id)) == [FLAT]
    assert await store.read(lambda tx: house.units_in(tx, HOME.id)) == [ATTIC, FLAT]


async def test_keeping_again_changes_instead_of_adding(store: Store) -> None:
    changed = replace(FLAT, name="Other", locks=(FRONT.id,), origin=Origin.PAGES)
    await store.write(lambda tx: house.keep_unit(tx, changed))
    await store.write(lambda tx: house.keep_unit(tx, replace(ATTIC, locks=())))

    assert await store.read(house.units) == [replace(ATTIC, locks=()), changed]


async def test_two_locks_cannot_have_one_address(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: house.keep_lock(tx, replace(FRONT, address=Address("4"))))


async def test_a_property_with_units_cannot_be_removed(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: removing.remove_property(tx, HOME.id))


def channel(vault: Vault) -> ChannelRow:
    id_ = ChannelId("airbnb")
    sealed = house.sealed_settings(id_, {"url": "https://geheim.example/"}, vault)
    return ChannelRow(id_, FLAT.id, "ical", sealed, Origin.SITE)


async def test_a_channels_settings_are_sealed_and_bound_to_the_channel(store: Store, vault: Vault) -> None:
    row = channel(vault)
    await store.write(lambda tx: house.keep_channel(tx, row))
    kept = await store.read(lambda tx: house.channel_with(tx, row.id))

    assert kept == row
    assert await store.read(house.channels) == [row]
    assert house.opened_settings(row, vault) == {"url": "https://geheim.example/"}
    assert b"geheim" not in row.settings
    assert "settings" not in repr(row)
    with pytest.raises(Unreadable):
        house.opened_settings(replace(row, id=ChannelId("other")), vault)


def stay(id_: str, unit: UnitId, channel_id: ChannelId | None = None) -> dict[str, object]:
    return {
        "id": id_,
        "unit_id": unit,
        "channel_id": channel_id,
        "kind": "reservation",
        "status": "confirmed",
        "check_in": NOW,
        "check_out": NOW + timedelta(days=2),
        "guest": "Ada",
        "made_at": NOW,
        "changed_at": NOW,
    }


def grant(id_: str, lock: LockId, stay_id: str) -> dict[str, object]:
    return {
        "id": id_,
        "lock_id": lock,
        "stay_id": stay_id,
        "pin": b"sealed",
        "tag": f"tag-{id_}",
        "digits": 6,
        "start": NOW,
        "end": NOW + timedelta(days=2),
        "made_at": NOW,
    }


async def lived_in(store: Store, vault: Vault) -> None:
    def work(tx: Tx) -> None:
        house.keep_channel(tx, channel(vault))
        tx.sql.execute(insert(tables.stays), [stay("s1", FLAT.id, ChannelId("airbnb")), stay("s2", ATTIC.id)])
        grants = [grant("g1", FRONT.id, "s1"), grant("g2", FLAT_DOOR.id, "s1"), grant("g3", FRONT.id, "s2")]
        tx.sql.execute(insert(tables.grants), grants)
        slot = {"lock_id": FRONT.id, "number": 1, "holder": "g1", "reading": "occupied", "proof": "read_back"}
        tx.sql.execute(insert(tables.slots), [slot])

    await store.write(work)


async def test_removing_a_unit_revokes_its_codes_which_stay_known_until_they_are_cleared(
    store: Store, vault: Vault
) -> None:
    await lived_in(store, vault)
    await store.write(lambda tx: removing.remove_unit(tx, FLAT.id, NOW))

    columns = (tables.grants.c.id, tables.grants.c.stay_id, tables.grants.c.label, tables.grants.c.revoked_at)
    left = await store.read(lambda tx: [tuple(row) for row in tx.sql.execute(select(*columns))])
    assert sorted(left) == [("g1", None, "Ada", NOW), ("g2", None, "Ada", NOW), ("g3", "s2", "", None)]
    assert await store.read(house.units) == [ATTIC]
    assert await store.read(house.channels) == []
    assert await store.read(lambda tx: list(tx.sql.scalars(select(tables.stays.c.id)))) == ["s2"]


async def test_removing_a_lock_forgets_all_that_was_known_of_it(store: Store, vault: Vault) -> None:
    await lived_in(store, vault)
    await store.write(lambda tx: removing.remove_lock(tx, FRONT.id))

    assert await store.read(lambda tx: list(tx.sql.scalars(select(tables.grants.c.id)))) == ["g2"]
    assert await store.read(lambda tx: list(tx.sql.scalars(select(tables.slots.c.lock_id)))) == []
    assert await store.read(house.locks) == [FLAT_DOOR]
    assert await store.read(lambda tx: house.doors_of(tx, FLAT.id)) == [FLAT_DOOR]


async def test_a_removed_channels_stays_become_the_houses_own(store: Store, vault: Vault) -> None:
    await lived_in(store, vault)
    await store.write(lambda tx: removing.remove_channel(tx, ChannelId("airbnb")))

    where = tables.stays.c.id == "s1"
    assert await store.read(lambda tx: tx.sql.scalars(select(tables.stays.c.channel_id).where(where)).one()) is None


async def test_another_device_behind_a_name_inherits_nothing(store: Store) -> None:
    await store.write(lambda tx: tx.sql.execute(insert(tables.lock_state).values(lock_id=FRONT.id, battery=7)))
    await store.write(lambda tx: house.forget_hardware(tx, FRONT.id))

    assert await store.read(lambda tx: list(tx.sql.execute(select(tables.lock_state)))) == []
