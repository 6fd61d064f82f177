from __future__ import annotations

from pathlib import Path

import pytest

from tests.drivers.zwave.fakes import FakeLock, FakeStick, House


@pytest.fixture
def lock() -> FakeLock:
    return FakeLock()


@pytest.fixture
def house(tmp_path: Path, lock: FakeLock) -> House:
    return House(tmp_path, FakeStick([lock]))
