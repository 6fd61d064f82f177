"""After a restore: codes in the locks that the restored house does not know. A person says what becomes of them.

Each lock is asked about once, when it has been read to the end: in safe mode, or later where it was silent until then. Until
somebody answers they are left alone, as every code that Gatehouse did not put there is. One that is to stay can be given a name
on its lock's page instead (hub/adopting.py), and is asked about no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from hub.bus import EVERYTHING, Bus
from hub.contracts import Clock
from hub.errors import Disappointment
from hub.io.tagbook import TagBook
from hub.issuing import Desk
from hub.model.codes import CodeState, Grant, Reading, Slot
from hub.model.slots import SHORTEST
from hub.model.values import CodeTag, GrantId, LockId, Proof, Purpose, Window
from hub.store import code_list, codes, doors, log, questions, restoring
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Store, Tx
from hub.store.questions import Question

logger = structlog.get_logger("foreign codes")

LEAVE: Final = "leave"
CLEAR: Final = "clear"
_ALL: Final = 1
"""Which option clears them all."""
_SINGLE: Final = 6
"""So many can be cleared one by one; with more, nobody finds the button."""
_LABEL: Final = "A code that nobody knew"
_CRAMPED: Final = timedelta(minutes=1)


def foreign(tx: Tx, desk: Desk, tags: Collection[CodeTag], lock: LockId) -> list[Slot]:
    """What is in the places that Gatehouse looks after and was not put there by it.

    Args:
        tags: of every code that it ever put into a lock.
    """
    known = {grant.tag for grant in codes.open_grants(tx, lock)}
    found = (code for code in code_list.listing(tx, lock=lock) if code.issued is None and code.slot is not None)
    strangers = (code.slot for code in found if code.state(desk.now(), tags) is CodeState.FOREIGN)
    return [slot for slot in strangers if slot is not None and slot.number <= codes.MANAGED and slot.tag not in known]


def answer(tx: Tx, desk: Desk, question: Question, value: str, actor: str) -> None:
    """Only the places that the answer names are cleared: nobody has decided of what came after. Of those that the question names
    besides it is asked once more."""
    word, _, named = value.partition(":")
    if word != CLEAR:
        return
    lock = LockId(question.subject)
    if value != question.options[_ALL][0]:
        restoring.keep_unasked(tx, restoring.unasked(tx) | {lock})
    for slot in codes.slots_of(tx, lock):
        there = slot.reading is Reading.OCCUPIED and slot.holder is None and slot.claim is None
        if there and str(slot.number) in named.split(","):
            _clear(tx, desk, lock, slot, actor)


def _clear(tx: Tx, desk: Desk, lock: LockId, slot: Slot, actor: str) -> None:
    """It becomes one of ours whose leave is over: those go as soon as their lock answers, and it is known when they are gone."""
    now = desk.now()
    id_ = GrantId(tx.new_id(now))
    tag = slot.tag or CodeTag(f"unread:{id_}")
    ended = Grant(id_, tag, SHORTEST, Window(now), purpose=Purpose.HAND)
    codes.issue(tx, Issued(ended, lock, None, _LABEL, None, None, None, Purpose.HAND), now)
    codes.revoke(tx, [id_], now)
    # A lock that hides its digits could only say that a code is there, which says nothing of whose: it is not asked once more.
    proof = slot.proof if slot.tag else Proof.ACKNOWLEDGED
    codes.keep_slot(tx, lock, replace(slot, holder=id_, tag=tag, proof=proof), now)
    log.record(tx, now, actor, "foreign code cleared", f"lock:{lock}", detail=f"place {slot.number}")


# ---- asking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Due:
    door: Door
    question: Question | None
    """None: there is nothing to ask there, or not any more."""


def _due(tx: Tx, desk: Desk, tags: Collection[CodeTag], locks: Collection[LockId] | None) -> Iterator[_Due]:
    """Of locks that were read meanwhile, what is not asked as it is now. `locks`: of these alone."""
    waiting, asked = restoring.unasked(tx), restoring.asked(tx)
    for door in doors.doors(tx) if waiting or asked else ():
        if door.id in waiting | asked.keys() and (locks is None or door.id in locks) and restoring.is_read(tx, door):
            known, question = asked.get(door.id), _question(tx, desk, door, foreign(tx, desk, tags, door.id))
            same = known is not None and question is not None and known.options == question.options
            if door.id in waiting or not same:
                yield _Due(door, question)


def _question(tx: Tx, desk: Desk, door: Door, found: Sequence[Slot]) -> Question | None:
    if not found:
        return None
    one, numbers = len(found) == 1, [str(slot.number) for slot in found]
    sentence = (
        f"{door.name} holds {'a code' if one else f'{len(found)} codes'} that the restored house does not know "
        f"(place{'' if one else 's'} {', '.join(numbers)}). What shall become of {'it' if one else 'them'}? On the lock's page "
        "it can be given a name instead."
    )
    options = (
        (LEAVE, f"Leave {'it' if one else 'them'}: somebody else's"),
        (f"{CLEAR}:{','.join(numbers)}", f"Clear {'it' if one else 'them all'} at once"),
        *((f"{CLEAR}:{number}", f"Clear the one in place {number}") for number in ([] if one else numbers[:_SINGLE])),
    )
    now = desk.now()
    return Question(tx.new_id(now), restoring.FOREIGN, door.id, sentence, options, now, now)


def _ask(tx: Tx, desk: Desk, tags: Collection[CodeTag], locks: Collection[LockId] | None) -> None:
    for due in list(_due(tx, desk, tags, locks)):
        if due.question is None:
            questions.withdraw(tx, restoring.FOREIGN, due.door.id, desk.now())
        else:
            questions.ask(tx, due.question)
        restoring.keep_unasked(tx, restoring.unasked(tx) - {due.door.id})


@dataclass(frozen=True, slots=True)
class ForeignCodes:
    store: Store
    desk: Desk
    tagbook: TagBook
    bus: Bus
    clock: Clock

    async def run(self) -> None:
        """Ends when nothing is left to ask: a restore needs a start."""
        async with self.bus.listen("lock:", "questions") as ear:
            locks: frozenset[LockId] | None = None
            while await self._round(locks):
                heard = await anext(ear)
                named = frozenset(LockId(name.removeprefix("lock:")) for name in heard if name.startswith("lock:"))
                locks = None if EVERYTHING in heard else named

    async def _round(self, locks: frozenset[LockId] | None) -> bool:
        """Whether something is to be asked still, or an answer to be waited for."""
        tags = self.tagbook.tags
        try:
            if await self.store.read(lambda tx: any(True for _ in _due(tx, self.desk, tags, locks))):
                await self.store.write(lambda tx: _ask(tx, self.desk, tags, locks))
            return await self.store.read(lambda tx: bool(restoring.unasked(tx) or restoring.asked(tx)))
        except Disappointment as error:
            logger.warning("what is to be asked after the restore waits for the store", why=str(error))
            await self.clock.sleep(_CRAMPED.total_seconds())
            return True
