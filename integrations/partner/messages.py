"""What a partner may say, as JSON: parsed once, strictly, and refused with the field and the cure."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from hub.errors import Garbled
from hub.model.values import BESIDES

MOST_BYTES: Final = 64 * 1024
_DEEPEST: Final = 16

_PRINTED: Final = "!-~\u00a1-\U0010ffff"
_Id = Annotated[str, Field(min_length=1, max_length=200, pattern=f"^[{_PRINTED}](?:[ {_PRINTED}]*[{_PRINTED}])?$")]
_Text = Annotated[str, Field(max_length=500)]
_Count = Annotated[int, Field(ge=0, le=99)]
_Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]
_Instant = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


class Guest(_Part):
    name: _Text = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    company: Annotated[str, Field(max_length=BESIDES["company"])] = ""
    country: Annotated[str, Field(max_length=BESIDES["country"])] = ""


class Price(_Part):
    """What the guest pays in all."""

    minor: Annotated[int, Field(ge=0, le=10**12)]
    """In the smallest unit of the currency: 45050 is 450.50 EUR, and 45050 JPY."""
    currency: _Text
    """ISO 4217."""


class Booking(_Part):
    id: _Id
    arrival: _Day
    departure: _Day
    changed_at: _Instant | None = None
    """When it last changed, by the partner's clock: older word never undoes newer."""
    check_in: _Instant | None = None
    check_out: _Instant | None = None
    """Only where they differ from the house's hours."""
    kind: Literal["reservation", "block"] = "reservation"
    status: Literal["confirmed", "tentative"] = "confirmed"
    unit: Annotated[str, Field(max_length=200)] = ""
    """The partner's own word for it, where the channel tells of several."""
    reference: Annotated[str, Field(max_length=60)] = ""
    guest: Guest = Guest()
    guests: _Count | None = None
    """Adults and children."""
    adults: _Count | None = None
    children: _Count | None = None
    infants: _Count | None = None
    pets: _Count | None = None
    price: Price | None = None
    note: _Text = ""
    special_requests: Annotated[str, Field(max_length=BESIDES["special_requests"])] = ""
    """What the guest asked for when booking."""
    purpose: Annotated[str, Field(max_length=BESIDES["purpose"])] = ""
    """Of the journey."""

    @property
    def party(self) -> int | None:
        """Adults and children."""
        if self.guests is not None or self.adults is None:
            return self.guests
        return self.adults + (self.children or 0)


class BookingMessage(_Part):
    id: _Id | None = None
    booking: Booking


class _Named(_Part):
    id: _Id


class GuestMessage(_Part):
    id: _Id | None = None
    booking: _Named
    at: _Instant | None = None
    """When the guest came or left; without it, when the message came."""


Message = TypeVar("Message", BookingMessage, GuestMessage)


def parsed(body: bytes, kind: type[Message]) -> Message:
    """Raises Garbled."""
    told = loaded(body)
    if not isinstance(told, dict):
        raise Garbled("the message must be a JSON object")
    try:
        message = kind.model_validate_json(json.dumps(told))
    except ValidationError as error:
        raise Garbled(
            "; ".join(_sentence(each) for each in error.errors(include_url=False, include_input=False)[:3])
        ) from None
    if isinstance(message, BookingMessage):
        _check_order(message.booking)
        _check_party(message.booking)
    return message


def loaded(body: bytes) -> Any:
    """JSON without what JSON allows and nobody can mean: repeated keys, NaN, half characters, nesting without end."""
    if len(body) > MOST_BYTES:
        raise Garbled(f"the message is larger than {MOST_BYTES // 1024} KB")
    try:
        text = body.decode("utf-8")
        if text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST:
            raise Garbled(f"the message is nested deeper than {_DEEPEST} levels")
        told = _DECODER.decode(text)
        if "\\u" in text:  # only an escape can make half a character
            json.dumps(told, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise Garbled("the message has characters that are none; write it in UTF-8") from error
    except ValueError as error:
        raise Garbled("the message is not JSON, or has a number that is too large") from error
    return told


def _depth(text: str) -> int:
    """Of brackets, a little too many where they stand in text: a limit need not be exact."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different; what is null is as good as left out."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Garbled(f"{twice[:40]!r} stands twice in one object; say it once")
    return {name: value for name, value in made.items() if value is not None}


def _no_number(text: str) -> Any:
    raise Garbled(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError("the number is too large")
    return number


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite)
"""Made once: a delivery is read before it is answered."""


_CURES: Final = {
    "missing": "is missing",
    "string_type": "must be text in quotation marks",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "must be printable and not begin or end with a space",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "timezone_aware": "must say its offset, such as 2027-06-05T14:00:00+02:00",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def _sentence(problem: Any) -> str:
    """The field and the cure, without what was in it."""
    where, kind = ".".join(map(str, problem["loc"])), str(problem["type"])
    if kind in _CURES:
        return f"{where} {_CURES[kind]}"
    if kind.startswith("datetime"):
        return f"{where} must be a time with its offset, such as 2027-06-05T14:00:00+02:00"
    if kind.startswith("date"):
        return f"{where} must be a date such as 2027-06-05"
    return f"{where} {str(problem['msg']).replace('Input should be', 'must be')}"


def _check_party(booking: Booking) -> None:
    named = None if booking.adults is None else booking.adults + (booking.children or 0)
    if named is not None and booking.guests not in (None, named):
        raise Garbled("booking.guests must be adults and children together; leave it out where they are named")
    if booking.price is not None and not re.fullmatch("[A-Z]{3}", booking.price.currency):
        raise Garbled("booking.price.currency must be three capital letters, such as EUR")


def _check_order(booking: Booking) -> None:
    if booking.departure <= booking.arrival:
        raise Garbled("booking.departure must be after booking.arrival")
    if booking.check_in and booking.check_out and booking.check_out <= booking.check_in:
        raise Garbled("booking.check_out must be after booking.check_in")
