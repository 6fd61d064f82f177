"""A request that comes in over HTTP while time is only a number: aiohttp's own server on a wire in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from hub.hub import Hub
from web.app import build


class _Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 9)})
        self.said = b""
        self.over = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += bytes(data)

    def is_closing(self) -> bool:
        return self.over.is_set()

    def close(self) -> None:
        self.over.set()


async def post(hub: Hub, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """The status that everything which serves the hub's pages and its API answers with."""
    told = {"Host": "hub.local", "Connection": "close", "Content-Length": f"{len(body)}", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    runner, wire = web.AppRunner(build(hub), access_log=None), _Wire()
    await runner.setup()
    try:
        assert runner.server is not None
        handler = runner.server()
        handler.connection_made(wire)
        handler.data_received(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        await wire.over.wait()
        handler.connection_lost(None)
    finally:
        await runner.cleanup()
    return int(wire.said.split()[1])
