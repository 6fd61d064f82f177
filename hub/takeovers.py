"""Somebody gave a place of ours other digits at the keypad of a lock that hides its digits, or may have.

Asking would tell that a code is there, and not whose. Were it believed to be ours, a guest might stand outside; were it left
alone as somebody else's, a guest's code might stay for ever. So whatever is there is cleared and ours written anew. Where the
lock may only have told of what we wrote ourselves, that is done a few times a day; after that a person is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.facts import CodeChange, CodesChanged
from hub.model.outcomes import cleared_first, told_of_ours, told_too_late
from hub.model.slots import Slot
from hub.store import codes, doors, log
from hub.store.doors import Door
from hub.store.engine import Tx

DAY: Final = timedelta(days=1)
DOUBTS: Final = 3
"""So often within a day a lock is written anew on doubt: one that always tells that late of our own writing would have us
write for ever."""


def absorb(tx: Tx, door: Door, fact: CodesChanged, since: datetime | None = None) -> frozenset[int]:
    """The places that are cleared first and written anew: nobody need look at them.

    Args:
        since: the earliest time at which it can have happened; None: it happened at `fact.at`.
    """
    if fact.change is not CodeChange.ADDED or not doors.hides_digits(door):
        return frozenset()
    slots = codes.slots_of(tx, door.id)
    mine = [slot for slot in slots if fact.slot in {None, slot.number} and _is_ours(slot, fact.at)]
    about = slots if fact.slot is None else mine
    if not mine or any(told_of_ours(slot, fact.at) for slot in about):
        return frozenset()
    # Which place it was is not said: then it was, as a rule, none of ours.
    doubtful = fact.slot is None or any(not told_too_late(slot, since or fact.at) for slot in about)
    if doubtful and _doubted_often(tx, door, fact.at):
        doors.learn(tx, door.id, doubted_at=fact.at)
        tx.signal("health")
        return frozenset()
    for slot in mine:
        codes.keep_slot(tx, door.id, cleared_first(slot, fact.at), fact.at)
    what = log.PLACES_DOUBTED if doubtful else log.PLACE_TAKEN
    log.record(tx, fact.at, "gatehouse", what, f"lock:{door.id}", detail=_listed(mine))
    return frozenset(slot.number for slot in mine)


def _is_ours(slot: Slot, at: datetime) -> bool:
    """What was written after that is ours still."""
    written_later = slot.written_at is not None and slot.written_at > at
    return slot.holder is not None and slot.claim is None and not written_later


def _doubted_often(tx: Tx, door: Door, at: datetime) -> bool:
    lately = [deed for deed in log.deeds(tx, f"lock:{door.id}") if deed.action == log.PLACES_DOUBTED]
    return sum(abs(at - deed.at) < DAY for deed in lately) >= DOUBTS


def _listed(slots: Sequence[Slot]) -> str:
    return ", ".join(str(slot.number) for slot in slots)


def found(look: Look) -> Iterator[Finding]:
    for door in look.doors:
        if door.doubted_at is not None and not look.reached(door.doubted_at + DAY):
            yield Finding(
                Kind.PLACE_DOUBTED,
                f"lock:{door.id}",
                f"{door.name} told several times that a code was added, and hides its digits: it may have meant Gatehouse's own, "
                "or somebody may have keyed another one over a guest's.",
                "Try the codes that should open it. One that does not: give the guest a backup code, and end the code so that it "
                "is written anew.",
                door.doubted_at,
            )
