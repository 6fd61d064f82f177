"""What nodes ask of us, by itself and over the whole driver."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from drivers.zwave.answers import OURSELVES, answer
from drivers.zwave.cc import clock, door_lock, time, time_parameters, zwaveplus_info
from drivers.zwave.cc.codec import Command
from hub.model.facts import BoltMoved
from tests.drivers.zwave.fakes import FakeLock, House, TurnedClock, notification, virtual

NOW = datetime(2026, 11, 27, 20, 5, 9, 400, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "report"),
    [
        (time.TimeGet(), time.TimeReport(20, 5, 9)),
        (time.DateGet(), time.DateReport(date(2026, 11, 27))),
        (time.TimeOffsetGet(), time.TimeOffsetReport(time.Offset())),
        (time_parameters.Get(), time_parameters.Report(NOW.replace(microsecond=0))),
        (clock.Get(), clock.Report(4, 20, 5)),
        (zwaveplus_info.Get(), OURSELVES),
        (door_lock.OperationGet(), None),
    ],
)
def test_a_question_has_its_answer(question: Command, report: Command | None) -> None:
    assert answer(question, NOW) == report


def test_who_does_not_know_the_time_does_not_tell_it() -> None:
    assert answer(time.TimeGet(), None) is None
    assert answer(zwaveplus_info.Get(), None) == OURSELVES


@virtual
async def test_a_lock_that_asks_for_the_time_is_told_utc(house: House, lock: FakeLock) -> None:
    async with house.running():
        house.stick.say(2, bytes.fromhex("8a01"))
        await asyncio.sleep(1)
    assert lock.received[-1] == "8a020c0005"  # five seconds after twelve


@virtual
async def test_while_the_hub_does_not_trust_its_clock_a_lock_is_told_no_time(house: House, lock: FakeLock) -> None:
    class Doubtful(TurnedClock):
        trusted = False

    object.__setattr__(house.host, "clock", Doubtful())
    house.renew()
    async with house.running():
        before = len(lock.received)
        house.stick.say(2, bytes.fromhex("8a01"))
        await asyncio.sleep(1)
        assert len(lock.received) == before


@virtual
async def test_commands_that_come_wrapped_are_heard_one_by_one(house: House, lock: FakeLock) -> None:
    async with house.running():
        first, second = notification(6, bytes.fromhex("630303")), bytes.fromhex("8a01")
        house.stick.say(2, bytes((0x8F, 1, 2, len(first))) + first + bytes((len(second),)) + second)
        await asyncio.sleep(1)
    assert house.told(BoltMoved)[-1].slot == 3
    assert lock.received[-1].startswith("8a02")
