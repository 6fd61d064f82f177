"""What users of other hubs complain about most, where it concerns codes: each with a test that it does not happen here.

The numbers and links are those of the survey of such complaints; each is an issue of a public repository on GitHub.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hub.health import findings
from hub.model.values import Address, How, Position, StayKind
from hub.store import codes, log
from hub.store.house import ClosedMeans
from hub.store.log import Filter
from hub.store.sqlite import APPLICATION_ID
from tests.simulators.building import Memory
from tests.simulators.home import START, Home, home, simulate

ARRIVAL, DEPARTURE = date(2027, 3, 2), date(2027, 3, 4)
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
GRACE = "Grace Hopper"
TABLES = Path(__file__).parents[1] / "hub" / "store" / "saved"


def front(**more: object) -> Memory:
    return Memory(Address("front"), **more)  # type: ignore[arg-type]  # as the test names them


async def arrived(house: Home) -> str:
    """Ada's code, once she may come in."""
    house.book("a", ARRIVAL, DEPARTURE)
    await house.until(CHECK_IN)
    return await house.digits()


def writes(memory: Memory) -> int:
    return sum(what == "write" for what, _, _ in memory.journal)


def test_1_a_code_stays_in_its_place_while_its_stay_lives(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#163: codes moved between slots, and a guest stood outside at 00:18."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await arrived(house)
            place = {slot for slot, held in memory.codes.items() if held == digits}
            house.book("b", date(2027, 3, 1), date(2027, 3, 2), GRACE)
            house.rebook("a", departure=date(2027, 3, 5))
            await house.later(days=1)
            assert {slot for slot, held in memory.codes.items() if held == digits} == place
            assert writes(memory) == 1

    simulate(main())


def test_2_a_guest_of_today_is_not_pushed_out_by_bookings_of_july(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#589, #546, #521, #535."""
    memory = front(slots=1)

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            for number in range(10):
                house.book(f"july-{number}", date(2027, 7, 1 + 2 * number), date(2027, 7, 3 + 2 * number), f"G{number}")
            assert memory.holds(await arrived(house))

    simulate(main())


def test_3_a_code_that_is_lost_on_its_way_is_not_adding_for_ever(tmp_path: Path) -> None:
    """FutureTense/keymaster#55, #129, #270, #310, #373, #447, #520, #694."""
    lost = iter(["answer", "command", "answer"] * 4)
    memory = front(lose=lambda _what: next(lost, None))

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            assert memory.holds(await arrived(house))

    simulate(main())


def test_4_a_lock_that_says_yes_and_keeps_nothing_is_found_out(tmp_path: Path) -> None:
    """home-assistant/core#98591, #67354, #117828, #50496; FutureTense/keymaster#525."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await arrived(house)
            memory.codes.clear()  # seconds later it is gone, and the lock says nothing
            await house.later(days=1, hours=1)
            assert memory.holds(digits)

    simulate(main())


def test_5_a_bad_calendar_answer_takes_no_code_away(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#245, #126, #272, #316."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await arrived(house)
            for answer in ("it is no calendar", None):
                house.calendar.broken, house.calendar.stays = answer, ()
                await house.later(hours=6)
                assert memory.holds(digits)

    simulate(main())


def test_6_a_lock_at_rest_is_left_in_peace(tmp_path: Path) -> None:
    """FutureTense/keymaster#460, #479, #520; raman325/lock_code_manager#776; rental-control#240, #323: endless loops."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await arrived(house)
            await house.later(hours=1)
            before = memory.commands
            await house.later(days=1)
            assert memory.commands - before <= 2
            assert writes(memory) == 1

    simulate(main())


def test_7_a_masked_code_is_not_written_again_and_again(tmp_path: Path) -> None:
    """raman325/lock_code_manager#1083; FutureTense/keymaster#589."""
    memory = front(masked=True, reads_codes=False)

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            assert memory.holds(await arrived(house))
            await house.until(CHECK_OUT - timedelta(minutes=5))
            assert writes(memory) == 1

    simulate(main())


def test_8_places_that_are_not_used_are_looked_at_seldom(tmp_path: Path) -> None:
    """raman325/lock_code_manager#1278; FutureTense/keymaster#589; home-assistant/core#64067: 250 slots read for 16 used."""
    memory = front(slots=250)

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await house.later(minutes=1)
            assert memory.commands <= codes.MANAGED
            before = memory.commands
            await house.later(hours=12)
            assert memory.commands - before <= 4 * 12 + 1, (
                "one question in a quarter of an hour, so that no battery suffers"
            )
            await house.later(days=3)
            assert memory.commands <= 250
            await house.later(days=20)
            assert memory.commands <= 250, "and once a month"

    simulate(main())


def test_9_a_longer_and_a_moved_stay_are_followed(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#105, #219, #509; Gribadan/RentTools.io#22."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await arrived(house)
            house.rebook("a", departure=date(2027, 3, 6))
            await house.until(CHECK_OUT + timedelta(days=1))
            assert memory.holds(digits)
            await house.until(CHECK_OUT + timedelta(days=2, seconds=10))
            assert not memory.holds(digits)

    simulate(main())


def test_10_two_guests_of_one_door_never_have_the_same_code(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#734, #743, #741."""

    async def main() -> None:
        async with home(tmp_path, [front(digits=(4, 4))]) as house:
            for number in range(40):
                day = date(2027, 4, 1) + timedelta(days=number)
                house.book(f"{number}", day, day + timedelta(days=1), f"Guest {number}")
            await house.later(minutes=10)
            held = [await house.digits(f"Guest {number}") for number in range(40)]
            assert len(set(held)) == 40

    simulate(main())


def test_11_one_dead_lock_holds_up_no_other(tmp_path: Path) -> None:
    """raman325/lock_code_manager#1061, #1257, #1397."""
    memories = [front(), Memory(Address("dead"), silent=True)]

    async def main() -> None:
        async with home(tmp_path, memories) as house:
            assert memories[0].holds(await arrived(house))
            found = await house.hub.store.read(lambda tx: findings(tx, house.hub))
            assert any("Dead" in each.sentence for each in found), "and a person is told"

    simulate(main())


def test_12_a_restart_writes_and_clears_nothing(tmp_path: Path) -> None:
    """raman325/lock_code_manager#101, #250."""
    memory = front()

    async def first() -> None:
        async with home(tmp_path, [memory]) as house:
            await arrived(house)

    async def again() -> None:
        async with home(tmp_path, [memory], start=CHECK_IN + timedelta(hours=1), furnish=False) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=1)

    simulate(first())
    before = list(memory.journal)
    simulate(again())
    assert memory.journal == before


def test_13_a_code_outlives_an_outage_and_a_leaked_one_is_replaced(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#736, #735."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await arrived(house)
            memory.silent = True
            await house.later(hours=5)
            assert await house.digits() == digits
            memory.silent = False
            stay, hub = await house.stay(), house.hub
            await hub.store.write(lambda tx: hub.intake.redraw(tx, stay.id, "manager"))
            await house.later(minutes=6)
            fresh = await house.digits()
            assert fresh != digits
            assert memory.holds(fresh)
            assert not memory.holds(digits)

    simulate(main())


def test_14_an_early_check_in_is_picked_up(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#614, #198."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(minutes=10)
            house.rebook("a", check_in=CHECK_IN - timedelta(hours=3))
            await house.until(CHECK_IN - timedelta(hours=3))
            assert memory.holds(await house.digits())

    simulate(main())


def test_15_the_same_name_twice_is_two_stays_and_neither_is_made_anew(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#240, #304, #472: weekly renewals, deleted and added at each reading."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            house.book("b", DEPARTURE, date(2027, 3, 6))
            await house.later(hours=10)
            made = {stay.id for stay in await house.stays()}
            assert len(made) == 2
            await house.until(CHECK_OUT + timedelta(days=1))
            assert {stay.id for stay in await house.stays()} == made
            assert writes(memory) == 2

    simulate(main())


def test_16_a_thumb_turn_bears_nobodys_name(tmp_path: Path) -> None:
    """FutureTense/keymaster#323, #327, #449, #634, #646, #737; home-assistant/core#150824, #79939; zwave-js-ui#758."""

    async def main() -> None:
        async with home(tmp_path, [front()]) as house:
            digits = await arrived(house)
            assert await house.driver.press("front", digits)
            await house.driver.turn("front", Position.LOCKED)
            await house.later(minutes=1)
            await house.driver.turn("front", Position.UNLOCKED)
            entries = await house.hub.store.read(lambda tx: log.entries(tx, Filter(what=log.UNLOCKED)))
            told = {entry.how: entry.who for entry in entries}
            assert told[How.KEYPAD.value] == "Ada Lovelace"
            assert "Ada" not in told[How.MANUAL.value]

    simulate(main())


def test_17_a_closure_that_does_not_say_what_it_is_gives_nobody_a_code(tmp_path: Path) -> None:
    """tykeal/homeassistant-rental-control#241, #159, #177, #188; developeregrem/fewohbee#285."""
    memory = front()

    async def main() -> None:
        async with home(tmp_path, [memory], closed_means=ClosedMeans.ASK) as house:
            house.book("a", ARRIVAL, DEPARTURE, "", kind=StayKind.UNKNOWN)
            await house.until(CHECK_IN)
            assert memory.codes == {}

    simulate(main())


def test_19_an_upgrade_in_high_season_leaves_every_code_where_it_is(tmp_path: Path) -> None:
    """FutureTense/keymaster#454, #507, #185, #527: from the first release of the tables to this one, with a guest inside."""
    memory = front()

    async def before() -> str:
        async with home(tmp_path, [memory]) as house:
            return await arrived(house)

    async def after(digits: str) -> None:
        async with home(tmp_path, [memory], start=CHECK_IN + timedelta(hours=1), furnish=False) as house:
            house.book("a", ARRIVAL, DEPARTURE)
            await house.later(hours=1)
            assert [each for each in memory.journal if digits in each] == [("write", 1, digits)]
            assert {what for what, _, _ in memory.journal} == {"write"}, "backup codes came since, and nothing went"
            assert await house.digits() == digits
            await house.until(CHECK_OUT + timedelta(seconds=10))
            assert not memory.holds(digits)

    digits = simulate(before())
    _put_back_to_the_first_release(tmp_path / "gatehouse.db")
    simulate(after(digits))


_SINCE_THEN = (
    "properties",
    "locks",
    "units",
    "unit_locks",
    "channels",
    "lock_state",
    "stays",
    "stay_sources",
    "grants",
    "slots",
)


def _put_back_to_the_first_release(database: Path) -> None:
    """The tables as they were, with of this house what they had room for."""
    now = database.rename(database.with_name("now.db"))
    with closing(sqlite3.connect(database, isolation_level=None)) as old:
        old.executescript((TABLES / "0001.sql").read_text())
        old.execute(f"PRAGMA application_id={APPLICATION_ID}")
        old.execute("ATTACH ? AS now", (str(now),))
        for (table,) in old.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
            if table != "alembic_version":
                old.execute(f'DELETE FROM main."{table}"')  # noqa: S608
        for table in _SINCE_THEN:
            columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")  # noqa: S608


def test_20_a_stay_has_the_doors_of_its_unit_and_each_by_itself(tmp_path: Path) -> None:
    """FutureTense/keymaster#436, #510, #518, #319, #322: all or nothing, and children that got no codes."""
    memories = [front(), Memory(Address("gate"), masked=True, reads_codes=False), Memory(Address("late"), silent=True)]

    async def main() -> None:
        async with home(tmp_path, memories, start=START) as house:
            digits = await arrived(house)
            assert [memory.holds(digits) for memory in memories] == [True, True, False]
            memories[2].silent = False
            await house.later(minutes=6)
            assert memories[2].holds(digits)

    simulate(main())
