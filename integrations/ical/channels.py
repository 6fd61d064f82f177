"""What each channel means by its words: is an event a reservation, a block or nobody knows, and who is the guest.

Where nothing else is said, the wording is what public feeds and their readers show. A word that a channel uses for both
is UNKNOWN: the dates are taken and a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hub.model.values import StayKind, clean


class Source(Enum):
    AUTO = "auto"
    """Told by who made the feed, else by each event's UID."""
    AIRBNB = "airbnb"
    VRBO = "vrbo"
    BOOKING_COM = "booking_com"
    GUESTY = "guesty"
    SMOOBU = "smoobu"
    LODGIFY = "lodgify"
    OWNERREZ = "ownerrez"
    HOSTAWAY = "hostaway"
    HOSPITABLE = "hospitable"
    TRIPADVISOR = "tripadvisor"
    PEOPLE = "people"
    """A calendar that people of the house write into by hand."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Words:
    """What an event says about itself, unescaped."""

    uid: str
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Meaning:
    kind: StayKind
    guest: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    reference: str = ""
    phone: str = ""
    phone_last4: str = ""
    email: str = ""
    guests: int | None = None


_SIGNS: Final = {
    "airbnb": Source.AIRBNB,
    "booking.com": Source.BOOKING_COM,
    "vrbo": Source.VRBO,
    "homeaway": Source.VRBO,
    "abritel": Source.VRBO,
    "fewo-direkt": Source.VRBO,
    "guesty": Source.GUESTY,
    "smoobu": Source.SMOOBU,
    "lodgify": Source.LODGIFY,
    "ownerrez": Source.OWNERREZ,
    "hostaway": Source.HOSTAWAY,
    "hospitable": Source.HOSPITABLE,
    "tripadvisor": Source.TRIPADVISOR,
}

_AIRBNB_CODE: Final = re.compile(r"\bHM[A-Z0-9]{8}\b")
_LAST4: Final = re.compile(r"last\s+(?:4|four)\s+digits\)?\s*:\s*(\d{4})\b", re.IGNORECASE | re.ASCII)
_PHONE: Final = re.compile(r"\bphone(?:\s+number)?\s*:\s*(\+?[\d .()/-]{7,24})", re.IGNORECASE | re.ASCII)
_EMAIL: Final = re.compile(r"\be-?mail\s*:\s*([^\s@<>,;]{1,64}@[^\s@<>,;]{1,255})", re.IGNORECASE)
_GUESTS: Final = re.compile(r"\bguests\s*:\s*(\d{1,3})\b", re.IGNORECASE | re.ASCII)
_ADULTS: Final = re.compile(r"\badults\s*:\s*(\d{1,3})\b", re.IGNORECASE | re.ASCII)
_CHILDREN: Final = re.compile(r"\bchildren\s*:\s*(\d{1,3})\b", re.IGNORECASE | re.ASCII)

_RESERVED: Final = re.compile(
    r"(?:reserved|reservation|booked|booking(?!\.com))\b\s*(?:[-–:]\s*)?(.*)", re.IGNORECASE | re.DOTALL
)
_BLOCKED: Final = re.compile(
    r"not available|unavailable|\bblocked\b|^block$|\bowner(?:'s)? (?:block|stay)\b|\bclosed\b|\bmaintenance\b"
    r"|\bout of (?:order|service)\b",
    re.IGNORECASE,
)
_OWNER: Final = re.compile(r"\bowners?\b", re.IGNORECASE)
_OWNER_WORDS: Final = re.compile(r"\bowner(?:s|'s)?\b(?:\s+(?:stay|block|visit))?", re.IGNORECASE)
_SHUT: Final = re.compile(r"\b(?:block|hold|held|repairs?|renovation|painting|cleaning|no guests)\b", re.IGNORECASE)
_BUSY: Final = re.compile(r"busy|free|tentative|hold|closed?", re.IGNORECASE)
_CLOSED: Final = re.compile(r"closed\s*[-–:]\s*(.*)", re.IGNORECASE | re.DOTALL)
_TRIPADVISOR: Final = re.compile(r"tripadvisor[^:]*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_TRAILING_CODE: Final = re.compile(r"\s*\([A-Z0-9]{6,14}\)\s*$")
_MARKER: Final = re.compile(r"check[- ]?(in|out)\b", re.IGNORECASE)


def source_of(uid: str, product: str) -> Source:
    """Whose words an event is in: the program that made the feed, else the channel that its UID names."""
    for text in (product.lower(), uid.rpartition("@")[2].lower()):
        for sign, source in _SIGNS.items():
            if sign in text:
                return source
    return Source.OTHER


def meaning(words: Words, source: Source) -> Meaning:
    return _READERS.get(source, _other)(words)


def contact(words: Words) -> Contact:
    """Codes, numbers and addresses that a description spells out."""
    text = words.description
    phone = _one(_PHONE, text).strip(" .-/(")
    digits = re.sub(r"\D", "", phone)
    if len(digits) < 7:
        phone = digits = ""
    reference = _AIRBNB_CODE.search(text) or _AIRBNB_CODE.search(words.summary)
    return Contact(
        reference=reference[0] if reference else "",
        phone=phone,
        phone_last4=_one(_LAST4, text) or digits[-4:],
        email=_one(_EMAIL, text).rstrip("."),
        guests=_guests(text),
    )


def marker(words: Words, source: Source) -> str:
    """`in` or `out` for a title that only marks a stay's first or last day, else empty.

    Source: tykeal/homeassistant-rental-control, issue 159: Smoobu's feed has each stay three times, as `Check-in`, as
    `Check-out` and as the stay itself. The large channels never write this.
    """
    if source in {Source.AIRBNB, Source.BOOKING_COM, Source.VRBO}:
        return ""
    found = _MARKER.match(words.summary)
    return found[1].lower() if found else ""


def _one(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return clean(found[1], limit=255) if found else ""


def _guests(text: str) -> int | None:
    total = _one(_GUESTS, text) or _one(_ADULTS, text)
    if not total:
        return None
    return int(total) + (0 if _one(_GUESTS, text) else int(_one(_CHILDREN, text) or 0))


def _named(text: str) -> str:
    return clean(_TRAILING_CODE.sub("", text), limit=120).strip(" -–:")


# ---- one reader for each way of speaking ---------------------------------------------------------------------------


def _airbnb(words: Words) -> Meaning:
    reserved = _RESERVED.fullmatch(words.summary)
    if reserved:
        return Meaning(StayKind.RESERVATION, _named(reserved[1]))
    if _BLOCKED.search(words.summary):
        return Meaning(StayKind.BLOCK)  # also the edges of the booking window, which move every day
    if _AIRBNB_CODE.search(words.description) or _AIRBNB_CODE.search(words.summary):
        return Meaning(StayKind.RESERVATION, _named(words.summary))
    return Meaning(StayKind.UNKNOWN, note=_unheard(words, "Airbnb"))


def _booking_com(words: Words) -> Meaning:
    """Booking.com writes `CLOSED - Not available` for stays and for closures alike; older feeds put a name there."""
    closed = _CLOSED.fullmatch(words.summary)
    guest = "" if closed is None or _BLOCKED.search(closed[1]) else _named(closed[1])
    return Meaning(StayKind.UNKNOWN, guest, "Booking.com does not say whether this is a stay or a closure")


def _tripadvisor(words: Words) -> Meaning:
    named = _TRIPADVISOR.fullmatch(words.summary)
    return Meaning(StayKind.RESERVATION, _named(named[1])) if named else _manager(words)


def _vrbo(words: Words) -> Meaning:
    reserved = _RESERVED.fullmatch(words.summary)
    if reserved:
        return Meaning(StayKind.RESERVATION, _named(reserved[1]))
    if _BLOCKED.search(words.summary):
        return Meaning(StayKind.BLOCK)
    return Meaning(StayKind.UNKNOWN, note=_unheard(words, "VRBO"))


def _manager(words: Words) -> Meaning:
    """Property managers' feeds: an event without a word for a block is a stay, and its title is the guest."""
    reserved = _RESERVED.fullmatch(words.summary)
    if reserved:
        return Meaning(StayKind.RESERVATION, _named(reserved[1]))
    if _BLOCKED.search(words.summary):
        return Meaning(StayKind.BLOCK)
    if words.summary and not _BUSY.fullmatch(words.summary):
        return Meaning(StayKind.RESERVATION, _named(words.summary))
    return Meaning(StayKind.UNKNOWN, note="the feed does not say whether this is a stay or a block")


def _other(words: Words) -> Meaning:
    """A calendar of unknown make. A phone number, an e-mail address or a party means that somebody comes."""
    told = contact(words)
    if told.phone_last4 or told.email or told.reference or told.guests:
        reserved = _RESERVED.fullmatch(words.summary)
        return Meaning(StayKind.RESERVATION, _named(reserved[1] if reserved else words.summary))
    return _manager(words)


def _people(words: Words) -> Meaning:
    """Whoever writes into the house's own calendar means the house: nothing there is a guest's booking by itself."""
    if _OWNER.search(words.summary):
        return Meaning(StayKind.OWNER, _named(_OWNER_WORDS.sub("", words.summary)))
    if _BLOCKED.search(words.summary) or _SHUT.search(words.summary):
        return Meaning(StayKind.BLOCK, note=clean(words.summary, limit=120))
    said = f"the calendar says “{clean(words.summary, limit=120)}”" if words.summary else "it has no title"
    return Meaning(StayKind.UNKNOWN, note=said)


def _unheard(words: Words, channel: str) -> str:
    return f"{channel} does not usually write “{clean(words.summary, limit=60)}”; it may be a stay or a block"


_READERS: Final[dict[Source, Callable[[Words], Meaning]]] = {
    Source.AIRBNB: _airbnb,
    Source.BOOKING_COM: _booking_com,
    Source.VRBO: _vrbo,
    Source.TRIPADVISOR: _tripadvisor,
    Source.PEOPLE: _people,
    Source.GUESTY: _manager,
    Source.SMOOBU: _manager,
    Source.LODGIFY: _manager,
    Source.OWNERREZ: _manager,
    Source.HOSTAWAY: _manager,
    Source.HOSPITABLE: _manager,
}
