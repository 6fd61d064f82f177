"""News that came unprotected over a line that garbles: the node is asked before it is believed (see `doubt`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

import structlog

from drivers.zwave.cc.codec import Command
from drivers.zwave.doubt import answer_to, question
from drivers.zwave.node import Node
from hub.errors import Unavailable

Spawn = Callable[[Coroutine[None, None, None]], None]
Believe = Callable[[Command], None]

log = structlog.get_logger("zwave")


class Hints:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._asking: set[Command] = set()
        """What is being asked because of a hint."""
        self._newer: set[Command] = set()
        """Of these, what must be asked again, because there was news meanwhile."""

    def doubt(self, command: Command, spawn: Spawn, believe: Believe) -> bool:
        """Whether it is not to be believed as it is; what the node answers will be."""
        asked = question(command)
        if asked is None:
            return False
        if asked not in self._asking:
            self._asking.add(asked)
            spawn(self._confirm(asked, believe))
        elif not answer_to(asked)(command):
            self._newer.add(asked)
        return True

    async def _confirm(self, asked: Command, believe: Believe) -> None:
        """Ask before believing, and again if there was other news meanwhile."""
        try:
            async with self._node.turns.turn():
                answer = await self._node.inquire(asked, answer_to(asked))
                while asked in self._newer:
                    self._newer.discard(asked)
                    answer = await self._node.inquire(asked, answer_to(asked))
        except Unavailable as error:
            log.debug("hint not confirmed", node=self._node.number, why=str(error))
            return
        finally:
            self._asking.discard(asked)
            self._newer.discard(asked)
        if answer is not None:
            believe(answer)
