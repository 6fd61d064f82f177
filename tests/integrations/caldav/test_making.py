"""The calendar of a unit that has none is made at a real server, by the words of the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub import connecting
from hub.config import parse
from hub.connecting import Stays
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import ChannelId
from hub.running import World, made
from hub.store import house
from tests.hub.test_commands import Clock, Radio, ask, furnish
from tests.integrations.caldav.radicale import PASSWORD, USER, Radicale, radicale


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Radicale]:
    (tmp_path / "radicale").mkdir()
    async with radicale(tmp_path / "radicale") as running:
        yield running


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        yield hub


async def _make(hub: Hub, url: str, unit: str, **more: Any) -> dict[str, str]:
    settings = {"url": url, "user": USER, "password": PASSWORD}
    return await ask(hub, "channel make-calendar", integration="caldav", unit=unit, settings=settings, **more)  # type: ignore[no-any-return]


async def test_a_calendar_is_made_once_and_leads_to_a_channel(hub: Hub, server: Radicale) -> None:
    home = server.url.removesuffix("flat/")
    unit = (await hub.store.read(house.units))[0]
    told = await _make(hub, home, unit.id)
    row = await hub.store.read(lambda tx: house.channel_with(tx, ChannelId(told["channel"])))
    assert row is not None
    url = house.opened_settings(row, hub.vault)["url"]
    assert (row.unit, url) == (unit.id, f"{home}gatehouse-{unit.id}/")
    there = Radicale(server.port, url)
    status, found = await there.ask("PROPFIND", Depth="0")
    assert (status, f">{unit.name}<" in found, "calendar" in found) == (207, True, True)
    assert await _make(hub, home, unit.id) == told, "asked again, it is the same"
    await hub.store.write(lambda tx: connecting.remove(tx, hub, row.id, "account:Robin", Stays.KEEP))
    again = await _make(hub, home, unit.id)
    kept = await hub.store.read(lambda tx: house.channel_with(tx, ChannelId(again["channel"])))
    assert kept is not None
    assert house.opened_settings(kept, hub.vault)["url"] == url, "also where the answer was lost"
    status, listed = await Radicale(server.port, home).ask("PROPFIND", Depth="1")
    assert listed.count(f"/gatehouse-{unit.id}/</") == 1


async def test_where_none_can_be_made_it_is_said(hub: Hub, server: Radicale) -> None:
    unit = (await hub.store.read(house.units))[0].id
    for url in (server.url, server.url.replace(f"/{USER}/flat/", "/nobody/")):
        with pytest.raises(Rejected, match="makes no calendar at this address"):
            await _make(hub, url, unit)
    with pytest.raises(Rejected, match="no calendar can be made with ical; there are: caldav and google_calendar"):
        await ask(hub, "channel make-calendar", integration="ical", unit=unit, settings={"url": "https://x.example"})
    with pytest.raises(Rejected, match="unit"):
        await _make(hub, server.url, "nowhere")
    assert [row.integration for row in await hub.store.read(house.channels)].count("caldav") == 0
