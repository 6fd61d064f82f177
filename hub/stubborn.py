"""Locks that do not do as they were told: what a person should know of that, on Health and on the lock's own page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.codes import Grant, Slot
from hub.model.hours import UNHEARD_OF
from hub.store import code_list, doors
from hub.store import stays as ledger

OFTEN: Final = 3
"""A code that was gone again so often is not kept; once or twice, somebody may have pressed a key."""


def told_in_vain(slots: Sequence[Slot], grant: Grant) -> int:
    """How often a lock was told a code that it does not hold; 0: not so often that it is worth a word."""
    if any(each.holder == grant.id for each in slots):
        return 0
    lost = max((each.failures for each in slots if each.tag == grant.tag), default=0)
    return lost if lost >= OFTEN else 0


def ends_early(slot: Slot, grant: Grant) -> datetime | None:
    """When the lock shuts the code out, because it refused the right hours and does not give up those it was told before."""
    hours = slot.hours
    if not hours.refused or not hours.failures or hours.before in {None, UNHEARD_OF.before}:
        return None
    end = grant.window.end
    return hours.before if hours.before is not None and (end is None or hours.before < end) else None


def found(look: Look) -> Iterator[Finding]:
    """Once it has shut the code out, that the code is not proven says more, and is said."""
    for slot, entry in code_list.not_given_up(look.tx):
        if ends_early(slot, entry.grant) is None or slot.hours.shut(look.now):
            continue
        door = doors.door(look.tx, entry.lock)
        stay = None if entry.stay is None else ledger.stay(look.tx, entry.stay)
        whose = (stay.guest or stay.reference or "a guest") if stay is not None else entry.label
        name = entry.lock if door is None else door.name
        yield Finding(
            Kind.ENDS_EARLY,
            f"lock:{entry.lock}" if stay is None else f"stay:{stay.id}",
            f"The code of {whose} will stop working in {name} too early: the lock keeps to hours that it was told before, and "
            "neither takes other ones nor gives them up.",
            "It is asked again, ever more seldom. Delete the code's schedule at the lock, or be ready to open the door.",
        )
