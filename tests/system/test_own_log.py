"""Whoever came while nobody listened is in the house's log all the same: out of the lock's own, with its time and a name.

The whole way: our simulator's lock writes it down, our driver reads it, the hub knows whose code it was then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from drivers.simulator.memory import Bolt
from drivers.simulator.quirks import Quirks
from drivers.simulator.settings import LockSettings, Security
from hub.hub import Hub
from hub.model.codes import Reading
from hub.model.facts import BoltMoved, LogRead, Remembered
from hub.model.values import Address, How, LockId, Position
from hub.store import codes, log
from hub.store.log import Entry, Filter
from tests.hub.test_intake import CHECK_IN
from tests.simulators import vloop
from tests.simulators.home import home, simulate
from tests.simulators.wired import Wired, wired
from tests.system.test_secure_locks import KEYS

FRONT, ADDRESS = LockId("front"), Address("2")
NEAR = timedelta(seconds=3)
Story = Callable[[Wired], Awaitable[None]]


def tell(folder: Path, story: Story, lock: LockSettings) -> None:
    async def main() -> None:
        async with wired(folder, {"front": lock}, Random(1), keys=KEYS, backups=0) as here:
            await asyncio.sleep(30)
            await story(here)

    vloop.run(main())


def front(**more: object) -> LockSettings:
    return LockSettings.model_validate({"address": "2", "model": "yale-zw3", "records": 50} | more)


async def moves(here: Wired) -> list[tuple[str, str]]:
    """What moved the bolt and who, oldest first."""
    return [(each.what, each.who) for each in await entries(here)]


async def entries(here: Wired) -> list[Entry]:
    found = await here.hub.store.read(lambda tx: log.entries(tx, Filter(lock=FRONT), limit=200))
    return [each for each in reversed(found) if each.what in {log.LOCKED, log.UNLOCKED}]


async def given(here: Wired, label: str, length: timedelta = timedelta(days=1)) -> str:
    """A code that is in the lock for longer by now than a lock's clock may be wrong."""
    digits = await here.give("front", label, length)
    await asyncio.sleep(300)
    assert digits in here.held("front").values()
    return digits


async def visit(here: Wired, digits: str) -> datetime:
    came = here.hub.clock.now()
    enter(here, digits)
    await asyncio.sleep(120)
    here.desk.lock("2").turn(Bolt.LOCKED, asyncio.get_running_loop().time())
    here.desk.touched()
    await asyncio.sleep(120)
    return came


def enter(here: Wired, digits: str) -> None:
    here.desk.lock("2").press(digits, asyncio.get_running_loop().time())
    here.desk.touched()


async def absorb(hub: Hub, fact: LogRead, driver: str) -> None:
    await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, driver))


VISIT = [("unlocked", "Ada"), ("locked", "somebody at the door")]


@pytest.mark.parametrize("security", list(Security))
def test_who_came_while_the_stick_was_out_is_named_with_the_locks_time(tmp_path: Path, security: Security) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        await visit(here, ada)
        here.desk.pull()
        await asyncio.sleep(600)
        came = await visit(here, ada)
        here.desk.plug()
        await asyncio.sleep(120)
        assert await moves(here) == [*VISIT, *VISIT]
        assert abs((await entries(here))[2].at - came) < NEAR

    tell(tmp_path, story, front(security=security))


def test_a_code_that_is_gone_by_now_still_names_who_had_it_then(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada", timedelta(hours=1))
        here.desk.pull()
        await visit(here, ada)
        await asyncio.sleep(2 * 3600)
        bob = await here.give("front", "Bob", timedelta(days=1))
        here.desk.plug()
        await asyncio.sleep(300)
        assert here.held("front") == {1: bob}  # the very slot that Ada's code was in
        assert await moves(here) == VISIT

    tell(tmp_path, story, front(slots=1))


def test_what_was_heard_in_spite_of_all_is_told_once(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        lock = here.desk.lock("2")
        for loses in (0.0, 1.0, 0.0, 1.0):
            lock.quirks = Quirks(lose_events=loses)
            await visit(here, ada)
        lock.quirks = Quirks()
        here.desk.pull()
        await visit(here, ada)
        here.desk.plug()
        await asyncio.sleep(120)
        # The second visit nobody looks for: something was heard after it.
        assert await moves(here) == [*VISIT, *VISIT, *VISIT, *VISIT]

    tell(tmp_path, story, front())


@pytest.mark.parametrize("timed", [True, False])
def test_telling_it_twice_changes_nothing(tmp_path: Path, timed: bool) -> None:
    async def story(here: Wired) -> None:
        await given(here, "Ada")
        here.desk.pull()
        await asyncio.sleep(3600)
        now = here.hub.clock.now()
        came = now - timedelta(minutes=50)
        news = (
            BoltMoved(ADDRESS, came if timed else now, Position.UNLOCKED, How.KEYPAD, 1),
            BoltMoved(ADDRESS, came + timedelta(minutes=2) if timed else now, Position.LOCKED, How.MANUAL),
        )
        fact = LogRead(ADDRESS, now, came - timedelta(minutes=5), tuple(Remembered(each, timed) for each in news))
        for _ in range(3):
            await absorb(here.hub, fact, "zwave")
        assert [(what, who.partition(",")[0]) for what, who in await moves(here)] == VISIT
        assert all(("some time between" in who) is not timed for _, who in await moves(here))

    tell(tmp_path, story, front())


def test_a_line_a_little_beside_what_was_heard_is_the_same(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        came = await visit(here, ada)
        news = BoltMoved(ADDRESS, came + timedelta(seconds=70), Position.UNLOCKED, How.KEYPAD, 1)
        fact = LogRead(ADDRESS, here.hub.clock.now(), came, (Remembered(news, timed=True),))
        await absorb(here.hub, fact, "zwave")
        assert await moves(here) == VISIT

    tell(tmp_path, story, front())


def test_two_visits_in_a_minute_of_which_one_was_heard_are_two(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        came = await visit(here, ada)
        news = [
            BoltMoved(ADDRESS, came + timedelta(seconds=after), Position.UNLOCKED, How.KEYPAD, 1) for after in (1, 40)
        ]
        told = tuple(Remembered(each, timed=True) for each in news)
        fact = LogRead(ADDRESS, here.hub.clock.now(), came - timedelta(minutes=1), told)
        await absorb(here.hub, fact, "zwave")
        assert await moves(here) == [VISIT[0], *VISIT]

    tell(tmp_path, story, front())


def test_a_guest_who_came_meanwhile_has_arrived(tmp_path: Path) -> None:
    """By a time that the lock knows; one that nobody knows is not put down as an arrival."""

    async def main() -> None:
        async with home(tmp_path, start=CHECK_IN - timedelta(hours=2)) as house:
            house.book("a", date(2027, 3, 2), date(2027, 3, 4))
            await house.later(hours=3)
            address = next(iter(house.driver.memories))
            slots = await house.hub.store.read(lambda tx: codes.slots_of(tx, LockId(address)))
            (slot,) = [each for each in slots if each.holder is not None]
            at = house.hub.clock.now()
            came = at - timedelta(minutes=20)
            for timed in (False, True):
                assert (await house.stay()).arrived_at is None
                news = BoltMoved(address, came if timed else at, Position.UNLOCKED, How.KEYPAD, slot.number)
                fact = LogRead(address, at, at - timedelta(minutes=30), (Remembered(news, timed),))
                await absorb(house.hub, fact, "memory")
            assert (await house.stay()).arrived_at == came

    simulate(main())


def test_a_lock_without_a_clock_is_believed_except_for_the_time(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        await visit(here, ada)
        here.desk.pull()
        await asyncio.sleep(3600)
        await visit(here, ada)
        here.desk.plug()
        await asyncio.sleep(120)
        told = await moves(here)
        assert told[:2] == VISIT
        assert [(what, who.partition(",")[0]) for what, who in told[2:]] == VISIT
        last = (await entries(here))[2].who
        assert last.startswith("Ada, some time between 2027-03-02 13:")  # local time, after what was heard
        assert " and 2027-03-02 14:" in last

    tell(tmp_path, story, front(quirks=Quirks(no_clock=True)))


def test_a_bolt_that_was_found_open_was_opened_by_whom_the_lock_says(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        await visit(here, ada)
        here.desk.pull()
        await asyncio.sleep(600)
        came = here.hub.clock.now()
        enter(here, ada)
        await asyncio.sleep(600)
        here.desk.plug()
        await asyncio.sleep(120)
        assert await moves(here) == [*VISIT, VISIT[0]]
        assert abs((await entries(here))[2].at - came) < NEAR

    tell(tmp_path, story, front())


def test_a_code_that_was_set_at_the_lock_meanwhile_is_found(tmp_path: Path) -> None:
    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        here.desk.pull()
        await asyncio.sleep(600)
        here.desk.lock("2").program(7, "2718")
        here.desk.plug()
        await asyncio.sleep(120)
        slots = await here.hub.store.read(partial(codes.slots_of, lock=FRONT))
        assert {slot.number for slot in slots if slot.reading is Reading.OCCUPIED} == {1, 7}
        assert {slot.number for slot in slots if slot.holder is not None} == {1}
        assert set(here.held("front").values()) == {ada, "2718"}

    tell(tmp_path, story, front())


@pytest.mark.parametrize("repeated", [0.0, 1.0])
def test_a_jam_is_put_down_once(tmp_path: Path, repeated: float) -> None:
    """It is told as a trouble and as a place of the bolt, and by some locks again after four seconds."""

    async def story(here: Wired) -> None:
        ada = await given(here, "Ada")
        lock = here.desk.lock("2")
        lock.quirks = Quirks(repeat_events=repeated)
        lock.jam(jammed=True)
        enter(here, ada)
        await asyncio.sleep(60)
        found = await here.hub.store.read(lambda tx: log.entries(tx, Filter(lock=FRONT), limit=200))
        assert [each.what for each in found if each.what not in {log.CODE_SET, log.LOCKED, log.UNLOCKED}] == ["jammed"]

    tell(tmp_path, story, front())
