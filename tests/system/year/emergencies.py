"""Emergencies in the town: houses and doors that are locked down and released, and codes before everybody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from hub.emergency import Done
from hub.emergency_wishes import Act, Wish
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.lockdown import Outcome
from hub.model.values import Address, LockId, PropertyId
from hub.store import emergencies
from tests.simulators.street import Door
from tests.system.year.judge import SETTLED
from tests.system.year.life import ROBIN, Life
from tests.system.year.town import PLACES, Flat, Hours, Place
from tests.system.year.trouble import times

AGAIN: Final = timedelta(minutes=10)
ESTIMATE: Final = timedelta(seconds=30)
"""How much later than it was asked for a code may end: the lock is waited for, and a backup code may take its place."""
WHY: Final = "somebody was seen in the yard"


def plan(life: Life) -> None:
    random = Random(life.random.random())
    for place in PLACES:
        locks = [lock for lock, house in life.plan.houses.items() if house is place]
        for at in times(life, random, 40):
            one = random.choice(locks) if random.random() < 0.5 else None
            length = timedelta(minutes=random.choice([7, 30, 120, 600, 1300]))
            life.errand(at, LockDown(life, place, one, length).begin)
    keypads = [door for door in life.doors.values() if door.brand.slots]
    for at in times(life, random, 250):
        hours = random.choice([0.2, 0.5, 2.0, 6.0])
        life.errand(at, Code(life, random.choice(keypads), hours).ask)


async def _carried_out(life: Life, hub: Hub, wish: Wish) -> Done:
    foreseen = await hub.emergencies.prepare(wish, ROBIN)
    return await hub.emergencies.carry_out(foreseen.id, ROBIN)


@dataclass(frozen=True, slots=True)
class LockDown:
    """Of a whole house, or of one door (`only`)."""

    life: Life
    place: Place
    only: Address | None
    length: timedelta

    def _doors(self) -> list[Door]:
        life = self.life
        names = (lock for lock, house in life.plan.houses.items() if house is self.place)
        return [life.doors[lock] for lock in names if self.only in (None, lock)]

    async def begin(self) -> None:
        life, doors = self.life, self._doors()
        if any(door in life.judge.down for door in doors):
            return  # one at a time
        async with life.at_the_door:
            if life.hub is not None:
                life.judge.locked_down(doors)
                place, lock = (None, LockId(self.only)) if self.only else (PropertyId(self.place.name), None)
                await _carried_out(life, life.hub, Wish(Act.LOCK_DOWN, WHY, property=place, lock=lock))
                life.errand(life.now() + self.length, self.end)
                return
        life.errand(life.now() + AGAIN, self.begin)

    async def end(self) -> None:
        life, doors = self.life, self._doors()
        async with life.at_the_door:
            hub = life.hub
            if hub is not None:
                current = await hub.store.read(lambda tx: emergencies.current(tx, life.now()))
                mine = [
                    each.id
                    for each in current
                    if each.property == self.place.name
                    and each.deed is emergencies.Deed.LOCK_DOWN
                    and each.lock == (self.only and LockId(self.only))
                ]
                await _carried_out(life, hub, Wish(Act.RELEASE, WHY, lockdown=mine[0]))
                life.judge.released(doors)
                life.errand(life.now() + 2 * SETTLED, lambda: life.try_doors(doors))
                return
        life.errand(life.now() + AGAIN, self.end)


@dataclass(frozen=True, slots=True)
class Code:
    """Of one door, for so many hours."""

    life: Life
    door: Door
    hours: float

    @property
    def uid(self) -> str:
        return f"emergency {self.door.address}"

    async def ask(self) -> None:
        life, judge, now = self.life, self.life.judge, self.life.now()
        stay = judge.stays.get(self.uid)
        if stay is not None and stay.hours is not None and now < stay.hours.end + timedelta(hours=1):
            return  # one at a time
        flat = Flat(self.uid, life.plan.houses[self.door.address], (self.door.address,), polled=False)
        length = timedelta(hours=self.hours)
        judge.telling(self.uid, flat, Hours(now, now, now + length + ESTIMATE))
        judge.stays[self.uid].staff = True
        async with life.at_the_door:
            if life.hub is None:
                judge.stays[self.uid].coming = None
                return
            try:
                done = await _carried_out(
                    life, life.hub, Wish(Act.CODE, WHY, lock=LockId(self.door.address), hours=self.hours)
                )
            except Rejected as error:
                judge.stays[self.uid].coming = None
                judge.note(f"no emergency code for {self.door.address}: {error}")
                return
        judge.told(self.uid, flat, Hours(now, now, life.now() + length))
        judge.count("emergency codes")
        self._judge(done)
        life.errand(life.now() + 2 * SETTLED, self._come)

    def _judge(self, done: Done) -> None:
        """What Robin was told of the door is so."""
        told = done.doors[0]
        pin = told.pin or done.pin
        if told.outcome is Outcome.DONE and pin is not None:
            self.life.judge.count("emergency codes that worked at once")
            if self.door.slot_of(pin.reveal(), self.life.now()) is None:
                self.life.judge.blame("emergency", f"{self.door.address} is said to hold a code, and it does not open")

    async def _come(self) -> None:
        life, stay = self.life, self.life.judge.stays[self.uid]
        if stay.hours is None or stay.told_at is None or life.now() >= stay.hours.end or life.ledger is None:
            return
        digits = life.ledger.digits(self.door.address, self.uid)
        if all(self.door.slot_of(each, life.now()) is None for each in digits):
            await life.outside(self.uid, self.door, max(stay.told_at, life.judge.free_since(self.door)))
