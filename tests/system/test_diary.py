"""A whole hub and a real CalDAV server: a booking shown, a block obeyed and told to a platform, and what the hub did not see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

from hub import feeds
from hub.hub import Hub
from hub.model.values import ChannelId, StayKind, StayStatus
from hub.store import house as rows
from hub.store.house import ChannelRow, Origin
from tests.integrations.caldav.radicale import PASSWORD, USER, Radicale, radicale
from tests.simulators.home import FEED, FLAT, START, Home, home
from tests.simulators.managers.street import handed_out

STAFF = ChannelId("staff")
BLOCK = ("DTSTART;VALUE=DATE:20270510", "DTEND;VALUE=DATE:20270512", "SUMMARY:Block")


async def _seen(hub: Hub, so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so, looking whenever the hub has done something."""
    async with asyncio.timeout(60), hub.bus.listen("stays", "channels", "house", "pollers") as nudges:
        while not await so():
            await anext(nudges)


async def _channel(house: Home, server: Radicale) -> None:
    settings = {"url": server.url, "user": USER, "password": PASSWORD}
    row = ChannelRow(STAFF, FLAT, "caldav", rows.sealed_settings(STAFF, settings, house.hub.vault), Origin.SITE)
    await house.hub.store.write(lambda tx: rows.keep_channel(tx, row))
    await house.hub.store.write(lambda tx: feeds.make_link(tx, house.hub.desk, FEED, FLAT, "account:Robin"))


async def _poll(house: Home, channel: ChannelId) -> None:
    house.hub.bus.signal(f"poll:{channel}")


async def test_a_booking_goes_out_a_block_comes_in_and_a_restart_loses_neither(tmp_path: Path) -> None:
    (tmp_path / "radicale").mkdir()
    arrival = START.date() + timedelta(days=9)
    async with radicale(tmp_path / "radicale") as server:

        async def shown() -> bool:
            return "SUMMARY:Guest: A. L." in await server.everything()

        async with home(tmp_path) as house:
            house.book("a", arrival, arrival + timedelta(days=3))
            await _poll(house, FEED)
            await _channel(house, server)
            await _seen(house.hub, shown)
            text = await server.everything()

        name = next(line for line in text.splitlines() if line.startswith("UID:")).removeprefix("UID:").strip()
        await server.delete(name)  # while nobody is there to see it
        await server.write("mine", *BLOCK)

        async with home(tmp_path, furnish=False) as house:

            async def blocked() -> bool:
                return any(each.kind is StayKind.BLOCK for each in await house.stays())

            house.book("a", arrival, arrival + timedelta(days=3))
            await _seen(house.hub, blocked)
            await _seen(house.hub, shown)
            (block,) = [each for each in await house.stays() if each.kind is StayKind.BLOCK]
            assert (block.arrival, block.departure) == (date(2027, 5, 10), date(2027, 5, 12))
            assert (await house.stay()).status is StayStatus.CONFIRMED
            assert await handed_out(house.hub, FEED) == {date(2027, 5, 10), date(2027, 5, 11)}

            async def open_again() -> bool:
                return all(each.status is StayStatus.CANCELLED for each in await house.stays() if each.id == block.id)

            await server.delete("mine")
            await _poll(house, STAFF)
            await _seen(house.hub, open_again)
            assert await handed_out(house.hub, FEED) == frozenset()
            assert (await server.everything()).count("BEGIN:VEVENT") == 1
