"""Every parser of the driver under coverage-guided fuzzing, for a while; `python -m tests.drivers.zwave.fuzz` goes on longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
RUNS = int(os.environ.get("GATEHOUSE_FUZZ_RUNS", "20000"))
TARGETS = ("line", "commands", "s2", "s0", "joining", "transport", "label")


@pytest.mark.parametrize("target", TARGETS)
def test_a_strangers_bytes_are_understood_or_garbled(target: str, tmp_path: Path) -> None:
    words = [f"-runs={RUNS}", "-seed=1", "-max_len=256", f"-artifact_prefix={tmp_path}/", "-print_final_stats=1"]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.drivers.zwave.fuzz", target, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert f"number_of_executed_units: {RUNS}" in ended.stderr
