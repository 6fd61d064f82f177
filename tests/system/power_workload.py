"""A hub at work, to be recorded: deliveries are accepted, understood, and their codes written into locks and cleared.

Usage: python -m tests.system.power_workload FOLDER DELIVERIES. A line in FOLDER/marks says each thing that must not be
lost, at the moment from which on it must not: `accepted KEY`, `write LOCK SLOT TAG`, `clear LOCK SLOT`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hub import running
from hub.config import Config
from hub.contracts import Delivery, Host, Keypad, Lock
from hub.errors import Rejected
from hub.hub import Hub
from hub.io.sandbox import InlineSandbox
from hub.model.facts import Abilities, Fact, LockFound, SlotRead
from hub.model.values import Address, ChannelId, LockId, Pin, Proof, PropertyId, UnitId
from hub.running import Turned, World
from hub.store import codes, house
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, LockRow, Origin, Property, Unit

START = datetime(2027, 3, 1, 16, 0, tzinfo=UTC)
LOCKS = (LockId("front"), LockId("flat"))
ROOMS = 12
PAGES_PER_CHECKPOINT = 40
"""Few, so that the database file itself is written often."""
SENDERS = 4
_ABLE = Abilities("Memory 1", "1.0", 30, 4, 8, reads_codes=True, secure="S2 Access Control")


class Marks:
    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


class MarkedKeypad(Keypad):
    """Answers at once, and marks each command before it obeys: by then the claim must be safe."""

    def __init__(self, name: LockId, hub: Hub, marks: Marks) -> None:
        self._name, self._hub, self._marks = name, hub, marks
        self._codes: dict[int, str] = {}

    async def read(self, slot: int) -> SlotRead:
        await asyncio.sleep(0)
        held = self._codes.get(slot)
        return SlotRead(empty=held is None, pin=None if held is None else Pin(held))

    async def write(self, slot: int, pin: Pin, *, enabled: bool = True) -> Proof:
        self._marks.say("write", self._name, slot, self._hub.vault.tag(pin))
        self._codes[slot] = pin.reveal()
        await asyncio.sleep(0)
        return Proof.ACKNOWLEDGED

    async def enable(self, slot: int, pin: Pin) -> Proof:
        raise Rejected("it holds no code disabled")

    async def clear(self, slot: int) -> Proof:
        self._marks.say("clear", self._name, slot)
        self._codes.pop(slot, None)
        await asyncio.sleep(0)
        return Proof.ACKNOWLEDGED


class MarkedDriver:
    def __init__(self, hub: Hub, host: Host, marks: Marks) -> None:
        self._host = host
        self.locks: Mapping[Address, Lock] = {
            Address(name): Lock(Address(name), _ABLE, keypad=MarkedKeypad(name, hub, marks)) for name in LOCKS
        }

    async def run(self) -> None:
        for address in self.locks:
            await self._host.tell(LockFound(address, self._host.clock.now(), _ABLE))
        await asyncio.Event().wait()


def furnish(tx: Tx, hub: Hub) -> None:
    tx.sql.exec_driver_sql(f"PRAGMA wal_autocheckpoint={PAGES_PER_CHECKPOINT}")
    zone = ZoneInfo("Europe/Berlin")
    place = Property(PropertyId("house"), "House", zone, time(15), time(11), timedelta(hours=1), 6, Origin.SITE)
    house.keep_property(tx, place)
    for name in LOCKS:
        house.keep_lock(tx, LockRow(name, place.id, name, "memory", Address(name), False, Origin.SITE))
    for room in range(ROOMS):
        unit, channel = UnitId(f"room-{room}"), channel_of(room)
        house.keep_unit(tx, Unit(unit, place.id, f"Room {room}", LOCKS, ClosedMeans.ASK, Origin.SITE))
        sealed = house.sealed_settings(channel, {"secret": "the agency's own secret"}, hub.vault)
        house.keep_channel(tx, ChannelRow(channel, unit, "partner", sealed, Origin.SITE))


def channel_of(number: int) -> ChannelId:
    """A room is let again once the booking before is cancelled: who is sold one twice waits for a person."""
    return ChannelId(f"agency-{number % ROOMS}")


async def deliver(hub: Hub, topic: str, number: int, marks: Marks) -> None:
    booking = {
        "id": f"B{number}",
        "arrival": "2027-03-01",
        "departure": "2027-03-04",
        "guest": {"name": f"Guest {number}"},
        "note": "x" * (number * 37 % 400),
    }
    key = f"{topic}:B{number}"
    body = json.dumps({"booking": booking}).encode()
    await hub.inbox.accept(Delivery(channel_of(number), key, body, hub.clock.now(), topic))
    marks.say("accepted", key)


async def work(hub: Hub, deliveries: int, marks: Marks) -> None:
    """Every booking comes, gets its codes, and is cancelled by the time that the next eight have come."""

    async def send(first: int) -> None:
        for number in range(first, deliveries // 2, SENDERS):
            await deliver(hub, "booking-created", number, marks)
            await asyncio.sleep(0.01)
            if number >= 2 * SENDERS:
                await deliver(hub, "booking-cancelled", number - 2 * SENDERS, marks)

    async with asyncio.TaskGroup() as group:
        for first in range(SENDERS):
            group.create_task(send(first))
    await settled(hub)


async def settled(hub: Hub) -> None:
    """Until what is live is in both locks and nothing else."""

    def at_rest(tx: Tx) -> bool:
        return all(
            len([grant for grant in codes.open_grants(tx, lock) if not grant.revoked])
            == len([slot for slot in codes.slots_of(tx, lock) if slot.holder and not slot.claim])
            for lock in LOCKS
        )

    async with asyncio.timeout(30), hub.bus.listen(*(f"lock:{lock}" for lock in LOCKS)) as nudges:
        while not await hub.store.read(at_rest):
            await anext(nudges)


async def main(folder: Path, deliveries: int) -> None:
    state = folder / "state"
    config = Config.model_validate(
        {"database": str(folder / "gatehouse.db"), "state_dir": state, "key_file": folder / "key"}
    )
    marks = Marks(folder / "marks")
    world = World(turned=Turned(START, 1.0), sandbox=InlineSandbox())
    async with running.made(config, world) as hub:
        await hub.store.write(lambda tx: furnish(tx, hub))

        async def tell(fact: Fact) -> None:
            await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "memory"))

        host = Host("memory", tell, hub.clock, folder, bytes, bytes, InlineSandbox())
        hub.plugins.add_driver("memory", MarkedDriver(hub, host, marks))
        async with asyncio.TaskGroup() as group:
            hub_runs = group.create_task(running.run(hub))
            await work(hub, deliveries, marks)
            hub_runs.cancel()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
