import re
import subprocess
import sys
from pathlib import Path

from tests.hub.store.conftest import Kept

ROOT = Path(__file__).parents[3]


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(kept: Kept) -> None:
    command = [sys.executable, "-m", "tests.hub.store.killed_writer", kept.url, "30" if kept.is_a_file else "10", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    kills, acknowledged = map(int, re.findall(r"\d+", done.stdout)[:2])
    assert kills >= 10
    assert acknowledged >= kills, "each had begun before it was killed"
