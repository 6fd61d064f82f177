"""A person presses Lock or Unlock now: a direct call with a deadline, recorded before and after, never stored for later."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from hub.contracts import Clock
from hub.errors import Disappointment, Rejected, Unavailable
from hub.model.lockdown import Outcome
from hub.model.values import LockId, Position
from hub.plugins import Plugins
from hub.store import doors, figures, log
from hub.store.doors import Door
from hub.store.engine import Store, Tx

DEADLINE: Final = timedelta(seconds=10)
"""Real time. A door that opens five minutes late is worse than one that does not open."""


OVER_S0: Final = "its encryption (S0) is old, and whoever listened when it was added can send the same command."
S0_CURE: Final = "Add it to the radio again with S2, or allow this on its page."


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    sentence: str


def unwritten(error: Disappointment) -> str:
    return f"This could not be written down: {error}."


@dataclass(frozen=True, slots=True)
class _Deed:
    actor: str
    verb: str
    lock: LockId
    id: int | None = None
    """In the audit trail; None: it is not there yet."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What moves a bolt for a person."""

    store: Store
    plugins: Plugins
    clock: Clock

    async def move(self, lock: LockId, to: Position, actor: str, *, anyhow: bool = False) -> Answer:
        """`anyhow`: also where it cannot be written down first that it was asked.

        Raises:
            Rejected: there is no such lock, or nothing that could move its bolt; nothing was sent then.
            Unavailable: it could not be written down; nothing was sent then.
        """
        door = await self.store.read(lambda tx: doors.door(tx, lock))
        if door is None:
            raise Rejected(f"there is no lock called “{lock}”")
        met = self.plugins.lock(door.driver, door.address)
        if met is None or met.bolt is None:
            raise Rejected(
                f"{door.name} cannot be moved from here: its driver has not met it or it has no bolt to move"
            )
        verb = "unlock" if to is Position.UNLOCKED else "lock"
        # What the driver knows now counts too: what is written down may be of before the lock was met, or met again.
        over_s0 = met.abilities.over_s0 and not door.remote_unlock_over_s0
        if to is Position.UNLOCKED and (over_s0 or not doors.unlockable(door)):
            return await self._forbidden(door, actor)
        asked = await self._ask(_Deed(actor, verb, lock), anyhow=anyhow)
        # Also what stands there when the hub is stopped while the bolt may be moving.
        answer = Answer(Outcome.UNKNOWN, f"{door.name} was not heard to its end. Look at the door before trying again.")
        heard: bool | None = None
        loop = asyncio.get_running_loop()
        pressed = loop.time()
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                reached = await self.plugins.asked(door.driver, met.bolt.move(to))
            heard = True
            answer = self._answer(door.name, verb, to, reached)
        except Rejected as error:
            heard = True
            answer = Answer(Outcome.REFUSED, f"{door.name} refused: {error}.")
        except Unavailable as error:
            heard = False
            answer = Answer(
                Outcome.UNKNOWN, f"{door.name} did not answer ({error}). Look at the door before trying again."
            )
        except TimeoutError:
            heard = False
            answer = Answer(
                Outcome.UNKNOWN, f"{door.name} did not answer within 10 s. Look at the door before trying again."
            )
        except Disappointment as error:
            heard = False
            answer = Answer(
                Outcome.UNKNOWN, f"{door.name} answered nonsense ({error}). Look at the door before trying again."
            )
        finally:
            took = timedelta(seconds=loop.time() - pressed)
            answer = await self._concluded(asked, answer, heard, took)
        return answer

    async def _ask(self, deed: _Deed, *, anyhow: bool) -> _Deed:
        try:
            id_ = await self.store.write(
                lambda tx: log.record(tx, self.clock.now(), deed.actor, deed.verb, f"lock:{deed.lock}", outcome="asked")
            )
        except Disappointment:
            if not anyhow:
                raise
            return deed
        return replace(deed, id=id_)

    async def _concluded(self, deed: _Deed, answer: Answer, heard: bool | None, took: timedelta) -> Answer:
        """Whoever pressed learns what the door did, also where that cannot be written down."""
        try:
            await self.store.write(lambda tx: self._conclude(tx, deed, answer, heard, took))
        except Disappointment as error:
            return replace(answer, sentence=f"{answer.sentence} {unwritten(error)}")
        return answer

    def _conclude(self, tx: Tx, deed: _Deed, answer: Answer, heard: bool | None, took: timedelta) -> None:
        """`heard`: whether the lock answered at all; None: nobody waited for it."""
        now, lock = self.clock.now(), deed.lock
        if deed.id is None:
            outcome, detail = answer.outcome.value, answer.sentence
            log.record(tx, now, deed.actor, deed.verb, f"lock:{lock}", outcome=outcome, detail=detail)
        else:
            log.conclude(tx, deed.id, now, answer.outcome.value, answer.sentence)
        if heard is not None:
            (figures.answered if heard else figures.unanswered)(tx, lock, now)
        if heard:
            figures.was_moved(tx, lock, now, took)

    async def _forbidden(self, door: Door, actor: str) -> Answer:
        sentence = f"{door.name} is not unlocked from here: {OVER_S0} {S0_CURE}"
        await self.store.write(
            lambda tx: log.record(
                tx, self.clock.now(), actor, "unlock", f"lock:{door.id}", outcome="refused", detail=sentence
            )
        )
        return Answer(Outcome.REFUSED, sentence)

    @staticmethod
    def _answer(name: str, verb: str, to: Position, reached: Position) -> Answer:
        if reached is to:
            return Answer(Outcome.DONE, f"{name} is {to.value}.")
        if reached is Position.UNKNOWN:
            return Answer(Outcome.UNKNOWN, f"{name} took the command but did not say where its bolt is.")
        return Answer(Outcome.REFUSED, f"{name} did not {verb}: it says it is {reached.value}.")
