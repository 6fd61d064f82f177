"""Smoobu's API as integrators report it: a booking's state is its type, blocks are bookings, changes are told by the day."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, unquote_plus

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Reply, items, reply

STATES: Final = {
    "taken": "modification of booking",
    "block": "reservation",
    "over": "cancellation",
    "strange": "pondering",
}


class SmoobuDesk(Desk):
    LIMITS = ((700, 60),)

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self.nonces: set[str] = set()

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if not self._known(asked):
            return reply({}, 401)
        if path == "/api/apartments":
            return reply({"apartments": [{"id": int(id_), "name": name} for id_, name in self.units.items()]})
        if path == "/api/reservations" and asked.method == "POST":
            return self._blocked(json.loads(asked.body))
        if path == "/api/reservations":
            return self._reservations(query)
        row = self.named(path, "/api/reservations/")
        if row is not None and asked.method == "PUT":
            row.note = json.loads(asked.body)["notice"]
            return reply(self.item(row))
        if row is not None and asked.method == "DELETE":
            self._close(row, taken=False)
            self.delete(row.id)
            return reply({"success": True})
        if row is not None:
            return reply(self.item(row))
        row = self.named(path, "/api/reservations/", "/messages/send-message-to-guest")
        if row is not None and asked.method == "POST":
            self.letters.append((row.id, json.loads(asked.body)["messageBody"]))
            return reply({"id": 1}, 201)
        return reply({}, 404)

    def _known(self, asked: Asked) -> bool:
        """By a signature over what came, made within five minutes and never the same twice. The key alone opens nothing."""
        told, (path, _, query) = asked.headers, asked.path.partition("?")
        stamp, nonce = told.get("x-timestamp", ""), told.get("x-nonce", "")
        if told.get("x-api-key") != "pt_key" or "api-key" in told or nonce in self.nonces:
            return False
        pairs = (part.partition("=") for part in query.split("&") if part)
        plain = sorted((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
        asked_for = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in plain)
        body = hashlib.sha256(asked.body).hexdigest()
        said = "\n".join([asked.method, path, asked_for, stamp, nonce, body, "pt_key"])
        good = base64.b64encode(hmac.new(b"geheim", said.encode(), hashlib.sha256).digest()).decode()
        at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        self.nonces.add(nonce)
        return told.get("x-signature") == good and abs(at - self.now()) <= timedelta(minutes=5)

    def _blocked(self, told: dict[str, Any]) -> Reply:
        """A booking of the channel “Blocked”; like any other it needs nights that are free."""
        assert told["channelId"] == 11
        first, until = date.fromisoformat(told["arrivalDate"]), date.fromisoformat(told["departureDate"])
        for row in self.booked.values():
            if (
                row.unit == str(told["apartmentId"])
                and row.state != "over"
                and row.arrival < until
                and first < row.departure
            ):
                return reply({}, 400)
        made = Booking(max(self.booked, default=0) + 1001, str(told["apartmentId"]), first, until, state="block")
        made.note, made.changed = told["notice"], self.now()
        self.booked[made.id] = made
        self._close(made, taken=True)
        return reply({"id": made.id})

    def _close(self, row: Booking, *, taken: bool) -> None:
        self.close(row.unit, f"{row.arrival}", f"{row.departure - timedelta(days=1)}", taken=taken)

    def open_by_hand(self, unit: str, day: date) -> None:
        """There a closure is one or none."""
        for row in list(self.booked.values()):
            if row.state == "block" and row.unit == unit and row.arrival <= day < row.departure:
                self._close(row, taken=False)
                self.delete(row.id)

    def _reservations(self, query: dict[str, str]) -> Reply:
        if "modifiedFrom" in query:
            rows = self.rows(datetime.fromisoformat(query["modifiedFrom"]).replace(tzinfo=UTC))
        else:
            first, last = query["from"], query["to"]
            rows = [
                row for row in self.rows() if first <= row.departure.isoformat() and row.arrival.isoformat() <= last
            ]
        rows = [row for row in rows if query.get("apartmentId", row.unit) == row.unit]
        rows = [row for row in rows if row.state != "over" or query.get("showCancellation") == "true"]
        size, page = min(int(query["pageSize"]), 100, self.page), int(query["page"])
        priced = query.get("includePriceElements") == "true"
        found = [
            self.item(row) | ({"priceElements": self._elements(row)} if priced else {})
            for row in rows[(page - 1) * size : page * size]
        ]
        count = -(-len(rows) // size)
        return reply(
            {"page": page, "page_size": size, "page_count": count, "total_items": len(rows), "bookings": found}
        )

    def _elements(self, row: Booking) -> list[dict[str, Any]]:
        (nights, fare), (title, cleaning) = items(row)
        told: list[tuple[str | None, str, float, int | None]] = [
            ("basePrice", nights, fare, None),
            ("cleaningFee", title, cleaning, None),
            (None, "Cleaning products", 5.0, 2),
        ]
        return [
            {
                "id": number + 1,
                "type": kind,
                "name": name,
                "amount": amount,
                "quantity": None,
                "tax": None,
                "currencyCode": "EUR",
                "sortOrder": number,
                "priceIncludedInId": inside,
            }
            for number, (kind, name, amount, inside) in enumerate(told)
        ]

    def item(self, row: Booking) -> dict[str, Any]:
        return {
            "id": row.id,
            "reference-id": f"HM{row.id}",
            "type": STATES[row.state],
            "arrival": row.arrival.isoformat(),
            "departure": row.departure.isoformat(),
            "created-at": "2026-12-03 13:51",
            "modified-at": f"{row.changed.astimezone(UTC):%Y-%m-%d %H:%M}",
            "apartment": {"id": int(row.unit), "name": self.units[row.unit]},
            "channel": {"id": 465614, "name": "Booking.com"},
            "guest-name": row.guest,
            "email": row.email,
            "phone": row.phone,
            "adults": row.adults,
            "children": row.children,
            "check-in": "15:00",
            "check-out": "",
            "notice": row.note,
            "price": float(row.total),
            "language": "en",
            "is-blocked-booking": row.state == "block",
        }

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        told = {"action": "updateReservation", "user": 1306068, "data": {"id": booking.id}}
        return {":query": "secret=a-secret-of-sixteen"}, json.dumps(told).encode()
