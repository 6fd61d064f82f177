"""The simulated stick beside the real driver on one virtual clock: the serial line between them is made of timers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from random import Random

from drivers.simulator.building import Building
from drivers.simulator.locks import SimLock
from drivers.simulator.settings import Config
from drivers.simulator.stick import Stick
from hub.errors import Unavailable

BYTE_S = 10 / 115200
"""One byte on a serial line: eight bits, a start and a stop bit."""

_HEAD = 4
"""Start of frame, length, request or response, function."""


class _Line:
    """The host's end; satisfies `hub.io.serial.Line`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def receive(self) -> bytes:
        data = await self._arrived.get()
        if not data:
            self._arrived.put_nowait(b"")  # for whoever asks again
            raise Unavailable("the port was unplugged")
        return data

    def send(self, data: bytes) -> None:
        self._desk.hear(self, data)

    def close(self) -> None:
        self._desk.let_go(self)
        self._arrived.put_nowait(b"")

    def arrive(self, data: bytes) -> None:
        self._arrived.put_nowait(data)


class Desk:
    """A stick in a socket, the cable to it, and a hand that may pull the plug.

    `noise` is how likely a byte is bent on its way to the host, and how likely a stray one comes before it. `forged` is how
    likely a frame is bent so that its checksum fits all the same: what noise does to few frames, done to many.
    """

    def __init__(self, config: Config, wall: Callable[[], datetime], random: Random, *, noise: float = 0.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._random = random
        self.noise = noise
        self.forged = 0.0
        self.forgeries = 0
        self.building = Building(config, wall)
        self.stick = Stick(self.building, config, random)
        self.plugged = True
        self._line: _Line | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._free_at = 0.0
        """When the line towards the host is free again: bytes do not overtake each other."""

    def lock(self, address: str) -> SimLock:
        return self.building.lock(address)

    async def connect(self, _port: str) -> _Line:
        """What the driver opens. Raises Unavailable: the stick is not plugged in."""
        self.stick.timeout(self._loop.time())
        if not self.plugged or self.stick.away or self._line is not None:
            raise Unavailable("there is no such port")
        self._line = _Line(self)
        self.stick.plug()
        self._turn()
        return self._line

    def pull(self) -> None:
        self.plugged = False
        self._hang_up()

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        self.stick.unplug()
        if line is not None:
            line.arrive(b"")

    def plug(self) -> None:
        self.plugged = True

    def touched(self) -> None:
        """To be called after a hand at one of the locks."""
        self._turn()

    # ---- bytes ----

    def hear(self, line: _Line, data: bytes) -> None:
        self._loop.call_later(len(data) * BYTE_S, self._heard, line, data)

    def _heard(self, line: _Line, data: bytes) -> None:
        if line is self._line:
            self.stick.receive(data, self._loop.time())
            self._turn()

    def let_go(self, line: _Line) -> None:
        if line is self._line:
            self._line = None
            self.stick.unplug()

    def _turn(self) -> None:
        self.stick.timeout(self._loop.time())
        for segment in self.stick.to_send():
            self._say(segment)
        if self.stick.away and self._line is not None:
            self._hang_up()
        if self._alarm is not None:
            self._alarm.cancel()
        due = self.stick.deadline()
        self._alarm = None if due is None else self._loop.call_at(due, self._turn)

    def _say(self, data: bytes) -> None:
        line = self._line
        if line is not None:
            self._free_at = max(self._free_at, self._loop.time()) + len(data) * BYTE_S
            self._loop.call_at(self._free_at, self._arrive, line, self._bent(data))

    def _arrive(self, line: _Line, data: bytes) -> None:
        if line is self._line:
            line.arrive(data)

    def _bent(self, data: bytes) -> bytes:
        if len(data) > _HEAD + 2 and self._random.random() < self.forged:
            data = self._forged(data)
        if not self.noise:
            return data
        out = bytearray()
        for byte in data:
            if self._random.random() < self.noise:
                out += self._random.randbytes(1)
            bent = 1 << self._random.randrange(8) if self._random.random() < self.noise else 0
            out.append(byte ^ bent)
        return bytes(out)

    def _forged(self, data: bytes) -> bytes:
        """The same bit of two bytes behind the frame's head: the XOR over all does not notice."""
        self.forgeries += 1
        out = bytearray(data)
        bit = 1 << self._random.randrange(8)
        for place in self._random.sample(range(_HEAD, len(data)), 2):
            out[place] ^= bit
        return bytes(out)
