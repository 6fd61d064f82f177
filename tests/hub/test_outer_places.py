"""Codes in places of a keypad that the hub does not manage: found in slow tours, listed, adoptable, kept clear of."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from hub import sightings
from hub.adopting import Wish
from hub.allocating import crowd
from hub.errors import Unavailable
from hub.health import findings
from hub.model.alerts import Kind
from hub.model.codes import CodeState
from hub.model.facts import SlotRead
from hub.model.tours import AGAIN, Tour
from hub.model.values import Address, LockId, Pin
from hub.store import alerts, code_list, codes, doors
from hub.store.engine import Tx
from tests.hub.test_taken_places import CHECK_IN
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, Idle, home, simulate

FRONT = LockId("front")


def _lock(**more: object) -> Memory:
    return Memory(Address("front"), slots=more.pop("slots", 34), **more)  # type: ignore[arg-type]


async def _strangers(house: Home) -> dict[int, CodeState | None]:
    listed = await house.hub.store.read(lambda tx: code_list.listing(tx, lock=FRONT))
    now, tags = house.hub.clock.now(), house.hub.tagbook.tags
    return {code.slot.number: code.state(now, tags) for code in listed if code.slot is not None and code.issued is None}


async def _nearly_round(house: Home, to: int) -> None:
    """As if a tour had come that far."""
    await house.hub.store.write(lambda tx: doors.learn(tx, FRONT, toured_to=to))


def test_they_are_read_one_by_one_and_what_is_found_is_listed_and_left_alone(tmp_path: Path) -> None:
    memory = _lock(codes={32: "471108", 34: "2580"})

    async def main() -> None:
        async with home(tmp_path, [memory], calendar=Idle) as house:
            await house.later(minutes=1)
            before = memory.commands
            await house.later(minutes=30)
            assert 1 <= memory.commands - before <= 3, "seldom: each costs its battery"
            await house.later(hours=1)
            assert await _strangers(house) == {32: CodeState.FOREIGN, 34: CodeState.FOREIGN}
            assert memory.journal == []
            done = memory.commands
            await house.later(days=20)
            assert memory.commands == done, "the next tour begins long after"
            memory.codes = {33: "998877"}
            await house.later(days=12)
            assert await _strangers(house) == {33: CodeState.FOREIGN}

    simulate(main())


def test_a_lock_without_such_places_is_asked_nothing_more(tmp_path: Path) -> None:
    memory = _lock(slots=30)

    async def main() -> None:
        async with home(tmp_path, [memory], calendar=Idle) as house:
            await house.later(hours=1)
            assert memory.commands == codes.MANAGED
            await house.later(days=40)
            assert memory.commands == codes.MANAGED

    simulate(main())


def test_a_tour_goes_on_after_a_restart(tmp_path: Path) -> None:
    memory = _lock(slots=250, codes={40: "471108"})

    async def first() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(hours=1)
            door = await house.hub.store.read(lambda tx: doors.door(tx, FRONT))
            assert door is not None
            assert 32 <= door.tour.to <= 36
            await _nearly_round(house, 39)

    async def then() -> None:
        async with home(tmp_path, [memory], start=START + timedelta(hours=2), furnish=False) as house:
            before = memory.commands
            await house.later(minutes=20)
            assert await _strangers(house) == {40: CodeState.FOREIGN}
            assert memory.commands - before <= 3

    simulate(first())
    simulate(then())


def test_a_new_code_keeps_clear_of_them(tmp_path: Path) -> None:
    memory = _lock(codes={31: "471108"})

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:

            async def objection(text: str) -> str | None:
                def work(tx: Tx) -> str | None:
                    return crowd(tx, house.hub.vault, [FRONT], house.hub.clock.now()).objection(Pin(text), 2)

                return await house.hub.store.read(work)

            assert await objection("471108") is None
            await house.later(hours=1)
            assert await objection("471108") == "is somebody's code there already, or was until lately"
            assert await objection("471109") == "is too much like somebody else's code there"

    simulate(main())


def test_a_guest_whose_digits_turn_out_to_be_there_gets_others(tmp_path: Path) -> None:
    memory = _lock(refuses_duplicates=False)

    async def main() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN - timedelta(hours=6)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.later(minutes=20)
            theirs = await house.digits()
            memory.codes[34] = theirs
            await house.later(minutes=80)
            assert await house.digits() != theirs
            assert memory.codes == {34: theirs}

    simulate(main())


def test_one_that_was_adopted_has_a_place_though_all_that_are_managed_are_taken(tmp_path: Path) -> None:
    memory = _lock(codes={**{number: f"{number + 580_000}" for number in range(1, 31)}, 33: "4711"})

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(hours=1)
            await house.hub.adopting.adopt(Wish(FRONT, 33, "The cleaner", START + timedelta(hours=9)), "manager")
            memory.silent = True
            await house.driver.program("front", 33, "4711")
            await house.later(minutes=30)
            found = [each.sentence for each in await house.hub.store.read(lambda tx: findings(tx, house.hub))]
            assert "The code of The cleaner is not proven in Front." in found

    simulate(main())


def test_one_is_adopted_and_taken_out_when_it_ends(tmp_path: Path) -> None:
    memory = _lock(codes={33: "4711"})

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(hours=1)
            await house.hub.adopting.adopt(Wish(FRONT, 33, "The cleaner", START + timedelta(hours=6)), "manager")
            assert memory.journal == []
            await house.later(hours=4)
            assert memory.holds("4711")
            await house.later(hours=2)
            assert memory.journal == [("clear", 33, "4711")]
            assert await _strangers(house) == {}
            assert all(slot.number <= codes.MANAGED for slot in await _slots(house)), "nothing is kept of it"

    simulate(main())


async def _slots(house: Home):  # type: ignore[no-untyped-def]
    return await house.hub.store.read(lambda tx: codes.slots_of(tx, FRONT))


def test_one_that_the_lock_tells_of_is_read_at_once(tmp_path: Path) -> None:
    memory = _lock(slots=250)

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(minutes=1)
            await house.driver.program("front", 200, "471108")
            await house.later(seconds=20)
            assert await _strangers(house) == {200: CodeState.FOREIGN}
            await house.driver.erase("front", 200)
            await house.later(seconds=20)
            assert await _strangers(house) == {}

    simulate(main())


def test_a_lock_that_hides_digits_tells_only_that_there_is_one(tmp_path: Path) -> None:
    memory = _lock(masked=True, reads_codes=False, codes={31: "4711"})

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(hours=1)
            assert await _strangers(house) == {31: CodeState.FOREIGN}
            slot = next(slot for slot in await _slots(house) if slot.number == 31)
            assert slot.tag is None

    simulate(main())


def test_a_silent_lock_is_not_asked_more_often_for_it(tmp_path: Path) -> None:
    memory = _lock(slots=250)

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(minutes=1)
            memory.silent = True
            before = memory.commands
            await house.later(hours=2)
            assert memory.commands - before <= 10
            memory.silent = False
            await house.later(hours=1)
            door = await house.hub.store.read(lambda tx: doors.door(tx, FRONT))
            assert door is not None
            assert door.tour.to >= 32

    simulate(main())


def test_a_place_that_never_answers_is_passed_by_and_asked_again_on_the_next_tour(tmp_path: Path) -> None:
    memory = _lock(codes={33: "4711", 34: "2580"})

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            part = house.driver.locks[Address("front")].keypad
            assert part is not None
            read, deaf = part.read, {31, 33}

            async def moody(slot: int) -> SlotRead:
                if slot in deaf:
                    raise Unavailable("the lock did not answer")
                return await read(slot)

            part.read = moody  # type: ignore[method-assign]
            for _ in range(4):
                await house.later(hours=1)
                assert (await _tour(house)).to <= 30, "a lock that is not heard at all may be away"
            for _ in range(10):
                await house.driver.wake("front")
                await house.later(minutes=15)
            assert await _strangers(house) == {34: CodeState.FOREIGN}
            assert await _tour(house) == Tour(34, (await _tour(house)).at, unread=frozenset({31, 33}))
            deaf.remove(33)
            await _a_month_ago(house)
            await house.later(hours=2)
            assert await _strangers(house) == {33: CodeState.FOREIGN, 34: CodeState.FOREIGN}
            assert (await _tour(house)).unread == {31}, "it was asked once"
            await house.hub.store.write(lambda tx: sightings.forget_slots(tx, FRONT, house.hub.clock.now()))
            assert (await _tour(house)).unread == frozenset()

    simulate(main())


async def _a_month_ago(house: Home) -> None:
    """As if the tour had ended then."""
    then = house.hub.clock.now() - AGAIN
    await house.hub.store.write(lambda tx: doors.learn(tx, FRONT, toured_at=then))


async def _tour(house: Home) -> Tour:
    door = await house.hub.store.read(lambda tx: doors.door(tx, FRONT))
    assert door is not None
    return door.tour


def test_a_code_that_was_the_hubs_own_is_not_taken_out_there_and_a_person_is_told(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 3))
            await house.later(minutes=20)
            was = await house.digits()
            assert memory.holds(was)
            await house.later(days=1)
            assert memory.codes == {}
            await house.driver.program("front", 34, was)
            await house.later(minutes=1)
            assert [row.kind for row in await house.hub.store.read(alerts.live)] == [Kind.CODE_COPIED], "at once"
            await house.later(hours=2)
            assert memory.codes == {34: was}
            assert await _strangers(house) == {34: CodeState.FOREIGN}
            (told,) = await _copied(house)
            assert told == "Place 34 of Front holds digits that were somebody's there, keyed in by somebody else."
            await house.driver.erase("front", 34)
            await house.later(minutes=33)
            assert await house.hub.store.read(alerts.live) == [], "half an hour after it went, not after the next look"
            await house.driver.program("front", 34, "908172")
            await house.later(minutes=1)
            assert await _copied(house) == [], "a stranger's own digits are theirs"
            memory.codes[34] = was
            await _nearly_round(house, 33)
            for _ in range(16):
                await house.later(minutes=1)
                if await _copied(house):
                    break
            await house.later(seconds=5)
            assert [row.kind for row in await house.hub.store.read(alerts.live)] == [Kind.CODE_COPIED], (
                "as soon as a tour has found it"
            )

    simulate(main())


async def _copied(house: Home) -> list[str]:
    found = await house.hub.store.read(lambda tx: findings(tx, house.hub))
    return [each.sentence for each in found if each.kind is Kind.CODE_COPIED]
