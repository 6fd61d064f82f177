"""A row of somebody's list of stays: which column says what, and what the row says, or what is wrong with it and the cure.

Nothing that can be read in two ways is guessed: a day that could be a month is asked for, and so is a unit that nobody here
knows by that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from hub.model.money import Money
from hub.model.price_lines import LineKind, Price, PriceLine, price_of, taking
from hub.model.spelled import NO_DAY, YEARS, Came, DateOrder, folded, order_of, plain, read_amount, read_day, status
from hub.model.values import BESIDES, UnitId, clean, told_besides

T = TypeVar("T")

LONGEST: Final = timedelta(days=730)
"""As of stays that are added by hand (hub/intake.py)."""


# ---- columns -------------------------------------------------------------------------------------------------------


class What(Enum):
    """What a column may say."""

    UNIT = "unit"
    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    NIGHTS = "nights"
    GUEST = "guest"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    PHONE = "phone"
    EMAIL = "email"
    REFERENCE = "reference"
    STATUS = "status"
    GUESTS = "guests"
    ADULTS = "adults"
    CHILDREN = "children"
    INFANTS = "infants"
    PETS = "pets"
    TOTAL = "total"
    CURRENCY = "currency"
    RENT = "rent"
    CLEANING = "cleaning"
    SERVICE = "service"
    TAX = "tax"
    DISCOUNT = "discount"
    PLATFORM = "platform"
    NOTE = "note"
    SPECIAL_REQUESTS = "special_requests"
    COMPANY = "company"
    PURPOSE = "purpose"
    COUNTRY = "country"


_W = What
ITEMS: Final[Mapping[What, LineKind]] = {
    _W.RENT: LineKind.ACCOMMODATION,
    _W.CLEANING: LineKind.CLEANING,
    _W.SERVICE: LineKind.SERVICE,
    _W.TAX: LineKind.TAX,
    _W.DISCOUNT: LineKind.DISCOUNT,
}
"""What the price is made of."""
_COUNTED: Final = (_W.GUESTS, _W.ADULTS, _W.CHILDREN, _W.INFANTS, _W.PETS)
# Seen: Airbnb "reservations.csv" (Confirmation code, Status, Guest name, Contact, # of adults, # of children, # of infants,
# Start date, End date, # of nights, Booked, Listing, Earnings); Booking.com "Download" (Book number, Booked by, Guest name(s),
# Check-in, Check-out, Status, Rooms, Persons, Adults, Children, Price, Commission amount, Remarks, Unit type, Duration (nights),
# Phone number); iTrip (Confirmation Code, Property Name, Check In, Check Out, Nights, Guest First, Guest Last, Guest Email, Guest
# Phone, Adults, Total Paid, Entry Source). Headings as they stand in public programs that read those files.
# Departs: Airbnb's "Service fee" is what the host pays, so no heading of that name is an item of the guest's price by itself;
# Airbnb's "Earnings" and a PMS's "payout" are what the host gets, not what the guest pays, so they are no total.
_HEADINGS: Final[Mapping[What, tuple[str, ...]]] = {
    _W.UNIT: ("unit id", "unit", "listing", "listing s nickname", "listing nickname", "listing name", "property name", "property",
              "apartment", "accommodation", "rental", "unit name", "room", "unit type", "property id", "listing id"),
    _W.ARRIVAL: ("arrival", "check in", "checkin", "start date", "arrival date", "check in date", "checkin date", "from",
                 "date arrival", "arrives", "start"),
    _W.DEPARTURE: ("departure", "check out", "checkout", "end date", "departure date", "check out date", "checkout date", "until",
                   "to", "date departure", "departs", "leaves", "end"),
    _W.NIGHTS: ("nights", "of nights", "duration nights", "number of nights"),
    _W.GUEST: ("guest", "guest name", "guest name s", "guest s name", "guest names", "name", "booked by", "customer"),
    _W.FIRST_NAME: ("first name", "guest first name", "guest first", "firstname"),
    _W.LAST_NAME: ("last name", "guest last name", "guest last", "lastname", "surname"),
    _W.PHONE: ("phone", "phone number", "guest phone", "telephone", "mobile", "contact", "guest s phone"),
    _W.EMAIL: ("email", "e mail", "guest email", "email address", "guest s email"),
    _W.REFERENCE: ("reference", "confirmation code", "confirmation number", "book number", "booking number", "reservation number",
                   "reservation id", "booking id", "booking reference", "booking", "reservation", "code"),
    _W.STATUS: ("status", "booking status", "reservation status", "state"),
    _W.GUESTS: ("guests", "persons", "people", "number of guests", "of guests", "pax", "total guests"),
    _W.ADULTS: ("adults", "of adults", "number of adults"),
    _W.CHILDREN: ("children", "of children", "number of children"),
    _W.INFANTS: ("infants", "of infants", "babies"),
    _W.PETS: ("pets", "of pets"),
    _W.TOTAL: ("total", "total price", "price", "total paid", "guest total", "total amount", "gross", "amount", "total charges"),
    _W.CURRENCY: ("currency", "currency code"),
    _W.RENT: ("accommodation price", "accommodation fare", "rent", "base price", "room price"),
    _W.CLEANING: ("cleaning fee", "cleaning fees", "cleaning", "final cleaning"),
    _W.SERVICE: ("guest service fee", "extras", "extra fees", "add ons", "addons"),
    _W.TAX: ("taxes", "tax", "vat", "tourist tax", "city tax", "lodging tax"),
    _W.DISCOUNT: ("discount", "discounts"),
    _W.PLATFORM: ("platform", "source", "channel", "booking source", "listing site", "entry source", "booking channel", "site"),
    _W.NOTE: ("note", "notes", "remarks", "comment", "comments"),
    _W.SPECIAL_REQUESTS: ("special requests", "special request", "requests"),
    _W.COMPANY: ("company", "company name", "guest company", "organisation", "organization"),
    _W.PURPOSE: ("purpose", "travel purpose", "purpose of travel", "purpose of journey", "trip purpose"),
    _W.COUNTRY: ("country", "guest country", "booker country", "nationality", "country of residence"),
}  # fmt: skip
_BY_HEADING: Final = {heading: what for what, headings in _HEADINGS.items() for heading in headings}
_CURRENCY_NAMED: Final = re.compile(r"\(([A-Za-z]{3})\)\s*$")


def _said_by(heading: str) -> str:
    return plain(_CURRENCY_NAMED.sub("", heading)) if _named_currency(heading) else plain(heading)


def _named_currency(heading: str) -> str:
    found = _CURRENCY_NAMED.search(heading)
    return "" if found is None or not found[1].isupper() else found[1]


def is_known(heading: str) -> bool:
    return _said_by(heading) in _BY_HEADING


def recognised(headings: Sequence[str]) -> dict[What, int]:
    """Which column says what; where several could, the one whose heading says it best."""
    found: dict[What, int] = {}
    for what, names in _HEADINGS.items():
        told = [_said_by(heading) for heading in headings]
        best = next((name for name in names if name in told), None)
        if best is not None:
            found[what] = told.index(best)
    return found


# ---- how a file is to be read --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one file are read: what was recognised, and what somebody said about it."""

    columns: Mapping[What, int]
    dates: DateOrder | None = None
    """None: nobody has said, and the file alone does not tell."""
    unit: UnitId | None = None
    """Of every row, where no column says it."""
    units: Mapping[str, UnitId] = field(default_factory=dict)
    """Names in the file, folded, that somebody said are units here."""
    statuses: Mapping[str, Came] = field(default_factory=dict)
    """Words in the file, folded, that somebody explained."""
    currency: str = ""
    """Of amounts beside which there is none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused, and what to do about it."""

    what: What | None
    why: str
    cure: str


@dataclass(frozen=True, slots=True)
class PastStay:
    unit: UnitId
    arrival: date
    departure: date
    came: Came
    guest: str = ""
    phone: str = ""
    email: str = ""
    reference: str = ""
    platform: str = ""
    note: str = ""
    guests: int | None = None
    adults: int | None = None
    children: int | None = None
    infants: int | None = None
    pets: int | None = None
    total: Money | None = None
    lines: tuple[PriceLine, ...] = ()
    """What that is made of; where no column says the total, it is their sum."""
    special_requests: str = ""
    company: str = ""
    purpose: str = ""
    country: str = ""


class _Wrong(Exception):
    def __init__(self, what: What | None, why: str, cure: str) -> None:
        super().__init__(why)
        self.fault = Fault(what, why, cure)


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a house as others may call them."""

    by_name: Mapping[str, frozenset[UnitId]]
    """By what they are called, folded."""
    zones: Mapping[UnitId, ZoneInfo]


# ---- one row -------------------------------------------------------------------------------------------------------


def read_row(cells: Sequence[str], headings: Sequence[str], reading: Reading, units: Units) -> PastStay | list[Fault]:
    """What the row says, or everything that is wrong with it."""
    if any(cells[len(headings) :]):
        return [
            Fault(
                None, "the row has more cells than there are headings", "put text with a delimiter into quotation marks"
            )
        ]
    row = _Row(cells, headings, reading, units)
    faults: list[Fault] = []

    def attempt(read: Callable[[], T], other: T) -> T:
        try:
            return read()
        except _Wrong as wrong:
            faults.append(wrong.fault)
            return other

    came = attempt(row.came, Came.STAYED)
    unit = attempt(row.unit, UnitId(""))
    days = attempt(partial(row.days, unit), (date.min, date.max))
    price = attempt(row.price, Price(None, ()))
    guests, adults, children, infants, pets = (attempt(partial(row.count, what), None) for what in _COUNTED)
    if faults:
        return faults
    phone, email = row.contact()
    besides: dict[str, Any] = {name: told_besides(name, row[What(name)]) for name in BESIDES}
    return PastStay(
        unit, *days, came, guest=row.guest(), phone=phone, email=email, reference=clean(row[_W.REFERENCE], limit=100),
        platform=clean(row[_W.PLATFORM], limit=60), note=clean(row[_W.NOTE]), total=price.total, lines=price.lines,
        guests=guests, adults=adults, children=children, infants=infants, pets=pets,
        **besides,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    cells: Sequence[str]
    headings: Sequence[str]
    reading: Reading
    units: Units

    def __getitem__(self, what: What) -> str:
        at = self.reading.columns.get(what)
        return self.cells[at] if at is not None and at < len(self.cells) else ""

    def unit(self) -> UnitId:
        told = self[_W.UNIT]
        said = self.reading.units.get(folded(told)) or (self.reading.unit if not told else None)
        if said is not None and said in self.units.zones:
            return said
        if not told:
            raise _Wrong(
                _W.UNIT, "it does not say which unit", "choose the column of units, or one unit for the whole file"
            )
        found = self.units.by_name.get(folded(told), frozenset())
        if len(found) == 1:
            return next(iter(found))
        why = "there is no unit called" if not found else "there are several units called"
        raise _Wrong(_W.UNIT, f"{why} “{clean(told, limit=80)}”", "say which unit that is")

    def came(self) -> Came:
        told = self[_W.STATUS]
        said = self.reading.statuses.get(folded(told)) or status(told)
        if said is None:
            cure = "say what that means, or leave the column out"
            raise _Wrong(_W.STATUS, f"“{clean(told, limit=80)}” does not say whether somebody stayed", cure)
        if said is Came.NONE:
            raise _Wrong(_W.STATUS, f"“{clean(told, limit=80)}” is no stay", "nothing to do: no booking came of it")
        return said

    def days(self, unit: UnitId) -> tuple[date, date]:
        zone = self.units.zones.get(unit)
        arrival = self._day(_W.ARRIVAL, zone)
        nights = self.count(_W.NIGHTS)
        if self[_W.DEPARTURE]:
            departure = self._day(_W.DEPARTURE, zone)
        elif nights is None:
            raise _Wrong(
                _W.DEPARTURE, "it does not say when they left", "choose the column of departures, or that of nights"
            )
        else:
            departure = arrival + timedelta(days=nights)
        if departure <= arrival:
            raise _Wrong(
                _W.DEPARTURE, "the departure is not after the arrival", "put the days right, or choose other columns"
            )
        if departure - arrival > LONGEST:
            raise _Wrong(
                _W.DEPARTURE,
                "it is longer than two years",
                "put the days right, or choose another order of day and month",
            )
        if nights is not None and nights != (departure - arrival).days:
            why = f"the row says {nights} nights, and its days make {(departure - arrival).days}"
            raise _Wrong(_W.NIGHTS, why, "put the days right, or choose another order of day and month")
        return arrival, departure

    def _day(self, what: What, zone: ZoneInfo | None) -> date:
        told = self[what]
        if not told:
            raise _Wrong(what, f"it has no {what.value}", "put the day in, or choose another column")
        found = read_day(told, self.reading.dates, zone)
        if not isinstance(found, date):
            raise _Wrong(what, f"“{clean(told, limit=40)}” {found[0]}", found[1])
        if found.year not in YEARS:
            raise _Wrong(what, f"{found} is on no calendar here", NO_DAY[1])
        return found

    def count(self, what: What) -> int | None:
        told = self[what]
        if not told:
            return None
        found = re.fullmatch(r"(\d{1,4})(?:[.,]0+)?", told)
        if found is None or int(found[1]) > 1000:
            cure = "write a number, or leave the column out"
            raise _Wrong(what, f"“{clean(told, limit=40)}” is no number of {what.value}", cure)
        return int(found[1])

    def guest(self) -> str:
        whole = " ".join(part for part in (self[_W.FIRST_NAME], self[_W.LAST_NAME]) if part)
        return clean(self[_W.GUEST] or whole, limit=120)

    def contact(self) -> tuple[str, str]:
        phone, email = clean(self[_W.PHONE], limit=40), clean(self[_W.EMAIL], limit=200)
        return ("", email or phone) if "@" in phone else (phone, email)

    def price(self) -> Price:
        total = self._amount(_W.TOTAL, self[_W.TOTAL])
        items = [(kind, self._item(what)) for what, kind in ITEMS.items()]
        lines = [taking(PriceLine(kind, cost.minor)) for kind, cost in items if cost is not None]
        currencies = {cost.currency for cost in (total, *(cost for _, cost in items)) if cost is not None}
        if len(currencies) > 1:
            why = f"its price is in {' and '.join(sorted(currencies))}"
            raise _Wrong(_W.CURRENCY, why, "one price has one currency: choose other columns")
        whole = price_of(total, lines, next(iter(currencies), ""))
        if whole.total is not None and whole.total.minor < 0:
            raise _Wrong(_W.DISCOUNT, "it takes more from the price than there is", "choose the column of the total")
        return whole

    def _item(self, what: What) -> Money | None:
        """A discount may stand there as less than nothing. Nothing at all is no item."""
        told = self[what]
        if what is _W.DISCOUNT:
            told = told.strip().removeprefix("(").removesuffix(")").replace("-", "", 1).replace("−", "", 1)
        return self._amount(what, told)

    def _amount(self, what: What, told: str) -> Money | None:
        if not told:
            return None
        heading = self.headings[self.reading.columns[what]]
        currency = self[_W.CURRENCY] or _named_currency(heading) or self.reading.currency
        found = read_amount(told, currency)
        if isinstance(found, Money):
            return found
        raise _Wrong(what, f"“{clean(told, limit=40)}” {found[0]}", found[1])


# ---- what a file as a whole leaves open ----------------------------------------------------------------------------


def guessed(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Reading:
    """What can be known of a file before anybody was asked."""
    columns = recognised(headings)
    return Reading(columns, order_of(list(days_in(columns, rows))))


def days_in(columns: Mapping[What, int], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    at = [columns[what] for what in (_W.ARRIVAL, _W.DEPARTURE) if what in columns]
    return (row[place] for row in rows for place in at if place < len(row))
