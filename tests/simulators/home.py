"""A whole hub in one process on a virtual clock: one property, its doors in memory, its calendar a list that tests change."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from hub import running
from hub.config import Config
from hub.contracts import Clock, Delivery, Host, Integration
from hub.hub import Hub
from hub.io.clock import LoopClock
from hub.io.sandbox import InlineSandbox
from hub.io.vault import Vault
from hub.model.facts import CalendarFailed, CalendarRead, Fact, StayReport
from hub.model.values import Address, ChannelId, LockId, PropertyId, StayId, StayKind, StayStatus, UnitId
from hub.running import Chance, World
from hub.store import codes, house, stays
from hub.store.engine import Store
from hub.store.house import ClosedMeans, LockRow, Origin, Property, Unit
from hub.store.migrate import migrate
from hub.store.stay_search import Wanted
from hub.store.stays import StayRow
from tests.simulators import vloop
from tests.simulators.building import Memory, MemoryDriver

T = TypeVar("T")

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Berlin."""
FEED = ChannelId("feed")
FLAT = UnitId("flat")


class Calendar(Integration):
    """A channel whose calendar is a tuple in memory."""

    poll_every = timedelta(minutes=3)

    def __init__(self, host: Host) -> None:
        self.host = host
        self.stays: tuple[StayReport, ...] = ()
        self.broken: str | None = None
        self._told: tuple[object, ...] = ("nothing yet",)
        self._since = ""

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        if self.broken is not None:
            return [CalendarFailed(delivery.channel, delivery.received_at, self.broken)]
        return [CalendarRead(delivery.channel, delivery.received_at, self.stays, unchanged=not delivery.body)]

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        now = self.host.clock.now()
        if self._told != (self.stays, self.broken):
            self._told, self._since = (self.stays, self.broken), now.isoformat()
        body = b"" if cursor == self._since else b"changed"
        yield Delivery(FEED, now.isoformat(), body, now, cursor=self._since)


class Idle(Calendar):
    """Read once a day, for weeks in which its bookings play no part."""

    poll_every = timedelta(days=1)


@dataclass
class Home:
    hub: Hub
    driver: MemoryDriver
    calendar: Calendar
    _numbers: Iterable[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def lock(self, name: str) -> Memory:
        return self.driver.memories[Address(name)]

    # ---- time ----

    async def until(self, at: datetime) -> None:
        await self.hub.clock.sleep((at - self.hub.clock.now()).total_seconds())

    async def later(self, **span: float) -> None:
        await self.hub.clock.sleep(timedelta(**span).total_seconds())

    # ---- bookings ----

    def book(self, uid: str, arrival: date, departure: date, guest: str = "Ada Lovelace", **more: Any) -> StayReport:
        """A booking appears in the channel's calendar; it is read at the next poll."""
        kind, status = more.pop("kind", StayKind.RESERVATION), more.pop("status", StayStatus.CONFIRMED)
        report = StayReport(uid, kind, status, arrival, departure, guest=guest, **more)
        self.calendar.stays = (*(each for each in self.calendar.stays if each.uid != uid), report)
        return report

    def unbook(self, uid: str) -> None:
        self.calendar.stays = tuple(each for each in self.calendar.stays if each.uid != uid)

    def rebook(self, uid: str, **changes: Any) -> None:
        self.calendar.stays = tuple(
            replace(each, **changes) if each.uid == uid else each for each in self.calendar.stays
        )

    async def stays(self) -> list[StayRow]:
        return await self.hub.store.read(lambda tx: stays.search(tx, Wanted()))

    async def stay(self, guest: str = "Ada Lovelace") -> StayRow:
        return next(row for row in await self.stays() if row.guest == guest)

    async def digits(self, guest: str = "Ada Lovelace") -> str:
        """What the guest was told to type."""
        id_ = (await self.stay(guest)).id
        return (await self.digits_by_door(id_)).popitem()[1]

    async def digits_by_door(self, id_: StayId) -> dict[LockId, str]:
        entries = await self.hub.store.read(lambda tx: codes.issued_for(tx, id_))
        vault = self.hub.vault
        return {
            each.lock: vault.open_pin(each.sealed_pin, about=f"grant:{each.grant.id}").reveal()
            for each in entries
            if each.sealed_pin is not None
        }


DATABASE: ContextVar[str | None] = ContextVar("DATABASE", default=None)
"""The address of a PostgreSQL database that has the tables already; None: houses are kept in files."""
TENANT: Final[list[Path]] = []
"""The folder of the house that has that database. A second house of the same test is kept in a file."""


def _database(folder: Path) -> str:
    if DATABASE.get() is not None and not TENANT:
        TENANT.append(folder)
    return DATABASE.get() or "" if folder in TENANT else str(folder / "gatehouse.db")


@asynccontextmanager
async def home(
    folder: Path,
    memories: list[Memory] | None = None,
    *,
    seed: int = 1,
    start: datetime = START,
    clock: Clock | None = None,
    furnish: bool = True,
    calendar: type[Calendar] = Calendar,
    **rules: Any,
) -> AsyncIterator[Home]:
    """A hub that runs, and everything around it. `rules` override the property's, and may have a `public_url`; `furnish` False:
    the database has a house.

    `clock` overrides `start`.
    """
    memories = memories or [Memory(Address("front"))]
    config = Config.model_validate(
        {
            "database": _database(folder),
            "state_dir": folder / "state",
            "key_file": folder / "key",
            "public_url": rules.pop("public_url", None),
        }
    )
    new_house(config)
    random, loop = Random(seed), asyncio.get_running_loop()
    clock = clock or LoopClock(loop, start - timedelta(seconds=loop.time()))
    world = World(clock=clock, chance=Chance(random.randrange), sandbox=InlineSandbox(), inline=True)
    async with running.made(config, world) as hub:
        host = Host("memory", _teller(hub), clock, folder, lambda data: data, lambda data: data, InlineSandbox())
        driver, feed = MemoryDriver(memories, host), calendar(host)
        hub.plugins.add_driver("memory", driver)
        hub.plugins.add_channel(FEED, feed)
        if furnish:
            await hub.store.write(lambda tx: put_in(tx, hub, memories, rules))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(running.run(hub, upkeep=False))
            try:
                await asyncio.sleep(1)
                yield Home(hub, driver, feed)
            finally:
                task.cancel()


def _teller(hub: Hub) -> Any:
    async def tell(fact: Fact) -> None:
        await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "memory"))

    return tell


def put_in(tx: Any, hub: Hub, memories: list[Memory], rules: dict[str, Any]) -> None:
    closed = rules.pop("closed_means", ClosedMeans.ASK)
    place = Property(
        PropertyId("house"), "House", ZONE, time(15), time(11), timedelta(hours=1), 6, Origin.SITE, backups=0
    )
    house.keep_property(tx, replace(place, **rules))
    for memory in memories:
        name = LockId(memory.address)
        house.keep_lock(tx, LockRow(name, place.id, name.capitalize(), "memory", memory.address, False, Origin.SITE))
    doors = tuple(sorted(LockId(memory.address) for memory in memories))
    house.keep_unit(tx, Unit(FLAT, place.id, "Flat", doors, closed, Origin.SITE))
    sealed = house.sealed_settings(FEED, {}, hub.vault)
    house.keep_channel(tx, house.ChannelRow(FEED, FLAT, "memory", sealed, Origin.SITE))


def simulate(work: Coroutine[Any, Any, T], *, seed: int | None = None) -> T:
    """Run a test on a virtual clock."""
    return vloop.run(work, seed=seed)


@contextmanager
def nothing_can_be_written(house: Home) -> Iterator[None]:
    """Another program holds the file; to the hub that is what a full disk is."""
    house.hub.store._writer._raw.execute("PRAGMA busy_timeout = 0")  # no real time passes here
    other = sqlite3.connect(house.hub.store.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@cache
def _migrated() -> bytes:
    """An empty house's database, migrated once for all tests of a process."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gatehouse.db"
        Store.open(str(file), prepare=lambda new: migrate(new, back_up=lambda _: None), inline=True).close()
        return file.read_bytes()


def new_house(config: Config, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
    """A new house's database and key, unless they are there."""
    if not config.key_file.exists():
        Vault.create(config.key_file, draw=draw)
    if config.is_a_file and not config.database_file.exists():
        config.database_file.write_bytes(_migrated())
