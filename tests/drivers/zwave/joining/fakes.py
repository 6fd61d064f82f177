"""A stick that lets devices in and out (INS13954 4.4), and a house with a person who joins them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from drivers.zwave import keyring
from drivers.zwave.care import ZWaveRadio
from hub.contracts.radio import Talk
from hub.model.facts import Alarm, RadioAlarm
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, frame
from tests.drivers.zwave.joining.newcomer import DSK, Newcomer

MANAGING = frozenset({0x4A, 0x4B, 0x51, 0x54, 0x55, 0x56, 0x61, 0x62, 0x63})


@dataclass
class PairingStick(FakeStick):
    """Lets in who is `outside` when a button is pressed there, and out who is inside."""

    functions: frozenset[int] = FakeStick.functions | MANAGING
    outside: list[Newcomer] = field(default_factory=list)
    pressed: Newcomer | None = None
    presses_again: bool = True
    """Somebody presses the button once more when a device is to be taken out."""
    begins: int = 1
    """What it answers to the wish to add or remove: READY."""
    stalls_at: int = 0
    """The status that it never reports."""
    fails_at: int = 0
    """The status in whose place it says FAILED."""
    crosses: Newcomer | None = None
    """Whom it finds in the instant in which it is told to stop."""
    announces: bool = False
    """It also tells of an addition as if somebody else had made it."""
    suc: int = 1
    failed: set[int] = field(default_factory=set)
    """Nodes that do not answer any more."""
    replaces: int = 0
    """What it responds when a node is to be replaced; 0: begins."""
    mode: str = ""
    id: int = 0
    _number: int = 0

    def _take(self, whole: bytes) -> None:
        function, payload = whole[3], whole[4:-1]
        if function not in MANAGING or self.deaf:
            super()._take(whole)
            return
        self.calls.append((function, payload.hex()))
        self.give(b"\x06")
        getattr(self, f"_on_{function:02x}")(payload)

    def _later(self, seconds: float, function: int, payload: bytes) -> None:
        asyncio.get_running_loop().call_later(seconds, self.request, function, payload)

    # ---- adding ----

    def _on_4a(self, payload: bytes) -> None:
        kind, callback = payload[0] & 0x0F, payload[1]
        if kind == 5 and not callback and self._crossed():
            return
        if kind == 5:
            ended, self.mode = self.mode, ""
            if callback:
                done = ended == "added"
                self.request(0x4A, bytes((callback, 6 if done else 7, self._number if done else 0, 0)))
            return
        if kind == 9:
            self.mode = "smart start"
            return
        self.mode, self.id, self.function = "adding", callback, 0x4A
        self.request(0x4A, bytes((callback, self.begins, 0, 0)))
        if self.begins != 1:
            return
        if kind == 8:
            match = next((each for each in self.outside if payload[2:] == DSK.joining_home + DSK.authentic_home), None)
            if match is not None:
                self.press(match)
        elif self.pressed is not None:
            self.press(self.pressed)

    def press(self, device: Newcomer) -> None:
        """Somebody presses the button on a device, at the right moment."""
        if self.mode == "adding" and device in self.outside:
            self._let_in(device)
        elif self.mode == "removing" and device in self.locks:
            self._let_out(device)
        elif self.mode == "replacing" and device in self.outside:
            self._put_in_place(device)

    def _crossed(self) -> bool:
        device, self.crosses = self.crosses, None
        if device is not None:
            self.press(device)
        return device is not None

    def _let_in(self, device: Newcomer) -> None:
        asyncio.get_running_loop().call_later(0.1, self._found, device, self.id)

    def _found(self, device: Newcomer, call: int) -> None:
        if (self.mode, self.id) != ("adding", call):
            return  # it was stopped before
        classes_ = device.classes if device.said is None else device.said
        info = bytes.fromhex(device.device[6:]) + classes_
        self._number = device.node
        reports = [(2, b"\0\0"), (3, bytes((device.node, len(info))) + info), (5, b"\0\0")]
        for nth, (status, rest) in enumerate(reports, 1):
            if status == self.stalls_at:
                return
            if status == self.fails_at:
                self._later(nth * 0.1 - 0.1, 0x4A, bytes((self.id, 7, 0, 0)))
                return
            self._later(nth * 0.1 - 0.1, 0x4A, bytes((self.id, status)) + rest)
        if self.announces:
            self._later(0.18, 0x49, bytes((0x40, device.node, len(info))) + info)
        asyncio.get_running_loop().call_later(0.15, self._enter, device)

    def _enter(self, device: Newcomer) -> None:
        self.mode = "added"
        self.outside.remove(device)
        self.locks.append(device)
        device.outside = lambda said: self.say(device.node, said)
        device.joined_at = asyncio.get_running_loop().time()

    # ---- removing ----

    def _on_4b(self, payload: bytes) -> None:
        kind, callback = payload[0] & 0x0F, payload[1]
        if kind == 5 and not callback and self._crossed():
            return
        if kind == 5:
            self.mode = ""
            if callback:
                self.request(0x4B, bytes((callback, 7, 0, 0)))
            return
        self.mode, self.id = "removing", callback
        self.request(0x4B, bytes((callback, self.begins, 0, 0)))
        if self.pressed is not None and self.presses_again and self.begins == 1:
            self._let_out(self.pressed)

    def _let_out(self, device: Newcomer) -> None:
        node = device.node if device in self.locks else 0
        reports = [(2, b"\0\0"), (3, bytes((node, 0))), (6, bytes((node, 0)))]
        for nth, (status, rest) in enumerate(reports, 1):
            if status == self.stalls_at:
                return
            if status == self.fails_at:
                self._later(nth * 0.1, 0x4B, bytes((self.id, 7, 0, 0)))
                return
            self._later(nth * 0.1, 0x4B, bytes((self.id, status)) + rest)
        if node:
            asyncio.get_running_loop().call_later(0.25, self._leave, device)

    def _leave(self, device: Newcomer) -> None:
        self.locks.remove(device)
        device.reset()
        self.outside.append(device)

    # ---- nodes that failed ----

    def _on_61(self, payload: bytes) -> None:
        node = payload[0]
        lock = self.lock(node)
        refused = 0 if lock is None or lock.reach == "no" else 0x08
        self.give(frame(0x61, bytes((refused,)), response=True))
        if not refused:
            self.locks[:] = [each for each in self.locks if each.node != node]
            self.others -= {node}
            self._later(0.1, 0x61, bytes((payload[1], 1)))

    def _on_62(self, payload: bytes) -> None:
        self.give(frame(0x62, bytes((payload[0] in self.failed,)), response=True))

    def _on_63(self, payload: bytes) -> None:
        self.give(frame(0x63, bytes((self.replaces,)), response=True))
        if self.replaces:
            return
        self.mode, self.id, self._number = "replacing", payload[1], payload[0]
        self.request(0x63, bytes((payload[1], 3)))
        if self.pressed is not None:
            self.press(self.pressed)

    def _put_in_place(self, device: Newcomer) -> None:
        self._later(0.1, 0x63, bytes((self.id, 5 if self.fails_at else 4)))
        if not self.fails_at:
            self.locks[:] = [each for each in self.locks if each.node != device.node]
            self._enter(device)

    # ---- routes ----

    def _on_51(self, payload: bytes) -> None:
        self.give(frame(0x51, b"\x01", response=True))
        self._later(0.02, 0x51, bytes((payload[1], 0)))

    def _on_55(self, payload: bytes) -> None:
        self.give(frame(0x55, b"\x01", response=True))
        self._later(0.02, 0x55, bytes((payload[1], 0)))

    def _on_56(self, _: bytes) -> None:
        self.give(frame(0x56, bytes((self.suc,)), response=True))

    def _on_54(self, payload: bytes) -> None:
        self.suc = payload[0]
        self.give(frame(0x54, b"\x01", response=True))

    # ---- SmartStart ----

    def switch_on(self, device: Newcomer) -> None:
        """A prepared device asks to be joined."""
        if self.mode == "smart start":
            info = bytes.fromhex("04" + device.device[8:]) + device.classes
            self.request(0x49, b"\x85\0\0" + DSK.joining_home + bytes((len(info),)) + info)


@dataclass
class Pairing:
    """A house with a hub that joins devices, a person at the page, and the newcomer in their hand."""

    folder: Path
    newcomer: Newcomer = field(default_factory=Newcomer)
    locks: list[FakeLock] = field(default_factory=list)
    changes: int = 0

    def __post_init__(self) -> None:
        self._turned = asyncio.Event()
        self.stick = PairingStick(list(self.locks), outside=[self.newcomer], pressed=self.newcomer)
        self.house = House(self.folder, self.stick)
        self.renew()

    def renew(self) -> None:
        """Another driver on the same folder, as after a restart of the hub."""
        host = replace(self.house.host, changed=self._changed)
        self.radio = ZWaveRadio("/dev/fake", host, self.stick.connect, keyring.load(None, host))
        self.house.driver = self.radio

    def _changed(self) -> None:
        self.changes += 1
        self._turned.set()

    @property
    def talk(self) -> Talk:
        talk = self.radio.joining.talk
        assert talk is not None
        return talk

    @property
    def alarms(self) -> list[RadioAlarm]:
        return [each for each in self.house.alarms if each.alarm is Alarm.THROWN_OUT]

    async def asked(self, within: float = 300.0) -> Talk:
        """The next question, or the end."""
        async with asyncio.timeout(within):
            while self.talk.question is None and self.talk.ended is None:
                await self._turn()
        return self.talk

    async def ended(self, within: float = 900.0) -> Talk:
        async with asyncio.timeout(within):
            while self.talk.ended is None:
                await self._turn()
        return self.talk

    async def _turn(self) -> None:
        self._turned.clear()
        await self._turned.wait()

    def say(self, words: str) -> None:
        self.radio.joining.answer(self.talk.id, words)

    def cancel(self) -> None:
        self.radio.joining.cancel(self.talk.id)

    @asynccontextmanager
    async def running(self, settle: float = 3.0) -> AsyncIterator[ZWaveRadio]:
        async with self.house.running(settle):
            yield self.radio
