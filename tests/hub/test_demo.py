from __future__ import annotations

import asyncio
import json
from pathlib import Path

from drivers.simulator import Config as Building
from hub import demo
from hub.io.clock import LoopClock
from hub.io.sandbox import InlineSandbox
from hub.model.people import PersonKind
from hub.running import World, made
from hub.store import alerts, passes, persons
from tests.simulators.home import START, new_house, simulate


def test_the_simulated_building_holds_the_keys_that_the_driver_takes_over(tmp_path: Path) -> None:
    told = demo._config(tmp_path, 0).drivers
    building = Building(**told["simulator"])
    assert building.keys == json.loads(Path(told["zwave"]["keys"]).read_text())
    assert len(set(building.keys.values())) == 4


def test_all_but_the_cellar_are_encrypted_and_two_locks_wait_in_their_boxes(tmp_path: Path) -> None:
    building = Building(**demo._config(tmp_path, 0).drivers["simulator"])
    assert [lock.name for lock in building.locks if lock.joined_with] == ["Front door", "Flat 1", "Flat 2"]
    assert [lock.name for lock in building.locks if not lock.address] == ["Boathouse", "Attic"]


def test_somebody_cleans_and_somebody_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        config = demo._config(tmp_path, 0)
        new_house(config)
        world = World(clock=LoopClock(asyncio.get_running_loop(), START), sandbox=InlineSandbox(), inline=True)
        async with made(config, world) as hub:
            links = await hub.store.write(lambda tx: demo._furnish(tx, hub, "http://127.0.0.1:1"))
            assert len(links) == 3
            people = await hub.store.read(persons.persons)
            assert {(row.name, row.kind) for row in people} == {
                ("Rosa Almeida", PersonKind.MANAGER),
                ("Maria Costa", PersonKind.CLEANER),
            }
            [cleaning] = await hub.store.read(passes.all_passes)
            assert len(cleaning.locks) == 3
            [wishes] = (await hub.store.read(alerts.wishes)).values()
            assert [listed.person for listed in wishes.people] == ["rosa"]

    simulate(main())
