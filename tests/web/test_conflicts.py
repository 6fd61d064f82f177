"""Sold twice: side by side, and each way out of it."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

from hub import bookings
from hub.hub import Hub
from hub.model.availability import OwnRules
from hub.model.facts import StayReport, StayReported
from hub.model.values import ChannelId, StayId, StayKind, StayStatus, UnitId
from hub.store import conflicts, house, stays
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.stay_search import Wanted
from tests.web.conftest import Visitor
from tests.web.village import AIRBNB

FIRST, LAST = date(2027, 2, 1), date(2027, 2, 4)


async def _sold_twice(manager: Visitor) -> tuple[StayId, StayId]:
    hub = manager.here.hub
    for uid, guest in (("one", "Ada Lovelace"), ("two", "Bob Boole")):
        report = StayReport(uid, StayKind.RESERVATION, StayStatus.CONFIRMED, FIRST, LAST, guest=guest)
        fact = StayReported(AIRBNB, hub.clock.now(), report)
        await hub.store.write(partial(_told, hub, fact))
    rows = await hub.store.read(lambda tx: stays.search(tx, Wanted(limit=200)))
    ids = {row.guest: row.id for row in rows}
    return ids["Ada Lovelace"], ids["Bob Boole"]


def _told(hub: Hub, fact: StayReported, tx: Tx) -> None:
    hub.intake.absorb(tx, fact, AIRBNB)


async def test_nothing_sold_twice_is_said_so(manager: Visitor) -> None:
    assert "Nothing was sold twice" in (await manager.get("/stays/conflicts")).text
    assert "/stays/conflicts" not in (await manager.get("/stays")).html


async def test_both_stand_side_by_side_and_the_second_is_moved(manager: Visitor) -> None:
    _, bob = await _sold_twice(manager)
    assert "/stays/conflicts" in (await manager.get("/stays")).html
    page = await manager.get("/stays/conflicts")
    assert page.text.index("Ada Lovelace") < page.text.index("Bob Boole")
    assert "Keeps the code." in page.text
    assert "Gets no code until you decide." in page.text
    assert "was sold twice" in (await manager.get("/health")).text
    assert "Move Bob Boole to" in page.text
    assert (await manager.post(f"/stays/{bob}/move", unit="nowhere")).status == 422
    assert (await manager.post(f"/stays/{bob}/move", unit="flat-2")).status == 303
    assert "Nothing was sold twice" in (await manager.get("/stays/conflicts")).text
    assert await manager.here.hub.store.read(lambda tx: conflicts.has_code(tx, bob))


async def test_a_move_that_only_the_house_s_own_rules_are_against_takes_two_presses(manager: Visitor) -> None:
    hub, (_, bob) = manager.here.hub, await _sold_twice(manager)
    own = OwnRules(no_arrival=frozenset(range(7)))
    for unit in await hub.store.read(house.units):
        await hub.store.write(lambda tx, id_=unit.id: bookings.set_rules(tx, hub.desk, None, id_, own, "manager"))  # type: ignore[misc]
    page = await manager.get("/stays/conflicts")
    assert "No other unit is free then as the house's own rules have it." in page.text
    assert "against the rules" in page.text
    assert "anyway" not in page.text
    asked = await manager.post(f"/stays/{bob}/move", unit="flat-2")
    assert (asked.status, "Nobody may arrive on 2027-02-01." in asked.text) == (422, True)
    assert "Move Bob Boole to" in asked.text
    assert (await manager.post(f"/stays/{bob}/move", unit="flat-1", anyway="anyway")).status == 422
    assert (await manager.post(f"/stays/{bob}/move", unit="flat-2", anyway="anyway")).status == 303
    assert "Nothing was sold twice" in (await manager.get("/stays/conflicts")).text


async def test_a_closure_on_a_guest_s_nights_stands_there_until_somebody_says_who_comes(manager: Visitor) -> None:
    hub, other = manager.here.hub, ChannelId("other-flat-1")
    sealed = house.sealed_settings(other, {}, hub.vault)
    row = ChannelRow(other, UnitId("flat-1"), "ical", sealed, Origin.SITE)
    await hub.store.write(lambda tx: house.keep_channel(tx, row))
    for channel, guest, kind in ((AIRBNB, "Ada Lovelace", StayKind.RESERVATION), (other, "", StayKind.BLOCK)):
        report = StayReport("one", kind, StayStatus.CONFIRMED, FIRST, LAST, guest=guest)
        await hub.store.write(partial(_told, hub, StayReported(channel, hub.clock.now(), report)))
    assert "/stays/conflicts" in (await manager.get("/stays")).html
    page = await manager.get("/stays/conflicts")
    assert "other-flat-1 has closed" in page.text
    assert "Nothing was sold twice" not in page.text
    assert "other-flat-1 has closed" in (await manager.get("/health")).text
    found = re.search(r'action="/questions/(\w+)"', page.html)
    assert found is not None
    await manager.post(f"/questions/{found[1]}", answer="reservation")
    page = await manager.get("/stays/conflicts")
    assert ("has closed" in page.text, "Keeps the code." in page.text) == (False, True)


async def test_both_may_come(manager: Visitor) -> None:
    ada, bob = await _sold_twice(manager)
    assert (await manager.post(f"/stays/{bob}/share", other=ada)).status == 303
    assert await manager.here.hub.store.read(lambda tx: conflicts.has_code(tx, bob))
    assert (await manager.post(f"/stays/{bob}/share", other=ada)).status == 422
