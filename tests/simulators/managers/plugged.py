"""A house of one flat and one door, to which an account of a booking manager is plugged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from hub.contracts import Host
from hub.io.sandbox import InlineSandbox
from hub.model.facts import Fact
from hub.model.values import Address, ChannelId
from hub.store import house as rows
from hub.store.house import ChannelRow, Origin
from tests.simulators.building import Memory
from tests.simulators.home import FLAT, Home, home
from tests.simulators.managers.all import Double, reader
from tests.simulators.managers.desk import Desk

DESK: Final = ChannelId("manager")


Tell = Callable[[Fact], Awaitable[None]]


async def plug(house: Home, folder: Path, manager: Double, tell: Tell, **settings: object) -> Desk:
    """An account of which one listing is the flat, read by the hub's own inbox."""
    hub = house.hub
    desk = manager.desk(hub.clock.now)
    host = Host(DESK, tell, hub.clock, folder, lambda data: data, lambda data: data, InlineSandbox())

    def furnish(tx: Any) -> None:
        sealed = rows.sealed_settings(DESK, {}, hub.vault)
        rows.keep_channel(tx, ChannelRow(DESK, None, manager.name, sealed, Origin.SITE, {"101": FLAT}))

    await hub.store.write(furnish)
    await house.later(seconds=1)
    hub.plugins.add_channel(DESK, reader(manager, host, through=desk.send, more=settings))
    hub.bus.signal("pollers")
    hub.bus.signal("channels")
    return desk


@asynccontextmanager
async def plugged(
    tmp_path: Path, manager: Double, *, silent: bool = False, **settings: object
) -> AsyncIterator[tuple[Home, Desk]]:
    async with home(tmp_path, [Memory(Address("front"), silent=silent)]) as house:
        hub = house.hub

        async def tell(fact: Fact) -> None:
            await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, DESK))

        yield house, await plug(house, tmp_path, manager, tell, **settings)
