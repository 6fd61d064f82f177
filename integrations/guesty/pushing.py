"""Bookings of the house as reservations of Guesty's.

Source: Guesty Open API reference, “Create a Reservation Without a Quote” (`POST /reservations-v3`), “Update Reservation Dates”,
“Update reservation listing”, “Update reservation status”, “Update Reservation Guests Breakdown”, “Update Reservation notes”. The
older `/reservations` is to be taken away on 1 March 2027 (changelog of 2026-11-05).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import structlog

from hub.contracts import Host
from hub.contracts.fields import Fields
from hub.contracts.writing import done
from hub.errors import Garbled, Rejected, Unavailable
from hub.io.api import told
from hub.io.http import Answer
from hub.model.effects import KeepBooking
from hub.model.facts import BookingKept
from hub.model.values import ChannelId, StayStatus
from integrations.guesty.reading import by_code, by_ids

logger = structlog.get_logger("guesty")

TEST_ID: Final = "test-reservation-id"
"""R555."""
SETTLES: Final = timedelta(minutes=2)
"""What was just made may not be found before. Our own guess: nobody documents it."""
_KEYS: Final = "client id and secret"
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
            logger.info(
                "a booking was rehearsed", payload=_without_guest(self.payload(booking)), notes=len(booking.note)
            )
            await self._told(booking, TEST_ID)
            return
        known = await self._find(booking)
        if known is None:
            if booking.status is not StayStatus.CANCELLED:
                await self._create(booking)
            return
        id_ = known.text("_id")
        if not id_:
            raise Garbled("Guesty tells of a reservation without its id")
        self.unanswered.discard(booking.key)
        await self._told(booking, id_)
        await self._correct(booking, known, f"/v1/reservations-v3/{id_}")

    async def _find(self, booking: KeepBooking) -> Fields | None:
        """By its id, else by our key: an answer of ours may have been lost, and there must not be two."""
        if booking.booking:
            found = [row for row in await by_ids(self.get, [booking.booking]) if row.get("_id") == booking.booking]
            if not found:
                raise Rejected("Guesty does not know this reservation any more; it may have been deleted there")
        else:
            rows = await by_code(self.get, booking.key)
            found = [row for row in rows if row.get("confirmationCode") == booking.key]
        return Fields(found[0]) if found else None

    async def _create(self, booking: KeepBooking) -> None:
        said = self.payload(booking)
        try:
            # 401 is also what Guesty says of nights that are not free; that costs no access token, of which there are five.
            answer = await self.tell("POST", "/v1/reservations-v3", said, stale=())
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
        await self._told(booking, id_)
        notes = {"specialRequests": booking.note, "other": self.remarks(booking)}
        done(await self.tell("PUT", f"/v1/reservations-v3/{id_}/notes", {"notes": notes}), _KEYS)

    async def _correct(self, booking: KeepBooking, known: Fields, path: str) -> None:
        """Only what is different: dates and guests make Guesty count the price anew."""
        gone = booking.status is StayStatus.CANCELLED
        if not gone and known.text("listingId") not in ("", booking.listing):
            await self._relocate(booking, path)
        days = {"checkInDateLocalized": f"{booking.arrival}", "checkOutDateLocalized": f"{booking.departure}"}
        if not gone and any(known.text(name)[:10] not in ("", day) for name, day in days.items()):
            done(await self.tell("PUT", f"{path}/dates", days), _KEYS)
        if not gone and known.count("guestsCount") not in (None, self.count(booking)):
            done(await self.tell("PUT", f"{path}/guests", self._party(booking)), _KEYS)
        word, now = self.status(booking), known.text("status")
        if now and word != now and not (word == "confirmed" and now in _CONFIRMED):
            done(await self.tell("PUT", f"{path}/status", {"status": word}), _KEYS)

    async def _relocate(self, booking: KeepBooking, path: str) -> None:
        """The guest was moved to another unit here. Guesty counts the price anew and minds its own calendar."""
        answer = await self.tell("PUT", f"{path}/relocate", {"listingId": booking.listing}, stale=())
        if answer.status in (401, 422):  # as of a reservation that is made: nights that are not free there
            raise Rejected(
                "Guesty does not move the reservation to the guest's new unit; its nights may not be free there"
            )
        done(answer, _KEYS)

    async def _told(self, booking: KeepBooking, id_: str) -> None:
        fact = BookingKept(ChannelId(self.host.name), self.host.clock.now(), booking.stay, id_, dry=booking.dry)
        await self.host.tell(fact)

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
        total = booking.total
        if total is not None and total.currency == self.wishes.currency:
            said["accommodationFare"] = float(str(total).partition(" ")[0])
        return said

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

    def remarks(self, booking: KeepBooking) -> str:
        """R570, as far as the house knows it."""
        party = {"children": booking.children, "infants": booking.infants, "pets": booking.pets}
        total = booking.total
        priced = total is not None and total.currency != self.wishes.currency
        said = [
            "Booked at the house",
            f"reference {booking.reference}" if booking.reference else "",
            *(f"{number} {what}" for what, number in party.items() if number),
            f"price {total}" if priced else "",
        ]
        return "; ".join(each for each in said if each)


def _without_guest(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {**payload, **({"guest": "left out"} if "guest" in payload else {})}
