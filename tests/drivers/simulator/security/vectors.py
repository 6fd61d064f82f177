"""Numbers computed by zwave-js 15.29 from a fixed chain of hashes; the driver's tests use the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

_ALL: Final[dict[str, list[dict[str, Any]]]] = json.loads(
    (Path(__file__).parents[2] / "zwave/security/vectors.json").read_text()
)


def vectors(of: str) -> list[dict[str, Any]]:
    assert _ALL[of]
    return _ALL[of]


def h(text: str) -> bytes:
    return bytes.fromhex(text)
