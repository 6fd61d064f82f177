"""How well locks do: what counts as an attempt, and what as its success."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import tidying
from hub.figures import Measured, measured
from hub.model.facts import BoltMoved, LockFact, LockSilent, Mode, ModeTold
from hub.model.figures import Figure, What
from hub.model.values import Address, How, LockId, Position, PropertyId
from hub.store import figures, holders
from hub.store.tables import lock_days
from tests.simulators.building import Memory
from tests.simulators.home import Home, home, simulate

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
FRONT, SIDE = LockId("front"), LockId("side")


async def _measured(house: Home, days: int = 30) -> Measured:
    now = house.hub.clock.now()
    return await house.hub.store.read(lambda tx: measured(tx, now, days))


async def _figure(house: Home, what: What, lock: LockId = FRONT, days: int = 30) -> Figure:
    told = (await _measured(house, days)).locks[lock]
    return next(each for each in told.figures if each.what is what)


def _lived(tmp_path: Path, work: Callable[[Home], Coroutine[Any, Any, None]], *memories: Memory) -> None:
    async def main() -> None:
        async with home(tmp_path, list(memories) or None, start=CHECK_IN - timedelta(hours=3)) as house:
            await work(house)

    simulate(main())


def test_each_command_counts_and_each_answer(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN)
        told = await _figure(house, What.ANSWERED)
        assert told.good == told.of > 0

    _lived(tmp_path, work)


def test_a_lock_that_is_away_has_failed_once_however_often_it_is_asked(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN + timedelta(hours=5))
        assert house.lock("front").commands > 20
        told = await _figure(house, What.ANSWERED)
        assert (told.good, told.of) == (0, 1)
        await house.driver.wake("front")  # it is heard, and still does not answer
        await house.later(minutes=30)
        assert (await _figure(house, What.ANSWERED)).of == 2

    _lived(tmp_path, work, Memory(Address("front"), silent=True))


def test_a_press_that_is_not_answered_counts_as_well(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.later(minutes=5)  # every place was looked at by then
        for silent in (False, True):
            house.lock("front").silent = silent
            before = await _figure(house, What.ANSWERED)
            await house.hub.hand.move(FRONT, Position.UNLOCKED, "account:a")
            after = await _figure(house, What.ANSWERED)
            assert (after.of - before.of, after.good - before.good) == (1, 0 if silent else 1)

    _lived(tmp_path, work)


def test_a_code_that_is_proven_at_check_in_is_in_time(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN - timedelta(minutes=1))
        assert (await _figure(house, What.CODES)).of == 0, "nobody is there yet"
        await house.until(CHECK_IN + timedelta(minutes=1))
        told = await _figure(house, What.CODES)
        assert (told.good, told.of) == (1, 1)

    _lived(tmp_path, work)


def test_a_code_that_comes_late_is_not_and_stays_so(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN + timedelta(hours=1))
        house.lock("front").silent = False
        await house.driver.wake("front")
        await house.later(minutes=1)
        assert house.lock("front").holds(await house.digits())
        told = await _figure(house, What.CODES)
        assert (told.good, told.of) == (0, 1)
        assert (await _figure(house, What.CODES, SIDE)).good == 1, "the other door had it"

    _lived(tmp_path, work, Memory(Address("front"), silent=True), Memory(Address("side")))


def test_who_books_at_the_last_moment_gives_the_hub_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.until(CHECK_IN + timedelta(hours=2))
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.later(minutes=5)
        assert house.lock("front").holds(await house.digits())
        assert (await _figure(house, What.CODES)).of == 0, "its time is not over"
        await house.later(minutes=16)
        told = await _figure(house, What.CODES)
        assert (told.good, told.of) == (1, 1)

    _lived(tmp_path, work)


def test_a_stay_that_was_cancelled_before_is_no_attempt(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.later(minutes=10)
        stay = (await house.stay()).id
        await house.hub.store.write(lambda tx: house.hub.intake.cancel_stay(tx, stay, "account:a"))
        await house.until(CHECK_IN + timedelta(hours=1))
        assert (await _figure(house, What.CODES)).of == 0

    _lived(tmp_path, work, Memory(Address("front"), silent=True))


def test_a_silence_that_a_code_ends_at_a_keypad_that_was_off_counts_once(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        async def tell(fact: LockFact) -> None:
            await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))

        front = Address("front")
        await house.later(hours=3)
        await tell(ModeTold(front, house.hub.clock.now(), Mode.VACATION))
        await tell(LockSilent(front, house.hub.clock.now(), "it does not answer"))
        await house.later(hours=1)
        await tell(BoltMoved(front, house.hub.clock.now(), Position.UNLOCKED, How.KEYPAD, 1))
        told = await _figure(house, What.CONNECTED)
        assert told.of - told.good == 3600

    _lived(tmp_path, work)


def test_a_lock_is_connected_but_for_its_silences(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.driver.wake("front")
        begin = (await _figure(house, What.CONNECTED)).of
        await house.later(hours=1)
        fact = LockSilent(Address("front"), house.hub.clock.now(), "it does not answer")
        await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))
        await house.later(hours=1)
        under_way = await _figure(house, What.CONNECTED)
        assert under_way.of - under_way.good == 3600
        await house.driver.wake("front")
        await house.later(hours=2)
        over = await _figure(house, What.CONNECTED)
        assert (over.of - over.good, over.of - begin) == (3600, 4 * 3600)

    _lived(tmp_path, work)


def test_a_silence_of_long_ago_does_not_count_any_more(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.driver.wake("front")
        fact = LockSilent(Address("front"), house.hub.clock.now(), "it does not answer")
        await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, fact, "memory"))
        await house.later(hours=1)
        await house.driver.wake("front")
        await house.later(days=7)
        week, month = [await _figure(house, What.CONNECTED, days=days) for days in (7, 30)]
        assert (week.of - week.good, month.of - month.good) == (0, 3600)

    _lived(tmp_path, work)


def test_a_property_and_the_house_are_the_sum_of_their_locks(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN + timedelta(hours=1))
        told = await _measured(house)
        assert told.places[PropertyId("house")] == told.house == told.locks[FRONT] + told.locks[SIDE]
        assert told.house.due == 2

    _lived(tmp_path, work, Memory(Address("front")), Memory(Address("side")))


def test_days_of_long_ago_are_dropped_at_night(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        now = house.hub.clock.now()
        for ago in (0, 29, 32, 400):
            at = now - timedelta(days=ago)
            await house.hub.store.write(lambda tx, at=at: figures.answered(tx, FRONT, at))  # type: ignore[misc]
        await tidying.tidy(house.hub)
        rows = await house.hub.store.read(lambda tx: tx.sql.execute(lock_days.select()).all())
        assert sorted((now.date() - row.day).days for row in rows) == [0, 29]

    _lived(tmp_path, work)


def test_codes_are_in_time_though_the_access_log_is_purged(tmp_path: Path) -> None:
    """A property that keeps its log for a week still has figures of a month."""

    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(datetime(2027, 3, 20, tzinfo=UTC))
        await house.hub.store.write(lambda tx: holders.forget(tx, house.hub.clock.now()))
        told = await _figure(house, What.CODES)
        assert (told.good, told.of) == (1, 1)

    _lived(tmp_path, work)


@pytest.mark.parametrize("days", [7, 30])
def test_a_lock_that_was_never_met_has_no_figures(tmp_path: Path, days: int) -> None:
    async def work(house: Home) -> None:
        told = await _figure(house, What.CODES, days=days)
        assert told.met is None

    _lived(tmp_path, work)
