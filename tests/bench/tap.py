"""A wire between a host and a stick that counts what goes over the air."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from drivers.zwave.frame import Deframer, Frame

_CALLS = {0x13, 0xA9}
"""SendData and its form for bridges. Each has a request from the host, and from the stick a response and a callback."""
_REPORTS = {0x04, 0xA8}
"""What nodes say, and its form for bridges."""


class Tap:
    """Counts the commands that a host sends to nodes and those that nodes send to it."""

    def __init__(self) -> None:
        self.commands = 0

    def clear(self) -> None:
        self.commands = 0

    def from_host(self, frame: Frame) -> None:
        self.commands += frame.function in _CALLS

    def from_stick(self, frame: Frame) -> None:
        self.commands += frame.function in _REPORTS


@asynccontextmanager
async def tapped(tap: Tap, stick: int) -> AsyncIterator[int]:
    """Yields the port at which the stick seems to be."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", stick)
        for each in (writer, onward_writer):
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pump(reader, onward_writer, tap.from_host))
            tasks.create_task(_pump(onward_reader, writer, tap.from_stick))
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await done.wait()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: Callable[[Frame], None]) -> None:
    deframer = Deframer()
    try:
        while data := await source.read(4096):
            for unit in deframer.receive(data, 0.0):
                if isinstance(unit, Frame):
                    seen(unit)
            sink.write(data)
    except ConnectionError:
        pass  # the host is done
    finally:
        sink.close()
