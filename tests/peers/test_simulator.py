"""zwave-js's unmodified Driver takes our simulated stick for a real one: interview, codes, bolt."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LOCKS = "schlage,yale-zw3,kwikset"


async def _told_by_zwave_js(port: str, cache: Path) -> dict[str, dict[str, object]]:
    process = await asyncio.create_subprocess_exec(
        "node", "peers/zwave-js-host.mjs", port, str(cache), "2:4", "3:6", "4:6",
        cwd=TESTS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, said = await asyncio.wait_for(process.communicate(), 150)
    assert process.returncode == 0, said.decode()
    told: dict[str, dict[str, object]] = json.loads(out.splitlines()[-1])
    return told


@pytest.mark.peer
@pytest.mark.parametrize("line", ["tcp", "pty"])
async def test_zwave_js_sets_and_reads_codes_in_our_simulated_locks(line: str, tmp_path: Path) -> None:
    listen = "127.0.0.1:0" if line == "tcp" else f"pty:{tmp_path / 'stick'}"
    simulator = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "drivers.simulator", "--listen", listen, "--locks", LOCKS, "--delay", "0.01",
        cwd=TESTS.parent, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert simulator.stdout is not None
        where = json.loads(await simulator.stdout.readline())
        port = f"tcp://127.0.0.1:{where['port']}" if line == "tcp" else str(tmp_path / "stick")
        told = await _told_by_zwave_js(port, tmp_path / "cache")
    finally:
        simulator.terminate()
        await simulator.wait()
    assert {node: (each["model"], each["slots"]) for node, each in told.items()} == {
        "2": ("be469zp.json", 30),
        "3": ("yrd256-zw3.json", 250),
        "4": ("914.json", 30),
    }
    assert all(each["wrong"] == [] and each["cleared"] and each["unlocked"] for each in told.values())
    assert all(each["battery"] == 90 for each in told.values())
