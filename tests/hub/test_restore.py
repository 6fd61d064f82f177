"""An old backup comes back: the locks are read before anything is given, and nobody keeps access that he lost since."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.errors import Rejected
from hub.io.vault import Vault
from hub.model.codes import Reading
from hub.model.values import Address, LockId
from hub.store import code_list, codes, restoring, settings
from hub.store.backup import back_up, restore
from hub.store.places import place_of
from tests.simulators.building import Memory
from tests.simulators.home import DATABASE, home, simulate

FRONT = LockId("front")


@pytest.mark.usefixtures("either_database")
def test_a_restored_hub_reads_its_locks_gives_nothing_and_then_takes_back_what_it_had_forgotten(tmp_path: Path) -> None:
    memory = Memory(Address("front"), codes={9: "271828"})
    folder = tmp_path / "backups"

    async def life() -> tuple[Path, str, datetime]:
        async with home(tmp_path, [memory]) as house:
            saved = back_up(
                house.hub.store.place,
                house.hub.state_dir,
                folder,
                house.hub.vault,
                recovery=None,
                now=house.hub.clock.now(),
            ).file
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

            await house.hub.store.write(restoring.leave_safe_mode)
            await house.later(minutes=5)
            assert memory.codes == {9: "271828"}, "ours is known by its tag; somebody else's is left alone"

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
