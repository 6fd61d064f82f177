"""What happens when a guest says, on their page, that the code does not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import guest_text, tidying
from hub.errors import Rejected
from hub.guest_page import Check
from hub.model.alerts import Kind, Level
from hub.model.ladder import Rung
from hub.model.values import Address, LockId, PropertyId
from hub.store import alerts, emergencies
from hub.store import ladder as pools
from hub.store.emergencies import Deed, Emergency
from tests.hub.guest_at_door import (
    BACK,
    CHECK_IN,
    CHECK_OUT,
    DAY_BEFORE,
    FRONT,
    MINUTE,
    booked,
    complain,
    deeds_of,
    found,
    opened,
    page_of,
    show,
)
from tests.hub.ladder_house import Forgetful, backups, placed
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate


def test_where_guests_may_come_back_after_check_out_they_are_helped_as_long_as_their_code_works(tmp_path: Path) -> None:
    async def main() -> None:
        end, front = CHECK_OUT + 120 * MINUTE, Memory(Address("front"))
        async with home(
            tmp_path, [front], backups=1, late_out=end - CHECK_OUT, start=CHECK_OUT - 60 * MINUTE
        ) as house_:
            link, desk, row = await booked(house_), house_.hub.desk, await house_.stay()
            told = await house_.hub.store.write(lambda tx: guest_text.write(tx, desk, row.id, "ada", None))
            assert "until Thursday 4 March, 13:00. Type it" in told
            await house_.until(CHECK_OUT + 30 * MINUTE)
            assert (await placed(house_)).rung is Rung.PROVEN
            await tidying.tidy(house_.hub)
            own = await house_.digits()
            front.codes = Forgetful({place: pin for place, pin in front.codes.items() if pin != own})
            front.codes.tired = True
            assert (await complain(house_, link)).doors[0].backup
            (entry,) = await backups(house_)
            assert entry.grant.window.end == end
            await house_.later(minutes=2)
            assert len(await found(house_, Kind.CODE_COMPLAINT)) == 1
            assert (await placed(house_)).rung is Rung.SWITCHED
            assert await found(house_, Kind.CODE_SWITCHED, Kind.CODE_KNOWN_WRONG)
            assert await house_.driver.press("front", (await show(house_, link))[FRONT])
            await house_.until(end)
            assert await page_of(house_, link) is None
            assert not await found(house_, Kind.CODE_COMPLAINT, Kind.CODE_SWITCHED, Kind.CODE_KNOWN_WRONG)

    simulate(main())


def test_a_guest_whose_code_fails_gets_one_backup_code_however_often_they_press(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            own, asked = await house_.digits(), house_.lock("front").commands
            first = await complain(house_, link)
            assert first.doors[0].backup
            digits = (await show(house_, link))[FRONT]
            assert digits != own
            for _ in range(3):
                assert not any(
                    door.complaint and door.complaint.again_at for door in (await complain(house_, link)).doors
                )
            assert (await show(house_, link))[FRONT] == digits
            row = await house_.stay()
            pulled = await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))
            assert [entry.pulled_by for entry in pulled] == ["guest"]
            await house_.later(seconds=20)
            assert house_.lock("front").commands > asked, "the lock was asked"
            assert (await opened(house_, link)).doors[0].check is Check.CONFIRMED
            [said] = await found(house_, Kind.CODE_COMPLAINT, Kind.GUEST_OUTSIDE)
            assert said.sentence == "Ada Lovelace says that the code does not work in Front, and got a backup code."
            assert said.cure == "Ask whether the door opens now."
            deeds = await deeds_of(house_)
            assert deeds.count(("guest", "code does not work")) == 1
            assert deeds.count(("guest", "backup code pulled")) == 1
            assert await house_.driver.press("front", digits), "it opens"
            await house_.later(minutes=1)
            assert not await found(house_, Kind.CODE_COMPLAINT), "they are in"

    simulate(main())


def test_pressed_again_later_the_lock_is_asked_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=1, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            await complain(house_, link)
            await house_.later(seconds=31)
            await complain(house_, link)
            assert (await deeds_of(house_)).count(("guest", "code does not work")) == 2

    simulate(main())


def test_only_the_door_that_does_not_open_gives_a_backup_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(
            tmp_path, [Memory(Address("front")), Memory(Address("back"))], backups=1, start=DAY_BEFORE
        ) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            after = await complain(house_, link, BACK)
            assert {door.lock: door.backup for door in after.doors} == {FRONT: False, BACK: True}
            shown = await show(house_, link)
            assert shown[FRONT] == await house_.digits()
            assert shown[BACK] != shown[FRONT]

    simulate(main())


def test_without_a_backup_code_the_manager_is_called_at_any_hour(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=0, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            after = await complain(house_, link)
            assert not after.doors[0].backup
            [said] = await found(house_, Kind.GUEST_OUTSIDE)
            assert said.level is Level.URGENT
            assert "says that the code does not work in Front, and no backup code is ready there" in said.sentence
            assert said.cure.startswith("Call the guest, and open the door")
            assert await house_.driver.press("front", await house_.digits())
            await house_.later(minutes=1)
            assert not await found(house_, Kind.GUEST_OUTSIDE)

    simulate(main())


def test_a_backup_code_that_fails_too_calls_somebody(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            await complain(house_, link)
            await complain(house_, link, backup_too=True)
            [said] = await found(house_, Kind.GUEST_OUTSIDE, Kind.CODE_COMPLAINT)
            assert said.kind is Kind.GUEST_OUTSIDE
            assert "nor does the backup code" in said.sentence
            row = await house_.stay()
            assert len(await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))) == 1, "one for each door"
            assert ("guest", "backup code does not work") in await deeds_of(house_)

    simulate(main())


def test_who_says_so_of_a_backup_code_that_the_ladder_gave_has_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"))
        async with home(tmp_path, [memory], backups=2, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            memory.silent = True
            await house_.until(CHECK_IN)
            [door] = (await opened(house_, link)).doors
            assert door.backup
            await show(house_, link)
            await complain(house_, link)
            assert [each.kind for each in await found(house_, Kind.GUEST_OUTSIDE, Kind.CODE_COMPLAINT)] == [
                Kind.GUEST_OUTSIDE
            ]

    simulate(main())


def test_a_backup_code_that_the_ladder_gave_unseen_is_told_whatever_the_lock_says_since(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"))
        async with home(tmp_path, [memory], backups=2, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            memory.silent = True
            await house_.until(CHECK_IN)
            row = await house_.stay()
            [given] = await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))
            memory.silent = False
            await house_.later(hours=1)
            [door] = (await opened(house_, link)).doors
            assert not door.backup, "the stay's own code is proven by now"
            [door] = (await complain(house_, link)).doors
            assert door.backup
            [after] = await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))
            assert (after.grant.id, after.pulled_by) == (given.grant.id, "guest")

    simulate(main())


def test_before_the_code_is_to_work_nobody_can_say_that_it_does_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            with pytest.raises(Rejected, match="it is too early"):
                await complain(house_, link)
            await house_.until(CHECK_IN)
            with pytest.raises(Rejected, match="no such door"):
                await complain(house_, link, LockId("cellar"))
            row = await house_.stay()
            assert await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id)) == []

    simulate(main())


def test_a_door_that_is_locked_down_gives_no_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN)
            down = Emergency(
                "1", Deed.LOCK_DOWN, PropertyId("house"), None, "A break-in", house_.hub.clock.now(), "account:Robin"
            )
            await house_.hub.store.write(lambda tx: emergencies.begin(tx, down))
            [door] = (await complain(house_, link)).doors
            assert not door.told
            assert not door.backup
            row = await house_.stay()
            assert await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id)) == []

    simulate(main())


def test_an_alert_of_a_guest_outside_ends_as_the_door_opens_or_the_stay_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=0, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            await complain(house_, link)
            await house_.later(seconds=10)
            assert await _outside(house_)
            assert await house_.driver.press("front", await house_.digits())
            await house_.later(seconds=10)
            assert not await _outside(house_)
            await house_.until(CHECK_OUT - 20 * MINUTE)
            await complain(house_, link)
            await complain(house_, link, backup_too=True)
            await house_.until(CHECK_OUT + MINUTE)
            assert not await _outside(house_)

    simulate(main())


async def _outside(house_: Home) -> bool:
    """Whether the alert still stands, as the last look found it."""
    rows = await house_.hub.store.read(alerts.live)
    return any(row.kind is Kind.GUEST_OUTSIDE and row.course.missing_since is None for row in rows)
