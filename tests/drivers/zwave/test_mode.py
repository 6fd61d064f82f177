"""Vacation and privacy mode: read from a lock's settings every day, and when its keypad refuses everybody."""

from __future__ import annotations

import asyncio

import pytest

from hub.model.facts import Mode, ModeTold
from tests.drivers.zwave.brands import BE469, YRD256, wearing
from tests.drivers.zwave.fakes import FakeLock, House, notification, virtual

FOUR_DIGITS = b"\x04"
"""Without it a lock of Schlage's is not known well enough to be introduced."""
WRONG_CODES = notification(0x04, kind=7)


@pytest.mark.parametrize(
    ("brand", "parameter", "value", "mode"),
    [
        (BE469, 4, b"\xff", Mode.VACATION),
        (BE469, 4, b"\x01", Mode.VACATION),
        (BE469, 4, b"\x00", Mode.NORMAL),
        (YRD256, 8, b"\x01", Mode.VACATION),
        (YRD256, 8, b"\x02", Mode.PRIVACY),
        (YRD256, 8, b"\x03", Mode.NORMAL),
    ],
)
@virtual
async def test_wrong_codes_have_the_mode_read(
    house: House, lock: FakeLock, brand: str, parameter: int, value: bytes, mode: Mode
) -> None:
    wearing(lock, brand)
    lock.parameters |= {16: FOUR_DIGITS, parameter: value}
    async with house.running():
        house.stick.say(2, WRONG_CODES)
        await asyncio.sleep(30)
    assert [told.mode for told in house.facts if isinstance(told, ModeTold)] == [mode]


@virtual
async def test_a_mode_is_read_every_day_and_told_when_it_changes(house: House, lock: FakeLock) -> None:
    wearing(lock, BE469)
    lock.parameters |= {16: FOUR_DIGITS, 4: b"\x00"}
    async with house.running():
        await asyncio.sleep(25 * 3600)
        lock.parameters[4] = b"\xff"
        await asyncio.sleep(48 * 3600)
    assert [told.mode for told in house.facts if isinstance(told, ModeTold)] == [Mode.NORMAL, Mode.VACATION]
