"""Property tests draw what they were told to draw: the same in every run of `make test`, others in `make soak`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRAWING = """
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

class Machine(RuleBasedStateMachine):
    @rule(number=st.integers())
    def draw(self, number):
        print("drew", number)

TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=5, stateful_step_count=5)

@given(st.integers())
def test_drawing(number):
    print("drew", number)

@settings(max_examples=20)
@given(st.text())
def test_its_own(text):
    print("drew", ascii(text))
"""


def drawn(folder: Path, **environ: str) -> list[str]:
    """What the examples were, in an interpreter of their own."""
    (folder / "test_drawing.py").write_text(DRAWING)
    (folder / "conftest.py").write_text("import tests.conftest\n")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GATEHOUSE_", "PYTEST_"))}
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-s",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-n",
        "0",
        str(folder),
    ]
    run = subprocess.run(
        [*words, f"--rootdir={folder}", "-c", os.devnull],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), **environ},
    )
    return [line[line.index("drew") :] for line in run.stdout.splitlines() if "drew" in line]


def test_every_run_draws_the_same_examples_and_a_soak_others(tmp_path: Path) -> None:
    first = drawn(tmp_path)
    assert len(first) > 100
    assert drawn(tmp_path, CI="1") == first
    fresh = drawn(tmp_path, GATEHOUSE_EXAMPLES="fresh")
    assert len(fresh) > len(first), "a soak draws more of them"
    assert set(fresh[-20:]) != set(first[-20:]), "and others, where a test says itself how many"


def test_no_test_decides_for_itself_whether_its_examples_are_fresh() -> None:
    others = [test for test in ROOT.joinpath("tests").rglob("test_*.py") if test != Path(__file__)]
    assert not [test.name for test in others if "derandomize" in test.read_text()]
