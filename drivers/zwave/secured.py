"""One node's share of the radio with everything encrypted: what is sent through here nobody else can read or say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping

import structlog

from drivers.zwave.functions import Transmitted
from drivers.zwave.node import Transmit
from drivers.zwave.security import s0, s2, s2_frames
from drivers.zwave.security.keys import NetworkKey, Randomness, S2Keys, SecurityClass, s0_keys, s2_keys
from drivers.zwave.security.s0 import Heard, S0Session
from drivers.zwave.security.s2 import Link, NeedNonce, NonceArrived, Received, Reply, S2Session, Strength
from drivers.zwave.turns import Turns
from hub.errors import Garbled, Unavailable

NONCE_WITHIN_S = 5.0
"""How long a node may take to give a nonce (zwave-js: timeouts.nonce)."""
_REPEAT_WITHIN_S = 10.0
"""A node that says so late that it could not read a message gets no repetition: its question was given up by then."""

Keyring = Mapping[SecurityClass, NetworkKey]
log = structlog.get_logger("zwave")


class NoAgreement(Unavailable):
    """The node took our question and gave no nonce that we could use: it may not hold this key."""


class Secured:
    """`under` is the class in which the node is spoken to and believed; a weaker one is not believed."""

    def __init__(self, link: Link, keys: Keyring, transmit: Transmit, randomness: Randomness) -> None:
        self._node = link.peer
        self._transmit = transmit
        self._loop = asyncio.get_running_loop()
        self._turns = Turns()
        self._arrived = asyncio.Event()
        self._last: tuple[bytes, float] | None = None
        strong: dict[Strength, S2Keys] = {each: s2_keys(key) for each, key in keys.items() if each.is_s2}
        self._s2 = S2Session(link, strong, randomness)
        self._s0: S0Session | None = None
        if SecurityClass.S0 in keys:
            self._s0 = S0Session(link.own, link.peer, s0_keys(keys[SecurityClass.S0]), randomness)
        self.under: SecurityClass = SecurityClass.S2_ACCESS_CONTROL

    async def transmit(self, node: int, command: bytes, *, urgent: bool) -> Transmitted:
        """Raises Unavailable: the stick did not say what became of it, or the node gave no nonce."""
        assert node == self._node
        async with self._turns.turn(urgent=urgent):
            self._arrived.clear()
            sealed = self._seal(command)
            if isinstance(sealed, NeedNonce):
                asked = await self._transmit(node, sealed.ask, urgent=urgent)
                if asked not in {Transmitted.OK, Transmitted.VERIFIED} and not self._arrived.is_set():
                    return asked
                await self._nonce()
                sealed = self._seal(command)
            if isinstance(sealed, NeedNonce):
                raise NoAgreement("the lock and the hub could not agree on the encryption")
            self._last = (command, self._loop.time() + _REPEAT_WITHIN_S)
            return await self._transmit(node, sealed, urgent=urgent)

    def hear(self, data: bytes, spawn: Callable[[Coroutine[None, None, None]], None]) -> list[bytes]:
        """What the node really said. Whatever came unencrypted, or under a weaker key, is not in it."""
        try:
            events = self._open(data)
        except Garbled as error:
            log.debug("frame dropped", node=self._node, why=str(error))
            return []
        said: list[bytes] = []
        for event in events:
            match event:
                case Reply(frame=frame):
                    spawn(self._send(frame))
                case NonceArrived(solicited=True):
                    self._arrived.set()
                case NonceArrived():
                    self._arrived.set()
                    spawn(self._repeat())
                case Received(payload=payload, under=under) if under is self.under:
                    if not event.crossed:
                        self._last = None  # it understands us: who now says that it did not is somebody else
                    said.append(payload)
                case Heard(payload=payload) if self.under is SecurityClass.S0:
                    said.append(payload)
                case _:
                    pass
        return said

    def _seal(self, command: bytes) -> bytes | NeedNonce:
        if self.under is SecurityClass.S0:
            assert self._s0 is not None, "only classes with a key are used"
            return self._s0.encrypt(command, self._loop.time())
        return self._s2.encrypt(command, self._loop.time(), under=self.under)

    def _open(self, data: bytes) -> tuple[s2.Event | s0.S0Event, ...]:
        if data[:1] == bytes((s2_frames.CLASS,)):
            return self._s2.receive(data, self._loop.time())
        if data[:1] == bytes((s0.CLASS,)) and self._s0 is not None and self.under is SecurityClass.S0:
            return self._s0.receive(data, self._loop.time())
        return ()

    async def _nonce(self) -> None:
        try:
            async with asyncio.timeout(NONCE_WITHIN_S):
                await self._arrived.wait()
        except TimeoutError:
            raise NoAgreement("the lock and the hub could not agree on the encryption") from None

    async def _send(self, frame: bytes) -> None:
        try:
            await self._transmit(self._node, frame, urgent=True)
        except Unavailable as error:
            log.debug("nonce not delivered", node=self._node, why=str(error))

    async def _repeat(self) -> None:
        """The node could not read our last message: once more, with the entropy it sent."""
        last, self._last = self._last, None
        if last is None or self._loop.time() >= last[1]:
            return
        async with self._turns.turn(urgent=True):
            sealed = self._seal(last[0])
            if isinstance(sealed, bytes):
                await self._send(sealed)
