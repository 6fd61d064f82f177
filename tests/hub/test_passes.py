"""Passes in a whole hub on a virtual clock: who comes in, when, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import insert

from hub import people
from hub.errors import Rejected
from hub.health import findings
from hub.model.facts import BoltMoved
from hub.model.passes import EveryWeek, Turnover, read_hours
from hub.model.people import PersonKind
from hub.model.values import Address, How, LockId, PassId, PersonId, Pin, Position, Purpose
from hub.people import Who, Wish
from hub.store import codes, doors, log, passes, questions
from hub.store.engine import Tx
from hub.store.passes import Pass
from hub.store.tables import grants
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, START, Home, home, simulate

T = TypeVar("T")

FRONT, BACK = LockId("front"), LockId("back")
WEEKDAYS = EveryWeek(read_hours("Mon-Fri 08:00-17:00"))
BY = "account:Robin"


def monday(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """Berlin's time, in the week of the first of March."""
    return datetime(2027, 3, 1, hour - 1, minute, tzinfo=UTC) + timedelta(days=days)


async def decide(house: Home, work: Callable[[Tx], T]) -> T:
    return await house.hub.store.write(work)


async def person(house: Home, name: str = "Maria") -> PersonId:
    who = Who(name, PersonKind.CLEANER, phone="+49 170 1234567")
    return await decide(house, lambda tx: people.add(tx, house.hub.desk, who, BY))


async def given(house: Home, wish: Wish, name: str = "Maria") -> tuple[PassId, str]:
    """The pass, and what its holder was told to type."""
    id_ = await person(house, name)
    new = await decide(house, lambda tx: people.give(tx, house.hub.desk, id_, wish, BY))
    return new, await digits(house, new)


async def digits(house: Home, id_: PassId) -> str:
    told = await decide(house, lambda tx: people.reveal(tx, house.hub.desk, id_, BY))
    return told[0][1].reveal()


async def pass_row(house: Home, id_: PassId) -> Pass:
    found = await house.hub.store.read(lambda tx: passes.pass_with(tx, id_))
    assert found is not None
    return found


def test_a_cleaner_comes_in_within_the_hours_and_not_outside(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            _, pin = await given(house, Wish((FRONT,), WEEKDAYS))
            front = house.lock("front")
            await house.later(minutes=1)
            assert await house.driver.press("front", pin), "it is Monday, ten o'clock"
            await house.until(monday(17) + timedelta(seconds=30))
            assert not front.holds(pin)
            await house.until(monday(7, days=1))
            assert not await house.driver.press("front", pin)
            await house.until(monday(8, days=1))
            assert await house.driver.press("front", pin), "the same digits as yesterday"
            await house.until(monday(12, days=5))
            assert not await house.driver.press("front", pin), "it is Saturday"

    simulate(work())


def test_the_hours_follow_the_clocks_into_summer(tmp_path: Path) -> None:
    async def work() -> None:
        start = datetime(2027, 3, 27, 12, tzinfo=UTC)
        async with home(tmp_path, start=start) as house:
            _, pin = await given(house, Wish((FRONT,), EveryWeek(read_hours("Sat-Sun 22:00-06:00"))))
            front = house.lock("front")
            await house.until(datetime(2027, 3, 27, 21, 1, tzinfo=UTC))
            assert front.holds(pin)
            await house.until(datetime(2027, 3, 28, 3, 59, tzinfo=UTC))
            assert front.holds(pin)
            await house.until(datetime(2027, 3, 28, 4, 1, tzinfo=UTC))
            assert not front.holds(pin), "six o'clock is an hour earlier today"
            await house.until(datetime(2027, 3, 28, 20, 1, tzinfo=UTC))
            assert front.holds(pin)

    simulate(work())


def test_after_a_restart_the_hours_go_on_with_the_same_digits(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def first() -> str:
        async with home(tmp_path, [memory]) as house:
            _, pin = await given(house, Wish((FRONT,), WEEKDAYS))
            await house.until(monday(12))
            assert memory.holds(pin)
            return pin

    async def then(start: datetime, at: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.until(at)

    pin = simulate(first())
    writes = len(memory.journal)
    simulate(then(monday(13), monday(14)))
    assert memory.holds(pin)
    assert len(memory.journal) == writes, "a restart reads, it does not rewrite"
    simulate(then(monday(20), monday(20, 10)))
    assert not memory.holds(pin), "its hours ended while nobody looked"
    simulate(then(monday(6, days=1), monday(9, days=1)))
    assert memory.holds(pin)


def test_a_code_for_one_time_works_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_, pin = await given(house, Wish((FRONT,), uses=1), "Plumber")
            await house.later(minutes=1)
            assert await house.driver.press("front", pin)
            await house.later(seconds=10)
            assert not await house.driver.press("front", pin)
            row = await pass_row(house, id_)
            assert (row.ended_at is not None, row.ended_why) == (True, "used up")

    simulate(work())


def test_doubled_and_late_reports_of_one_use_count_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_, pin = await given(house, Wish((FRONT,), uses=2))
            await house.later(minutes=1)
            assert await house.driver.press("front", pin)
            first, slot = house.hub.clock.now(), next(iter(house.lock("front").codes))
            await house.later(seconds=5)
            await house.driver.turn("front", Position.LOCKED)
            again = BoltMoved(Address("front"), first + timedelta(seconds=5), Position.UNLOCKED, How.KEYPAD, slot)
            for late in (again, again, replace(again, at=first)):
                await house.hub.store.write(lambda tx, late=late: house.hub.intake.absorb(tx, late, "memory"))  # type: ignore[misc]
            await house.later(minutes=1)
            assert (await pass_row(house, id_)).ended_at is None
            await house.driver.turn("front", Position.LOCKED)
            assert await house.driver.press("front", pin)
            await house.later(minutes=1)
            assert not await house.driver.press("front", pin)

    simulate(work())


def test_each_door_of_a_path_opens_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("back"))]) as house:
            id_, pin = await given(house, Wish((FRONT, BACK), uses=1))
            await house.later(minutes=1)
            assert await house.driver.press("front", pin)
            await house.later(minutes=1)
            assert not await house.driver.press("front", pin)
            assert (await pass_row(house, id_)).ended_at is None
            assert await house.driver.press("back", pin)
            await house.later(minutes=1)
            assert (await pass_row(house, id_)).ended_at is not None

    simulate(work())


def test_a_dead_lock_on_one_door_does_not_keep_anybody_out_of_the_other(tmp_path: Path) -> None:
    async def work() -> None:
        dead, good = Memory(Address("front")), Memory(Address("back"))
        async with home(tmp_path, [dead, good]) as house:
            dead.silent = True
            _, pin = await given(house, Wish((FRONT, BACK), WEEKDAYS))
            await house.later(minutes=1)
            assert await house.driver.press("back", pin)
            assert not dead.holds(pin)
            dead.silent = False
            await house.later(minutes=16)
            assert dead.holds(pin)
            dead.silent = True
            await house.until(monday(17, 1))
            assert not good.holds(pin)
            assert dead.holds(pin), "nobody could tell it"
            dead.silent = False
            await house.later(minutes=16)
            assert not dead.holds(pin)

    simulate(work())


def test_a_unit_is_cleaned_between_two_stays_and_the_code_follows_them(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            house.book("1", date(2027, 2, 27), date(2027, 3, 2))
            house.book("2", date(2027, 3, 2), date(2027, 3, 5), "Grace Hopper")
            _, pin = await given(house, Wish((FRONT,), Turnover(FLAT, timedelta(hours=3))))
            front = house.lock("front")
            await house.later(minutes=10)
            assert not front.holds(pin)
            await house.until(monday(10, days=1))
            house.rebook("1", departure=date(2027, 3, 1))  # they left yesterday: today there is nothing to wait for
            house.rebook("2", departure=date(2027, 3, 4))
            await house.until(monday(12, days=1))
            assert not front.holds(pin)
            await house.until(monday(11, days=3) + timedelta(minutes=1))
            assert front.holds(pin), "Grace Hopper has left a day early"
            await house.until(monday(14, days=3) + timedelta(minutes=1))
            assert not front.holds(pin)

    simulate(work())


def test_a_pause_takes_the_code_out_and_the_same_digits_come_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_, pin = await given(house, Wish((FRONT,)))
            await house.later(minutes=1)
            await decide(house, lambda tx: people.pause(tx, house.hub.desk, id_, BY))
            await house.later(minutes=1)
            assert not house.lock("front").holds(pin)
            await house.later(hours=6)
            await decide(house, lambda tx: people.resume(tx, house.hub.desk, id_, BY))
            await house.later(minutes=1)
            assert house.lock("front").holds(pin)
            await decide(house, lambda tx: people.end(tx, house.hub.desk, id_, BY))
            await decide(house, lambda tx: people.reopen(tx, house.hub.desk, id_, BY))
            await house.later(minutes=1)
            assert house.lock("front").holds(pin)

    simulate(work())


def test_who_leaves_opens_nothing_and_who_comes_back_does(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_, pin = await given(house, Wish((FRONT,)))
            who = (await pass_row(house, id_)).person
            await house.later(minutes=1)
            await decide(house, lambda tx: people.leave(tx, house.hub.desk, who, BY))
            await house.later(minutes=1)
            assert not house.lock("front").holds(pin)
            await decide(house, lambda tx: people.come_back(tx, house.hub.desk, who, BY))
            await house.later(minutes=1)
            assert house.lock("front").holds(pin)

    simulate(work())


def test_new_digits_replace_the_old_ones_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_, pin = await given(house, Wish((FRONT,)))
            await house.later(minutes=1)
            await decide(house, lambda tx: people.redraw(tx, house.hub.desk, id_, BY))
            await house.later(minutes=1)
            other = await digits(house, id_)
            assert other != pin
            assert (house.lock("front").holds(other), house.lock("front").holds(pin)) == (True, False)

    simulate(work())


@pytest.mark.parametrize("shown", [False, True])
def test_digits_that_a_lock_turns_out_not_to_take_are_drawn_anew_unless_somebody_knows_them(
    tmp_path: Path, shown: bool
) -> None:
    async def work() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("back"))]) as house:
            id_ = await person(house)
            new = await decide(house, lambda tx: people.give(tx, house.hub.desk, id_, Wish((FRONT, BACK)), BY))
            if shown:
                await digits(house, new)
            memory = house.lock("front")
            memory.digits = (4, 4)
            await house.driver.meet(memory)
            await house.later(minutes=1)
            row = await pass_row(house, new)
            assert {door.lock: door.digits for door in row.doors} == (
                {FRONT: 6, BACK: 6} if shown else {FRONT: 4, BACK: 4}
            )
            sentences = [each.sentence for each in await house.hub.store.read(lambda tx: findings(tx, house.hub))]
            said = "The pass of Maria: Front does not take codes of 6 digits."
            assert (said in sentences) is shown, "a person decides"
            if not shown:
                pin = await digits(house, new)
                assert memory.codes == {1: pin}
                assert list(house.lock("back").codes.values()) == [pin]

    simulate(work())


def test_a_lock_is_met_though_no_digits_are_left_that_it_takes(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path, code_distance=1) as house:
            hub, memory = house.hub, house.lock("front")
            id_ = await person(house)
            new = await decide(house, lambda tx: people.give(tx, hub.desk, id_, Wish((FRONT,)), BY))
            house.book("a", date(2027, 3, 1), date(2027, 3, 3))
            await house.later(minutes=4)
            await decide(house, lambda tx: _all_given_lately(tx, house))
            before = await house.digits()
            memory.digits = (4, 4)
            memory.codes.clear()
            await house.driver.meet(memory, replaced=True)
            await house.later(minutes=1)
            door = await hub.store.read(lambda tx: doors.door(tx, FRONT))
            assert door is not None
            assert door.abilities is not None
            assert (door.abilities.max_digits, door.emptied_at is not None) == (4, True)
            assert [each.digits for each in (await pass_row(house, new)).doors] == [6]
            assert await house.digits() == before, "it is not given up for none"
            said = {each.sentence for each in await hub.store.read(lambda tx: findings(tx, hub))}
            asked = {each.sentence for each in await hub.store.read(questions.open_questions)}
            assert "The pass of Maria: Front does not take codes of 6 digits." in said
            assert "Front refuses the code of Ada Lovelace: it takes codes of 4 digits." in asked

    simulate(work())


def _all_given_lately(tx: Tx, house: Home) -> None:
    now, tag = house.hub.clock.now(), house.hub.vault.tag
    one = {"lock_id": FRONT, "purpose": Purpose.GUEST.value, "label": "", "digits": 4, "end": now, "made_at": now}
    one["start"] = now - timedelta(days=1)
    gone = [one | {"id": f"gone-{number}", "tag": tag(Pin(f"{number:04}"))} for number in range(10_000)]
    tx.sql.execute(insert(grants), gone)


def test_a_pass_stops_no_lock_that_says_it_takes_no_code_at_all(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_ = await person(house)
            new = await decide(house, lambda tx: people.give(tx, house.hub.desk, id_, Wish((FRONT,)), BY))
            before = await pass_row(house, new)
            house.lock("front").digits = (1, 3)
            await house.driver.meet(house.lock("front"))
            assert await pass_row(house, new) == before

    simulate(work())


def test_the_digits_stay_the_persons_while_their_hours_are_not(tmp_path: Path) -> None:
    """Nobody else is given them, though the lock does not hold them."""

    async def work() -> None:
        async with home(tmp_path) as house:
            id_, _ = await given(house, Wish((FRONT,), WEEKDAYS))
            await decide(house, lambda tx: people.pause(tx, house.hub.desk, id_, BY))
            await house.later(minutes=5)
            row = await pass_row(house, id_)
            on_door = await house.hub.store.read(lambda tx: codes.tags_on(tx, FRONT))
            assert row.doors[0].tag in on_door

    simulate(work())


def test_the_access_log_names_the_person(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            _, pin = await given(house, Wish((FRONT,)), "Maria")
            await house.later(minutes=1)
            await house.driver.press("front", pin)
            [entry] = await house.hub.store.read(lambda tx: log.entries(tx, log.Filter(what=log.UNLOCKED)))
            assert entry.who == "Maria"
            assert entry.grant is not None
            grant = entry.grant
            held = await house.hub.store.read(lambda tx: codes.issued(tx, grant))
            assert held is not None
            assert held.purpose is Purpose.STAFF

    simulate(work())


def test_a_lock_that_does_not_say_whose_code_was_typed_counts_no_uses(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            _, pin = await given(house, Wish((FRONT,)), "Maria")
            await house.later(minutes=1)
            assert house.lock("front").holds(pin)
            dumb = BoltMoved(Address("front"), house.hub.clock.now(), Position.UNLOCKED, How.KEYPAD, None)
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, dumb, "memory"))
            with pytest.raises(Rejected, match="Front does not say whose code was typed"):
                await given(house, Wish((FRONT,), uses=3), "Plumber")

    simulate(work())


def test_while_the_time_is_not_known_nothing_begins_and_what_is_ended_ends(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            id_, _ = await given(house, Wish((FRONT,)))
            other, _ = await given(house, Wish((FRONT,)), "Ines")
            desk = replace(house.hub.desk, trusted=lambda: False)
            await decide(house, lambda tx: people.pause(tx, desk, id_, BY))
            live = await house.hub.store.read(passes.granted)
            assert [entry.grant.revoked for entry in live[id_]] == [True]
            await decide(house, lambda tx: people.redraw(tx, desk, other, BY))
            live = await house.hub.store.read(passes.granted)
            assert [entry.grant.revoked for entry in live[other]] == [True], "the new one waits for the time"

    simulate(work())


def test_at_rest_nothing_is_written(tmp_path: Path) -> None:
    async def work() -> None:
        async with home(tmp_path) as house:
            _, pin = await given(house, Wish((FRONT,), WEEKDAYS))
            await house.later(minutes=30)
            before = house.lock("front").commands
            await house.until(START + timedelta(hours=5))
            assert house.lock("front").holds(pin)
            assert house.lock("front").commands == before

    simulate(work())
