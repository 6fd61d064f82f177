"""Hostaway's API v1 as its documents have it (github Hostaway/api, source/includes): lists by offset, activity by the day."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Reply, items, reply

CALLER: Final = "Basic Y2FsbGVyOnNlY3JldA=="  # caller:secret
STATES: Final = {
    "taken": "modified",
    "asked": "awaitingPayment",
    "over": "cancelled",
    "owner": "ownerStay",
    "strange": "pondering",
}


@dataclass(slots=True)
class HostawayDesk(Desk):
    LIMITS = ((15, 10),)
    """Of one address; an account has 20."""

    tokens: dict[str, float] = field(default_factory=dict)
    """When each was given: it is good a second later."""

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if path == "/v1/accessTokens":
            return self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or self.now().timestamp() < self.tokens[token] + 1:
            return reply({"status": "fail", "message": "Forbidden"}, 403)
        if path == "/v1/listings":
            return self._page([{"id": int(id_), "name": name} for id_, name in self.units.items()], query)
        if path == "/v1/reservations":
            return self._page([self.item(row) for row in self._found(query)], query)
        row = self.named(path, "/v1/reservations/")
        if row is not None and asked.method == "PUT":
            row.code = json.loads(asked.body)["doorCode"] or ""
            return reply({"status": "success", "result": self.item(row)})
        if path.startswith("/v1/listings/") and path.endswith("/calendar") and asked.method == "PUT":
            told, unit = json.loads(asked.body), path.split("/")[3]
            self.close(unit, told["startDate"], told["endDate"], taken=told["isAvailable"] == 0)
            return reply({"status": "success", "result": []})
        if path.startswith("/v1/listings/") and path.endswith("/calendar"):
            return self._calendar(path.split("/")[3], query)
        if path == "/v1/conversations":
            known = self.booked.get(int(query["reservationId"]))
            return reply({"status": "success", "result": [] if known is None else [{"id": 9000 + known.id}]})
        if path.startswith("/v1/conversations/") and path.endswith("/messages") and asked.method == "POST":
            told = json.loads(asked.body)
            assert told["communicationType"] == "channel"
            self.letters.append((int(path.split("/")[3]) - 9000, told["body"]))
            return reply({"status": "success", "result": {"id": 1}})
        return reply({"status": "fail", "message": "Not found"}, 404)

    def too_fast(self, wait_s: int) -> Reply:
        """Source: source/index.html.md, “Rate limits”; when to come back it does not say."""
        return reply({"status": "fail", "message": "too many requests in a given period of time"}, 429)

    def _calendar(self, unit: str, query: dict[str, str]) -> Reply:
        """Source: source/includes/_calendar_calendarDayObject.md, _calendar_calendarDayStatuses.md, with what matters here."""
        if self.shut or unit not in self.units:
            return reply({"status": "fail", "message": "no"}, self.shut or 404)
        first, last = date.fromisoformat(query["startDate"]), date.fromisoformat(query["endDate"])
        assert query["includeResources"] == "0", "guests are nobody's business here"
        words = {"": "available", "booked": "reserved", "owner": "reserved", "block": "blocked"}
        days = []
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1)):
            state = self.state(unit, day)
            told = {"date": f"{day}", "isAvailable": int(not state), "status": words[state]}
            days.append(
                {"id": day.toordinal(), "price": 225, "minimumStay": 1, "maximumStay": 1125, "note": None, **told}
            )
        return reply({"status": "success", "result": days})

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        wanted = {
            "grant_type": "client_credentials",
            "client_id": "10450",
            "client_secret": "geheim",
            "scope": "general",
        }
        if asked.method != "POST" or form != wanted:
            return reply({"error": "invalid_client"}, 401)
        made = f"token-{len(self.tokens)}"
        self.tokens[made] = self.now().timestamp()
        return reply({"token_type": "Bearer", "expires_in": 15897600, "access_token": made})

    def _found(self, query: dict[str, str]) -> list[Booking]:
        if "latestActivityStart" in query:
            day = datetime.fromisoformat(query["latestActivityStart"]).replace(tzinfo=UTC)
            return self.rows(day)
        first = query["departureStartDate"]
        return [row for row in self.rows() if row.departure.isoformat() >= first]

    def _page(self, rows: list[Any], query: dict[str, str]) -> Reply:
        offset, limit = int(query["offset"]), min(int(query["limit"]), self.page)
        page = rows[offset : offset + limit]
        return reply({"status": "success", "result": page, "count": len(rows), "limit": limit, "offset": offset})

    def item(self, row: Booking) -> dict[str, Any]:
        return {
            "id": row.id,
            "doorCode": row.code or None,
            "listingMapId": int(row.unit),
            "channelId": 2018,
            "channelName": "airbnbOfficial",
            "channelReservationId": f"thread-{row.id}",
            "confirmationCode": f"HM{row.id}",
            "guestName": row.guest,
            "guestFirstName": row.guest.partition(" ")[0],
            "guestEmail": row.email,
            "phone": row.phone,
            "numberOfGuests": row.adults + row.children,
            "adults": row.adults,
            "children": row.children,
            "infants": None,
            "pets": None,
            "arrivalDate": row.arrival.isoformat(),
            "departureDate": row.departure.isoformat(),
            "checkInTime": 15,
            "checkOutTime": None,
            "totalPrice": float(row.total),
            "currency": "EUR",
            "financeField": [
                # as source/includes/_finance_field.md, with what matters here
                {
                    "type": kind,
                    "name": name,
                    "title": title,
                    "total": cost,
                    "isIncludedInTotalPrice": 1,
                    "isDeleted": gone,
                }
                for kind, name, title, cost, gone in self._items(row)
            ],
            "status": STATES[row.state],
            "hostNote": None,
            "updatedOn": f"{row.changed.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        }

    def _items(self, row: Booking) -> list[tuple[str, str, str, float, int]]:
        (nights, fare), (title, cleaning) = items(row)
        return [
            ("price", "baseRate", nights, fare, 0),
            ("price", "totalPriceFromChannel", "Total price from channel", float(row.total), 0),
            ("fee", "cleaningFee", title, cleaning, 0),
            ("fee", "petFee", "Pet fee", 30.0, 1),
        ]

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        told = {"object": "reservation", "event": "reservation.updated", "accountId": 10450, "data": self.item(booking)}
        return {"authorization": CALLER}, json.dumps(told).encode()
