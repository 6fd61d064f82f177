"""Byte streams to sticks and modems: a serial port of this machine, or a socket that stands for one."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
from dataclasses import dataclass
from typing import Protocol

from hub.errors import Unavailable

CONNECT_WITHIN_S = 10.0
_CHUNK = 4096
_SOCKET = re.compile(r"socket://(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]/:@?#\s]+):(?P<port>\d{1,5})")


class Line(Protocol):
    """An open stream of bytes."""

    async def receive(self) -> bytes:
        """At least one byte.

        Raises:
            Unavailable: the other end is gone: unplugged, hung up, or closed by us.
        """

    def send(self, data: bytes) -> None:
        """Never waits and never fails: bytes are kept until the port takes them, and a lost port shows in `receive`."""

    def close(self) -> None:
        """May be called more than once."""


@dataclass(frozen=True, slots=True)
class Tty:
    path: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int


def parse(address: str) -> Tty | Endpoint:
    """Understand how an operator writes a port: `/dev/…` or `socket://host:port`.

    Raises:
        ValueError: it is neither.
    """
    if address.startswith("/"):
        return Tty(address)
    found = _SOCKET.fullmatch(address)
    if found and 0 < int(found["port"]) < 1 << 16:
        return Endpoint(found["host"].strip("[]"), int(found["port"]))
    raise ValueError("a port is written /dev/serial/by-id/… or socket://host:port")


async def connect(address: str, *, baud: int = 115200) -> Line:
    """Open a port for ourselves alone.

    Raises:
        ValueError: the address is none.
        PermissionError: the port exists, but this user may not open it.
        Unavailable: it is not there, does not answer, or somebody else has it open.
    """
    match parse(address):
        case Tty(path):
            return _open_tty(path, baud)
        case Endpoint(host, port):
            return await _open_socket(host, port)


def _open_tty(path: str, baud: int) -> Line:
    import serial

    try:
        port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
    except serial.SerialException as error:
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise PermissionError(f"{path} may not be opened by this user") from error
        reason = "is in use by another program" if error.errno in {errno.EAGAIN, errno.EBUSY} else "is not there"
        raise Unavailable(f"the port {path} {reason}") from error
    return _TtyLine(port, path)


async def _open_socket(host: str, port: int) -> Line:
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"nobody answers at {host}:{port}") from error
    connected: socket.socket = writer.get_extra_info("socket")
    # Frames are shorter than a segment, and each waits for the one before: Nagle would cost 40 ms a command.
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return _SocketLine(reader, writer, f"{host}:{port}")


class _SocketLine:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._gone = f"{name} closed the connection"

    async def receive(self) -> bytes:
        try:
            data = await self._reader.read(_CHUNK)
        except OSError as error:
            raise Unavailable(self._gone) from error
        if not data:
            raise Unavailable(self._gone)
        return data

    def send(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


class _Port(Protocol):
    """As much of serial.Serial as is needed once it is open."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class _TtyLine:
    """pyserial opens and configures the port; bytes go past it, because its own reads would block the loop."""

    def __init__(self, port: _Port, name: str) -> None:
        self._port = port
        self._descriptor = port.fileno()
        self._loop = asyncio.get_running_loop()
        self._gone = f"the port {name} is gone"
        self._received = bytearray()
        self._unsent = bytearray()
        self._news = asyncio.Event()
        self._open = True
        self._loop.add_reader(self._descriptor, self._read)

    async def receive(self) -> bytes:
        await self._news.wait()
        if not self._received:
            raise Unavailable(self._gone)
        data = bytes(self._received)
        self._received.clear()
        if self._open:
            self._news.clear()
        return data

    def send(self, data: bytes) -> None:
        if not self._open:
            return
        if not self._unsent:
            self._loop.add_writer(self._descriptor, self._write)
        self._unsent += data
        self._write()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            self._port.close()
            self._news.set()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError:  # EIO and ENXIO are how Linux says that the plug was pulled
            data = b""
        if not data:
            self.close()
        self._received += data
        self._news.set()

    def _write(self) -> None:
        try:
            del self._unsent[: os.write(self._descriptor, self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not self._unsent:
            self._loop.remove_writer(self._descriptor)
