from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import LargeBinary

from hub.model.values import Address, LockId, Pin
from hub.store import codes
from hub.store.engine import Tx
from hub.store.house import channels, keep_unit, opened_settings, unit_with
from hub.store.reseal import SEALED, reseal
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow, search
from hub.store.tables import metadata
from tests.hub.test_guest_messages import WORDS, with_guest, write, written
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate
from tests.simulators.managers.desk import Desk

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)


def test_after_a_rotation_everything_opens_under_the_new_key_and_no_code_is_lost_or_rewritten(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4), email="ada@example.com", raw="BEGIN:VEVENT")
            await house.until(CHECK_IN)
            digits, vault = await house.digits(), house.hub.vault
            vault.rotate()
            resealed = await house.hub.store.write(lambda tx: reseal(tx, vault))
            assert resealed.done >= 5, "settings, contact, report, pin, deliveries"
            assert await house.hub.store.write(lambda tx: reseal(tx, vault)) == (0, ())
            (row,) = await house.hub.store.read(lambda tx: codes.issued_for(tx, search(tx, Wanted())[0].id))
            assert row.sealed_pin is not None
            assert vault.is_current(row.sealed_pin)
            assert await house.digits() == digits
            settings = await house.hub.store.read(lambda tx: [opened_settings(each, vault) for each in channels(tx)])
            assert settings == [{}]
            await house.later(hours=25)
            assert house.lock("front").journal == [("write", 1, digits)], "the daily look knows it by its older tag"
            await house.until(CHECK_IN + timedelta(days=3))
            assert house.lock("front").codes == {}

    simulate(main())


def test_whatever_is_kept_as_bytes_is_sealed_anew() -> None:
    columns = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == {(each.table.name, each.column) for each in SEALED}


def test_what_a_guest_was_written_opens_after_a_rotation(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        hub = house.hub
        await write(house, stay)
        hub.vault.rotate()
        await hub.store.write(lambda tx: reseal(tx, hub.vault))
        (message,) = await written(house, stay)
        assert message.text == WORDS
        assert hub.vault.is_current(message.row.text)

    with_guest(tmp_path, test)


def test_a_pin_that_is_live_under_an_older_key_is_not_drawn_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(minutes=10)
            taken = await house.hub.store.read(lambda tx: codes.tags_on(tx, LockId("front")))
            pin = house.hub.vault.open_pin
            house.hub.vault.rotate()
            entries = await house.hub.store.read(lambda tx: codes.issued_for(tx, search(tx, Wanted())[0].id))
            box = entries[0].sealed_pin
            assert box is not None
            digits = pin(box, about=f"grant:{entries[0].grant.id}")
            assert not house.hub.vault.tags(digits).isdisjoint(taken)

    simulate(main())


def test_a_door_that_is_named_again_after_a_rotation_gets_the_pin_the_guest_has(tmp_path: Path) -> None:
    """The same digits have two tags then, and the older one is in the book of what we ever issued."""

    async def main() -> None:
        doors = [Memory(Address("back")), Memory(Address("front"))]
        async with home(tmp_path, doors) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.until(CHECK_IN)
            digits = await house.digits()
            await _say_doors(house, "front")
            assert house.lock("back").codes == {}
            for _ in range(20):
                house.hub.vault.rotate()
                house.hub.tagbook.add(house.hub.vault.tag(Pin(digits)))
            await _say_doors(house, "back", "front")
            assert house.lock("back").holds(digits)
            (entry,) = await house.hub.store.read(lambda tx: codes.open_grants(tx, LockId("back")))
            assert not entry.refused
            assert [what for what, _, _ in house.lock("back").journal] == ["write", "clear", "write"]

    simulate(main())


async def _say_doors(house: Home, *doors: str) -> None:
    def work(tx: Tx) -> None:
        flat = unit_with(tx, FLAT)
        assert flat is not None
        keep_unit(tx, replace(flat, locks=tuple(LockId(door) for door in doors)))
        house.hub.intake.replan_unit(tx, FLAT)

    await house.hub.store.write(work)
    await house.later(minutes=1)
