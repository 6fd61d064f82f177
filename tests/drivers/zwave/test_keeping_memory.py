"""The stick's memory, read into a file and written back, against a stick made of bytes, in virtual time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.errors import Rejected, Unavailable
from hub.model.values import Address, Position
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, virtual
from tests.drivers.zwave.kept_stick import ALL, KeptStick, SlowStick, asked

TWO = Address("2")


@pytest.fixture
def stick(lock: FakeLock) -> KeptStick:
    stick = KeptStick([lock])
    stick.functions |= ALL
    return stick


@pytest.fixture
def home(tmp_path: Path, stick: KeptStick) -> House:
    return House(tmp_path, stick)


SERIES = pytest.mark.parametrize(
    ("functions", "size"), [({0x2E}, 1024), ({0x2E, 0x3D}, 70_000), ({0x29, 0x2A, 0x2B}, 16_384)]
)


@SERIES
@virtual
async def test_the_memory_is_read_whole_and_written_back(tmp_path: Path, functions: set[int], size: int) -> None:
    stick = KeptStick([FakeLock()])
    stick.functions = (stick.functions | ALL) - {0x2E} | functions
    stick.memory = bytearray(number * 7 % 251 for number in range(size))
    house, before = House(tmp_path, stick), bytes(stick.memory)
    async with house.running() as driver:
        file = await driver.back_up()
        await asyncio.sleep(10)
        mark, _, memory = file.partition(b"\n")
        assert json.loads(mark)["stick"] == "Z-Wave 7.17"
        assert memory == before
        stick.memory[:] = bytes(size)
        await driver.restore(file)
        assert bytes(stick.memory) == before
        await asyncio.sleep(10)
        assert driver.survey().connected
        assert driver.survey().busy == ""
    assert stick.listens
    assert not stick.opened_memory


@virtual
async def test_reading_shows_its_progress_and_what_is_wanted_meanwhile_waits(home: House, stick: KeptStick) -> None:
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        seen: list[str] = []
        home.watch = lambda: seen.append(driver.survey().busy)
        reading = tasks.create_task(driver.back_up())
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        await reading
        await asyncio.sleep(10)
        assert await bolt.move(Position.LOCKED) is Position.LOCKED
    shown = [each for each in seen if each.startswith("Reading")]
    assert shown[0] == "Reading the stick's memory"
    assert shown[-1] == "Reading the stick's memory: 100 %"
    assert len(shown) > 5


@SERIES
@virtual
async def test_somebody_at_a_door_gets_in_between_two_pieces_and_the_reading_begins_anew(
    tmp_path: Path, functions: set[int], size: int
) -> None:
    lock = FakeLock()
    stick = SlowStick([lock], functions=FakeStick().functions | ALL - {0x2E} | functions, memory=bytearray(size))
    house = House(tmp_path, stick)
    async with house.running() as driver, asyncio.TaskGroup() as tasks:
        saving = tasks.create_task(driver.back_up())
        await asyncio.sleep(0.1)
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        asked_at = asyncio.get_running_loop().time()
        assert await bolt.move(Position.UNLOCKED) is Position.UNLOCKED
        assert lock.heard_at[lock.received.index("620100")] - asked_at < 0.1
        assert not saving.done()
        stick.memory[0] = 7  # what was sent is noted in what had been read
        assert (await saving).partition(b"\n")[2] == bytes(stick.memory)
        await asyncio.sleep(10)


@virtual
async def test_reading_ends_when_somebody_is_at_a_door_each_time(tmp_path: Path) -> None:
    stick = SlowStick([FakeLock()], functions=FakeStick().functions | ALL, piece=1)
    house = House(tmp_path, stick)
    async with house.running() as driver, asyncio.TaskGroup() as tasks:
        bolt = driver.locks[TWO].bolt
        assert bolt is not None

        async def opens_and_shuts() -> None:
            for to in [Position.UNLOCKED, Position.LOCKED] * 5:
                await asyncio.sleep(11)
                await bolt.move(to)

        opening = tasks.create_task(opens_and_shuts())
        with pytest.raises(Unavailable, match="at a door each time"):
            await driver.back_up()
        assert driver.survey().busy == ""
        opening.cancel()
    assert stick.listens


@virtual
async def test_whoever_is_at_a_door_is_told_that_the_memory_is_being_written(tmp_path: Path, lock: FakeLock) -> None:
    stick = SlowStick([lock], functions=FakeStick().functions | ALL)
    async with House(tmp_path, stick).running() as driver, asyncio.TaskGroup() as tasks:
        file = await driver.back_up()
        await asyncio.sleep(10)
        restoring = tasks.create_task(driver.restore(file))
        await asyncio.sleep(0.2)
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        with pytest.raises(Unavailable, match="is being written"):
            await bolt.move(Position.UNLOCKED)
        await restoring


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda file: file[:-1], "damaged"),
        (lambda file: file.replace(b"7.17", b"7.18"), "7.18"),
        (lambda file: file.replace(b'"700"', b'"500"'), "made of a stick"),
        (lambda file: file.partition(b"\n")[2], "not a backup"),
        (lambda _: b"", "not a backup"),
        (lambda _: b"[]\n", "not a backup"),
    ],
)
@virtual
async def test_what_does_not_belong_into_this_stick_is_not_written(
    home: House, stick: KeptStick, change: object, why: str
) -> None:
    async with home.running() as driver:
        file = await driver.back_up()
        await asyncio.sleep(10)
        before = bytes(stick.memory)
        stick.calls.clear()
        with pytest.raises(Rejected, match=why):
            await driver.restore(change(file))  # type: ignore[operator]
    assert bytes(stick.memory) == before
    assert not asked(stick, 0x2E)


@virtual
async def test_a_memory_of_another_size_is_not_written(home: House, stick: KeptStick) -> None:
    async with home.running() as driver:
        file = await driver.back_up()
        await asyncio.sleep(10)
        stick.memory = bytearray(2048)
        with pytest.raises(Rejected, match="1024 bytes"):
            await driver.restore(file)
    assert stick.memory == bytearray(2048)
    assert stick.listens


@virtual
async def test_a_memory_that_does_not_keep_what_was_written_is_told(home: House, stick: KeptStick) -> None:
    async with home.running() as driver:
        file = await driver.back_up()
        await asyncio.sleep(10)
        stick.worn = 77
        with pytest.raises(Unavailable, match="write it again"):
            await driver.restore(file)


@virtual
async def test_a_stick_pulled_out_in_the_middle_ends_the_work(home: House, stick: KeptStick) -> None:
    async with home.running() as driver:
        stick.silent = {0x2E}
        asyncio.get_running_loop().call_later(1.0, stick.unplug)
        with pytest.raises(Unavailable):
            await driver.back_up()
        assert driver.survey().busy == ""
