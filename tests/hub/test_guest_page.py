"""The guests' page in a whole hub: who has a link, when the code is told, and what is written for guests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub import guest_page, guest_text
from hub.errors import Rejected
from hub.guest_page import GuestPage
from hub.guest_text import Words
from hub.model.alerts import Kind
from hub.model.ladder import Tell, Withhold
from hub.model.values import Address, Pin, PropertyId, Secret, StayStatus
from hub.store import codes, house, restoring, settings
from hub.store import guest_page as links
from hub.store.engine import Tx
from tests.hub.guest_at_door import (
    CHECK_IN,
    CHECK_OUT,
    DAY_BEFORE,
    FRONT,
    MINUTE,
    PUBLIC,
    booked,
    complain,
    deeds_of,
    found,
    link_of,
    opened,
    page_of,
    show,
)
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate

# ---- links ----------------------------------------------------------------------------------------------------------


def test_a_link_is_the_same_until_another_is_made_and_says_nothing_of_the_stay(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            first = await booked(house_)
            assert await link_of(house_) == first
            second = await link_of(house_, anew=True)
            assert second != first
            assert await page_of(house_, first) is None
            assert await page_of(house_, second) is not None
            row = await house_.stay()
            assert row.id.lower() not in second.reveal()
            assert second.reveal() not in repr(second)
            deeds = [action for _, action in await deeds_of(house_)]
            assert deeds.count("guest link made") == 2
            assert deeds.count("guest link shown") == 1

    simulate(main())


def test_the_store_holds_no_link_that_somebody_without_the_key_could_open(tmp_path: Path) -> None:
    async def main() -> Secret:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            return await booked(house_)

    link = simulate(main())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or link.reveal().encode() not in file.read_bytes(), file


@pytest.mark.parametrize("wrong", ["", "x", "a" * 32, "../etc", "A" * 32, "a" * 31 + "1", "é" * 32])
def test_a_guess_leads_nowhere(tmp_path: Path, wrong: str) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            await booked(house_)
            assert await page_of(house_, Secret(wrong)) is None

    simulate(main())


def test_a_link_ends_with_the_stay_and_its_rows_soon_after(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_OUT - MINUTE)
            assert await page_of(house_, link) is not None
            await house_.until(CHECK_OUT)
            assert await page_of(house_, link) is None
            with pytest.raises(Rejected, match="the stay is over"):
                await link_of(house_)
            id_ = (await house_.stay()).id
            await house_.later(hours=24)
            assert await house_.hub.store.read(lambda tx: links.link_of(tx, id_)) is None

    simulate(main())


def test_another_code_ends_the_link_and_what_was_said_of_the_old_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN)
            await complain(house_, link)
            assert await found(house_, Kind.GUEST_OUTSIDE)
            id_ = (await house_.stay()).id
            await house_.hub.store.write(lambda tx: house_.hub.intake.redraw(tx, id_, "account:Robin"))
            assert await page_of(house_, link) is None
            assert not await found(house_, Kind.GUEST_OUTSIDE)
            assert ("account:Robin", "guest link revoked") in await deeds_of(house_)
            link = await link_of(house_)
            await house_.hub.store.write(
                lambda tx: house_.hub.intake.type_code(tx, id_, Pin("482913"), "account:Robin")
            )
            assert await page_of(house_, link) is None

    simulate(main())


def test_digits_that_the_hub_draws_anew_by_itself_end_no_link(tmp_path: Path) -> None:
    """Nobody knew the first ones; whoever was sent the link must still find the code there."""

    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link, digits = await booked(house_), await house_.digits()
            house_.lock("front").codes[20] = digits
            await house_.until(CHECK_IN - 50 * MINUTE)
            shown = await show(house_, link)
            assert shown[FRONT] != digits
            assert house_.lock("front").holds(shown[FRONT])

    simulate(main())


@pytest.mark.parametrize("by", ["a person", "its calendar"])
def test_a_cancellation_ends_the_link_for_good(tmp_path: Path, by: str) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link, row = await booked(house_), await house_.stay()
            if by == "a person":
                await house_.hub.store.write(lambda tx: house_.hub.intake.cancel_stay(tx, row.id, "account:Robin"))
            else:
                house_.rebook("a", status=StayStatus.CANCELLED)
                await house_.later(minutes=10)
            assert await page_of(house_, link) is None
            with pytest.raises(Rejected, match="the stay is cancelled"):
                await link_of(house_)
            await house_.hub.store.write(lambda tx: house_.hub.intake.restore_stay(tx, row.id, "account:Robin"))
            assert await page_of(house_, link) is None, "undoing it makes no old link live again"
            assert await page_of(house_, await link_of(house_)) is not None

    simulate(main())


# ---- when the code is told ------------------------------------------------------------------------------------------


def test_the_code_is_told_when_it_may_be_and_from_then_on_it_is_not_changed_by_itself(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link = await booked(house_)
            page = await opened(house_, link)
            assert isinstance(page.gate, Tell)
            assert not page.begun
            shown = await show(house_, link)
            assert shown == {FRONT: await house_.digits()}
            id_ = (await house_.stay()).id
            entries = await house_.hub.store.read(lambda tx: codes.issued_for(tx, id_))
            assert all(entry.told_at is not None for entry in entries)
            assert ("guest", "code shown") in await deeds_of(house_)

    simulate(main())


def test_a_code_that_could_still_change_is_not_told(tmp_path: Path) -> None:
    async def main() -> None:
        memory = Memory(Address("front"), silent=True)
        async with home(tmp_path, [memory], start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await house_.until(CHECK_IN)
            assert isinstance((await opened(house_, link)).gate, Withhold)
            assert await show(house_, link) == {}
            assert ("guest", "code shown") not in await deeds_of(house_)
            with pytest.raises(Rejected, match="the guest is not told the code yet"):
                await _text(house_, None)

    simulate(main())


def test_after_a_restore_no_link_lives_again_that_may_have_been_revoked(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"))], start=DAY_BEFORE) as house_:
            link = await booked(house_)
            await opened(house_, link)
            await house_.hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "2027-03-01"))
            await house_.hub.store.write(restoring.leave_safe_mode)
            assert await page_of(house_, link) is None

    simulate(main())


def test_once_the_stay_has_begun_a_door_without_a_code_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("back"))], start=DAY_BEFORE) as house_:
            link = await booked(house_)
            house_.lock("back").silent = True
            await house_.until(CHECK_IN - 30 * MINUTE)
            page = await opened(house_, link)
            assert isinstance(page.gate, Withhold)
            assert page.told == {FRONT}
            assert set(await show(house_, link)) == {FRONT}

    simulate(main())


class _Doubtful:
    """The hub's clock, believed or not."""

    def __init__(self) -> None:
        self.trusted = True


def test_while_nobody_knows_the_time_no_code_is_told_for_the_first_time_and_no_link_ends(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            link, doubtful = await booked(house_), _Doubtful()
            desk = replace(house_.hub.desk, trusted=lambda: doubtful.trusted)

            def look(tx: Tx) -> GuestPage | None:
                return guest_page.find(tx, desk, link.reveal())

            doubtful.trusted = False
            page = await house_.hub.store.read(look)
            assert page is not None
            assert page.gate == Withhold("the hub does not know the time for certain")
            assert page.told == frozenset()
            await show(house_, link)  # it was shown while the time was known
            page = await house_.hub.store.read(look)
            assert page is not None
            assert page.told == {FRONT}
            await house_.until(CHECK_OUT + MINUTE)
            assert await house_.hub.store.read(look) is not None
            doubtful.trusted = True
            assert await house_.hub.store.read(look) is None

    simulate(main())


# ---- the text -------------------------------------------------------------------------------------------------------


async def _text(house_: Home, public_url: str | None) -> str:
    id_, desk = (await house_.stay()).id, house_.hub.desk
    return await house_.hub.store.write(lambda tx: guest_text.write(tx, desk, id_, "account:Robin", public_url))


def test_the_text_carries_the_link_or_the_code_with_the_telephone_number(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE, guest_phone="+49 170 1234567") as house_:
            link = await booked(house_)
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
            assert ("account:Robin", "code shown") in await deeds_of(house_)

    simulate(main())


@pytest.mark.parametrize("bad", ["call me", "+", "12", "javascript:alert(1)", "+49 170 <b>"])
def test_a_telephone_number_that_nobody_can_dial_is_refused(tmp_path: Path, bad: str) -> None:
    async def main() -> None:
        async with home(tmp_path) as house_:
            now = house_.hub.clock.now()
            with pytest.raises(Rejected, match="must be a telephone number"):
                await house_.hub.store.write(
                    lambda tx: guest_text.of_property(tx, PropertyId("house"), Words(bad, ""), "account:Robin", now)
                )

    simulate(main())


def test_what_is_written_for_guests_changes_no_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=DAY_BEFORE) as house_:
            await booked(house_)
            before, now = await house_.digits(), house_.hub.clock.now()
            text = "The key box is  empty.\r\n\r\n\r\n\r\nThe network:\tHouse"

            def work(tx: Tx) -> None:
                guest_text.of_property(tx, PropertyId("house"), Words("+49 170 1", text), "account:Robin", now)
                guest_text.of_unit(tx, FLAT, "Second floor", "account:Robin", now)

            await house_.hub.store.write(work)
            place = await house_.hub.store.read(lambda tx: house.property_with(tx, PropertyId("house")))
            assert place is not None
            assert place.instructions == "The key box is empty.\n\nThe network: House"
            assert await house_.digits() == before

    simulate(main())
