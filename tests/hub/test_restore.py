"""An old backup comes back: the locks are read before anything is given, and nobody keeps access that he lost since."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.io.vault import Vault
from hub.model.codes import CodeState, Reading, state_of
from hub.model.values import Address, LockId, StayStatus
from hub.store import code_list, codes, restoring, settings
from hub.store.backup import back_up, restore
from hub.store.places import place_of
from tests.simulators.building import Memory
from tests.simulators.home import DATABASE, Home, home, simulate

FRONT = LockId("front")


def _saved(house: Home, folder: Path) -> Path:
    hub = house.hub
    return back_up(
        hub.store.place, hub.state_dir, folder / "backups", hub.vault, recovery=None, now=hub.clock.now()
    ).file


@pytest.mark.usefixtures("either_database")
def test_a_restored_hub_reads_its_locks_gives_nothing_and_then_takes_back_what_it_had_forgotten(tmp_path: Path) -> None:
    memory = Memory(Address("front"), codes={9: "271828"})

    async def life() -> tuple[Path, str, datetime]:
        async with home(tmp_path, [memory]) as house:
            saved = _saved(house, tmp_path)
            house.book("a", date(2027, 3, 1), date(2027, 3, 2))
            await house.until(datetime(2027, 3, 1, 15, tzinfo=UTC))
            digits = await house.digits()
            assert memory.holds(digits)
            return saved, digits, house.hub.clock.now()

    async def after(digits: str, start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            with pytest.raises(Rejected, match=r"still being read \(Front\)"):
                await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {1: digits, 9: "271828"}, "read, and left as it is"
            slots = await house.hub.store.read(lambda tx: codes.slots_of(tx, FRONT))
            assert {slot.number for slot in slots if slot.reading is Reading.OCCUPIED} == {1, 9}
            listed = await house.hub.store.read(code_list.listing)
            assert [code.slot.number for code in listed if code.slot is not None] == [1, 9], "for a person to decide"
            now, ours = house.hub.clock.now(), house.hub.tagbook.tags
            states = [state_of(None, code.slot, now, ours) for code in listed]
            assert states == [CodeState.CLEARING, CodeState.FOREIGN], "and which of them will go"

            await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {9: "271828"}, "ours is known by its tag; somebody else's is left alone"

    saved, digits, ended = simulate(life())
    place = place_of(DATABASE.get() or str(tmp_path / "gatehouse.db"))
    restore(saved, Vault.load(tmp_path / "key"), place, tmp_path / "state")
    simulate(after(digits, ended + timedelta(minutes=1)))


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_lock_that_hides_its_digits_is_not_left_with_the_code_of_a_guest_whom_the_backup_does_not_know(
    tmp_path: Path, cancelled: bool
) -> None:
    """Only the place tells whose code it is: it was empty when the backup was made, or held that of somebody who cancelled."""
    memory = Memory(Address("front"), masked=True, reads_codes=False)

    async def life() -> tuple[Path, str, datetime]:
        async with home(tmp_path, [memory]) as house:
            if cancelled:
                house.book("gone", date(2027, 3, 1), date(2027, 3, 8), "Grace Hopper")
            await house.until(datetime(2027, 3, 1, 14, tzinfo=UTC))
            saved = _saved(house, tmp_path)
            house.rebook("gone", status=StayStatus.CANCELLED)
            await house.later(minutes=10)
            house.book("a", date(2027, 3, 1), date(2027, 3, 3))
            await house.later(minutes=30)
            digits = await house.digits()
            assert memory.codes == {1: digits}
            memory.codes[9] = "271828"  # somebody's, of which the hub does not hear
            return saved, digits, house.hub.clock.now()

    async def after(digits: str, start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(hours=25)
            assert memory.codes == {1: digits, 9: "271828"}, "read, and left as it is"
            await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert digits not in memory.codes.values()
            assert memory.codes[9] == "271828"

    saved, digits, ended = simulate(life())
    place = place_of(DATABASE.get() or str(tmp_path / "gatehouse.db"))
    restore(saved, Vault.load(tmp_path / "key"), place, tmp_path / "state")
    simulate(after(digits, ended + timedelta(minutes=1)))


def test_a_restore_makes_the_hub_doubt_its_locks_once_not_at_every_start(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def start(day: int) -> int:
        before = memory.commands
        async with home(tmp_path, [memory], start=datetime(2027, 3, day, tzinfo=UTC), furnish=day == 1) as house:
            await house.later(minutes=5)
            if day == 1:
                await house.hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "2027-03-01"))
        return memory.commands - before

    assert simulate(start(1)) == 30, "a new lock is read once"
    assert simulate(start(2)) == 30, "after the restore again"
    assert simulate(start(3)) == 0
