"""Settings of a lock, and those that are never set by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.zwave.settings import NodeSettings
from hub.errors import Rejected, Unavailable
from tests.drivers.zwave.brands import BE469, KW_914, YRD256, wearing
from tests.drivers.zwave.fake_classes import SchedulingLock
from tests.drivers.zwave.fakes import FakeStick, House, virtual


@pytest.fixture
def lock() -> SchedulingLock:
    return SchedulingLock()


@pytest.fixture
def house(tmp_path: Path, lock: SchedulingLock) -> House:
    return House(tmp_path, FakeStick([lock]))


def settings_of(house: House) -> NodeSettings:
    return NodeSettings(house.driver._members[2]._node)


@pytest.mark.parametrize(
    ("product", "parameter", "why"),
    [(YRD256, 15, "factory settings"), (KW_914, 40, "factory settings"), (BE469, 16, "deletes every code")],
)
@virtual
async def test_yrd256_914_and_be469_are_not_reset_by_accident(
    house: House, lock: SchedulingLock, product: str, parameter: int, why: str
) -> None:
    wearing(lock, product)
    lock.parameters = {16: b"\x04", parameter: b"\x04"}
    async with house.running():
        before = len(lock.received)
        with pytest.raises(Rejected, match=why):
            await settings_of(house).set(parameter, 1)
        assert len(lock.received) == before


@virtual
async def test_a_parameter_of_a_lock_that_nobody_knows_is_not_set(house: House, lock: SchedulingLock) -> None:
    wearing(lock, "471100010001")
    async with house.running():
        with pytest.raises(Rejected, match="nobody knows"):
            await settings_of(house).set(7, 1)


@virtual
async def test_a_harmless_parameter_is_set_and_read_back(house: House, lock: SchedulingLock) -> None:
    wearing(lock, YRD256)
    lock.parameters = {3: b"\x1e"}
    async with house.running():
        await settings_of(house).set(3, 180)
        assert lock.parameters[3] == b"\xb4"
        lock.received.clear()
        await settings_of(house).set(3, 180)
        assert lock.received == ["700503"]


@virtual
async def test_a_value_that_does_not_fit_or_is_not_taken_is_rejected(house: House, lock: SchedulingLock) -> None:
    wearing(lock, YRD256)
    lock.parameters = {3: b"\x1e"}
    async with house.running():
        with pytest.raises(Rejected, match="no room"):
            await settings_of(house).set(3, 256)
        lock.unanswered = {"7004"}
        with pytest.raises(Rejected, match="did not take"):
            await settings_of(house).set(3, 60)


@virtual
async def test_a_parameter_that_is_not_told_is_unavailable(house: House, lock: SchedulingLock) -> None:
    wearing(lock, YRD256)
    async with house.running():
        with pytest.raises(Unavailable):
            await settings_of(house).read(99)
