"""A channel is tried, added and taken away while the hub runs: accounts at their doubles, feeds that are our own, rehearsals."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import connecting, feeds, tidying
from hub.config import parse
from hub.connecting import Stays, Wanted
from hub.errors import Misconfigured, Rejected
from hub.hub import Hub
from hub.model.values import ChannelId, UnitId
from hub.running import Turned, World, made
from hub.store import house
from hub.store.engine import Tx
from tests.hub.test_commands import SITE, Clock, Radio, furnish
from tests.simulators.managers.all import MANAGERS, Double
from tests.simulators.managers.desk import Desk, front

CONFIG = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
FLAT = UnitId("flat")


class Passing(Clock):
    """Hostaway's token is good only a second after it was given."""

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    config = parse(CONFIG | {"public_url": "https://house.example.com"}, tmp_path)
    async with made(config, World(clock=Passing(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        yield hub


@pytest.fixture(params=MANAGERS.values(), ids=lambda manager: str(manager.name))
def manager(request: pytest.FixtureRequest) -> Double:
    found: Double = request.param
    return found


def _wanted(manager: Double, address: str, **other: Any) -> Wanted:
    settings = {**manager.settings, "address": address + manager.path, **other}
    return Wanted(ChannelId(""), manager.name, None, settings)


async def test_an_account_is_tried_before_it_is_added_and_nobody_hears_of_it(hub: Hub, manager: Double) -> None:
    desk: Desk = manager.desk(hub.clock.now)
    desk.book(1)
    async with front(desk) as address:
        wanted = _wanted(manager, address)
        trial = await connecting.try_out(hub, wanted, new=True)
        assert (trial.entries, trial.stays) == (1, 1)
        assert len(trial.listings) > 0
        await connecting.try_out(hub, wanted, new=True)
    asked = [each for each in desk.asked if "/oauth2/token" in str(each)]
    assert not any("calendar" in each.path or "availability" in each.path for each in desk.asked), "bookings are enough"
    assert len(asked) < 2, "a token that is given out rarely is asked for once, however often it is tried"
    row = await hub.store.write(lambda tx: connecting.add(tx, hub, wanted, "account:Robin"))
    assert (row.id, row.unit, row.serves) == (manager.name, None, frozenset())


async def test_what_a_try_was_given_is_kept_for_a_day_unless_a_channel_goes_on_with_it(
    hub: Hub, manager: Double
) -> None:
    desk: Desk = manager.desk(hub.clock.now)
    async with front(desk) as address:
        wanted = _wanted(manager, address)
        for name in ("tried", "added"):
            await connecting.try_out(hub, replace(wanted, id=ChannelId(name)), new=True)
    await hub.store.write(lambda tx: connecting.add(tx, hub, replace(wanted, id=ChannelId("added")), "x"))
    folder, age = hub.state_dir / "integrations", tidying.TOKEN_KEPT.total_seconds()
    given = [file for file in folder.rglob("*") if file.is_file()]
    for seconds, left in ((age - 60, given), (age + 60, [file for file in given if file.parent.name == "added"])):
        for file in given:
            written = hub.wall.now().timestamp() - seconds
            os.utime(file, (written, written))
        await hub.store.write(lambda tx: tidying.forget_tokens(tx, hub))
        assert [file for file in folder.rglob("*") if file.is_file()] == left
    await hub.store.write(lambda tx: connecting.remove(tx, hub, ChannelId("added"), "x", Stays.KEEP))
    await hub.store.write(lambda tx: tidying.forget_tokens(tx, hub))
    assert [file for file in folder.rglob("*") if file.is_file()] == []


async def test_what_an_account_refuses_is_said_in_its_words(hub: Hub, manager: Double) -> None:
    desk: Desk = manager.desk(hub.clock.now)
    name = next(iter({"token", "client_secret", "secret", "api_key", "refresh_token"} & manager.settings.keys()))
    async with front(desk) as address:
        with pytest.raises(Rejected) as caught:
            await connecting.try_out(hub, _wanted(manager, address, **{name: "wrong-one"}), new=True)
    assert "wrong-one" not in str(caught.value)


async def test_a_calendar_of_the_hubs_own_is_no_channel(hub: Hub) -> None:
    def link(tx: Tx) -> str:
        first = Wanted(ChannelId("vrbo"), "ical", FLAT, {"url": "https://www.vrbo.com/1.ics"})
        return feeds.make_link(tx, hub.desk, connecting.add(tx, hub, first, "x").id, FLAT, "x")

    path = await hub.store.write(link)
    own = Wanted(ChannelId(""), "ical", FLAT, {"url": f"https://house.example.com{path}"})
    (fault,) = await hub.store.read(lambda tx: connecting.faults(tx, hub, own, new=True))
    assert (fault.key, "of this hub itself" in fault.why) == ("url", True)


async def test_a_rehearsal_reaches_nothing_but_this_machine(tmp_path: Path) -> None:
    turned = Turned(datetime(2026, 11, 28, tzinfo=UTC), 1)
    async with made(parse(CONFIG, tmp_path), World(turned=turned, inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub, SITE.replace("https://geheim.example", "http://127.0.0.1:9"))
        for wanted in (
            Wanted(ChannelId(""), "ical", FLAT, {"url": "https://www.airbnb.com/1.ics"}),
            Wanted(ChannelId(""), "lodgify", None, {"api_key": "k"}),
        ):
            with pytest.raises(Misconfigured, match="is not on this machine"):
                await connecting.try_out(hub, wanted, new=True)
        near = Wanted(ChannelId(""), "ical", FLAT, {"url": "http://127.0.0.1:9/1.ics"})
        assert await hub.store.read(lambda tx: connecting.faults(tx, hub, near, new=True)) == []


async def test_a_name_that_is_free_again_begins_from_nothing(hub: Hub) -> None:
    wanted = Wanted(ChannelId("vrbo"), "ical", FLAT, {"url": "https://www.vrbo.com/1.ics"})
    await hub.store.write(lambda tx: connecting.add(tx, hub, wanted, "x"))
    await hub.store.write(lambda tx: connecting.remove(tx, hub, wanted.id, "x", Stays.KEEP))
    assert await hub.store.read(lambda tx: house.channel_with(tx, wanted.id)) is None
    row = await hub.store.write(lambda tx: connecting.add(tx, hub, wanted, "x"))
    assert row.id == "vrbo"
    with pytest.raises(Rejected, match="no channel called"):
        await hub.store.write(lambda tx: connecting.remove(tx, hub, ChannelId("nobody"), "x", Stays.KEEP))
