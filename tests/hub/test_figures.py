"""How well locks do: what counts as an attempt, and what as its success."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub import tidying, workflow
from hub.figures import Measured, measured
from hub.model.alerts import Course, Kind
from hub.model.facts import BatteryRead, BoltMoved, LockFact, LockSilent, Mode, ModeTold
from hub.model.figures import PROMPT, Figure, Latency, What, delay_of
from hub.model.values import Address, How, LockId, Position, PropertyId, StayStatus
from hub.model.workflow import Stage
from hub.store import alerts, figures, holders, publishing
from hub.store import stays as ledger
from hub.store.tables import lock_answers, lock_days
from tests.simulators.building import Memory, MemoryLock
from tests.simulators.home import FEED, FLAT, Home, home, simulate

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


def test_how_long_commands_take_is_counted_where_the_lock_confirmed_them(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.later(minutes=1)
        assert (await _measured(house)).latency_at(FRONT) == Latency(30, 100, 100), "each place was read"
        part = house.driver.locks[Address("front")].keypad
        assert isinstance(part, MemoryLock)
        prompt = part.exchange

        async def slowly(what: str, work: Callable[[], object] = lambda: None) -> None:
            await asyncio.sleep({"write": 1.2, "read": 0.6}.get(what, 0))
            await prompt(what, work)

        part.exchange = slowly  # type: ignore[method-assign]
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN)
        told = dict((await _measured(house)).answers[FRONT])
        assert told.pop(100) == 30
        assert set(told) == {750, 1500}, "as long as it took to write it, and to read it"
        before = (await _measured(house)).latency
        house.lock("front").silent = True
        await house.driver.program("front", 2, "558471")
        await house.later(minutes=10)
        assert (await _measured(house)).latency == before, "what was not confirmed took no time"
        assert (await _measured(house)).latency_at(SIDE).of == 0

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
        both = replace(told.locks[FRONT] + told.locks[SIDE], stays=1, welcomed=1, steps=1, own_steps=1, passed=1)
        assert told.places[PropertyId("house")] == told.house == both
        assert told.house.due == 2

    _lived(tmp_path, work, Memory(Address("front")), Memory(Address("side")))


def test_days_of_long_ago_are_dropped_at_night(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        now = house.hub.clock.now()
        for ago in (0, 29, 32, 400):
            at = now - timedelta(days=ago)
            await house.hub.store.write(lambda tx, at=at: figures.answered(tx, FRONT, at, PROMPT))  # type: ignore[misc]
        await tidying.tidy(house.hub)
        for table in (lock_days, lock_answers):
            rows = await house.hub.store.read(lambda tx, table=table: tx.sql.execute(table.select()).all())  # type: ignore[misc]
            assert sorted({(now.date() - row.day).days for row in rows}) == [0, 29]

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


def test_a_guest_is_welcomed_where_every_door_has_a_proven_code_at_check_in(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN - timedelta(minutes=1))
        assert (await _measured(house)).house.stays == 0, "nobody is there yet"
        await house.until(CHECK_IN + timedelta(minutes=1))
        told = await _measured(house)
        figure = told.house.figures[-1]
        assert (figure.what, figure.good, figure.of, figure.met) == (What.WELCOMED, 1, 1, True)
        assert told.places[PropertyId("house")].stays == 1
        assert told.locks[FRONT].stays == 0, "guests are of a house, not of a lock"

    _lived(tmp_path, work, Memory(Address("front")), Memory(Address("side")))


def test_a_guest_who_lacks_the_code_at_one_door_is_not(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN + timedelta(minutes=1))
        house.lock("side").silent = False
        await house.driver.wake("side")
        await house.later(minutes=10)
        figure = (await _measured(house)).house.figures[-1]
        assert (figure.good, figure.of, figure.met) == (0, 1, False)

    _lived(tmp_path, work, Memory(Address("front")), Memory(Address("side"), silent=True))


def test_the_code_of_another_guest_welcomes_nobody(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 3))
        await house.until(CHECK_IN + timedelta(minutes=1))
        house.lock("front").silent = True
        house.book("b", date(2027, 3, 3), date(2027, 3, 4), "Grace Hopper")
        await house.until(CHECK_IN + timedelta(days=1, minutes=1))
        figure = (await _measured(house)).house.figures[-1]
        assert (figure.good, figure.of) == (1, 2)

    _lived(tmp_path, work)


def test_a_code_that_is_wanted_at_once_says_how_long_it_took_and_one_that_waits_does_not(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN + timedelta(minutes=1))
        assert (await _measured(house)).delay == delay_of([])
        stay = (await house.stay()).id
        await house.hub.store.write(lambda tx: house.hub.intake.redraw(tx, stay, "account:a"))
        await house.later(minutes=1)
        told = await _measured(house)
        assert (told.delay.of, told.delay == told.delay_in(PropertyId("house"))) == (1, True)
        assert 0 < (told.delay.half_s or 0) <= (told.delay.most_s or 0) < 60

    _lived(tmp_path, work)


def test_a_press_is_answered_at_once_or_not(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        await house.later(minutes=5)
        await house.hub.hand.move(FRONT, Position.UNLOCKED, "account:a")
        assert (await _figure(house, What.PROMPT)).of == 1
        house.lock("front").silent = True
        await house.hub.hand.move(FRONT, Position.LOCKED, "account:a")
        told = await _figure(house, What.PROMPT)
        assert (told.good, told.of) == (1, 1), "what was not answered counts elsewhere"
        at = house.hub.clock.now()
        for took in (PROMPT, PROMPT + timedelta(milliseconds=1)):
            await house.hub.store.write(lambda tx, took=took: figures.was_moved(tx, FRONT, at, took))  # type: ignore[misc]
        told = await _figure(house, What.PROMPT)
        assert (told.good, told.of) == (2, 3)

    _lived(tmp_path, work)


def test_forecasts_of_batteries_are_as_good_as_they_came_true(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        now = house.hub.clock.now()

        async def tell(first: int, *percents: int) -> Figure:
            for day, percent in enumerate(percents, first):
                fact = BatteryRead(Address("front"), now + timedelta(days=day - 29), percent)
                await house.hub.store.write(lambda tx, fact=fact: house.hub.intake.absorb(tx, fact, "memory"))  # type: ignore[misc]
            return await _figure(house, What.BATTERIES)

        assert (await tell(0, *range(90, 77, -1))).met is None, "a week of curve, and a week ahead"
        steady = await tell(13, *range(77, 63, -1))
        assert (steady.met, steady.of) == (True, 1300)
        assert steady.good >= steady.of * 0.99
        sudden = await tell(27, 56, 48, 40)
        assert (sudden.of, steady.good + 255 < sudden.good < steady.good + 290) == (1600, True)
        assert sudden.met is True
        house_wide = (await _measured(house)).house
        assert (house_wide.forecast, house_wide.foreseen) == (sudden.of, sudden.good)

    _lived(tmp_path, work)


# ---- bookings --------------------------------------------------------------------------------------------------------


def test_stages_come_by_themselves_but_for_a_persons_word(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        house.book("a", date(2027, 3, 2), date(2027, 3, 4))
        await house.until(CHECK_IN)
        told = (await _measured(house)).places[PropertyId("house")]
        assert told.steps == told.own_steps > 0
        stay, intake = (await house.stay()).id, house.hub.intake
        await house.hub.store.write(lambda tx: workflow.say(tx, intake, stay, Stage.CHECKED_IN, "", "account:a"))
        await house.later(minutes=1)
        after = (await _measured(house)).house
        assert (after.steps - told.steps, after.own_steps - told.own_steps) == (1, 0)
        assert after.of_bookings[0] == Figure(What.STAGES, after.own_steps, after.steps)
        house.unbook("a")
        house.book("b", date(2027, 3, 12), date(2027, 3, 13), "Grace Hopper")
        await house.later(minutes=10)
        other = (await house.stay("Grace Hopper")).id
        before = (await _measured(house)).house
        house.rebook("b", status=StayStatus.CANCELLED)
        await house.later(minutes=10)
        assert (await house.hub.store.read(lambda tx: ledger.stay(tx, other))).status is StayStatus.CANCELLED  # type: ignore[union-attr]
        cancelled = (await _measured(house)).house
        assert (cancelled.steps - before.steps, cancelled.own_steps - before.own_steps) == (1, 1), "by its channel"

    _lived(tmp_path, work)


def test_what_passed_is_told_from_what_a_person_asked_for_and_failures_are_neither(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        now = house.hub.clock.now()
        before = (await _measured(house)).house
        old = now - timedelta(days=40)
        entries = [
            publishing.Entry(0, FEED, FLAT, now, publishing.OUT, publishing.OK, "fetched", by="a platform"),
            publishing.Entry(0, FEED, None, now, publishing.IN, publishing.OK, "one new"),
            publishing.Entry(0, FEED, None, now, publishing.IN, publishing.FAILED, "could not be read", "503"),
            publishing.Entry(0, FEED, FLAT, now, publishing.OUT, publishing.NOTED, "published"),
            publishing.Entry(0, FEED, FLAT, now, publishing.OUT, publishing.NOTED, "sync asked for", by="account:a"),
            publishing.Entry(0, FEED, FLAT, old, publishing.OUT, publishing.NOTED, "sync asked for", by="account:a"),
        ]
        for entry in entries:
            await house.hub.store.write(partial(publishing.note, entry=entry))
        told = (await _measured(house)).places[PropertyId("house")]
        assert (told.passed - before.passed, told.asked_for) == (2, 1)
        assert told.of_bookings[1] == Figure(What.SYNCS, told.passed, told.passed + 1)

    _lived(tmp_path, work)


def test_a_stay_that_was_sold_twice_counts_once_though_it_became_urgent_and_is_over(tmp_path: Path) -> None:
    async def work(house: Home) -> None:
        now = house.hub.clock.now()

        def alert(id_: str, kind: Kind, stay: str, found: datetime, over: datetime | None) -> alerts.Alert:
            course = Course(found_at=found, raised_at=found)
            return alerts.Alert(id_, kind, f"stay:{stay}", PropertyId("house"), "Sold twice.", "", course, over_at=over)

        week = now - timedelta(days=8)
        for each in (
            alert("1", Kind.SOLD_TWICE, "x", now, now),
            alert("2", Kind.SOLD_TWICE_SOON, "x", now, now),
            alert("3", Kind.SOLD_TWICE, "y", week, week),
            alert("4", Kind.CHANNEL_FAILING, "z", now, now),
        ):
            await house.hub.store.write(partial(alerts.keep, row=each))
        assert (await _measured(house)).places[PropertyId("house")].sold_twice == 2
        assert (await _measured(house, 7)).house.sold_twice == 1

    _lived(tmp_path, work)
