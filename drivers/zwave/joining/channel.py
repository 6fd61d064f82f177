"""What the hub and a device say to each other while the device is being given its keys, encrypted or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Protocol

import structlog

from drivers.zwave.security import s0, s2_frames
from drivers.zwave.security.joining import Heard, Undecodable
from drivers.zwave.security.keys import S0_JOINING, NetworkKey, Randomness, S2Keys, SecurityClass, s0_keys, s2_keys
from drivers.zwave.security.s0 import S0Session
from drivers.zwave.security.s2 import (
    TEMPORARY,
    Link,
    NeedNonce,
    NonceArrived,
    Numbering,
    Received,
    Reply,
    S2Session,
    Strength,
    WrongKeys,
)
from hub.errors import Garbled, Unavailable

NONCE_WITHIN_S = 10.0
"""As long as a device may take for each step (SDS10865, 5.6; TA1 to TA5 of S2)."""
KEPT = 32
"""Messages kept that came before they could be understood: a device repeats itself every 10 s until the PIN is typed, 240 s
at most. They are needed from the first on, because only that one carries what the others build on."""

log = structlog.get_logger("zwave")


class Send(Protocol):
    async def __call__(self, command: bytes, *, acknowledged: bool = True) -> None:
        """Raises Unavailable."""


class Channel:
    """One exchange of keys with one device. Afterwards everything here is forgotten, the temporary keys first."""

    def __init__(
        self,
        link: Link,
        send: Send,
        keys: Mapping[SecurityClass, NetworkKey],
        randomness: Randomness,
        numbering: Numbering,
    ) -> None:
        self._link = link
        self._keys = keys
        self._send = send
        self._randomness = randomness
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._s2 = S2Session(link, {}, randomness, numbering)
        self._kept: list[bytes] = []
        self._last: tuple[bytes, Strength] | None = None
        self._s0_out = S0Session(link.own, link.peer, s0_keys(S0_JOINING), randomness)
        self._s0_in: S0Session | None = None
        """Two, because the key goes out under one that everybody knows, and its proof comes back under itself."""

    # ---- what the conversation wants -------------------------------------------------------------------------------

    def agree(self, temporary: S2Keys | NetworkKey) -> list[Heard | Undecodable]:
        """Returns what the device said under these keys before we had them."""
        if isinstance(temporary, NetworkKey):
            return []
        self._s2.keys[TEMPORARY] = temporary
        kept, self._kept = self._kept, []
        understood: list[Heard | Undecodable] = []
        other: list[Heard | Undecodable] = []
        for frame in kept:
            said = self._take(frame, lambda _: None)
            heard = [each for each in said if isinstance(each, Heard)]
            if understood and not heard:
                break  # anybody can add noise to what was kept, and each piece costs us a nonce
            understood += heard
            other += said
        return understood or other[:1]

    def admit(self, security: SecurityClass) -> None:
        if security.is_s2:
            self._s2.keys[security] = s2_keys(self._keys[security])
        else:
            self._s0_in = S0Session(self._link.own, self._link.peer, s0_keys(self._keys[security]), self._randomness)

    async def tell(self, command: bytes, under: Strength | None, *, acknowledged: bool = True) -> None:
        """Say it. Whether it arrived shows in what follows."""
        try:
            sealed = command if under is None else await self._seal(command, under)
            if sealed is not None:
                await self._send(sealed, acknowledged=acknowledged)
        except Unavailable as error:
            log.debug("not delivered", node=self._link.peer, why=str(error))

    async def _seal(self, command: bytes, under: Strength) -> bytes | None:
        self._arrived.clear()
        sealed = self._encrypt(command, under)
        if isinstance(sealed, NeedNonce):
            await self._send(sealed.ask)
            try:
                async with asyncio.timeout(NONCE_WITHIN_S):
                    await self._arrived.wait()
            except TimeoutError:
                return None
            sealed = self._encrypt(command, under)
        self._last = (command, under)
        return sealed if isinstance(sealed, bytes) else None

    def _encrypt(self, command: bytes, under: Strength) -> bytes | NeedNonce:
        now = self._loop.time()
        if command[:1] == bytes((s0.CLASS,)):
            return self._s0_out.encrypt(command, now)
        return self._s2.encrypt(command, now, under=under)

    # ---- what the device says --------------------------------------------------------------------------------------

    def hear(self, data: bytes, spawn: Callable[[Coroutine[None, None, None]], None]) -> list[Heard | Undecodable]:
        if data[:2] == bytes((s2_frames.CLASS, s2_frames.ENCAPSULATION)) and TEMPORARY not in self._s2.keys:
            self._kept = [*self._kept, data][:KEPT]
            return []
        return self._take(data, lambda frame: spawn(self._reply(frame)), spawn)

    def _take(
        self,
        data: bytes,
        reply: Callable[[bytes], None],
        spawn: Callable[[Coroutine[None, None, None]], None] | None = None,
    ) -> list[Heard | Undecodable]:
        now = self._loop.time()
        try:
            events = self._open(data, now)
        except Garbled as error:
            log.debug("frame dropped", node=self._link.peer, why=str(error))
            return []
        if events is None:
            return [Heard(data, None, now)]
        said: list[Heard | Undecodable] = []
        for event in events:
            match event:
                case Reply(frame=frame):
                    reply(frame)
                case NonceArrived(solicited=solicited):
                    self._arrived.set()
                    if not solicited and spawn is not None:
                        spawn(self._repeat())
                case Received(payload=payload, under=under):
                    self._last = None
                    said.append(Heard(payload, under, now))
                case s0.Heard(payload=payload):
                    said.append(Heard(payload, SecurityClass.S0, now))
                case WrongKeys():
                    said.append(Undecodable(now))
        return said

    def _open(self, data: bytes, now: float) -> tuple[object, ...] | None:
        """None: it is not encrypted."""
        if data[:1] == bytes((s2_frames.CLASS,)) and data[1:2] in _S2_FRAMES:
            if data[1:2] == _NONCE_GET:
                self._kept.clear()  # what it says next begins anew
            return self._s2.receive(data, now)
        if data[:1] == bytes((s0.CLASS,)) and data[1:2] in _S0_FRAMES:
            asked = data[1:2] == bytes((s0.NONCE_REPORT,)) or self._s0_in is None
            return (self._s0_out if asked or self._s0_in is None else self._s0_in).receive(data, now)
        return None

    async def _reply(self, frame: bytes) -> None:
        try:
            await self._send(frame)
        except Unavailable as error:
            log.debug("nonce not delivered", node=self._link.peer, why=str(error))

    async def _repeat(self) -> None:
        """The device could not read our last message: once more, with the entropy it sent."""
        last, self._last = self._last, None
        if last is not None:
            sealed = self._encrypt(*last)
            if isinstance(sealed, bytes):
                await self._reply(sealed)


_NONCE_GET = b"\x01"
_S2_FRAMES = {_NONCE_GET, b"\x02", bytes((s2_frames.ENCAPSULATION,))}
"""SECURITY_2_NONCE_GET, _NONCE_REPORT and _MESSAGE_ENCAPSULATION, ZW_classcmd.h; the others are the exchange itself."""
_S0_FRAMES = {bytes((each,)) for each in (s0.NONCE_GET, s0.NONCE_REPORT, s0.ENCAPSULATION, s0.ENCAPSULATION_NONCE_GET)}
