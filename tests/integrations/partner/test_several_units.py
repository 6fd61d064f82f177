"""A partner's program tells of several units through one channel, each by its own word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub import accounts
from hub.contracts import Delivery, Host, Integration
from hub.io.sandbox import InlineSandbox
from hub.model.facts import Fact
from hub.model.values import ChannelId, PropertyId, StayStatus, UnitId
from hub.store import house as rows
from hub.store import listings, mail
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, Origin, Unit
from hub.store.tables import unplaced
from integrations import partner
from tests.simulators.home import FLAT, Home, home, simulate

AGENCY = ChannelId("agency")


@asynccontextmanager
async def agency(folder: Path) -> AsyncIterator[Home]:
    """Of which “sea” is the flat, and nobody said of the others."""
    async with home(folder) as house:
        hub = house.hub

        async def tell(_fact: Fact) -> None:
            raise AssertionError("a webhook is read from the inbox")

        def furnish(tx: Any) -> None:
            sealed = rows.sealed_settings(AGENCY, {}, hub.vault)
            rows.keep_channel(tx, ChannelRow(AGENCY, None, "partner", sealed, Origin.PAGES, {"sea": FLAT}))

        await hub.store.write(furnish)
        await house.later(seconds=1)
        host = Host(AGENCY, tell, hub.clock, folder, lambda data: data, lambda data: data, InlineSandbox())
        secret = {"secret": "a secret between us two"}
        hub.plugins.add_channel(AGENCY, partner.start(partner.Config.model_validate(secret), host))
        hub.bus.signal("pollers")
        yield house


async def tell(house: Home, uid: str, unit: str | None, topic: str = "booking-created", guest: str = "Ada") -> None:
    booking = {"id": uid, "arrival": "2027-03-10", "departure": "2027-03-12", "guest": {"name": guest}, "unit": unit}
    body, now = json.dumps({"booking": booking}).encode(), house.hub.clock.now()
    await house.hub.inbox.accept(Delivery(AGENCY, f"{topic}:{uid}:{unit}", body, now, topic))
    await house.later(seconds=5)


async def waiting(house: Home) -> list[str]:
    return [each.uid for each in await house.hub.store.read(lambda tx: listings.unplaced_of(tx, AGENCY))]


async def join(house: Home, word: str) -> None:
    hub = house.hub
    await hub.store.write(lambda tx: accounts.join(tx, AGENCY, word, FLAT, "account:Robin", hub.clock.now()))
    await house.later(seconds=5)


def test_a_booking_is_of_the_unit_that_it_names(tmp_path: Path) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            await tell(house, "b-1", "sea")
            (stay,) = await house.stays()
            assert (stay.unit_id, stay.guest, stay.channel_id) == (FLAT, "Ada", AGENCY)
            assert await waiting(house) == []

    simulate(main())


@pytest.mark.parametrize("word", ["garden", ""])
def test_a_booking_of_a_unit_that_nobody_named_waits_and_is_taken_in_when_it_is_said(tmp_path: Path, word: str) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            await tell(house, "b-1", word or None)
            assert (await house.stays(), await waiting(house)) == ([], ["b-1"])
            await join(house, word)
            (stay,) = await house.stays()
            assert (stay.unit_id, stay.status, stay.guest) == (FLAT, StayStatus.CONFIRMED, "Ada")
            assert await waiting(house) == []

    simulate(main())


def test_a_channel_of_one_unit_takes_no_booking_of_another(tmp_path: Path) -> None:
    """By its id or its name. Any other word is the partner's own for the one."""

    async def main() -> None:
        async with agency(tmp_path) as house:
            hub, loft = (
                house.hub,
                Unit(UnitId("loft"), PropertyId("house"), "The Loft", (), ClosedMeans.ASK, Origin.SITE),
            )

            def furnish(tx: Tx) -> None:
                rows.keep_unit(tx, loft)
                sealed = rows.sealed_settings(AGENCY, {}, hub.vault)
                rows.keep_channel(tx, ChannelRow(AGENCY, FLAT, "partner", sealed, Origin.PAGES))

            plugged = hub.plugins.integration(AGENCY)
            assert plugged is not None
            await hub.store.write(furnish)
            await house.later(seconds=1)
            hub.plugins.add_channel(AGENCY, plugged)
            hub.bus.signal("pollers")
            await tell(house, "b-1", "loft")
            await tell(house, "b-2", "the LOFT")
            await house.later(minutes=10)
            assert await house.stays() == []
            whys = [each.why for each in await hub.store.read(mail.dead)]
            assert len(whys) == 2
            assert all("unit: it says “" in why and "leave it out, or give the channel `units`" in why for why in whys)
            for number, word in enumerate(("sea view", FLAT, None)):
                await tell(house, f"b-{3 + number}", word, guest=f"Guest {number}")
            assert {(each.unit_id, each.guest) for each in await house.stays()} == {
                (FLAT, f"Guest {number}") for number in range(3)
            }
            await hub.store.write(lambda tx: rows.keep_unit(tx, replace(loft, id=UnitId("sea"), name="Sea View")))
            await tell(house, "b-3", "sea view", "booking-cancelled", "Guest 0")
            await tell(house, "b-9", "sea view", "booking-cancelled")
            gone = [each.guest for each in await house.stays() if each.status is StayStatus.CANCELLED]
            assert gone == ["Guest 0"], "a name that a unit got later keeps no guest's code"

    simulate(main())


def test_what_was_cancelled_while_it_waited_is_taken_in_as_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            await tell(house, "b-1", "garden")
            await tell(house, "b-1", "garden", "booking-cancelled")
            await join(house, "garden")
            assert {each.status for each in await house.stays()} <= {StayStatus.CANCELLED}
            assert await waiting(house) == []

    simulate(main())


def test_a_hub_that_fell_after_it_was_said_takes_it_in_when_it_is_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            hub = house.hub
            await tell(house, "b-1", "garden")
            plugged = hub.plugins.integration(AGENCY)
            assert plugged is not None
            hub.plugins.add_channel(AGENCY, Integration())  # the hub is down, as far as this channel is concerned
            hub.bus.signal("pollers")
            await join(house, "garden")
            assert await waiting(house) == ["b-1"]
            hub.plugins.add_channel(AGENCY, plugged)
            hub.bus.signal("pollers")
            await house.later(seconds=5)
            assert await waiting(house) == []
            assert len(await house.stays()) == 1

    simulate(main())


def test_a_booking_that_cannot_be_opened_keeps_no_other_one_waiting(tmp_path: Path) -> None:
    async def main() -> None:
        async with agency(tmp_path) as house:
            await tell(house, "b-1", "garden")
            await tell(house, "b-2", "garden", guest="Grace")
            torn = update(unplaced).where(unplaced.c.uid == "b-1").values(reported=b"torn")
            await house.hub.store.write(lambda tx: tx.sql.execute(torn))
            await join(house, "garden")
            assert await waiting(house) == ["b-1"]

    simulate(main())
