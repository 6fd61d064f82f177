"""Who works in the town: a cleaner of each house, who opens its front gate and one flat at the same hours every week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Final

from hub import people
from hub.hub import Hub
from hub.model.passes import EveryWeek, Span
from hub.model.people import PersonKind
from hub.model.values import Address, LockId, PropertyId
from hub.people import Who, Wish
from hub.store.engine import Tx
from tests.simulators.street import FLAT
from tests.system.year.life import ROBIN, Life
from tests.system.year.town import FLATS, PLACES, Flat, Hours, Place, instant

LEAD: Final = timedelta(minutes=5)
"""hub/model/passes.py: so long before its hours a pass opens."""
ROUNDS: Final = (
    ("09:00", "12:00", range(5)),
    ("22:00", "02:30", range(7)),
    ("06:30", "20:00", (0, 2, 4, 6)),
    ("01:30", "02:30", range(7)),
)
"""From when until when, on which days of the week: some where the clocks are changed."""
AGAIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Round:
    """The doors of one pass, and its hours."""

    flat: Flat
    """The doors, as the judge knows the doors of a stay."""
    start: time
    end: time
    days: frozenset[int]

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(Span(day, self.start, self.end) for day in sorted(self.days))

    def hours(self, now: datetime) -> Hours:
        """Those that are now, or come next; looked for day by day."""
        return next(each for each in self._about(now) if now < each.end)

    def _about(self, now: datetime) -> Iterator[Hours]:
        zone, today = self.flat.place.zone, now.astimezone(self.flat.place.zone).date()
        for number in range(-2, 9):
            day = today + timedelta(days=number)
            last = day if self.end > self.start else day + timedelta(days=1)
            start = instant(day, self.start, zone, last=False)
            end = instant(last, self.end, zone, last=True)
            if day.weekday() in self.days and start < end:
                yield Hours(start - LEAD, start, end)


def rounds() -> Iterator[Round]:
    for number, place in enumerate(PLACES):
        start, end, days = ROUNDS[number % len(ROUNDS)]
        doors = Address(f"{place.name}-front"), Address(f"{place.name}-{number % FLATS}")
        flat = Flat(f"staff-{place.name}", place, doors, polled=False)
        yield Round(flat, time.fromisoformat(start), time.fromisoformat(end), frozenset(days))


def plan(life: Life) -> None:
    """Robin gives each cleaner a pass in the first hours; then they come on their days."""
    random = Random(life.random.random())
    for each in rounds():
        life.errand(life.plan.begin + timedelta(minutes=random.randrange(5, 600)), Staff(life, each, random).get_pass)


@dataclass(slots=True)
class Staff:
    """One cleaner."""

    life: Life
    round: Round
    random: Random
    uid: str = ""
    """By the name of their pass, as the ledger has it."""

    async def get_pass(self) -> None:
        life = self.life
        async with life.at_the_door:
            hub = life.hub
            if hub is not None:
                given = await hub.store.write(lambda tx: _give(tx, hub, self.round))
                self.uid = f"pass {given}"
                self._expect(self.round.hours(life.now()))
                return
        life.errand(life.now() + AGAIN, self.get_pass)

    def _expect(self, hours: Hours) -> None:
        """From the end of its hours on, the next ones count."""
        life, flat = self.life, self.round.flat
        life.judge.told(self.uid, flat, hours)
        life.judge.stays[self.uid].staff = True
        life.at(hours.end, lambda: self._expect(self.round.hours(hours.end)))
        first = max(hours.check_in, life.now())
        length = (hours.end - first).total_seconds()
        life.errand(first + timedelta(seconds=self.random.uniform(0, length)), lambda: self._come(hours))

    async def _come(self, hours: Hours) -> None:
        life, stay = self.life, self.life.judge.stays[self.uid]
        if stay.hours != hours or stay.told_at is None or life.ledger is None or life.now() >= hours.end:
            return
        for lock in self.round.flat.doors:
            door = life.doors[lock]
            tried = (door.slot_of(each, life.now()) for each in life.ledger.digits(lock, self.uid))
            slot = next((each for each in tried if each is not None), None)
            life.judge.count("staff")
            if slot is not None and door.battery > FLAT:
                await life.opened(door, slot)
            elif len(door.codes) < door.brand.slots:  # guests come first where there is no room
                await life.outside(self.uid, door, max(hours.start, stay.told_at, life.judge.free_since(door)))


def _give(tx: Tx, hub: Hub, each: Round) -> str:
    place: Place = each.flat.place
    who = Who(f"Cleaner of {place.name}", PersonKind.CLEANER, PropertyId(place.name))
    person = people.add(tx, hub.desk, who, ROBIN)
    wish = Wish(tuple(LockId(lock) for lock in each.flat.doors), EveryWeek(each.spans))
    return people.give(tx, hub.desk, person, wish, ROBIN)
