"""What may be booked, decided and asked on the pages."""

from __future__ import annotations

import re
from datetime import date, timedelta

from hub.bookings import set_rules
from hub.intake import NewStay
from hub.model.availability import OwnRules
from hub.model.values import UnitId
from hub.model.workflow import NoShow
from hub.store import bookings
from hub.store.engine import Tx
from tests.web.conftest import Visitor
from tests.web.village import HOUSE

NEW = {"guest": "Ada Lovelace", "unit": "flat-2", "arrival": "2026-12-20", "departure": "2026-12-23"}
FLAT = UnitId("flat-2")


async def _own(manager: Visitor, about: str) -> OwnRules:
    return await manager.here.hub.store.read(lambda tx: bookings.own_rules(tx, about))


async def test_a_property_and_a_unit_have_rules_of_their_own(manager: Visitor) -> None:
    text = (await manager.get(f"/settings/booking/{HOUSE}")).text
    assert "Nobody can come on the day on which somebody leaves: 12 h" in text
    told = await manager.post(f"/settings/booking/{HOUSE}", buffer="4", turnover=["5", "6"], pets="no")
    assert told.status == 303
    assert await _own(manager, f"property:{HOUSE}") == OwnRules(
        buffer=timedelta(hours=4), turnover=frozenset({5, 6}), pets=False
    )
    missed = {"no_show": "free", "no_show_after": "6"}
    assert (await manager.post(f"/settings/booking/{HOUSE}", buffer="4", turnover=["5", "6"], **missed)).status == 303
    own = await _own(manager, f"property:{HOUSE}")
    assert (own.no_show, own.no_show_after) == (NoShow.FREE, timedelta(hours=6))
    assert (await manager.post(f"/settings/booking/{HOUSE}", no_show_after="0.5")).status == 422
    page = await manager.get(f"/settings/booking/{HOUSE}")
    assert '<option value="free" selected' in page.html
    assert "Nobody can come" not in page.text
    assert len(re.findall(r'name="turnover" value="[56]" checked', page.html)) == 2
    assert (await manager.post(f"/units/{FLAT}/booking", min_nights="3")).status == 303
    assert (await _own(manager, f"unit:{FLAT}")).min_nights == 3
    refused = await manager.post(f"/units/{FLAT}/booking", min_nights="9", max_nights="4")
    assert (refused.status, "at least than at most" in refused.text) == (422, True)


async def test_the_rules_say_what_the_time_between_stays_costs(manager: Visitor) -> None:
    hub = manager.here.hub
    first, set_up = date(2027, 1, 5), OwnRules(buffer=timedelta(hours=28), advance_days=365)

    def book(tx: Tx) -> None:
        set_rules(tx, hub.desk, None, FLAT, set_up, "account:Robin")
        hub.intake.add_stay(tx, NewStay(FLAT, first, first + timedelta(days=4), "Ada Lovelace"), "account:Robin")

    await hub.store.write(book)
    text = (await manager.get(f"/units/{FLAT}/booking")).text
    assert "January 2027 4 of 31 nights booked, 0 closed or held, 25 free 2 lost (6.4 %)" in text
    assert "Nights lost to the time between stays" in (await manager.get(f"/settings/booking/{HOUSE}")).text


async def test_what_the_page_does_not_show_stays_and_half_hours_are_hours_too(manager: Visitor) -> None:
    hub = manager.here.hub
    kept = OwnRules(stale_after=timedelta(hours=5))
    await hub.store.write(lambda tx: set_rules(tx, hub.desk, None, FLAT, kept, "ada"))
    assert (await manager.post(f"/units/{FLAT}/booking", buffer="1.5")).status == 303
    assert await _own(manager, f"unit:{FLAT}") == OwnRules(buffer=timedelta(minutes=90), stale_after=timedelta(hours=5))
    assert 'value="1.5"' in (await manager.get(f"/units/{FLAT}/booking")).html


async def test_a_stay_against_the_rules_is_refused_in_words_and_added_anyway(manager: Visitor) -> None:
    assert (await manager.post("/stays/new", **NEW)).status == 303
    next_day = NEW | {"arrival": "2026-12-23", "departure": "2026-12-24"}
    refused = await manager.post("/stays/new", **next_day)
    assert refused.status == 422
    assert "There must be 12 h between two stays." in refused.text
    assert "Add the stay anyway" in refused.text
    assert (await manager.post("/stays/new", **next_day, anyway="anyway")).status == 303
    twice = await manager.post("/stays/new", **next_day, anyway="anyway")
    assert "Somebody else stays there" in twice.text
    assert "anyway" not in twice.text


async def test_days_are_closed_on_the_page_of_the_unit(manager: Visitor) -> None:
    refused = await manager.post(f"/units/{FLAT}/closures", kind="maintenance", first="2026-12-21", until="2026-12-21")
    assert refused.status == 422
    told = {"kind": "maintenance", "first": "2026-12-21", "until": "2026-12-22", "note": "painter"}
    assert (await manager.post(f"/units/{FLAT}/closures", **told)).status == 303
    page = await manager.get(f"/units/{FLAT}/booking")
    assert "Work in it 2026-12-21, open again on 2026-12-22: painter" in page.text
    assert "There is work in it" in (await manager.post("/stays/new", **NEW)).text
    reopen = re.search(r'action="(/closures/[^"]+/reopen)"', page.html)
    assert reopen is not None
    assert (await manager.post(reopen[1])).status == 303
    assert (await manager.post("/stays/new", **NEW)).status == 303


async def test_nights_are_held_booked_and_released(manager: Visitor) -> None:
    nights = {name: NEW[name] for name in ("unit", "arrival", "departure")}
    assert (await manager.post("/stays/holds", **nights, label="Ada", minutes="60")).status == 303
    page = await manager.get("/stays/holds")
    assert "Ada Flat 2, 2026-12-20 to 2026-12-23" in page.text
    for asked in ("", "?q=ADA", "?q=flat+2&kind=hold", "?first=2026-12-22&last=2026-12-22", "?source=here"):
        found = (await manager.get(f"/stays{asked}")).text
        assert re.search(r"Ada held until .* Confirm Let go", found), asked
    for asked in (
        "?q=grace",
        "?unit=flat-1",
        "?kind=owner",
        "?last=2026-12-19",
        "?first=2026-12-24",
        "?show=past",
        "?show=cancelled",
    ):
        assert "held until" not in (await manager.get(f"/stays{asked}")).text, asked
    assert "Somebody holds some of these nights" in (await manager.post("/stays/new", **NEW)).text
    book = re.search(r'href="(/stays/new\?hold=([^"]+))"', page.html)
    assert book is not None
    assert 'value="2026-12-20"' in (await manager.get(book[1])).html
    assert (await manager.post("/stays/new", **NEW, hold=book[2])).status == 303
    assert "Nothing is held" in (await manager.get("/stays/holds")).text
    other = nights | {"arrival": "2027-01-02", "departure": "2027-01-03"}
    assert (await manager.post("/stays/holds", **other, minutes="60")).status == 303
    release = re.search(r'action="(/holds/[^"]+/release)"', (await manager.get("/stays/holds")).html)
    assert release is not None
    assert (await manager.post(release[1], back="stays")).headers["Location"] == "/stays"
    assert "Nothing is held" in (await manager.get("/stays/holds")).text


async def test_what_whoever_cancels_gets_back_is_said_by_the_rules_and_asked_for_on_today(manager: Visitor) -> None:
    wrong = await manager.post(f"/units/{FLAT}/booking", refunds="30: 50, 14: 100")
    assert "The refund rule gives back no more to whoever cancels later." in wrong.text
    assert (await manager.post(f"/units/{FLAT}/booking", refunds="1: 50", refund_fee="10")).status == 303
    rules = await manager.get(f"/units/{FLAT}/booking")
    assert 'value="1: 50"' in rules.html
    assert "given back: 50 % until 1 day before check-in, then nothing" in rules.text
    stay = (await manager.post("/stays/new", **NEW, price="450.50", currency="EUR")).headers["Location"]
    asked = await manager.get(f"{stay}/cancel")
    assert "202.73 EUR of 450.50 EUR is to be given back (50 %, less a fee of 22.52 EUR)" in asked.text
    assert (await manager.post(f"{stay}/cancel")).status == 303
    today = await manager.get("/")
    assert "was cancelled: 202.73 EUR of 450.50 EUR is to be given back" in today.text
    assert "It is given back" in today.text
    other = (await manager.post("/stays/new", **NEW, price="100", currency="EUR")).headers["Location"]
    await manager.post(f"{other}/cancel", in_full="yes")
    assert "all of 100.00 EUR is to be given back" in (await manager.get(other)).text
