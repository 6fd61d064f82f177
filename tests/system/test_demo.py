"""The demonstration, as somebody starts it."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.system.victim import ROOT

pytestmark = pytest.mark.slow


def test_the_address_that_is_printed_answers_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "hub", "demo", "--port", "18743"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        try:
            address = demo.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:18743/")
            with urllib.request.urlopen(address) as page:  # noqa: S310  # just looked at
                assert page.status == 200
        finally:
            demo.terminate()
