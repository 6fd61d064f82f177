"""Whose code it was that opened a door: of whoever held the slot then, and in words that admit doubt.

What a lock tells at once has one moment; what it remembered itself has a clock that may be a little wrong, or none at all.
Where more than one code may have been in the slot in that time, all of them are named and nobody has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from hub.model.access import one_of, who
from hub.model.values import GrantId, How, StayId
from hub.store import codes, holders
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.holders import Tenure
from hub.store.log import Entry


@dataclass(frozen=True, slots=True)
class Span:
    """When something happened: at some time from `first` to `last`, both included."""

    first: datetime
    last: datetime

    @classmethod
    def at(cls, moment: datetime) -> Span:
        return cls(moment, moment)


@dataclass(frozen=True, slots=True)
class _Holder:
    grant: GrantId
    stay: StayId | None
    name: str


def attributed(tx: Tx, entry: Entry, when: Span) -> tuple[Entry, StayId | None]:
    """With whose doing it was; and the stay of a guest of whom that is certain."""
    how = How(entry.how)
    if how is not How.KEYPAD or entry.slot is None:
        return replace(entry, who=who(how, None, slot=entry.slot)), None
    tenures = holders.between(tx, entry.lock, entry.slot, when.first, when.last)
    held = [found for tenure in tenures if (found := _holder(tx, tenure.grant)) is not None]
    if not held:
        return replace(entry, who=who(how, None, slot=entry.slot)), None
    alone = len({each.grant for each in held}) == 1
    if alone and _there_all_the_time(tenures, when):
        (holder, *_) = held
        named = who(how, holder.name, slot=entry.slot)
        return replace(entry, who=named, grant=holder.grant, stay=holder.stay), holder.stay
    names = dict.fromkeys(who(how, each.name, slot=entry.slot) for each in held)
    maybe = tuple(dict.fromkeys(each.grant for each in held))
    return replace(entry, who=one_of(list(names), stranger=alone), maybe=maybe), None


def _holder(tx: Tx, grant: GrantId) -> _Holder | None:
    issued = codes.issued(tx, grant)
    if issued is None:
        return None
    stay = None if issued.stay is None else ledger.stay(tx, issued.stay)
    return _Holder(grant, issued.stay, issued.label if stay is None else stay.guest or stay.reference)


def _there_all_the_time(tenures: list[Tenure], when: Span) -> bool:
    """Nobody else's code can have been in the slot: not before it came, not after it went, and nobody changed the slot."""
    first, last = tenures[0], tenures[-1]
    doubtful = last.unsure_from is not None and last.unsure_from <= when.last
    return first.since <= when.first and (last.until is None or last.until >= when.last) and not doubtful
