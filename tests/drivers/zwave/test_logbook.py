"""What happened while nobody listened stands in the lock's own log: our host reads it from our simulator's locks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.simulator.memory import Bolt
from drivers.simulator.quirks import Quirks
from drivers.simulator.settings import Config, LockSettings
from drivers.zwave.care import ZWaveRadio
from drivers.zwave.cc.door_lock_logging import Event, Record
from drivers.zwave.logbook import named
from hub.contracts import Host
from hub.model.facts import BoltMoved, CodeChange, CodesChanged, Fact, LogRead
from hub.model.values import Address, How, Pin, Position
from tests.drivers.zwave.fakes import TurnedClock, virtual
from tests.simulators.desk import Desk

CODE = "4711"
SLOT = 4
NEAR = timedelta(seconds=3)


async def _no_sandbox(work: str, data: bytes) -> Any:
    raise AssertionError(f"{work} is not for a driver, {len(data)} bytes")


@dataclass
class Door:
    folder: Path
    desk: Desk
    facts: list[Fact] = field(default_factory=list)
    deaf: bool = False
    """The hub takes nothing that was read in a log, as if it were killed over it."""

    @property
    def lock(self) -> Any:
        return self.desk.lock("2")

    @property
    def now(self) -> datetime:
        return TurnedClock().now()

    @property
    def read(self) -> list[LogRead]:
        return [fact for fact in self.facts if isinstance(fact, LogRead) and fact.told]

    @property
    def uneventful(self) -> list[LogRead]:
        return [fact for fact in self.facts if isinstance(fact, LogRead) and not fact.told]

    @asynccontextmanager
    async def hub(self, *, settle: float = 20.0) -> AsyncIterator[ZWaveRadio]:
        """The hub is on; by now it has met the lock and read what it wanted."""
        host = Host("zwave", self._tell, TurnedClock(), self.folder, bytes, bytes, _no_sandbox)
        driver = ZWaveRadio("/dev/simulated", host, self.desk.connect, {})
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(driver.run())
            await asyncio.sleep(settle)
            yield driver
            running.cancel()

    async def _tell(self, fact: Fact) -> None:
        if isinstance(fact, LogRead) and self.deaf:
            await asyncio.Event().wait()
        self.facts.append(fact)

    def enter(self) -> None:
        """Somebody types the code."""
        self.lock.press(CODE, asyncio.get_running_loop().time())
        self.desk.touched()

    def turn(self, to: Bolt) -> None:
        self.lock.turn(to, asyncio.get_running_loop().time())
        self.desk.touched()

    async def visit(self) -> datetime:
        """Somebody comes in and locks by hand; returns when."""
        came = self.now
        self.enter()
        await asyncio.sleep(120)
        self.turn(Bolt.LOCKED)
        await asyncio.sleep(120)
        return came


def door(folder: Path, quirks: Quirks | None = None, *, records: int = 50, **more: Any) -> Door:
    lock = LockSettings(address="2", model="yale-zw3", records=records, quirks=quirks or Quirks(), **more)
    desk = Desk(Config(locks=(lock,), delay=0.01), TurnedClock().now, Random(1))
    there = Door(folder, desk)
    there.lock.program(SLOT, CODE)
    return there


def moves(told: LogRead) -> list[tuple[Position, How, int | None]]:
    news = (each.news for each in told.told)
    return [(each.position, each.how, each.slot) for each in news if isinstance(each, BoltMoved)]


VISIT = [(Position.UNLOCKED, How.KEYPAD, SLOT), (Position.LOCKED, How.MANUAL, None)]


@virtual
async def test_what_stood_in_the_log_before_the_hub_came_is_not_of_this_house(tmp_path: Path) -> None:
    there = door(tmp_path)
    await there.visit()
    async with there.hub():
        assert (there.read, there.uneventful) == ([], [])
    off = there.now
    async with there.hub():
        assert there.read == []
        (quiet,) = there.uneventful
        assert quiet.since <= off <= quiet.at, "that nothing happened meanwhile is told"


@virtual
async def test_who_came_while_the_hub_was_off_is_told_with_the_locks_time(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        await there.visit()
    off = there.now
    await asyncio.sleep(3600)
    came = await there.visit()
    async with there.hub():
        (told,) = there.read
        assert moves(told) == [VISIT[1], *VISIT]  # the last that was heard lies too near to be left out
        assert all(each.timed for each in told.told)
        assert abs(told.told[1].news.at - came) < NEAR
        assert off - timedelta(minutes=5) < told.since < came < told.at
    async with there.hub():
        assert len(there.read) == 1


@virtual
async def test_who_came_while_the_stick_was_out_is_told(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        there.desk.pull()
        await there.visit()
        there.desk.plug()
        await asyncio.sleep(60)
        (told,) = there.read
        assert moves(told) == VISIT


@virtual
async def test_who_came_while_the_lock_was_out_of_reach_is_told_once_it_is_back(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub() as radio:
        there.lock.silence(silent=True)
        keypad = radio.locks[Address("2")].keypad
        assert keypad is not None
        for _ in range(3):
            with pytest.raises(Exception, match="out of reach"):
                await keypad.read(1)
        await there.visit()
        there.lock.silence(silent=False)
        await asyncio.sleep(3600)
        (told,) = there.read
        assert moves(told) == VISIT


@virtual
async def test_a_hub_that_is_killed_over_it_reads_it_again(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        pass
    await there.visit()
    there.deaf = True
    async with there.hub():
        assert there.read == []
    there.deaf = False
    async with there.hub():
        (told,) = there.read
        assert moves(told) == VISIT


@virtual
async def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        for _ in range(10):
            await there.visit()
    await there.visit()
    before = there.desk.stick.tally.sent
    async with there.hub() as radio:
        assert moves(there.read[-1]) == [VISIT[1], *VISIT]
        asked = [line for line in radio.trace() if "to 2: Door Lock Logging Record Get" in line]
        assert len(asked) == 4  # the last shows that nothing is missing
    assert there.desk.stick.tally.sent - before < 10


@pytest.mark.parametrize(
    "quirks",
    [
        {"no_clock": True},
        {"no_clock": True, "numbered_ring": True},
        {"no_clock": True, "record_status": 7, "stale_records": True},
    ],
)
@virtual
async def test_a_lock_without_a_clock_tells_what_happened_and_not_when(tmp_path: Path, quirks: dict[str, Any]) -> None:
    there = door(tmp_path, Quirks.model_validate(quirks))
    there.turn(Bolt.UNLOCKED)
    there.turn(Bolt.LOCKED)
    async with there.hub():
        pass
    read = there.now
    await there.visit()
    async with there.hub():
        (told,) = there.read
        assert moves(told) == VISIT
        assert {(each.timed, each.news.at) for each in told.told} == {(False, told.at)}
        assert told.since <= read
    async with there.hub():
        assert len(there.read) == 1


@virtual
async def test_a_clock_that_is_wrong_is_not_believed(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        await there.visit()
    there.lock.set_clock([0x07, 0xEA, 1, 1, 0, 0, 0])
    await there.visit()
    async with there.hub():
        (told,) = there.read
        assert moves(told) == [*VISIT, *VISIT]  # the first was heard as well: the hub finds that out
        assert not any(each.timed for each in told.told)


@virtual
async def test_a_clock_that_began_anew_hides_nothing(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        await there.visit()
    await there.visit()
    there.lock.change_battery()
    await there.visit()
    there.lock.set_clock([0x07, 0xE6, 1, 2, 0, 0, 0])
    async with there.hub():
        assert moves(there.read[-1])[-4:] == [*VISIT, *VISIT]


@virtual
async def test_a_log_that_keeps_its_numbers_is_followed_over_its_end(tmp_path: Path) -> None:
    there = door(tmp_path, Quirks(numbered_ring=True), records=7)
    async with there.hub():
        for _ in range(2):
            await there.visit()
    for _ in range(2):
        await there.visit()
    async with there.hub():
        assert moves(there.read[-1]) == [VISIT[1], *VISIT, *VISIT]


@virtual
async def test_more_than_the_log_holds_is_told_as_far_as_it_goes(tmp_path: Path) -> None:
    there = door(tmp_path, records=5)
    async with there.hub():
        pass
    for _ in range(5):
        await there.visit()
    async with there.hub():
        assert moves(there.read[-1]) == [VISIT[1], *VISIT, *VISIT]


@virtual
async def test_a_code_that_was_changed_at_the_lock_is_told(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        pass
    there.lock.program(9, "2718")
    async with there.hub():
        (told,) = there.read
        news = [each.news for each in told.told]
        assert [(each.change, each.slot) for each in news if isinstance(each, CodesChanged)] == [(CodeChange.ADDED, 9)]


@virtual
async def test_codes_go_before_the_log(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        pass
    for _ in range(20):
        await there.visit()
    async with there.hub(settle=2.8) as radio:
        assert "Door Lock Logging Record" in radio.trace()[-1]  # it is being read
        keypad = radio.locks[Address("2")].keypad
        assert keypad is not None
        begun = asyncio.get_running_loop().time()
        for slot in range(11, 15):
            await keypad.write(slot, Pin(f"80{slot}"))
        assert asyncio.get_running_loop().time() - begun < 2
        lines = radio.trace()
        codes = [at for at, line in enumerate(lines) if "User Code" in line]
        assert not any("Door Lock Logging" in line for line in lines[codes[0] : codes[-1]])
        await asyncio.sleep(30)
        assert moves(there.read[-1]) == VISIT * 20


@virtual
async def test_a_log_that_cannot_be_read_now_is_read_later(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        pass
    await there.visit()
    there.lock.quirks = Quirks(lose_answers=1.0, only=("4c03",))
    async with there.hub():
        assert there.read == []
        there.lock.quirks = Quirks()
        await asyncio.sleep(120)
        assert moves(there.read[-1]) == VISIT


def test_a_line_is_known_by_what_it_says_and_never_by_the_code_in_it() -> None:
    line = Record((2027, 3, 2, 12, 0, 5), Event.UNLOCK_CODE.value, 4, b"4711")
    assert named(line) == "2027-03-02 12:00:05 2 4"


@virtual
async def test_no_code_stands_in_what_is_remembered(tmp_path: Path) -> None:
    there = door(tmp_path)
    async with there.hub():
        await there.visit()
    async with there.hub():
        pass
    assert CODE not in (tmp_path / "nodes.json").read_text()


@virtual
async def test_a_log_without_times_that_goes_on_meanwhile_is_read_again(tmp_path: Path) -> None:
    there = door(tmp_path, Quirks(no_clock=True))
    there.turn(Bolt.UNLOCKED)
    there.turn(Bolt.LOCKED)
    async with there.hub():
        pass
    for _ in range(20):
        await there.visit()
    async with there.hub(settle=2.5):
        assert there.read == []  # it is being read
        there.enter()
        await asyncio.sleep(120)
        assert moves(there.read[-1]) == [*VISIT * 20, VISIT[0]]


@virtual
async def test_a_lock_that_says_nothing_of_empty_lines_is_read_to_the_last(tmp_path: Path) -> None:
    there = door(tmp_path, Quirks(no_clock=True, quiet_records=True))
    async with there.hub(settle=60):
        pass
    await there.visit()
    async with there.hub(settle=60):
        assert moves(there.read[-1]) == VISIT


@virtual
async def test_a_log_without_times_is_read_before_the_house_has_forgotten_what_it_heard(tmp_path: Path) -> None:
    there = door(tmp_path, Quirks(no_clock=True))
    async with there.hub() as radio:
        logbook = radio._members[2].logbook
        assert logbook.mark is not None
        logbook.mark = replace(logbook.mark, read=there.now - timedelta(days=21))
        await asyncio.sleep(2 * 86_400)
        assert there.now - logbook.mark.read < timedelta(days=2)
