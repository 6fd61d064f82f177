"""A whole hub with the real Z-Wave driver and the simulated stick, in bytes, in one process on a virtual clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from drivers.simulator.settings import Config as Sticks
from drivers.simulator.settings import LockSettings
from drivers.zwave.care import ZWaveRadio
from drivers.zwave.security.keys import import_keys
from hub import running
from hub.config import Config
from hub.contracts import Host
from hub.hub import Hub
from hub.io.clock import LoopClock
from hub.io.sandbox import InlineSandbox
from hub.issuing import code_now, opened
from hub.model.facts import Fact
from hub.model.values import Address, GrantId, LockId, Pin, PropertyId, UnitId
from hub.running import Chance, World
from hub.store import codes, doors, house
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, LockRow, Origin, Property, Unit
from tests.simulators.desk import Desk

NOON = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Wired:
    hub: Hub
    desk: Desk
    driver: ZWaveRadio
    random: Random
    locks: Mapping[str, LockSettings]
    """By the house's name."""

    async def give(self, lock: str, label: str, length: timedelta) -> str:
        """A code from now on; returns its digits."""
        until = self.hub.clock.now() + length

        def draw(tx: Tx) -> Pin:
            return code_now(tx, self.hub.desk, [LockId(lock)], label, until)

        return (await self.hub.store.write(draw)).reveal()

    async def end(self, grant: GrantId) -> None:
        await self.hub.store.write(lambda tx: self.hub.intake.end_code(tx, grant, "manager"))

    async def wanted(self, lock: str) -> dict[GrantId, str]:
        """The digits of every code that may open the lock now."""
        return {each.grant.id: opened(self.hub.desk, each).reveal() for each in await self._live(lock)}

    async def given(self, lock: str) -> dict[GrantId, str]:
        """Of those, what somebody was given: no backup code that is nobody's."""
        live = await self._live(lock)
        return {each.grant.id: opened(self.hub.desk, each).reveal() for each in live if not each.pooled}

    async def _live(self, lock: str) -> list[Issued]:
        now = self.hub.clock.now()

        def look(tx: Tx) -> list[Issued]:
            open_ = [each for each in codes.open_grants(tx, LockId(lock)) if not each.revoked and now in each.window]
            issued = (codes.issued(tx, each.id) for each in open_)
            return [each for each in issued if each is not None]

        return await self.hub.store.read(look)

    def held(self, lock: str) -> dict[int, str]:
        """The truth: what the lock has, by slot."""
        memory = self.desk.lock(self.locks[lock].address).memory
        return {slot: code.digits for slot, code in memory.codes.items()}

    async def door(self, lock: str) -> Door:
        found = await self.hub.store.read(lambda tx: doors.door(tx, LockId(lock)))
        assert found is not None
        return found


@asynccontextmanager
async def wired(
    folder: Path,
    locks: Mapping[str, LockSettings],
    random: Random,
    *,
    noise: float = 0.0,
    keys: Mapping[str, str] | None = None,
    newcomers: Sequence[LockSettings] = (),
    backups: int = 2,
    air: Mapping[str, object] | None = None,
) -> AsyncIterator[Wired]:
    """`keys` are those of a key file: the network's, of which hub and secure locks know. `newcomers` may be added to it.
    `backups`: of each lock, as many as a delivered hub keeps. `air`: what the simulator is told of it besides."""
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, NOON - timedelta(seconds=loop.time()))
    told = {"locks": (*locks.values(), *newcomers), "keys": keys or {}, "delay": 0.01, "give_up": 0.3, "seed": 1}
    told |= {"functions": "full"} if newcomers else {}
    told |= air or {}
    sticks = Sticks.model_validate(told)
    desk = Desk(sticks, clock.now, random, noise=noise)
    config = Config.model_validate(
        {"database": str(folder / "hub.db"), "state_dir": folder / "state", "key_file": folder / "key"}
    )
    world = World(clock=clock, chance=Chance(random.randrange), sandbox=InlineSandbox(), inline=True)
    async with running.made(config, world) as hub:
        await hub.store.write(lambda tx: _furnish(tx, locks, backups))

        async def tell(fact: Fact) -> None:
            await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "zwave"))

        host = Host("zwave", tell, clock, folder, bytes, bytes, InlineSandbox())
        driver = ZWaveRadio("/dev/simulated", host, desk.connect, import_keys(json.dumps(dict(keys))) if keys else {})
        hub.plugins.add_driver("zwave", driver)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(running.run(hub, upkeep=False))
            try:
                yield Wired(hub, desk, driver, random, locks)
            finally:
                task.cancel()


def _furnish(tx: Tx, locks: Mapping[str, LockSettings], backups: int) -> None:
    zone, lead = ZoneInfo("Europe/Berlin"), timedelta(hours=1)
    place = Property(PropertyId("house"), "House", zone, time(15), time(11), lead, 6, Origin.SITE, backups=backups)
    house.keep_property(tx, place)
    for name, lock in locks.items():
        house.keep_lock(tx, LockRow(LockId(name), place.id, name, "zwave", Address(lock.address), False, Origin.SITE))
    names = tuple(LockId(name) for name in locks)
    house.keep_unit(tx, Unit(UnitId("flat"), place.id, "Flat", names, ClosedMeans.ASK, Origin.SITE))
