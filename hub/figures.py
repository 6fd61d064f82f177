"""How well locks and bookings do, by lock, by property and together: for pages, the API, the command line and machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.model.figures import Counts, Delay, Latency, begin_of, delay_of, latency_of, together
from hub.model.values import LockId, PropertyId
from hub.store import doors, figures, house
from hub.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Measured:
    days: int
    since: datetime
    locks: Mapping[LockId, Counts]
    places: Mapping[PropertyId, Counts]
    spans: Mapping[PropertyId, Sequence[timedelta]]
    """From wanted to proven, of codes that were wanted at once."""

    answers: Mapping[LockId, Mapping[int, int]]
    """Commands that were confirmed, by how long that took at most."""
    elsewhere: Counts
    """What passed between the hub and accounts that have several units, and no property of its own."""

    @property
    def house(self) -> Counts:
        return together([*self.places.values(), self.elsewhere])

    @property
    def delay(self) -> Delay:
        return delay_of(span for spans in self.spans.values() for span in spans)

    @property
    def latency(self) -> Latency:
        return latency_of(self.answers.values())

    def latency_at(self, lock: LockId) -> Latency:
        return latency_of([self.answers.get(lock, {})])

    def delay_in(self, place: PropertyId) -> Delay:
        return delay_of(self.spans.get(place, ()))


def measured(tx: Tx, now: datetime, days: int) -> Measured:
    since = begin_of(days, now)
    locks = figures.counts(tx, since, now)
    places: dict[PropertyId, list[Counts]] = {place.id: [] for place in house.properties(tx)}
    for door in doors.doors(tx):
        places[door.property].append(locks[door.id])
    for place, counts in figures.welcomed(tx, since, now).items():
        places[place].append(counts)
    bookings = figures.bookings(tx, since, now)
    elsewhere = bookings.pop(None, Counts())
    for somewhere, counts in bookings.items():
        if somewhere is not None:
            places[somewhere].append(counts)
    told = {place: together(each) for place, each in places.items()}
    return Measured(
        days, since, locks, told, figures.at_once(tx, since, now), figures.answers(tx, since, now), elsewhere
    )
