"""A stick made of bytes that can be looked after: noise, neighbours, routes, failed devices, its memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.drivers.zwave.fakes import FakeStick, frame

ALL = frozenset({0x10, 0x2E, 0x3B, 0x46, 0x48, 0x51, 0x56, 0x61, 0x62, 0x80, 0xD3})


@dataclass
class KeptStick(FakeStick):
    """A stick that can be looked after. INS13954 for the layouts; zwave-js 15 for 0x2E and 0x3D."""

    noise: str = "a4a5"
    beside: dict[int, set[int]] = field(default_factory=dict)
    """Who hears whom."""
    suc: int = 1
    found: int = 0x22
    """How looking for neighbours ends."""
    search_s: float = 8.0
    failed: set[int] = field(default_factory=set)
    """Nodes that the stick counts as failed."""
    memory: bytearray = field(default_factory=lambda: bytearray(range(256)) * 4)
    piece: int = 100
    """The most that it gives of its memory at once."""
    worn: int | None = None
    """A byte of its memory that cannot be written."""
    silent: set[int] = field(default_factory=set)
    """Functions that it lists and does not answer."""
    opened_memory: bool = False
    listens: bool = True

    def _take(self, whole: bytes) -> None:
        function, payload = whole[3], whole[4:-1]
        own = getattr(self, f"_on_{function:02x}", None)
        if function in self.silent:
            self.calls.append((function, payload.hex()))
            self.give(b"\x06")
        elif own is not None:
            self.calls.append((function, payload.hex()))
            self.give(b"\x06")
            own(payload)
        else:
            super()._take(whole)

    def _reply(self, function: int, payload: bytes) -> None:
        self.give(frame(function, payload, response=True))

    def _on_3b(self, _: bytes) -> None:
        self._reply(0x3B, bytes.fromhex(self.noise))

    def _on_80(self, payload: bytes) -> None:
        mask = sum(1 << node - 1 for node in self.beside.get(payload[0], ()))
        self._reply(0x80, mask.to_bytes(29, "little"))

    def _on_56(self, _: bytes) -> None:
        self._reply(0x56, bytes((self.suc,)))

    def _on_48(self, payload: bytes) -> None:
        node, callback = payload
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, self.request, 0x48, bytes((callback, 0x21)))
        loop.call_later(self.search_s, self._found, node, callback)

    def _found(self, node: int, callback: int) -> None:
        self.beside[node] = {1, 7}
        self.request(0x48, bytes((callback, self.found)))

    def _on_46(self, payload: bytes) -> None:
        self._route(0x46, payload[2])

    def _on_51(self, payload: bytes) -> None:
        self._route(0x51, payload[1])

    def _route(self, function: int, callback: int) -> None:
        self._reply(function, b"\x01")
        asyncio.get_running_loop().call_later(0.1, self.request, function, bytes((callback, 0)))

    def _on_62(self, payload: bytes) -> None:
        self._reply(0x62, bytes((payload[0] in self.failed,)))

    def _on_61(self, payload: bytes) -> None:
        node, callback = payload
        lock = self.lock(node)
        if node not in self.failed and lock is not None and lock.received[-1:] != ["00"] and lock.reach != "no":
            self._reply(0x61, b"\x08")
            return
        self._reply(0x61, b"\x00")
        answers = lock is not None and lock.reach != "no"
        if not answers:
            self.locks = [each for each in self.locks if each.node != node]
        asyncio.get_running_loop().call_later(0.5, self.request, 0x61, bytes((callback, 0 if answers else 1)))

    # ---- memory ----

    def _on_10(self, payload: bytes) -> None:
        self.listens = bool(payload[0])
        self._reply(0x10, b"\x01")

    def _on_d3(self, _: bytes) -> None:
        pass

    def _on_2e(self, payload: bytes) -> None:
        self._operate(0x2E, payload, 2)

    def _on_3d(self, payload: bytes) -> None:
        self._operate(0x3D, payload, 4)

    def _operate(self, function: int, payload: bytes, width: int) -> None:
        operation, at = payload[0], int.from_bytes(payload[2 : 2 + width], "big")
        if operation in {0, 3}:
            refused = operation == 0 and self.opened_memory
            self.opened_memory = operation == 0
            self._reply(function, bytes((refused, 0)) + len(self.memory).to_bytes(width, "big"))
        elif operation == 1:
            got = bytes(self.memory[at : at + min(payload[1], self.piece)])
            self._reply(function, bytes((0, len(got))) + at.to_bytes(width, "big") + got)
        else:
            self._store(at, payload[2 + width :])
            self._reply(function, bytes((0, 0)) + at.to_bytes(width, "big"))

    def _store(self, at: int, data: bytes) -> None:
        self.memory[at : at + len(data)] = data
        if self.worn is not None:
            self.memory[self.worn] = 0xFF

    def _on_29(self, _: bytes) -> None:
        self._reply(0x29, bytes((4, 1, 0x80, 0x0E)))

    def _on_2a(self, payload: bytes) -> None:
        at, length = int.from_bytes(payload[:3], "big"), int.from_bytes(payload[3:5], "big")
        self._reply(0x2A, bytes(self.memory[at : at + min(length, self.piece)]))

    def _on_2b(self, payload: bytes) -> None:
        self._store(int.from_bytes(payload[:3], "big"), payload[5:])
        self._reply(0x2B, b"\x01")


class SlowStick(KeptStick):
    """Takes its time for each piece of its memory, and sends nothing while its radio is off."""

    def _reply(self, function: int, payload: bytes) -> None:
        slow = function in {0x2E, 0x3D, 0x2A}
        asyncio.get_running_loop().call_later(0.02 if slow else 0.0, super()._reply, function, payload)

    def _transmit(self, function: int, payload: bytes) -> None:
        assert self.listens
        super()._transmit(function, payload)


def asked(stick: FakeStick, function: int) -> list[str]:
    return [payload for called, payload in stick.calls if called == function]
