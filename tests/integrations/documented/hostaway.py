"""Source: github Hostaway/api @b782c7b2, its makers' documents: source/index.html.md and source/includes, of which each message
names the file. What the makers marked as outdated is left out.
"""

from __future__ import annotations

from typing import Any, Final

from tests.integrations.documented import Message

BOOKING: Final = {
    "id": 13,
    "listingMapId": 40160,
    "channelId": 2001,
    "channelName": "airbnb",
    "source": "homeawayApi",
    "reservationId": "10450-40160-thread313906227",
    "hostawayReservationId": (13, "13"),
    "channelReservationId": "10450-40160-thread313906227",
    "guestName": "Edda Lindqvist",
    "guestFirstName": "Edda",
    "guestLastName": "Lindqvist",
    "guestEmail": "edda@example.com",
    "numberOfGuests": 1,
    "adults": 1,
    "children": (None, 1),
    "infants": (None, 1),
    "pets": (None, 1),
    "arrivalDate": "2027-07-15",
    "departureDate": "2027-07-16",
    "checkInTime": (None, 8),  # _conversation_conversationObject.md shows hours in its reservation
    "checkOutTime": (None, 22),
    "nights": 1,
    "phone": "+75125551212",
    "totalPrice": 267,
    "currency": "USD",
    "status": "new",
    "hostNote": (None, "Key at the baker's"),
    "guestLocale": (None, "sv"),
    "doorCode": ("12345", None),
    "doorCodeVendor": ("vendor", None),
    "confirmationCode": "HMEXAMPLE1",
    "insertedOn": "2027-05-18 12:20:42",  # both in _conversation_conversationObject.md, and what lists are sorted by
    "updatedOn": "2027-06-28 11:24:40",
    "financeField": [
        {
            "id": 1,
            "units": 1,
            "type": "price",
            "name": "baseRate",
            "title": "Base rate",
            "alias": None,
            "value": 267,
            "isIncludedInTotalPrice": 1,
            "isOverriddenByUser": 0,
            "isMandatory": None,
            "isDeleted": 0,
            "total": 267,
        }
    ],
}
"""_reservation_reservationObject.md, _finance_field.md."""
BOOKINGS: Final = (BOOKING,)
DAY: Final = {
    "id": 46253,
    "date": "2027-07-15",
    "isAvailable": 0,
    "isProcessed": 1,
    "status": "reserved",
    "price": 225,
    "minimumStay": 1,
    "maximumStay": 1125,
    "closedOnArrival": (None, 1),
    "closedOnDeparture": (None, 1),
    "note": (None, "test"),
}


def _told(result: Any) -> dict[str, Any]:
    """index.html.md, “Standard Response”."""
    return {
        "status": "success",
        "result": result,
        "limit": (100, None),
        "offset": (0, None),
        "count": 1,
        "page": 1,
        "totalPages": 1,
    }


_NO: Final = {"status": "fail", "message": "too many requests", "result": "an error message"}
MESSAGES: Final = (
    Message(
        "POST /v1/accessTokens",
        {"token_type": "Bearer", "expires_in": 15897600, "access_token": "eyJ"},
        "_authentication.md",
    ),
    Message(
        "POST /v1/accessTokens", {"error": "invalid_client"}, "_authentication.md by RFC 6749, section 5.2", status=401
    ),
    Message(
        "GET /v1/listings",
        _told([{"id": 40160, "name": "Strand", "internalListingName": "Property 3", "city": "Visby"}]),
        "_listing_listingObject.md",
    ),
    Message("GET /v1/reservations", _told([BOOKING]), "_reservation_retrieveReservationsList.md"),
    Message(
        "GET /v1/listings/#/calendar", _told([DAY]), "_calendar_retrieveCalendar.md, _calendar_calendarDayObject.md"
    ),
    Message(
        "PUT /v1/listings/#/calendar",
        _told([DAY]),
        "_calendar_updateCalendar.md",
        sent={"startDate": "2027-09-01", "endDate": "2027-09-05", "isAvailable": 1, "note": "test"},
    ),
    Message(
        "PUT /v1/reservations/#",
        _told(BOOKING),
        "_reservation_updateReservation.md; integrators send these two alone",
        sent={"doorCode": ("12345", None), "doorCodeVendor": ("vendor", None)},
    ),
    Message(
        "GET /v1/conversations",
        _told([{"id": 1406, "reservationId": 2, "type": "host-guest-email", "hasUnreadMessages": 0}]),
        "_conversation_retrieveConversationsList.md, _conversation_conversationObject.md",
    ),
    Message(
        "POST /v1/conversations/#/messages",
        _told({"id": 326, "conversationId": 1406, "reservationId": 2, "body": "hello guest", "status": "sent"}),
        "_conversation_sendConversationMessage.md, _conversation_conversationMessageObject.md",
        sent={"body": "hello guest", "communicationType": "channel"},
    ),
    Message("any", _NO, "index.html.md, “Rate limits” and “Standard Response”", status=429),
    Message("any", _NO, "index.html.md, “Standard Response” and “Working with authorization token”", status=403),
    Message("any", _NO, "index.html.md, “Standard Response”", status=404),
    Message(
        "webhook",
        {
            "object": "reservation",
            "event": "reservation.updated",
            "accountId": 10450,
            "listingMapId": 40160,
            "objectId": 13,
            "data": BOOKING,
        },
        "_unifiedWebhookLog_unifiedWebhookLogObject.md; that `data` goes along is as public receivers test it",
    ),
)
