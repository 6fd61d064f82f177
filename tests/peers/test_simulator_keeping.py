"""zwave-js's unmodified Driver keeps a network behind our simulated stick: adds, removes, replaces, heals, backs up."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LOCKS = "yale-zw3,new=yale-zw3+s2,new=kwikset+s0,new=kwikset,new=schlage+s2,new=yale-zw3+s2"
KEYS = {
    "S0_Legacy": "0102030405060708090a0b0c0d0e0f10",
    "S2_Unauthenticated": "11" * 16,
    "S2_Authenticated": "22" * 16,
    "S2_AccessControl": "33" * 16,
}


async def _kept_by_zwave_js(folder: Path) -> dict[str, object]:
    simulator = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "drivers.simulator", "--locks", LOCKS, "--delay", "0.001", "--no-collisions",
        "--settings", '{"functions": "full"}', cwd=TESTS.parent, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert simulator.stdout is not None
        where = json.loads(await simulator.stdout.readline())
        keeper = await asyncio.create_subprocess_exec(
            "node", "peers/zwave-js-keeper.mjs", f"tcp://127.0.0.1:{where['port']}", where["control"], str(folder),
            cwd=TESTS, env={**os.environ, "KEYS": json.dumps(KEYS)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, said = await asyncio.wait_for(keeper.communicate(), 150)
        finally:
            if keeper.returncode is None:
                keeper.kill()
        assert keeper.returncode == 0, said.decode()
    finally:
        simulator.terminate()
        await simulator.wait()
    told: dict[str, object] = json.loads(out.splitlines()[-1])
    return told


@pytest.mark.peer
async def test_zwave_js_keeps_a_network_behind_our_simulated_stick(tmp_path: Path) -> None:
    assert await _kept_by_zwave_js(tmp_path) == {
        "s2": {"id": 3, "security": "S2_AccessControl", "low": False},
        "s0": {"id": 4, "security": "S0_Legacy", "low": False},
        "none": {"id": 5, "security": "None", "low": False},
        "smart": {"id": 6, "security": "S2_AccessControl"},
        "noise": [-94, -94, -94],
        "healed": True,
        "neighbours": [1, 2, 4, 5, 6],
        "backup": 8192,
        "removed": {"id": 5, "reason": "Excluded"},
        "replaced": {"failed": True, "id": 4, "security": "S2_AccessControl"},
        "struck": True,
        "rssi": -60,
    }
