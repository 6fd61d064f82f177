"""Source: Hospitable's own OpenAPI document of its public API v2, with its webhooks, as kept by
condechi/hospitable-api-docs-markdown @69748f7c; and where that is said, integrators' tests and notes.
"""

from __future__ import annotations

from typing import Any, Final

from tests.integrations.documented import Message

_STATUS: Final = {"category": "accepted", "sub_category": ("request to book", None)}
_COST: Final = {"amount": 12345, "formatted": "$123.45", "label": "Guest Service Fee", "category": "Service fees"}
_PAYS: Final = {
    "accommodation": _COST,
    "fees": [_COST],
    "discounts": [_COST],
    "taxes": [_COST],
    "adjustments": [_COST],
    "total_price": _COST,
}
"""`FinancialsV2`, as the guest sees it."""
BOOKING: Final = {
    "id": "6f58fd0a-a9cb-3746-9219-384a156ff7bb",
    "conversation_id": "6f58fd0a-a9cb-3746-9219-384a156ff7bb",
    "platform": "homeaway",
    "platform_id": "ABC123",
    "code": "ABC123",  # integrators read it before platform_id (facts page on channels §1.4)
    "booking_date": "2027-01-01T12:00:00Z",
    "arrival_date": "2027-01-03T00:00:00-05:00",
    "departure_date": "2027-01-05T00:00:00-05:00",
    "nights": 2,
    "check_in": "2027-01-03T13:00:00-05:00",
    "check_out": "2027-01-05T11:00:00-05:00",
    "last_message_at": "2027-01-05T11:00:00-00:00",
    "status": "booking",
    "stay_type": "guest_stay",  # integrators' tests have an `owner_stay`
    "reservation_status": {"current": _STATUS, "history": [{**_STATUS, "changed_at": "2027-01-03T12:00:00-05:00"}]},
    "guests": {"total": 1, "adult_count": 1, "child_count": 0, "infant_count": 0, "pet_count": 0},
    "properties": [{"id": "550e8400-e29b-41d4-a716-446655440000", "name": "Strand", "public_name": "By the sea"}],
    "guest": {
        "id": ("12345", None),
        "first_name": ("Edda", None),
        "last_name": ("Lindqvist", None),
        "email": ("edda@example.com", None),
        "phone_numbers": (["+46 498 123456"], None),
    },
    "financials": {"currency": "USD", "guest": _PAYS, "host": {}},
}
"""`Reservation`, `ReservationFull`."""
BOOKINGS: Final = (BOOKING,)
DAY: Final = {
    "date": "2027-10-01",
    "day": "SUNDAY",
    "min_stay": 1,
    "status": {
        "reason": "RESERVED",
        "source_type": ("USER", None),
        "source": ("Airbnb", None),
        "available": False,
    },
    "price": {"amount": 15000, "currency": "EUR", "formatted": "€150.00"},
    "closed_for_checkin": False,
    "closed_for_checkout": False,
}


def _page(rows: list[Any]) -> dict[str, Any]:
    where = "https://public.api.hospitable.com/v2/properties?page=1"
    links = {"first": where, "last": where, "prev": (None, where), "next": (None, where)}
    meta = {"current_page": 1, "from": 1, "last_page": 1, "path": where, "per_page": 10, "to": 1, "total": 1}
    return {"data": rows, "links": links, "meta": meta}


_NO: Final = {"status_code": (400, "422"), "reason_phrase": "The body field is required.", "message": "It is."}
MESSAGES: Final = (
    Message("GET /v2/properties", _page(BOOKING["properties"]), "get-properties, `Property`"),  # type: ignore[arg-type]  # a list
    Message("GET /v2/reservations", _page([BOOKING]), "get-reservations, `ReservationFull`"),
    Message(
        "GET /v2/properties/#/calendar",
        {
            "data": {
                "listing_id": "641292503357103111",
                "provider": "airbnb",
                "start_date": "2027-10-01",
                "end_date": "2027-10-31",
                "days": [DAY],
            }
        },
        "get-property-calendar",
    ),
    Message(
        "PUT /v2/properties/#/calendar",
        {"status": "accepted"},
        "update-property-calendar",
        status=202,
        sent={"dates": [{"date": "2027-10-01", "available": False}]},
    ),
    Message(
        "POST /v2/reservations/#/messages",
        {"data": {"sent_reference_id": "r1"}},
        "integrators' notes: 202; the document has an empty object and 201",
        status=202,
        sent={"body": "Welcome."},
    ),
    *(
        Message("any", _NO, "the answers 400 to 422 of its operations", status=status)
        for status in (400, 401, 404, 422)
    ),
    Message(
        "webhook",
        {
            "id": "01GTKD6ZYFVQMR0RWP4HBBHNZC",
            "action": "reservation.changed",
            "triggers": "status_changed",
            "data": BOOKING,
            "created": "2027-01-01T00:00:00Z",
            "version": "1.0",
        },
        "webhooks, `Reservation`; integrators' tests show a part of the data alone, and 1.0 for a version",
    ),
)
