"""A house with an account at Guesty's double that is to know the bookings made here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hub import health
from hub.contracts import Host
from hub.intake import NewStay
from hub.io.sandbox import InlineSandbox
from hub.model.alerts import Kind
from hub.model.facts import Fact
from hub.model.values import ChannelId, PropertyId, StayId, UnitId
from hub.store import house as rows
from hub.store import pushes
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, Origin, Unit
from hub.store.pushes import Push
from tests.simulators.home import FLAT, START, Home, home
from tests.simulators.managers.all import MANAGERS, reader
from tests.simulators.managers.desk import Booking
from tests.simulators.managers.guesty import GuestyDesk

DESK = ChannelId("guesty")
LOFT = UnitId("loft")
ARRIVAL, DEPARTURE = date(2027, 4, 1), date(2027, 4, 4)
ADA = NewStay(FLAT, ARRIVAL, DEPARTURE, "Ada Lovelace", "+44 20 7946 0018", "ada@example.com", "Brings a dog", guests=2)
FOR_REAL: dict[str, Any] = {"push_bookings": True, "push_test": False}


@asynccontextmanager
async def plugged(
    tmp_path: Path, *, start: datetime = START, **settings: object
) -> AsyncIterator[tuple[Home, GuestyDesk]]:
    async with home(tmp_path, start=start) as house:
        hub = house.hub

        async def tell(fact: Fact) -> None:
            await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, DESK))

        desk = GuestyDesk(hub.clock.now)
        host = Host(DESK, tell, hub.clock, tmp_path, lambda data: data, lambda data: data, InlineSandbox())

        def furnish(tx: Any) -> None:
            sealed = rows.sealed_settings(DESK, {}, hub.vault)
            rows.keep_unit(tx, Unit(LOFT, PropertyId("house"), "Loft", (), ClosedMeans.ASK, Origin.SITE))
            rows.keep_channel(tx, ChannelRow(DESK, None, "guesty", sealed, Origin.SITE, {"101": FLAT, "102": LOFT}))

        await hub.store.write(furnish)
        await house.later(seconds=1)
        hub.plugins.add_channel(DESK, reader(MANAGERS["guesty"], host, through=desk.send, more=settings))
        hub.bus.signal("pollers")
        hub.bus.signal("channels")
        await house.later(seconds=5)
        yield house, desk


async def add(house: Home, new: NewStay = ADA) -> StayId:
    hub = house.hub
    return await hub.store.write(lambda tx: hub.intake.add_stay(tx, new, "manager"))


async def wrong(house: Home) -> list[str]:
    """What people are told of bookings that are not known."""

    def look(tx: Tx) -> list[str]:
        found = health.found(health.look_around(tx, house.hub))
        return [each.sentence for each in found if each.kind is Kind.PUSH_FAILED]

    return await house.hub.store.read(look)


async def pushed(house: Home) -> Push:
    (row,) = await house.hub.store.read(lambda tx: pushes.of_account(tx, DESK))
    return row


def made_there(desk: GuestyDesk) -> Booking:
    (row,) = desk.booked.values()
    return row


def writes(desk: GuestyDesk) -> list[str]:
    return [f"{each.method} {each.path}" for each in desk.asked if each.method != "GET" and "token" not in each.path]
