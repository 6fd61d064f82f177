"""From a channel's webhook to the manager's mail server: what became of bookings arrives, and nothing arrives twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub import people, running
from hub.booking_news import BookingNews
from hub.config import Config
from hub.contracts import Delivery, Host
from hub.hub import Hub
from hub.model.people import PersonKind
from hub.model.values import Address
from hub.people import Who
from hub.running import World
from hub.store import alerts, codes
from hub.store import stays as ledger
from hub.store.alerts import Sent
from hub.store.stay_search import Wanted
from integrations.partner import Config as PartnerConfig
from integrations.partner import start
from integrations.partner.signature import sign
from tests.integrations.conftest import StoppedClock
from tests.integrations.email.smtp import Server, mail_server
from tests.integrations.email.test_email import mail
from tests.simulators.building import Memory
from tests.simulators.home import FEED, new_house, put_in

SECRET = "a-secret-of-at-least-16-characters"
BOOKING: dict[str, Any] = {
    "id": "B-1",
    "arrival": "2027-06-05",
    "departure": "2027-06-09",
    "guest": {"name": "Ada Lovelace"},
}


def _delivery(hub: Hub, id_: str, topic: str = "booking-created", **other: Any) -> Delivery:
    body, now = json.dumps({"id": id_, "booking": {**BOOKING, **other}}).encode(), hub.clock.now()
    return Delivery(FEED, id_, body, now, topic, sign(body, SECRET, now))


@asynccontextmanager
async def _hub(folder: Path, host: Host, server: Server, clock: StoppedClock) -> AsyncIterator[Hub]:
    """What takes in, promises and sends, as it runs in a house; the clock leaps to whatever is waited for."""
    told = {"database": str(folder / "gatehouse.db"), "state_dir": folder / "state", "key_file": folder / "key"}
    config = Config.model_validate(told)
    new_house(config)
    async with running.made(config, World(clock=clock, inline=True)) as hub:
        hub.plugins.add_channel(FEED, start(PartnerConfig.model_validate({"secret": SECRET}), host))
        hub.plugins.add_service("email", mail(server.address))
        news = BookingNews(hub.store, hub.bus, hub.clock, hub.wall, hub.vault, hub.plugins)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in (hub.inbox.read(), hub.outbox.run(), news.run())]
            yield hub
            for task in tasks:
                task.cancel()


async def _sent(hub: Hub, count: int) -> None:
    """Until so many messages are known to be sent."""
    async with hub.bus.listen("alerts") as nudges, asyncio.timeout(20):
        while [row.state for row in await hub.store.read(alerts.news_told)].count(Sent.SENT) < count:
            await anext(nudges)


async def test_what_a_channel_tells_reaches_the_manager_and_its_repetition_nobody(
    tmp_path: Path, host: Host, clock: StoppedClock
) -> None:
    async with mail_server() as server:
        async with _hub(tmp_path, host, server, clock) as hub:
            await hub.store.write(lambda tx: put_in(tx, hub, [Memory(Address("front"))], {}))
            rosa = Who("Rosa", PersonKind.MANAGER, email="rosa@example.com")
            await hub.store.write(lambda tx: people.add(tx, hub.desk, rosa, "account:Robin"))
            first = _delivery(hub, "evt-1")
            assert await hub.inbox.accept(first)
            await _sent(hub, 1)
            digits = await _digits(hub)
            assert not await hub.inbox.accept(first)
            assert await hub.inbox.accept(_delivery(hub, "evt-2", "booking-updated"))
            assert await hub.inbox.accept(_delivery(hub, "evt-3", "booking-updated", departure="2027-06-11"))
            await _sent(hub, 2)
            assert await hub.inbox.accept(_delivery(hub, "evt-4", "booking-cancelled", departure="2027-06-11"))
            await _sent(hub, 3)
        async with _hub(tmp_path, host, server, clock) as hub:
            assert await hub.inbox.accept(
                _delivery(hub, "evt-5", "booking-created", id="B-2", arrival="2027-07-01", departure="2027-07-03")
            )
            await _sent(hub, 4)
    assert [message["Subject"] for message in server.messages] == [
        "New booking: Flat, 5–9 June",
        "Changed booking: Flat, 5–11 June",
        "Cancelled booking: Flat, 5–11 June",
        "New booking: Flat, 1–3 July",
    ]
    assert {rcpt for _, rcpt in server.envelopes} == {("rosa@example.com",)}
    bodies = [message.get_body(("plain",)) for message in server.messages]
    texts = [body.get_content() for body in bodies if body is not None]
    assert "Ada Lovelace. From feed. Its code works from 5 June, 14:00 to 9 June, 11:00." in texts[0]
    assert (
        "Moved from 5–9 June to 5–11 June, by feed. Its code now works from 5 June, 14:00 to 11 June, 11:00."
        in texts[1]
    )
    assert "By feed: its source cancelled it. Its code leaves the locks." in texts[2]
    assert digits
    assert not any(pin in text for pin in digits for text in texts)


async def _digits(hub: Hub) -> list[str]:
    """The code of the one stay there is."""

    def work(tx: Any) -> list[str]:
        (stay,) = ledger.search(tx, Wanted())
        return [
            hub.vault.open_pin(each.sealed_pin, about=f"grant:{each.grant.id}").reveal()
            for each in codes.issued_for(tx, stay.id)
            if each.sealed_pin is not None
        ]

    return await hub.store.read(work)


@pytest.mark.parametrize("answer", ["450 try again", "550 no such mailbox"])
async def test_a_server_that_refuses_is_asked_again_only_where_that_may_help(
    tmp_path: Path, host: Host, clock: StoppedClock, answer: str
) -> None:
    async with mail_server() as server, _hub(tmp_path, host, server, clock) as hub:
        server.answers["RCPT"] = answer
        await hub.store.write(lambda tx: put_in(tx, hub, [Memory(Address("front"))], {}))
        rosa = Who("Rosa", PersonKind.MANAGER, email="rosa@example.com")
        await hub.store.write(lambda tx: people.add(tx, hub.desk, rosa, "account:Robin"))
        async with hub.bus.listen("alerts", "health") as nudges, asyncio.timeout(20):
            assert await hub.inbox.accept(_delivery(hub, "evt-1"))
            while not server.tried or not [row for row in await hub.store.read(alerts.news_told) if row.why]:
                await anext(nudges)
        (told,) = await hub.store.read(alerts.news_told)
        assert told.state is (Sent.REFUSED if answer.startswith("5") else Sent.WAITING)
        server.answers.clear()
        if told.state is Sent.WAITING:
            await _sent(hub, 1)
    assert len(server.messages) == (1 if answer.startswith("4") else 0)
