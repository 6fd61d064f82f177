from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from hub.health import findings
from hub.io.clock import LoopClock
from hub.model.codes import Slot, Write
from hub.model.facts import SlotRead
from hub.model.hours import UNHEARD_OF
from hub.model.values import Address, LockId, Pin, Proof
from hub.store import codes, doors, tables
from hub.store.engine import Tx
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)


async def _booked(house: Home) -> str:
    house.book("a", date(2027, 3, 2), date(2027, 3, 4))
    await house.later(minutes=10)
    return await house.digits()


def test_a_lock_whose_worker_fails_is_set_aside_and_comes_back_by_itself(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("odd"))]
        async with home(tmp_path, memories, start=CHECK_IN - timedelta(hours=2)) as house:
            odd = house.driver.locks[Address("odd")].keypad
            assert odd is not None
            broken = True
            sane = odd.read

            async def read(slot: int) -> SlotRead:
                if broken:
                    raise ZeroDivisionError
                return await sane(slot)

            odd.read = read  # type: ignore[method-assign]  # this lock's part has a fault
            digits = await _booked(house)
            await house.until(CHECK_IN)
            assert house.lock("front").holds(digits), "the other doors go on"
            found = await house.hub.store.read(lambda tx: findings(tx, house.hub))
            assert any("Odd was set aside" in finding.sentence for finding in found)
            broken = False
            await house.later(minutes=16)
            assert house.lock("odd").holds(digits)
            door = await house.hub.store.read(lambda tx: doors.door(tx, LockId("odd")))
            assert door is not None
            assert door.quarantined == ""

    simulate(main())


def test_a_silent_lock_is_asked_seldom_and_at_once_when_it_gives_a_sign_of_life(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(
            tmp_path, [Memory(Address("front"), silent=True)], start=CHECK_IN - timedelta(hours=2)
        ) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            before = house.lock("front").commands
            await house.later(hours=1)
            assert 10 <= house.lock("front").commands - before <= 15, "every five minutes"
            house.lock("front").silent = False
            await house.driver.wake("front")
            await house.later(seconds=10)
            assert house.lock("front").holds(digits)

    simulate(main())


def test_one_code_that_cannot_be_taken_away_is_tried_as_often_as_many(tmp_path: Path) -> None:
    """Found by the year: a lock with one thing to do was left alone for a quarter of an hour, not for five minutes."""

    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            await _booked(house)
            await house.until(CHECK_IN)
            house.lock("front").silent = True
            house.unbook("a")
            stay, hub = await house.stay(), house.hub
            await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, stay.id, "manager"))
            await house.later(hours=2)
            before = house.lock("front").commands
            await house.later(hours=2)
            assert house.lock("front").commands - before >= 20

    simulate(main())


def test_a_command_that_is_lost_after_a_long_silence_costs_seconds(tmp_path: Path) -> None:
    """Found by a whole year: as if the place itself had failed all day, the code of a guest who had left stayed."""

    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            digits = await _booked(house)
            await house.until(CHECK_IN)
            front, hub = house.lock("front"), house.hub
            front.silent = True
            await house.driver.fall_silent("front")
            house.unbook("a")
            stay = await house.stay()
            await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, stay.id, "manager"))
            await house.later(hours=6)
            assert front.holds(digits)
            lost = iter(["command"])
            front.silent, front.lose = False, lambda _what: next(lost, None)
            await house.driver.wake("front")
            await house.later(seconds=15)
            assert next(lost, None) is None
            assert not front.holds(digits)

    simulate(main())


def test_a_lock_that_is_removed_while_it_is_written_ends_nothing_but_its_own_worker(tmp_path: Path) -> None:
    async def main() -> None:
        memories = [Memory(Address("front")), Memory(Address("spare"))]
        async with home(tmp_path, memories, start=CHECK_IN - timedelta(hours=2)) as house:
            spare = house.driver.locks[Address("spare")].keypad
            assert spare is not None

            async def write(slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
                await house.hub.store.write(remove)
                raise ZeroDivisionError

            def remove(tx: Tx) -> None:
                """Without the signal, which may be late."""
                for table in (tables.slots, tables.grants, tables.unit_locks, tables.lock_state):
                    tx.sql.execute(delete(table).where(table.c.lock_id == "spare"))
                tx.sql.execute(delete(tables.locks).where(tables.locks.c.id == "spare"))

            spare.write = write  # type: ignore[method-assign]
            digits = await _booked(house)
            await house.until(CHECK_IN)
            assert house.lock("front").holds(digits)

    simulate(main())


def test_a_step_that_is_wrong_by_now_claims_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            await _booked(house)
            await house.until(CHECK_IN)
            front = LockId("front")
            (grant,) = await house.hub.store.read(lambda tx: codes.open_grants(tx, front))
            late = Write(5, grant.id)
            assert not await house.hub.reconciler._claim(front, late, grant.tag)
            slots = await house.hub.store.read(lambda tx: codes.slots_of(tx, front))
            assert [slot.number for slot in slots if slot.holder is not None or slot.claim is not None] == [1]

    simulate(main())


def test_a_guest_waits_no_quarter_of_an_hour_once_the_time_is_known(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            clock = house.hub.clock
            assert isinstance(clock, LoopClock)
            digits = await _booked(house)
            clock.trusted = False
            await house.until(CHECK_IN)
            assert not house.lock("front").holds(digits), "nothing is begun by a clock that nobody believes"
            clock.trusted = True
            await house.later(minutes=1)
            assert house.lock("front").holds(digits)

    simulate(main())


# ---- hours that the lock keeps itself ------------------------------------------------------------------------------

CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)


async def _sentences(house: Home) -> list[str]:
    found = await house.hub.store.read(lambda tx: findings(tx, house.hub))
    return [finding.sentence for finding in found]


def test_a_lock_that_can_ends_the_code_itself_when_the_hub_does_not_live_to(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), schedules=True)], start=CHECK_IN) as house:
            digits = await _booked(house)
            assert house.lock("front").hours[1].end == CHECK_OUT
            assert await house.driver.press("front", digits)
            house.lock("front").silent = True  # as a dead hub's lock is
            await house.until(CHECK_OUT)
            assert house.lock("front").holds(digits)
            assert not await house.driver.press("front", digits)

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_a_stay_that_is_extended_or_shortened_has_its_hours_told_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), schedules=True)], start=CHECK_IN) as house:
            digits = await _booked(house)
            for departure in (date(2027, 3, 6), date(2027, 3, 5)):
                house.rebook("a", departure=departure)
                await house.later(minutes=5)
                end = house.lock("front").hours[1].end
                assert end is not None
                assert end.date() == departure
            assert await house.driver.press("front", digits)

    simulate(main())


def test_the_next_guest_is_not_kept_out_by_the_hours_of_the_last(tmp_path: Path) -> None:
    """One place, which the lock goes on confining when its code is gone."""

    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), slots=1, schedules=True)], start=CHECK_IN) as house:
            house.book("b", date(2027, 3, 4), date(2027, 3, 6), guest="Bob")
            await _booked(house)
            losing = {"confine": "command"}
            await house.until(CHECK_OUT)
            house.lock("front").lose = losing.get
            bobs = await house.digits("Bob")
            await house.until(CHECK_OUT + timedelta(hours=4))
            assert house.lock("front").holds(bobs)
            assert not await house.driver.press("front", bobs)
            assert await _sentences(house) == ["The code of Bob is not proven in Front."]
            losing.clear()
            await house.later(minutes=16)
            assert await house.driver.press("front", bobs)
            assert await _sentences(house) == []

    simulate(main())


def test_hours_that_a_lock_refuses_are_lifted_and_the_hub_ends_the_code(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), slots=1, schedules=True)], start=CHECK_IN) as house:
            house.book("b", date(2027, 3, 4), date(2027, 3, 6), guest="Bob")
            await _booked(house)
            await house.until(CHECK_OUT)
            house.lock("front").refuses_hours = True
            await house.until(CHECK_OUT + timedelta(hours=4))
            bobs = await house.digits("Bob")
            assert await house.driver.press("front", bobs)
            before = house.lock("front").commands
            await house.later(hours=20)
            assert house.lock("front").commands - before <= 1, "it is not hammered"
            await house.until(datetime(2027, 3, 6, 10, 1, tzinfo=UTC))
            assert not house.lock("front").holds(bobs)

    simulate(main())


def test_hours_that_a_lock_neither_changes_nor_gives_up_are_told_to_a_person_before_they_shut_a_guest_out(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), schedules=True)], start=CHECK_IN) as house:
            await _booked(house)
            house.lock("front").refuses_hours = house.lock("front").refuses_lifting = True
            house.rebook("a", departure=date(2027, 3, 3))
            await house.later(minutes=5)
            assert await _sentences(house) == [], "the hub itself ends it"
            house.rebook("a", departure=date(2027, 3, 6))
            await house.later(hours=1)
            (early,) = await _sentences(house)
            assert early.startswith(
                "The code of Ada Lovelace will stop working in Front too early: the lock keeps to hours "
            )
            await house.until(CHECK_OUT + timedelta(minutes=1))
            (shut,) = await _sentences(house)
            assert shut.endswith(": the lock keeps to earlier hours, which are over, and does not give them up.")
            assert shut.startswith("The code of Ada Lovelace is not proven in Front")
            house.lock("front").refuses_lifting = False
            await house.later(minutes=20)
            assert await _sentences(house) == []
            assert await house.driver.press("front", await house.digits())

    simulate(main())


@pytest.mark.usefixtures("either_database")
def test_what_was_told_of_hours_outlives_the_hub(tmp_path: Path) -> None:
    memory = Memory(Address("front"), schedules=True)

    async def first() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN) as house:
            await _booked(house)

    async def second() -> list[Slot]:
        async with home(tmp_path, [memory], start=CHECK_IN + timedelta(minutes=20), furnish=False) as house:
            before = house.lock("front").commands
            await house.later(minutes=20)
            assert house.lock("front").commands == before, "nothing is told twice"
            return await house.hub.store.read(lambda tx: codes.slots_of(tx, LockId("front")))

    simulate(first())
    slots = simulate(second())
    assert (slots[0].hours.kept, slots[0].hours.told) == (True, memory.hours[1])


def test_after_a_restore_hours_are_told_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, [Memory(Address("front"), schedules=True)], start=CHECK_IN) as house:
            await _booked(house)
            told = house.lock("front").hours.pop(1)
            await house.hub.store.write(lambda tx: codes.keep_slot(tx, LockId("front"), Slot(2), START))
            await house.hub.store.write(lambda tx: codes.doubt_all(tx, START))
            (slot, second, *_) = await house.hub.store.read(lambda tx: codes.slots_of(tx, LockId("front")))
            assert second.hours == UNHEARD_OF, "also where the backup knows of none"
            assert slot.hours.shut(house.hub.clock.now()), "it may have been told others since"
            await house.hub.store.write(lambda tx: tx.signal("lock:front"))
            await house.later(minutes=1)
            assert house.lock("front").hours == {1: told}

    simulate(main())


def test_what_a_lock_says_again_is_one_line_in_the_ledger_and_news_to_pages_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN) as house:
            await _booked(house)
            writes, write = list[str](), house.hub.store.write

            async def counted(work):  # type: ignore[no-untyped-def]
                writes.append(getattr(work, "__qualname__", ""))
                return await write(work)

            house.hub.store.write = counted  # type: ignore[method-assign]
            asked = house.lock("front").commands
            async with house.hub.bus.listen("lock:front", "proof:front") as ear:
                await house.later(hours=26)
                assert "proof:front" in await anext(ear)
            assert house.lock("front").commands > asked, "once a day it is looked whether the code is still there"
            mine = [each for each in writes if each.startswith("Reconciler.")]
            assert mine
            assert not any("settle" in each for each in mine), "there are no digits to forget"

    simulate(main())
