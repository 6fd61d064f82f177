"""Where a guest's door code stands at the platforms that tell of the stay: on its page and in the API, and telling it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hub.contracts import Integration, Performer
from hub.hub import Hub
from hub.model.effects import Effect, GiveDoorCode, SetDoorCode
from hub.model.values import ChannelId, StayId
from hub.store import door_codes, house, mail
from hub.store.door_codes import CodeThere
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from tests.web.conftest import Visitor

GUESTY, BEDS = ChannelId("guesty"), ChannelId("beds24")


class Shows(Integration):
    """An account that shows door codes."""

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SetDoorCode: self._show}

    async def _show(self, effect: Effect, key: str) -> None:
        raise AssertionError("nobody performs anything here")


async def furnish(hub: Hub, stay: StayId) -> None:
    """Guesty has the code; Beds24 refused it."""
    for channel in (GUESTY, BEDS):
        hub.plugins.add_channel(channel, Shows())

    def work(tx: Tx) -> None:
        now = hub.clock.now()
        for channel in (GUESTY, BEDS):
            sealed = house.sealed_settings(channel, {}, hub.vault)
            house.keep_channel(tx, ChannelRow(channel, None, "guesty", sealed, Origin.SITE, {}))
        at = now - timedelta(minutes=12)
        door_codes.keep(tx, CodeThere(GUESTY, stay, "g1", 1, standing="g1", sure=1, at=at))
        door_codes.keep(tx, CodeThere(BEDS, stay, "g1", 1, standing="g0 g1", at=at, why="it does not take it"))
        effect = GiveDoorCode(BEDS, stay, "g1")
        mail.promise(tx, effect, key=f"door_code:{BEDS}:{stay}:1", lane=f"channel:{BEDS}", due=now)
        letter = mail.claim(tx, f"channel:{BEDS}", now, now + timedelta(minutes=1))
        assert letter is not None
        mail.not_kept(tx, letter.id, "api.beds24.com does not take it as it is (422)", None)

    await hub.store.write(work)


async def test_the_page_of_a_stay_says_where_its_code_stands_and_tells_it_again(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Anna Berg"]
    assert "at the platforms" not in (await manager.get(f"/stays/{stay}")).text, "it came by a calendar"
    await furnish(hub, stay)
    page = (await manager.get(f"/stays/{stay}")).text
    assert "It has the code since 13:50" in page
    assert "does not take it as it is (422)" in page
    assert "may stand there still" in page
    answer = await manager.post(f"/stays/{stay}/told", channel=BEDS)
    assert answer.status == 303
    page = (await manager.get(f"/stays/{stay}")).text
    assert "Tell it again" not in page
    assert "Robin had the code told to beds24 once more" in page
    assert (await manager.post(f"/stays/{stay}/told", channel=BEDS)).status == 409, "it waits for nobody any more"
    assert await hub.store.read(mail.lanes) >= {f"channel:{BEDS}"}


async def test_whoever_gets_no_code_is_told_none_anywhere(manager: Visitor) -> None:
    stay = manager.here.stays["Edsger Dijkstra"]  # cancelled
    assert "The code at the platforms" not in (await manager.get(f"/stays/{stay}")).text
