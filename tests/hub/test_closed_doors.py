"""Guests learn that a lock-down closes their door, and that their code opens it again: once each, in calm words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub import closed_doors, guest_page
from hub.emergency import Done
from hub.emergency_wishes import Act, Wish
from hub.model.facts import Mode, ModeTold
from hub.model.values import Address, LockId, PropertyId
from hub.opened_doors import on_page
from hub.reaching_guests import How
from hub.store import emergencies, log
from hub.store import house as rooms
from hub.store.closed_doors import told
from hub.store.engine import Tx
from hub.store.guest_messages import MessageState
from hub.store.stays import StayRow
from hub.store.tables import grants
from tests.hub.test_guest_messages import with_guest, written
from tests.simulators.box import box
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, Idle, home, simulate
from tests.simulators.managers.all import MANAGERS
from tests.simulators.managers.desk import Desk
from tests.simulators.managers.plugged import plugged

HOUSE, FRONT = PropertyId("house"), LockId("front")
HERE = datetime(2027, 3, 1, 15, 30, tzinfo=UTC)
DOWN = Wish(Act.LOCK_DOWN, "A break-in next door", property=HOUSE)
CODE = Wish(Act.CODE, "The plumber", property=HOUSE)


def _call_us(tx: Tx) -> None:
    (place,) = rooms.properties(tx)
    rooms.keep_property(tx, replace(place, guest_phone="+49 30 1234"))


async def _told_mode(house: Home, mode: Mode) -> None:
    hub = house.hub
    fact = ModeTold(Address("front"), hub.clock.now(), mode)
    await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "memory"))


async def do(house: Home, wish: Wish) -> Done:
    foreseen = await house.hub.emergencies.prepare(wish, "Rosa")
    return await house.hub.emergencies.carry_out(foreseen.id, "Rosa")


async def release(house: Home) -> None:
    for row in await house.hub.store.read(emergencies.lockdowns):
        await do(house, Wish(Act.RELEASE, "All is well", lockdown=row.id))


async def audited(house: Home, stay: StayRow, action: str = closed_doors.TOLD) -> list[str]:
    def work(tx: Tx) -> list[str]:
        return [deed.detail for deed in reversed(log.deeds(tx, f"stay:{stay.id}")) if deed.action == action]

    return await house.hub.store.read(work)


async def whom(house: Home) -> list[tuple[str, How]]:
    def work(tx: Tx) -> list[tuple[str, How]]:
        rows = emergencies.lockdowns(tx)
        return [(each.name, each.how) for row in rows for each in closed_doors.told_of(tx, row)]

    return await house.hub.store.read(work)


async def page(house: Home, row: StayRow) -> tuple[str, ...]:
    hub = house.hub
    return (await hub.store.read(lambda tx: guest_page.look(tx, hub.desk, row, None))).opened


def test_a_guest_is_written_to_once_when_it_begins_and_once_when_their_code_is_back(tmp_path: Path) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await house.hub.store.write(_call_us)
        await house.until(HERE)
        await do(house, DOWN)
        await house.later(seconds=50)
        assert desk.letters == []
        await house.later(minutes=40)
        (first,) = [text for _, text in desk.letters]
        assert first == (
            "Hello,\n\nFor the time being guests' codes do not open Front, yours included. From inside you can always leave. We "
            "write to you as soon as your code works there again. If you need help, please call +49 30 1234.\n\nHouse"
        )
        assert await whom(house) == [(stay.guest, How.MESSAGE)]
        house.lock("front").silent = True
        await release(house)
        await house.later(minutes=5)
        assert len(desk.letters) == 1, "their code is not back"
        house.lock("front").silent = False
        await house.driver.wake("front")
        await _told_mode(house, Mode.VACATION)
        await house.later(minutes=10)
        assert len(desk.letters) == 1, "its keypad takes no code"
        await _told_mode(house, Mode.NORMAL)
        await house.later(minutes=20)
        (_, (_, last)) = desk.letters
        assert last == (
            "Hello,\n\nYour code opens Front again. If it does not open within a few minutes, please call +49 30 1234.\n\nHouse"
        )
        assert await audited(house, stay) == ["closed: Front (message)", "open again: Front (message)"]
        assert not await house.hub.store.read(told)

    with_guest(tmp_path, test)


def test_of_a_lock_down_that_is_over_at_once_or_before_the_words_have_left_a_guest_hears_nothing(
    tmp_path: Path,
) -> None:
    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await house.until(HERE)
        await do(house, DOWN)
        await house.later(seconds=20)
        await release(house)
        await house.later(minutes=30)
        assert await audited(house, stay) == []
        assert await page(house, stay) == ()
        desk.refuses = 429
        await do(house, DOWN)
        await house.later(minutes=2)
        await release(house)
        await house.later(minutes=2)
        desk.refuses = 0
        await house.later(hours=3)
        assert desk.letters == []
        assert [message.state for message in await written(house, stay)] == [MessageState.LET_GO]
        assert await audited(house, stay) == ["closed: Front (message)"]
        (sentence,) = await page(house, stay)
        assert sentence == (
            "Guests' codes did not open Front from 2027-03-01 17:00 until 2027-03-01 17:02. That is over."
        )

    with_guest(tmp_path, test)


def test_whoever_comes_while_it_lasts_is_told_a_day_before_and_a_restart_tells_nobody_again(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front"))]
        async with home(tmp_path, memories) as house:
            house.book("one", date(2027, 2, 26), date(2027, 3, 1))
            house.book("two", date(2027, 3, 2), date(2027, 3, 7), guest="Grace Hopper")
            house.book("three", date(2027, 4, 5), date(2027, 4, 7), guest="Mary")
            await house.later(minutes=4)
            await do(house, DOWN)
            await house.later(minutes=5)
            assert await whom(house) == [("Ada Lovelace", How.NOBODY)]
        async with home(tmp_path, memories, start=START + timedelta(minutes=20), furnish=False, calendar=Idle) as house:
            await house.later(minutes=20)
            gone, coming = await house.stay(), await house.stay("Grace Hopper")
            assert await audited(house, gone) == ["closed: Front (nobody)"]
            await house.hub.store.write(lambda tx: guest_page.token_of(tx, house.hub.desk, coming.id, "ada"))
            await house.until(datetime(2027, 3, 1, 14, 20, tzinfo=UTC))
            assert await whom(house) == [("Grace Hopper", How.PAGE)], "whoever has left needs to know nothing more"
            await release(house)
            await house.later(minutes=5)
            assert await audited(house, coming) == ["closed: Front (page)", "open again: Front (page)"]
            assert await audited(house, await house.stay("Mary")) == []
            assert await audited(house, gone) == ["closed: Front (nobody)"]

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_two_lock_downs_of_one_door_are_one_word_and_one_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("back"))]) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.until(HERE)
            stay = await house.stay()
            await do(house, Wish(Act.LOCK_DOWN, "The lock sticks", lock=FRONT))
            await house.later(minutes=5)
            await do(house, DOWN)
            await house.later(minutes=5)
            first, second = await house.hub.store.read(emergencies.lockdowns)
            await do(house, Wish(Act.RELEASE, "All is well", lockdown=second.id))
            await house.later(minutes=30)
            assert await audited(house, stay) == [
                "closed: Front (nobody)",
                "closed: Back (nobody)",
                "open again: Back (nobody)",
            ]
            await do(house, Wish(Act.RELEASE, "It runs", lockdown=first.id))
            await house.later(minutes=30)
            assert (await audited(house, stay))[3:] == ["open again: Front (nobody)"]

    simulate(main())


def test_a_lock_down_that_guests_are_not_to_be_told_of_is_not_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.until(HERE)
            stay = await house.stay()
            await do(house, replace(DOWN, tell_guest=False))
            await house.later(minutes=30)
            await release(house)
            await house.later(minutes=30)
            assert await audited(house, stay) == []
            assert await page(house, stay) == ()

    simulate(main())


def test_guests_of_a_door_that_gets_an_emergency_code_are_told_at_once_and_those_who_come_while_it_works(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with plugged(tmp_path, MANAGERS["guesty"]) as (house, desk):
            desk.book(1, nights=1)
            desk.book(2, day=1)
            await house.until(HERE)
            first, second = sorted(await house.stays(), key=lambda row: str(row.arrival))
            done = await do(house, replace(CODE, hours=24))
            assert [(each.stay, each.how) for each in done.guests] == [
                (first.id, How.MESSAGE),
                (second.id, How.MESSAGE),
            ]
            await house.later(minutes=2)
            (_, text), (_, same) = desk.letters
            assert text == same
            assert text.startswith(
                "Hello,\n\nThe house has a code of its own for emergencies at Front from 2027-03-01 16:30 until 2027-03-02 16:30 "
                "at the latest: somebody of the house may have to come in. Nothing changes for your own code."
            )
            assert done.pin is not None
            assert done.pin.reveal() not in text
            assert "plumber" not in text
            assert await audited(house, second, "tell guest of emergency code") == ["message"]
            quiet = await do(house, replace(CODE, tell_guest=False))
            assert [each.how for each in quiet.guests] == [How.NOT_TOLD]

            def later(tx: Tx) -> list[str]:
                (place,) = rooms.properties(tx)
                return on_page(tx, second, place, HERE + timedelta(days=2))

            assert await house.hub.store.read(later) == [
                "The house had a code of its own for emergencies at Front from 2027-03-01 16:30 until 2027-03-02 16:30."
            ]

    simulate(main())


def test_a_guest_whose_words_cannot_be_checked_holds_up_no_emergency_and_is_told_by_a_person(tmp_path: Path) -> None:
    """What is sealed of their code does not open any more, so nobody can see that a message does not hold it."""

    async def test(house: Home, desk: Desk, stay: StayRow) -> None:
        await house.until(HERE)
        damaged = update(grants).where(grants.c.stay_id == stay.id).values(pin=b"damaged")
        await house.hub.store.write(lambda tx: tx.sql.execute(damaged))
        done = await do(house, CODE)
        assert done.pin is not None
        assert [each.how for each in done.guests] == [How.NOBODY]
        await do(house, DOWN)
        await house.later(minutes=5)
        assert await whom(house) == [(stay.guest, How.NOBODY)]
        assert desk.letters == []

    with_guest(tmp_path, test)


def test_while_nobody_knows_the_time_no_guest_is_told_and_once_it_is_known_they_are(tmp_path: Path) -> None:
    async def main() -> None:
        async with box(tmp_path, Memory(Address("front"))) as (house, clock):
            house.book("one", date(2027, 3, 1), date(2027, 3, 4))
            await house.until(HERE)
            stay = await house.stay()
            clock.jump(timedelta(days=400))
            await do(house, DOWN)
            await house.later(minutes=10)
            assert await audited(house, stay) == []
            clock.synchronise()
            await house.later(minutes=3)
            assert await audited(house, stay) == ["closed: Front (nobody)"]

    simulate(main())
