"""Somebody gives a place that holds a code of ours other digits at the keypad, at a lock that hides its digits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hub.health import findings
from hub.model.alerts import Kind
from hub.model.facts import CodeChange, CodesChanged, LogRead, Remembered
from hub.model.values import Address, LockId
from hub.store import alerts, log
from hub.store import ladder as pulled
from hub.store.log import Filter
from hub.takeovers import DOUBTS
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

FRONT = LockId("front")
CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
THEIRS = "998877"


def _lock() -> Memory:
    return Memory(Address("front"), masked=True, reads_codes=False)


async def _inside(house: Home) -> str:
    house.book("a", date(2027, 3, 2), date(2027, 3, 9))
    await house.until(CHECK_IN + timedelta(hours=3))
    return await house.digits()


def test_the_guests_code_is_written_anew_and_the_other_one_is_gone(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory], backups=2) as house:
            digits = await _inside(house)
            place = next(slot for slot, held in memory.codes.items() if held == digits)
            await house.driver.program("front", place, THEIRS)
            await house.later(seconds=0.02)
            assert await house.driver.press("front", THEIRS)
            await house.later(minutes=1)
            assert memory.codes[place] == digits
            assert not memory.holds(THEIRS)
            deeds = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
            assert [(deed.action, deed.detail) for deed in deeds] == [(log.PLACE_TAKEN, f"{place}")]
            stay = await house.stay()
            assert await house.hub.store.read(lambda tx: pulled.pulled(tx, stay.id)) == [], (
                "nobody needed a backup code"
            )
            assert await house.hub.store.read(lambda tx: findings(tx, house.hub)) == []
            assert await house.hub.store.read(alerts.live) == []
            (entry, *_) = await house.hub.store.read(lambda tx: log.entries(tx, Filter(what=log.UNLOCKED)))
            assert "Ada" not in entry.who, "it was not the guest's code"
            await house.later(days=8)
            assert not memory.holds(digits)

    simulate(main())


async def _told(house: Home, change: CodeChange, slot: int | None) -> None:
    fact = CodesChanged(Address("front"), house.hub.clock.now(), change, slot)
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))


async def _doubts(house: Home) -> list[str]:
    deeds = await house.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
    return [deed.detail for deed in deeds if deed.action == log.PLACES_DOUBTED]


async def _wrong(house: Home) -> list[Kind]:
    return [each.kind for each in await house.hub.store.read(lambda tx: findings(tx, house.hub))]


def test_a_change_soon_after_our_own_writing_is_not_taken_for_its_echo(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 9))
            await house.until(CHECK_IN - timedelta(minutes=59))
            digits = await house.digits()
            assert memory.codes == {1: digits}
            await house.driver.program("front", 1, THEIRS)
            await house.later(minutes=1)
            assert memory.codes == {1: digits}
            assert await _doubts(house) == ["1"]
            assert await _wrong(house) == []

    simulate(main())


def test_a_lock_that_always_tells_too_late_of_our_own_writing_is_told_of_and_not_written_for_ever(
    tmp_path: Path,
) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 9))
            await house.until(CHECK_IN - timedelta(minutes=59))
            digits = await house.digits()
            for _ in range(DOUBTS + 3):
                await _told(house, CodeChange.ADDED, 1)
                await house.later(minutes=1)
                assert memory.codes == {1: digits}
            assert [what for what, _, _ in memory.journal] == ["write", *["clear", "write"] * DOUBTS]
            assert await _wrong(house) == [Kind.PLACE_DOUBTED]
            await house.later(days=1, minutes=1)
            assert await _wrong(house) == []

    simulate(main())


def test_a_lock_that_does_not_say_which_place_was_changed_has_all_of_ours_written_anew(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory], backups=2) as house:
            digits = await _inside(house)
            await house.driver.program("front", 9, THEIRS)
            before = dict(memory.codes)
            place = next(slot for slot, held in memory.codes.items() if held == digits)
            memory.codes[place] = "5544332"
            await _told(house, CodeChange.ADDED, None)
            await _told(house, CodeChange.ADDED, None)  # once more, as some locks do
            await house.later(minutes=1)
            assert memory.codes == before
            assert await _doubts(house) == ["1, 2, 3"]
            assert ("clear", 9, THEIRS) not in memory.journal

    simulate(main())


def test_what_names_no_place_right_after_our_own_writing_is_its_echo(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory], backups=2) as house:
            await house.until(CHECK_IN - timedelta(hours=1) + timedelta(seconds=5))
            assert len(memory.codes) == 2
            house.book("a", date(2027, 3, 2), date(2027, 3, 9))
            while len(memory.codes) < 3:
                await house.later(seconds=1)
            await _told(house, CodeChange.ADDED, None)
            await house.later(minutes=5)
            assert [what for what, _, _ in memory.journal] == ["write"] * 3

    simulate(main())


def test_what_is_told_right_after_a_lock_was_only_asked_is_no_echo(tmp_path: Path) -> None:
    """The hub asks every day; somebody keys in another code two seconds later."""
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await _inside(house)
            asked = memory.commands
            while memory.commands == asked:
                await house.later(minutes=1)
            await house.later(seconds=2)
            await house.driver.program("front", 1, THEIRS)
            await house.later(minutes=1)
            assert memory.codes == {1: digits}

    simulate(main())


def test_our_own_echo_is_no_news_and_costs_no_command(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 9))
            await house.until(CHECK_IN - timedelta(hours=1) + timedelta(seconds=8))
            digits = await house.digits()
            assert memory.codes == {1: digits}
            await house.driver.program("front", 1, digits)
            await house.later(minutes=5)
            assert [what for what, _, _ in memory.journal] == ["write"]

    simulate(main())


def test_what_the_lock_itself_wrote_down_while_it_was_not_heard_counts_too(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            digits = await _inside(house)
            at = house.hub.clock.now()
            memory.codes[1] = THEIRS
            await house.later(days=2)  # asked meanwhile, it said that there is a code
            change = CodesChanged(Address("front"), at, CodeChange.ADDED, 1)
            told = LogRead(Address("front"), house.hub.clock.now(), at, (Remembered(change, timed=True),))
            for _ in range(2):
                await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, told, "memory"))
                await house.later(minutes=1)
            assert memory.codes == {1: digits}
            assert [what for what, _, _ in memory.journal] == ["write", "clear", "write"]

    simulate(main())


def test_a_place_that_was_never_ours_is_left_alone(tmp_path: Path) -> None:
    memory = _lock()

    async def main() -> None:
        async with home(tmp_path, [memory]) as house:
            await _inside(house)
            await house.driver.program("front", 5, THEIRS)
            await house.later(days=8)
            assert memory.codes == {5: THEIRS}

    simulate(main())


def test_a_book_that_a_pulled_plug_left_behind_makes_no_strangers_code_ours(tmp_path: Path) -> None:
    """The ledger knew that the guest's code was gone, and the hub died before the book did."""
    memory = _lock()

    async def until_it_dies() -> datetime:
        async with home(tmp_path, [memory]) as house:
            await _inside(house)
            tag = house.hub.tagbook.at(FRONT, 1)
            assert tag is not None
            await house.later(days=8)
            assert memory.codes == {}
            house.hub.tagbook.put(FRONT, 1, tag)
            return house.hub.clock.now()

    async def after(start: datetime) -> None:
        async with home(tmp_path, [memory], start=start, furnish=False) as house:
            await house.later(minutes=1)
            await house.driver.program("front", 1, THEIRS)
            await house.later(days=1)
            assert memory.codes == {1: THEIRS}

    simulate(after(simulate(until_it_dies()) + timedelta(minutes=1)))
