"""That every bug still fits the code; whether each is found takes an hour, and is asked by `make mutants`."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests.mutants.bugs import ROOT, Bug, bugs


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.name)
def test_the_bug_fits_the_code(tmp_path: Path, bug: Bug) -> None:
    copy = tmp_path / bug.file
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / bug.file, copy)
    bug.put_into(tmp_path)
    ast.parse(copy.read_text())


def test_there_are_twenty() -> None:
    assert len({bug.name for bug in bugs()}) >= 20
