"""One node's share of the radio with everything encrypted: what is sent through here nobody else can read or say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from drivers.zwave.diary import Diary
from drivers.zwave.functions import Transmitted
from drivers.zwave.node import Transmit
from drivers.zwave.security import s0, s2, s2_frames
from drivers.zwave.security.keys import NetworkKey, Randomness, S2Keys, SecurityClass, s0_keys, s2_keys
from drivers.zwave.security.s0 import Heard, S0Session
from drivers.zwave.security.s2 import Link, NeedNonce, NonceArrived, Numbering, Received, Reply, S2Session, Strength
from drivers.zwave.turns import Turns
from hub.errors import Garbled, Unavailable

NONCE_WITHIN_S = 5.0
"""How long a node may take to give a nonce (zwave-js: timeouts.nonce)."""
_REPEAT_WITHIN_S = 10.0
"""A node that says so late that it could not read a message gets no repetition: its question was given up by then."""
_REFUSED_WITHIN_S = 1.0
"""A node that could not read a message says so before this; what is sent later does not bring the message into doubt again."""
_REPETITIONS = 2
"""Of one message."""
_SETTLES_WITHIN_S = 0.1
"""What left before the first "I cannot read this" arrived is refused as well, each time with other entropy."""
_ANSWERS_WITHIN_S = 0.5
"""Between two repetitions: the second would cross the answer to the first."""
_UNHEARD_S, _UNHEARD_AT_MOST_S = 2.0, 60.0
"""Who asks for a nonce and does not acknowledge it is not given another at once ("S0-No-More", CVE-2020-9060): a transmission
into the void keeps the air from all others for seconds."""

Keyring = Mapping[SecurityClass, NetworkKey]
log = structlog.get_logger("zwave")


class NoAgreement(Unavailable):
    """The node took our question and gave no nonce that we could use: it may not hold this key."""


@dataclass(frozen=True, slots=True)
class _Unproved:
    """A message that the node may turn out not to have understood."""

    command: bytes = field(repr=False)
    sent: float
    until: float
    """It is not repeated later."""
    repetitions: int = _REPETITIONS
    """That are left."""


class Secured:
    """`under` is the class in which the node is spoken to and believed; a weaker one is not believed."""

    def __init__(
        self, link: Link, keys: Keyring, transmit: Transmit, randomness: Randomness, numbering: Numbering
    ) -> None:
        self._node = link.peer
        self._transmit = transmit
        self._loop = asyncio.get_running_loop()
        self._turns = Turns()
        self._arrived = asyncio.Event()
        self._unproved: list[_Unproved] = []
        self._repeating = False
        self._spoke = asyncio.Event()
        self._giving = False
        self._nonce_due: bytes | None = None
        """To be given after the one that is on its way."""
        self._unheard_s, self._unheard_until = 0.0, 0.0
        """For how long no nonce is given, because the last did not arrive."""
        self._refused = False
        """The node could not read a message, and we have not yet done anything about it."""
        strong: dict[Strength, S2Keys] = {each: s2_keys(key) for each, key in keys.items() if each.is_s2}
        self._s2 = S2Session(link, strong, randomness, numbering)
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
            now = self._loop.time()
            self._remember(_Unproved(command, now, until=now + _REPEAT_WITHIN_S))
            return await self._transmit(node, sealed, urgent=urgent)

    def hear(
        self, data: bytes, spawn: Callable[[Coroutine[None, None, None]], None], *, everybody: bool = False
    ) -> list[bytes]:
        """What the node really said. Whatever came unencrypted, or under a weaker key, is not in it."""
        try:
            events = self._open(data, everybody=everybody)
        except Garbled as error:
            log.debug("frame dropped", node=self._node, why=str(error))
            return []
        said: list[bytes] = []
        for event in events:
            self._spoke.set()
            match event:
                case Reply(frame=frame):
                    self._give(frame, spawn)
                case NonceArrived(solicited=True):
                    self._arrived.set()
                case NonceArrived():
                    self._arrived.set()
                    self._refused = True
                    if not self._repeating:
                        spawn(self._repeat())
                case Received(payload=payload, under=under) if under is self.under:
                    if not event.crossed:
                        self._unproved.clear()  # it understands us: who now says that it did not is somebody else
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

    def _open(self, data: bytes, *, everybody: bool) -> tuple[s2.Event | s0.S0Event, ...]:
        if data[:1] == bytes((s2_frames.CLASS,)):
            return self._s2.receive(data, self._loop.time(), multicast=everybody)
        if everybody:
            return ()  # S0 speaks to one at a time
        if data[:1] == bytes((s0.CLASS,)) and self._s0 is not None and self.under is SecurityClass.S0:
            return self._s0.receive(data, self._loop.time())
        return ()

    async def _nonce(self) -> None:
        try:
            async with asyncio.timeout(NONCE_WITHIN_S):
                await self._arrived.wait()
        except TimeoutError:
            raise NoAgreement("the lock and the hub could not agree on the encryption") from None

    def _give(self, nonce: bytes, spawn: Callable[[Coroutine[None, None, None]], None]) -> None:
        """Only the last nonce counts, and one in whose name many are asked for out of reach costs the others nothing."""
        if self._loop.time() < self._unheard_until:
            return
        self._nonce_due = nonce
        if not self._giving:
            self._giving = True
            spawn(self._give_all())

    async def _give_all(self) -> None:
        try:
            while (nonce := self._nonce_due) is not None:
                self._nonce_due = None
                if await self._send(nonce):
                    self._unheard_s = 0.0
                    continue
                self._unheard_s = min(max(2 * self._unheard_s, _UNHEARD_S), _UNHEARD_AT_MOST_S)
                self._unheard_until = self._loop.time() + self._unheard_s
                self._nonce_due = None
        finally:
            self._giving = False

    async def _send(self, frame: bytes) -> bool:
        """Whether it arrived, as far as the radio knows."""
        try:
            outcome = await self._transmit(self._node, frame, urgent=True)
        except Unavailable as error:
            log.debug("nonce not delivered", node=self._node, why=str(error))
            return False
        return outcome in {Transmitted.OK, Transmitted.VERIFIED}

    async def _repeat(self) -> None:
        """The node could not read what we said: once more, in the same order, with the entropy it sent."""
        if self._repeating:
            return
        self._repeating = True
        try:
            async with self._turns.turn(urgent=True):
                while self._refused and self._unproved:
                    if len(self._unproved) > 1:
                        await asyncio.sleep(_SETTLES_WITHIN_S)
                    await self._repeat_once()
        finally:
            self._repeating = False

    async def _repeat_once(self) -> None:
        self._refused = False
        unproved, self._unproved = self._unproved, []
        for each in unproved:
            if self._loop.time() >= each.until or each.repetitions == 0:
                continue
            if self._unproved:
                await self._answer()
            sealed = self._seal(each.command)
            if isinstance(sealed, bytes):
                self._spoke.clear()
                self._remember(replace(each, sent=self._loop.time(), repetitions=each.repetitions - 1))
                await self._send(sealed)

    async def _answer(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_ANSWERS_WITHIN_S):
                await self._spoke.wait()

    def _remember(self, said: _Unproved) -> None:
        doubtful = [each for each in self._unproved if said.sent < each.sent + _REFUSED_WITHIN_S]
        self._unproved = [*doubtful, said]


def noted(secured: Secured, diary: Diary) -> Transmit:
    """Says in the trace what the encrypted messages hold."""

    async def transmit(node: int, command: bytes, *, urgent: bool) -> Transmitted:
        diary.inside("to", node, command)
        return await secured.transmit(node, command, urgent=urgent)

    return transmit
