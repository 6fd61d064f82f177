"""Sources: [H] github tykeal/homeassistant-guesty @4993b062, specs/*/contracts. [T] github SVENS0Nb/GuestyTerminal @4eda456c,
tests: v3 as its client is tested with. [G] Guesty's own guides and Open API reference, by their titles. [K] github
karlgrey/guesty-calendar-app @72f8dbd0, docs/GUESTY_API_ANALYSIS.md. [F] facts page on channels.
"""

from __future__ import annotations

from typing import Final

from tests.integrations.documented import Message

_ITEM: Final = {
    "title": "2 nights",
    "amount": 400.5,
    "normalType": "AF",
    "secondIdentifier": "SERVICE",
    "isTax": False,
}
"""[G] “Create Invoice Item”, and the guide on syncing reservation financials."""
_MONEY: Final = {"totalPaid": 1250.0, "balanceDue": 0.0, "currency": "USD", "invoiceItems": [_ITEM]}
BOOKING: Final = {
    "_id": "66f1c4a1246e7d9f0f8da88a",
    "listingId": "66054019764cbb000f37c450",
    "status": "confirmed",
    "confirmationCode": "GY-h5SdcsBL",
    "checkIn": "2027-08-17T15:00:00.000Z",
    "checkOut": "2027-08-22T11:00:00.000Z",
    "checkInDateLocalized": "2027-08-17",
    "checkOutDateLocalized": "2027-08-22",
    "plannedArrival": "16:00",
    "plannedDeparture": "10:00",
    "nightsCount": 5,
    "guestsCount": 3,
    "guest": {"fullName": "Edda Lindqvist", "phone": "+1-555-0123", "email": "edda@example.com"},
    "money": _MONEY,
    "source": "airbnb",
    "note": "late",
    "lastUpdatedAt": "2027-08-01T10:00:00.000Z",  # [G] “How to Search for Reservations”: one may sort by it
}
"""[H], of `GET /reservations`."""
_DAYS: Final = {"checkInDateLocalized": "2027-09-10", "checkOutDateLocalized": "2027-09-13"}
ROW: Final = {
    "reservationId": "673e3b1fabcdef456789",
    "_id": "673e3b1fabcdef456789",
    "status": "confirmed",
    "confirmationCode": "GY-h5SdcsBL",
    "source": "airbnb",
    "guestId": "637bad36abcdef123456",
    "checkIn": "2027-09-10T14:30:00Z",
    "checkOut": "2027-09-13T07:30:00Z",
    **_DAYS,
    "stay": [
        {
            "listingId": "listing-1",
            "parentListingId": "listing-0",
            "unitId": "listing-1",
            "unitTypeId": "listing-0",
            **_DAYS,
        }
    ],
}
"""[T], and the filters of [G] “Search reservations”."""
DETAIL: Final = {
    **ROW,
    "guestsCount": 3,  # [G] “Create a Reservation Without a Quote” names it, and guest's fields
    "guest": {"firstName": "Edda", "lastName": "Lindqvist", "emails": ["edda@example.com"], "phones": ["+1-555-0123"]},
    "notes": {"other": "Brings a dog", "cleaning": "", "specialRequests": "", "keyCode": "7391"},
    "money": _MONEY,
}
"""[T], of `GET /reservations-v3`."""
BOOKINGS: Final = (BOOKING, DETAIL)
DAY: Final = {
    "date": "2027-03-29",
    "listingId": "abc123",
    "currency": "USD",
    "price": 300,
    "isBasePrice": True,
    "minNights": 2,
    "isBaseMinNights": True,
    "status": "available",
    "blocks": dict.fromkeys(("m", "r", "b", "bd", "sr", "abl", "a", "bw", "o", "pt", "ic", "an"), False),
    "blockRefs": [],
    "cta": False,
    "ctd": False,
    "allotment": 1,
}
"""[K]; the letters are [G] “Calendar Block Types”."""
_LISTING: Final = {
    "_id": "507f1f77bcf86cd799439011",
    "title": "Beach House",
    "nickname": "Beach",
    "listed": True,
    "active": True,
}
_NEW: Final = {
    "listingId": "66054019764cbb000f37c450",
    **_DAYS,
    "status": "reserved",
    "source": "manual",
    "confirmationCode": "GH-1",
    "origin": "Gatehouse",
    "originId": "GH-1",
    "ignoreTerms": True,
    "ignoreBlocks": True,
    "guestsCount": 2,
    "numberOfGuests": {"numberOfAdults": 2, "numberOfChildren": 0, "numberOfInfants": 0, "numberOfPets": 0},
    "accommodationFare": 800,
    "cleaningFee": 50,
    "guest": {"firstName": "Edda", "lastName": "L", "email": "edda@example.com", "phones": ["+1-555-0123"]},
}
MESSAGES: Final = (
    Message(
        "POST /oauth2/token",
        {"token_type": "Bearer", "access_token": "<jwt>", "expires_in": 86400, "scope": "open-api"},
        "[H]",
    ),
    Message(
        "POST /oauth2/token",
        {"error": "invalid_client", "error_description": "Client authentication failed"},
        "[H]",
        status=401,
    ),
    Message("GET /v1/listings", {"results": [_LISTING], "count": 1, "limit": 100, "skip": 0}, "[H]"),
    Message("GET /v1/reservations", {"results": [BOOKING], "count": 1, "limit": 100, "skip": 0}, "[H]"),
    Message(
        "GET /v1/reservations-v3/search",
        {"results": [ROW], "pagination": {"skip": 0, "limit": 100, "hasMore": False}},
        "[T], [G] “Search reservations”",
    ),
    Message("GET /v1/reservations-v3", [DETAIL], "[T]"),
    Message(
        "POST /v1/reservations-v3",
        {"reservationId": "673e3b1fabcdef456789", "confirmationCode": "GH-1"},
        "[G] “Create a Reservation Without a Quote”",
        status=201,
        sent=_NEW,
    ),
    *(
        Message(f"PUT /v1/reservations-v3/#/{what}", {"reservationId": "673e"}, f"[G] “{title}”", sent=sent)
        for what, title, sent in (
            ("notes", "Update Reservation notes", {"notes": DETAIL["notes"]}),
            ("dates", "Update Reservation Dates", _DAYS),
            ("relocate", "Update reservation listing", {"listingId": "listing-1"}),
            ("status", "Update reservation status", {"status": "canceled"}),
            (
                "guests",
                "Update Reservation Guests Breakdown",
                {"guestsCount": 2, "numberOfGuests": _NEW["numberOfGuests"]},
            ),
        )
    ),
    Message(
        "PUT /v1/guests-crud/#",
        {"_id": "637bad36abcdef123456", "firstName": "Edda"},
        "[G] “Update guest”; [T]",
        sent={
            "firstName": "Edda",
            "lastName": "L",
            "email": "edda@example.com",
            "emails": ["edda@example.com"],
            "phone": "+1-555-0123",
            "phones": ["+1-555-0123"],
        },
    ),
    Message("POST /v1/invoice-items/reservation/#", {}, "[G] “Create Invoice Item”", status=201, sent=_ITEM),
    Message(
        "GET /v1/availability-pricing/api/calendar/listings/#",
        {"status": 200, "data": {"days": [DAY]}},
        "[K]; [G] “Retrieve the calendar for a single listing”",
    ),
    Message(
        "PUT /v1/availability-pricing/api/calendar/listings/#",
        {"status": 200},
        "[H]",
        sent={"dateFrom": "2027-08-01", "dateTo": "2027-08-05", "status": "unavailable"},
    ),
    Message(
        "GET /v1/communication/conversations",
        {
            "results": [
                {
                    "_id": "conv-abc123",
                    "reservation": {"_id": "res-xyz789"},
                    "module": {"type": "platform"},
                    "availableModules": [{"type": "email"}],
                    "guest": {"_id": "guest-456"},
                    "createdAt": "2027-07-01T10:00:00.000Z",
                }
            ],
            "count": 1,
            "limit": 25,
            "skip": 0,
        },
        "[H]",
    ),
    Message(
        "POST /v1/communication/conversations/#/send-message",
        {
            "_id": "msg",
            "conversationId": "conv",
            "body": "Hi",
            "module": {"type": "email"},
            "createdAt": "2027-07-24T14:30:00.000Z",
        },
        "[H]",
        status=201,
        sent={"body": "Hi", "module": {"type": "email"}},
    ),
    Message(
        "webhook",
        {
            "event": "reservation.updated.v2",
            "reservationId": "66f1c4a1246e7d9f0f8da88a",
            "publishedAt": "2027-07-01T10:00:00.000Z",
        },
        "[G] reservation webhooks migration guide: ids, kinds of change and publishedAt",
    ),
    Message(
        "webhook of a calendar",
        {
            "listingId": "abc123",
            "accountId": "def456",
            "currency": "USD",
            "dateRange": {"start": "2027-03-01", "end": "2027-03-31"},
        },
        "[G] calendar webhook migration guide, `calendar.updated.v2`",
    ),
)
