"""Lodgify's API v2 as integrators report what they saw of it: pages by number without a count, time of change not told."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Reply, items, reply

STATES: Final = {"taken": "Booked", "asked": "Tentative", "over": "Declined", "strange": "Pondering"}


class LodgifyDesk(Desk):
    LIMITS = ((100, 60),)
    """Unconfirmed, says the facts page."""

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if asked.headers.get("x-apikey") != "pt_key":
            return reply({"code": 999, "message": "Authorization has been denied for this request."}, 401)
        if path == "/v2/properties":
            return self._page([{"id": int(id_), "name": name} for id_, name in self.units.items()], query)
        if path.startswith("/v2/availability/"):
            return self._availability(path.removeprefix("/v2/availability/"), query)
        if path == "/v2/reservations/bookings":
            return self._page([self.item(row) for row in self._found(query)], query)
        bookings = "/v2/reservations/bookings/"
        if (row := self.named(path, bookings)) is not None and asked.method == "GET":
            return reply(self.item(row))
        if (row := self.named(path, bookings, "/keyCodes")) is not None and asked.method == "PUT":
            (room,) = json.loads(asked.body)["rooms"]
            assert room["room_type_id"] == 1
            row.code = room["key_code"]
            return reply({"rooms": [room]})
        if (row := self.named(path, "/v1/reservation/booking/", "/messages")) is not None and asked.method == "POST":
            (letter,) = json.loads(asked.body)
            assert letter["type"] == "Owner"
            assert letter["send_notification"]
            self.letters.append((row.id, letter["message"]))
            return reply({"success": True})
        return reply({"message": "Not found"}, 404)

    def _found(self, query: dict[str, str]) -> list[Booking]:
        since = query.get("updatedSince")
        rows = self.rows(None if since is None else datetime.fromisoformat(since).astimezone(UTC))
        today: date = self.now().date()
        match query["stayFilter"]:
            case "Current":
                return [row for row in rows if row.arrival <= today <= row.departure]
            case "Upcoming":
                return [row for row in rows if row.arrival > today]
            case _:
                return rows

    def _availability(self, unit: str, query: dict[str, str]) -> Reply:
        """Periods of days that are alike, each up to and with its last day."""
        if self.shut or unit not in self.units:
            return reply({"message": "no"}, self.shut or 404)
        first, last = (date.fromisoformat(query[name][:10]) for name in ("start", "end"))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        periods = [self._period(state, list(some)) for state, some in groupby(days, lambda day: self.state(unit, day))]
        return reply([{"user_id": 1, "property_id": int(unit), "room_type_id": 1, "periods": periods}])

    def _period(self, state: str, days: list[date]) -> dict[str, Any]:
        bookings = [{"id": 1, "status": "Booked"}] if state == "booked" else []
        told = {"start": f"{days[0]}", "end": f"{days[-1]}", "available": int(not state), "bookings": bookings}
        return {**told, "closed_period": {"id": 1} if state == "block" else None, "channel_calendars": []}

    def _page(self, rows: list[Any], query: dict[str, str]) -> Reply:
        size, page = min(int(query["size"]), self.page), int(query["page"])
        return reply({"count": None, "items": rows[(page - 1) * size : page * size]})

    def item(self, row: Booking) -> dict[str, Any]:
        party = {"adults": row.adults, "children": row.children, "infants": 0, "pets": 0}
        return {
            "id": row.id,
            "arrival": row.arrival.isoformat(),
            "departure": row.departure.isoformat(),
            "property_id": int(row.unit),
            "rooms": [
                {"room_type_id": 1, "people": row.adults + row.children, "guest_breakdown": party, "key_code": row.code}
            ],
            "guest": {"name": row.guest, "email": row.email, "phone": row.phone, "country_code": "GB"},
            "status": STATES[row.state],
            "source": "AirbnbIntegration",
            "source_text": f"HM{row.id}",
            "canceled_at": None,
            "is_deleted": False,
            "currency_code": "EUR",
            "total_amount": float(row.total),
            "subtotals": {
                "promotions": 0,
                "stay": items(row)[0][1],
                "fees": items(row)[1][1],
                "addons": 0,
                "taxes": 0,
                "vat": 0,
            },
            "notes": "",
            "check_in": {"time": "15:00:00", "initiator": "Manual"},
            "check_out": {"time": "11:00:00", "initiator": "Manual"},
        }

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"action": "booking_change", "booking": {"id": booking.id}}).encode()
        return {"ms-signature": "sha256=" + hmac.digest(b"geheim", body, "sha256").hex()}, body
