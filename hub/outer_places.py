"""Places of keypads that the hub does not manage: somebody's code may be there, and is listed, adoptable and kept clear of.

They are asked between everything else, by the worker of their lock, one at a time (hub/model/tours.py); never written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from hub.contracts import Keypad
from hub.errors import Disappointment, Rejected
from hub.findings import Look
from hub.lock_record import Record
from hub.model.alerts import Finding, Kind
from hub.model.codes import Reading, Slot
from hub.model.facts import SlotRead
from hub.model.outcomes import after_failure
from hub.model.values import LockId
from hub.store import codes, digits, doors, figures
from hub.store.engine import Store, Tx

T = TypeVar("T")

PATIENCE: Final = timedelta(seconds=20)
"""For the lock's answer, in real time."""


async def timed(command: Awaitable[T]) -> tuple[T, timedelta]:
    """With how long it took, in real time."""
    loop = asyncio.get_running_loop()
    sent = loop.time()
    answer = await command
    return answer, timedelta(seconds=loop.time() - sent)


@dataclass(frozen=True, slots=True)
class OuterPlaces:
    store: Store
    record: Record

    async def look(self, lock: LockId, keypad: Keypad, number: int) -> bool:
        """False: the lock did not answer."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                seen, took = await timed(keypad.read(number))
        except Rejected:
            seen, took = SlotRead(empty=True), None  # it has no such place, or keeps it to itself
        except (Disappointment, TimeoutError):
            await self.store.write(lambda tx: self._unanswered(tx, lock, number))
            return False
        await self.store.write(lambda tx: self._seen(tx, lock, number, seen, took))
        return True

    def _seen(self, tx: Tx, lock: LockId, number: int, seen: SlotRead, took: timedelta | None) -> None:
        before = codes.slot_of(tx, lock, number)
        on_tour = not _is_doubted(tx, lock, before)
        if before.holder is None and before.claim is None:  # else it was adopted meanwhile
            self.record.asked(tx, lock, number, seen, took)
        if on_tour:
            now = self.record.clock.now()
            doors.keep_tour(tx, lock, self.record.views.view(tx, lock).tour.answered(number, now))

    def _unanswered(self, tx: Tx, lock: LockId, number: int) -> None:
        before, now = codes.slot_of(tx, lock, number), self.record.clock.now()
        if _is_doubted(tx, lock, before):
            codes.keep_slot(tx, lock, after_failure(before, self.record.views.view(tx, lock).policy, now), now)
        else:
            door, tour = doors.door(tx, lock), self.record.views.view(tx, lock).tour
            doors.keep_tour(tx, lock, tour.in_vain(number, None if door is None else door.heard_at, now))
        figures.unanswered(tx, lock, now)


def _is_doubted(tx: Tx, lock: LockId, slot: Slot) -> bool:
    """Whether it is asked out of turn, as the lock told of it."""
    told_of = slot.reading is Reading.UNKNOWN and slot.holder is None
    return told_of and any(each.number == slot.number for each in codes.slots_of(tx, lock))


def found(look: Look) -> Iterator[Finding]:
    """What a guest was given opens for good where somebody has keyed it in once more: here nothing takes it out."""
    names = {door.id: door.name for door in look.doors}
    for lock, number in digits.copied(look.tx):
        sentence = (
            f"Place {number} of {names[lock]} holds digits that were somebody's there, keyed in by somebody else."
        )
        cure = "Whoever was given them can come in. Delete the code at the lock, or adopt it on the lock's page."
        yield Finding(Kind.CODE_COPIED, f"lock:{lock}", sentence, cure)
