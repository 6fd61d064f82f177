from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.__main__ import measured
from tests.bench.rows import Goal, Row


async def test_what_cannot_be_measured_costs_the_others_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    kept: list[list[str]] = []

    async def good(folder: Path) -> list[Row]:
        assert folder.name.startswith("gatehouse-bench-")
        return [Row("page", 1.0, "ms", 0.5, Goal("value", "at most", 10))]

    async def bad(folder: Path) -> list[Row]:
        raise TimeoutError("the hub did not answer")

    failed = await measured(
        [("first", good), ("broken", bad), ("last", good)], lambda rows: kept.append([row.name for row in rows])
    )

    assert (failed, kept) == (["broken"], [["page"], ["page", "page"]])
    assert "the hub did not answer" in capsys.readouterr().err
