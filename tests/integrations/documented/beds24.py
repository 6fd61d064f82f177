"""Sources: [E] github api-evangelist/beds24 @23a17aeb, the schema of API v2. [C] public clients' types of it, after its wiki.
[F] facts page on channels §1.1.
"""

from __future__ import annotations

from typing import Final

from tests.integrations.documented import Message

BOOKING: Final = {
    "id": 5,
    "propertyId": 9,
    "roomId": 712293,
    "unitId": 1,
    "status": "black",
    "arrival": "2027-02-01",
    "departure": "2027-02-03",
    "numAdult": 0,
    "numChild": 0,
    "firstName": "",
    "lastName": "",
    "email": "",
    "phone": "",  # [C], as are apiReference and the fields of items
    "price": 0,
    "referer": "",
    "apiSource": "",
    "apiReference": "",
    "bookingTime": "2027-01-20T08:00:00Z",
    "modifiedTime": "2027-01-20T08:00:00Z",
    "invoiceItems": [{"id": 1, "type": "charge", "description": "Cleaning", "qty": 1, "amount": 50, "lineTotal": 50}],
    "infoItems": [{"id": 7, "code": "DOORCODE", "text": "407193"}],
}
BLOCK: Final = {**BOOKING, "invoiceItems": []}
BOOKINGS: Final = (BOOKING,)
_PAGES: Final = {"nextPageExists": False, "nextPageLink": (None, "https://api.beds24.com/v2/bookings?page=2")}
_LISTED: Final = {"success": True, "type": "booking", "count": 1, "pages": _PAGES}
_DONE: Final = [{"success": True, "new": {"id": 5}, "errors": [{"field": "id", "message": "booking not found"}]}]
MESSAGES: Final = (
    Message("GET /v2/authentication/token", {"token": "abc", "expiresIn": 86400}, "[C]"),
    Message(
        "GET /v2/authentication/token",
        {"success": False, "type": "error", "code": 401, "error": "Token not valid"},
        "[C] UnsuccessfulApiResponse",
        status=401,
    ),
    Message(
        "GET /v2/bookings",
        ({**_LISTED, "data": [BOOKING]}, {"validToken": False}),
        "[E]; [F]: a bad token is told by a 200",
    ),
    Message(
        "GET /v2/properties",
        (
            {**_LISTED, "data": [{"id": 9, "name": "Strand", "roomTypes": [{"id": 1, "name": "Sea", "qty": 1}]}]},
            {"validToken": False},
        ),
        "[C], with includeAllRooms; [F]",
    ),
    Message(
        "POST /v2/bookings",
        _DONE,
        "[F]: an array, and with an id it is changed; [C]",
        status=201,
        sent=[{"id": 5, "infoItems": [{"id": 7, "code": "DOORCODE", "text": "407193"}]}],
    ),
    Message(
        "POST /v2/inventory/rooms/calendar",
        _DONE,
        "[E]; that `to` is the last day is as integrators measured",
        status=201,
        sent=[{"roomId": 712293, "calendar": [{"from": "2027-02-01", "to": "2027-02-02", "numAvail": 0}]}],
    ),
    Message(
        "POST /v2/bookings/messages",
        _DONE,
        "[E]",
        status=201,
        sent=[{"bookingId": 5, "message": "Welcome."}],
    ),
    Message(
        "any",
        {"success": False, "type": "error", "code": 429, "error": "Credit limit exceeded"},
        "[C] UnsuccessfulApiResponse; [F]: 100 credits in 5 minutes",
        status=429,
    ),
    Message("any", {"success": False, "type": "error", "code": 404, "error": "Not found"}, "[C]", status=404),
    Message("webhook", {"booking": BOOKING}, "public receivers' guides: the booking as the API tells it"),
)
