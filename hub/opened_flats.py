"""The guest of a flat that was opened in an emergency, or that a code for emergencies opens, is told so, unless somebody asked
not to: nobody likes to find it out.

By the way that reaches them (hub/reaching_guests.py). A door that several flats share is nobody's own.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from hub.guest_messages import GuestMessages
from hub.model.lockdown import Outcome
from hub.model.values import LockId, StayId
from hub.opened_doors import begins, code_said, names_of, said
from hub.reaching_guests import How, Told, letter, name_of, reach
from hub.store import house, log, nearby, staying
from hub.store import stays as stay_ledger
from hub.store.emergencies import Emergency
from hub.store.engine import Tx
from hub.store.house import Property
from hub.store.stays import StayRow

EARLIEST: Final = timedelta(days=1)
"""So long before check-in somebody may have come in, and somebody who comes is told of a code that works then."""
_CALLING: Final = "If you have questions"


def guests_of(tx: Tx, lock: LockId, now: datetime, until: datetime | None = None) -> list[StayRow]:
    """Whose flat is behind that door, now or, where that is said, until then."""
    passing = house.units_of(tx, lock)
    if len(passing) != 1:
        return []
    near = (stay_ledger.stay(tx, id_) for id_ in nearby.near(tx, staying.since(tx, now), now + EARLIEST))
    here = [
        row for row in near if row is not None and row.unit_id == passing[0].id and not staying.is_over(tx, row, now)
    ]
    latest = now if until is None else min(until, now + EARLIEST)
    return [row for row in here if (begun := begins(row)) is not None and begun <= latest]


def tell(tx: Tx, messages: GuestMessages, row: Emergency, outcome: Outcome, actor: str) -> list[Told]:
    """Who was told of an opened door, and how; nobody of one that certainly did not open. Audited."""
    if row.lock is None or outcome is Outcome.REFUSED:
        return []
    names, sure = names_of(tx, [row.lock]), outcome is Outcome.DONE
    return [
        _told(tx, messages, row, stay, (said(names, row.since, _place(tx, stay), sure=sure), "opened door"), actor)
        for stay in guests_of(tx, row.lock, row.since)
    ]


def tell_of_code(tx: Tx, messages: GuestMessages, row: Emergency, able: Collection[LockId], actor: str) -> list[Told]:
    """Of the doors that take it: whoever is there, or comes while it works. Audited."""
    locks_of: dict[StayId, tuple[StayRow, list[LockId]]] = {}
    for lock in able:
        for stay in guests_of(tx, lock, row.since, row.until):
            locks_of.setdefault(stay.id, (stay, []))[1].append(lock)
    found = []
    for stay, locks in locks_of.values():
        sentence = code_said(names_of(tx, locks), row, _place(tx, stay), row.since)
        found.append(_told(tx, messages, row, stay, (sentence, "emergency code"), actor))
    return found


def _place(tx: Tx, stay: StayRow) -> Property:
    place = house.property_of(tx, stay.unit_id)
    assert place is not None  # a unit belongs to a property
    return place


def _told(tx: Tx, messages: GuestMessages, row: Emergency, stay: StayRow, said_of: tuple[str, str], actor: str) -> Told:
    sentence, what = said_of
    how = How.NOT_TOLD
    if not row.guests_untold:
        words = letter(tx, stay, [sentence], _CALLING)
        how, _ = reach(tx, messages, stay, words, actor, once=f"emergency:{row.id}")
    log.record(tx, messages.desk.now(), actor, f"tell guest of {what}", f"stay:{stay.id}", detail=how.value)
    return Told(stay.id, name_of(stay), how)
