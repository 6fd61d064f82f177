"""Stays of one booking: shown together, and booked, moved and cancelled with one question."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from hub.intake import NewStay
from hub.model.facts import StayReport, StayReported
from hub.model.values import StayId, StayKind, StayStatus, UnitId
from hub.store import stays
from hub.store.engine import Tx
from hub.store.stay_search import Wanted
from tests.web.conftest import Visitor
from tests.web.village import AIRBNB, BOOKING, DIRECT

NEW = {"guest": "Ada Lovelace", "unit": "flat-2", "arrival": "2026-12-20", "departure": "2026-12-23"}


def _of_ada(arrival: date) -> NewStay:
    return NewStay(UnitId("garden"), arrival, arrival + timedelta(days=2), "Ada Lovelace")


async def test_stays_of_one_booking_are_shown_on_each_of_their_pages(manager: Visitor) -> None:
    hub = manager.here.hub

    def group(tx: Tx) -> list[StayId]:
        ids = [hub.intake.add_stay(tx, _of_ada(date(2026, 12, day)), "console") for day in (1, 5, 9)]
        for id_ in ids[:2]:
            row = stays.stay(tx, id_)
            assert row is not None
            stays.keep(tx, replace(row, reference="HMGROUP123", guests=2))
        return ids

    first, second, third = await hub.store.write(group)
    page = await manager.get(f"/stays/{first}")
    same, _, others = page.html.partition("Other stays under this name")
    assert "In the same booking" in same
    assert "With this one 1 unit for 4 guests." in page.text
    assert "Garden room Sat 5 Dec to Mon 7 Dec · 2 guests Expected" in page.text
    assert f'href="/stays/{second}"' in same
    assert f'href="/stays/{second}"' not in others, "not twice"
    assert f'href="/stays/{third}"' in others
    assert "In the same booking" not in (await manager.get(f"/stays/{third}")).text
    await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, second, "console"))
    assert "With this one 1 unit for 2 guests, and 1 cancelled." in (await manager.get(f"/stays/{first}")).text


async def test_a_party_books_several_units_with_one_form_and_moves_and_cancels_them_with_one_question(
    manager: Visitor,
) -> None:
    form = await manager.get("/stays/new")
    assert "More units for the same party" in form.text
    party = NEW | {"unit": "flat-1", "guests": "2", "price": "200", "currency": "EUR"}
    party |= {"guests:flat-2": "3", "price:flat-2": "250,50"}
    several = {"also": ["flat-2", "garden"]}
    nonsense = await manager.post("/stays/new", **party | {"price:flat-2": "much"} | several)
    assert (nonsense.status, 'value="much"' in nonsense.html) == (422, True)
    forgotten = await manager.post("/stays/new", **party | several | {"guests:loft": "9"})
    assert "Something stands beside “loft”, which is not ticked" in forgotten.text
    answer = await manager.post("/stays/new", **party | several)
    assert answer.status == 303, answer.text
    here = answer.headers["Location"]
    page = await manager.get(here)
    assert "A stay is added in each of the units." in page.text
    assert "With this one 3 units." in page.text
    assert "450.50 EUR in all, and 1 stay without a price." in page.text
    assert "3 guests · 250.50 EUR" in page.text
    more = re.search(r'href="([^"]+)">Add a unit', page.html)
    assert more is not None
    joining = await manager.get(more[1].replace("&amp;", "&"))
    reference = re.search(r'id="f-reference"[^>]*value="(G-[^"]+)"', joining.html)
    assert reference is not None
    assert f'value="{NEW["arrival"]}"' in joining.html
    assert (
        f'id="f-reference" name="reference" type="text" value="{reference[1]}"'
        in (await manager.get(f"{here}/change")).html
    )
    again = await manager.post("/stays/new", **party | several)
    assert again.status == 422
    assert all(f"{unit}: " in again.text for unit in ("Flat 1", "Flat 2", "Garden room"))

    asked = await manager.get(f"{here}/group/change")
    assert "3 stays" in asked.text
    listed = re.findall(r'name="stay" value="(\w+)"', asked.html)
    days = {"arrival": "2026-12-22", "departure": "2026-12-24", "check_in": "", "check_out": ""}
    moved = await manager.post(f"{here}/group/change", stay=listed, **days)
    assert (moved.status, moved.headers["Location"]) == (303, here)
    assert (await manager.get(here)).text.count("Tue 22 Dec") >= 3

    some = await manager.post(f"{here}/group/cancel", stay=listed[:1])
    assert some.status == 422
    assert "look again at what would be touched" in some.text
    await manager.post("/units/flat-2/booking", refunds="1: 50")
    asked = await manager.get(f"{here}/group/cancel")
    assert all(unit in asked.text for unit in ("Flat 1", "Flat 2", "Garden room"))
    assert "3 guests · 250.50 EUR 125.25 EUR of 250.50 EUR is to be given back (50 %)" in asked.text
    assert (await manager.post(f"{here}/group/cancel", stay=listed, in_full="yes")).status == 303
    today = (await manager.get("/")).text
    assert all(f"all of {price} EUR is to be given back" in today for price in ("200.00", "250.50"))
    page = await manager.get(here)
    assert "and 3 cancelled" in page.text
    assert (await manager.post(f"{here}/group/restore", stay=listed)).status == 303
    assert "With this one 3 units." in (await manager.get(here)).text


async def test_a_number_that_two_channels_gave_by_chance_makes_no_group(manager: Visitor) -> None:
    hub, anna = manager.here.hub, manager.here.stays["Anna Berg"]
    kind, status = StayKind.RESERVATION, StayStatus.CONFIRMED
    for channel, day in ((AIRBNB, 14), (BOOKING, 14), (DIRECT, 28)):
        first = date(2026, 12, day)
        told = StayReport("n", kind, status, first, first + timedelta(days=2), guest=f"G {channel}", reference="4711")
        fact = StayReported(channel, hub.clock.now(), told)
        await hub.store.write(lambda tx, fact=fact: hub.intake.absorb(tx, fact, fact.channel))  # type: ignore[misc]
    [one] = await hub.store.read(lambda tx: stays.search(tx, Wanted(text=f"G {AIRBNB}")))
    page = await manager.get(f"/stays/{one.id}")
    assert "With this one 2 units." in page.text, "of the same nights"
    assert f"G {BOOKING}" in page.text
    assert f"G {DIRECT}" not in page.text
    assert "In the same booking" not in (await manager.get(f"/stays/{anna}")).text
