"""What guests read of their doors in an emergency, on their page and in a message: opened from afar, opened by a code of the
house, closed to guests' codes, and open to them again. Calm words: why it was done is the house's own matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from hub.model.access import when
from hub.model.closed_doors import SETTLE
from hub.model.lockdown import Attempt, Outcome
from hub.model.values import LockId
from hub.store import doors, emergencies, house
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Tx
from hub.store.house import Property
from hub.store.stays import StayRow

_REMEMBERED: Final = timedelta(days=1)
"""So long the page says that a door was closed to guests."""


def said(door: str, at: datetime, place: Property, *, sure: bool) -> str:
    did = "was opened from afar" if sure else "was told from afar to open, and may have"
    return f"{door} {did} in an emergency on {when(at, place.zone)}. Please see that it is locked when you leave."


def code_said(names: str, row: Emergency, place: Property, now: datetime) -> str:
    since, until = when(row.since, place.zone), "" if row.until is None else when(row.until, place.zone)
    if row.until is not None and row.until <= now:
        return f"The house had a code of its own for emergencies at {names} from {since} until {until}."
    end = f" until {until} at the latest" if until else ""
    return (
        f"The house has a code of its own for emergencies at {names} from {since}{end}: somebody of the house may have to come "
        "in. Nothing changes for your own code."
    )


def closed(names: str) -> str:
    return (
        f"For the time being guests' codes do not open {names}, yours included. From inside you can always leave. We write to "
        "you as soon as your code works there again."
    )


def still_closed(names: str) -> str:
    return f"It does not open {names} for now."


def open_again(names: str, begins_at: datetime | None, place: Property) -> str:
    """`begins_at`: the code is not to open before that."""
    if begins_at is None:
        return f"Your code opens {names} again."
    return f"Guests' codes open {names} again, and yours does from {when(begins_at, place.zone)} on."


def names_of(tx: Tx, locks: Collection[LockId]) -> str:
    known = {door.id: door.name for door in doors.doors(tx)}
    *rest, last = sorted(known.get(lock, lock) for lock in locks)
    return f"{', '.join(rest)} and {last}" if rest else last


def begins(stay: StayRow) -> datetime | None:
    """At check-in, or with the first who came in before."""
    return min((at for at in (stay.check_in, stay.arrived_at) if at is not None), default=None)


def on_page(tx: Tx, stay: StayRow, place: Property, now: datetime) -> list[str]:
    """What the guests' page says of doors of this stay since it began. What is closed now it says elsewhere."""
    begun = begins(stay)
    if begun is None:
        return []
    mine = frozenset(door.id for door in house.doors_of(tx, stay.unit_id))
    rows = [row for row in emergencies.touching(tx, begun, now) if not row.guests_untold]
    return [sentence for row in rows for sentence in _SAYS[row.deed](tx, row, mine, place, (begun, now))]


def _opened(
    tx: Tx, row: Emergency, mine: frozenset[LockId], place: Property, span: tuple[datetime, datetime]
) -> Iterator[str]:
    begun, now = span
    if row.lock is None or row.since < begun or not _own(tx, mine & {row.lock}):
        return
    tried = emergencies.attempts(tx, [row.id]).get(row.id, {}).get(row.lock, Attempt(row.since))
    if tried.outcome is not Outcome.REFUSED and not tried.under_way(now):
        yield said(names_of(tx, [row.lock]), row.since, place, sure=tried.outcome is Outcome.DONE)


def _coded(
    tx: Tx, row: Emergency, mine: frozenset[LockId], place: Property, span: tuple[datetime, datetime]
) -> Iterator[str]:
    if own := _own(tx, _covered(tx, row, mine)):
        yield code_said(names_of(tx, own), row, place, span[1])


def _was_closed(
    tx: Tx, row: Emergency, mine: frozenset[LockId], place: Property, span: tuple[datetime, datetime]
) -> Iterator[str]:
    _, now = span
    end = row.released_at
    if end is None or end - row.since < SETTLE or end < now - _REMEMBERED:
        return
    if shut := _covered(tx, row, mine) - emergencies.down(tx):
        said_when = f"from {when(row.since, place.zone)} until {when(end, place.zone)}"
        yield f"Guests' codes did not open {names_of(tx, shut)} {said_when}. That is over."


_SAYS: Final = {Deed.UNLOCK: _opened, Deed.CODE: _coded, Deed.LOCK_DOWN: _was_closed}


def _covered(tx: Tx, row: Emergency, mine: frozenset[LockId]) -> frozenset[LockId]:
    return frozenset(door.id for door in doors.doors(tx) if door.id in mine and row.covers(door.id, door.property))


def _own(tx: Tx, locks: frozenset[LockId]) -> frozenset[LockId]:
    """Those that no other flat shares."""
    return frozenset(lock for lock in locks if len(house.units_of(tx, lock)) == 1)
