"""The guests' page in a whole hub: who has a link, when the code is told, and what happens when it does not work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import guest_page, guest_text
from hub.errors import Rejected
from hub.guest_page import Check, GuestPage
from hub.health import findings
from hub.model.alerts import Finding, Kind, Level
from hub.model.ladder import Tell, Withhold
from hub.model.values import Address, LockId, Pin, PropertyId, Secret, StayStatus
from hub.store import alerts, codes, emergencies, house, log
from hub.store import guest_page as links
from hub.store import ladder as pools
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
FRONT, BACK = LockId("front"), LockId("back")
MINUTE = timedelta(minutes=1)
DAY_BEFORE = CHECK_IN - timedelta(hours=20)
PUBLIC = "https://stay.example.com"


async def _booked(house_: Home) -> Secret:
    """The link of a stay from 2 to 4 March."""
    house_.book("a", date(2027, 3, 2), date(2027, 3, 4))
    await house_.later(minutes=10)
    return await _link(house_)


async def _link(house_: Home, *, anew: bool = False) -> Secret:
    id_, desk = (await house_.stay()).id, house_.hub.desk
    return await house_.hub.store.write(lambda tx: guest_page.token_of(tx, desk, id_, "account:Robin", anew=anew))


async def _page(house_: Home, link: Secret) -> GuestPage | None:
    return await house_.hub.store.read(lambda tx: guest_page.find(tx, house_.hub.desk, link.reveal()))


async def _open(house_: Home, link: Secret) -> GuestPage:
    page = await _page(house_, link)
    assert page is not None
    return page


async def _show(house_: Home, link: Secret) -> dict[LockId, str]:
    def work(tx: Tx) -> dict[LockId, Pin]:
        page = guest_page.find(tx, house_.hub.desk, link.reveal())
        assert page is not None
        return guest_page.show(tx, house_.hub.desk, page)

    return {lock: pin.reveal() for lock, pin in (await house_.hub.store.write(work)).items()}


async def _complain(house_: Home, link: Secret, lock: LockId = FRONT, *, backup_too: bool = False) -> GuestPage:
    def work(tx: Tx) -> GuestPage:
        page = guest_page.find(tx, house_.hub.desk, link.reveal())
        assert page is not None
        after = guest_page.complain(tx, house_.hub.desk, page, lock, backup_too=backup_too)
        guest_page.show(tx, house_.hub.desk, after)
        return after

    return await house_.hub.store.write(work)


async def _found(house_: Home, *kinds: Kind) -> list[Finding]:
    found = await house_.hub.store.read(lambda tx: findings(tx, house_.hub))
    return [each for each in found if each.kind in kinds]


async def _deeds(house_: Home) -> list[tuple[str, str]]:
    id_ = (await house_.stay()).id
    return [(each.actor, each.action) for each in await house_.hub.store.read(lambda tx: log.deeds(tx, f"stay:{id_}"))]


# ---- links ----------------------------------------------------------------------------------------------------------


def test_a_link_is_the_same_until_another_is_made_and_says_nothing_of_the_stay(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            first = await _booked(house_)
            assert await _link(house_) == first
            second = await _link(house_, anew=True)
            assert second != first
            assert await _page(house_, first) is None
            assert await _page(house_, second) is not None
            row = await house_.stay()
            assert row.id.lower() not in second.reveal()
            assert second.reveal() not in repr(second)
            deeds = [action for _, action in await _deeds(house_)]
            assert deeds.count("guest link made") == 2
            assert deeds.count("guest link shown") == 1

    simulate(main())


def test_the_store_holds_no_link_that_somebody_without_the_key_could_open(tmp_path: Path) -> None:
    async def main() -> Secret:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            return await _booked(house_)

    link = simulate(main())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or link.reveal().encode() not in file.read_bytes(), file


@pytest.mark.parametrize("wrong", ["", "x", "a" * 32, "../etc", "A" * 32, "a" * 31 + "1", "é" * 32])
def test_a_guess_leads_nowhere(tmp_path: Path, wrong: str) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            await _booked(house_)
            assert await _page(house_, Secret(wrong)) is None

    simulate(main())


def test_a_link_ends_with_the_stay_and_its_rows_soon_after(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_OUT - MINUTE)
            assert await _page(house_, link) is not None
            await house_.until(CHECK_OUT)
            assert await _page(house_, link) is None
            with pytest.raises(Rejected, match="the stay is over"):
                await _link(house_)
            id_ = (await house_.stay()).id
            await house_.later(hours=24)
            assert await house_.hub.store.read(lambda tx: links.link_of(tx, id_)) is None

    simulate(main())


def test_another_code_ends_the_link_and_what_was_said_of_the_old_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN)
            await _complain(house_, link)
            assert await _found(house_, Kind.GUEST_OUTSIDE)
            id_ = (await house_.stay()).id
            await house_.hub.store.write(lambda tx: house_.hub.intake.redraw(tx, id_, "account:Robin"))
            assert await _page(house_, link) is None
            assert not await _found(house_, Kind.GUEST_OUTSIDE)
            assert ("account:Robin", "guest link revoked") in await _deeds(house_)
            link = await _link(house_)
            await house_.hub.store.write(
                lambda tx: house_.hub.intake.type_code(tx, id_, Pin("482913"), "account:Robin")
            )
            assert await _page(house_, link) is None

    simulate(main())


def test_digits_that_the_hub_draws_anew_by_itself_end_no_link(tmp_path: Path) -> None:
    """Nobody knew the first ones; whoever was sent the link must still find the code there."""

    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link, digits = await _booked(house_), await house_.digits()
            house_.lock("front").codes[20] = digits
            await house_.until(CHECK_IN - 50 * MINUTE)
            shown = await _show(house_, link)
            assert shown[FRONT] != digits
            assert house_.lock("front").holds(shown[FRONT])

    simulate(main())


@pytest.mark.parametrize("by", ["a person", "its calendar"])
def test_a_cancellation_ends_the_link_for_good(tmp_path: Path, by: str) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link, row = await _booked(house_), await house_.stay()
            if by == "a person":
                await house_.hub.store.write(lambda tx: house_.hub.intake.cancel_stay(tx, row.id, "account:Robin"))
            else:
                house_.rebook("a", status=StayStatus.CANCELLED)
                await house_.later(minutes=10)
            assert await _page(house_, link) is None
            with pytest.raises(Rejected, match="the stay is cancelled"):
                await _link(house_)
            await house_.hub.store.write(lambda tx: house_.hub.intake.restore_stay(tx, row.id, "account:Robin"))
            assert await _page(house_, link) is None, "undoing it makes no old link live again"
            assert await _page(house_, await _link(house_)) is not None

    simulate(main())


# ---- when the code is told ------------------------------------------------------------------------------------------


def test_the_code_is_told_when_it_may_be_and_from_then_on_it_is_not_changed_by_itself(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            page = await _open(house_, link)
            assert isinstance(page.gate, Tell)
            assert not page.begun
            shown = await _show(house_, link)
            assert shown == {FRONT: await house_.digits()}
            id_ = (await house_.stay()).id
            entries = await house_.hub.store.read(lambda tx: codes.issued_for(tx, id_))
            assert all(entry.told_at is not None for entry in entries)
            assert ("guest", "code shown") in await _deeds(house_)

    simulate(main())


def test_a_code_that_could_still_change_is_not_told(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), silent=True)
        async with home(tmp_path, [memory], start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN)
            assert isinstance((await _open(house_, link)).gate, Withhold)
            assert await _show(house_, link) == {}
            assert ("guest", "code shown") not in await _deeds(house_)
            with pytest.raises(Rejected, match="the guest is not told the code yet"):
                await _text(house_, None)

    simulate(main())


def test_once_the_stay_has_begun_a_door_without_a_code_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("back"))], start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            house_.lock("back").silent = True
            await house_.until(CHECK_IN - 30 * MINUTE)
            page = await _open(house_, link)
            assert isinstance(page.gate, Withhold)
            assert page.told == {FRONT}
            assert set(await _show(house_, link)) == {FRONT}

    simulate(main())


class _Doubtful:
    """The hub's clock, believed or not."""

    def __init__(self) -> None:
        self.trusted = True


def test_while_nobody_knows_the_time_no_code_is_told_for_the_first_time_and_no_link_ends(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link, doubtful = await _booked(house_), _Doubtful()
            desk = replace(house_.hub.desk, trusted=lambda: doubtful.trusted)

            def look(tx: Tx) -> GuestPage | None:
                return guest_page.find(tx, desk, link.reveal())

            doubtful.trusted = False
            page = await house_.hub.store.read(look)
            assert page is not None
            assert page.gate == Withhold("the hub does not know the time for certain")
            assert page.told == frozenset()
            await _show(house_, link)  # it was shown while the time was known
            page = await house_.hub.store.read(look)
            assert page is not None
            assert page.told == {FRONT}
            await house_.until(CHECK_OUT + MINUTE)
            assert await house_.hub.store.read(look) is not None
            doubtful.trusted = True
            assert await house_.hub.store.read(look) is None

    simulate(main())


# ---- it does not work -----------------------------------------------------------------------------------------------


def test_a_guest_whose_code_fails_gets_one_backup_code_however_often_they_press(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            own, asked = await house_.digits(), house_.lock("front").commands
            first = await _complain(house_, link)
            assert first.doors[0].backup
            digits = (await _show(house_, link))[FRONT]
            assert digits != own
            for _ in range(3):
                assert not any(
                    door.complaint and door.complaint.again_at for door in (await _complain(house_, link)).doors
                )
            assert (await _show(house_, link))[FRONT] == digits
            row = await house_.stay()
            pulled = await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))
            assert [entry.pulled_by for entry in pulled] == ["guest"]
            await house_.later(seconds=20)
            assert house_.lock("front").commands > asked, "the lock was asked"
            assert (await _open(house_, link)).doors[0].check is Check.CONFIRMED
            [said] = await _found(house_, Kind.CODE_COMPLAINT, Kind.GUEST_OUTSIDE)
            assert said.sentence == "Ada Lovelace says that the code does not work in Front, and got a backup code."
            assert said.cure == "Ask whether the door opens now."
            deeds = await _deeds(house_)
            assert deeds.count(("guest", "code does not work")) == 1
            assert deeds.count(("guest", "backup code pulled")) == 1
            assert await house_.driver.press("front", digits), "it opens"
            await house_.later(minutes=1)
            assert not await _found(house_, Kind.CODE_COMPLAINT), "they are in"

    simulate(main())


def test_pressed_again_later_the_lock_is_asked_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=1, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            await _complain(house_, link)
            await house_.later(seconds=31)
            await _complain(house_, link)
            assert (await _deeds(house_)).count(("guest", "code does not work")) == 2

    simulate(main())


def test_only_the_door_that_does_not_open_gives_a_backup_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(
            tmp_path, [Memory(Address("front")), Memory(Address("back"))], backups=1, start=DAY_BEFORE
        ) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            after = await _complain(house_, link, BACK)
            assert {door.lock: door.backup for door in after.doors} == {FRONT: False, BACK: True}
            shown = await _show(house_, link)
            assert shown[FRONT] == await house_.digits()
            assert shown[BACK] != shown[FRONT]

    simulate(main())


def test_without_a_backup_code_the_manager_is_called_at_any_hour(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=0, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            after = await _complain(house_, link)
            assert not after.doors[0].backup
            [said] = await _found(house_, Kind.GUEST_OUTSIDE)
            assert said.level is Level.URGENT
            assert "says that the code does not work in Front, and no backup code is ready there" in said.sentence
            assert said.cure.startswith("Call the guest, and open the door")
            assert await house_.driver.press("front", await house_.digits())
            await house_.later(minutes=1)
            assert not await _found(house_, Kind.GUEST_OUTSIDE)

    simulate(main())


def test_a_backup_code_that_fails_too_calls_somebody(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            await _complain(house_, link)
            await _complain(house_, link, backup_too=True)
            [said] = await _found(house_, Kind.GUEST_OUTSIDE, Kind.CODE_COMPLAINT)
            assert said.kind is Kind.GUEST_OUTSIDE
            assert "nor does the backup code" in said.sentence
            row = await house_.stay()
            assert len(await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))) == 1, "one for each door"
            assert ("guest", "backup code does not work") in await _deeds(house_)

    simulate(main())


def test_who_says_so_of_a_backup_code_that_the_ladder_gave_has_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"))
        async with home(tmp_path, [memory], backups=2, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            memory.silent = True
            await house_.until(CHECK_IN)
            [door] = (await _open(house_, link)).doors
            assert door.backup
            await _show(house_, link)
            await _complain(house_, link)
            assert [each.kind for each in await _found(house_, Kind.GUEST_OUTSIDE, Kind.CODE_COMPLAINT)] == [
                Kind.GUEST_OUTSIDE
            ]

    simulate(main())


def test_a_backup_code_that_the_ladder_gave_unseen_is_told_whatever_the_lock_says_since(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"))
        async with home(tmp_path, [memory], backups=2, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            memory.silent = True
            await house_.until(CHECK_IN)
            row = await house_.stay()
            [given] = await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))
            memory.silent = False
            await house_.later(hours=1)
            [door] = (await _open(house_, link)).doors
            assert not door.backup, "the stay's own code is proven by now"
            [door] = (await _complain(house_, link)).doors
            assert door.backup
            [after] = await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id))
            assert (after.grant.id, after.pulled_by) == (given.grant.id, "guest")

    simulate(main())


def test_before_the_code_is_to_work_nobody_can_say_that_it_does_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            with pytest.raises(Rejected, match="it is too early"):
                await _complain(house_, link)
            await house_.until(CHECK_IN)
            with pytest.raises(Rejected, match="no such door"):
                await _complain(house_, link, LockId("cellar"))
            row = await house_.stay()
            assert await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id)) == []

    simulate(main())


def test_a_door_that_is_locked_down_gives_no_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=2, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN)
            down = Emergency(
                "1", Deed.LOCK_DOWN, PropertyId("house"), None, "A break-in", house_.hub.clock.now(), "account:Robin"
            )
            await house_.hub.store.write(lambda tx: emergencies.begin(tx, down))
            [door] = (await _complain(house_, link)).doors
            assert not door.told
            assert not door.backup
            row = await house_.stay()
            assert await house_.hub.store.read(lambda tx: pools.pulled(tx, row.id)) == []

    simulate(main())


# ---- the text -------------------------------------------------------------------------------------------------------


async def _text(house_: Home, public_url: str | None) -> str:
    id_, desk = (await house_.stay()).id, house_.hub.desk
    return await house_.hub.store.write(lambda tx: guest_text.write(tx, desk, id_, "account:Robin", public_url))


def test_the_text_carries_the_link_or_the_code_with_the_telephone_number(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE, guest_phone="+49 170 1234567") as house_:
            link = await _booked(house_)
            digits = await house_.digits()
            told = await _text(house_, PUBLIC)
            assert f"{PUBLIC}/g/{link.reveal()}" in told
            assert digits not in told
            told = await _text(house_, None)
            assert told == (
                f"Hello Ada Lovelace,\n\nyour code for Front is {digits}.\n\nIt works from Tuesday 2 March, 15:00 until "
                "Thursday 4 March, 11:00. Type it at the keypad and wait for the light.\n\n"
                "If something does not work, call +49 170 1234567."
            )
            assert ("account:Robin", "code shown") in await _deeds(house_)

    simulate(main())


@pytest.mark.parametrize("bad", ["call me", "+", "12", "javascript:alert(1)", "+49 170 <b>"])
def test_a_telephone_number_that_nobody_can_dial_is_refused(tmp_path: Path, bad: str) -> None:
    async def main() -> None:
        async with home(tmp_path) as house_:
            now = house_.hub.clock.now()
            with pytest.raises(Rejected, match="must be a telephone number"):
                await house_.hub.store.write(
                    lambda tx: guest_text.of_property(tx, PropertyId("house"), bad, "", "account:Robin", now)
                )

    simulate(main())


def test_what_is_written_for_guests_changes_no_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            await _booked(house_)
            before, now = await house_.digits(), house_.hub.clock.now()
            text = "The key box is  empty.\r\n\r\n\r\n\r\nThe network:\tHouse"

            def work(tx: Tx) -> None:
                guest_text.of_property(tx, PropertyId("house"), "+49 170 1", text, "account:Robin", now)
                guest_text.of_unit(tx, FLAT, "Second floor", "account:Robin", now)

            await house_.hub.store.write(work)
            place = await house_.hub.store.read(lambda tx: house.property_with(tx, PropertyId("house")))
            assert place is not None
            assert place.instructions == "The key box is empty.\n\nThe network: House"
            assert await house_.digits() == before

    simulate(main())


def test_an_alert_of_a_guest_outside_ends_as_the_door_opens_or_the_stay_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, backups=0, start=DAY_BEFORE) as house_:
            link = await _booked(house_)
            await house_.until(CHECK_IN + MINUTE)
            await _complain(house_, link)
            await house_.later(seconds=10)
            assert await _outside(house_)
            assert await house_.driver.press("front", await house_.digits())
            await house_.later(seconds=10)
            assert not await _outside(house_)
            await house_.until(CHECK_OUT - 20 * MINUTE)
            await _complain(house_, link)
            await _complain(house_, link, backup_too=True)
            await house_.until(CHECK_OUT + MINUTE)
            assert not await _outside(house_)

    simulate(main())


async def _outside(house_: Home) -> bool:
    """Whether the alert still stands, as the last look found it."""
    rows = await house_.hub.store.read(alerts.live)
    return any(row.kind is Kind.GUEST_OUTSIDE and row.course.missing_since is None for row in rows)
