"""A small house with one flat and two doors, and its API on a loopback port."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select

from hub.config import Config
from hub.contracts import Delivery, Integration, Lock
from hub.hub import Hub
from hub.intake import NewStay
from hub.model.codes import Reading, Slot
from hub.model.facts import Abilities
from hub.model.people import Scope
from hub.model.values import Address, ChannelId, LockId, Position, Proof, PropertyId, StayId, UnitId
from hub.running import World, made
from hub.store import codes, doors, house, log
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, LockRow, Origin, Property, Unit
from hub.store.tables import metadata
from tests.simulators.home import DATABASE, new_house
from web.api import mount
from web.pace import Pace

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    trusted = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class Bolt:
    """Does as it is told, until a test says otherwise."""

    def __init__(self) -> None:
        self.moves: list[Position] = []
        self.instead: Callable[[Position], Awaitable[Position]] | None = None

    async def move(self, to: Position) -> Position:
        self.moves.append(to)
        return to if self.instead is None else await self.instead(to)


@dataclass(slots=True)
class Radio:
    locks: dict[Address, Lock] = field(default_factory=dict)

    async def run(self) -> None:
        raise AssertionError("nothing runs here")


class Calendar(Integration):
    poll_every = timedelta(minutes=15)

    async def parse(self, delivery: Delivery) -> list[Any]:
        return []


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        return [(fault["where"], fault["field"], fault["why"]) for fault in self.json["faults"]]


@dataclass(frozen=True, slots=True)
class Api:
    """The API as a program meets it; `hub` is for arranging and for looking behind it."""

    hub: Hub
    clock: Clock
    bolt: Bolt
    url: str
    session: ClientSession
    stay: StayId
    token: str = field(repr=False)

    async def get(self, path: str, token: str | None = None) -> Answer:
        return await self.ask("GET", path, token=token)

    async def post(self, path: str, body: object = None, *, key: str | None = None, token: str | None = None) -> Answer:
        headers = {} if key is None else {"Idempotency-Key": key}
        raw = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self.ask("POST", path, raw=raw, headers=headers, token=token)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        raw: bytes = b"",
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        known = {"Authorization": f"Bearer {self.token if token is None else token}"} | dict(headers or {})
        async with self.session.request(
            method, f"{self.url}/api/v1{path}", data=raw, headers=known, skip_auto_headers=("Content-Type",)
        ) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    async def token_with(self, *scopes: Scope) -> str:
        return (await self.hub.tokens.make("console", "Laundry", frozenset(scopes))).text.reveal()

    async def fingerprint(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything in the database but who used which token when."""

        def look(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
            tables = (table for table in metadata.sorted_tables if table.name != "tokens")
            rows = {table.name: [tuple(row) for row in tx.sql.execute(select(table))] for table in tables}
            count = tx.sql.execute(select(func.count()).select_from(metadata.tables["tokens"])).scalar_one()
            return rows | {"tokens": [(count,)]}

        return await self.hub.store.read(look)


def furnish(tx: Tx, hub: Hub) -> StayId:
    """One flat behind two doors, one channel, one stay with a code proven in the front door, six entries in the log."""
    sea = Property(
        PropertyId("sea"), "Sea View", ZoneInfo("Europe/Berlin"), time(15), time(11), timedelta(hours=1), 6, Origin.SITE
    )
    house.keep_property(tx, sea)
    for number, name in enumerate(("front", "flat"), start=1):
        lock = LockRow(LockId(name), sea.id, name.title(), "radio", Address(str(number)), name == "front", Origin.SITE)
        house.keep_lock(tx, lock)
        doors.learn_abilities(tx, lock.id, Abilities("BE469ZP", "1.2", slots=30, secure="S2 Access Control"))
        doors.learn(tx, lock.id, battery=80, battery_at=NOW, heard_at=NOW)
    flat = Unit(UnitId("flat-1"), sea.id, "Flat 1", (LockId("flat"), LockId("front")), ClosedMeans.ASK, Origin.SITE)
    house.keep_unit(tx, flat)
    sealed = house.sealed_settings(ChannelId("airbnb-1"), {}, hub.vault)
    channel = ChannelRow(ChannelId("airbnb-1"), flat.id, "ical", sealed, Origin.SITE)
    house.keep_channel(tx, channel)
    new = NewStay(flat.id, date(2026, 11, 21), date(2026, 11, 23), "Ada Lovelace", phone="+49 170 1234567")
    stay = hub.intake.add_stay(tx, new, "console")
    [entry] = [each for each in codes.issued_for(tx, stay) if each.lock == "front"]
    codes.keep_slot(
        tx,
        entry.lock,
        Slot(1, entry.grant.id, Reading.OCCUPIED, entry.grant.tag, proof=Proof.READ_BACK, proven_at=NOW),
        NOW,
    )
    codes.keep_slot(tx, LockId("front"), Slot(7, reading=Reading.OCCUPIED), NOW)
    for minutes in range(6):
        at = NOW - timedelta(minutes=minutes // 2)
        log.note(
            tx, log.Entry(at, LockId("front"), sea.id, log.UNLOCKED, "keypad", "Ada Lovelace", 1, entry.grant.id, stay)
        )
    return stay


@asynccontextmanager
async def opened(folder: Path, *, public_url: str | None = None) -> AsyncIterator[Api]:
    database = DATABASE.get() or str(folder / "house.db")
    config = Config(database=database, state_dir=folder, key_file=folder / "key", public_url=public_url)
    new_house(config)
    bolt, clock = Bolt(), Clock()
    async with made(config, World(clock=clock, inline=True)) as hub:
        able = Abilities("BE469ZP", slots=30)
        locks = {Address("1"): Lock(Address("1"), able, bolt=bolt), Address("2"): Lock(Address("2"), able)}
        hub.plugins.add_driver("radio", Radio(locks))
        hub.plugins.add_channel(ChannelId("airbnb-1"), Calendar())
        stay = await hub.store.write(lambda tx: furnish(tx, hub))
        token = (await hub.tokens.make("console", "Tests", frozenset({Scope.ADMIN}), 365)).text.reveal()
        app = web.Application()
        mount(app, hub, pace=Pace(burst=100_000))
        async with TestServer(app) as server, ClientSession() as session:
            yield Api(hub, clock, bolt, str(server.make_url("")).rstrip("/"), session, stay, token)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with opened(tmp_path) as api:
        yield api


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """For tests that show that nothing was changed, and so need no house of their own."""
    async with opened(tmp_path_factory.mktemp("house")) as api:
        yield api
