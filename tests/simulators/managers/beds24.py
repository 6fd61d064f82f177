"""Beds24's API v2 as the facts page and integrators have it: a token for a token, credits, links to the next page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Reply, items, reply

STATES: Final = {
    "taken": "new",
    "asked": "request",
    "over": "cancelled",
    "block": "black",
    "strange": "pondering",
}


@dataclass(slots=True)
class Beds24Desk(Desk):
    LIMITS = ((100, 300),)

    token: str = ""
    credits: int | None = None
    """That are told as left; None: those that are."""
    trusts: bool = True
    """The tokens that it gave."""

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if path == "/v2/authentication/token":
            if asked.headers.get("refreshtoken") != "pt_key":
                return reply({"success": False, "type": "error", "code": 401, "error": "Token not valid"}, 401)
            self.token = f"token-{len(self.asked)}"
            return reply({"token": self.token, "expiresIn": 86400})
        if not self.trusts or not self.token or asked.headers.get("token") != self.token:
            return reply({"validToken": False})
        if path == "/v2/properties":
            rooms = [{"id": int(id_), "name": name, "qty": 1} for id_, name in self.units.items()]
            return self._told([{"id": 9, "name": "", "roomTypes": rooms}], None)
        if path == "/v2/bookings" and asked.method == "POST":
            return self._changed(json.loads(asked.body))
        if path == "/v2/inventory/rooms/calendar" and asked.method == "POST":
            (room,) = json.loads(asked.body)
            for span in room["calendar"]:
                self.close(str(room["roomId"]), span["from"], span["to"], taken=span["numAvail"] == 0)
            return reply([{"success": True}], 201)
        if path == "/v2/bookings/messages" and asked.method == "POST":
            (letter,) = json.loads(asked.body)
            known = self.booked.get(int(letter["bookingId"]))
            if known is not None:
                self.letters.append((known.id, letter["message"]))
            return reply([{"success": known is not None}], 201)
        if path == "/v2/bookings":
            return self._bookings(asked, query)
        return reply({"success": False, "type": "error", "code": 404, "error": "Not found"}, 404)

    def too_fast(self, wait_s: int) -> Reply:
        return reply({"success": False, "type": "error", "code": 429, "error": "Credit limit exceeded"}, 429)

    def _changed(self, told: list[dict[str, Any]]) -> Reply:
        (booking,) = told
        row = self.booked.get(int(booking["id"]))
        if row is None:
            return reply([{"success": False, "errors": [{"message": "booking not found"}]}], 201)
        (item,) = booking["infoItems"]
        assert ("id" in item) == (row.key == "has an item"), "there is one item of that code, and it is changed"
        row.code, row.key = item["text"], "has an item"
        return reply([{"success": True}], 201)

    def _bookings(self, asked: Asked, query: dict[str, str]) -> Reply:
        pairs = parse_qsl(urlsplit(asked.path).query)
        if "id" in query:
            one = [row for row in self.rows() if str(row.id) == query["id"]]
            items = [{"id": 7, "code": "DOORCODE", "text": row.code} for row in one if row.key]
            return self._told([{**self.item(row), "infoItems": items} for row in one], None)
        wanted = {value for name, value in pairs if name == "status"}
        if "modifiedFrom" in query:
            rows = self.rows(datetime.fromisoformat(query["modifiedFrom"]).astimezone(UTC))
        else:
            rows = [row for row in self.rows() if row.departure.isoformat() >= query["departureFrom"]]
        rows = [row for row in rows if row.state == "strange" or STATES[row.state] in wanted]
        page = int(query.get("page", "1"))
        found = rows[(page - 1) * self.page : page * self.page]
        more = page * self.page < len(rows)
        kept = "&".join(f"{name}={value}" for name, value in pairs if name != "page")
        link = f"/v2/bookings?{kept}&page={page + 1}" if more else None
        return self._told([self.item(row) for row in found], link)

    def _told(self, rows: list[Any], link: str | None) -> Reply:
        pages = {"nextPageExists": link is not None, "nextPageLink": link}
        told = {"success": True, "type": "booking", "count": len(rows), "pages": pages, "data": rows}
        count, seconds = self.LIMITS[0]
        came = self.taken.get(("all", self.LIMITS[0]), ())
        now = came[-1] if came else 0.0
        recent = [at for at in came if at > now - seconds]
        left = {
            "x-five-min-limit-remaining": str(count - len(recent) if self.credits is None else self.credits),
            "x-five-min-limit-resets-in": str(ceil(recent[0] + seconds - now) if recent else 300),
            "x-request-cost": "1",
        }
        status, headers, body = reply(told)
        return status, {**headers, **left}, body

    def item(self, row: Booking) -> dict[str, Any]:
        first, _, last = row.guest.partition(" ")
        return {
            "id": row.id,
            "propertyId": 9,
            "roomId": int(row.unit),
            "unitId": 1,
            "status": STATES[row.state],
            "arrival": row.arrival.isoformat(),
            "departure": row.departure.isoformat(),
            "numAdult": row.adults,
            "numChild": row.children,
            "firstName": first,
            "lastName": last,
            "email": row.email,
            "phone": row.phone,
            "price": float(row.total),
            "invoiceItems": [
                *({"type": "charge", "description": said, "qty": 1, "lineTotal": cost} for said, cost in items(row)),
                {"type": "payment", "description": "Card", "qty": 1, "lineTotal": float(row.total)},
            ],
            "referer": "Booking.com",
            "apiSource": "",
            "apiReference": f"HM{row.id}",
            "bookingTime": "2026-12-01T10:00:00Z",
            "modifiedTime": f"{row.changed.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        return {":query": "secret=a-secret-of-sixteen"}, json.dumps({"booking": self.item(booking)}).encode()
