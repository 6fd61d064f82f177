"""`gatehouse channel`: by the words of the command line, on a house whose hub does not run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.config import parse
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import ChannelId
from hub.running import World, made
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from tests.hub.test_commands import Clock, Radio, ask, furnish

AIRBNB = "airbnb-1"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    config = parse(told | {"public_url": "https://house.example.com"}, tmp_path)
    async with made(config, World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        await hub.store.write(lambda tx: _channel(tx, hub))
        yield hub


def _channel(tx: Tx, hub: Hub) -> None:
    sealed = house.sealed_settings(ChannelId(AIRBNB), {"source": "airbnb"}, hub.vault)
    house.keep_channel(tx, ChannelRow(ChannelId(AIRBNB), house.units(tx)[0].id, "ical", sealed, Origin.SITE))


async def _unit(hub: Hub) -> str:
    return (await hub.store.read(house.units))[0].id


async def test_a_link_is_made_kept_renewed_and_revoked(hub: Hub) -> None:
    unit = await _unit(hub)
    told = await ask(hub, "channel link", channel=AIRBNB, unit=unit)
    assert told["url"] == f"https://house.example.com{told['path']}"
    assert await ask(hub, "channel link", channel=AIRBNB, unit=unit) == told
    assert await ask(hub, "channel link", channel=AIRBNB, unit=unit, anew=True) != told
    (line,) = await ask(hub, "channel list")
    assert (line["heard"], line["confirmed_at"]) == ("waiting", None)
    assert await ask(hub, "channel do", channel=AIRBNB, deed="unlink", unit=unit) == []
    with pytest.raises(Rejected, match="no such link"):
        await ask(hub, "channel do", channel=AIRBNB, deed="unlink", unit=unit)


async def test_a_person_confirms_and_the_log_tells_it(hub: Hub) -> None:
    unit = await _unit(hub)
    await ask(hub, "channel link", channel=AIRBNB, unit=unit)
    (line,) = await ask(hub, "channel do", channel=AIRBNB, deed="confirm", unit=unit)
    assert (line["heard"], line["how"]) == ("confirmed", "said")
    assert [each["what"] for each in await ask(hub, "channel log", channel=AIRBNB)] == ["confirmed by a person"]


async def test_what_is_not_there_is_refused_in_words(hub: Hub) -> None:
    assert await ask(hub, "channel differences", channel=AIRBNB) == []
    for words in (
        {"command": "channel log", "channel": "nobody"},
        {"command": "channel do", "channel": "nobody", "deed": "sync"},
        {"command": "channel link", "channel": "nobody", "unit": "flat"},
        {"command": "channel do", "channel": AIRBNB, "deed": "accept", "stay": "nobody"},
    ):
        with pytest.raises(Rejected):
            await ask(hub, **words)


async def test_a_channel_is_added_changed_and_removed(hub: Hub) -> None:
    unit = await _unit(hub)
    told = {"url": "https://www.airbnb.com/calendar/ical/1.ics?s=secret"}
    added = await ask(hub, "channel add", integration="ical", unit=unit, settings=told)
    assert added == {"channel": f"airbnb-{unit}", "integration": "ical", "unit": unit}
    with pytest.raises(Rejected, match="is a channel already"):
        await ask(hub, "channel add", integration="ical", unit=unit, settings=told)
    with pytest.raises(Rejected, match="is not known"):
        await ask(hub, "channel add", integration="ical", unit=unit, settings={"link": "x"})
    changed = await ask(hub, "channel change", channel=added["channel"], settings={"source": "airbnb"})
    assert (changed["settings"], changed["secrets"]) == ({"source": "airbnb"}, ["url"])
    assert (await ask(hub, "channel change", channel=added["channel"], settings={"source": ""}))["settings"] == {}
    assert await ask(hub, "channel remove", channel=added["channel"]) == {
        "coming": 0,
        "here": 0,
        "closures": 0,
        "shared": 0,
    }
    with pytest.raises(Rejected, match="no channel called"):
        await ask(hub, "channel settings", channel=added["channel"])


async def test_all_channels_or_those_of_a_stay_are_asked_to_sync(hub: Hub) -> None:
    told = {each["channel"]: each for each in await ask(hub, "channel sync-all")}
    assert (told[AIRBNB]["read"], told[AIRBNB]["why"]) == (False, "the hub does not run")
    (told,) = await ask(hub, "channel sync-all", channel=AIRBNB)
    assert told["channel"] == AIRBNB
    assert await ask(hub, "channel sync-all", kind="block", first="2026-11-01", last="2026-11-03") == []
    with pytest.raises(Rejected, match="there is no stay"):
        await ask(hub, "stay sync", stay="nobody")
