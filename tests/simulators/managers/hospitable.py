"""Hospitable's public API v2 as integrators report it: properties[] are asked for, pages by number, blocks are not told."""

from __future__ import annotations

import hmac
import json
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Limit, Reply, items, reply

STATES: Final = {
    "taken": "accepted",
    "asked": "request",
    "over": "not accepted",
    "strange": "unknown",
    "owner": "accepted",
}


class HospitableDesk(Desk):
    def limits(self, asked: Asked, path: str) -> list[tuple[str, Limit]]:
        """Facts page on channels §1.1; those for reservations are not published."""
        if path.endswith("/messages"):
            return [("messages", (50, 300)), (path, (2, 60))]
        return [("calendar", (1000, 60))] if path.endswith("/calendar") else []

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if asked.headers.get("authorization") != "Bearer pt_key":
            return reply({"status_code": 401, "reason_phrase": "Unauthenticated."}, 401)
        if path == "/v2/properties":
            return self._page([{"id": id_, "name": name} for id_, name in self.units.items()], query)
        if path == "/v2/reservations":
            return self._reservations(asked, query)
        if path.startswith("/v2/properties/") and path.endswith("/calendar") and asked.method == "PUT":
            return self._calendar(path.split("/")[3], json.loads(asked.body)["dates"])
        if path.startswith("/v2/properties/") and path.endswith("/calendar"):
            return self._days(path.split("/")[3], query)
        row = self.named(path, "/v2/reservations/", "/messages")
        if row is not None and asked.method == "POST":
            self.letters.append((row.id, json.loads(asked.body)["body"]))
            return reply({"data": {"sent_reference_id": "r1"}}, 202)
        return reply({"status_code": 404, "reason_phrase": "Not found"}, 404)

    def _reservations(self, asked: Asked, query: dict[str, str]) -> Reply:
        wanted = [value for name, value in parse_qsl(urlsplit(asked.path).query) if name == "properties[]"]
        if not wanted:
            return reply({"status_code": 400, "reason_phrase": "The properties field is required."}, 400)
        assert query["date_query"] == "checkout"
        first, last = query["start_date"], query["end_date"]
        rows = [row for row in self.rows() if row.unit in wanted and first <= row.departure.isoformat() <= last]
        return self._page([self.item(row, query.get("include", "").split(",")) for row in rows], query)

    def _calendar(self, unit: str, dates: list[dict[str, Any]]) -> Reply:
        """As in Hospitable's OpenAPI document, update-property-calendar: taken, and done afterwards."""
        if unit not in self.units:
            return reply({"status_code": 404, "reason_phrase": "Not found"}, 404)
        if not 0 < len(dates) <= 60:
            return reply({"status_code": "422"}, 422)
        for day in dates:
            self.close(unit, day["date"], day["date"], taken=not day["available"])
        return reply({"status": "accepted"}, 202)

    def _days(self, unit: str, query: dict[str, str]) -> Reply:
        """As in Hospitable's OpenAPI document, get-property-calendar; what is over is blocked there, and by nobody."""
        if self.shut or unit not in self.units:
            return reply({"status_code": 404, "reason_phrase": "no"}, self.shut or 404)
        first, last = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        told = {"start_date": f"{first}", "end_date": f"{last}", "days": [self._day(unit, day) for day in days]}
        return reply({"data": told})

    def _day(self, unit: str, day: date) -> dict[str, Any]:
        reasons = {"": ("AVAILABLE", None), "block": ("BLOCKED", "USER")}
        reason, source = reasons.get(self.state(unit, day), ("RESERVED", "RESERVATION"))
        if day < self.now().date():
            reason, source = "BLOCKED", None
        status = {"reason": reason, "source_type": source, "source": None, "available": reason == "AVAILABLE"}
        price = {"amount": 15000, "currency": "EUR", "formatted": "€150.00"}
        return {"date": f"{day}", "day": f"{day:%A}".upper(), "min_stay": 1, "status": status, "price": price}

    def _page(self, rows: list[Any], query: dict[str, str]) -> Reply:
        size, page = min(int(query["per_page"]), 100, self.page), int(query["page"])
        last = max(1, -(-len(rows) // size))
        meta = {"current_page": page, "last_page": last, "per_page": size, "total": len(rows)}
        return reply({"data": rows[(page - 1) * size : page * size], "meta": meta, "links": {}})

    def item(self, row: Booking, include: list[str]) -> dict[str, Any]:
        first, _, last = row.guest.partition(" ")
        told: dict[str, Any] = {
            "id": str(row.id),
            "platform": "airbnb",
            "platform_id": f"HM{row.id}",
            "code": f"HM{row.id}",
            "arrival_date": f"{row.arrival}T00:00:00-05:00",
            "departure_date": f"{row.departure}T00:00:00-05:00",
            "check_in": f"{row.arrival}T16:00:00-05:00",
            "check_out": f"{row.departure}T10:00:00-05:00",
            "reservation_status": {"current": {"category": STATES[row.state], "sub_category": None}, "history": []},
            "stay_type": "owner_stay" if row.state == "owner" else "guest_stay",
            "guests": {
                "total": row.adults + row.children,
                "adult_count": row.adults,
                "child_count": row.children,
                "infant_count": 0,
                "pet_count": 0,
            },
        }
        if "guest" in include:
            told["guest"] = {"first_name": first, "last_name": last, "email": row.email, "phone_numbers": [row.phone]}
        if "financials" in include:
            told["financials"] = {"currency": "EUR", "guest": self._guest_pays(row), "host": {}}
        if "properties" in include:
            told["properties"] = [{"id": row.unit, "name": self.units[row.unit]}]
        return told

    def _guest_pays(self, row: Booking) -> dict[str, Any]:
        """As FinancialsV2 of its OpenAPI document."""
        (nights, fare), (title, cleaning) = items(row)
        told = [
            (nights, "Accommodation", fare),
            (title, "Guest fees", cleaning),
            ("", "Guest total price", float(row.total)),
        ]
        stay, fee, total = (
            {"amount": round(cost * 100), "formatted": f"€{cost}", "label": label, "category": category}
            for label, category, cost in told
        )
        paid_out = {"amount": -100, "formatted": "€-1", "label": "Resolution Adjustment", "category": "Total payouts"}
        lists: dict[str, Any] = {"fees": [fee], "discounts": [], "taxes": [], "adjustments": [paid_out]}
        return {"accommodation": stay, **lists, "total_price": total}

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        """A partial one: what changed, and no id of the reservation in its data."""
        told = {
            "id": str(booking.id),
            "action": "reservation.changed",
            "data": {"check_in": f"{booking.arrival}T16:30:00-05:00"},
            "created": "2019-01-01T00:00:00Z",
            "version": "1.0",
        }
        body = json.dumps(told).encode()
        return {"signature": hmac.digest(b"geheim", body, "sha256").hex()}, body
