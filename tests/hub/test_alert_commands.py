"""`gatehouse alerts`: by the words of the command line, on a house whose hub does not run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.config import parse
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.alerts import Kind, read_quiet_hours, read_step
from hub.running import World, made
from hub.store import alerts, house, persons
from hub.store.doors import learn
from hub.store.engine import Tx
from tests.hub.test_commands import Clock, Radio, ask, audited, furnish


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True), running=False) as hub:
        hub.plugins.add_driver("zwave", Radio())
        await furnish(hub)
        await ask(hub, "people add", name="Maria", what="manager", phone="+49 170 1234567")
        yield hub


async def _property(hub: Hub) -> str:
    return (await hub.store.read(house.properties))[0].id


async def _maria(hub: Hub) -> str:
    return (await hub.store.read(persons.persons))[0].id


async def _set_aside(hub: Hub) -> str:
    """A lock is set aside, which is urgent at once; the id of its alert."""

    def work(tx: Tx) -> str:
        learn(tx, house.locks(tx)[0].id, quarantined="it failed unexpectedly")
        hub.alerts.look(tx)
        return next(row.id for row in alerts.raised(tx) if row.kind is Kind.SET_ASIDE)

    return await hub.store.write(work)


async def test_alerts_are_listed_acknowledged_and_taken_back(hub: Hub) -> None:
    id_ = await _set_aside(hub)
    [listed] = [each for each in await ask(hub, "alerts list") if each["alert"] == id_]
    assert (listed["level"], listed["kind"], listed["acknowledged_by"]) == ("urgent", "set_aside", None)
    assert (await ask(hub, "alerts do", alert=id_, deed="acknowledge"))["acknowledged_by"] == "console:anna"
    with pytest.raises(Rejected, match="has acknowledged it already"):
        await ask(hub, "alerts do", alert=id_, deed="acknowledge")
    assert (await ask(hub, "alerts do", alert=id_, deed="take back"))["acknowledged_by"] is None
    assert await ask(hub, "alerts list", over=True) == []
    deeds = [action for _, action in await audited(hub, f"alert:{id_}")]
    assert sorted(deeds) == ["acknowledge", "take acknowledgement back"]


async def test_what_is_said_of_telling_is_changed_and_the_rest_stays(hub: Hub) -> None:
    place, maria = await _property(hub), await _maria(hub)
    nothing: dict[str, object] = {"property": place, "quiet": None, "people": [], "bookings": None}
    assert await ask(hub, "alerts told", property=place) == nothing
    await ask(hub, "alerts told", property=place, quiet="22:00-07:00")
    told = await ask(hub, "alerts told", property=place, people=[f"{maria}:sms"])
    by_sms = [{"person": maria, "ways": ["sms"]}]
    assert told == {"property": place, "quiet": "22:00-07:00", "people": by_sms, "bookings": None}
    assert await ask(hub, "alerts told", property=place) == told
    told = await ask(hub, "alerts told", property=place, bookings=[f"{maria}:sms"])
    assert told == {"property": place, "quiet": "22:00-07:00", "people": by_sms, "bookings": by_sms}
    assert (await ask(hub, "alerts told", property=place, bookings=[]))["bookings"] == []
    assert (await ask(hub, "alerts told", property=place, managers_read=True))["bookings"] is None
    emptied = await ask(hub, "alerts told", property=place, quiet="never", people=[])
    assert (emptied["quiet"], emptied["people"]) == (None, [])
    with pytest.raises(Rejected, match="there is nobody “ben” to be told"):
        await ask(hub, "alerts told", property=place, people=["ben"])
    with pytest.raises(Rejected, match="quiet hours are written like"):
        await ask(hub, "alerts told", property=place, quiet="at night")


async def test_a_test_message_goes_by_what_reaches_the_person(hub: Hub) -> None:
    assert (await ask(hub, "alerts test", person=await _maria(hub)))["ways"] == ["sms"]
    with pytest.raises(Rejected, match="there is nobody"):
        await ask(hub, "alerts test", person="ben")


@pytest.mark.parametrize("words", ["22-7", "24:00-07:00", "22:00", "", "22:00-07:60"])
def test_quiet_hours_that_cannot_be_read_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="22:00-07:00"):
        read_quiet_hours(words)


@pytest.mark.parametrize("words", ["", ":sms", "anna:pigeon", "anna:sms,pigeon", "anna:page"])
def test_steps_that_cannot_be_read_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is not understood"):
        read_step(words)
