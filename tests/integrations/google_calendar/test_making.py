"""The calendar of a unit that has none is made at Google, by the words of the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.config import parse
from hub.running import World, made
from hub.store import house
from tests.hub.test_commands import Clock, Radio, ask, furnish
from tests.simulators.google import Google, key_file
from tests.simulators.managers.desk import front


async def test_two_presses_in_the_same_instant_make_one_calendar(tmp_path: Path) -> None:
    """Google gives each that is made an id of its own, and lists it to whoever looks afterwards."""
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    clock = Clock()
    google = Google(clock.now)
    async with (
        front(google) as address,
        made(parse(told, tmp_path), World(clock=clock, inline=True), running=False) as hub,
    ):
        google.address = address
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        unit = (await hub.store.read(house.units))[0].id
        settings = {"service_account": key_file(address), "address": address}
        wanted = {"integration": "google_calendar", "unit": unit, "settings": settings}
        one, other = await asyncio.gather(*(ask(hub, "channel make-calendar", **wanted) for _ in range(2)))
        assert one == other
        assert len(google.made) == 1
