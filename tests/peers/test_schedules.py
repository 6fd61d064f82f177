"""Hours told to locks of zwave-js's mock, which keeps them in its own words."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.contracts import SlotSchedule
from hub.model.values import Address, Pin, Proof, Weekly, Window
from tests.peers.mocked import Mock, Ours, mock, ours

NODES = (8, 9)
WITHIN_S = 60
CHRISTMAS = Window(datetime(2026, 12, 24, 15, tzinfo=UTC), datetime(2027, 1, 2, 11, 30, tzinfo=UTC))
HOUR = timedelta(hours=1)
WEEK_DAY, YEAR_DAY, DAILY = range(3)
"""ScheduleEntryLockScheduleKind of zwave-js."""


def schedule_of(host: Ours, node: int) -> SlotSchedule:
    schedule = host.driver.locks[Address(str(node))].schedule
    assert schedule is not None
    return schedule


async def kept(stick: Mock, node: int, slot: int, number: int, kind: int) -> Any:
    held = json.loads(await stick.held(node))
    return held.get(f"ScheduleEntryLock_schedule_{slot}_{number}_{kind}")


@pytest.mark.peer
@pytest.mark.parametrize("node", NODES)
async def test_a_lock_keeps_the_hours_that_it_was_told(tmp_path: Path, node: int) -> None:
    async with asyncio.timeout(WITHIN_S), mock(node, air_ms=1) as stick, ours(stick.stick, tmp_path) as host:
        assert (await host.found()).abilities.schedules
        keypad = host.driver.locks[Address(str(node))].keypad
        assert keypad is not None
        await keypad.write(5, Pin("471147"))
        schedule = schedule_of(host, node)

        assert await schedule.set(5, CHRISTMAS) is Proof.READ_BACK
        start = {"startYear": 26, "startMonth": 12, "startDay": 24, "startHour": 15, "startMinute": 0}
        stop = {"stopYear": 27, "stopMonth": 1, "stopDay": 2, "stopHour": 11, "stopMinute": 30}
        assert await kept(stick, node, 5, 1, YEAR_DAY) == start | stop

        nights = tuple(Weekly(day, 22 * HOUR, 9 * HOUR) for day in (4, 5, 6))
        assert await schedule.set(5, nights) is Proof.READ_BACK
        told = {"startHour": 22, "startMinute": 0, "durationHour": 9, "durationMinute": 0}
        assert await kept(stick, node, 5, 1, DAILY) == told | {"weekdays": [0, 5, 6]}  # Sunday is 0

        mixed = (Weekly(4, 22 * HOUR, 4 * HOUR), Weekly(0, 8 * HOUR, 2 * HOUR))
        assert await schedule.set(6, mixed) is Proof.READ_BACK
        late = {"weekday": 5, "startHour": 22, "startMinute": 0, "stopHour": 23, "stopMinute": 59}
        early = {"weekday": 6, "startHour": 0, "startMinute": 0, "stopHour": 2, "stopMinute": 0}
        monday = {"weekday": 1, "startHour": 8, "startMinute": 0, "stopHour": 10, "stopMinute": 0}
        assert [await kept(stick, node, 6, number, WEEK_DAY) for number in (1, 2, 3)] == [late, early, monday]

        assert await schedule.clear(5) is Proof.READ_BACK
        assert await kept(stick, node, 5, 1, DAILY) is None
