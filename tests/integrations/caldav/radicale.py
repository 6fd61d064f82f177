"""Radicale, a real CalDAV server, on a free port of this machine, as a process of its own."""

from __future__ import annotations

import asyncio
import base64
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

USER, PASSWORD = "hub", "correct horse battery"

_SETTINGS = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[logging]
level = info
"""
_MAKE = (
    '<?xml version="1.0" encoding="utf-8"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set>'
    "<D:prop><D:displayname>Flat 1</D:displayname></D:prop></D:set></C:mkcalendar>"
)


@dataclass(slots=True)
class Radicale:
    """With what a person does in the calendar, on a telephone of their own."""

    port: int
    url: str = ""

    async def ask(self, method: str, path: str = "", body: str = "", **headers: str) -> tuple[int, str]:
        key = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        told = {"Authorization": f"Basic {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, data=body.encode(), headers=told) as answer,
        ):
            return answer.status, await answer.text()

    async def write(self, name: str, *lines: str, uid: str = "") -> None:
        event = "\r\n".join((f"UID:{uid or name}", "DTSTAMP:20270101T000000Z", *lines))
        head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//phone//EN\r\nBEGIN:VEVENT\r\n"
        text = f"{head}{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        status, _ = await self.ask("PUT", f"{name}.ics", text, Content_Type="text/calendar")
        assert status in (201, 204)

    async def change(self, name: str, old: str, new: str) -> None:
        _, text = await self.ask("GET", f"{name}.ics")
        assert old in text
        status, _ = await self.ask("PUT", f"{name}.ics", text.replace(old, new), Content_Type="text/calendar")
        assert status in (201, 204)

    async def delete(self, name: str) -> None:
        status, _ = await self.ask("DELETE", f"{name}.ics")
        assert status in (200, 204)

    async def everything(self) -> str:
        """The whole calendar as one text, without folded lines."""
        return (await self.ask("GET"))[1].replace("\r\n ", "").replace("\n ", "")


@asynccontextmanager
async def radicale(folder: Path) -> AsyncIterator[Radicale]:
    made = Radicale(_free_port())
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "settings").write_text(_SETTINGS.format(folder=folder, port=made.port))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "radicale", "--config", str(folder / "settings"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        try:
            await _ready(server)
            assert server.stderr is not None
            group.create_task(server.stderr.read())  # a full pipe would stop it
            made.url = f"http://127.0.0.1:{made.port}/{USER}/flat/"
            status, _ = await made.ask("MKCALENDAR", body=_MAKE)
            assert status == 201
            yield made
        finally:
            server.terminate()
            await server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


async def _ready(server: asyncio.subprocess.Process) -> None:
    assert server.stderr is not None
    said = b""
    async with asyncio.timeout(60):
        while line := await server.stderr.readline():
            said += line
            if b"Listening on" in line:
                return
    raise AssertionError(f"Radicale did not start: {said.decode()}")
