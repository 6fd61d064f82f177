"""A restore beside a lock-down: it opens no door that was closed after the backup, and closes none that was opened again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hub.emergency_wishes import Act, Wish
from hub.io.vault import Vault
from hub.model.values import Address, LockId, PropertyId
from hub.store import emergencies, log, restoring
from hub.store.backup import restore
from hub.store.closed_doors import told
from tests.hub.test_closed_doors import audited, do, release
from tests.hub.test_restore import saved
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

HOUSE, FRONT = PropertyId("house"), LockId("front")
HERE = datetime(2027, 3, 1, 15, 30, tzinfo=UTC)
DOWN = Wish(Act.LOCK_DOWN, "A break-in next door", property=HOUSE)
Deed = Callable[[Home], Awaitable[object]]


async def _down(house: Home) -> None:
    await do(house, DOWN)
    await house.later(minutes=3)


async def _release(house: Home) -> None:
    await release(house)
    await house.later(minutes=3)


def _lived(folder: Path, memory: Memory, before: Deed | None, after: Deed) -> datetime:
    """A guest is there; `before` comes before the backup, `after` between it and the restore."""

    async def life() -> tuple[Path, datetime]:
        async with home(folder, [memory], start=HERE) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.later(minutes=5)
            if before is not None:
                await before(house)
            file = saved(house, folder)
            await after(house)
            return file, house.hub.clock.now()

    file, ended = simulate(life())
    restore(file, Vault.load(folder / "key"), folder / "gatehouse.db", folder / "state")
    return ended + timedelta(minutes=1)


def test_a_lock_down_that_was_begun_after_the_backup_lasts(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def main(start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            hub = house.hub
            await house.later(minutes=5)
            await hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {}, "no guest's code goes back"
            (row,) = await hub.store.read(emergencies.lockdowns)
            assert (row.by, row.property, row.lock) == ("gatehouse", HOUSE, None)
            trail = await hub.store.read(lambda tx: log.deeds(tx, f"property:{HOUSE}"))
            assert ("gatehouse", "emergency: lock down") in {(deed.actor, deed.action) for deed in trail}
            stay = await house.stay()
            assert await audited(house, stay) == [], "the guest was told before the restore"
            await _release(house)
            assert list(memory.codes.values()) == [await house.digits()]
            assert await audited(house, stay) == ["open again: Front (nobody)"]

    simulate(main(_lived(tmp_path, memory, None, _down)))


def test_one_that_was_released_after_the_backup_is_over_and_the_trail_says_so(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def main(start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            hub = house.hub
            await house.later(minutes=5)
            assert await hub.store.read(emergencies.lockdowns) == []
            trail = await hub.store.read(lambda tx: log.deeds(tx, f"property:{HOUSE}"))
            assert ("gatehouse", "emergency: release") in {(deed.actor, deed.action) for deed in trail}
            await hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert list(memory.codes.values()) == [await house.digits()]
            assert await audited(house, await house.stay()) == ["closed: Front (nobody)"], (
                "told of its end before the restore"
            )
            assert await hub.store.read(told) == []

    simulate(main(_lived(tmp_path, memory, _down, _release)))


def test_one_that_lasts_in_a_backup_without_its_book_goes_on(tmp_path: Path) -> None:
    """On another machine: nobody knows whether it was released, so a person has to."""
    memory = Memory(Address("front"))

    async def main(start: datetime) -> None:
        for book in (tmp_path / "state").glob("issued-tags*"):
            book.unlink()
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(minutes=5)
            assert len(await house.hub.store.read(emergencies.lockdowns)) == 1

    simulate(main(_lived(tmp_path, memory, _down, _release)))


def test_one_that_was_begun_and_released_after_the_backup_and_one_of_a_door_that_nobody_is_told_of(
    tmp_path: Path,
) -> None:
    memory = Memory(Address("front"))

    async def after(house: Home) -> None:
        await _down(house)
        await _release(house)
        await do(house, replace(DOWN, property=None, lock=FRONT, tell_guest=False))

    async def main(start: datetime) -> None:
        for _ in range(2):  # a second start finds the book as the store
            async with home(tmp_path, [memory], start=start, furnish=False) as house:
                await house.later(minutes=5)
                (row,) = await house.hub.store.read(emergencies.lockdowns)
                assert (row.lock, row.guests_untold) == (FRONT, True)
                start = house.hub.clock.now()

    simulate(main(_lived(tmp_path, memory, None, after)))
