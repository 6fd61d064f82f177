"""Stays: finding them, one stay with its code, and adding, changing and cancelling."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

import pytest

from hub.intake import NewStay
from hub.model.facts import CalendarRead, StayReport, StayReported
from hub.model.money import Money
from hub.model.price_lines import LineKind, PriceLine
from hub.model.values import ChannelId, StayId, StayKind, StayStatus, UnitId
from hub.store import codes, guests, house, log, stays
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.stay_search import Wanted
from tests.web.conftest import Visitor
from tests.web.village import AIRBNB, TODAY, tell

NEW = {"guest": "Ada Lovelace", "unit": "flat-2", "arrival": "2026-12-20", "departure": "2026-12-23"}


async def _row(visitor: Visitor, id_: StayId) -> stays.StayRow:
    row = await visitor.here.hub.store.read(lambda tx: stays.stay(tx, id_))
    assert row is not None
    return row


async def _deeds(visitor: Visitor, id_: StayId) -> list[tuple[str, str]]:
    found = await visitor.here.hub.store.read(lambda tx: log.deeds(tx, f"stay:{id_}"))
    return [(deed.actor, deed.action) for deed in found]


# ---- finding --------------------------------------------------------------------------------------------------------


async def test_the_list_begins_with_who_is_here_and_goes_on_with_who_comes(manager: Visitor) -> None:
    text = (await manager.get("/stays")).text
    order = ["Tom Okafor", "Priya Natarajan", "Anna Berg", "Mary Jackson", "Grace Hopper", "Ilse Cornelissen"]
    assert sorted(order, key=text.index) == order
    assert "Edsger Dijkstra" not in text


@pytest.mark.parametrize(
    ("q", "found"), [("berg", "Anna Berg"), ("HMZZ", "HMZZTOP987"), ("ñandú", "José Ñandú-Müller")]
)
async def test_a_stay_is_found_by_guest_and_by_reference(manager: Visitor, q: str, found: str) -> None:
    text = (await manager.get(f"/stays?q={q}")).text
    assert found in text
    assert "Tom Okafor" not in text


@pytest.mark.parametrize("q", ["4711", "+49 170 123 4711", "…4711"])
async def test_a_stay_is_found_by_the_telephone_that_rings(manager: Visitor, q: str) -> None:
    await manager.post("/stays/new", **NEW, phone="0170 1234711")
    text = (await manager.get(f"/stays?q={quote(q)}")).text
    assert NEW["guest"] in text
    assert "Tom Okafor" not in text


async def test_nothing_found_says_what_was_looked_for_and_harmlessly(manager: Visitor) -> None:
    answer = await manager.get("/stays?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "Nothing found for “<script>alert(1)</script>”" in answer.text.replace("“ ", "“")
    assert "<script>alert" not in answer.html


async def test_cancelled_and_unclear_stays_have_lists_of_their_own(manager: Visitor) -> None:
    assert "Edsger Dijkstra" in (await manager.get("/stays?show=cancelled")).text
    assert "Edsger Dijkstra" not in (await manager.get("/stays?show=unclear")).text


async def test_past_stays_are_listed_the_latest_first_page_by_page(manager: Visitor) -> None:
    hub, clock = manager.here.hub, manager.here.clock

    def add(tx: Tx) -> None:
        for number in range(60):
            first = date(2027, 1, 1) + timedelta(days=number)
            hub.intake.add_stay(
                tx, NewStay(UnitId("flat-2"), first, first + timedelta(days=1), f"Guest {number:02}"), "console"
            )

    await hub.store.write(add)
    clock.at = datetime(2027, 6, 1, tzinfo=UTC)
    await manager.sign_in()
    seen: list[str] = []
    path = "/stays?show=past"
    while path:
        page = await manager.get(path)
        seen += re.findall(r"Guest \d\d", page.text)
        older = re.search(r'href="([^"]+)">More stays', page.html)
        path = "" if older is None else older[1].replace("&amp;", "&")
    assert seen == [f"Guest {number:02}" for number in reversed(range(60))]


@pytest.mark.parametrize(
    ("asked", "found", "not_found"),
    [
        ("q=garden", "Mary Jackson", "Anna Berg"),
        ("unit=flat-1", "Anna Berg", "Mary Jackson"),
        ("source=here", "Mary Jackson", "Anna Berg"),
        ("source=airbnb-flat-1", "Anna Berg", "Mary Jackson"),
        ("first=2026-11-24&last=2026-11-30", "Grace Hopper", "Anna Berg"),
        ("last=2026-11-20", "Anna Berg", "Mary Jackson"),
        ("first=nonsense&last=9999-12-31", "Anna Berg", "Edsger Dijkstra"),
    ],
)
async def test_stays_are_narrowed_down_by_unit_source_and_days(
    manager: Visitor, asked: str, found: str, not_found: str
) -> None:
    page = await manager.get(f"/stays?{asked}")
    assert found in page.text
    assert not_found not in page.text


async def test_what_was_asked_for_stays_from_page_to_page_and_list_to_list(manager: Visitor) -> None:
    page = await manager.get("/stays?q=berg&unit=flat-1&first=2026-11-01")
    assert 'href="/stays?show=past&amp;q=berg&amp;unit=flat-1&amp;first=2026-11-01"' in page.html
    assert '<details class="more-filters" open>' in page.html


async def test_a_broken_cursor_is_a_first_page(manager: Visitor) -> None:
    assert "Tom Okafor" in (await manager.get("/stays?after=nonsense_x")).text


# ---- one stay -------------------------------------------------------------------------------------------------------


async def test_a_stays_page_tells_where_its_codes_are_and_what_happened(manager: Visitor) -> None:
    text = (await manager.get(f"/stays/{manager.here.stays['Priya Natarajan']}")).text
    assert "Front door Code proven confirmed by the lock" in text
    assert "Priya Natarajan unlocked Garden room." in text
    assert "The code is in Garden room." in text
    assert "Robin added the stay." in text
    assert "+49 170 1234567" in text
    assert "The stay ends, and the code leaves the locks. 18:00" in text


async def test_the_digits_are_on_no_page_until_somebody_asks_and_that_is_written_down(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    entries = await manager.here.hub.store.read(lambda tx: codes.issued_for(tx, id_))
    assert entries[0].sealed_pin is not None
    pin = manager.here.hub.vault.open_pin(entries[0].sealed_pin, about=f"grant:{entries[0].grant.id}").reveal()
    for path in ("/", "/stays", f"/stays/{id_}", "/locks/front", "/log", "/log.csv"):
        assert pin not in (await manager.get(path)).html, path
    shown = await manager.post(f"/stays/{id_}/code", headers={"HX-Request": "true"})
    assert pin in shown.text
    assert ("account:Robin", "code shown") in await _deeds(manager, id_)
    assert pin not in (await manager.get(f"/stays/{id_}")).html
    assert "Robin looked at the code." in (await manager.get(f"/stays/{id_}")).text


async def test_without_script_the_code_is_shown_on_the_whole_page(manager: Visitor) -> None:
    shown = await manager.post(f"/stays/{manager.here.stays['Anna Berg']}/code")
    assert "<html" in shown.html
    assert re.search(r'id="pin-1"[^>]*>\d{6}<', shown.html)


async def test_where_guests_have_no_page_the_text_for_them_carries_the_code(manager: Visitor) -> None:
    shown = await manager.post(f"/stays/{manager.here.stays['Anna Berg']}/for-guest")
    assert re.search(r"Hello Anna Berg, your code for Flat 1 and Front door is \d{6}\.", shown.text)
    assert "It works from Friday 20 November, 15:00 until Monday 23 November, 11:00." in shown.text


async def test_there_is_no_text_for_a_guest_whose_code_could_still_change(manager: Visitor) -> None:
    shown = await manager.post(f"/stays/{manager.here.stays['Familie van der Meer']}/for-guest")
    assert "The guest is not told the code yet: not every lock has confirmed the code." in shown.text
    assert not re.search(r"\d{6}", shown.text.split("A text for the guest")[1])


async def test_a_stay_without_a_code_shows_none_and_says_why(manager: Visitor) -> None:
    id_ = manager.here.stays["Edsger Dijkstra"]
    assert "The stay is cancelled. Its codes are gone from the locks." in (await manager.get(f"/stays/{id_}")).text
    assert (await manager.post(f"/stays/{id_}/code")).status == 409


@pytest.mark.parametrize("part", ["live", "timeline"])
async def test_the_parts_of_a_stay_can_be_fetched_again(manager: Visitor, part: str) -> None:
    answer = await manager.get(f"/stays/{manager.here.stays['Anna Berg']}?part={part}")
    assert answer.status == 200
    assert "<html" not in answer.html


async def test_another_code_can_be_drawn(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    before = await manager.here.hub.store.read(lambda tx: {entry.grant.tag for entry in codes.issued_for(tx, id_)})
    assert (await manager.post(f"/stays/{id_}/redraw")).status == 303
    after = await manager.here.hub.store.read(lambda tx: {entry.grant.tag for entry in codes.issued_for(tx, id_)})
    assert not before & after


# ---- forms ----------------------------------------------------------------------------------------------------------


async def test_a_stay_by_telephone_gets_its_code_at_once(manager: Visitor) -> None:
    answer = await manager.post("/stays/new", **NEW, phone="+49 30 123456", check_in="13:30")
    assert answer.status == 303
    page = (await manager.get(answer.headers["Location"])).text
    assert "Ada Lovelace" in page
    assert "The stay is added." in page
    assert "Goes in Sun 20 Dec, 12:30" in page
    assert "+49 30 123456" in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"guest": " "}, "The guest's name is needed."),
        ({"arrival": "soon"}, "The day of arrival: write the day like 2026-11-21."),
        ({"departure": "2026-12-20"}, "The departure must be after the arrival."),
        ({"arrival": "2026-11-20", "departure": "2026-11-21"}, "Somebody else stays there on some of these nights."),
        ({"arrival": "2026-10-01", "departure": "2026-10-03"}, "The day of arrival is over."),
        ({"unit": "castle"}, "There is no unit called “castle”."),
        ({"check_in": "25:00"}, "From: write the time like 15:00."),
    ],
)
async def test_a_stay_that_cannot_be_is_refused_with_the_reason_and_the_form_keeps_what_was_typed(
    manager: Visitor, changed: dict[str, str], sentence: str
) -> None:
    before = await manager.here.hub.store.read(lambda tx: stays.search(tx, Wanted()))
    answer = await manager.post("/stays/new", **NEW | {"phone": "0170 1"} | changed)
    assert answer.status == 422
    assert sentence in answer.text
    assert 'value="0170 1"' in answer.html
    assert await manager.here.hub.store.read(lambda tx: stays.search(tx, Wanted())) == before


async def test_an_error_is_tied_to_its_field(manager: Visitor) -> None:
    html = (await manager.post("/stays/new", **NEW | {"arrival": "soon"})).html
    field = re.search(r'<input[^>]*id="f-arrival"[^>]*>', html)
    assert field is not None
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-describedby="e-arrival"' in field[0]
    assert 'id="e-arrival"' in html


async def test_a_late_check_out_moves_the_end_of_the_code(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    answer = await manager.post(f"/stays/{id_}/change", departure="2026-11-23", check_out="16:00")
    assert answer.status == 303
    assert (await _row(manager, id_)).check_out == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    entries = await manager.here.hub.store.read(lambda tx: codes.issued_for(tx, id_))
    assert {entry.grant.window.end for entry in entries} == {datetime(2026, 11, 23, 15, 0, tzinfo=UTC)}


async def test_an_empty_line_of_hours_means_the_usual_ones(manager: Visitor) -> None:
    added = await manager.post("/stays/new", **NEW, check_in="12:00")
    where = added.headers["Location"].partition("?")[0]
    await manager.post(f"{where}/change", departure=NEW["departure"], check_in="", check_out="")
    row = await _row(manager, StayId(where.rpartition("/")[2]))
    assert (row.own_check_in, row.own_check_out) == (row.check_in, None)
    assert row.check_in == datetime(2026, 12, 20, 14, 0, tzinfo=UTC)


async def test_a_booking_that_was_taken_down_wrong_is_put_right(manager: Visitor) -> None:
    """Of a stay made here everything may be said anew; an empty line takes away what stood there."""
    added = await manager.post(
        "/stays/new", **NEW | {"phone": "0170 1", "email": "a@example.com", "guests": "3", "pets": "1"}
    )
    where = added.headers["Location"].partition("?")[0]
    form = (await manager.get(f"{where}/change")).html
    for shown in ('name="phone" type="tel" value="0170 1"', 'name="guests"', 'name="arrival"', "a@example.com"):
        assert shown in form
    told = {"guest": "Ada King", "phone": "", "email": "b@example.com", "guests": "4", "children": "1", "note": "late"}
    told |= {
        "special_requests": "A cot.\r\nLate dinner.",
        "purpose": "business",
        "company": "Analytical Ltd",
        "country": "",
    }
    answer = await manager.post(f"{where}/change", **{name: NEW[name] for name in ("arrival", "departure")} | told)
    assert answer.status == 303
    page = await manager.get(where)
    assert "4 guests, 1 child among them, 1 pet" in page.text
    assert "b@example.com" in page.text
    assert "0170 1" not in page.text
    assert "Ada King" in page.text
    assert "Special requests A cot. Late dinner. Company Analytical Ltd Purpose of the journey business" in page.text
    assert "Country" not in page.text
    assert 'value="Analytical Ltd"' in (await manager.get(f"{where}/change")).html


async def test_a_stay_that_waits_for_payment_says_until_when(manager: Visitor) -> None:
    added = await manager.post("/stays/new", **NEW | {"awaits": "payment"})
    where = added.headers["Location"].partition("?")[0]
    page = (await manager.get(where)).text
    assert "It waits for payment. Unless you confirm it, it is cancelled" in page
    assert "Waits for payment" in (await manager.get(f"{where}/stage")).text
    assert (await manager.post(f"{where}/stage", stage="confirmed")).status == 303
    assert "It waits for payment" not in (await manager.get(where)).text


async def test_an_emptied_number_of_guests_is_taken_away(manager: Visitor) -> None:
    added = await manager.post("/stays/new", **NEW | {"guests": "3", "children": "1", "pets": "1"})
    where = added.headers["Location"].partition("?")[0]
    told = {name: NEW[name] for name in ("arrival", "departure", "guest")}
    answer = await manager.post(f"{where}/change", **told, guests="", children="", infants="", pets="1")
    assert answer.status == 303
    row = await _row(manager, StayId(where.rpartition("/")[2]))
    assert (row.guests, row.adults, row.children, row.infants, row.pets) == (None, None, None, None, 1)
    assert "nobody says any more how many guests" in (await manager.get(where)).text.lower()


async def test_a_stay_longer_than_the_rules_allow_is_changed_by_a_second_press(manager: Visitor) -> None:
    added = await manager.post("/stays/new", **NEW)
    where = added.headers["Location"].partition("?")[0]
    told = {"guest": NEW["guest"], "arrival": NEW["arrival"], "departure": "2029-11-30"}
    refused = await manager.post(f"{where}/change", **told)
    assert refused.status == 422
    assert "A stay has 730 nights at most." in refused.text
    assert "Change it anyway" in refused.text
    assert (await manager.post(f"{where}/change", **told, anyway="anyway")).status == 303


async def test_a_change_that_cannot_be_says_why(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    answer = await manager.post(f"/stays/{id_}/change", departure=TODAY.isoformat())
    assert answer.status == 422
    assert "The departure must be after the arrival." in answer.text


async def test_the_form_of_a_change_shows_what_is_agreed_now(manager: Visitor) -> None:
    html = (await manager.get(f"/stays/{manager.here.stays['Priya Natarajan']}/change")).html
    assert 'value="2026-11-20"' in html
    assert 'value="18:00"' in html


async def test_whoever_cancels_reads_whether_the_booking_stands_elsewhere(manager: Visitor) -> None:
    brought, own = (manager.here.stays[name] for name in ("Anna Berg", "Grace Hopper"))
    assert "is not told: cancel the booking there, too." in (await manager.get(f"/stays/{brought}/cancel")).text
    assert "is not told" not in (await manager.get(f"/stays/{own}/cancel")).text


async def test_a_cancelled_stay_can_be_taken_back(manager: Visitor) -> None:
    id_ = manager.here.stays["Grace Hopper"]
    assert (await manager.post(f"/stays/{id_}/cancel")).status == 303
    assert (await _row(manager, id_)).status is StayStatus.CANCELLED
    page = await manager.get(f"/stays/{id_}")
    assert "Robin cancelled the stay." in page.text
    assert f'action="/stays/{id_}/restore"' in page.html
    assert (await manager.post(f"/stays/{id_}/restore")).status == 303
    assert (await _row(manager, id_)).status is StayStatus.CONFIRMED


async def test_in_the_dialog_a_form_comes_alone_and_leads_on_by_script(manager: Visitor) -> None:
    id_ = manager.here.stays["Grace Hopper"]
    script = {"HX-Request": "true"}
    form = await manager.get(f"/stays/{id_}/cancel?part=form", **script)
    assert "<html" not in form.html
    assert 'id="dialog-title"' in form.html
    wrong = await manager.post(f"/stays/{id_}/change?part=form", departure="x", headers=script)
    assert wrong.status == 200, "a browser writes every other status into its console"
    assert "The day of leaving: write the day like 2026-11-21." in wrong.text
    assert "<html" not in wrong.html
    done = await manager.post(f"/stays/{id_}/cancel?part=form", headers=script)
    assert (done.status, done.headers["HX-Redirect"]) == (204, f"/stays/{id_}")


async def test_a_stay_that_is_over_cannot_be_changed(manager: Visitor) -> None:
    id_ = manager.here.stays["Grace Hopper"]
    manager.here.clock.at = datetime.combine(TODAY + timedelta(days=20), time(12), UTC)
    await manager.sign_in()
    page = await manager.get(f"/stays/{id_}")
    assert f"/stays/{id_}/change" not in page.html
    assert "The stay is over." in page.text


async def test_the_form_of_a_browser_adds_a_guests_stay_as_it_is_offered(manager: Visitor) -> None:
    days = {"arrival": "2027-04-01", "departure": "2027-04-03"}
    empty = dict.fromkeys(("check_in", "check_out", "phone", "email", "note"), "")
    answer = await manager.post("/stays/new", kind="reservation", guest="Ada Lovelace", unit="flat-2", **days, **empty)
    assert answer.status == 303


# ---- guests who were here before ------------------------------------------------------------------------------------


def _of_ada(arrival: date) -> NewStay:
    return NewStay(UnitId("garden"), arrival, arrival + timedelta(days=2), "Ada Lovelace")


async def test_other_stays_under_the_same_name_are_shown_until_one_is_erased(manager: Visitor) -> None:
    hub = manager.here.hub
    first = await hub.store.write(lambda tx: hub.intake.add_stay(tx, _of_ada(date(2026, 12, 1)), "console"))
    second = await hub.store.write(lambda tx: hub.intake.add_stay(tx, _of_ada(date(2026, 12, 20)), "console"))
    page = await manager.get(f"/stays/{second}")
    assert "Other stays under this name" in page.text
    assert f'href="/stays/{first}"' in page.html
    await hub.store.write(lambda tx: guests.empty_stay(tx, first))
    assert "Other stays under this name" not in (await manager.get(f"/stays/{second}")).text
    assert "Other stays" not in (await manager.get(f"/stays/{manager.here.stays['Tom Okafor']}")).text


async def test_a_guest_with_the_same_address_is_the_same_whatever_the_name_and_notes_go_along(manager: Visitor) -> None:
    hub = manager.here.hub
    past = replace(_of_ada(date(2026, 12, 1)), email="ada@example.com")
    first = await hub.store.write(lambda tx: hub.intake.add_stay(tx, past, "console"))
    again = replace(_of_ada(date(2026, 12, 20)), guest="A. Byron", email="Ada@Example.com")
    second = await hub.store.write(lambda tx: hub.intake.add_stay(tx, again, "console"))
    answer = await manager.post(f"/stays/{first}/note", note="Leaves late.\n<b>Has a dog</b>")
    assert answer.status == 303
    page = await manager.get(f"/stays/{second}")
    assert "Other stays of this guest" in page.text
    assert f'href="/stays/{first}"' in page.html
    assert "Leaves late. <b>Has a dog</b>" in " ".join(page.text.split())
    assert "<b>Has" not in page.html
    own = (await manager.get(f"/stays/{first}")).html
    assert "Leaves late.\n&lt;b&gt;Has a dog&lt;/b&gt;</textarea>" in own
    assert (await manager.post(f"/stays/{first}/note", note="x" * 1001)).status == 409
    assert (await manager.post("/stays/nobody/note", note="x")).status == 409


async def test_what_a_channel_changed_is_read_at_a_glance(manager: Visitor) -> None:
    hub, anna = manager.here.hub, manager.here.stays["Anna Berg"]
    first = (await manager.get(f"/stays/{anna}")).text
    assert "The booking came from airbnb-flat-1." in first
    kind, status = StayKind.RESERVATION, StayStatus.CONFIRMED
    told = StayReport(
        "a1", kind, status, TODAY, date(2026, 11, 24), guest="Anna Berg", reference="HMABCD1234", guests=3,
        total=Money(45_050, "EUR"), lines=(PriceLine(LineKind.CLEANING, 5_000, "Final <b>"),),
    )  # fmt: skip
    fact = StayReported(AIRBNB, hub.clock.now(), told)
    for _ in range(2):
        await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, AIRBNB))
    page = await manager.get(f"/stays/{anna}")
    story = (
        "Airbnb-flat-1 changed the stay. Moved from 20–23 November to 20–24 November 3 guests, were 2 "
        "Price 450.50 EUR, not said before "
        "Its code now works from 20 November, 14:00 to 24 November, 11:00"
    )
    assert page.text.count(story) == 1, page.text
    assert "450.50 EUR cleaning (Final <b>): 50.00 EUR not itemised: 400.50 EUR" in page.text
    assert page.text.count("changed the stay") == 1
    assert "channel:airbnb" not in page.text
    stages = await manager.get(f"/stays/{anna}/stage")
    assert "by airbnb-flat-1" in stages.text


async def test_a_stay_that_two_channels_tell_of_names_them_both(manager: Visitor) -> None:
    hub, id_ = manager.here.hub, manager.here.stays["Anna Berg"]
    vrbo = ChannelId("vrbo-flat-1")

    def add(tx: Tx) -> None:
        sealed = house.sealed_settings(vrbo, {}, hub.vault)
        house.keep_channel(tx, ChannelRow(vrbo, UnitId("flat-1"), "ical", sealed, Origin.SITE))

    await hub.store.write(add)
    row = await _row(manager, id_)
    report = StayReport(
        "v-1", row.kind, row.status, row.arrival, row.departure, guest=row.guest, reference=row.reference
    )
    await tell(hub, CalendarRead(vrbo, hub.clock.now(), (report,)), by=vrbo)
    assert "Came from airbnb-flat-1 told of by vrbo-flat-1 as well" in (await manager.get(f"/stays/{id_}")).text
