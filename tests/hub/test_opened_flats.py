"""The guest of a flat that was opened in an emergency learns of it, by the way that reaches them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub import guest_page
from hub.emergency import Done
from hub.emergency_wishes import Act, Wish
from hub.model.values import LockId, Position, StayId
from hub.reaching_guests import How
from hub.store import log
from hub.store.engine import Tx
from hub.store.stays import StayRow
from tests.hub.test_guest_messages import with_guest
from tests.simulators.home import Home, home, simulate
from tests.simulators.managers.desk import Desk

FRONT = LockId("front")
HERE = datetime(2027, 3, 1, 15, 30, tzinfo=UTC)
OPEN = Wish(Act.UNLOCK, "A child is locked in", lock=FRONT)


async def _do(house: Home, wish: Wish = OPEN) -> Done:
    foreseen = await house.hub.emergencies.prepare(wish, "Rosa")
    return await house.hub.emergencies.carry_out(foreseen.id, "Rosa")


async def _guest_in(house: Home, *, link: bool) -> StayRow:
    house.book("one", date(2027, 3, 1), date(2027, 3, 4))
    await house.until(HERE)
    row = await house.stay()
    if link:
        await house.hub.store.write(lambda tx: guest_page.token_of(tx, house.hub.desk, row.id, "ada"))
    return row


async def _page(house: Home, row: StayRow) -> tuple[str, ...]:
    hub = house.hub
    return (await hub.store.read(lambda tx: guest_page.look(tx, hub.desk, row, None))).opened


async def _audited(house: Home, stay: StayId) -> list[str]:
    def work(tx: Tx) -> list[str]:
        return [deed.detail for deed in log.deeds(tx, f"stay:{stay}") if deed.action == "tell guest of opened door"]

    return await house.hub.store.read(work)


def test_a_guest_who_can_be_written_to_is_and_it_is_written_down(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await house.until(HERE)
        (ahead,) = (await house.hub.emergencies.prepare(OPEN, "Rosa")).guests
        assert ahead.stay == stay.id
        done = await _do(house)
        assert [(each.stay, each.how) for each in done.guests] == [(stay.id, How.MESSAGE)]
        await house.later(minutes=5)
        ((_, text),) = desk.letters
        assert "Front was opened from afar in an emergency on 2027-03-01 16:30." in text
        assert "child" not in text, "why is the house's own matter"
        assert await _audited(house, stay.id) == ["message"]

    with_guest(tmp_path, test)


@pytest.mark.parametrize(("link", "how"), [(True, How.PAGE), (False, How.NOBODY)], ids=["a page", "nothing"])
def test_a_guest_whom_no_channel_reaches_finds_it_on_their_page_or_a_person_has_to_tell_them(
    tmp_path: Path, link: bool, how: How
) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            row = await _guest_in(house, link=link)
            done = await _do(house)
            assert [each.how for each in done.guests] == [how]
            (sentence,) = await _page(house, row)
            assert sentence.startswith("Front was opened from afar in an emergency on 2027-03-01 16:30.")
            assert await _audited(house, row.id) == [how.value]

    simulate(main())


def test_who_is_not_to_be_told_is_not_and_the_trail_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            row = await _guest_in(house, link=True)
            done = await _do(house, replace(OPEN, tell_guest=False))
            assert [each.how for each in done.guests] == [How.NOT_TOLD]
            assert await _page(house, row) == ()
            assert await _audited(house, row.id) == ["not_told"]

    simulate(main())


def test_of_a_door_that_did_not_open_the_guest_hears_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            row = await _guest_in(house, link=True)
            house.lock("front").position = Position.JAMMED
            assert (await _do(house)).guests == ()
            assert await _page(house, row) == ()

    simulate(main())


def test_a_guest_who_comes_later_and_one_who_is_not_there_yet_hear_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.later(minutes=10)
            assert (await _do(house)).guests == ()
            await house.until(HERE)
            assert await _page(house, await house.stay()) == ()

    simulate(main())
