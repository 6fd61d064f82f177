"""Calendars of an account that cannot be read: on its card, until they are read again."""

from __future__ import annotations

from datetime import date, timedelta

from hub.model.facts import NightsTold, NightsUntold
from hub.model.values import ChannelId, UnitId
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from tests.web.conftest import Visitor

ACCOUNT = ChannelId("manager")


async def test_the_card_says_in_which_calendar_nobody_sees_what_people_closed(manager: Visitor) -> None:
    hub = manager.here.hub
    now = hub.clock.now()

    def furnish(tx: Tx) -> None:
        sealed = house.sealed_settings(ACCOUNT, {}, hub.vault)
        units = {"L-1": UnitId("garden"), "L-2": UnitId("studio")}
        house.keep_channel(tx, ChannelRow(ACCOUNT, None, "guesty", sealed, Origin.SITE, units))
        for listing in ("L-1", "L-2"):
            hub.intake.absorb(tx, NightsUntold(ACCOUNT, now, listing, "it answers 500"), ACCOUNT)

    await hub.store.write(furnish)
    page = (await manager.get("/channels")).text
    assert "in the calendar of L-1 and 1 other cannot be read: it answers 500." in page
    first = date(2027, 3, 1)
    for listing in ("L-1", "L-2"):
        fact = NightsTold(ACCOUNT, now, listing, first, first + timedelta(days=9), frozenset())
        await hub.store.write(lambda tx, fact=fact: hub.intake.absorb(tx, fact, ACCOUNT))  # type: ignore[misc]
    assert "cannot be read: it answers" not in (await manager.get("/channels")).text
