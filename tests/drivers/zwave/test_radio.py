"""Calls on a running loop: who waits, who goes first, and what is left when the port is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from drivers.zwave.frame import Frame
from drivers.zwave.functions import Call, get_version, send_data
from drivers.zwave.link import Answered
from drivers.zwave.radio import Radio, Unanswered
from hub.errors import Unavailable
from tests.drivers.zwave.fakes import ACK, FakeLock, FakeStick, virtual


@asynccontextmanager
async def talking(stick: FakeStick, heard: list[Frame] | None = None) -> AsyncIterator[Radio]:
    await stick.connect("")
    radio = Radio(stick, (heard if heard is not None else []).append)
    radio.allow_abort()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(radio.run())
        yield radio
        task.cancel()


@virtual
async def test_calls_are_answered_in_turn() -> None:
    async with talking(FakeStick([FakeLock()])) as radio:
        first, second = await asyncio.gather(radio.call(get_version()), radio.call(send_data(2, b"\x80\x02")))
        assert first.response.startswith(b"Z-Wave")
        assert second.callback == b"\x00"


@virtual
async def test_an_urgent_call_overtakes_those_that_wait() -> None:
    lock = FakeLock()
    async with talking(FakeStick([lock])) as radio, asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(_send(radio, bytes((0x63, 2, number))))
        await asyncio.sleep(0.001)
        tasks.create_task(_send(radio, b"\x62\x02", urgent=True))
    assert lock.received == ["630200", "6202", "630201", "630202", "630203"]


async def _send(radio: Radio, command: bytes, *, urgent: bool = False) -> None:
    await radio.call(send_data(2, command), urgent=urgent)


@virtual
async def test_a_call_that_is_no_longer_wanted_is_never_made() -> None:
    lock = FakeLock()
    async with talking(FakeStick([lock])) as radio, asyncio.TaskGroup() as tasks:
        tasks.create_task(_send(radio, b"\x62\x02"))
        unwanted = tasks.create_task(_send(radio, b"\x63\x02\x01"))
        await asyncio.sleep(0.001)
        unwanted.cancel()
        tasks.create_task(_send(radio, b"\x80\x02"))
    assert lock.received == ["6202", "8002"]


@virtual
async def test_a_slow_search_makes_way_for_somebody_at_a_door() -> None:
    stick = FakeStick([FakeLock(), FakeLock(node=3, reach="no")], never_ends=True)
    async with talking(stick) as radio, asyncio.TaskGroup() as tasks:
        searching = tasks.create_task(radio.call(send_data(3, b"\x62\x02")))
        await asyncio.sleep(1.0)
        started = asyncio.get_running_loop().time()
        await radio.call(send_data(2, b"\x62\x01\xff"), urgent=True)
        assert asyncio.get_running_loop().time() - started < 1.1
        answered: Answered = await searching
        assert answered.callback == b"\x02"


@virtual
async def test_an_urgent_search_makes_way_for_nobody() -> None:
    stick = FakeStick([FakeLock(), FakeLock(node=3, reach="no")])
    async with talking(stick) as radio, asyncio.TaskGroup() as tasks:
        searching = tasks.create_task(radio.call(send_data(3, b"\x62\x02"), urgent=True))
        await asyncio.sleep(0.1)
        await radio.call(send_data(2, b"\x62\x01\xff"), urgent=True)
        assert searching.done()
    assert (0x16, "") not in stick.calls


@virtual
async def test_what_belongs_to_no_call_is_handed_on() -> None:
    heard: list[Frame] = []
    stick = FakeStick()
    async with talking(stick, heard):
        stick.say(2, b"\x80\x03\x07")
        await asyncio.sleep(0.1)
    assert heard == [Frame(0x04, bytes.fromhex("000203800307"))]


@virtual
async def test_a_frame_is_acknowledged_before_it_is_understood() -> None:
    stick, acknowledged = FakeStick(), list[bool]()
    await stick.connect("")
    radio = Radio(stick, lambda _frame: acknowledged.append(ACK in stick.controls))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(radio.run())
        stick.say(2, b"\x80\x03\x5a")
        await asyncio.sleep(0.001)
        task.cancel()
    assert acknowledged == [True]


@virtual
async def test_the_line_is_noisy_for_an_hour_after_a_damaged_frame() -> None:
    stick = FakeStick()
    async with talking(stick) as radio:
        seen = [radio.noisy]
        stick.give(bytes.fromhex("010401154100"))
        for seconds in (0.1, 3599.8, 0.2):
            await asyncio.sleep(seconds)
            seen.append(radio.noisy)
    assert seen == [False, True, True, False]
    assert 0x15 in stick.controls


@virtual
async def test_calls_end_with_the_port() -> None:
    stick = FakeStick([FakeLock(air_s=10)])
    await stick.connect("")
    radio = Radio(stick, lambda _: None)
    running = asyncio.ensure_future(radio.run())
    calls = [asyncio.ensure_future(radio.call(send_data(2, b"\x62\x02"))) for _ in range(3)]
    await asyncio.sleep(0.5)
    stick.unplug()
    ends = await asyncio.gather(running, *calls, return_exceptions=True)
    assert [type(end) for end in ends] == [Unavailable] * 4
    with pytest.raises(Unavailable):
        await radio.call(get_version())


@virtual
async def test_a_stick_that_does_not_react_ends_the_session() -> None:
    stick = FakeStick(deaf=True)
    await stick.connect("")
    radio = Radio(stick, lambda _: None)
    running = asyncio.ensure_future(radio.run())
    with pytest.raises(Unavailable, match="does not react"):
        await radio.call(get_version())
    with pytest.raises(Unavailable, match="does not react"):
        await running
    assert [function for function, _ in stick.calls] == [0x15] * 3


@dataclass
class Crossing(FakeStick):
    """Speaks whenever it is spoken to, so many times."""

    times: int = 0

    def send(self, data: bytes) -> None:
        if self.times and data.lstrip(b"\x06\x15").startswith(b"\x01"):
            self.times -= 1
            self.give(b"\x18")
            self.say(2, b"\x80\x03\x07")
        else:
            super().send(data)


@virtual
async def test_a_storm_of_reports_costs_time_and_no_connection() -> None:
    lock, heard = FakeLock(), list[Frame]()
    stick = Crossing([lock], times=25)
    async with talking(stick, heard) as radio:
        for _ in range(2):
            with pytest.raises(Unavailable, match="too busy to listen"):
                await radio.call(send_data(2, b"\x62\x02"))
        await radio.call(send_data(2, b"\x62\x02"))
    assert lock.received == ["6202"]
    assert len(heard) >= 25


@virtual
async def test_a_stick_that_never_listens_is_opened_again() -> None:
    stick = Crossing(times=1000)
    await stick.connect("")
    radio = Radio(stick, lambda _: None)
    running = asyncio.ensure_future(radio.run())
    for _ in range(3):
        with pytest.raises(Unavailable, match="too busy"):
            await radio.call(get_version())
    with pytest.raises(Unavailable, match="too busy"):
        await running


@dataclass
class Mute(FakeStick):
    """Takes one function and says nothing."""

    about: int = 0x3B

    def _take(self, whole: bytes) -> None:
        if whole[3] == self.about:
            self.give(b"\x06")
        else:
            super()._take(whole)


@virtual
async def test_a_function_that_is_not_answered_leaves_the_connection_and_says_so() -> None:
    async with talking(Mute()) as radio:
        with pytest.raises(Unanswered):
            await radio.call(Call(0x3B, response_within_s=1.0))
        assert (await radio.call(get_version())).response
