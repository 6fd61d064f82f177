"""Backup codes: pulled and given back as stays come late, move and end, and by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from hub import backup_codes
from hub.errors import Rejected
from hub.issuing import code_now
from hub.model.alerts import Kind, Level
from hub.model.ladder import Rung
from hub.model.values import Address
from tests.hub.ladder_house import (
    CHECK_IN,
    CHECK_OUT,
    FRONT,
    MINUTE,
    Forgetful,
    backups,
    booked,
    forgetful,
    found_of,
    placed,
    pool_of,
    proven_of,
    switched,
    typed,
)
from tests.simulators.building import Memory
from tests.simulators.home import home, simulate

# ---- late bookings, moves, the end ----------------------------------------------------------------------------------


def test_a_stay_booked_at_the_door_is_switched_after_two_minutes(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=3)) as house:
            await house.until(CHECK_IN - 10 * MINUTE)
            with forgetful(memory):
                await booked(house)
                assert (await placed(house)).rung is Rung.SWITCHED

    simulate(main())


def test_a_stay_that_moves_away_gives_its_backup_code_back_and_it_is_taken_out(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            digits = typed(house, await switched(house, memory))
            house.rebook("a", arrival=date(2027, 3, 20), departure=date(2027, 3, 22))
            await house.later(minutes=5)
            assert await backups(house) == []
            assert not memory.holds(digits), "it opened already, and may not wait for three weeks"
            assert not await found_of(house, Kind.CODE_SWITCHED)

    simulate(main())


def test_a_backup_code_ends_with_its_stay_and_another_one_takes_its_place_in_the_pool(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            entry = await switched(house, memory)
            digits = typed(house, entry)
            memory.codes.tired = False  # type: ignore[attr-defined]
            await house.until(CHECK_IN + timedelta(hours=1))
            assert proven_of(house, await pool_of(house)) == 2, "filled up at once"
            assert memory.holds(await house.digits()), "the code that failed goes on being wanted"
            await house.until(CHECK_OUT - MINUTE)
            assert await house.driver.press("front", digits)
            await house.until(CHECK_OUT + timedelta(seconds=10))
            assert not memory.holds(digits)
            assert not await found_of(house, Kind.BACKUP_LINGERS)

    simulate(main())


def test_a_lock_that_was_full_has_its_backup_codes_again_as_soon_as_there_is_room(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), slots=8)
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            assert proven_of(house, await pool_of(house)) == 2
            until = house.hub.clock.now() + timedelta(hours=1)
            for _ in range(8):
                await house.hub.store.write(lambda tx: code_now(tx, house.hub.desk, [FRONT], "Plumber", until))
            await house.hub.store.write(lambda tx: tx.signal("house"))  # as at a start: every lock is looked at
            await house.later(minutes=10)
            assert await pool_of(house) == [], "they made room"
            await house.later(minutes=60)
            assert proven_of(house, await pool_of(house)) == 2

    simulate(main())


def test_a_backup_code_that_cannot_be_taken_out_is_an_alarm_within_a_minute(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await switched(house, memory)
            memory.silent = True
            await house.until(CHECK_OUT + MINUTE)
            (lingers,) = await found_of(house, Kind.BACKUP_LINGERS)
            assert lingers.level is Level.URGENT
            memory.silent = False
            await house.later(minutes=16)
            assert not await found_of(house, Kind.BACKUP_LINGERS)

    simulate(main())


def test_cancelling_or_drawing_anew_takes_the_backup_code_too(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            entry = await switched(house, memory)
            row = await house.stay()
            await house.hub.store.write(lambda tx: house.hub.intake.redraw(tx, row.id, "account:ada"))
            await house.later(seconds=30)
            assert not memory.holds(typed(house, entry))
            await house.later(minutes=3)
            (other,) = await backups(house)
            await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, row.id, "account:ada"))
            await house.later(seconds=30)
            assert not memory.holds(typed(house, other))
            assert await backups(house) == []

    simulate(main())


# ---- by hand --------------------------------------------------------------------------------------------------------


def test_a_person_may_use_the_backup_code_before_its_time_and_hears_when_there_is_none(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=1, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            await house.until(CHECK_IN + timedelta(hours=1))
            row, desk = await house.stay(), house.hub.desk
            given = await house.hub.store.write(lambda tx: backup_codes.use(tx, desk, row, "account:ada"))
            assert given == [FRONT]
            told = await house.hub.store.write(lambda tx: backup_codes.for_guest(tx, desk, row, "account:ada"))
            assert house.lock("front").holds(told[0][1].reveal())
            assert told[0][1].reveal() != await house.digits(), (
                "the lock says that the guest's own is good; the guest does not"
            )

    simulate(main())


def test_without_a_backup_code_the_person_is_told_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            row, desk = await house.stay(), house.hub.desk
            with pytest.raises(Rejected, match="no backup code is ready"):
                await house.hub.store.write(lambda tx: backup_codes.use(tx, desk, row, "account:ada"))

    simulate(main())


def test_a_code_that_does_not_work_is_asked_for_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await booked(house)
            await house.until(CHECK_IN + timedelta(hours=1))
            row, desk, digits = await house.stay(), house.hub.desk, await house.digits()
            slot = next(slot for slot, held in house.lock("front").codes.items() if held == digits)
            house.lock("front").codes.pop(slot)
            await house.hub.store.write(lambda tx: backup_codes.doubt(tx, desk, row, "account:ada"))
            await house.later(seconds=30)
            assert house.lock("front").holds(digits), "it was gone, and is back"

    simulate(main())
