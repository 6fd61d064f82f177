"""OwnerRez API v2: as its makers' Zapier app uses it (ownerrez/orez-zapier @c37c8cb1, orez.js), and as integrators report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Reply, items, reply

AUTH: Final = "Basic aG9zdEBleGFtcGxlLmNvbTpwdF9rZXk="  # host@example.com:pt_key
CALLER: Final = "Basic Y2FsbGVyOnNlY3JldA=="  # caller:secret
STATES: Final = {
    "taken": "active",
    "block": "active",
    "over": "canceled",
    "asked": "pending",
    "strange": "pondering",
}


class OwnerRezDesk(Desk):
    LIMITS = ((300, 300),)

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if asked.headers.get("authorization") != AUTH:
            return reply({}, 401)
        if not asked.headers.get("user-agent", "python").strip():
            return reply({}, 403)
        if path == "/v2/properties":
            return reply({"items": [{"id": int(id_), "name": name} for id_, name in self.units.items()]})
        if path == "/v2/bookings":
            return self._bookings(query)
        row = self.named(path, "/v2/bookings/")
        if row is not None and asked.method == "PATCH":
            row.note = json.loads(asked.body)["notes"]
        if row is not None:
            return reply(self.item(row, {}))
        return reply({}, 404)

    def _bookings(self, query: dict[str, str]) -> Reply:
        if "since_utc" not in query and "property_ids" not in query:
            return reply({}, 400)
        since = datetime.fromisoformat(query["since_utc"]).astimezone(UTC) if "since_utc" in query else None
        start = int(query.get("offset", "0"))
        rows = self.rows(since)
        told: dict[str, Any] = {"items": [self.item(row, query) for row in rows[start : start + self.page]]}
        if start + self.page < len(rows):
            kept = "&".join(f"{name}={value}" for name, value in query.items() if name != "offset")
            told["next_page_url"] = f"/v2/bookings?{kept}&offset={start + self.page}"
        return reply(told)

    def item(self, row: Booking, query: dict[str, str]) -> dict[str, Any]:
        first, _, last = row.guest.partition(" ")
        block = row.state in ("block", "asked")
        told: dict[str, Any] = {
            "id": row.id,
            "type": "block" if block else "booking",
            "is_block": block,
            "status": STATES[row.state],
            "property_id": int(row.unit),
            "arrival": row.arrival.isoformat(),
            "departure": row.departure.isoformat(),
            "check_in": "16:00",
            "check_out": "10:30",
            "updated_utc": f"{row.changed:%Y-%m-%dT%H:%M:%SZ}",
            "adults": row.adults,
            "children": row.children,
            "infants": 0,
            "pets": 0,
            "total_amount": float(row.total),
            "currency_code": "EUR",
            "charges": [
                {"type": kind, "description": said, "amount": cost}
                for kind, (said, cost) in zip(("rent", "surcharge"), items(row), strict=True)
            ],
            "platform_reservation_number": "" if row.state == "block" else f"HM{row.id}",
            "listing_site": "Airbnb",
            "notes": row.note,
        }
        if query.get("include_guest") == "true" and not block:
            told["guest_id"] = 1
            told["guest"] = {
                "first_name": first,
                "last_name": last,
                "email_addresses": [{"address": row.email, "is_default": True}],
                "phones": [{"number": row.phone, "is_default": True}],
            }
        return told

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        told = {
            "id": 1,
            "user_id": 123,
            "action": "entity_update",
            "entity_type": "booking",
            "entity_id": booking.id,
            "entity": {"status": STATES[booking.state]},
        }
        return {"authorization": CALLER}, json.dumps(told).encode()
