"""What a person says anew of a stay: its days and hours, who comes and how many, what it costs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, time
from typing import Any, Final

from hub import contacts
from hub.calendars import timed
from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.availability import Wish
from hub.model.money import Money, NoPrice
from hub.model.price_lines import PriceLine, packed, price_of
from hub.model.stays import local_instant
from hub.model.values import BESIDES, clean, told_besides
from hub.store.house import Property
from hub.store.stays import StayRow


@dataclass(frozen=True, slots=True)
class StayChange:
    """What is None stays as it is; an empty text takes away what was there. Times are local to the property."""

    departure: date | None = None
    check_in: time | None = None
    check_out: time | None = None
    guest: str | None = None
    phone: str | None = None
    email: str | None = None
    arrival: date | None = None
    """From here on of stays that were made here: a channel says it of its own."""
    total: Money | NoPrice | None = None
    lines: tuple[PriceLine, ...] | None = None
    """What the total that is said with them is made of. None: as it was, as long as the total is."""
    note: str | None = None
    guests: int | None = None
    """Adults and children."""
    children: int | None = None
    infants: int | None = None
    pets: int | None = None
    uncounted: frozenset[str] = frozenset()
    """Of `COUNTS`: nobody says any more how many."""
    special_requests: str | None = None
    company: str | None = None
    purpose: str | None = None
    country: str | None = None
    reference: str | None = None
    """Stays that have it in common are one booking (hub/groups.py)."""

    @property
    def nothing(self) -> bool:
        return all(getattr(self, each.name) in (None, frozenset()) for each in fields(self))


COUNTS: Final = ("guests", "children", "infants", "pets")


_OF_ITS_CHANNEL: Final = {
    "arrival": "its first day is",
    "total": "its price is",
    "lines": "its price is",
    "note": "its note is",
    "guests": "how many come is",
    "children": "how many come is",
    "infants": "how many come is",
    "pets": "how many come is",
    "special_requests": "what its guest asks for is",
    "company": "the guest's company is",
    "purpose": "the purpose of the journey is",
    "country": "the guest's country is",
    "reference": "its reference is",
}


def changed(desk: Desk, stay: StayRow, place: Property, said: StayChange) -> StayRow:
    """The stay as it is to be. Raises Rejected where that makes no sense, or is its channel's to say."""
    if stay.channel_id is not None:
        for name, words in _OF_ITS_CHANNEL.items():
            if getattr(said, name) is not None or name in said.uncounted:
                raise Rejected(f"{words} its channel's to say")
    row = _days(stay, place, said)
    row = party_of(_uncounted(row, said.uncounted), said.guests, said.children, said.infants, said.pets)
    row = _guest(desk, row, said)
    return replace(priced(row, said.total, said.lines), changed_at=desk.now())


def _days(stay: StayRow, place: Property, said: StayChange) -> StayRow:
    assert stay.arrival is not None  # only stays with dates are changed
    assert stay.departure is not None
    arriving, leaving = said.arrival or stay.arrival, said.departure or stay.departure
    if leaving <= arriving:
        raise Rejected("the departure must be after the arrival")
    if arriving != stay.arrival and stay.arrived_at is not None:
        raise Rejected("the guest has come in already; the first day cannot be another one any more")
    if leaving > stay.departure and stay.left_at is not None:
        raise Rejected("the guest has left; say first that they are inside again")
    row = replace(stay, arrival=arriving, departure=leaving)
    if said.check_in is not None or arriving != stay.arrival:
        own = None if said.check_in is None else local_instant(arriving, said.check_in, place.zone, latest=False)
        row = replace(row, own_check_in=own)
    if said.check_out is not None or leaving != stay.departure:
        own = None if said.check_out is None else local_instant(leaving, said.check_out, place.zone, latest=True)
        row = replace(row, own_check_out=own)
    row = timed(row, place)
    if row.check_in is None:
        raise Rejected("the check-out must be after the check-in")
    return row


def party_of(
    row: StayRow, guests: int | None, children: int | None, infants: int | None = None, pets: int | None = None
) -> StayRow:
    """With what was said of who comes. Raises Rejected where more children come than guests."""
    guests = row.guests if guests is None else guests
    children = row.children if children is None else children
    if guests is not None and children is not None and children > guests:
        raise Rejected("more children than guests cannot come: say how many come in all, children among them")
    return replace(
        row,
        guests=guests,
        adults=row.adults if guests is None or children is None else guests - children,
        children=children,
        infants=row.infants if infants is None else infants,
        pets=row.pets if pets is None else pets,
    )


def _uncounted(row: StayRow, names: frozenset[str]) -> StayRow:
    """Adults are counted from guests and children, and are not known where one of the two is not."""
    if not names:
        return row
    return replace(
        row,
        guests=None if "guests" in names else row.guests,
        adults=None if names & {"guests", "children"} else row.adults,
        children=None if "children" in names else row.children,
        infants=None if "infants" in names else row.infants,
        pets=None if "pets" in names else row.pets,
    )


def _guest(desk: Desk, row: StayRow, said: StayChange) -> StayRow:
    if said.guest is not None:
        name = clean(said.guest, limit=120)
        if not name and row.guest:
            raise Rejected("a guest has a name; erase who it was on the page of what is kept")
        row = replace(row, guest=name)
    if said.note is not None:
        row = replace(row, note=clean(said.note))
    if said.reference is not None:
        row = replace(row, reference=clean(said.reference, limit=60))
    anew = {name: text for name in BESIDES if (text := getattr(said, name)) is not None}
    besides: dict[str, Any] = {name: told_besides(name, text) for name, text in anew.items()}
    row = replace(row, **besides)
    told = {"phone": said.phone, "email": said.email}
    if all(each is None for each in told.values()):
        return row
    limits = {"phone": 40, "email": 200}
    said_anew = {name: clean(each, limit=limits[name]) for name, each in told.items() if each is not None}
    known = contacts.opened(desk.vault, row) | said_anew
    if said.phone is not None and (row.channel_id is None or not row.phone_last4):
        row = replace(row, phone_last4=last4_of(known["phone"]))
    return contacts.kept(desk.vault, row, known)


def last4_of(phone: str) -> str:
    digits = "".join(each for each in phone if each.isdigit())
    return digits[-4:] if len(digits) >= 4 else ""


def priced(row: StayRow, total: Money | NoPrice | None, lines: tuple[PriceLine, ...] | None = None) -> StayRow:
    """Raises Rejected."""
    if total is None:
        return row
    if isinstance(total, NoPrice):
        return replace(row, total_minor=None, currency=None, price_lines="")
    if total.minor < 0:
        raise Rejected("a price is not less than nothing")
    # Another price is made of other things.
    kept = row.price_lines if total == row.total else ""
    made_of = kept if lines is None else packed(price_of(total, lines).lines)
    return replace(row, total_minor=total.minor, currency=total.currency, price_lines=made_of)


def wish_of(row: StayRow) -> Wish:
    """What the stay asks for, by the rules of what may be booked."""
    assert row.arrival is not None  # whoever asks has looked
    assert row.departure is not None
    small = (row.children or 0) + (row.infants or 0)
    hours = {"start": row.own_check_in, "end": row.own_check_out}
    return Wish(row.arrival, row.departure, row.guests, small, row.pets or 0, **hours)
