"""The simulator as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from drivers.simulator.__main__ import main
from tests.drivers.simulator.world import unit

ROOT = Path(__file__).parents[3]
SET_2468 = unit(0x13, bytes.fromhex("020863010401323436382507"))


class Process:
    def __init__(self, process: asyncio.subprocess.Process, told: dict[str, Any], http: aiohttp.ClientSession) -> None:
        self.process = process
        self.told = told
        self.http = http

    async def get(self, path: str) -> Any:
        async with self.http.get(self.told["control"] + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: str = "") -> tuple[int, Any]:
        async with self.http.post(self.told["control"] + path, data=body) as answer:
            return answer.status, await answer.json()

    async def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        async with asyncio.timeout(10):
            return await self.process.wait()


@asynccontextmanager
async def a_process(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "drivers.simulator", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession() as http:
            yield Process(process, json.loads(await process.stdout.readline()), http)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def set_a_code(port: int) -> None:
    """Hands a User Code Set over and waits for the callback, as a host does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(SET_2468)
    await reader.readexactly(1 + 6)
    writer.write(b"\x06")
    await reader.readexactly(1)
    writer.close()


async def test_the_locks_outlive_a_killed_process(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    arguments = ("--state", str(state), "--locks", "yale,august", "--delay", "0")
    async with a_process(*arguments) as first:
        await set_a_code(first.told["port"])
        assert await first.end(signal.SIGKILL) == -signal.SIGKILL
    async with a_process(*arguments) as second:
        assert (await second.get("/locks/2"))["slots"] == [{"slot": 4, "status": 1, "digits": "2468"}]
        assert await second.post("/locks/2/press", '{"digits": "2468"}') == (200, {"opened": True})
        assert await second.end(signal.SIGTERM) == 0


async def test_the_hands_over_http() -> None:
    async with a_process("--locks", "schlage, 7=yale", "--slots", "20", "--quirks", '{"masked": true}') as simulator:
        assert simulator.told["locks"] == {"2": "Schlage BE469ZP", "7": "Yale YRD256"}
        for path, body in (
            ("program", '{"slot": 3, "digits": "1234"}'),
            ("turn", '{"to": "unlocked"}'),
            ("drain", '{"percent": 15}'),
            ("jam", '{"jammed": true}'),
            ("silence", '{"silent": true}'),
            ("quirks", '{"slow": 2.5}'),
        ):
            status, _ = await simulator.post(f"/locks/7/{path}", body)
            assert status == 200
        front, flat = await simulator.get("/locks")
        assert front == await simulator.get("/locks/2")
        assert (front["slot_count"], front["parameters"]["16"]) == (20, 4)
        assert flat["slots"] == [{"slot": 3, "status": 1, "digits": "1234"}]
        assert (flat["bolt"], flat["battery"], flat["jammed"], flat["silent"]) == ("unlocked", 15, True, True)
        assert (flat["quirks"]["masked"], flat["quirks"]["slow"]) == (True, 2.5)
        journal = await simulator.get("/locks/7/journal")
        assert [entry["change"]["what"] for entry in journal] == [
            "installed",
            "code",
            "bolt",
            "battery",
            "jam",
            "silence",
        ]
        assert len(await simulator.get("/journal")) == len(journal) + 1
        assert await simulator.post("/locks/7/reset") == (200, {})
        assert (await simulator.get("/locks/7"))["slots"] == []


async def test_a_sleeping_lock_costs_a_beam() -> None:
    async with a_process("--locks", "yale", "--rate", "100k", "--beamed", "--awake", "1") as simulator:
        await set_a_code(simulator.told["port"])
        told = await simulator.get("/stick")
    assert (told["sent"], told["beams"]) == (1, 1)


async def test_a_newcomer_is_unpacked_and_switched_on_over_http() -> None:
    more = '{"functions": "full"}'
    async with a_process("--locks", "yale,new=schlage", "--settings", more, "--delay", "0") as simulator:
        (first,) = await simulator.get("/newcomers")
        assert (first["id"], first["model"], first["label"]) == ("new-1", "Schlage BE469ZP", "")
        status, second = await simulator.post("/newcomers", '{"model": "kwikset", "security": "s2", "name": "Spare"}')
        assert (status, second["id"], second["awake"]) == (200, "new-2", False)
        assert second["label"].startswith("9001")
        assert second["label"][12:52] == second["dsk"].replace("-", "")
        assert await simulator.post("/newcomers/new-2/pair") == (200, {})
        assert [each["awake"] for each in await simulator.get("/newcomers")] == [False, True]
        assert await simulator.post("/locks/2/pair") == (200, {})
        assert len(await simulator.get("/locks")) == 1


async def test_trouble_is_made_over_http() -> None:
    async with a_process("--locks", "yale", "--settings", '{"faults": {"noise": 0.5}}') as simulator:
        status, faults = await simulator.post("/stick/faults", '{"noise": 0, "cancels": 1}')
        assert (status, faults["noise"], faults["cancels"]) == (200, 0, 1)
        assert await simulator.get("/stick/faults") == faults
        for path, body in (
            ("/stick/jam", '{"seconds": 5}'),
            ("/stick/restart", ""),
            ("/locks/2/flood", ""),
            ("/stick/unplug", '{"seconds": 1}'),
        ):
            assert await simulator.post(path, body) == (200, {})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/locks/9/press", '{"digits": "1234"}', 409),
        ("/locks/2/program", '{"slot": 99, "digits": "1234"}', 409),
        ("/locks/2/press", "", 400),
        ("/locks/2/press", '{"digits": 1234}', 400),
        ("/locks/2/turn", '{"to": "ajar"}', 400),
        ("/locks/2/quirks", '{"lose_commands": 2}', 400),
        ("/locks/2/quirks", "[]", 400),
        ("/locks/9/pair", "", 409),
        ("/stick/jam", "{}", 400),
        ("/stick/faults", '{"cancels": 2}', 400),
        ("/newcomers/new-7/pair", "", 409),
        ("/newcomers", '{"model": "yale", "address": "5"}', 409),
        ("/newcomers", '{"model": "yael"}', 400),
    ],
)
async def test_what_cannot_be_done_over_http_is_said(
    control: tuple[aiohttp.ClientSession, str], path: str, body: str, status: int
) -> None:
    http, url = control
    async with http.post(url + path, data=body) as answer:
        assert answer.status == status
        assert "1234" not in await answer.text()


def test_a_wrong_argument_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--locks", "yael"]) == 2
    assert "there is no simulated lock “yael”" in capsys.readouterr().err


def test_the_hands_do_not_listen_for_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--control", "0.0.0.0:0"])
    assert "loopback only" in capsys.readouterr().err


def test_a_place_that_cannot_be_had_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "stick").write_text("letters")
    assert main(["--listen", f"pty:{tmp_path / 'stick'}"]) == 1
    assert "choose another path" in capsys.readouterr().err


async def test_secure_locks_take_the_network_s_keys_from_a_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"S0_Legacy": "5a" * 16}))
    async with a_process("--locks", "yale+s0,kwikset", "--keys", str(keys)) as simulator:
        locks = await simulator.get("/locks")
        assert [lock["keys"] for lock in locks] == [["S0_Legacy"], []]


@pytest.mark.parametrize("content", ["", "5a5a5a", '{"S0_Legacy": "5a5a5a"}', '{"S0": "5a5a5a"}', None])
def test_keys_that_cannot_be_used_are_refused_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    keys = tmp_path / "keys.json"
    if content is not None:
        keys.write_text(content)
    assert _ended("--locks", "yale+s0", "--keys", str(keys)) == 2
    assert "5a5a" not in capsys.readouterr().err


def _ended(*arguments: str) -> object:
    """The exit code, whoever found the fault."""
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return ended.code
