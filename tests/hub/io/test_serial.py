"""Real ports: a pseudo terminal stands for a stick on this machine, loopback TCP for one elsewhere."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.errors import Unavailable
from hub.io.serial import Endpoint, Line, Tty, connect, parse

PATIENCE_S = 5.0


class Terminal:
    """The stick's end of a pseudo terminal."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        self.path = os.ttyname(slave)
        self._slave: int | None = slave

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def hear(self, length: int) -> bytes:
        heard = b""
        while len(heard) < length:
            heard += os.read(self.master, length - len(heard))
        return heard

    def unplug(self) -> None:
        if self._slave is not None:
            os.close(self._slave)
            os.close(self.master)
            self._slave = None


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    there = Terminal()
    yield there
    there.unplug()


async def receive(line: Line, length: int) -> bytes:
    heard = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(heard) < length:
            heard += await line.receive()
    return heard


async def test_bytes_go_both_ways_through_a_terminal(terminal: Terminal) -> None:
    line = await connect(terminal.path)
    every = bytes(range(256))
    line.send(every)
    assert await asyncio.to_thread(terminal.hear, 256) == every
    terminal.say(every)
    assert await receive(line, 256) == every
    line.close()


async def test_a_terminal_is_set_to_raw_115200(terminal: Terminal) -> None:
    line = await connect(terminal.path)
    _, _, _, local, speed_in, speed_out, _ = termios.tcgetattr(terminal.master)
    assert (speed_in, speed_out) == (termios.B115200, termios.B115200)
    assert not local & (termios.ICANON | termios.ECHO)
    line.close()


async def test_more_than_the_terminal_takes_at_once_is_kept_and_sent(terminal: Terminal) -> None:
    line = await connect(terminal.path)
    much = bytes(range(256)) * 1024
    line.send(much)
    line.send(b"end")
    async with asyncio.timeout(PATIENCE_S):
        assert await asyncio.to_thread(terminal.hear, len(much) + 3) == much + b"end"
    line.close()


async def test_an_unplugged_terminal_is_unavailable_and_stays_so(terminal: Terminal) -> None:
    line = await connect(terminal.path)
    waiting = asyncio.ensure_future(line.receive())
    await asyncio.sleep(0)
    terminal.unplug()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unavailable, match=terminal.path):
            await waiting
        line.send(b"into the void")
        with pytest.raises(Unavailable):
            await line.receive()
    line.close()


async def test_what_arrived_before_the_plug_was_pulled_is_still_received(terminal: Terminal) -> None:
    line = await connect(terminal.path)
    terminal.say(b"last words")
    assert await receive(line, 10) == b"last words"
    line.close()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unavailable):
            await line.receive()
    line.close()


async def test_a_terminal_is_opened_for_one_alone_and_free_again_after(terminal: Terminal) -> None:
    line = await connect(terminal.path)
    with pytest.raises(Unavailable, match="another program"):
        await connect(terminal.path)
    line.close()
    (await connect(terminal.path)).close()


async def test_a_port_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="not there"):
        await connect("/dev/there-is-no-such-stick")


async def test_a_file_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(Unavailable):
        await connect(str(file))


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]]:
    guests: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda reader, writer: guests.put_nowait((reader, writer)), "127.0.0.1", 0)
    try:
        yield f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}", guests
    finally:
        server.close()
        await server.wait_closed()


async def test_bytes_go_both_ways_through_a_socket_without_delay() -> None:
    async with listening() as (address, guests):
        line = await connect(address)
        reader, writer = await guests.get()
        connected: socket.socket = line._writer.get_extra_info("socket")  # type: ignore[attr-defined]  # its options
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        line.send(b"\x01\x03\x00\x15\xe9")
        assert await reader.readexactly(5) == b"\x01\x03\x00\x15\xe9"
        writer.write(b"\x06")
        assert await receive(line, 1) == b"\x06"
        line.close()
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("rudely", [False, True])
async def test_a_socket_that_hangs_up_is_unavailable(rudely: bool) -> None:
    async with listening() as (address, guests):
        line = await connect(address)
        _, writer = await guests.get()
        if rudely:
            writer.transport.abort()
        else:
            writer.close()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Unavailable, match="closed the connection"):
                await line.receive()
            line.send(b"anybody?")
        line.close()
        line.send(b"nobody")
        line.close()


async def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(Unavailable, match="nobody answers"):
            await connect(f"socket://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/dev/ttyACM0", Tty("/dev/ttyACM0")),
        ("socket://127.0.0.1:5555", Endpoint("127.0.0.1", 5555)),
        ("socket://stick.example:1", Endpoint("stick.example", 1)),
        ("socket://[::1]:65535", Endpoint("::1", 65535)),
    ],
)
def test_an_address_is_a_path_or_a_socket(address: str, expected: Tty | Endpoint) -> None:
    assert parse(address) == expected


@pytest.mark.parametrize(
    "address", ["", "ttyUSB0", "socket://", "socket://h", "socket://h:0", "socket://h:65536", "socket://a b:1"]
)
async def test_anything_else_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="by-id"):
        await connect(address)
