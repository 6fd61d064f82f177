"""A lock that lost its memory gets every code back, byte by byte: the real driver, a simulated stick, a simulated lock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from drivers.simulator.settings import LockSettings
from hub.contracts.radio import Ended, Wish
from hub.model.values import LockId
from hub.store import codes
from hub.store.engine import Tx
from tests.simulators import vloop
from tests.simulators.wired import Wired, wired

FRONT = LockId("front")
GOOD = {"read_back", "confirmed"}


async def _proven(here: Wired) -> int:
    now = here.hub.clock.now()

    def look(tx: Tx) -> int:
        live = {each.id for each in codes.open_grants(tx, FRONT) if now in each.window and not each.revoked}
        return sum(slot.holder in live and slot.proof.value in GOOD for slot in codes.slots_of(tx, FRONT))

    return await here.hub.store.read(look)


@pytest.mark.parametrize("model", ["kwikset", "yale"])
def test_a_lock_that_was_reset_at_the_door_has_every_code_again_proven(tmp_path: Path, model: str) -> None:
    async def main() -> None:
        lock = LockSettings.model_validate({"address": "2", "model": model, "slots": 12})
        async with wired(tmp_path, {"front": lock}, Random(1)) as here:
            await asyncio.sleep(300)
            for label in ("Plumber", "Gardener", "Painter"):
                await here.give("front", label, timedelta(days=5))
            await asyncio.sleep(600)
            told = set((await here.wanted("front")).values())
            assert len(told) == 5, "with two backup codes"
            assert set(here.held("front").values()) == told
            here.desk.lock("2").reset()
            here.desk.touched()
            assert here.held("front") == {}
            await asyncio.sleep(timedelta(hours=25).total_seconds())
            assert set(here.held("front").values()) == told, "found at the daily look: nobody told of it"
            assert await _proven(here) == len(told)

    vloop.run(main(), seed=1)


def test_another_device_at_the_same_door_has_every_code_proven_after_two_steps(tmp_path: Path) -> None:
    """It is added to the network, and takes the place of the lock; the old one is worn out and told nothing any more."""

    async def main() -> None:
        old = LockSettings.model_validate({"address": "2", "model": "kwikset", "slots": 12})
        new = LockSettings.model_validate({"address": "", "model": "yale", "slots": 30})
        async with wired(tmp_path, {"front": old}, Random(1), newcomers=[new]) as here:
            await asyncio.sleep(300)
            for label in ("Plumber", "Gardener", "Painter"):
                await here.give("front", label, timedelta(days=5))
            await asyncio.sleep(600)
            told = set((await here.wanted("front")).values())
            assert len(told) == 5, "with two backup codes"
            assert set(here.held("front").values()) == told
            radios, node = here.hub.radios, here.desk.building.find("new-1")
            talk = await radios.begin("zwave", Wish.ADD, "account:Robin", unencrypted=True)
            await asyncio.sleep(1)
            here.desk.stick.pair(node, asyncio.get_running_loop().time())
            here.desk.touched()
            await asyncio.sleep(120)
            done = radios.talk("zwave")
            assert done is not None
            assert (done.id, done.ended) == (talk.id, Ended.DONE), done.sentence
            assert done.address is not None
            await radios.take_place("zwave", done.address, FRONT, "account:Robin")
            before = here.held("front")
            await asyncio.sleep(600)
            memory = here.desk.lock(done.address).memory
            assert {code.digits for code in memory.codes.values()} == told
            assert await _proven(here) == len(told)
            assert here.held("front") == before, "the device that was there before is let alone"

    vloop.run(main(), seed=1)
