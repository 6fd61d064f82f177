"""Commands that nodes send in pieces (Transport Service), put together and asked for again where one is missing.

Pieces are not encrypted; what they make up may be, and is looked at like a command that came whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from drivers.zwave.security.bucket import Bucket
from drivers.zwave.security.transport import CLASS, Reassembly, Whole
from hub.errors import Garbled

PIECES = bytes((CLASS,))
_ANSWERS_AT_ONCE = 5
_ANSWER_EVERY_S = 0.5
"""Each piece of a forger costs us a transmission otherwise."""

Answer = Callable[[int, bytes], Coroutine[None, None, None]]
log = structlog.get_logger("zwave")


class _Sender:
    def __init__(self) -> None:
        self.pieces = Reassembly()
        self.allowance = Bucket(_ANSWERS_AT_ONCE, _ANSWER_EVERY_S)
        self.watched = False


class Pieces:
    """Of every node. `answer` tells a node something; `spawn` has it done beside."""

    def __init__(self, answer: Answer, spawn: Callable[[Coroutine[None, None, None]], None]) -> None:
        self._answer = answer
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._senders: dict[int, _Sender] = {}

    def take(self, node: int, frame: bytes) -> bytes | None:
        """The whole command, once this was the last piece that it lacked."""
        sender = self._senders.setdefault(node, _Sender())
        now = self._loop.time()
        try:
            came = sender.pieces.receive(frame, now)
        except Garbled as error:
            log.debug("piece dropped", node=node, why=str(error))
            return None
        if sender.pieces.deadline is not None and not sender.watched:
            sender.watched = True
            self._spawn(self._watch(node, sender))
        if isinstance(came, Whole):
            self._tell(node, sender, came.answer)
            return None if came.command[:1] == PIECES else came.command
        if came is not None:
            self._tell(node, sender, came.frame)
        return None

    def _tell(self, node: int, sender: _Sender, frame: bytes) -> None:
        if sender.allowance.take(self._loop.time()):
            self._spawn(self._answer(node, frame))

    async def _watch(self, node: int, sender: _Sender) -> None:
        while (deadline := sender.pieces.deadline) is not None:
            await asyncio.sleep(deadline - self._loop.time())
            missing = sender.pieces.late(self._loop.time())
            if missing is not None:
                self._tell(node, sender, missing.frame)
        sender.watched = False
