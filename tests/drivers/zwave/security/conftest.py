from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

Vectors = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def vectors() -> Vectors:
    """Computed by zwave-js 15.29 from a fixed chain of hashes."""
    loaded: Vectors = json.loads((Path(__file__).parent / "vectors.json").read_text())
    return loaded


@pytest.fixture
def dice() -> Callable[[int], bytes]:
    """Bytes that never repeat, the same in every run."""
    numbers = count(1)
    return lambda length: next(numbers).to_bytes(4, "big").rjust(length, b"\xd1")[-length:]
