"""The simulator as the hub and another process meet it: sockets, a pty, hands and files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import serial

from drivers.simulator import Config, Simulator, start
from drivers.simulator.memory import Bolt
from drivers.simulator.ports import News, listening
from drivers.simulator.quirks import Quirks
from hub.contracts import Driver, Host, Rehearsal
from hub.errors import Misconfigured, Rejected, Unavailable
from hub.model.facts import Fact
from hub.model.values import Address, Position
from tests.drivers.simulator.world import a_lock, unit

FRONT = Address("2")
GET_VERSION = unit(0x15, b"")
VERSION = b"\x06" + unit(0x15, b"Z-Wave 7.18\x00\x01", 1)
MANUAL_UNLOCK = bytes.fromhex("7105000000ff060200")


class Noon:
    trusted = True

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the simulator sleeps on the loop")


def a_host(folder: Path) -> Host:
    async def tell(fact: Fact) -> None:
        raise AssertionError(f"the simulator told the hub {fact}")

    async def sandbox(work: str, data: bytes) -> Any:
        raise AssertionError(f"the simulator wanted {work}")

    return Host("simulator", tell, Noon(), folder, bytes, bytes, sandbox)


def a_simulator(folder: Path, **settings: Any) -> Simulator:
    told: dict[str, Any] = {"listen": "127.0.0.1:0", "delay": 0, "locks": (a_lock(),)} | settings
    return start(Config(**told), a_host(folder))


@asynccontextmanager
async def running(simulator: Simulator) -> AsyncIterator[str]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(simulator.run())
        try:
            yield await simulator.address()
        finally:
            task.cancel()


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, data: bytes, expected: bytes) -> None:
        self.writer.write(data)
        await self.hear(expected)

    async def hear(self, expected: bytes) -> None:
        async with asyncio.timeout(5):
            assert (await self.reader.readexactly(len(expected))).hex() == expected.hex()

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


@asynccontextmanager
async def plugged(where: str) -> AsyncIterator[Line]:
    host, _, port = where.removeprefix("socket://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


def from_lock(command: bytes) -> bytes:
    return unit(0x04, bytes([0, 2, len(command)]) + command + b"\xc4")


async def test_it_is_a_driver_without_locks_and_the_hands_of_a_rehearsal(tmp_path: Path) -> None:
    driver: Driver = a_simulator(tmp_path)
    hands: Rehearsal = a_simulator(tmp_path)
    assert dict(driver.locks) == {}
    assert dict(hands.doors) == {"2": "Yale YRD256"}


async def test_a_host_talks_over_tcp(tmp_path: Path) -> None:
    async with running(a_simulator(tmp_path)) as where, plugged(where) as line:
        await line.ask(GET_VERSION, VERSION)


@pytest.mark.parametrize("segments", ["joined", "split"])
async def test_a_host_gets_the_same_bytes_however_they_are_cut(tmp_path: Path, segments: str) -> None:
    async with running(a_simulator(tmp_path, segments=segments)) as where, plugged(where) as line:
        await line.ask(GET_VERSION, VERSION)


async def test_a_frame_that_is_not_acknowledged_comes_again_by_itself(tmp_path: Path) -> None:
    async with running(a_simulator(tmp_path)) as where, plugged(where) as line:
        await line.ask(GET_VERSION, VERSION)
        await line.ask(b"\x15", VERSION[1:])


async def test_the_newest_host_has_the_line(tmp_path: Path) -> None:
    async with running(a_simulator(tmp_path)) as where, plugged(where) as old:
        await old.ask(GET_VERSION, VERSION)
        async with plugged(where) as new:
            await new.ask(GET_VERSION, VERSION)
            assert await old.ended()
            await new.ask(b"\x06" + GET_VERSION, VERSION)


async def test_a_host_that_comes_back_starts_afresh(tmp_path: Path) -> None:
    async with running(a_simulator(tmp_path)) as where:
        async with plugged(where) as line:
            await line.ask(GET_VERSION, VERSION)
            line.writer.write(b"\x01\x03")
        async with plugged(where) as line:
            await line.ask(GET_VERSION, VERSION)


async def test_hands_are_told_to_the_host(tmp_path: Path) -> None:
    simulator = a_simulator(tmp_path, locks=(a_lock(quirks=Quirks(quiet_bolt=True)),))
    async with running(simulator) as where, plugged(where) as line:
        await line.ask(unit(0x3B, b""), b"\x06")
        simulator.turn(FRONT, Position.UNLOCKED)
        await line.hear(from_lock(MANUAL_UNLOCK))


async def test_a_bolt_locks_itself_while_nobody_does_anything(tmp_path: Path) -> None:
    simulator = a_simulator(tmp_path, locks=(a_lock(quirks=Quirks(quiet_bolt=True), auto_lock=0.01),))
    async with running(simulator) as where, plugged(where) as line:
        await line.ask(GET_VERSION, VERSION)
        simulator.turn(FRONT, Position.UNLOCKED)
        await line.ask(b"\x06", from_lock(MANUAL_UNLOCK))
        await line.ask(b"\x06", from_lock(bytes.fromhex("7105000000ff060900")))


async def test_each_hand_does_its_work(tmp_path: Path) -> None:
    simulator = a_simulator(tmp_path)
    memory = simulator.look(FRONT).memory
    simulator.program(FRONT, 4, "2468")
    assert not simulator.press(FRONT, "1357")
    bolts = [memory.bolt]
    assert simulator.press(FRONT, "2468")
    bolts.append(memory.bolt)
    simulator.turn(FRONT, Position.LOCKED)
    assert [*bolts, memory.bolt] == [Bolt.LOCKED, Bolt.UNLOCKED, Bolt.LOCKED]
    simulator.drain(FRONT, 12)
    simulator.jam(FRONT, jammed=True)
    simulator.silence(FRONT, silent=True)
    assert (memory.battery, memory.jammed, memory.silent) == (12, True, True)
    simulator.become(FRONT, Quirks(masked=True))
    assert simulator.look(FRONT).quirks.masked
    simulator.reset(FRONT)
    assert simulator.look(FRONT).memory.codes == {}


NOT_POSSIBLE: dict[str, Callable[[Simulator], object]] = {
    "no such lock": lambda it: it.press(Address("9"), "1234"),
    "half open": lambda it: it.turn(FRONT, Position.JAMMED),
    "more than full": lambda it: it.drain(FRONT, 101),
    "no such slot": lambda it: it.program(FRONT, 999, "1234"),
    "duplicate": lambda it: it.program(FRONT, 2, "1234"),
    "no such newcomer": lambda it: it.pair("new-1"),
}


@pytest.mark.parametrize("deed", NOT_POSSIBLE)
async def test_what_hands_cannot_do_is_refused(tmp_path: Path, deed: str) -> None:
    simulator = a_simulator(tmp_path)
    simulator.program(FRONT, 1, "1234")
    with pytest.raises(Rejected):
        NOT_POSSIBLE[deed](simulator)


async def test_another_run_meets_the_same_locks(tmp_path: Path) -> None:
    a_simulator(tmp_path).program(FRONT, 4, "2468")
    assert (tmp_path / "building.jsonl").exists()
    assert a_simulator(tmp_path).press(FRONT, "2468")


async def test_what_the_host_did_is_in_the_file_before_the_host_hears_of_it(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.jsonl"
    async with running(a_simulator(tmp_path, state_file=file)) as where, plugged(where) as line:
        line.writer.write(unit(0x13, bytes.fromhex("02086301040132343638 2507")))
        await line.hear(b"\x06" + unit(0x13, b"\x01", 1))
        line.writer.write(b"\x06")
        async with asyncio.timeout(5):
            callback = await line.reader.readexactly(2)
        assert callback[0] == 1
        assert '"digits":"2468"' in file.read_text()


async def test_it_can_be_run_again_after_it_was_stopped(tmp_path: Path) -> None:
    simulator = a_simulator(tmp_path)
    for _ in range(2):
        async with running(simulator) as where, plugged(where) as line:
            await line.ask(GET_VERSION, VERSION)


async def test_a_host_loses_a_stick_that_is_pulled_out_and_finds_it_again(tmp_path: Path) -> None:
    simulator = a_simulator(tmp_path)
    async with running(simulator) as where:
        async with plugged(where) as line:
            await line.ask(GET_VERSION, VERSION)
            simulator.unplug(0.2)
            assert await line.ended()
        async with plugged(where) as early:
            assert await early.ended()
        async with asyncio.timeout(5):
            while not await back(where):
                pass


async def back(where: str) -> bool:
    async with plugged(where) as line:
        line.writer.write(GET_VERSION)
        async with asyncio.timeout(5):
            try:
                return await line.reader.read(1) == b"\x06"
            except ConnectionResetError:
                return False


async def test_a_host_on_a_pty_has_its_stick_back_and_hears_of_its_start(tmp_path: Path) -> None:
    simulator = a_simulator(tmp_path, listen=f"pty:{tmp_path / 'stick'}")
    async with running(simulator) as where:
        simulator.unplug(0.2)
        assert await asyncio.to_thread(told_of_power, where) == unit(0x0A, bytes.fromhex("05000102010000"))


def told_of_power(where: str) -> bytes:
    with serial.Serial(where, 115200, timeout=5) as port:
        return bytes(port.read(12))


async def test_a_port_that_is_taken_is_tried_again_later(tmp_path: Path) -> None:
    async with running(a_simulator(tmp_path)) as where:
        second = a_simulator(tmp_path, listen=where.removeprefix("socket://"))
        with pytest.raises(Unavailable, match="cannot listen on"):
            await second.run()


async def test_a_host_talks_over_a_pty(tmp_path: Path) -> None:
    link = tmp_path / "stick"
    async with running(a_simulator(tmp_path, listen=f"pty:{link}")) as where:
        assert where == str(link)
        assert await asyncio.to_thread(talk, where) == VERSION
        assert await asyncio.to_thread(talk, where) == VERSION
    assert not link.is_symlink()


def talk(where: str) -> bytes:
    """As a driver does: by the port's own name, and with an acknowledgement before it leaves."""
    with serial.Serial(where, 115200, timeout=5) as port:
        port.write(GET_VERSION)
        heard = port.read(len(VERSION))
        port.write(b"\x06")
        return bytes(heard)


async def test_a_link_left_by_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "stick"
    link.symlink_to("/dev/pts/gone")
    async with running(a_simulator(tmp_path, listen=f"pty:{link}")):
        assert link.is_char_device()


async def test_a_file_in_the_place_of_the_link_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "stick"
    link.write_text("letters")
    with pytest.raises(Misconfigured, match="choose another path"):
        await a_simulator(tmp_path, listen=f"pty:{link}").run()
    assert link.read_text() == "letters"


async def test_a_pty_that_nobody_reads_drops_what_does_not_fit(tmp_path: Path) -> None:
    news: list[News] = []
    async with listening(f"pty:{tmp_path / 'stick'}", news.append):
        for _ in range(1000):
            news[0].wire.write(bytes(1000))
