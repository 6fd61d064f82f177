"""A lock that was replaced or reset gets all its codes back, and its page says how many are."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.coming_back import Return, of_lock
from hub.health import findings
from hub.issuing import code_now
from hub.model.alerts import Kind
from hub.model.facts import CodeChange, CodesChanged, Fact, LockFound
from hub.model.values import Address, LockId
from hub.store import doors
from hub.store.engine import Tx
from tests.simulators.home import Home, home, simulate

FRONT = LockId("front")


async def _progress(house: Home) -> Return | None:
    def look(tx: Tx) -> Return | None:
        door = doors.door(tx, FRONT)
        assert door is not None
        return of_lock(tx, door, house.hub.clock.now())

    return await house.hub.store.read(look)


async def _give(house: Home, label: str) -> None:
    hub = house.hub
    until = hub.clock.now() + timedelta(days=3)
    await hub.store.write(lambda tx: code_now(tx, hub.desk, [FRONT], label, until))


async def _loses_all(house: Home, how: str, at: datetime) -> None:
    lock = house.lock("front")
    lock.codes.clear()
    able = house.driver.locks[Address("front")].abilities
    told: Fact = LockFound(Address("front"), at, able, replaced=True)
    if how == "deleted":
        told = CodesChanged(Address("front"), at, CodeChange.ALL_DELETED)
    await house.hub.store.write(lambda tx: house.hub.intake.absorb(tx, told, "memory"))


@pytest.mark.parametrize("how", ["replaced", "deleted"])
def test_every_code_comes_back_and_is_counted(tmp_path: Path, how: str) -> None:
    async def main() -> None:
        async with home(tmp_path) as house:
            await house.later(minutes=1)
            for label in ("Plumber", "Gardener", "Painter"):
                await _give(house, label)
            await house.later(minutes=5)
            before = set(house.lock("front").codes.values())
            assert await _progress(house) is None

            house.lock("front").lose = lambda what: "command" if what == "write" else None
            await _loses_all(house, how, house.hub.clock.now())
            found = await _progress(house)
            assert found is not None
            assert (found.back, found.of, found.complete) == (0, 3, False)
            kinds = {each.kind for each in await house.hub.store.read(lambda tx: findings(tx, house.hub))}
            assert Kind.CODES_COMING_BACK in kinds

            house.lock("front").lose = lambda _what: None
            await house.later(hours=2)
            found = await _progress(house)
            assert found is not None
            assert (found.back, found.of, found.complete) == (3, 3, True)
            assert before <= set(house.lock("front").codes.values())
            kinds = {each.kind for each in await house.hub.store.read(lambda tx: findings(tx, house.hub))}
            assert Kind.CODES_COMING_BACK not in kinds
            await house.later(hours=23)
            assert await _progress(house) is None

    simulate(main())
