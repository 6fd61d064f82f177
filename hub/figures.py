"""How well the locks of a house do, by lock, by property and together: for pages, the API, the command line and machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.model.figures import Counts, begin_of, together
from hub.model.values import LockId, PropertyId
from hub.store import doors, figures
from hub.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Measured:
    days: int
    since: datetime
    locks: Mapping[LockId, Counts]
    places: Mapping[PropertyId, Counts]

    @property
    def house(self) -> Counts:
        return together(self.locks.values())


def measured(tx: Tx, now: datetime, days: int) -> Measured:
    since = begin_of(days, now)
    locks = figures.counts(tx, since, now)
    places: dict[PropertyId, list[Counts]] = defaultdict(list)
    for door in doors.doors(tx):
        places[door.property].append(locks[door.id])
    return Measured(days, since, locks, {place: together(each) for place, each in places.items()})
