"""The main job with nothing of ours but the hub: zwave-js's mock is the stick and the lock, a web server has the calendar."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

TESTS = Path(__file__).parents[1]
MOCK = TESTS / "node_modules" / "zwave-js" / "bin" / "mock-server.cjs"
GATEHOUSE = Path(__file__).parents[2] / ".venv" / "bin" / "gatehouse"

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Expedia Group//Vrbo//EN
BEGIN:VEVENT
UID:4fd1-77@vrbo.com
SUMMARY:Reserved - Grace Hopper
DTSTAMP:20270228T090000Z
DTSTART;VALUE=DATE:20270301
DTEND;VALUE=DATE:20270302
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")

SITE = """
[[property]]
id = "house"
name = "House"
timezone = "Europe/Berlin"
check_in = "15:00"
check_out = "11:00"
backups = 0

[[lock]]
id = "front"
property = "house"
name = "Front door"
driver = "zwave"
address = "2"

[[unit]]
id = "flat"
property = "house"
name = "Flat"
locks = ["front"]

[[channel]]
id = "vrbo"
unit = "flat"
integration = "ical"
source = "vrbo"
url = "{feed}"
"""

START = "2027-03-01T12:30:00Z"
"""13:30 in Berlin, half an hour before the code may work."""
SPEED = 1800
"""Half an hour in a second: the guest's 21 hours pass in 42 seconds."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _process(*command: str | Path, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    import os

    process = await asyncio.create_subprocess_exec(*map(str, command), env={**os.environ, **environ}, cwd=TESTS)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)


@asynccontextmanager
async def _feed() -> AsyncIterator[str]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=CALENDAR, content_type="text/calendar")

    app = web.Application()
    app.router.add_get("/calendar.ics", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/calendar.ics"
    finally:
        await runner.cleanup()


async def _until(condition: Any, within_s: float = 60.0) -> Any:
    """The first true answer; asked again and again, because the other side is another program."""
    async with asyncio.timeout(within_s):
        while not (answer := await condition()):  # noqa: ASYNC110  # another process has no event to wait for
            await asyncio.sleep(0.1)
        return answer


class House:
    def __init__(self, folder: Path, stick: int, control: int, http: aiohttp.ClientSession) -> None:
        self.config = folder / "gatehouse.toml"
        self.web = _free_port()
        self._control = f"http://127.0.0.1:{control}"
        self._http = http
        self.config.write_text(
            'database = "gatehouse.db"\nstate_dir = "state"\nkey_file = "key"\n'
            f'[web]\nlisten = "127.0.0.1:{self.web}"\n[drivers.zwave]\nport = "socket://127.0.0.1:{stick}"\n'
        )

    async def command(self, *words: str) -> Any:
        process = await asyncio.create_subprocess_exec(
            str(GATEHOUSE), *words, "-c", str(self.config), "--json",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, said = await process.communicate()
        assert process.returncode == 0, said.decode()
        return json.loads(out)

    async def running(self) -> bool:
        try:
            async with self._http.get(f"http://127.0.0.1:{self.web}/healthz"):
                return True
        except aiohttp.ClientError:
            return False

    async def code(self) -> dict[str, Any] | None:
        """Of the guest, once the hub says that the lock holds it."""
        return next((code for code in await self.command("codes") if code["state"] == "set"), None)

    async def state_of_the_lock(self) -> dict[str, Any]:
        async with self._http.get(f"{self._control}/state") as answer:
            told: dict[str, Any] = await answer.json(content_type=None)
            return told

    async def unlock_at_the_keypad(self, slot: int) -> None:
        async with self._http.get(f"{self._control}/unlock", params={"user": slot}) as answer:
            assert answer.status == 200

    async def unlocked_by(self, token: str) -> str | None:
        url = f"http://127.0.0.1:{self.web}/api/v1/access-events"
        async with self._http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200, await answer.text()
            events = (await answer.json())["items"]
        return next((event["who"] for event in events if event["what"] == "unlocked"), None)


@pytest.mark.peer
async def test_a_booking_becomes_a_code_in_zwave_js_mock_lock_and_is_gone_after_check_out(tmp_path: Path) -> None:
    stick, control = _free_port(), _free_port()
    mock = ("node", MOCK, "-i", "127.0.0.1", "-p", str(stick), "-c", "peers/mock-lock.cjs")
    async with _feed() as feed, aiohttp.ClientSession() as http, _process(*mock, CONTROL=str(control)):
        house = House(tmp_path, stick, control, http)
        (tmp_path / "site.toml").write_text(SITE.format(feed=feed))
        await house.command("apply", str(tmp_path / "site.toml"))
        run = (GATEHOUSE, "run", "-c", house.config, "--clock", START, "--speed", str(SPEED))
        async with _process(*run):
            await _until(house.running)
            token = (await house.command("token", "add", "peer test", "--scope", "read"))["token"]

            code = await _until(house.code)
            assert (code["holder"], code["proof"]) == ("Grace Hopper", "read_back")
            revealed = await house.command("codes", "--reveal")
            held = await house.state_of_the_lock()
            assert revealed[0]["pin"] in held.values(), "the mock's lock holds the digits"

            await house.unlock_at_the_keypad(code["slot"])
            assert await _until(lambda: house.unlocked_by(token)) == "Grace Hopper"

            async def gone() -> bool:
                return bool(await house.command("codes") == [])

            await _until(gone, within_s=120)
            assert revealed[0]["pin"] not in (await house.state_of_the_lock()).values()
