"""A web server for tests that answers exactly the bytes it was told to, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Site:
    """Answers by path. What was not set up is 404."""

    port: int = 0
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    pages: dict[str, bytes | None] = field(default_factory=dict)
    busy: int = 0
    busiest: int = 0
    gate: asyncio.Event | None = None
    """If set, no answer is given before it is."""

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def answer(self, path: str, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Header names are written with underscores: `Retry_After="3"`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        told = {"Content-Length": str(len(body)), **named}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self.pages[path] = f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode() + body

    def raw(self, path: str, data: bytes) -> None:
        """These bytes, then the connection is closed."""
        self.pages[path] = data

    def hang(self, path: str) -> None:
        """No answer, ever."""
        self.pages[path] = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = await _request(reader)
                self.asked.append(asked)
                await self._reply(asked.path, reader, writer)
        finally:
            self.busy -= 1
            writer.close()

    async def _reply(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.gate is not None:
            await self.gate.wait()
        page = self.pages.get(path, b"HTTP/1.1 404 Nothing here\r\nContent-Length: 0\r\n\r\n")
        if page is None:
            await reader.read()
            return
        writer.write(page)
        await writer.drain()


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _version = first.split(" ")
    return Asked(method, path, headers, body)


@asynccontextmanager
async def site(tls: SSLContext | None = None) -> AsyncIterator[Site]:
    made = Site(scheme="https" if tls else "http")
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
