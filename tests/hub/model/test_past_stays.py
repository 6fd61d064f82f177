"""Rows of lists of past stays: what they say is read as it is meant, and what could mean two things is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.money import Money
from hub.model.past_stays import Fault, PastStay, Reading, Units, What, guessed, read_row, recognised
from hub.model.spelled import Came, DateOrder, order_of, read_amount, read_day, status
from hub.model.values import UnitId

FLAT, LOFT = UnitId("flat"), UnitId("loft")
BERLIN = ZoneInfo("Europe/Berlin")
UNITS = Units(
    {"flat": frozenset({FLAT}), "loft": frozenset({LOFT}), "sea view": frozenset({FLAT, LOFT})},
    {FLAT: BERLIN, LOFT: BERLIN},
)


def _headed(told: str) -> list[str]:
    return told.split(",")


AIRBNB = _headed(
    "Confirmation code,Status,Guest name,Contact,# of adults,# of children,# of infants,Start date,End date,# of nights,"
    "Booked,Listing,Earnings"
)
BOOKING = _headed(
    "Book number,Booked by,Guest name(s),Check-in,Check-out,Booked on,Status,Rooms,Persons,Adults,Children,Price,"
    "Commission %,Commission amount,Remarks,Unit type,Duration (nights),Phone number"
)
OWN = _headed("Unit,Arrival,Departure,Guest,Total,Currency,Guests,Nights,Status,Email,Phone,Reference")
ROW = {"Unit": "Flat", "Arrival": "2026-05-01", "Departure": "2026-05-04", "Guest": "Ada Lovelace"}


def _read(headings: list[str], row: dict[str, str], **said: Any) -> PastStay | list[Fault]:
    reading = replace(guessed(headings, []), **said)
    return read_row([row.get(heading, "") for heading in headings], headings, reading, UNITS)


def _faults(row: dict[str, str], **said: Any) -> list[tuple[What | None, str]]:
    read = _read(OWN, row, **said)
    assert isinstance(read, list), read
    return [(fault.what, fault.why) for fault in read]


# ---- columns -------------------------------------------------------------------------------------------------------


def test_an_export_of_airbnb_is_recognised_and_what_the_host_gets_is_no_price() -> None:
    row = {
        "Confirmation code": "HMABCDEFGH", "Status": "Past guest", "Guest name": "Ada Lovelace", "Contact": "+44 20 1234567",
        "# of adults": "2", "# of children": "1", "# of infants": "0", "Start date": "5/21/2026", "End date": "5/24/2026",
        "# of nights": "3", "Booked": "2026-01-02", "Listing": "Flat", "Earnings": "$420.00",
    }  # fmt: skip
    assert _read(AIRBNB, row) == PastStay(
        FLAT, date(2026, 5, 21), date(2026, 5, 24), Came.STAYED, guest="Ada Lovelace", phone="+44 20 1234567",
        reference="HMABCDEFGH", adults=2, children=1, infants=0,
    )  # fmt: skip


def test_an_export_of_booking_com_is_recognised() -> None:
    row = {
        "Book number": "4000111222", "Booked by": "Nordmann, Ola", "Guest name(s)": "Ola Nordmann", "Check-in": "2026-05-21",
        "Check-out": "2026-05-24", "Status": "cancelled_by_guest", "Persons": "2", "Price": "300 USD",
        "Commission amount": "45 USD", "Unit type": "Loft", "Duration (nights)": "3", "Remarks": "late",
    }  # fmt: skip
    assert _read(BOOKING, row) == PastStay(
        LOFT, date(2026, 5, 21), date(2026, 5, 24), Came.CANCELLED, guest="Ola Nordmann", reference="4000111222", guests=2,
        total=Money(30000, "USD"), note="late",
    )  # fmt: skip


def test_what_guests_told_besides_is_recognised() -> None:
    row = {
        **ROW, "Special requests": " A cot. ", "Company name": "Analytical Ltd", "Travel purpose": "business",
        "Booker country": "gb",
    }  # fmt: skip
    assert _read(list(row), row) == PastStay(
        FLAT, date(2026, 5, 1), date(2026, 5, 4), Came.STAYED, guest="Ada Lovelace", special_requests="A cot.",
        company="Analytical Ltd", purpose="business", country="gb",
    )  # fmt: skip


def test_what_a_price_is_made_of_is_recognised_and_is_the_price_where_no_column_says_it() -> None:
    row = ROW | {
        "Accommodation fare (EUR)": "300", "Cleaning fee (EUR)": "50,00", "Taxes (EUR)": "12.30", "Discount (EUR)": "(-20)",
        "Service fee": "15",
    }  # fmt: skip
    read = _read(list(row), row)
    assert isinstance(read, PastStay), read
    made_of = (("accommodation", 30_000), ("cleaning", 5_000), ("tax", 1_230), ("discount", -2_000))
    assert tuple((line.kind.value, line.minor) for line in read.lines) == made_of, "what the host pays is no item"
    assert read.total == Money(34_230, "EUR")
    told = _read([*row, "Total"], row | {"Total": "400 EUR"})
    assert isinstance(told, PastStay), told
    assert (told.total, len(told.lines)) == (Money(40_000, "EUR"), 4)
    mixed = _read([*row, "Total"], row | {"Total": "400 USD"})
    assert isinstance(mixed, list)
    assert mixed[0].why == "its price is in EUR and USD"
    less = _read(list(row), row | {"Discount (EUR)": "900"})
    assert isinstance(less, list)
    assert (less[0].what, less[0].why) == (What.DISCOUNT, "it takes more from the price than there is")


def test_the_heading_that_says_it_best_wins() -> None:
    assert recognised(["Booked by", "Guest name"]) == {What.GUEST: 1}
    assert recognised(["GUEST'S NAME", "Amount (EUR)"]) == {What.GUEST: 0, What.TOTAL: 1}
    assert recognised(["Children's age(s)", "Commission %"]) == {}


# ---- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2026-11-21", date(2026, 11, 21)),
        ("2026/1/5", date(2026, 1, 5)),
        ("2026-11-21 15:00", date(2026, 11, 21)),
        ("21 Nov 2026", date(2026, 11, 21)),
        ("Sat, 21 November 2026", date(2026, 11, 21)),
        ("Nov 21, 2026", date(2026, 11, 21)),
        ("21. Nov. 2026", date(2026, 11, 21)),
        ("5/5/2026", date(2026, 5, 5)),
        ("2026-11-21T23:30:00Z", date(2026, 11, 22)),
    ],
)
def test_a_day_that_can_be_read_in_one_way_is_read(told: str, day: date) -> None:
    assert read_day(told, None, BERLIN) == day


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("03/04/2026", "could be two days"),
        ("03.04.2026 15:00", "could be two days"),
        ("1/2/26", "two digits"),
        ("31/02/2026", "not a day that exists"),
        ("46347", "not a day"),
        ("soon", "not a day"),
        ("2026-02-30T10:00:00Z", "not a day that exists"),
    ],
)
def test_a_day_that_could_be_another_one_is_not_guessed(told: str, why: str) -> None:
    found = read_day(told, None, BERLIN)
    assert isinstance(found, tuple)
    assert why in found[0]


def test_which_comes_first_is_said_or_shown_by_the_file() -> None:
    assert read_day("03/04/2026", DateOrder.DAY_FIRST, None) == date(2026, 4, 3)
    assert read_day("03/04/2026", DateOrder.MONTH_FIRST, None) == date(2026, 3, 4)
    assert order_of(["03/04/2026", "13/04/2026"]) is DateOrder.DAY_FIRST
    assert order_of(["03/04/2026", "04/13/2026 10:00"]) is DateOrder.MONTH_FIRST
    assert order_of(["03/04/2026"]) is None
    assert order_of(["13/04/2026", "04/13/2026"]) is None
    said = _read(OWN, ROW | {"Arrival": "13/04/2026", "Departure": "15/04/2026"}, dates=DateOrder.MONTH_FIRST)
    assert isinstance(said, list), "what was said is not set aside where it makes no sense"


def test_the_number_of_nights_must_agree() -> None:
    days = {"Arrival": "01/02/2026", "Departure": "03/02/2026", "Nights": "2"}
    assert isinstance(_read(OWN, ROW | days, dates=DateOrder.DAY_FIRST), PastStay)
    assert _faults(ROW | days, dates=DateOrder.MONTH_FIRST) == [
        (What.NIGHTS, "the row says 2 nights, and its days make 59")
    ]
    read = _read(OWN, ROW | {"Departure": "", "Nights": "3"})
    assert isinstance(read, PastStay)
    assert read.departure == date(2026, 5, 4)


@pytest.mark.parametrize(
    ("row", "what", "why"),
    [
        ({"Arrival": ""}, What.ARRIVAL, "it has no arrival"),
        ({"Departure": ""}, What.DEPARTURE, "does not say when they left"),
        ({"Departure": "2026-05-01"}, What.DEPARTURE, "not after the arrival"),
        ({"Departure": "2029-05-01"}, What.DEPARTURE, "longer than two years"),
        ({"Arrival": "0001-01-01"}, What.ARRIVAL, "on no calendar here"),
        ({"Departure": "9999-12-31"}, What.DEPARTURE, "on no calendar here"),
        ({"Unit": ""}, What.UNIT, "does not say which unit"),
        ({"Unit": "Villa"}, What.UNIT, "no unit called “Villa”"),
        ({"Unit": "Sea  View"}, What.UNIT, "several units"),
        ({"Guests": "two"}, What.GUESTS, "“two” is no number"),
        ({"Guests": "1001"}, What.GUESTS, "is no number"),
        ({"Status": "Ancien voyageur"}, What.STATUS, "does not say whether somebody stayed"),
        ({"Status": "Inquiry"}, What.STATUS, "is no stay"),
        ({"Total": "$ 5"}, What.TOTAL, "in which currency"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row: dict[str, str], what: What, why: str) -> None:
    (fault,) = _faults(ROW | row)
    assert fault[0] is what
    assert why in fault[1]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    told = _faults({"Unit": "Villa", "Arrival": "x", "Departure": "y", "Total": "z", "Guests": "?", "Status": "??"})
    assert {what for what, _ in told} == {What.UNIT, What.ARRIVAL, What.TOTAL, What.GUESTS, What.STATUS}


def test_a_cell_too_many_is_a_shifted_row() -> None:
    read = read_row([*ROW.values(), *[""] * 8, "x"], OWN, guessed(OWN, []), UNITS)
    assert read == [
        Fault(None, "the row has more cells than there are headings", "put text with a delimiter into quotation marks")
    ]


def test_what_somebody_said_of_a_word_counts() -> None:
    said = _read(
        OWN,
        ROW | {"Unit": "Villa", "Status": "Ancien  Voyageur"},
        units={"villa": LOFT},
        statuses={"ancien voyageur": Came.STAYED},
    )
    assert isinstance(said, PastStay)
    assert said.unit == LOFT
    whole = _read(OWN, ROW | {"Unit": ""}, unit=LOFT)
    assert isinstance(whole, PastStay)
    assert whole.unit == LOFT


@pytest.mark.parametrize(
    ("word", "came"),
    [
        ("", Came.STAYED), ("Checked-out", Came.STAYED), ("Canceled by guest", Came.CANCELLED), ("no_show", Came.NO_SHOW),
        ("Awaiting guest review", Came.STAYED), ("declined", Came.NONE), ("Storniert", None),
    ],
)  # fmt: skip
def test_words_of_status(word: str, came: Came | None) -> None:
    assert status(word) is came


# ---- amounts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "currency", "minor"),
    [
        ("300 USD", "EUR", 30000), ("$1250.00", "USD", 125000), ("€ 1.234,56", "", 123456), ("1,234.56", "EUR", 123456),
        ("1.234", "EUR", 123400), ("1 234,5", "EUR", 123450), ("1'234.50", "CHF", 123450), ("12,34,567.00", "INR", 123456700),
        ("1.234.567", "JPY", 1234567), ("0", "EUR", 0),
    ],
)  # fmt: skip
def test_an_amount_is_read_to_the_coin(told: str, currency: str, minor: int) -> None:
    found = read_amount(told, currency)
    assert isinstance(found, Money)
    assert found.minor == minor


@pytest.mark.parametrize(
    ("told", "currency", "why"),
    [
        ("$1250.00", "", "currency"), ("1.234", "KWD", "two amounts"), ("1.2345", "EUR", "two amounts"),
        ("-5", "EUR", "no amount"),
        ("(5)", "EUR", "no amount"), ("free", "EUR", "no amount"), ("9" * 20, "EUR", "not right"),
    ],
)  # fmt: skip
def test_an_amount_that_is_none_or_two_is_refused(told: str, currency: str, why: str) -> None:
    found = read_amount(told, currency)
    assert isinstance(found, tuple)
    assert why in found[0]


CELL = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["2026-05-01", "03/04/2026", "Flat", "5 EUR", "2", "Past guest", "9999-12-31"]),
)


@given(st.lists(CELL, max_size=14), st.sampled_from([*DateOrder, None]))
def test_whatever_a_row_says_it_is_a_stay_or_a_refusal_with_a_cure(cells: list[str], order: DateOrder | None) -> None:
    read = read_row(cells, OWN, Reading(recognised(OWN), order), UNITS)
    if isinstance(read, PastStay):
        assert read.arrival < read.departure
    else:
        assert read
        assert all(fault.why and fault.cure for fault in read)
