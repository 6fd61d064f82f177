"""A guest on the deadline ladder, and locks that fail them: for tests of the ladder and of backup codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from hub import ladder
from hub.health import findings
from hub.ladder import OnLadder
from hub.model.alerts import Finding, Kind
from hub.model.values import LockId
from hub.store import ladder as pools
from hub.store.codes import Issued
from tests.simulators.building import Memory
from tests.simulators.home import Home

CHECK_IN = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
CHECK_OUT = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
FRONT, FLAT = LockId("front"), LockId("flat")
MINUTE = timedelta(minutes=1)


class Forgetful(dict[int, str]):
    """Keeps nothing that it is told from now on."""

    tired = False

    def __setitem__(self, slot: int, digits: str) -> None:
        if not self.tired:
            super().__setitem__(slot, digits)


async def booked(house: Home) -> None:
    house.book("a", date(2027, 3, 2), date(2027, 3, 4))
    await house.later(minutes=10)


async def switched(house: Home, memory: Memory) -> Issued:
    """The lock keeps nothing from now on, and shortly before check-in a backup code has taken the guest's place."""
    await booked(house)
    assert isinstance(memory.codes, Forgetful)
    memory.codes.tired = True
    await house.until(CHECK_IN - 20 * MINUTE)
    (entry,) = await backups(house)
    return entry


async def placed(house: Home) -> OnLadder:
    row = await house.stay()
    placed = await house.hub.store.read(lambda tx: ladder.standing(tx, [row], house.hub.clock.now()))
    return placed[row.id]


async def found_of(house: Home, kind: Kind) -> list[Finding]:
    found = await house.hub.store.read(lambda tx: findings(tx, house.hub))
    return [each for each in found if each.kind is kind]


async def backups(house: Home) -> list[Issued]:
    row = await house.stay()
    return await house.hub.store.read(lambda tx: pools.pulled(tx, row.id))


def typed(house: Home, entry: Issued) -> str:
    assert entry.sealed_pin is not None
    return house.hub.vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}").reveal()


async def pool_of(house: Home, lock: LockId = FRONT) -> list[pools.Pooled]:
    return (await house.hub.store.read(lambda tx: pools.pool(tx, [lock]))).get(lock, [])


def proven_of(house: Home, pool: list[pools.Pooled]) -> int:
    return sum(each.proven(house.hub.clock.now()) for each in pool)


@contextmanager
def silent(memory: Memory) -> Iterator[None]:
    memory.silent = True
    yield


@contextmanager
def forgetful(memory: Memory) -> Iterator[None]:
    assert isinstance(memory.codes, Forgetful)
    memory.codes.tired = True
    yield
