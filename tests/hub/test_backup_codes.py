"""Backup codes: pulled and given back as stays come late, move and end, and by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import backup_codes
from hub.errors import Rejected
from hub.issuing import code_now
from hub.model.alerts import Kind, Level
from hub.model.ladder import Rung
from hub.model.values import Address
from hub.store import alerts
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
from tests.simulators.home import Home, home, simulate

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


# ---- pools that are not full ----------------------------------------------------------------------------------------


async def _problems(house: Home) -> set[Kind]:
    return {row.kind for row in await house.hub.store.read(alerts.raised)}


def test_an_empty_pool_is_an_alert_after_its_hour_and_ends_when_it_is_filled(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), lose=lambda what: "command" if what == "write" else None)
        async with home(tmp_path, [memory], backups=2) as house:
            await house.later(minutes=59)
            assert not await found_of(house, Kind.BACKUPS_MISSING)
            await house.driver.wake("front")
            await house.later(minutes=5)
            await house.driver.wake("front")
            (missing,) = await found_of(house, Kind.BACKUPS_MISSING)
            assert missing.sentence == "No backup code is proven in Front: it has not confirmed them."
            assert missing.level is Level.PROBLEM
            memory.lose = lambda what: None
            await house.driver.wake("front")
            await house.later(minutes=10)
            assert not await found_of(house, Kind.BACKUPS_MISSING)

    simulate(main())


def test_a_pool_that_cannot_be_filled_up_after_a_code_was_pulled_is_an_alert_and_a_pull_alone_is_none(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), codes=Forgetful())
        async with home(tmp_path, [memory], backups=2, start=CHECK_IN - timedelta(hours=20)) as house:
            await switched(house, memory)
            memory.codes.tired = False  # type: ignore[attr-defined]
            await house.later(minutes=30)
            assert proven_of(house, await pool_of(house)) == 2, "it is filled up again"
            desk = house.hub.desk
            memory.codes.tired = True  # type: ignore[attr-defined]
            await house.hub.store.write(lambda tx: backup_codes.take(tx, desk, FRONT, "x", CHECK_OUT, "account:ada"))
            await house.later(minutes=50)
            assert not await found_of(house, Kind.BACKUPS_FEW)
            await house.later(minutes=30)
            (few,) = await found_of(house, Kind.BACKUPS_FEW)
            assert few.sentence == "1 of 2 backup codes are proven in Front: it has not confirmed them."
            assert Kind.BACKUPS_FEW in await _problems(house)
            memory.codes.tired = False  # type: ignore[attr-defined]
            await house.later(hours=2)
            assert not await found_of(house, Kind.BACKUPS_FEW)

    simulate(main())


def test_a_lock_without_room_says_that_it_keeps_no_backup_code_and_one_with_little_room_says_nothing(
    tmp_path: Path,
) -> None:
    async def main(slots: int, folder: Path) -> list[str]:
        memory = Memory(Address("front"), slots=slots)
        async with home(folder, [memory], backups=2) as house:
            await house.later(hours=2)
            found = [each for kind in (Kind.BACKUPS_MISSING, Kind.BACKUPS_FEW) for each in await found_of(house, kind)]
            return [each.sentence for each in found]

    assert simulate(main(2, tmp_path / "two")) == ["No backup code is proven in Front: too few of its places are free."]
    assert simulate(main(3, tmp_path / "three")) == []
    assert simulate(main(4, tmp_path / "four")) == []


class _Same(str):
    """The digits that were asked for, whichever they are."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True


class _Taken(dict[int, str]):
    """Says of any digits that they are in another place already."""

    def items(self) -> Any:
        return [(99, _Same())]


def test_a_lock_that_refuses_new_codes_is_named_with_that_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), codes=_Taken())], backups=2) as house:
            await house.later(hours=2)
            (missing,) = await found_of(house, Kind.BACKUPS_MISSING)
            assert missing.sentence == "No backup code is proven in Front: it refuses new ones."

    simulate(main())


def test_a_silent_lock_is_not_told_of_a_second_time_for_its_pool(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), silent=True)
        async with home(tmp_path, [memory], backups=2) as house:
            await house.driver.fall_silent("front")
            await house.later(hours=3)
            assert await found_of(house, Kind.SILENT)
            assert not await found_of(house, Kind.BACKUPS_MISSING)

    simulate(main())
