"""Bookings of the house as reservations of Guesty's.

Source: Guesty Open API reference, “Create a Reservation Without a Quote” (`POST /reservations-v3`), “Update Reservation Dates”,
“Update reservation listing”, “Update reservation status”, “Update Reservation Guests Breakdown”, “Update Reservation notes”. The
older `/reservations` is to be taken away on 1 March 2027 (changelog of 2026-11-05).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

import structlog

from hub.contracts import Host
from hub.contracts.accounts import CancelledThere
from hub.contracts.fields import Fields
from hub.contracts.writing import done
from hub.errors import Disappointment, Garbled, Rejected, Unavailable
from hub.io.api import told
from hub.io.http import Answer
from hub.model.effects import KeepBooking
from hub.model.facts import BookingKept
from hub.model.money import Money
from hub.model.price_lines import Price, in_words
from hub.model.returning import email_form, phone_form
from hub.model.values import NIGHTLY, ChannelId, Part, StayStatus
from integrations.guesty.fares import Fares, parted
from integrations.guesty.reading import by_code, by_ids

logger = structlog.get_logger("guesty")

TEST_ID: Final = "test-reservation-id"
"""R555."""
SETTLES: Final = timedelta(minutes=2)
"""What was just made may not be found before. Our own guess: nobody documents it."""
V3: Final = "/v1/reservations-v3"
_KEYS: Final = "client id and secret"
_OVER: Final = ("canceled", "declined", "expired", "closed")
_CONFIRMED: Final = ("confirmed", "checked_in", "checked_out")


class Wishes(Protocol):
    """Of the account's settings, those that matter here."""

    @property
    def push_pending_as(self) -> str: ...

    @property
    def push_mapping(self) -> str: ...

    @property
    def currency(self) -> str | None: ...


class Tell(Protocol):
    def __call__(self, method: str, path: str, said: object, *, stale: Sequence[int] = ...) -> Awaitable[Answer]: ...


@dataclass(slots=True)
class _Has:
    """What Guesty has of a reservation as it is here, and why it would not take the rest."""

    parts: set[Part] = field(default_factory=set)
    lacks: dict[Part, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Push:
    wishes: Wishes
    host: Host
    get: Callable[[str, Sequence[tuple[str, str | int]]], Awaitable[Answer]]
    tell: Tell
    unanswered: set[str]
    """Keys of bookings that may have been made: nobody said."""

    async def keep(self, booking: KeepBooking) -> None:
        """One reservation with our key, as the booking is. Raises as a Performer."""
        if booking.dry:
            # R555: what would be sent, without the guest.
            fares = self.fares(booking)
            items = 0 if fares is None else len(fares.items)
            payload = _without_guest(self.payload(booking))
            logger.info("a booking was rehearsed", payload=payload, notes=len(booking.note), items=items)
            await self._told(booking, TEST_ID, _Has(set(Part)))
            return
        known = await self._find(booking)
        if known is None:
            if booking.status is not StayStatus.CANCELLED:
                id_ = await self._create(booking)
                await self._correct(booking, id_, None, self._made(booking))
            return
        id_ = known.text("_id")
        if not id_:
            raise Garbled("Guesty tells of a reservation without its id")
        self.unanswered.discard(booking.key)
        # What was told of it is not known if our own answer was lost; then it is as it was made.
        first = not (booking.told or booking.outdated)
        has = self._made(booking) if first else _Has(set(booking.told))
        await self._told(booking, id_, _Has())
        await self._correct(booking, id_, known, has)

    async def _find(self, booking: KeepBooking) -> Fields | None:
        """By its id, else by our key: an answer of ours may have been lost, and there must not be two."""
        if booking.booking:
            found = [row for row in await by_ids(self.get, [booking.booking]) if row.get("_id") == booking.booking]
            if not found:
                raise Rejected("Guesty does not know this reservation any more; it may have been deleted there")
        else:
            rows = await by_code(self.get, booking.key)
            found = [row for row in rows if row.get("confirmationCode") == booking.key]
            if found:  # the search does not say who comes
                found = [{**found[0], **each} for each in await by_ids(self.get, [str(found[0].get("_id"))])] or found
        return Fields(found[0]) if found else None

    async def _create(self, booking: KeepBooking) -> str:
        said = self.payload(booking)
        try:
            # 401 is also what Guesty says of nights that are not free; that costs no access token, of which there are five.
            answer = await self.tell("POST", V3, said, stale=())
        except Unavailable as error:
            self.unanswered.add(booking.key)
            if said["status"] != "inquiry":
                raise
            # It keeps no nights, so Guesty would take a second one. The search may lag behind what was made.
            raise Unavailable(str(error), wait=max(error.wait, SETTLES)) from error
        if answer.status == 401:
            if booking.key in self.unanswered:
                raise Unavailable(
                    "these nights may be this booking's own already; it is looked for again", wait=SETTLES
                )
            raise Rejected("Guesty refuses: these nights are not free there, or its own rules forbid the stay")
        made = told(done(answer, _KEYS))
        id_ = made.get("reservationId") if isinstance(made, Mapping) else None
        if not isinstance(id_, str) or not id_:
            raise Garbled("Guesty answers without the id of the reservation")
        await self._told(booking, id_, self._made(booking))
        return id_

    def _made(self, booking: KeepBooking) -> _Has:
        """What Guesty has of a reservation as soon as it is made."""
        has = _Has(set(Part) - {Part.NOTES, Part.PRICE})
        fares = self.fares(booking)
        if booking.total is None or (fares is not None and not fares.items):
            has.parts.add(Part.PRICE)
        return has

    async def _correct(self, booking: KeepBooking, id_: str, known: Fields | None, has: _Has) -> None:
        """Only what is different: dates and guests make Guesty count the price anew. What it takes is told, whatever
        becomes of the rest; what it refuses of what keeps no nights is told as well, and the rest goes on.

        Args:
            known: None: it was made this instant.
        """
        try:
            if known is not None:
                await self._mend_nights(booking, known, has, f"{V3}/{id_}")
            if booking.status is not StayStatus.CANCELLED:
                await self._mend_rest(booking, known, has, f"{V3}/{id_}")
        except Disappointment:
            await self._told(booking, id_, has)
            raise
        await self._told(booking, id_, has)
        refused = {part: why for part, why in has.lacks.items() if part is not Part.PRICE}
        if refused:
            raise Rejected("; ".join(dict.fromkeys(refused.values())))

    async def _mend_nights(self, booking: KeepBooking, known: Fields, has: _Has, path: str) -> None:
        """Raises Rejected: the rest is of no use then."""
        gone, now = booking.status is StayStatus.CANCELLED, known.text("status")
        if not gone and now in _OVER and not booking.revives:
            raise CancelledThere("Guesty says that it is cancelled")
        has.parts -= set(NIGHTLY)
        # A listing or days that it took and has no more were given there: a person says which count (hub/other_days.py).
        if not gone and Part.UNIT not in booking.told and known.text("listingId") not in ("", booking.listing):
            await self._relocate(booking, path)
        if not gone or Part.UNIT in booking.told:
            has.parts.add(Part.UNIT)
        days = {"checkInDateLocalized": f"{booking.arrival}", "checkOutDateLocalized": f"{booking.departure}"}
        ours = Part.DAYS not in booking.told
        if not gone and ours and any(known.text(name)[:10] not in ("", day) for name, day in days.items()):
            done(await self.tell("PUT", f"{path}/dates", days), _KEYS)
        if not gone or not ours:
            has.parts.add(Part.DAYS)
        word = self.status(booking)
        if now and word != now and not (word == "confirmed" and now in _CONFIRMED):
            done(await self.tell("PUT", f"{path}/status", {"status": word}), _KEYS)
        has.parts.add(Part.STATUS)

    async def _mend_rest(self, booking: KeepBooking, known: Fields | None, has: _Has, path: str) -> None:
        if known is not None:
            other = known.count("guestsCount") not in (None, self.count(booking))
            if other or Part.PARTY in booking.outdated:
                await self._put(f"{path}/guests", self._party(booking), Part.PARTY, has)
            else:
                has.parts.add(Part.PARTY)
            if Part.GUEST not in booking.told:
                await self._rename(booking, known, has)
        if Part.PRICE not in has.parts:
            await self._bill(booking, known, has, path.rpartition("/")[2])
        if Part.NOTES not in has.parts:
            asked = "\n".join(each for each in (booking.special_requests, booking.note) if each)
            notes = {"specialRequests": asked, "other": self.remarks(booking, has)}
            await self._put(f"{path}/notes", {"notes": notes}, Part.NOTES, has)

    async def _bill(self, booking: KeepBooking, known: Fields | None, has: _Has, id_: str) -> None:
        """The items of a price that Guesty has the fare of; a price that it does not have stands in the notes."""
        fares, why = self.fares(booking), self._price_why(booking)
        if fares is not None and fares.items and Part.PRICE not in booking.outdated:
            lacking = fares.items if known is None else fares.lacking(known)
            for line in lacking or ():
                why = await self._add(fares.item(line), id_)
                if why:
                    break
            else:
                why = why if lacking is None else ""
        if why:
            has.lacks[Part.PRICE] = why
        elif booking.total is not None:
            has.parts.add(Part.PRICE)

    async def _add(self, item: dict[str, Any], id_: str) -> str:
        """Why Guesty does not take it; empty: it has it."""
        try:
            answer = await self.tell("POST", f"/v1/invoice-items/reservation/{id_}", item)
            if answer.status in (400, 403, 404, 409, 422):
                return f"Guesty does not take its items as they are ({answer.status}), so it stands in the notes, too"
            done(answer, _KEYS)
        except Unavailable as error:  # it may have it: that is looked up before it is sent once more
            raise Unavailable(str(error), wait=max(error.wait, SETTLES)) from error
        return ""

    async def _put(self, path: str, said: object, part: Part, has: _Has) -> None:
        answer = await self.tell("PUT", path, said)
        if answer.status in (400, 404, 409, 410, 422):
            has.parts.discard(part)
            has.lacks[part] = f"{answer.host} does not take it as it is ({answer.status})"
            return
        done(answer, _KEYS)
        has.parts.add(part)

    async def _rename(self, booking: KeepBooking, known: Fields, has: _Has) -> None:
        """Source: Open API reference, “Update guest” (`PUT /guests-crud/{guestId}`). What is not known here is left as it is."""
        first, _, last = booking.guest.partition(" ")
        if Part.GUEST not in booking.outdated and self._is_guest(booking, known):
            has.parts.add(Part.GUEST)
            return
        id_ = known.text("guestId") or known.text("guest._id")
        if not id_:
            has.parts.discard(Part.GUEST)
            has.lacks[Part.GUEST] = "Guesty does not say which of its guests it is"
            return
        said = {"firstName": first, "lastName": last} if booking.guest else {}
        mail = {"email": booking.email, "emails": [booking.email]} if booking.email else {}
        phone = {"phone": booking.phone, "phones": [booking.phone]} if booking.phone else {}
        await self._put(f"/v1/guests-crud/{id_}", {**said, **mail, **phone}, Part.GUEST, has)

    @staticmethod
    def _is_guest(booking: KeepBooking, known: Fields) -> bool:
        """As far as it can be read."""
        email, phone = email_form(known.text("guest.email")), phone_form(known.text("guest.phone"))
        there = (known.text("guest.fullName"), email, phone)
        here = (booking.guest, email_form(booking.email), phone_form(booking.phone))
        return all(not read or not said or read == said for read, said in zip(there, here, strict=True))

    async def _relocate(self, booking: KeepBooking, path: str) -> None:
        """The guest was moved to another unit here. Guesty counts the price anew and minds its own calendar."""
        answer = await self.tell("PUT", f"{path}/relocate", {"listingId": booking.listing}, stale=())
        if answer.status in (401, 422):  # as of a reservation that is made: nights that are not free there
            raise Rejected(
                "Guesty does not move the reservation to the guest's new unit; its nights may not be free there"
            )
        done(answer, _KEYS)

    async def _told(self, booking: KeepBooking, id_: str, has: _Has) -> None:
        digests, lacks = dict(booking.parts), {part: why for part, why in has.lacks.items() if part not in has.parts}
        told = tuple((part, digests[part]) for part in Part if part in has.parts and part in digests)
        stay, now = booking.stay, self.host.clock.now()
        named = ChannelId(self.host.name)
        await self.host.tell(BookingKept(named, now, stay, id_, booking.dry, told, tuple(lacks.items())))

    # ---- what is said ----

    def payload(self, booking: KeepBooking) -> dict[str, Any]:
        first, _, last = booking.guest.partition(" ")
        guest = {"firstName": first, "lastName": last, "email": booking.email}
        said: dict[str, Any] = {
            "listingId": booking.listing,
            "checkInDateLocalized": f"{booking.arrival}",
            "checkOutDateLocalized": f"{booking.departure}",
            "status": self.status(booking),
            "source": "manual",
            "confirmationCode": booking.key,
            "origin": "Gatehouse",
            "originId": booking.key,
            # The house has decided; only nights that are somebody else's are a reason to refuse.
            "ignoreTerms": True,
            "ignoreBlocks": True,
            **self._party(booking),
        }
        if booking.guest:
            said["guest"] = {**guest, "phones": [booking.phone] if booking.phone else []}
        if said["status"] == "reserved":
            said["reservedUntil"] = -1  # no limit: whoever made it here ends it here
        fares = self.fares(booking)
        return said if fares is None else {**said, **fares.told}

    def fares(self, booking: KeepBooking) -> Fares | None:
        """R569, ruling C22; None: Guesty would take it for money of its own currency."""
        total = booking.total
        if total is None or total.currency != self.wishes.currency:
            return None
        return parted(total, booking.lines, whole=self.wishes.push_mapping == "plan")

    def _price_why(self, booking: KeepBooking) -> str:
        """Why it stands in the notes only; empty: there is none."""
        total, ours = booking.total, self.wishes.currency
        if total is None:
            return ""
        if ours is None:
            return "the account's currency is not set, so it stands in the notes only"
        if total.currency != ours:
            return f"it is in {total.currency} and the account's prices are in {ours}, so it stands in the notes only"
        return "Guesty changes no price over its interface, so it stands in the notes only"

    def count(self, booking: KeepBooking) -> int:
        """R568: adults and children."""
        if booking.adults is None:
            return booking.guests or 1
        return max(1, booking.adults + (booking.children or 0))

    def _party(self, booking: KeepBooking) -> dict[str, Any]:
        said: dict[str, Any] = {"guestsCount": self.count(booking)}
        if self.wishes.push_mapping == "classes":
            adults = booking.adults if booking.adults is not None else booking.guests
            said["numberOfGuests"] = {
                "numberOfAdults": max(1, adults or 1),
                "numberOfChildren": booking.children or 0,
                "numberOfInfants": booking.infants or 0,
                "numberOfPets": booking.pets or 0,
            }
        return said

    def status(self, booking: KeepBooking) -> str:
        """R411, ruling C18."""
        match booking.status:
            case StayStatus.CANCELLED:
                return "canceled"
            case StayStatus.TENTATIVE:
                return self.wishes.push_pending_as
            case _:
                return "confirmed"

    def remarks(self, booking: KeepBooking, has: _Has) -> str:
        """R570, as far as the house knows it."""
        party = {"children": booking.children, "infants": booking.infants, "pets": booking.pets}
        total = booking.total
        priced = total is not None and Part.PRICE not in has.parts
        said = [
            "Booked at the house",
            f"reference {booking.reference}" if booking.reference else "",
            f"company {booking.company}" if booking.company else "",
            f"purpose of the journey {booking.purpose}" if booking.purpose else "",
            f"from {booking.country}" if booking.country else "",
            *(f"{number} {what}" for what, number in party.items() if number),
            f"price {total}{_made_of(booking)}" if priced else "",
        ]
        return "; ".join(each for each in said if each)


def _made_of(booking: KeepBooking) -> str:
    said = in_words(Price(booking.total, booking.lines))
    if booking.total is None or not said:
        return ""
    return f" ({', '.join(f'{words} {Money(minor, booking.total.currency)}' for words, minor in said)})"


def _without_guest(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {**payload, **({"guest": "left out"} if "guest" in payload else {})}
