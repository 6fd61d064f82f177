"""A stick and locks made of bytes, written from the documents and not from the driver: they share no code with it.

INS12350 for the frames, INS13954 for the functions, ZW_classcmd.h for the commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from drivers.zwave.care import ZWaveRadio
from hub.contracts import Host
from hub.errors import Unavailable
from hub.model.facts import (
    BatteryRead,
    BoltMoved,
    CodesChanged,
    Fact,
    LockFound,
    LockHeard,
    LockSilent,
    RadioAlarm,
    TroubleSeen,
)
from hub.model.values import Address
from tests.simulators.vloop import run

ACK, NAK, CAN = 0x06, 0x15, 0x18
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
AIR_S = 0.02
UNSECURED = bytes.fromhex("5e72868062637185")

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", LockFound, LockHeard, LockSilent, BoltMoved, BatteryRead, CodesChanged, TroubleSeen)


def virtual(story: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Tell an async story in virtual time."""

    @wraps(story)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        run(story(*args, **kwargs))

    return told


@dataclass
class FakeLock:
    """One lock. Every field is a knob; `received` is what reached it."""

    node: int = 2
    device: str = "d39c01044003"
    """What the stick remembers of it: listening, Entry Control, Secure Keypad Door Lock."""
    classes: bytes = UNSECURED
    product: str = "003b634b5044"
    firmware: str = "1108"
    slots: int = 30
    versions: dict[int, int] = field(default_factory=lambda: {0x62: 1, 0x63: 1, 0x71: 8})
    parameters: dict[int, bytes] = field(default_factory=dict)
    events: str = "7ef801"
    """Bit mask of its Access Control notifications: 1 to 6, 11 to 16."""
    codes: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    mode: int = 0x00
    battery: int = 90
    associated: list[int] = field(default_factory=list)
    users_elsewhere: int = 0
    reach: str = "yes"
    """`yes`, `no`: the radio gets no ACK, `mute`: it takes everything and says nothing."""
    supervision: str = "ff"
    """The status it answers supervised commands with; `` for none."""
    late_s: float = 0.0
    """How long a code that is set without Supervision takes to show."""
    announces: bool = False
    reports_moves: str = ""
    """`report`: a Door Lock report after a move; `notification`: the event; `` neither."""
    masked: bool = False
    stuck: bool = False
    unanswered: set[str] = field(default_factory=set)
    """Questions it takes and does not answer, by their two first bytes."""
    air_s: float = AIR_S
    report: str = ""
    """What the stick adds to the outcome of a transmission to it."""
    received: list[str] = field(default_factory=list)
    heard_at: list[float] = field(default_factory=list)
    hears: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_received(self, frames: int) -> None:
        while len(self.received) < frames:
            self.hears.clear()
            await self.hears.wait()

    def take(self, command: bytes) -> list[bytes]:
        self.received.append(command.hex())
        self.hears.set()
        self.heard_at.append(asyncio.get_running_loop().time())
        if self.reach == "mute" or command[:2].hex() in self.unanswered:
            return []
        if command[:2] == b"\x6c\x01":
            return self._supervised(command)
        if command[:2] in {b"\x63\x01", b"\x63\x0b"}:
            return self._unsupervised(command)
        return self._plain(command)

    def _unsupervised(self, setting: bytes) -> list[bytes]:
        if self.supervision in {"02", "03"}:
            return []
        if self.late_s:
            asyncio.get_running_loop().call_later(self.late_s, self._plain, setting)
            return []
        return self._plain(setting)

    def _supervised(self, command: bytes) -> list[bytes]:
        session = command[2] & 0x3F
        refused = self.supervision in {"00", "02", "03"}
        done = [] if refused else self._plain(command[4:])
        if not self.supervision:
            return done
        if self.supervision == "01":
            return [bytes((0x6C, 2, session | 0x80, 1, 2)), *done, bytes((0x6C, 2, session, 0xFF, 0))]
        return [*done, bytes((0x6C, 2, session)) + bytes.fromhex(self.supervision) + b"\0"]

    def _plain(self, command: bytes) -> list[bytes]:
        answer = getattr(self, f"_on_{command[:2].hex()}", None)
        return [] if answer is None else list(answer(command[2:]))

    def _on_7204(self, _: bytes) -> list[bytes]:
        return [bytes.fromhex("7205" + self.product)]

    def _on_8611(self, _: bytes) -> list[bytes]:
        return [bytes.fromhex("8612030405" + self.firmware)]

    def _on_8613(self, body: bytes) -> list[bytes]:
        return [b"\x86\x14" + body[:1] + bytes((self.versions.get(body[0], 1),))]

    def _on_6304(self, _: bytes) -> list[bytes]:
        return [bytes((0x63, 5, min(self.slots, 255))) + self.slots.to_bytes(2, "big")]

    def _on_6302(self, body: bytes) -> list[bytes]:
        status, code = self._slot(body[0])
        return [b"\x63\x03" + body[:1] + bytes((status,)) + code]

    def _on_630c(self, body: bytes) -> list[bytes]:
        status, code = self._slot(int.from_bytes(body[:2], "big"))
        return [b"\x63\x0d\x01" + body[:2] + bytes((status, len(code))) + code + b"\0\0"]

    def _slot(self, slot: int) -> tuple[int, bytes]:
        status, code = self.codes.get(slot, (0, b""))
        return status, b"*" * len(code) if self.masked else code

    def _on_6301(self, body: bytes) -> list[bytes]:
        return self._set(body[0], body[1], body[2:])

    def _on_630b(self, body: bytes) -> list[bytes]:
        return self._set(int.from_bytes(body[1:3], "big"), body[3], body[5:])

    def _set(self, slot: int, status: int, code: bytes) -> list[bytes]:
        if status == 0:
            self.codes.pop(slot, None)
            return self._announce(0x0D, slot)
        if any(held == code for other, (_, held) in self.codes.items() if other != slot):
            return self._announce(0x0F, slot)
        self.codes[slot] = (status, code)
        return self._announce(0x0E, slot)

    def _announce(self, event: int, slot: int) -> list[bytes]:
        named = bytes((0x63, 3, slot & 0xFF, 1))
        return [notification(event, named)] if self.announces else []

    def _on_6201(self, body: bytes) -> list[bytes]:
        if self.stuck:
            return [notification(0x0B)] if self.reports_moves == "notification" else []
        self.mode = body[0]
        if self.reports_moves == "report":
            return self._on_6202(b"")
        event = 3 if self.mode == 0xFF else 4
        return [notification(event)] if self.reports_moves == "notification" else []

    def _on_6202(self, _: bytes) -> list[bytes]:
        return [bytes((0x62, 3, self.mode, 0, 0, 0xFE, 0xFE))]

    def _on_6207(self, _: bytes) -> list[bytes]:
        return [bytes.fromhex("62080106" + "0201ff" + "000000")]

    def _on_8002(self, _: bytes) -> list[bytes]:
        return [bytes((0x80, 3, self.battery))]

    def _on_7101(self, _: bytes) -> list[bytes]:
        mask = bytes.fromhex(self.events)
        return [bytes((0x71, 2, 6, len(mask))) + mask]

    def _on_8502(self, body: bytes) -> list[bytes]:
        return [b"\x85\x03" + body[:1] + b"\x05\x00" + bytes(self.associated)]

    def _on_8501(self, body: bytes) -> list[bytes]:
        self.associated += body[1:]
        return []

    def _on_7005(self, body: bytes) -> list[bytes]:
        value = self.parameters.get(body[0])
        return [] if value is None else [b"\x70\x06" + body[:1] + bytes((len(value),)) + value]

    def _on_8301(self, _: bytes) -> list[bytes]:
        return [b"\x83\x02" + self.users_elsewhere.to_bytes(2, "big") + bytes.fromhex("0200000101")]


def notification(event: int, parameters: bytes = b"", *, kind: int = 6) -> bytes:
    return bytes((0x71, 5, 0, 0, 0, 0xFF, kind, event, len(parameters))) + parameters


@dataclass
class FakeStick:
    """The other end of a Line. `calls` are the functions it was asked, with their parameters."""

    locks: list[FakeLock] = field(default_factory=list)
    home_id: str = "c0ffee01"
    functions: frozenset[int] = frozenset({2, 4, 5, 7, 8, 0x0A, 0x13, 0x15, 0x16, 0x20, 0x41, 0x49, 0x60})
    others: frozenset[int] = frozenset()
    """Nodes that are no locks."""
    plugged: bool = True
    deaf: bool = False
    order: str = "callback first"
    """Or `report first`: a lock's report overtakes the callback of the question."""
    never_ends: bool = False
    """A transmission to somebody out of reach is not given up by the stick itself."""
    busy: int = 0
    """So many transmissions find the channel taken, and do not leave."""
    finding_s: float = 0.1
    """How long the stick takes to find that."""
    calls: list[tuple[int, str]] = field(default_factory=list)
    controls: list[int] = field(default_factory=list)
    opened: int = 0
    _heard: bytearray = field(default_factory=bytearray)
    _out: asyncio.Queue[bytes] | None = None
    _unfinished: int | None = None

    # ---- the line ----

    async def connect(self, _port: str) -> FakeStick:
        if not self.plugged:
            raise Unavailable("the port is not there")
        self.opened += 1
        self._heard.clear()
        self._out = asyncio.Queue()
        return self

    async def receive(self) -> bytes:
        assert self._out is not None
        data = await self._out.get()
        if not data:
            raise Unavailable("the port is gone")
        return data

    def send(self, data: bytes) -> None:
        self._heard += data
        while self._heard:
            if self._heard[0] in {ACK, NAK, CAN}:
                self.controls.append(self._heard.pop(0))
            elif len(self._heard) >= 2 and len(self._heard) >= self._heard[1] + 2:
                size = self._heard[1] + 2
                whole = bytes(self._heard[:size])
                del self._heard[:size]
                self._take(whole)
            else:
                return

    def close(self) -> None:
        self.give(b"")

    def give(self, data: bytes) -> None:
        if self._out is not None:
            self._out.put_nowait(data)

    def unplug(self) -> None:
        self.plugged = False
        self.give(b"")

    # ---- the stick ----

    def request(self, function: int, payload: bytes) -> None:
        self.give(frame(function, payload))

    def say(self, node: int, command: bytes) -> None:
        """A lock says something on its own account."""
        self.request(0x04, bytes((0, node, len(command))) + command)

    def lock(self, node: int) -> FakeLock | None:
        return next((lock for lock in self.locks if lock.node == node), None)

    def _take(self, whole: bytes) -> None:
        function, payload = whole[3], whole[4:-1]
        self.calls.append((function, payload.hex()))
        if self.deaf:
            return
        self.give(bytes((ACK,)))
        if function in {0x13, 0xA9}:
            self._transmit(function, payload)
        elif function == 0x16:
            self._abort()
        elif function == 0x60:
            self._describe(payload[0])
        elif function == 0x08:
            self.request(0x0A, bytes.fromhex("07000102010000"))
        else:
            self.give(frame(function, self._answer(function, payload), response=True))

    def _answer(self, function: int, payload: bytes) -> bytes:
        nodes = {1, *self.others, *(lock.node for lock in self.locks)}
        match function:
            case 0x07:
                return bytes(8) + sum(1 << number - 1 for number in self.functions).to_bytes(32, "little")
            case 0x02:
                return b"\x09\x08\x1d" + sum(1 << node - 1 for node in nodes).to_bytes(29, "little") + b"\x07\x00"
            case 0x15:
                return b"Z-Wave 7.17\0\x01"
            case 0x20:
                return bytes.fromhex(self.home_id) + b"\x01"
            case _:
                lock = self.lock(payload[0])
                return bytes.fromhex(lock.device if lock else "d39c01041001")

    def _describe(self, node: int) -> None:
        self.give(frame(0x60, b"\x01", response=True))
        lock = self.lock(node)
        loop = asyncio.get_running_loop()
        if lock is None or lock.reach == "no":
            loop.call_later(1.0, self.request, 0x49, b"\x81\x00\x00")
        else:
            info = bytes.fromhex(lock.device[6:]) + lock.classes
            loop.call_later(lock.air_s, self.request, 0x49, bytes((0x84, node, len(info))) + info)

    def _transmit(self, function: int, payload: bytes) -> None:
        self.give(frame(function, b"\x01", response=True))
        node, command, callback = _unpacked(function, payload)
        lock, loop = self.lock(node), asyncio.get_running_loop()
        if self.busy:
            self.busy -= 1
            loop.call_later(self.finding_s, self.request, function, bytes((callback, 2)))
            return
        if lock is None or lock.reach == "no":
            self._unfinished = callback
            if not self.never_ends:
                loop.call_later(5.0, self._end, function, callback)
            return
        self._unfinished = None
        loop.call_later(lock.air_s, self._arrive, function, callback, lock, command)

    def _arrive(self, function: int, callback: int, lock: FakeLock, command: bytes) -> None:
        answers = lock.take(command)
        if self.order == "report first":
            for answer in answers:
                self.say(lock.node, answer)
        self.request(function, bytes((callback, 0)) + bytes.fromhex(lock.report))
        if self.order != "report first":
            for nth, answer in enumerate(answers, 1):
                asyncio.get_running_loop().call_later(nth * lock.air_s, self.say, lock.node, answer)

    def _end(self, function: int, callback: int) -> None:
        if self._unfinished == callback:
            self._unfinished = None
            self.request(function, bytes((callback, 1)))

    def _abort(self) -> None:
        if self._unfinished is not None:
            self.request(0x13, bytes((self._unfinished, 2)))
            self._unfinished = None


def _unpacked(function: int, payload: bytes) -> tuple[int, bytes, int]:
    if function == 0xA9:
        payload = payload[1:]
    return payload[0], payload[2 : 2 + payload[1]], payload[-1]


def frame(function: int, payload: bytes = b"", *, response: bool = False) -> bytes:
    covered = bytes((len(payload) + 3, 1 if response else 0, function)) + payload
    checksum = 0xFF
    for byte in covered:
        checksum ^= byte
    return bytes((0x01,)) + covered + bytes((checksum,))


class TurnedClock:
    """The time of the house runs with the loop's."""

    trusted = True

    def __init__(self) -> None:
        self.off = timedelta(0)
        """How wrong it is."""

    def now(self) -> datetime:
        return START + self.off + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _no_sandbox(work: str, data: bytes) -> Any:
    raise AssertionError(f"{work} is not for a driver, {len(data)} bytes")


@dataclass
class House:
    """A driver on a fake stick, and every fact it told."""

    folder: Path
    stick: FakeStick
    facts: list[Fact] = field(default_factory=list)
    alarms: list[RadioAlarm] = field(default_factory=list)
    changes: int = 0
    """How often pages were told to look again."""
    watch: Callable[[], None] = lambda: None
    clock: TurnedClock = field(init=False)
    host: Host = field(init=False)
    driver: ZWaveRadio = field(init=False)

    def __post_init__(self) -> None:
        self.clock = TurnedClock()
        self.host = Host("zwave", self._tell, self.clock, self.folder, bytes, bytes, _no_sandbox, self._changed)
        self.renew()

    def renew(self) -> None:
        """Another driver on the same folder, as after a restart of the hub."""
        self.driver = ZWaveRadio("/dev/fake", self.host, self.stick.connect, {})

    def _changed(self) -> None:
        self.changes += 1
        self.watch()

    async def _tell(self, fact: Fact) -> None:
        if isinstance(fact, RadioAlarm):
            self.alarms.append(fact)
        else:
            self.facts.append(fact)

    @asynccontextmanager
    async def running(self, settle: float = 5.0) -> AsyncIterator[ZWaveRadio]:
        """The driver runs; by now it has met its locks."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.driver.run())
            await asyncio.sleep(settle)
            yield self.driver
            task.cancel()

    def told(self, kind: type[F], node: int = 2) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind) and fact.lock == Address(str(node))]
