"""Sources: [Z] its makers' Zapier app, github ownerrez/orez-zapier @264b402b, orez.js: `Types`, `MockList`.
[L] github trentrae/ownerrez_lock_manager @77bee930. [W] a public receiver's tests, with webhooks as they came in March 2026; its
model of a booking names `updated_utc`, `total_amount` and `notes`, too. [F] facts page on channels §1.1.
"""

from __future__ import annotations

from typing import Any, Final

from tests.integrations.documented import Message

GUEST: Final = {
    "id": 123,
    "first_name": "Edda",
    "last_name": "Lindqvist",
    "email_addresses": [{"id": 1, "address": "edda@example.com", "is_default": False}],
    "phones": [{"id": 2, "number": "+1 (234) 567-8900", "is_default": False}],
    "addresses": [{"id": 3, "city": "Visby", "country": "SWEDEN", "postal_code": "62157", "street1": "Strandgatan 1"}],
}
ZAPIER: Final = {
    "id": 273491,
    "type": "booking",
    "is_block": False,
    "status": "active",
    "property_id": 182918563,
    "arrival": "2027-04-28",
    "departure": "2027-05-04",
    "adults": 1,
    "children": 0,
    "infants": 0,
    "pets": 0,
    "guest_id": 34013,
    "charges": [
        {"amount": 950, "type": "rent", "description": "5 nights", "rate": 950, "position": 0, "is_taxable": False}
    ],
}
"""[Z], without a guest."""
BOOKING: Final = {
    **ZAPIER,
    "check_in": "16:00",  # [L] and [W]
    "check_out": "11:00",
    "platform_reservation_number": "HMEXAMPLE1",
    "guest": GUEST,  # [L]: with include_guest
    "door_codes": [{"code": "1234"}],
    "listing_site": "Airbnb",  # [W]
    "currency_code": "SEK",
    "property": {"id": 182918563, "name": "Strand"},
    "created_utc": "2027-03-08T17:54:44Z",
    "updated_utc": "2027-03-08T17:54:44Z",
    "total_amount": 950,
    "notes": "Brings a dog",
    "title": "Hold for HMEXAMPLE1",
}
PENDING: Final = {**BOOKING, "type": "block", "is_block": True, "status": "pending", "adults": 0}
"""[W]: what Airbnb holds until a guest's request is answered; the same id is a booking afterwards."""
BOOKINGS: Final = (BOOKING,)

_LISTED: Final[dict[str, Any]] = {
    "count": 1,
    "limit": 20,
    "offset": 0,
    "next_page_url": ("", None, "/v2/bookings?offset=20"),
}
MESSAGES: Final = (
    Message(
        "GET /v2/properties",
        {**_LISTED, "items": [{"id": 182918563, "key": "abc123", "name": "Strand", "active": True}]},
        "[Z] Types.Property, MockList",
    ),
    Message(
        "GET /v2/bookings", {**_LISTED, "items": [BOOKING, PENDING]}, "[Z] Types.Booking; [L]; [W]; [F]: next_page_url"
    ),
    Message("GET /v2/bookings/#", BOOKING, "[Z] GetItems: one alone is told without a list"),
    Message(
        "PATCH /v2/bookings/#",
        BOOKING,
        "[Z] PatchItem; m190/usefulapi-mcp names `notes`",
        sent={"notes": "Brings a dog"},
    ),
    Message(
        "webhook",
        {
            "id": ("17e9b27d-2d93-42ef-835c-1201c28ebe90", 1),
            "user_id": 123,
            "action": "entity_update",
            "entity_type": "booking",
            "entity_id": 273491,
            "entity": PENDING,
        },
        "[W]; github GavinHensley1/ownerrez-pusher @d20ab8a7 api/app.js",
    ),
)
