"""The cable between a host and a simulated stick: it cuts bytes up, adds noise, and can be pulled at the worst moment."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random
from typing import Protocol


class Segments(Enum):
    WHOLE = "whole"
    SPLIT = "split"
    """A few bytes at a time, in both directions."""
    JOINED = "joined"
    """What the stick says within some milliseconds comes at once."""


JOIN_S = 0.004


@dataclass(frozen=True, slots=True)
class Cut:
    """Pull the plug when the host sends a frame with these bytes in it, after so many bytes of that frame."""

    marker: bytes
    after: int


class HostEnd(Protocol):
    async def read(self) -> bytes:
        """Empty when it is over."""

    def write(self, data: bytes) -> None: ...

    def pull(self) -> None:
        """As a hand does it: at once, whatever is under way."""


@dataclass
class Cable:
    stick: int
    """The simulator's port."""
    tasks: asyncio.TaskGroup
    random: Random
    segments: Segments = Segments.WHOLE
    noise: float = 0.0
    """How likely it is that a byte of what the stick says is wrong, and how likely that garbage comes before it."""
    noise_per_byte: float = 0.0
    """How likely each single byte of what the stick says is wrong in one bit."""
    cut: Cut | None = None
    pulled: asyncio.Event = field(default_factory=asyncio.Event)
    _host: HostEnd | None = None

    def carry(self, host: HostEnd) -> None:
        self._host = host
        self.tasks.create_task(self._carry(host))

    def pull(self) -> None:
        if self._host is not None:
            self._host.pull()
        self.pulled.set()

    async def _carry(self, host: HostEnd) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.stick)
        down = asyncio.get_running_loop().create_task(self._down(reader, host))  # ended below
        try:
            with suppress(ConnectionError):
                await self._up(host, writer)
        finally:
            down.cancel()
            writer.close()

    async def _up(self, host: HostEnd, stick: asyncio.StreamWriter) -> None:
        while data := await host.read():
            cut = self.cut
            if cut is not None and cut.marker in data:
                self.cut = None
                stick.write(data[: cut.after])
                await stick.drain()
                self.pull()
                return
            for piece in self._pieces(data):
                stick.write(piece)
                await asyncio.sleep(0)

    async def _down(self, stick: asyncio.StreamReader, host: HostEnd) -> None:
        while data := await stick.read(4096):
            if self.segments is Segments.JOINED:
                await asyncio.sleep(JOIN_S)  # meanwhile the reader gathers
            for piece in self._pieces(self._disturbed(data)):
                host.write(piece)
                await asyncio.sleep(0)

    def _disturbed(self, data: bytes) -> bytes:
        if self.random.random() < self.noise:
            place = self.random.randrange(len(data))
            data = data[:place] + bytes([data[place] ^ 1 << self.random.randrange(8)]) + data[place + 1 :]
        if self.random.random() < self.noise:
            data = self.random.randbytes(3) + data
        return bytes(byte ^ self._flip() for byte in data) if self.noise_per_byte else data

    def _flip(self) -> int:
        return 1 << self.random.randrange(8) if self.random.random() < self.noise_per_byte else 0

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        while self.segments is Segments.SPLIT and len(data) > 1:
            length = self.random.randrange(1, 4)
            yield data[:length]
            data = data[length:]
        if data:
            yield data


# ---- over TCP ------------------------------------------------------------------------------------------------------


@dataclass
class _Socket:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def read(self) -> bytes:
        return await self.reader.read(4096)

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def pull(self) -> None:
        self.writer.transport.abort()


class TcpCable(Cable):
    port = 0
    _server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        return f"socket://127.0.0.1:{self.port}"

    async def plug(self) -> None:
        self.pulled.clear()
        self._server = await asyncio.start_server(lambda *ends: self.carry(_Socket(*ends)), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def pull(self) -> None:
        assert self._server is not None
        self._server.close()
        super().pull()


# ---- over a pseudo-terminal ----------------------------------------------------------------------------------------


class _Terminal:
    """The near end; the far end stays open here, so that the host may close and open it as it likes."""

    def __init__(self) -> None:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.name = os.ttyname(self._far)
        self._readable = asyncio.Event()
        self._plugged = True
        asyncio.get_running_loop().add_reader(self._near, self._readable.set)

    async def read(self) -> bytes:
        while self._plugged:
            await self._readable.wait()
            self._readable.clear()
            with suppress(BlockingIOError):
                if self._plugged:
                    return os.read(self._near, 4096)
        return b""

    def write(self, data: bytes) -> None:
        if self._plugged:
            os.write(self._near, data)

    def pull(self) -> None:
        if self._plugged:
            self._plugged = False
            asyncio.get_running_loop().remove_reader(self._near)
            os.close(self._near)
            os.close(self._far)
            self._readable.set()


@dataclass
class PtyCable(Cable):
    link: Path = Path("/nowhere")

    @property
    def address(self) -> str:
        return str(self.link)

    async def plug(self) -> None:
        self.pulled.clear()
        terminal = _Terminal()
        self.link.symlink_to(terminal.name)
        self.carry(terminal)

    def pull(self) -> None:
        self.link.unlink(missing_ok=True)
        super().pull()
