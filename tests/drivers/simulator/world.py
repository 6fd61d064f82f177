"""A stick on a table: a line for its bytes, a host that acknowledges, a clock that only tests turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from drivers.simulator.building import Building
from drivers.simulator.locks import SimLock
from drivers.simulator.memory import Change, Entry
from drivers.simulator.settings import Config, LockSettings
from drivers.simulator.stick import Stick

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NODE = 2


def a_lock(model: str = "yale", address: str = "2", **settings: Any) -> LockSettings:
    return LockSettings(address=address, model=model, **settings)


@dataclass
class Dice:
    """Falls as told; without a word it shows the highest number, with which nothing goes wrong."""

    falls: list[float] = field(default_factory=list)

    def random(self) -> float:
        return self.falls.pop(0) if self.falls else 0.999999

    def randrange(self, start: int, stop: int) -> int:
        return (start + stop) // 2


@dataclass
class Table:
    """The stick without a host: bytes in, bytes out."""

    locks: tuple[LockSettings, ...] = (a_lock(),)
    settings: dict[str, Any] = field(default_factory=dict)
    past: tuple[Entry, ...] = ()
    now: float = 0.0

    def __post_init__(self) -> None:
        settings: dict[str, Any] = {"delay": 0.0, "give_up": 0.0, "locks": self.locks} | self.settings
        config = Config(**settings)
        self.dice = Dice()
        self.building = Building(config, self._wall, self.past)
        self.stick = Stick(self.building, config, self.dice)
        self.stick.plug()
        self._said = b""

    def _wall(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def hears(self, *units: str) -> Table:
        self.stick.receive(bytes.fromhex("".join(units)), self.now)
        return self._collect()

    def says(self, *units: str) -> Table:
        """These bytes and no others came out since the last look."""
        said, self._said = self._said, b""
        assert said.hex(" ") == bytes.fromhex("".join(units)).hex(" ")
        return self

    def later(self, seconds: float) -> Table:
        """Turn the clock, stopping wherever the stick wants to be woken."""
        end = self.now + seconds
        while self.step(end):
            pass
        return self

    def step(self, end: float) -> bool:
        """Turn the clock to the next moment that matters; False when that is the end."""
        deadline = self.stick.deadline()
        self.now = end if deadline is None else min(max(self.now, deadline), end)
        self.stick.timeout(self.now)
        self._collect()
        return deadline is not None and deadline <= end

    def _collect(self) -> Table:
        self._said += b"".join(self.stick.to_send())
        return self

    def lock(self, node: int = NODE) -> SimLock:
        return self.building.locks[node]

    def changes(self, node: int = NODE) -> list[Change]:
        """What the lock saw, without its installation."""
        return [
            each.change for each in self.building.journal if each.lock == str(node) and each.change.what != "installed"
        ]


def unit(function: int, body: bytes, kind: int = 0) -> bytes:
    """A frame as INS12350 §5.4 writes it, made apart from the code under test."""
    inner = bytes([len(body) + 3, kind, function]) + body
    check = 0xFF
    for byte in inner:
        check ^= byte
    return b"\x01" + inner + bytes([check])


class Host:
    """Acknowledges whatever comes and remembers it."""

    def __init__(self, *locks: LockSettings, **settings: Any) -> None:
        self.table = Table(locks or (a_lock(),), {"collisions": False} | settings)
        self.callbacks: list[tuple[int, int]] = []
        """Callback id and status."""
        self.order: list[str] = []
        """`callback` and `command`, as they came."""
        self.results: list[int] = []
        self.heard: list[tuple[int, str]] = []
        self.updates: list[str] = []
        self.said: list[tuple[int, str]] = []
        """Function and body of whatever else came, responses too."""
        self.reports: list[bytes] = []
        """The transmit reports of the callbacks."""
        self._rest = b""
        self._callback = 0

    @property
    def lock(self) -> SimLock:
        return self.table.lock()

    def call(self, function: int, body: str = "") -> None:
        self.table.hears(unit(function, bytes.fromhex(body)).hex())
        self._listen()

    def learns(self, function: int, body: str = "", *, within: float = 60) -> list[str]:
        """What this function says of itself in that time after being called."""
        self.said.clear()
        self.call(function, body)
        self.later(within)
        said = [body for each, body in self.said if each == function]
        self.said.clear()
        return said

    def send(self, command: str, node: int = NODE) -> int:
        """Hands a command over and returns its callback id; nothing waits."""
        self._callback = self._callback % 255 + 1
        data = bytes.fromhex(command)
        self.call(0x13, bytes([node, len(data), *data, 0x25, self._callback]).hex())
        return self._callback

    def later(self, seconds: float) -> Host:
        end = self.table.now + seconds
        while self.table.step(end):
            self._listen()
        self._listen()
        return self

    def ask(self, command: str, node: int = NODE) -> list[str]:
        """What the lock says within a minute of being sent a command, answers and events."""
        earlier, self.heard = self.heard, []
        self.send(command, node)
        self.later(60)
        answered, self.heard = self.heard, earlier
        return [heard for source, heard in answered if source == node]

    def told(self) -> list[str]:
        """What was heard since the last call."""
        self.later(0)
        heard, self.heard = self.heard, []
        return [command for _, command in heard]

    def _listen(self) -> None:
        while self.table._said:
            self._rest, self.table._said = self._rest + self.table._said, b""
            acknowledgements = 0
            while self._rest:
                acknowledgements += self._one()
            self.table.hears("06" * acknowledgements)

    def _one(self) -> int:
        if self._rest[0] != 0x01:
            self._rest = self._rest[1:]
            return 0
        end = self._rest[1] + 2
        kind, function, body = self._rest[2], self._rest[3], self._rest[4 : end - 1]
        assert self._rest[:end] == unit(function, body, kind)
        self._rest = self._rest[end:]
        match kind, function:
            case 1, 0x13:
                self.results.append(body[0])
            case 0, 0x13:
                self.callbacks.append((body[0], body[1]))
                self.reports.append(body[2:])
                self.order.append("callback")
            case 0, 0x04:
                self.heard.append((body[1], body[3 : 3 + body[2]].hex()))
                self.order.append("command")
            case 0, 0x49:
                self.updates.append(body.hex())
            case _:
                self.said.append((function, body.hex()))
        return 1
