"""A house made beforehand, and the hub that runs it as a process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from hub.commands import answer
from hub.config import load
from hub.hub import Hub
from hub.model.people import Scope
from hub.running import made
from hub.signin import Visitor

ROOT = Path(__file__).parents[2]
GATEHOUSE = Path(sys.executable).with_name("gatehouse")
START_WITHIN_S = 30
PASSWORD = "correct horse battery staple"

ZONE = ZoneInfo("Europe/Berlin")
PROPERTY = f"""
[[property]]
id = "house"
name = "House"
timezone = "{ZONE.key}"
check_in = "00:00"
check_out = "23:59"
backups = 0
"""


@dataclass(frozen=True, slots=True)
class House:
    folder: Path
    port: int
    token: str
    """For the API, with every scope."""
    session: str
    """A manager's cookie."""
    csrf: str

    @property
    def config(self) -> Path:
        return self.folder / "gatehouse.toml"

    @property
    def database(self) -> Path:
        return self.folder / "gatehouse.db"

    def copy(self, folder: Path) -> House:
        """The same house at another place, as fresh as it was made."""
        shutil.copytree(self.folder, folder)
        return House(folder, self.port, self.token, self.session, self.csrf)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def build(folder: Path, site: str, drivers: str = "") -> AsyncIterator[tuple[House, Hub]]:
    """A house as the site file describes it, with a manager signed in; the hub does not run yet and may be furnished."""
    port = free_port()
    _lay_out(folder, port, drivers)
    async with made(load(folder / "gatehouse.toml"), running=False) as hub:
        await answer(hub, "bench", "apply", {"text": PROPERTY + site, "name": "site.toml"})
        token = await hub.tokens.make("bench", "bench", frozenset({Scope.ADMIN}))
        code = await hub.signin.new_setup_code()
        opened = await hub.signin.set_up(code, "Bench", PASSWORD, Visitor("127.0.0.1"))
        yield House(folder, port, token.text.reveal(), opened.token.reveal(), opened.guard.csrf), hub


def _lay_out(folder: Path, port: int, drivers: str) -> None:
    folder.mkdir()
    (folder / "gatehouse.toml").write_text(
        'database = "gatehouse.db"\nstate_dir = "state"\nkey_file = "key"\n'
        f'[log]\nlevel = "warning"\n[web]\nlisten = "127.0.0.1:{port}"\n{drivers}'
    )


def today() -> date:
    """As the house counts days."""
    return datetime.now(ZONE).date()


@asynccontextmanager
async def process(*command: str | Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[int]:
    """A program of ours; yields its process id."""
    running = await asyncio.create_subprocess_exec(
        *map(str, command), env={**os.environ, **(environ or {})}, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield running.pid
        assert running.returncode is None, f"{command[0]} ended by itself"
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


@asynccontextmanager
async def run(house: House, *, environ: Mapping[str, str] | None = None) -> AsyncIterator[int]:
    """The hub of that house, answering; yields its process id."""
    async with process(GATEHOUSE, "run", "-c", house.config, environ=environ) as pid:
        await answering(house.port)
        await press(house, "/health/time")  # a machine without a time server has a clock that the hub does not believe
        yield pid


async def press(house: House, address: str) -> None:
    """The manager sends a form without fields."""
    here = f"http://127.0.0.1:{house.port}"
    known = {"Cookie": f"gatehouse={house.session}", "Origin": here}
    async with aiohttp.ClientSession() as http:
        form = {"csrf": house.csrf}
        async with http.post(here + address, data=form, headers=known, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()


async def answering(port: int) -> None:
    """Until /healthz says 200, asked as often as that costs next to nothing."""
    async with asyncio.timeout(START_WITHIN_S):
        while not await _healthy(port):  # noqa: ASYNC110  # another process has no event to wait for
            await asyncio.sleep(0.002)


async def _healthy(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    except ConnectionError:
        return False
    finally:
        writer.close()
