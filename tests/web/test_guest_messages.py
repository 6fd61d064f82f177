"""Writing to a guest on the page of the stay, and what the page says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from hub.contracts import Integration, Performer
from hub.hub import Hub
from hub.model.effects import Effect, MessageGuest
from hub.model.values import ChannelId, StayId
from hub.store import guest_messages, house, mail
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.guest_messages import MessageState
from hub.store.house import ChannelRow, Origin
from hub.store.stays import Source
from tests.web.conftest import Seen, Visitor

GUESTY = ChannelId("guesty")


class Carries(Integration):
    """An account that carries messages."""

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {MessageGuest: self._carry}

    async def _carry(self, effect: Effect, key: str) -> None:
        raise AssertionError("nobody performs anything here")


async def furnish(hub: Hub, stay: StayId) -> None:
    """The stay is known to Guesty as well."""
    hub.plugins.add_channel(GUESTY, Carries())

    def work(tx: Tx) -> None:
        sealed = house.sealed_settings(GUESTY, {}, hub.vault)
        house.keep_channel(tx, ChannelRow(GUESTY, None, "guesty", sealed, Origin.SITE, {}))
        ledger.keep_source(tx, Source(GUESTY, "res-1", stay, b"", "", hub.clock.now()))

    await hub.store.write(work)


async def became(hub: Hub, stay: StayId, state: MessageState, why: str = "") -> None:
    def work(tx: Tx) -> None:
        row = guest_messages.of_stay(tx, stay)[0]
        guest_messages.keep(tx, replace(row, state=state, why=why))

    await hub.store.write(work)


def once(page: Seen) -> str:
    found = re.search(r'name="once" value="(\w+)"', page.html)
    assert found is not None, "there is no form"
    return found[1]


async def test_a_guest_is_written_to_once_however_often_the_form_is_sent(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Anna Berg"]
    await furnish(hub, stay)
    page = await manager.get(f"/stays/{stay}")
    assert "It goes through guesty. At most 2000 characters." in page.text
    for _ in range(2):
        answer = await manager.post(f"/stays/{stay}/messages", text="The bins go\r\nout on Monday.", once=once(page))
        assert answer.status == 303
    seen = (await manager.get(f"/stays/{stay}")).text
    assert seen.count("out on Monday.") == 1
    assert "It waits for its turn." in seen
    assert "Robin wrote to the guest through guesty." in seen
    assert await hub.store.read(mail.lanes) >= {f"channel:{GUESTY}"}
    assert once(await manager.get(f"/stays/{stay}")) != once(page), "what is written next is another message"


async def test_the_page_says_what_became_of_a_message(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Anna Berg"]
    await furnish(hub, stay)
    await manager.post(f"/stays/{stay}/messages", text="Good morning!", once="a")
    path = f"/stays/{stay}?part=messages"
    await became(hub, stay, MessageState.HANDED_OVER)
    assert "guesty took it 14:02" in (await manager.get(path)).text
    await became(hub, stay, MessageState.REFUSED, "it does not take it as it is (422)")
    page = (await manager.get(path)).text
    assert "It was not sent: it does not take it as it is (422)." in page
    assert "Do not send it" in page
    await became(hub, stay, MessageState.UNKNOWN, "guesty did not answer")
    page = (await manager.get(path)).text
    assert "Nobody knows whether it arrived: guesty did not answer. Look at guesty before you send it again." in page
    (row,) = await hub.store.read(lambda tx: guest_messages.of_stay(tx, stay))
    assert (await manager.post(f"/stays/{stay}/messages/{row.id}/again")).status == 303
    assert "It waits for its turn." in (await manager.get(path)).text
    assert (await manager.post(f"/stays/{stay}/messages/{row.id}/again")).status == 409, "it waits for nobody"
    assert (await manager.post(f"/stays/{stay}/messages/{row.id}/let-go")).status == 303
    assert "It was not sent, and will not be." in (await manager.get(path)).text


async def test_what_was_typed_is_not_lost_where_it_is_refused(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Anna Berg"]
    await furnish(hub, stay)
    answer = await manager.post(f"/stays/{stay}/messages", text="Come <soon>! " + "x" * 2000, once="a")
    assert answer.status == 422
    assert "A message has at most 2000 characters, and this one has 2013." in answer.text
    assert "Come &lt;soon&gt;! xxx" in answer.html


async def test_where_the_channel_carries_no_messages_the_page_says_what_to_do(manager: Visitor) -> None:
    page = await manager.get(f"/stays/{manager.here.stays['Anna Berg']}")
    assert 'name="once"' not in page.html
    assert re.search(r"“[\w-]+” is a calendar, which carries no messages: write where the guest booked", page.text)
