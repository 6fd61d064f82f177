"""What a lock wrote into its own log while it may not have been heard, absorbed later: told once, and of whom it was then.

Some of it was heard all the same, or was told before a crash: a line of the log that happened at the same time, at the same
door, with the same code is the same event. What the lock gave no believable time is put down as of some time between two
others, and belongs to somebody only if nobody else can have had that code in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub import takeovers
from hub.attribution import Span, attributed
from hub.model.access import sometime
from hub.model.facts import BoltMoved, CodesChanged, LogRead, Remembered
from hub.model.outcomes import changed_outside
from hub.model.values import How, Position
from hub.store import codes, doors, house, log
from hub.store import stays as ledger
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.log import Entry, Filter

ROUGHLY: Final = timedelta(seconds=90)
"""As far may what was heard and what the lock wrote be apart: its clock was found right, and some know only minutes."""
STRAY: Final = timedelta(minutes=2)
"""As far may a lock's clock be wrong and still count as right (drivers/zwave/clockwork.py)."""
AT_ONCE: Final = timedelta(seconds=15)
"""What is told again so soon was no news when it was heard (hub/sightings.py, ECHO)."""
_MOST: Final = 2000
_WHAT: Final = {Position.LOCKED: log.LOCKED, Position.UNLOCKED: log.UNLOCKED}


@dataclass(frozen=True, slots=True)
class _Line:
    """One movement of the bolt that the lock remembers."""

    fact: BoltMoved
    timed: bool
    known: Entry | None = None
    """As which it was heard."""

    def is_kind_of(self, entry: Entry) -> bool:
        same_slot = entry.slot == self.fact.slot or None in (entry.slot, self.fact.slot)
        return entry.what == _WHAT[self.fact.position] and same_slot


def absorb(tx: Tx, door: Door, fact: LogRead) -> None:
    """Doing it twice changes nothing."""
    wanted = Filter(lock=door.id, since=fact.since - ROUGHLY, until=fact.at + ROUGHLY)
    heard = [each for each in log.entries(tx, wanted, limit=_MOST) if each.what in _WHAT.values()]
    lines = [_Line(each.news, each.timed) for each in fact.told if isinstance(each.news, BoltMoved)]
    lines = _found_by_order(_found_by_time(lines, heard), heard)
    for at, line in enumerate(lines):
        before = (each.known.at for each in reversed(lines[:at]) if each.known is not None)
        behind = (each.known.at for each in lines[at + 1 :] if each.known is not None)
        between = (line.fact.at, line.fact.at) if line.timed else (next(before, fact.since), next(behind, fact.at))
        if line.known is None and not _is_echo(line, heard):
            log.note(tx, _attributed(tx, door, line, between))
        elif line.known is not None and line.known.how == How.UNKNOWN.value != line.fact.how.value:
            # Somebody saw only that the bolt had moved; the lock knows more.
            log.correct(tx, line.known.id, _attributed(tx, door, line, between))
    for each in fact.told:
        if isinstance(each.news, CodesChanged):
            _doubt(tx, door, each, each.news, fact.since)


# ---- what was heard --------------------------------------------------------------------------------------------------


def _found_by_time(lines: list[_Line], heard: list[Entry]) -> list[_Line]:
    """Each line with the entry that it is, if there is one: the nearest pairs first, and nothing twice."""
    pairs = sorted(
        (abs(entry.at - line.fact.at), at, entry.id)
        for at, line in enumerate(lines)
        if line.timed
        for entry in heard
        if line.is_kind_of(entry) and abs(entry.at - line.fact.at) <= ROUGHLY
    )
    by_id = {entry.id: entry for entry in heard}
    found, taken = dict[int, Entry](), set[int]()
    for _, at, number in pairs:
        if at not in found and number not in taken:
            found[at] = by_id[number]
            taken.add(number)
    return [replace(line, known=found.get(at)) for at, line in enumerate(lines)]


def _found_by_order(lines: list[_Line], heard: list[Entry]) -> list[_Line]:
    """Where the lock knows no time: what was heard came first, for what was missed was missed at the end.

    And a bolt that was found moved when the lock was met again was moved by what it wrote down last.
    """
    taken = {line.known.id for line in lines if line.known is not None}
    found: list[_Line] = []
    after: datetime | None = None
    in_order = sorted(heard, key=lambda entry: (entry.at, entry.id))
    met = in_order.pop() if in_order and in_order[-1].how == How.UNKNOWN.value else None
    for at, line in enumerate(lines):
        known = line.known
        if known is None and not line.timed:
            mine = (each for each in in_order if line.is_kind_of(each) and (after is None or each.at >= after))
            known = next((each for each in mine if each.id not in taken), None)
        last = at == len(lines) - 1 and met is not None and met.id not in taken
        if known is None and last and met is not None and line.is_kind_of(met) and met.at >= line.fact.at - ROUGHLY:
            known = met
        if known is not None:
            taken.add(known.id)
            after = known.at
        found.append(replace(line, known=known))
    return found


def _is_echo(line: _Line, heard: list[Entry]) -> bool:
    near = (entry for entry in heard if line.timed and abs(entry.at - line.fact.at) < AT_ONCE)
    return any(line.is_kind_of(entry) for entry in near)


# ---- what was not -----------------------------------------------------------------------------------------------------


def _attributed(tx: Tx, door: Door, line: _Line, between: tuple[datetime, datetime]) -> Entry:
    """`between` the two it happened; where the lock's clock counts they are one, give or take a little."""
    fact, at = line.fact, between[1]
    entry = Entry(at, door.id, door.property, _WHAT[fact.position], fact.how.value, "", fact.slot)
    entry, guest = attributed(tx, entry, Span(at - STRAY, at + STRAY) if line.timed else Span(*between))
    if guest is not None and line.timed and fact.position is Position.UNLOCKED:
        ledger.arrived(tx, guest, at)
    place = None if line.timed else house.property_with(tx, door.property)
    return entry if place is None else replace(entry, who=f"{entry.who}, {sometime(*between, place.zone)}")


def _doubt(tx: Tx, door: Door, told: Remembered, fact: CodesChanged, since: datetime) -> None:
    """A slot that was changed and not proven since is looked at; looking proves nothing of a lock that hides its digits."""
    written_anew = takeovers.absorb(tx, door, fact, None if told.timed else since)
    for slot in codes.told_of(tx, door.id, fact, doors.places(door)):
        proven = told.timed and slot.proven_at is not None and slot.proven_at > fact.at - ROUGHLY
        if fact.slot in {None, slot.number} and slot.number not in written_anew and not proven:
            codes.keep_slot(tx, door.id, changed_outside(slot, fact.change), fact.at)
