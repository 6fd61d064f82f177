"""Where the host plugs in: a TCP port on the loopback, or a pseudo-terminal with a link to it."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from hub.errors import Misconfigured, Unavailable


class Wire(Protocol):
    """One host's end of the line."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Opened:
    wire: Wire


@dataclass(frozen=True, slots=True)
class Received:
    wire: Wire
    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    wire: Wire


News = Opened | Received | Closed
Tell = Callable[[News], None]


@asynccontextmanager
async def listening(listen: str, tell: Tell) -> AsyncIterator[str]:
    """Hosts may plug in while this is open; yields the address for the host's own settings.

    Raises:
        Unavailable: the port is taken.
        Misconfigured: the path of the pty is taken by something else.
    """
    if listen.startswith("pty:"):
        with _Terminal(Path(listen.removeprefix("pty:")), tell) as path:
            yield str(path)
        return
    host, _, port = listen.rpartition(":")
    try:
        server = await asyncio.get_running_loop().create_server(lambda: _Connection(tell), host.strip("[]"), int(port))
    except OSError as error:
        raise Unavailable(f"the simulated stick cannot listen on {listen}: {error.strerror}") from error
    async with server:
        yield f"socket://{host}:{server.sockets[0].getsockname()[1]}"


class _Connection(asyncio.Protocol):
    """asyncio sets TCP_NODELAY by itself (asyncio documentation, "Transports and Protocols")."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # what create_server gives a Protocol
        self._tell(Opened(self))

    def data_received(self, data: bytes) -> None:
        self._tell(Received(self, data))

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell(Closed(self))

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Terminal:
    """Our own hold on the host's end keeps the line up between two hosts, like a stick that stays in its socket."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._near = self._far = -1

    def __enter__(self) -> Path:
        if self._path.is_symlink():
            self._path.unlink()
        if self._path.exists():
            raise Misconfigured("drivers.simulator.listen", f"{self._path} exists and is no link; choose another path")
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self._path.symlink_to(os.ttyname(self._far))
        asyncio.get_running_loop().add_reader(self._near, self._readable)
        self._tell(Opened(self))
        return self._path

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._near)
        self._path.unlink(missing_ok=True)
        os.close(self._near)
        os.close(self._far)

    def _readable(self) -> None:
        self._tell(Received(self, os.read(self._near, 4096)))

    def write(self, data: bytes) -> None:
        # A full buffer means that nobody reads: a serial line drops what nobody takes.
        with suppress(BlockingIOError):
            os.write(self._near, data)

    def close(self) -> None:
        """Nobody else can plug in, so nobody has to be unplugged."""
