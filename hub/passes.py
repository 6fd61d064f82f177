"""Keeps the codes of people as their passes say: each door's grant is moved to the hours that come next, or revoked.

Level-triggered like the locks themselves: what is found to differ is put right, from whatever state, and doing it twice
changes nothing. While no pass begins or ends its hours this rests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from hub import issuing
from hub.bus import Bus
from hub.contracts import Clock
from hub.errors import Disappointment
from hub.issuing import Desk, Whose
from hub.model.passes import Turnover, new_uses, next_window
from hub.model.values import LockId, PassId, PersonId, Pin, Purpose, Window
from hub.schedule import pause
from hub.store import codes, house, log, passes, persons
from hub.store import stays as ledger
from hub.store.codes import Issued
from hub.store.engine import Store, Tx
from hub.store.passes import Pass, PassDoor
from hub.store.persons import Person

logger = structlog.get_logger("passes")

TRUST_WAIT: Final = timedelta(seconds=30)
"""Nothing tells us when the time is known at last, and somebody may be waiting for it."""
RETRY: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=30)
"""So long after its end a pass can be looked at, and its digits are nobody else's."""

USED_UP: Final = "used up"


@dataclass(frozen=True, slots=True)
class Gap:
    """What is granted at a door and what should be."""

    row: Pass
    lock: LockId
    window: Window | None
    """None: nothing."""
    held: tuple[Issued, ...]
    """What the ledger has: at most one that counts, others on their way out."""
    label: str

    @property
    def live(self) -> tuple[Issued, ...]:
        return tuple(entry for entry in self.held if not entry.grant.revoked)

    @property
    def closed(self) -> bool:
        live = self.live
        if self.window is None or not live:
            return not live and self.window is None
        return len(live) == 1 and live[0].grant.window == self.window and live[0].label == self.label


@dataclass(frozen=True, slots=True)
class Ground:
    """What passes hang on beside themselves, read in one transaction."""

    people: Mapping[PersonId, Person]
    zones: Mapping[LockId, ZoneInfo]
    now: datetime
    trusted: bool

    @classmethod
    def read(cls, tx: Tx, desk: Desk) -> Ground:
        zones = {place.id: place.zone for place in house.properties(tx)}
        return cls(
            cls.people_of(tx),
            {row.id: zones[row.property] for row in house.locks(tx)},
            desk.now(),
            desk.trusted(),
        )

    @staticmethod
    def people_of(tx: Tx) -> dict[PersonId, Person]:
        return {person.id: person for person in persons.persons(tx)}

    def ended(self, row: Pass) -> bool:
        return row.stopped or self.people[row.person].ended_at is not None

    def window(self, tx: Tx, row: Pass) -> Window | None:
        """The hours that are now or come next; None while it opens nothing."""
        if self.ended(row) or not row.doors:
            return None
        stays: Sequence[Window] = ()
        if isinstance(row.when, Turnover) and row.when.unit is not None:
            stays = ledger.occupied(tx, row.when.unit, self.now - row.when.longest)
        return next_window(row.when, row.good, self.zones[row.locks[0]], stays, self.now)


def gaps(tx: Tx, desk: Desk) -> tuple[list[Gap], datetime | None]:
    """Where passes and grants differ, and when to look again."""
    rows = passes.all_passes(tx)
    if not rows:
        return [], None
    ground, granted = Ground.read(tx, desk), passes.granted(tx)
    used = passes.counted(tx, [row.id for row in rows if row.uses is not None])
    found, edges = list[Gap](), list[datetime]()
    for row in rows:
        window = ground.window(tx, row)
        if window is not None and window.end is not None:
            edges.append(window.end)
        label = ground.people[row.person].name
        for lock in sorted({*row.locks, *(entry.lock for entry in granted.get(row.id, ()))}):
            left = row.uses is None or len(used.get((row.id, lock), ())) < row.uses
            wanted = window if left and lock in row.locks else None
            held = tuple(entry for entry in granted.get(row.id, ()) if entry.lock == lock)
            gap = Gap(row, lock, wanted, held, label)
            by_the_clock = not (ground.ended(row) or not left or lock not in row.locks)
            if not gap.closed and (ground.trusted or not by_the_clock):
                found.append(gap)
    return found, min(edges, default=None)


def settle(tx: Tx, desk: Desk) -> datetime | None:
    """Count the uses, close every gap, and say when to look again."""
    count_uses(tx, desk)
    found, until = gaps(tx, desk)
    for gap in found:
        _close(tx, desk, gap)
    return until


def _close(tx: Tx, desk: Desk, gap: Gap) -> None:
    live = gap.live
    if gap.window is None:
        codes.revoke(tx, [entry.grant.id for entry in live], desk.now())
        return
    if live:
        codes.revoke(tx, [entry.grant.id for entry in live[:-1]], desk.now())
        passes.move(tx, live[-1], gap.window, gap.label)
        return
    door = next(door for door in gap.row.doors if door.lock == gap.lock)
    pin = opened(desk, gap.row.id, door)
    tags = desk.vault.tags(pin)
    back = next((entry for entry in gap.held if entry.grant.tag in tags), None)
    if back is not None:
        passes.move(tx, back, gap.window, gap.label)
    elif not passes.taken(tx, gap.row.id, gap.lock, tags):  # else it is said among the findings
        whose = Whose(Purpose.STAFF, label=gap.label, pass_=gap.row.id)
        id_ = issuing.put_down(tx, desk, gap.lock, pin, gap.window, whose)
        if door.told_at is not None:
            codes.told(tx, [id_], door.told_at)


def opened(desk: Desk, id_: PassId, door: PassDoor) -> Pin:
    return desk.vault.open_pin(door.pin, about=f"pass:{id_}:{door.lock}")


def sealed(desk: Desk, id_: PassId, pins: Mapping[LockId, Pin]) -> tuple[PassDoor, ...]:
    return tuple(
        PassDoor(lock, desk.vault.seal_pin(pin, about=f"pass:{id_}:{lock}"), desk.vault.tag(pin), len(pin))
        for lock, pin in sorted(pins.items())
    )


# ---- uses -----------------------------------------------------------------------------------------------------------


def uncounted(tx: Tx) -> Iterator[tuple[Pass, LockId, list[datetime]]]:
    """What the access log has and nobody has counted yet."""
    limited = [row for row in passes.all_passes(tx) if row.uses is not None and row.ended_at is None]
    used = passes.counted(tx, [row.id for row in limited]) if limited else {}
    for row in limited:
        for lock in row.locks:
            fresh = new_uses(used.get((row.id, lock), ()), passes.seen(tx, row, lock))
            if fresh:
                yield row, lock, fresh


def count_uses(tx: Tx, desk: Desk) -> None:
    """A pass that is used up at all of its doors ends."""
    touched: dict[PassId, Pass] = {}
    for row, lock, fresh in list(uncounted(tx)):
        passes.count(tx, row.id, lock, fresh)
        touched[row.id] = row
    for row in touched.values():
        used = passes.counted(tx, [row.id])
        if all(len(used.get((row.id, lock), ())) >= (row.uses or 0) for lock in row.locks):
            passes.keep(tx, replace(row, ended_at=desk.now(), ended_why=USED_UP))
            log.record(tx, desk.now(), "gatehouse", "pass used up", f"person:{row.person}", detail=row.name)


# ---- keeping --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PassKeeper:
    store: Store
    desk: Desk
    bus: Bus
    clock: Clock

    async def run(self) -> None:
        """Until cancelled."""
        async with self.bus.listen("people", "stays", "house", "log", "clock") as nudges:
            while True:
                await pause(self.clock, await self._look(), nudges)

    async def _look(self) -> datetime | None:
        try:
            until = await self.store.read(self._rest)
            if until is not None and until <= self.clock.now():
                until = await self.store.write(lambda tx: settle(tx, self.desk))
        except Disappointment as error:
            logger.warning("the codes of people could not be looked after, it is tried again", why=str(error))
            return self.clock.now() + RETRY
        if self.clock.trusted:
            return until
        soon = self.clock.now() + TRUST_WAIT
        return soon if until is None else min(until, soon)

    def _rest(self, tx: Tx) -> datetime | None:
        """Until when there is nothing to do; now, where there is."""
        found, until = gaps(tx, self.desk)
        return self.clock.now() if any(_closable(tx, found)) or any(uncounted(tx)) else until


def _closable(tx: Tx, found: Collection[Gap]) -> Iterator[Gap]:
    """Without those that wait for a person, as their digits are somebody else's."""
    taken = passes.taken_anywhere(tx) if found else ()
    for gap in found:
        if gap.held or (gap.row.id, gap.lock) not in taken:
            yield gap


def tidy(tx: Tx, now: datetime) -> None:
    """Passes that were over long ago go; their digits may be anybody's again."""
    passes.remove(tx, passes.over_since(tx, now - KEPT))
