"""Everything that goes wrong between the hub and a lock, in bytes: the real driver, a simulated stick, and a bad cable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.simulator.ledger import Ledger
from drivers.simulator.quirks import Quirks
from drivers.simulator.settings import Config as Building
from drivers.simulator.settings import LockSettings
from drivers.simulator.simulator import Simulator
from hub import running
from hub.config import Config
from hub.hub import Hub
from hub.intake import NewStay
from hub.io.clock import LoopClock
from hub.io.sandbox import InlineSandbox
from hub.issuing import code_now, opened
from hub.model.values import Address, LockId, Position, Proof, PropertyId, StayId, UnitId
from hub.running import Chance, World
from hub.store import codes, doors, house
from hub.store.engine import Tx
from hub.store.house import ClosedMeans, LockRow, Origin, Property, Unit
from tests.system.cable import Cut, PtyCable, Segments, TcpCable

pytestmark = pytest.mark.slow

NOON = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)
"""An hour after check-in."""
SET = b"\x63\x01"
"""User Code Set (ZWA AWG 2024A §2.2.117)."""
FOREIGN = {2: "314159", 9: "2718"}
BACKUPS = 2
"""Of each lock, where nobody chose another number."""
WITHIN_S = 40.0
"""Real time; the hub waits 5 s after a first failure, the driver 1 s before it opens a lost port again."""


@dataclass
class Scene:
    hub: Hub
    simulator: Simulator
    cable: TcpCable | PtyCable

    async def codes(self, lock: str) -> dict[int, str]:
        """The truth, without what was there before and without the backup codes that are nobody's."""
        held, spare = self._held(lock), await self._spare(lock)
        return {slot: digits for slot, digits in held.items() if digits not in spare}

    def _held(self, lock: str) -> dict[int, str]:
        held = self.simulator.look(Address(lock)).memory.codes
        assert {slot: held[slot].digits for slot in FOREIGN if slot in held} == FOREIGN
        return {slot: code.digits for slot, code in held.items() if slot not in FOREIGN}

    async def _spare(self, lock: str) -> set[str]:
        def look(tx: Tx) -> set[str]:
            door = doors.door_at(tx, "zwave", Address(lock))
            assert door is not None
            issued = (codes.issued(tx, grant.id) for grant in codes.open_grants(tx, door.id))
            return {opened(self.hub.desk, entry).reveal() for entry in issued if entry is not None and entry.pooled}

        return await self.hub.store.read(look)

    async def holds(self, lock: str, *digits: str) -> None:
        """Until it does, and none else but backup codes."""
        async with asyncio.timeout(WITHIN_S):
            while sorted((await self.codes(lock)).values()) != sorted(digits):  # noqa: ASYNC110  # as in `until`
                await asyncio.sleep(0.01)

    async def stocked(self, lock: str = "2") -> None:
        """Until its backup codes are in it, and proven."""
        async with asyncio.timeout(WITHIN_S):
            while len(await self._spare(lock) & set(self._held(lock).values())) < BACKUPS:  # noqa: ASYNC110  # as in `until`
                await asyncio.sleep(0.01)
        await self.settled()

    async def book(self, guest: str) -> StayId:
        intake, new = self.hub.intake, NewStay(UnitId("flat"), NOON.date(), date(2027, 3, 5), guest)
        return await self.hub.store.write(lambda tx: intake.add_stay(tx, new, "manager"))

    async def cancel(self, stay: StayId) -> None:
        await self.hub.store.write(lambda tx: self.hub.intake.cancel_stay(tx, stay, "manager"))

    async def pin(self, stay: StayId) -> str:
        (entry, *_) = await self.hub.store.read(lambda tx: codes.issued_for(tx, stay))
        return opened(self.hub.desk, entry).reveal()

    async def settled(self) -> None:
        """Until the hub believes what is so: nothing under way, everything read back."""

        def at_rest(tx: Tx) -> bool:
            slots = codes.slots_of(tx, LockId("front"))
            return all(slot.claim is None and (slot.holder is None or slot.proof is Proof.READ_BACK) for slot in slots)

        async with asyncio.timeout(WITHIN_S), self.hub.bus.listen("lock:front") as nudges:
            while not await self.hub.store.read(at_rest):
                await anext(nudges)

    async def believed(self, lock: str, position: Position) -> None:
        """Until the hub knows where the bolt is."""
        async with asyncio.timeout(WITHIN_S), self.hub.bus.listen(f"lock:{lock}") as nudges:
            while True:
                door = await self.hub.store.read(lambda tx: doors.door(tx, LockId(lock)))
                if door is not None and door.position is position:
                    return
                await anext(nudges)

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not what():  # noqa: ASYNC110  # a simulated lock announces nothing to a test
                await asyncio.sleep(0.01)


@asynccontextmanager
async def scene(
    folder: Path, locks: dict[str, LockSettings], kind: type[TcpCable] | type[PtyCable], **trouble: Any
) -> AsyncIterator[Scene]:
    random = Random(11)
    building = Building(listen="127.0.0.1:0", locks=tuple(locks.values()), delay=0.001, give_up=0.05, seed=11)
    simulator = Simulator(building, lambda: NOON, Ledger(None), random)
    for lock in locks.values():
        for slot, digits in FOREIGN.items():
            simulator.program(Address(lock.address), slot, digits)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(simulator.run())
        port = int((await simulator.address()).rpartition(":")[2])
        cable: TcpCable | PtyCable = (
            TcpCable(port, tasks, random, **trouble)
            if kind is TcpCable
            else PtyCable(port, tasks, random, **trouble, link=folder / "stick")
        )
        await cable.plug()
        async with _hub(folder, cable, locks) as hub:
            hub_runs = tasks.create_task(running.run(hub))
            try:
                yield Scene(hub, simulator, cable)
            finally:
                hub_runs.cancel()
                await asyncio.wait([hub_runs])
                cable.pull()
                serving.cancel()


@asynccontextmanager
async def _hub(folder: Path, cable: TcpCable | PtyCable, locks: dict[str, LockSettings]) -> AsyncIterator[Hub]:
    settings = {"database": str(folder / "hub.db"), "state_dir": folder / "state", "key_file": folder / "key"}
    config = Config.model_validate({**settings, "drivers": {"zwave": {"port": cable.address}}})
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, NOON - timedelta(seconds=loop.time()))
    world = World(clock=clock, chance=Chance(Random(3).randrange), sandbox=InlineSandbox(), inline=True)
    async with running.made(config, world) as hub:
        await hub.store.write(lambda tx: _furnish(tx, locks))
        yield hub


def _furnish(tx: Tx, locks: dict[str, LockSettings]) -> None:
    zone = ZoneInfo("Europe/Berlin")
    place = Property(PropertyId("house"), "House", zone, time(15), time(11), timedelta(hours=1), 6, Origin.SITE)
    house.keep_property(tx, place)
    for name, lock in locks.items():
        row = LockRow(LockId(name), place.id, name, "zwave", Address(lock.address), False, Origin.SITE)
        house.keep_lock(tx, row)
    names = tuple(LockId(name) for name in locks)
    house.keep_unit(tx, Unit(UnitId("flat"), place.id, "Flat", names, ClosedMeans.ASK, Origin.SITE))


def a_lock(address: str = "2", model: str = "kwikset", **more: Any) -> LockSettings:
    return LockSettings(address=address, model=model, slots=12, **more)


async def _comes_and_goes(here: Scene) -> None:
    """A guest's code comes into the lock, is proven, and leaves it, and so does a plumber's."""
    stay = await here.book("Ada Lovelace")
    until = NOON + timedelta(days=1)
    plumber = await here.hub.store.write(lambda tx: code_now(tx, here.hub.desk, [LockId("front")], "Plumber", until))
    both = (await here.pin(stay), plumber.reveal())
    await here.holds("2", *both)
    await here.settled()
    await here.holds("2", *both)
    await here.cancel(stay)
    await here.holds("2", plumber.reveal())
    await here.stocked()
    await here.holds("2", plumber.reveal())


@pytest.mark.parametrize("kind", [TcpCable, PtyCable])
@pytest.mark.parametrize("segments", list(Segments))
async def test_bytes_may_come_one_by_one_or_all_at_once(
    tmp_path: Path, kind: type[TcpCable] | type[PtyCable], segments: Segments
) -> None:
    async with scene(tmp_path, {"front": a_lock()}, kind, segments=segments) as here:
        await _comes_and_goes(here)


async def test_noise_on_the_line_costs_time_and_nothing_else(tmp_path: Path) -> None:
    async with scene(tmp_path, {"front": a_lock()}, TcpCable, noise=0.03) as here:
        await _comes_and_goes(here)


async def test_one_bad_byte_in_a_thousand_on_a_terminal_leaves_nothing_wrong(tmp_path: Path) -> None:
    """Codes come and go and the bolt turns; what is believed afterwards is what is so (more of it: test_noise.py)."""
    async with scene(tmp_path, {"front": a_lock()}, PtyCable, noise_per_byte=1e-3) as here:
        await here.until(lambda: len(list(here.hub.plugins.met)) == 1)
        for turn in range(6):
            stay = await here.book(f"Guest {turn}")
            digits = await here.pin(stay)
            await here.holds("2", digits)
            await here.settled()
            await here.cancel(stay)
            await here.holds("2")
            to = Position.UNLOCKED if turn % 2 else Position.LOCKED
            here.simulator.turn(Address("2"), to)
            await here.believed("front", to)
        door = await here.hub.store.read(lambda tx: doors.door(tx, LockId("front")))
        assert door is not None
        assert (door.battery, door.trouble) == (90, "")


@pytest.mark.parametrize("kind", [TcpCable, PtyCable])
@pytest.mark.parametrize("after", [0, 7, 99])
async def test_a_plug_that_is_pulled_in_the_middle_of_a_write_leaves_one_code(
    tmp_path: Path, kind: type[TcpCable] | type[PtyCable], after: int
) -> None:
    """Nothing of the frame arrived, half of it, or all of it but no answer came back."""
    async with scene(tmp_path, {"front": a_lock()}, kind) as here:
        await here.stocked()
        here.cable.cut = Cut(SET, after)
        stay = await here.book("Ada Lovelace")
        await here.cable.pulled.wait()
        await here.cable.plug()
        digits = await here.pin(stay)
        await here.holds("2", digits)
        await here.cancel(stay)
        await here.holds("2")


@pytest.mark.parametrize("only", ["6301", "6302"])
@pytest.mark.parametrize("fates", [("lost",), ("answer_lost",), ("ack_lost",), ("ack_lost", "ok", "lost")])
async def test_lost_commands_and_answers_end_with_the_code_in_the_lock(
    tmp_path: Path, fates: tuple[str, ...], only: str
) -> None:
    async with scene(tmp_path, {"front": a_lock()}, TcpCable) as here:
        await here.stocked()
        here.simulator.become(Address("2"), Quirks.model_validate({"script": fates, "only": (only,)}))
        await _comes_and_goes(here)


async def test_a_lock_that_never_answers_does_not_hold_up_the_others_and_catches_up(tmp_path: Path) -> None:
    locks = {"dead": a_lock("2"), "front": a_lock("3"), "back": a_lock("4", "yale")}
    async with scene(tmp_path, locks, TcpCable) as here:
        for lock in ("2", "3", "4"):
            await here.stocked(lock)
        here.simulator.silence(Address("2"), silent=True)
        stay = await here.book("Ada Lovelace")
        digits = await here.pin(stay)
        began = asyncio.get_running_loop().time()
        for lock in ("3", "4"):
            await here.holds(lock, digits)
        assert asyncio.get_running_loop().time() - began < 10
        silent = {door.id for door in await here.hub.store.read(doors.doors) if door.silent_since is not None}
        assert silent <= {"dead"}
        here.simulator.silence(Address("2"), silent=False)
        here.simulator.turn(Address("2"), Position.UNLOCKED)
        await here.holds("2", digits)
