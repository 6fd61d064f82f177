"""The deadline ladder at work: looks at a stay when one of its rungs is due or something about it changed, and does what it says.

Nothing is remembered but when to look next, and that is worked out anew at every start. Stays that are far away, and those
whose every code is proven, are not looked at while time passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from hub import backup_codes
from hub.bus import EVERYTHING, Bus
from hub.contracts import Clock
from hub.errors import Disappointment
from hub.issuing import Desk
from hub.model.ladder import ENTRY, Act, DoorNow, Rung, Standing, Tell, Withhold, may_tell, stand, worst
from hub.model.values import LockId, StayId
from hub.schedule import pause
from hub.store import doors, house, nearby, staying
from hub.store import ladder as ledger
from hub.store import stays as stay_ledger
from hub.store.engine import Store, Tx
from hub.store.ladder import Stairs
from hub.store.stays import StayRow

logger = structlog.get_logger("ladder")

TRUST_WAIT: Final = timedelta(seconds=30)
"""Nothing tells us when the time is known at last."""
SETTLE: Final = timedelta(seconds=1)
"""What changes at a lock comes in bursts; one look at the end of each is enough."""
TEND_EVERY: Final = timedelta(hours=24)

TOLD_OF: Final = frozenset({Rung.LATE, Rung.SWITCHED, Rung.MISSING})
"""As hub/late_codes.py finds them."""

_ALL: Final = frozenset({EVERYTHING})


@dataclass(frozen=True, slots=True)
class OnLadder:
    """A stay as it stands."""

    stairs: Stairs
    doors: tuple[tuple[DoorNow, Standing], ...]
    gate: Tell | Withhold
    """Whether the guest may be told the digits."""

    @property
    def rung(self) -> Rung:
        found = worst(standing.rung for _, standing in self.doors)
        assert found is not None  # without doors there are no stairs
        return found

    @property
    def works_from(self) -> datetime:
        """From then on the stay's code may open every door."""
        return max(door.hours.works_from for door, _ in self.doors)

    @property
    def at_doors(self) -> dict[LockId, Rung]:
        return {door.lock: standing.rung for door, standing in self.doors}

    @property
    def next(self) -> datetime | None:
        return min((standing.next for _, standing in self.doors if standing.next is not None), default=None)


def standing(tx: Tx, rows: Collection[StayRow], now: datetime) -> dict[StayId, OnLadder]:
    """Where these stays stand; those that get no codes are left out."""
    return {id_: _placed(stairs, now) for id_, stairs in ledger.stairs(tx, list(rows), now).items()}


def _placed(stairs: Stairs, now: datetime) -> OnLadder:
    placed = tuple((door, stand(door, now)) for door in stairs.doors)
    return OnLadder(stairs, placed, may_tell(stairs.doors, now))


@dataclass(frozen=True, slots=True)
class Span:
    """Which stays are looked at."""

    ahead: timedelta
    """How long before check-in."""
    over: datetime
    """Those that check out later: their codes may work still."""


def span(tx: Tx, now: datetime) -> Span:
    return Span(ENTRY + house.longest_buffers(tx)[0], staying.since(tx, now))


def rows(tx: Tx, ids: Iterable[StayId]) -> list[StayRow]:
    found = (stay_ledger.stay(tx, id_) for id_ in ids)
    return [row for row in found if row is not None]


@dataclass(slots=True)
class Plan:
    """When to look again, and at what. Lost with the process, and made again from the ledgers."""

    edges: dict[StayId, tuple[datetime, frozenset[LockId]]] = field(default_factory=dict)
    """Of stays with a code that is not proven, and their doors."""
    entered: datetime | None = None
    """Stays that begin by then were looked at."""
    tended: datetime | None = None
    next_entry: datetime | None = None
    restless: set[LockId] = field(default_factory=set)
    """Locks whose backup codes are not all proven."""
    wrong: dict[StayId, dict[LockId, Rung]] = field(default_factory=dict)
    """Stays that stand on a rung of which people are told, door by door."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look found to do."""

    acts: tuple[tuple[StayId, LockId, Act], ...] = ()
    pools: tuple[LockId, ...] = ()
    moved: bool = False
    """A stay came to a rung of which people are told, or left it."""


class _Names:
    """An ear that keeps what it heard while somebody else waited for it."""

    def __init__(self, ear: AsyncIterator[frozenset[str]]) -> None:
        self._ear = ear
        self._heard: set[str] = set()

    def __aiter__(self) -> AsyncIterator[None]:
        return self

    async def __anext__(self) -> None:
        self._heard |= await anext(self._ear)

    async def gather(self) -> None:
        """What is there already, without waiting."""
        try:
            async with asyncio.timeout(0):
                await anext(self)
        except TimeoutError:
            pass

    def take(self) -> frozenset[str]:
        names = frozenset(self._heard)
        self._heard.clear()
        return names


@dataclass(frozen=True, slots=True)
class Ladder:
    store: Store
    desk: Desk
    bus: Bus
    clock: Clock
    pace: float = 1.0
    """Seconds of the house's clock for one real second."""

    async def run(self) -> None:
        plan = Plan()
        async with self.bus.listen("stay:", "lock:", "house", "clock") as ear:
            names, heard = _Names(ear), _ALL
            while True:
                heard = heard if await self._guarded(plan, heard) else _ALL
                until = self._next(plan) if self.clock.trusted else self.clock.now() + TRUST_WAIT * self.pace
                heard = _ALL if not self.clock.trusted else frozenset()
                await pause(self.clock, until, names)
                await self.clock.sleep(SETTLE.total_seconds() * self.pace)
                await names.gather()
                heard |= names.take()

    async def _guarded(self, plan: Plan, heard: frozenset[str]) -> bool:
        try:
            if self.clock.trusted:
                await self.look(plan, heard)
        except Disappointment as error:
            logger.warning("the ledger could not be read or written", why=str(error))
            plan.entered = None
            return False
        return True

    def _next(self, plan: Plan) -> datetime | None:
        tend = None if plan.tended is None else plan.tended + TEND_EVERY
        edges = (*(edge for edge, _ in plan.edges.values()), plan.next_entry, tend)
        return min((edge for edge in edges if edge is not None), default=None)

    async def look(self, plan: Plan, heard: frozenset[str]) -> None:
        seen = await self.store.read(lambda tx: self._see(tx, plan, heard))
        if seen.moved:
            self.bus.signal("health")
        for stay, lock, act in seen.acts:
            await self.store.write(partial(self._do, id_=stay, lock=lock, act=act))
        for lock in seen.pools:
            await self.store.write(partial(backup_codes.tend, desk=self.desk, lock=lock))

    # ---- looking ----

    def _see(self, tx: Tx, plan: Plan, heard: frozenset[str]) -> _Seen:
        now = self.clock.now()
        everything = plan.entered is None or bool(heard & {EVERYTHING, "house", "clock"})
        ids = sorted(self._stays(tx, plan, heard, now, everything=everything))
        ahead = span(tx, now).ahead
        plan.entered, beyond = now + ahead, nearby.next_check_in(tx, now + ahead)
        plan.next_entry = None if beyond is None else beyond - ahead
        placed = standing(tx, rows(tx, ids), now)
        for id_ in ids:
            plan.edges.pop(id_, None)
        for id_, where in placed.items():
            if where.next is not None:
                plan.edges[id_] = where.next, frozenset(door.lock for door, _ in where.doors)
        before = plan.wrong
        plan.wrong = {} if everything else {id_: at for id_, at in before.items() if id_ not in ids}
        plan.wrong |= {id_: where.at_doors for id_, where in placed.items() if where.rung in TOLD_OF}
        acts = [
            (id_, door.lock, at.act) for id_, where in placed.items() for door, at in where.doors if at.act is not None
        ]
        pools = tuple(self._pools(tx, plan, heard, now, everything=everything))
        return _Seen(tuple(acts), pools, plan.wrong != before)

    def _stays(self, tx: Tx, plan: Plan, heard: frozenset[str], now: datetime, *, everything: bool) -> set[StayId]:
        look = span(tx, now)
        over, until = look.over, now + look.ahead
        if everything or plan.entered is None:
            plan.edges.clear()
            return set(nearby.near(tx, over, until))
        named = {StayId(name.removeprefix("stay:")) for name in heard if name.startswith("stay:")}
        locks = {LockId(name.removeprefix("lock:")) for name in heard if name.startswith("lock:")}
        due = {id_ for id_, (edge, doors_) in plan.edges.items() if edge <= now or doors_ & locks}
        due |= {id_ for id_, at in plan.wrong.items() if at.keys() & locks}
        changed = nearby.unsettled(tx, now, over, until, locks) if locks else ()
        return {*named, *due, *changed, *nearby.near(tx, over, until, beyond=plan.entered)}

    def _pools(self, tx: Tx, plan: Plan, heard: frozenset[str], now: datetime, *, everything: bool) -> Iterator[LockId]:
        daily = plan.tended is None or now - plan.tended >= TEND_EVERY or now < plan.tended
        if everything or daily:
            plan.tended = now
            plan.restless = {door.id for door in doors.doors(tx)}
            wanted = set(plan.restless)
        else:
            wanted = {LockId(name.removeprefix("lock:")) for name in heard if name.startswith("lock:")}
            wanted &= plan.restless
        for lock in sorted(wanted):
            if backup_codes.change(tx, lock, now):
                yield lock
            elif _content(tx, lock, now):
                plan.restless.discard(lock)

    # ---- doing ----

    def _do(self, tx: Tx, id_: StayId, lock: LockId, act: Act) -> None:
        """In a transaction of its own, from fresh state: what is no longer due is not done."""
        now = self.clock.now()
        where = standing(tx, rows(tx, [id_]), now).get(id_)
        still = where is not None and any(door.lock == lock and at.act is act for door, at in where.doors)
        if where is None or not still or not self.clock.trusted:
            return
        match act:
            case Act.LOOK:
                backup_codes.look_at(tx, lock, now)
            case Act.PULL:
                backup_codes.pull(tx, self.desk, where.stairs.stay, lock)
            case Act.RELEASE:
                backup_codes.release(tx, self.desk, where.stairs.stay, lock)
            case Act.SHED:
                backup_codes.shed(tx, lock, now)


def _content(tx: Tx, lock: LockId, now: datetime) -> bool:
    """Nothing is to come of this lock's backup codes by itself before the next day: not where one found no room either."""
    door = doors.door(tx, lock)
    met = door is None or door.abilities is not None
    pool = ledger.pool(tx, [lock]).get(lock, [])
    return met and len(pool) >= backup_codes.wanted(tx, lock) and all(each.proven(now) for each in pool)
