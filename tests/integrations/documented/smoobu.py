"""Sources: [T] types of public clients of `GET /api/reservations`, after docs.smoobu.com. [W] integrators' tests and documents of
the webhook. [P] Smoobu's API as listed by digfish/php-smoobu-cli. [M] m190/usefulapi-mcp @387141cc.
[E] integrators' tests and readers of price elements.
"""

from __future__ import annotations

from typing import Final

from tests.integrations.documented import Message

BOOKING: Final = {
    "id": 291,
    "reference-id": "4545dS4254",
    "type": "reservation",
    "arrival": "2027-01-10",
    "departure": "2027-01-12",
    "created-at": "2027-01-03 13:51",
    "modified-at": "2027-01-03 13:51",
    "apartment": {"id": 3327457, "name": "R1"},
    "channel": {"id": 465614, "name": "Booking.com"},
    "guest-name": "Edda Lindqvist",
    "email": "edda@example.com",
    "phone": "+49123456789",
    "adults": 3,
    "children": 2,
    "check-in": ("15:00", ""),
    "check-out": ("10:00", ""),
    "notice": "",
    "price": 150,
    "price-paid": "Yes",
    "language": "en",
    "is-blocked-booking": False,
    "priceElements": [  # [T], with `includePriceElements`; [E]
        {
            "id": 10,
            "type": ("cleaningFee", None),
            "name": "Cleaning fee",
            "amount": 30.5,
            "quantity": (None, 1),
            "tax": (None, 7),
            "currencyCode": "GBP",
            "sortOrder": (4, None),
            "priceIncludedInId": (None, 9),
        }
    ],
}
BOOKINGS: Final = (BOOKING,)
MESSAGES: Final = (
    Message("GET /api/apartments", {"apartments": [{"id": 3327457, "name": "R1"}]}, "[P]"),
    Message(
        "GET /api/reservations",
        {"page_count": 1, "page_size": 25, "total_items": 1, "page": 1, "bookings": [BOOKING]},
        "[T]",
    ),
    Message("GET /api/reservations/#", BOOKING, "[M]"),
    Message("PUT /api/reservations/#", BOOKING, "[M]", sent={"notice": "Door code: 407193"}),
    Message(
        "POST /api/reservations",
        {"id": 292},
        "[P], [M]: channel 11 is “Blocked”",
        sent={
            "arrivalDate": "2027-01-10",
            "departureDate": "2027-01-12",
            "apartmentId": 3327457,
            "channelId": 11,
            "notice": "closed",
        },
    ),
    Message("DELETE /api/reservations/#", {"success": True}, "[P]"),
    Message(
        "POST /api/reservations/#/messages/send-message-to-guest",
        {"id": 1},
        "facts page on channels §1.1; integrators' clients send these two",
        status=201,
        sent={"subject": "Hello", "messageBody": "Welcome."},
    ),
    Message(
        "webhook",
        {
            "action": "newReservation",
            "user": 1306068,
            "data": {
                "id": 102483793,
                "arrival": "2027-01-15",
                "departure": "2027-01-18",
                "apartment": {"id": 101, "name": "R1"},
                "guest-name": "Edda Lindqvist",
                "email": "edda@example.com",
            },
        },
        "[W]",
    ),
)
