"""Long work on the stick and its network, against a stick made of bytes, in virtual time."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.contracts import NodeState, Wish
from hub.errors import Rejected, Unavailable
from hub.model.facts import Alarm
from hub.model.values import Address, Position
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, frame, virtual

TWO = Address("2")
ALL = frozenset({0x10, 0x2E, 0x3B, 0x46, 0x48, 0x51, 0x56, 0x61, 0x62, 0x80, 0xD3})


@dataclass
class KeptStick(FakeStick):
    """A stick that can be looked after. INS13954 for the layouts; zwave-js 15 for 0x2E and 0x3D."""

    noise: str = "a4a5"
    beside: dict[int, set[int]] = field(default_factory=dict)
    """Who hears whom."""
    suc: int = 1
    found: int = 0x22
    """How looking for neighbours ends."""
    search_s: float = 8.0
    failed: set[int] = field(default_factory=set)
    """Nodes that the stick counts as failed."""
    memory: bytearray = field(default_factory=lambda: bytearray(range(256)) * 4)
    piece: int = 100
    """The most that it gives of its memory at once."""
    worn: int | None = None
    """A byte of its memory that cannot be written."""
    silent: set[int] = field(default_factory=set)
    """Functions that it lists and does not answer."""
    opened_memory: bool = False
    listens: bool = True

    def _take(self, whole: bytes) -> None:
        function, payload = whole[3], whole[4:-1]
        own = getattr(self, f"_on_{function:02x}", None)
        if function in self.silent:
            self.calls.append((function, payload.hex()))
            self.give(b"\x06")
        elif own is not None:
            self.calls.append((function, payload.hex()))
            self.give(b"\x06")
            own(payload)
        else:
            super()._take(whole)

    def _reply(self, function: int, payload: bytes) -> None:
        self.give(frame(function, payload, response=True))

    def _on_3b(self, _: bytes) -> None:
        self._reply(0x3B, bytes.fromhex(self.noise))

    def _on_80(self, payload: bytes) -> None:
        mask = sum(1 << node - 1 for node in self.beside.get(payload[0], ()))
        self._reply(0x80, mask.to_bytes(29, "little"))

    def _on_56(self, _: bytes) -> None:
        self._reply(0x56, bytes((self.suc,)))

    def _on_48(self, payload: bytes) -> None:
        node, callback = payload
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, self.request, 0x48, bytes((callback, 0x21)))
        loop.call_later(self.search_s, self._found, node, callback)

    def _found(self, node: int, callback: int) -> None:
        self.beside[node] = {1, 7}
        self.request(0x48, bytes((callback, self.found)))

    def _on_46(self, payload: bytes) -> None:
        self._route(0x46, payload[2])

    def _on_51(self, payload: bytes) -> None:
        self._route(0x51, payload[1])

    def _route(self, function: int, callback: int) -> None:
        self._reply(function, b"\x01")
        asyncio.get_running_loop().call_later(0.1, self.request, function, bytes((callback, 0)))

    def _on_62(self, payload: bytes) -> None:
        self._reply(0x62, bytes((payload[0] in self.failed,)))

    def _on_61(self, payload: bytes) -> None:
        node, callback = payload
        lock = self.lock(node)
        if node not in self.failed and lock is not None and lock.received[-1:] != ["00"] and lock.reach != "no":
            self._reply(0x61, b"\x08")
            return
        self._reply(0x61, b"\x00")
        answers = lock is not None and lock.reach != "no"
        if not answers:
            self.locks = [each for each in self.locks if each.node != node]
        asyncio.get_running_loop().call_later(0.5, self.request, 0x61, bytes((callback, 0 if answers else 1)))

    # ---- memory ----

    def _on_10(self, payload: bytes) -> None:
        self.listens = bool(payload[0])
        self._reply(0x10, b"\x01")

    def _on_d3(self, _: bytes) -> None:
        pass

    def _on_2e(self, payload: bytes) -> None:
        self._operate(0x2E, payload, 2)

    def _on_3d(self, payload: bytes) -> None:
        self._operate(0x3D, payload, 4)

    def _operate(self, function: int, payload: bytes, width: int) -> None:
        operation, at = payload[0], int.from_bytes(payload[2 : 2 + width], "big")
        if operation in {0, 3}:
            refused = operation == 0 and self.opened_memory
            self.opened_memory = operation == 0
            self._reply(function, bytes((refused, 0)) + len(self.memory).to_bytes(width, "big"))
        elif operation == 1:
            got = bytes(self.memory[at : at + min(payload[1], self.piece)])
            self._reply(function, bytes((0, len(got))) + at.to_bytes(width, "big") + got)
        else:
            self._store(at, payload[2 + width :])
            self._reply(function, bytes((0, 0)) + at.to_bytes(width, "big"))

    def _store(self, at: int, data: bytes) -> None:
        self.memory[at : at + len(data)] = data
        if self.worn is not None:
            self.memory[self.worn] = 0xFF

    def _on_29(self, _: bytes) -> None:
        self._reply(0x29, bytes((4, 1, 0x80, 0x0E)))

    def _on_2a(self, payload: bytes) -> None:
        at, length = int.from_bytes(payload[:3], "big"), int.from_bytes(payload[3:5], "big")
        self._reply(0x2A, bytes(self.memory[at : at + min(length, self.piece)]))

    def _on_2b(self, payload: bytes) -> None:
        self._store(int.from_bytes(payload[:3], "big"), payload[5:])
        self._reply(0x2B, b"\x01")


@pytest.fixture
def stick(lock: FakeLock) -> KeptStick:
    stick = KeptStick([lock])
    stick.functions |= ALL
    return stick


@pytest.fixture
def home(tmp_path: Path, stick: KeptStick) -> House:
    return House(tmp_path, stick)


def asked(stick: FakeStick, function: int) -> list[str]:
    return [payload for called, payload in stick.calls if called == function]


# ---- noise, neighbours -----------------------------------------------------------------------------------------------


@virtual
async def test_noise_and_neighbours_are_shown_without_a_frame_on_the_air(
    home: House, stick: KeptStick, lock: FakeLock
) -> None:
    stick.beside = {2: {1, 7}}
    async with home.running() as driver:
        received = len(lock.received)
        await asyncio.sleep(3600)
        survey = driver.survey()
    assert survey.noise_dbm == (-92, -91)
    assert survey.nodes[0].neighbours == {Address("1"), Address("7")}
    assert len(lock.received) == received
    assert len(asked(stick, 0x80)) <= 2


@virtual
async def test_a_stick_is_never_asked_for_what_it_does_not_list(house: House) -> None:
    async with house.running() as driver:
        await asyncio.sleep(200)
        with pytest.raises(Rejected, match="does not let its memory"):
            await driver.back_up()
        with pytest.raises(Rejected, match="cannot strike out"):
            await driver.forget(TWO)
        await driver.heal()
    assert {function for function, _ in house.stick.calls} <= house.stick.functions


@virtual
async def test_a_function_that_is_listed_and_never_answered_delays_nobody_twice(home: House, stick: KeptStick) -> None:
    stick.silent = {0x3B, 0x80}
    async with home.running() as driver:
        await asyncio.sleep(7200)
        assert len(asked(stick, 0x3B)) == len(asked(stick, 0x80)) == 1
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        assert await bolt.move(Position.LOCKED) is Position.LOCKED


@virtual
async def test_a_jam_is_told_once_and_again_when_it_is_over(home: House, stick: KeptStick) -> None:
    async with home.running() as driver:
        stick.noise = "c6c8"
        await asyncio.sleep(600)
        assert driver.survey().jammed
        stick.noise = "a4a5"
        await asyncio.sleep(120)
        assert not driver.survey().jammed
    jams = [alarm for alarm in home.alarms if alarm.alarm is Alarm.JAMMED]
    assert [(alarm.note, alarm.over) for alarm in jams] == [("", True), ("noise of -58 dBm", False), ("", True)]


@virtual
async def test_a_stick_that_is_gone_is_an_alarm_until_it_is_back(house: House) -> None:
    async with house.running():
        house.stick.unplug()
        await asyncio.sleep(20)
        house.stick.plugged = True
        await asyncio.sleep(40)
    gone = [(alarm.note, alarm.over) for alarm in house.alarms if alarm.alarm is Alarm.STICK_GONE]
    assert gone == [("", True), ("the port is not there", False), ("", True)]


# ---- routes ----------------------------------------------------------------------------------------------------------


@virtual
async def test_healing_shows_its_progress_and_reads_the_new_neighbours(home: House, stick: KeptStick) -> None:
    stick.locks.append(FakeLock(node=3))
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        healing = tasks.create_task(driver.heal())
        await asyncio.sleep(1)
        assert driver.survey().busy == "Looking for routes: device 2, 0 of 2 done"
        await asyncio.sleep(9)
        assert driver.survey().busy == "Looking for routes: device 3, 1 of 2 done"
        with pytest.raises(Rejected, match="device 3, 1 of 2"):
            await driver.heal(TWO)
        await healing
        survey = driver.survey()
    assert survey.busy == ""
    assert all(each.neighbours == {Address("1"), Address("7")} for each in survey.nodes)
    assert [payload[:2] for payload in asked(stick, 0x51)] == ["02", "03"]
    assert not asked(stick, 0x46)


@virtual
async def test_a_stick_that_is_not_the_suc_gives_plain_return_routes(home: House, stick: KeptStick) -> None:
    stick.suc = 9
    async with home.running() as driver:
        await driver.heal(TWO)
    assert [payload[:4] for payload in asked(stick, 0x46)] == ["0201"]


@virtual
async def test_a_device_that_finds_nobody_is_named_and_the_others_go_on(home: House, stick: KeptStick) -> None:
    stick.found = 0x23
    stick.locks.append(FakeLock(node=3))
    async with home.running() as driver:
        with pytest.raises(Unavailable, match="2, 3"):
            await driver.heal()
        assert driver.survey().busy == ""


@virtual
async def test_somebody_at_a_door_does_not_wait_for_a_search(home: House, stick: KeptStick, lock: FakeLock) -> None:
    stick.search_s = 60.0
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.heal(TWO))
        await asyncio.sleep(5)
        bolt = driver.locks[TWO].bolt
        assert bolt is not None
        started = asyncio.get_running_loop().time()
        await bolt.move(Position.LOCKED)
        assert lock.heard_at[lock.received.index("6201ff")] - started < 0.1


@virtual
async def test_a_search_of_which_nothing_is_heard_ends(home: House, stick: KeptStick) -> None:
    stick.search_s = 10_000.0
    async with home.running() as driver:
        started = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable):
            await driver.heal()
        assert asyncio.get_running_loop().time() - started < 90


# ---- devices that are gone -------------------------------------------------------------------------------------------


@virtual
async def test_a_device_that_no_longer_answers_is_struck_out(home: House, stick: KeptStick, lock: FakeLock) -> None:
    async with home.running() as driver:
        lock.reach = "no"
        await driver.forget(TWO)
        assert not driver.survey().nodes
        assert not driver.locks


@pytest.mark.parametrize("failed", [set(), {2}])
@virtual
async def test_a_device_that_still_answers_stays(home: House, stick: KeptStick, failed: set[int]) -> None:
    stick.failed = failed
    async with home.running() as driver:
        with pytest.raises(Rejected, match="still answers"):
            await driver.forget(TWO)
        assert driver.survey().nodes[0].state is NodeState.ALIVE


@virtual
async def test_a_device_that_the_stick_still_lists_was_not_struck_out(
    home: House, stick: KeptStick, lock: FakeLock
) -> None:
    async with home.running() as driver:
        lock.reach = "no"
        stick.others = frozenset({2})
        with pytest.raises(Unavailable, match="could not strike"):
            await driver.forget(TWO)
        assert [each.address for each in driver.survey().nodes] == [TWO]


# ---- memory ----------------------------------------------------------------------------------------------------------

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


# ---- beside other work -----------------------------------------------------------------------------------------------


@virtual
async def test_nothing_long_is_begun_while_a_device_joins_and_nobody_joins_meanwhile(
    home: House, stick: KeptStick
) -> None:
    stick.functions |= {0x4A, 0x4B}
    async with home.running() as driver, asyncio.TaskGroup() as tasks:
        healing = tasks.create_task(driver.heal())
        await asyncio.sleep(1)
        with pytest.raises(Rejected, match="busy with other work"):
            driver.joining.begin(Wish.REMOVE)
        await healing
        talk = driver.joining.begin(Wish.REMOVE)
        with pytest.raises(Rejected, match="being added or removed"):
            await driver.back_up()
        driver.joining.cancel(talk.id)
        await asyncio.sleep(60)


@virtual
async def test_a_device_that_is_dead_is_an_alarm_until_it_answers(home: House, lock: FakeLock) -> None:
    async with home.running() as driver:
        lock.reach = "no"
        for _ in range(3):
            with pytest.raises(Unavailable):
                await driver.ping(TWO)
        lock.reach = "yes"
        await driver.ping(TWO)
        await asyncio.sleep(1)
    dead = [(alarm.device, alarm.note, alarm.over) for alarm in home.alarms if alarm.alarm is Alarm.DEAD]
    assert dead == [("2", "", True), ("2", "the lock is out of reach", False), ("2", "", True)]


@virtual
async def test_an_older_stick_is_asked_to_tell_how_transmissions_went(home: House, stick: KeptStick) -> None:
    stick.functions |= {0x0B}
    stick.silent = {0x0B}
    async with home.running() as driver:
        assert TWO in driver.locks
    assert asked(stick, 0x0B) == ["0201"]


@virtual
async def test_a_weak_signal_and_many_losses_are_remarked(home: House, lock: FakeLock) -> None:
    lock.report = "0004" + "00" + "a6" + "7f" * 4 + "0000" + "03" + "00000000" + "03" + "01"
    async with home.running() as driver:
        for nth in range(60):
            lock.reach = "no" if nth % 4 == 0 else "yes"
            with suppress(Unavailable):
                await driver.ping(TWO)
        remarks = driver.survey().nodes[0].remarks
    assert "Its signal is weak (-90 dBm); a repeater between it and the stick would help." in remarks
    assert "15 of 71 commands to it were not acknowledged." in remarks
