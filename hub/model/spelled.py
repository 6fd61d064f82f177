"""What became of a stay, days and amounts, as people and programs spell them in lists. Nothing of two meanings is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from hub.model.money import Money, decimals, money


class DateOrder(Enum):
    """How days are written that are digits only, and do not begin with the year."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class Came(Enum):
    """What became of a stay."""

    STAYED = "stayed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    NONE = "none"
    """It never was a stay: an inquiry, a closure."""


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", text.casefold()).split())


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


_STAYED: Final = frozenset({
    "", "confirmed", "ok", "past guest", "past", "completed", "checked out", "checked in", "checkedout", "booked", "accepted",
    "paid",
    "reserved", "active", "new", "modified", "closed reservation", "arrived", "departed", "stayed", "done", "review guest",
    "awaiting guest review", "leave a review", "previous guest",
})  # fmt: skip
_NOT_COME: Final = frozenset({"no show", "noshow"})
_NO_STAY: Final = frozenset({
    "inquiry", "enquiry", "request", "requested", "pending", "declined", "denied", "expired", "not possible", "tentative",
    "blocked",
    "block", "closed", "owner block", "quote", "invited", "black", "open", "timedout", "draft",
})  # fmt: skip


def status(told: str) -> Came | None:
    """None: nobody here knows that word."""
    word = plain(told)
    if word in _STAYED and (word or not told):
        return Came.STAYED
    if word in _NOT_COME:
        return Came.NO_SHOW
    if "cancel" in word:
        return Came.CANCELLED
    return Came.NONE if word in _NO_STAY else None


_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DIGITS: Final = re.compile(r"(\d{1,2})[-/. ]\s?(\d{1,2})[-/. ]\s?(\d{4})")
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}")
_NAMED: Final = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?:(\d{1,2})[. -]+([A-Za-z]{3,9})\.?|([A-Za-z]{3,9})\.? (\d{1,2})),?[ -]+(\d{4})"
)
_CLOCK: Final = re.compile(r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?$")
_ZONED: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YEARS: Final = range(1971, 9000)
"""Within what hub/bookings.py reaches."""
NO_DAY: Final = ("is not a day", "write it like 2026-11-21, or choose another column")


def read_day(told: str, order: DateOrder | None, zone: ZoneInfo | None) -> date | tuple[str, str]:
    """The local day, or what is wrong and the cure. A time of day beside it does not count.

    Args:
        zone: of the unit, for instants that name their own zone.
    """
    text = " ".join(told.split())
    try:
        if _ZONED.fullmatch(text):
            at = datetime.fromisoformat(text)
            return (at if zone is None else at.astimezone(zone)).date()
        text = _CLOCK.sub("", text)
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DIGITS.fullmatch(text):
            return _in_order(int(found[1]), int(found[2]), int(found[3]), order)
        if found := _NAMED.fullmatch(text):
            month = (found[2] or found[3])[:3].casefold()
            return date(int(found[5]), _MONTHS.index(month) + 1, int(found[1] or found[4]))
    except _Ambiguous:
        return "could be two days", "say whether the day or the month comes first in this file"
    except (ValueError, OverflowError):
        return "is not a day that exists", NO_DAY[1]
    if _SHORT_YEAR.fullmatch(text):
        return (
            "has a year of two digits, which could be its day as well",
            "have the spreadsheet write the year with four",
        )
    return NO_DAY


class _Ambiguous(Exception):
    pass


def _in_order(one: int, other: int, year: int, order: DateOrder | None) -> date:
    if order is DateOrder.MONTH_FIRST:
        return date(year, one, other)
    if order is None and one <= 12 and other <= 12 and one != other:
        raise _Ambiguous
    if order is None and one <= 12 < other:
        return date(year, one, other)
    return date(year, other, one)


def order_of(told: Sequence[str]) -> DateOrder | None:
    """In which order the days of one file are written, where the file itself leaves no doubt: some of them could only be read
    one way, and none only the other way."""
    found = set[DateOrder]()
    for text in told:
        if digits := _DIGITS.fullmatch(_CLOCK.sub("", " ".join(text.split()))):
            one, other = int(digits[1]), int(digits[2])
            if one > 12 >= other:
                found.add(DateOrder.DAY_FIRST)
            elif other > 12 >= one:
                found.add(DateOrder.MONTH_FIRST)
    return found.pop() if len(found) == 1 else None


_SIGNS: Final = {"€": "EUR", "£": "GBP", "zł": "PLN", "₹": "INR", "₪": "ILS", "₺": "TRY", "₩": "KRW"}
"""Signs of one currency only: “$”, “¥” and “kr” are of several."""
_AMOUNT: Final = re.compile(r"\d[\d., '’]*")


def read_amount(told: str, currency: str) -> Money | tuple[str, str]:
    """What somebody pays, or what is wrong and the cure.

    Args:
        currency: said beside it; one in the amount itself counts more.
    """
    text = " ".join(told.split())
    found = _AMOUNT.search(text)
    if found is None or "-" in text or text.startswith("("):
        return "is no amount that a guest pays", "put the amount right, or leave the column out"
    beside = (text[: found.start()] + text[found.end() :]).strip()
    named = _SIGNS.get(beside.casefold(), "" if beside in ("$", "¥", "kr", "Kr") else beside) or currency.strip()
    if not re.fullmatch(r"[A-Za-z]{3}", named):
        return "does not say in which currency", "say the currency of this file"
    digits = _plain_number(found[0].strip(), decimals(named.upper()))
    if digits is None:
        return "can be read as two amounts", "write it without a sign between the thousands"
    try:
        return money(digits, named)
    except ValueError as error:
        return f"is not right: {error}", "put the amount right, or leave the column out"


def _plain_number(text: str, places: int) -> str | None:
    """With a point before the coins and nothing between the thousands; None: it can be read in two ways."""
    bare = re.sub(r"[ '’]", "", text).strip(".,")
    points = [at for at, sign in enumerate(bare) if sign in ".,"]
    if not points:
        return bare
    last, sign = points[-1], bare[points[-1]]
    behind, signs = len(bare) - last - 1, {bare[at] for at in points}
    if len(signs) == 1 and len(points) > 1:
        return re.sub(r"[.,]", "", bare) if behind == 3 else None
    if len(signs) == 1 and behind == 3:
        return None if places == 3 else bare.replace(sign, "")
    if behind > max(places, 2):
        return None
    return re.sub(r"[.,]", "", bare[:last]) + "." + bare[last + 1 :]
