"""The main job on a virtual clock: a booking becomes a code, the code opens, the code goes. The real hub, doors in memory."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from hub import issuing
from hub.errors import Rejected
from hub.intake import NewStay
from hub.issuing import code_now
from hub.model.values import Address, LockId, StayKind, StayStatus
from hub.store import code_list, codes, log, proofs, questions, settings, stays, tables
from hub.store.house import ClosedMeans
from hub.store.stay_search import Wanted
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home, simulate

ARRIVAL, DEPARTURE = date(2027, 3, 2), date(2027, 3, 4)
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
"""15:00 in Berlin."""
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=10)


async def _booked(house: Home, **more: Any) -> str:
    house.book("a", ARRIVAL, DEPARTURE, **more)
    await house.later(minutes=10)
    return await house.digits()


@pytest.mark.usefixtures("either_database")
def test_a_booking_opens_the_door_from_the_lead_before_check_in_until_check_out(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN - timedelta(minutes=61))
            assert not await house.driver.press("front", digits), "before the lead"
            await house.until(CHECK_IN - timedelta(minutes=59))
            assert await house.driver.press("front", digits)
            await house.until(CHECK_OUT + MOMENT)
            assert house.lock("front").codes == {}

    simulate(main())


def test_one_code_opens_every_door_of_the_flat(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("flat"))]) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            assert [house.lock(name).holds(digits) for name in ("front", "flat")] == [True, True]

    simulate(main())


def test_doors_with_no_common_code_length_get_one_code_each(tmp_path: Path) -> None:
    async def main() -> None:
        four, eight = Memory(Address("front"), digits=(4, 4)), Memory(Address("flat"), digits=(6, 8))
        async with home(tmp_path, [four, eight]) as house:
            await _booked(house)
            by_door = await house.digits_by_door((await house.stay()).id)
            assert {lock: len(digits) for lock, digits in by_door.items()} == {"front": 4, "flat": 6}

    simulate(main())


def test_the_log_names_the_guest_who_held_the_slot_and_nobody_for_a_thumb_turn(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            await house.driver.press("front", digits)
            await house.later(minutes=1)
            await house.driver.turn("front", house.lock("front").position.LOCKED)
            entries = await house.hub.store.read(lambda tx: log.entries(tx, log.Filter()))
            moved = [(entry.what, entry.who) for entry in entries if entry.what in (log.LOCKED, log.UNLOCKED)]
            assert moved == [("locked", "somebody at the door"), ("unlocked", "Ada Lovelace")]
            assert (await house.stay()).arrived_at == CHECK_IN

    simulate(main())


def test_a_stay_that_moves_keeps_its_code_and_the_code_follows(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            house.rebook("a", departure=date(2027, 3, 6))
            await house.until(CHECK_OUT + timedelta(hours=1))
            assert house.lock("front").holds(digits), "the stay was extended"
            house.rebook("a", departure=date(2027, 3, 4))
            await house.later(minutes=10)
            assert house.lock("front").codes == {}, "it ended after all"
            assert [what for what, _, _ in house.lock("front").journal] == ["write", "clear"]

    simulate(main())


def test_a_changed_uid_is_the_same_stay(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house, reference="HMABCD1234")
            house.unbook("a")
            house.book("b", ARRIVAL, date(2027, 3, 5), reference="HMABCD1234")
            await house.later(minutes=10)
            assert await house.digits() == digits
            assert len(await house.stays()) == 1

    simulate(main())


def test_a_stay_missing_from_three_good_readings_over_half_an_hour_is_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _booked(house)
            house.book("b", date(2027, 4, 1), date(2027, 4, 3), "Grace Hopper")
            house.book("c", date(2027, 5, 1), date(2027, 5, 3), "Edsger Dijkstra")
            await house.later(minutes=10)
            house.unbook("a")
            await house.later(minutes=25)
            assert (await house.stay()).status is StayStatus.CONFIRMED, "not within half an hour"
            await house.later(minutes=15)
            assert (await house.stay()).status is StayStatus.CANCELLED

    simulate(main())


def test_a_guest_who_is_inside_is_never_put_out_by_a_calendar(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            house.book("b", date(2027, 4, 1), date(2027, 4, 3), "Grace Hopper")
            house.book("c", date(2027, 5, 1), date(2027, 5, 3), "Edsger Dijkstra")
            await house.until(CHECK_IN)
            await house.driver.press("front", digits)
            house.unbook("a")
            await house.later(hours=6)
            assert (await house.stay()).status is StayStatus.CONFIRMED
            assert house.lock("front").holds(digits)

    simulate(main())


def test_a_calendar_that_became_empty_cancels_nothing_and_asks(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            house.calendar.stays = ()
            await house.until(CHECK_IN)
            assert house.lock("front").holds(digits)
            asked = await house.hub.store.read(questions.open_questions)
            assert [question.kind for question in asked] == ["gone"]
            await house.hub.store.write(lambda tx: house.hub.intake.answer(tx, asked[0].id, "cancel", "manager"))
            await house.later(seconds=5)
            assert house.lock("front").codes == {}

    simulate(main())


def test_a_calendar_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            house.calendar.broken = "it sent a web page"
            await house.until(CHECK_IN)
            assert house.lock("front").holds(digits)
            assert await house.hub.store.read(questions.open_questions) == []

    simulate(main())


def test_a_closure_blocks_gives_no_code_and_asks_until_a_person_says_what_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            house.book("x", ARRIVAL, DEPARTURE, "", kind=StayKind.UNKNOWN)
            await house.until(CHECK_IN)
            assert house.lock("front").codes == {}
            (asked,) = await house.hub.store.read(questions.open_questions)
            assert asked.urgent_at == CHECK_IN
            await house.hub.store.write(lambda tx: house.hub.intake.answer(tx, asked.id, "reservation", "manager"))
            await house.later(minutes=10)
            assert len(house.lock("front").codes) == 1
            assert (await house.stays())[0].kind is StayKind.RESERVATION, "the next reading does not undo the answer"

    simulate(main())


@pytest.mark.parametrize(("closed_means", "codes_at_check_in"), [(ClosedMeans.RESERVATION, 1), (ClosedMeans.BLOCK, 0)])
def test_a_unit_may_say_what_closures_mean(tmp_path: Path, closed_means: ClosedMeans, codes_at_check_in: int) -> None:
    async def main() -> None:
        async with home(tmp_path, closed_means=closed_means) as house:
            house.book("x", ARRIVAL, DEPARTURE, "", kind=StayKind.UNKNOWN)
            await house.until(CHECK_IN)
            assert len(house.lock("front").codes) == codes_at_check_in
            assert await house.hub.store.read(questions.open_questions) == []

    simulate(main())


def test_lost_commands_and_lost_answers_end_in_the_same_place(tmp_path: Path) -> None:
    random = Random(5)

    def lose(_what: str) -> str | None:
        return random.choice(("command", "answer", None, None))

    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), lose=lose)]) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN - timedelta(minutes=30))
            assert list(house.lock("front").codes.values()) == [digits]
            await house.until(CHECK_OUT + timedelta(minutes=15))
            assert house.lock("front").codes == {}

    simulate(main())


def test_somebody_elses_code_is_listed_and_left_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), codes={1: "314159", 5: "271828"})]) as house:
            await _booked(house)
            await house.until(CHECK_OUT + MOMENT)
            assert house.lock("front").codes == {1: "314159", 5: "271828"}
            listed = await house.hub.store.read(code_list.listing)
            assert [code.slot.number for code in listed if code.slot and code.issued is None] == [1, 5]

    simulate(main())


def test_a_silent_lock_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("dead"), silent=True), Memory(Address("front"))]) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN - timedelta(minutes=59))
            assert house.lock("front").holds(digits)
            await house.until(CHECK_IN)
            house.lock("dead").silent = False
            await house.later(minutes=16)
            assert house.lock("dead").holds(digits), "without a person doing anything"

    simulate(main())


def test_a_lock_that_hides_digits_is_written_once_and_cleared_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), masked=True, reads_codes=False)]) as house:
            digits = await _booked(house)
            await house.until(CHECK_OUT + timedelta(hours=1))
            assert house.lock("front").journal == [("write", 1, digits), ("clear", 1, digits)]

    simulate(main())


def test_digits_that_a_lock_calls_taken_are_drawn_anew_for_every_door(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("flat"), slots=40)]
        async with home(tmp_path, memories) as house:
            first = await _booked(house)
            house.lock("flat").codes[35] = first  # beyond the slots the hub looks at
            await house.until(CHECK_IN)
            second = await house.digits()
            assert second != first
            assert house.lock("front").holds(second)
            assert house.lock("flat").holds(second)
            assert not house.lock("front").holds(first)

    simulate(main())


def test_a_restart_reads_and_does_not_rewrite(tmp_path: Path) -> None:
    memory = Memory(Address("front"))

    async def until_check_in() -> str:
        async with home(tmp_path, [memory]) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            return digits

    async def again(digits: str) -> None:
        async with home(tmp_path, [memory], start=CHECK_IN + timedelta(minutes=5)) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=1)
            assert memory.journal == [("write", 1, digits)]
            await house.until(CHECK_OUT + MOMENT)
            assert memory.codes == {}

    digits = simulate(until_check_in())
    simulate(again(digits))


def test_a_replaced_lock_gets_its_codes_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            house.lock("front").codes.clear()
            await house.driver.meet(house.lock("front"), replaced=True)
            await house.later(minutes=1)
            assert house.lock("front").holds(digits)

    simulate(main())


def test_in_safe_mode_locks_are_read_and_nothing_is_given_or_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _booked(house)
            await house.hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "restored"))
            await house.until(CHECK_IN)
            assert house.lock("front").codes == {}
            await house.hub.store.write(settings.leave_safe_mode)
            await house.later(minutes=1)
            assert len(house.lock("front").codes) == 1

    simulate(main())


def test_a_stay_by_telephone_can_be_extended_cancelled_and_brought_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            intake, write = house.hub.intake, house.hub.store.write
            new = NewStay(FLAT, ARRIVAL, DEPARTURE, "Alan Turing", phone="+44 20 7946 0018")
            id_ = await write(lambda tx: intake.add_stay(tx, new, "manager"))
            await house.until(CHECK_IN)
            digits = (await house.digits_by_door(id_))[LockId("front")]
            await write(lambda tx: intake.extend_stay(tx, id_, "manager", check_out=time(14)))
            await house.until(CHECK_OUT + timedelta(hours=2))
            assert house.lock("front").holds(digits), "late check-out"
            await write(lambda tx: intake.cancel_stay(tx, id_, "manager"))
            await house.later(seconds=5)
            assert house.lock("front").codes == {}
            await write(lambda tx: intake.restore_stay(tx, id_, "manager"))
            await house.later(seconds=5)
            assert len(house.lock("front").codes) == 1

    simulate(main())


def test_nobody_can_book_nights_that_are_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _booked(house)
            intake, write = house.hub.intake, house.hub.store.write
            with pytest.raises(Rejected, match="somebody else stays there"):
                await write(lambda tx: intake.add_stay(tx, NewStay(FLAT, ARRIVAL, DEPARTURE, "Alan Turing"), "manager"))
            back_to_back = NewStay(FLAT, DEPARTURE, date(2027, 3, 5), "Alan Turing")
            await write(lambda tx: intake.add_stay(tx, back_to_back, "manager"))

    simulate(main())


def test_a_code_now_works_at_once_and_ends_by_itself(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            until = house.hub.clock.now() + timedelta(hours=2)
            pin = await house.hub.store.write(
                lambda tx: code_now(tx, house.hub.desk, [LockId("front")], "Plumber", until)
            )
            await house.later(seconds=5)
            assert await house.driver.press("front", pin.reveal())
            await house.until(until + MOMENT)
            assert house.lock("front").codes == {}

    simulate(main())


def test_no_pin_is_left_in_the_ledger_once_the_code_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _booked(house)
            await house.until(CHECK_OUT + MOMENT)
            assert await house.hub.store.read(lambda tx: codes.open_grants(tx, LockId("front"))) == []

    simulate(main())


def test_the_lock_is_left_in_peace_while_nothing_changes(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _booked(house)
            await house.until(CHECK_IN + timedelta(minutes=1))
            before = house.lock("front").commands
            await house.later(hours=20)
            assert house.lock("front").commands == before

    simulate(main())


def test_a_code_drawn_before_its_lock_was_met_is_drawn_anew_to_fit_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("flat"))]) as house:
            six = await _booked(house)
            house.lock("front").digits = (4, 4)
            await house.driver.meet(house.lock("front"))
            await house.until(CHECK_IN)
            four = await house.digits()
            assert (len(six), len(four)) == (6, 4)
            assert [house.lock(name).holds(four) for name in ("front", "flat")] == [True, True]

    simulate(main())


@pytest.mark.parametrize("digits", [(1, 3), (12, 16), (8, 4)])
def test_a_lock_that_says_it_takes_no_code_at_all_stops_neither_its_driver_nor_the_calendar(
    tmp_path: Path, digits: tuple[int, int]
) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("flat"))]) as house:
            code = await _booked(house)
            house.lock("front").digits = digits
            await house.driver.meet(house.lock("front"))
            assert await house.digits() == code, "the lock itself will refuse it, if it does"
            house.book("later", date(2027, 4, 5), date(2027, 4, 8), "Grace Hopper")
            await house.later(hours=1)
            assert len(await house.digits("Grace Hopper")) == 6

    simulate(main())


@pytest.mark.parametrize("told", [False, True])
def test_digits_that_do_not_open_keep_no_other_guest_out(tmp_path: Path, told: bool) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await _booked(house)
            stay = await house.stay()
            if told:
                desk = house.hub.desk
                await house.hub.store.write(lambda tx: issuing.reveal(tx, desk, stay, "account:Robin"))
            broken = update(tables.grants).where(tables.grants.c.stay_id == stay.id).values(pin=b"damaged")
            await house.hub.store.write(lambda tx: tx.sql.execute(broken))
            house.book("next", DEPARTURE, DEPARTURE + timedelta(days=2), "Grace Hopper")
            await house.later(hours=1)
            assert len(await house.digits("Grace Hopper")) == 6
            await house.until(CHECK_IN)
            if told:
                (asked,) = await house.hub.store.read(questions.open_questions)
                assert asked.sentence == (
                    "Front refuses the code of Ada Lovelace: the hub itself cannot read its digits any more."
                )
            else:
                assert house.lock("front").holds(await house.digits())

    simulate(main())


def test_a_lock_without_a_keypad_is_no_door_to_wait_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front")), Memory(Address("bare"), slots=0)]) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            tally = await house.hub.store.read(
                lambda tx: proofs.tallies(tx, [row.id for row in stays.search(tx, Wanted())], CHECK_IN)
            )
            assert [(each.doors, each.proven) for each in tally.values()] == [(1, 1)]
            assert house.lock("front").holds(digits)

    simulate(main())
