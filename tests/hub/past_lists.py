"""Lists of past stays brought into a house in which nothing else happens: for tests of imports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hub import importing, running
from hub.config import Config
from hub.contracts import Host
from hub.errors import Rejected
from hub.importing import Open, Seen
from hub.io.sandbox import InlineSandbox
from hub.model.facts import CalendarRead, Fact, StayReport
from hub.model.values import Address, StayKind, StayStatus
from hub.running import World
from hub.store import stays as ledger
from hub.store.imports import Import
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from tests.simulators.building import Memory, MemoryDriver
from tests.simulators.home import DATABASE, FEED, START, Calendar, Home, new_house, put_in

HEAD = "Reference,Unit,Arrival,Departure,Guest,Phone,Email,Total,Currency,Status"
ADA = "R1,Flat,2026-05-01,2026-05-04,Ada Lovelace,+49 170 1234567,ada@example.com,300.00,EUR,"
BOB = "R2,Flat,2026-06-01,2026-06-04,Bob Dylan,,,,,no show"
CY = "R3,Flat,2026-07-01,2026-07-04,Cy Twombly,,,,,Canceled by guest"
ROBIN = "account:Robin"


class Still:
    """A clock that stands until a test turns it."""

    def __init__(self) -> None:
        self.at = START
        self.trusted = True

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


@dataclass
class Quiet(Home):
    """A house in which nothing runs."""

    still: Still = field(default_factory=Still)

    async def sold(self, arrival: date, departure: date, **more: Any) -> None:
        """A channel tells of a booking while it is yet to come; five days go by."""
        kind = more.pop("kind", StayKind.RESERVATION)
        told = StayReport("one", kind, StayStatus.CONFIRMED, arrival, departure, **more)
        fact = CalendarRead(FEED, START, (told,))
        await self.hub.store.write(lambda tx: self.hub.intake.absorb(tx, fact, FEED))
        self.still.at = START + timedelta(days=5)


@asynccontextmanager
async def quiet(folder: Path) -> AsyncIterator[Quiet]:
    config = Config.model_validate({
        "database": DATABASE.get() or str(folder / "gatehouse.db"), "state_dir": folder / "state", "key_file": folder / "key",
    })  # fmt: skip
    new_house(config)
    still = Still()
    world = World(clock=still, sandbox=InlineSandbox(), inline=True)
    async with running.made(config, world, running=False) as hub:
        host = Host("memory", no_telling, still, folder, lambda data: data, lambda data: data, InlineSandbox())
        memories = [Memory(Address("front"))]
        await hub.store.write(lambda tx: put_in(tx, hub, memories, {}))
        yield Quiet(hub, MemoryDriver(memories, host), Calendar(host), still=still)


async def no_telling(fact: Fact) -> None:
    raise AssertionError("nobody tells anything here")


async def bring(house: Home, *rows: str, head: str = HEAD) -> Import:
    data = "\n".join((head, *rows)).encode()
    desk, store = house.hub.desk, house.hub.store
    made = await store.write(lambda tx: importing.receive(tx, desk, "stays.csv", data, ROBIN))
    return await importing.drive(store, desk, made.id)


async def bring_in(house: Home, *rows: str, head: str = HEAD) -> Import:
    made = await bring(house, *rows, head=head)
    with suppress(Rejected):  # nothing to do
        await house.hub.store.write(lambda tx: importing.begin(tx, house.hub.desk, made.id, ROBIN))
    return await importing.drive(house.hub.store, house.hub.desk, made.id)


async def undo(house: Home, made: Import) -> Import:
    await house.hub.store.write(lambda tx: importing.undo(tx, house.hub.desk, made.id, ROBIN))
    return await importing.drive(house.hub.store, house.hub.desk, made.id)


async def seen(house: Home, made: Import) -> list[Seen]:
    return await house.hub.store.read(lambda tx: importing.seen(tx, house.hub.desk, made, 0, 1000))


async def verdicts(house: Home, made: Import) -> list[str]:
    found = [each.row.verdict for each in await seen(house, made)]
    return ["" if verdict is None else verdict.value for verdict in found]


async def why_not(house: Home, made: Import) -> str:
    (fault,) = (await seen(house, made))[-1].faults
    return f"{fault.why}: {fault.cure}"


async def left_open(house: Home, made: Import) -> Open:
    return await house.hub.store.read(lambda tx: importing.left_open(tx, house.hub.desk, made))


async def all_stays(house: Home) -> list[StayRow]:
    return await house.hub.store.read(lambda tx: ledger.search(tx, Wanted(limit=1000)))
