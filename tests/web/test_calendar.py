"""The calendar of units: whose nights are whose, what is free, and why not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from hub import bookings
from hub.bookings import NewHold
from hub.model.availability import Closed, ClosureKind
from hub.model.facts import StayReport, StayReported
from hub.model.values import StayKind, StayStatus, UnitId
from hub.store import stays as ledger
from hub.store.engine import Tx
from tests.web.conftest import Seen, Visitor
from tests.web.village import AIRBNB, NOW, TODAY, tell

LOFT, GARDEN = UnitId("loft"), UnitId("garden")


def _row(page: Seen, unit: str) -> list[str]:
    """The rows of nights of one unit, as HTML."""
    return re.findall(rf'<tr data-unit="{unit}".*?</tr>', page.html, re.DOTALL)


def _columns(row: str) -> int:
    cells = re.findall(r"<td([^>]*)>", row)
    return sum(int(found[1]) if (found := re.search(r'colspan="(\d+)"', cell)) else 1 for cell in cells)


async def test_each_row_has_two_columns_for_each_day(manager: Visitor) -> None:
    for zoom, days in (("month", 31), ("weeks", 14)):
        page = await manager.get(f"/calendar?zoom={zoom}")
        rows = [row for unit in ("flat-1", "flat-2", "garden", "loft", "studio") for row in _row(page, unit)]
        assert {_columns(row) for row in rows} == {2 * days}


async def test_a_bar_says_in_words_whose_nights_they_are(manager: Visitor) -> None:
    page = await manager.get("/calendar")
    assert "Mon 16 Nov to Wed 16 Dec 2026" in page.text
    for words in (
        "Anna Berg (stay, Fri 20 Nov to Mon 23 Nov, 3 nights)",
        "Tom Okafor (stay, inside, Tue 17 Nov to Tue 24 Nov, 7 nights)",
        "Ilse Cornelissen (stay, not confirmed, Fri 4 Dec to Fri 11 Dec, 7 nights)",
        "Blocked (blocked by a channel, Sun 29 Nov to Thu 3 Dec, 4 nights)",
        "Not clear (closed, not clear why, Sun 22 Nov to Thu 26 Nov, 4 nights)",
    ):
        assert words in page.text
    assert f'href="/stays/{manager.here.stays["Anna Berg"]}"' in page.html
    assert "Edsger Dijkstra" not in page.text, "cancelled stays take no nights"


async def test_a_bar_says_what_the_guest_pays_and_shows_it_where_it_has_room(manager: Visitor) -> None:
    hub = manager.here.hub

    def priced(tx: Tx) -> None:
        for name in ("Anna Berg", "Tom Okafor"):
            row = ledger.stay(tx, manager.here.stays[name])
            assert row is not None
            ledger.keep(tx, replace(row, total_minor=45050, currency="EUR"))

    await hub.store.write(priced)
    month, weeks = await manager.get("/calendar"), await manager.get("/calendar?zoom=weeks")
    for page in (month, weeks):
        assert "3 nights, 450.50 EUR)" in page.text
    shown = 'class="price" aria-hidden="true">450.50 EUR<'
    assert (month.html.count(shown), weeks.html.count(shown)) == (1, 2), "never cut: that would be another price"


@pytest.mark.usefixtures("either_database")
async def test_closures_and_holds_are_bars_too_and_closed_days_say_so(manager: Visitor) -> None:
    hub = manager.here.hub

    def work(tx: Tx) -> None:
        days = (TODAY + timedelta(days=12), TODAY + timedelta(days=15))
        bookings.hold(tx, hub.desk, NewHold(LOFT, *days, "Katherine Johnson"), "Robin", anyway=True)
        for kind, note, first, until in (
            (ClosureKind.MAINTENANCE, "new floor", 9, 13),
            (ClosureKind.NO_ARRIVAL, "", 16, 18),
        ):
            shut = Closed(kind, TODAY + timedelta(days=first), TODAY + timedelta(days=until))
            bookings.close(tx, hub.desk, GARDEN, shut, note, "Robin")

    await hub.store.write(work)
    page = await manager.get("/calendar")
    assert "Katherine Johnson (held, Wed 2 Dec to Sat 5 Dec, 3 nights)" in page.text
    assert "new floor (work in it, Sun 29 Nov to Thu 3 Dec, 4 nights)" in page.text
    [garden] = _row(page, "garden")
    assert garden.count("nobody may arrive") == 2


async def test_nights_that_were_sold_twice_have_a_row_for_each_and_say_so(manager: Visitor) -> None:
    arrival, departure = TODAY + timedelta(days=1), TODAY + timedelta(days=4)
    second = StayReport("a9", StayKind.RESERVATION, StayStatus.CONFIRMED, arrival, departure, guest="Second Guest")
    await tell(manager.here.hub, StayReported(AIRBNB, NOW, second), by=AIRBNB)
    page = await manager.get("/calendar")
    first, below = _row(page, "flat-1")
    assert "Anna Berg" in first
    assert "Second Guest" in below
    assert page.text.count("stay, sold twice") == 2


async def test_a_stay_that_began_before_or_ends_after_is_cut_and_still_told_whole(manager: Visitor) -> None:
    page = await manager.get("/calendar?zoom=weeks&from=2026-11-19")
    [studio] = _row(page, "studio")
    assert 'class="ribbon inside before"' in studio
    assert "Tue 17 Nov to Tue 24 Nov, 7 nights" in studio
    assert _columns(studio) == 28


async def test_whoever_left_early_has_no_bar_on_the_nights_that_are_free_again(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Tom Okafor"]
    await hub.store.write(partial(ledger.left, id_=stay, at=NOW))
    assert "Tue 17 Nov to Fri 20 Nov, 3 nights" in _row(await manager.get("/calendar"), "studio")[0]


async def test_whoever_left_late_in_the_day_has_a_bar_on_that_night_too(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Tom Okafor"]
    await hub.store.write(partial(ledger.left, id_=stay, at=NOW.replace(hour=21)))
    assert "Tue 17 Nov to Sat 21 Nov, 4 nights" in _row(await manager.get("/calendar"), "studio")[0]


async def test_one_goes_by_weeks_and_comes_back_to_today(manager: Visitor) -> None:
    page = await manager.get("/calendar?zoom=weeks&from=2026-11-19")
    assert 'href="/calendar?from=2026-11-12&amp;zoom=weeks"' in page.html
    assert 'href="/calendar?from=2026-11-26&amp;zoom=weeks"' in page.html
    assert 'href="/calendar?zoom=weeks"' in page.html
    for odd in ("/calendar?from=9999-12-31", "/calendar?from=0001-01-01", "/calendar?from=x&zoom=y&property=nowhere"):
        assert (await manager.get(odd)).status == 200


async def test_free_nights_are_found_in_one_unit_with_the_reasons_against_it(manager: Visitor) -> None:
    days = "arrival=2026-12-20&departure=2026-12-23"
    free = await manager.get(f"/calendar/free?unit=flat-2&{days}&guests=2")
    assert "Flat 2 is free: Sun 20 Dec to Wed 23 Dec 2026, 3 nights." in free.text
    add = re.search(r'href="(/stays/new\?unit=[^"]+)"', free.html)
    assert add is not None
    form = await manager.get(add[1].replace("&amp;", "&"))
    assert 'value="2026-12-20"' in form.html
    assert 'value="2026-12-23"' in form.html
    assert '<option value="flat-2" selected>' in form.html
    assert 'type="number" value="2"' in form.html
    taken = await manager.get("/calendar/free?unit=flat-1&arrival=2026-11-21&departure=2026-11-22")
    assert "Flat 1 is not free" in taken.text
    assert "Somebody else stays there on some of these nights." in taken.text
    assert "Add a stay" not in taken.text
    near = await manager.get("/calendar/free?unit=flat-1&arrival=2026-11-23&departure=2026-11-24")
    assert "Flat 1 is not offered" in near.text
    assert "There must be 12 h between two stays." in near.text
    assert "/stays/holds?unit=flat-1" in near.html


@pytest.mark.usefixtures("either_database")
async def test_of_all_units_those_that_are_free_are_named_and_the_others_with_what_speaks_against_them(
    manager: Visitor,
) -> None:
    page = await manager.get("/calendar/free?unit=&arrival=2026-11-21&departure=2026-11-23")
    assert "Sat 21 Nov to Mon 23 Nov 2026, 2 nights: 0 units free" in page.text
    assert "5 units not free" in page.text
    later = (await manager.get("/calendar/free?unit=&arrival=2027-01-04&departure=2027-01-06")).text
    assert "4 units free" in later
    assert "The loft A calendar of it was not read for so long" in later


async def test_nonsense_is_answered_in_the_form(manager: Visitor) -> None:
    assert (await manager.get("/calendar/free")).status == 200
    wrong = await manager.get("/calendar/free?unit=&arrival=tomorrow&departure=2026-12-23")
    assert (wrong.status, "write the day like" in wrong.text) == (422, True)
    nowhere = await manager.get("/calendar/free?unit=attic&arrival=2026-12-22&departure=2026-12-23")
    assert (nowhere.status, "There is no unit called “attic”." in nowhere.text) == (422, True)
    far = await manager.get("/calendar/free?unit=&arrival=9999-12-22&departure=9999-12-23")
    assert (far.status, "No calendar reaches that far." in far.text) == (422, True)
    backwards = await manager.get("/calendar/free?unit=flat-2&arrival=2026-12-23&departure=2026-12-22")
    assert "The departure must be after the arrival." in backwards.text


async def test_nights_that_were_marked_are_in_the_forms_that_hold_and_close_them(manager: Visitor) -> None:
    held = await manager.get("/stays/holds?unit=loft&arrival=2026-12-20&departure=2026-12-23")
    assert '<option value="loft" selected>' in held.html
    assert 'value="2026-12-23"' in held.html
    shut = await manager.get("/units/loft/booking?first=2026-12-20&until=2026-12-23")
    assert 'name="until" type="date" value="2026-12-23"' in shut.html
