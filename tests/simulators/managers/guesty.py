"""Guesty's Open API as the facts page and its samples have it: tokens that are rare, offset pages, Svix at the door."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Booking, Desk, Reply, items, reply

WEBHOOK_SECRET: Final = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
STATES: Final = {
    "taken": "confirmed",
    "asked": "reserved",
    "over": "canceled",
    "strange": "pondering",
    "in": "checked_in",
    "out": "checked_out",
    "inquiry": "inquiry",
}
LETTERS: Final = ("m", "r", "b", "bd", "sr", "abl", "a", "bw", "o", "pt", "ic", "an")
_WORDS: Final = {word: state for state, word in STATES.items()}

BILL: Final = "/v1/invoice-items/reservation/"


@dataclass(slots=True)
class GuestyDesk(Desk):
    LIMITS = ((15, 1), (120, 60), (5000, 3600))

    tokens: list[str] = field(default_factory=list)
    """All that were given."""
    retired: int = 0
    """The status that the older list of reservations answers with; 0: it still lists them."""
    lags: timedelta = timedelta(0)
    """The search finds a reservation so long after it was made."""
    refuses_part: str = ""
    """The last word of the addresses that are refused: `notes`, `guests`, …"""
    hides: set[int] = field(default_factory=set)
    """Reservations that the search never finds."""

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if path == "/oauth2/token":
            return self._token(asked)
        if not self.tokens or asked.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return reply({}, 401)
        if path == "/v1/listings":
            rows = [{"_id": id_, "title": "A long title", "nickname": name} for id_, name in self.units.items()]
            return self._page(rows, query)
        if path == "/v1/reservations":
            if self.retired:
                return reply({}, self.retired)
            return self._page([self.item(row) for row in self._found(json.loads(query["filters"]))], query)
        if path == "/v1/reservations-v3/search":
            return self._search(query)
        if path == "/v1/reservations-v3" and asked.method == "GET":
            ids = [value for name, value in parse_qsl(urlsplit(asked.path).query) if name == "reservationIds[]"]
            assert 1 <= len(ids) <= 10
            return reply([self.detail(row) for row in self.booked.values() if str(row.id) in ids])
        if path == "/v1/reservations-v3" and asked.method == "POST":
            return self._made(json.loads(asked.body))
        if path.startswith((BILL, "/v1/reservations-v3/", "/v1/guests-crud/g")) and asked.method in ("PUT", "POST"):
            return self._put(asked, path)
        calendars = "/v1/availability-pricing/api/calendar/listings/"
        if path.startswith(calendars):
            return self._calendar(asked, path.removeprefix(calendars), query)
        if path.startswith("/v1/communication/conversations"):
            return self._talk(asked, path, query)
        return reply({}, 404)

    def too_fast(self, wait_s: int) -> Reply:
        """Source: facts page on channels §1.1."""
        return reply({}, 429, Retry_After=str(wait_s))

    def _billed(self, row: Booking | None, told: dict[str, Any]) -> Reply:
        """Source: Open API reference, “Create Invoice Item”."""
        named = (told["normalType"] == "AFE") == ("secondIdentifier" in told)
        if row is None or not named or self.refuses_part == "invoice-items":
            return reply({}, 400)
        row.fees.append(told)
        row.total = str(Decimal(row.total) + Decimal(str(told["amount"])))
        row.changed = self.now()
        return reply({}, 201)

    def _put(self, asked: Asked, path: str) -> Reply:
        if path.startswith(BILL):
            return self._billed(self.booked.get(int(path.removeprefix(BILL))), json.loads(asked.body))
        if path.startswith("/v1/guests-crud/g"):
            return self._renamed(path.removeprefix("/v1/guests-crud/g"), json.loads(asked.body))
        id_, _, what = path.removeprefix("/v1/reservations-v3/").partition("/")
        row = self.booked.get(int(id_)) if id_.isdigit() else None
        return reply({}, 404) if row is None else self._altered(row, what, asked)

    def _calendar(self, asked: Asked, unit: str, query: dict[str, str]) -> Reply:
        if asked.method == "PUT":
            told = json.loads(asked.body)
            if "dateFrom" in told:  # what it does not know it takes no notice of
                self.close(unit, told["dateFrom"], told["dateTo"], taken=told["status"] == "unavailable")
            return reply({"status": 200})
        if self.shut or unit not in self.units:
            return reply({}, self.shut or 404)
        first, last = date.fromisoformat(query["startDate"]), date.fromisoformat(query["endDate"])
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return reply({"status": 200, "data": {"days": [self._day(unit, day) for day in days]}})

    def _day(self, unit: str, day: date) -> dict[str, Any]:
        """Source: samples guesty_calendar_day and guesty_calendar_block_types; every letter was seen at once."""
        letter = {"booked": "b", "owner": "o", "block": "m"}.get(self.state(unit, day), "")
        blocks = dict.fromkeys(LETTERS, False) | ({letter: True} if letter else {})
        status = {"": "available", "b": "booked"}.get(letter, "unavailable")
        priced = {"currency": "EUR", "price": 300, "minNights": 2, "cta": False, "ctd": False}
        return {"date": f"{day}", "listingId": unit, "status": status, "blocks": blocks, "blockRefs": [], **priced}

    def _made(self, told: dict[str, Any]) -> Reply:
        if (
            not told.keys()
            >= {
                "checkInDateLocalized",
                "checkOutDateLocalized",
                "listingId",
                "source",
                "status",
                "guestsCount",
            }
            or not 5 <= len(told["confirmationCode"]) <= 30
        ):
            return reply({}, 400)
        first, last = (date.fromisoformat(told[f"check{way}DateLocalized"]) for way in ("In", "Out"))
        if self._in_the_way(Booking(0, told["listingId"], first, last)):
            return reply({}, 401)
        id_ = max(self.booked, default=5000) + 1
        guest = told.get("guest", {})
        self.booked[id_] = Booking(
            id_,
            told["listingId"],
            first,
            last,
            guest=f"{guest.get('firstName', '')} {guest.get('lastName', '')}".strip(),
            state=_WORDS[told["status"]],
            changed=self.now(),
            email=guest.get("email", ""),
            phone=next(iter(guest.get("phones", [])), ""),
            adults=told["guestsCount"],
            children=0,
            total=str(Decimal(str(told.get("accommodationFare", 100))) + Decimal(str(told.get("cleaningFee", 0)))),
            cleaning=str(told.get("cleaningFee", 0)),
            key=told["confirmationCode"],
        )
        return reply({"reservationId": str(id_), "confirmationCode": told["confirmationCode"]}, 201)

    def _in_the_way(self, wish: Booking) -> bool:
        others = (row for row in self.booked.values() if row.id != wish.id and row.state not in ("over", "inquiry"))
        return any(
            row.unit == wish.unit and row.arrival < wish.departure and wish.arrival < row.departure for row in others
        )

    def _altered(self, row: Booking, what: str, asked: Asked) -> Reply:
        told = json.loads(asked.body)
        if what == self.refuses_part:
            return reply({}, 422)
        match what:
            case "notes":
                notes = told["notes"]
                row.code = notes.get("keyCode", row.code)
                row.note, row.remarks = notes.get("specialRequests", row.note), notes.get("other", row.remarks)
            case "dates":
                row.arrival = date.fromisoformat(told["checkInDateLocalized"])
                row.departure = date.fromisoformat(told["checkOutDateLocalized"])
            case "relocate":
                to = Booking(row.id, told["listingId"], row.arrival, row.departure)
                if self._in_the_way(to):
                    return reply({}, 422)
                row.unit = to.unit
            case "guests":
                row.adults, row.children = told["guestsCount"], 0
            case "status":
                row.state = _WORDS[told["status"]]
            case _:
                return reply({}, 404)
        row.changed = self.now()
        return reply({"reservationId": str(row.id)})

    def _renamed(self, id_: str, told: dict[str, Any]) -> Reply:
        """Source: Open API reference, “Update guest”."""
        row = self.booked.get(int(id_))
        if row is None:
            return reply({}, 404)
        if self.refuses_part == "guests-crud":
            return reply({}, 422)
        row.guest = f"{told.get('firstName', '')} {told.get('lastName', '')}".strip() or row.guest
        row.email, row.phone = told.get("email", row.email), told.get("phone", row.phone)
        row.changed = self.now()
        return reply({"_id": f"g{row.id}"})

    def _talk(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if asked.method == "GET":
            (only,) = json.loads(query["filters"])
            assert (only["field"], only["operator"]) == ("reservation._id", "$eq")
            rows = [
                {"_id": f"c{row.id}", "module": {"type": "airbnb2"}}
                for row in self.rows()
                if str(row.id) == only["value"]
            ]
            return reply({"results": rows, "count": len(rows), "limit": 25, "skip": 0})
        told, id_ = json.loads(asked.body), path.split("/")[-2].removeprefix("c")
        assert told["module"] == {"type": "airbnb2"}
        self.letters.append((int(id_), told["body"]))
        return reply({"_id": "m1", "conversationId": f"c{id_}"}, 201)

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        wanted = {
            "grant_type": "client_credentials",
            "scope": "open-api",
            "client_id": "client",
            "client_secret": "geheim",
        }
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded" or form != wanted:
            return reply({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        if len(self.tokens) >= 5:
            return reply({}, 429)
        self.tokens.append(f"token-{len(self.tokens)}")
        return reply(
            {"token_type": "Bearer", "access_token": self.tokens[-1], "expires_in": 86400, "scope": "open-api"}
        )

    def _found(self, filters: list[dict[str, str]]) -> list[Booking]:
        (only,) = filters
        if only["operator"] == "$eq":
            by_id = only["field"] == "_id"
            return [row for row in self.rows() if only["value"] == (str(row.id) if by_id else row.key)]
        assert only["operator"] == "$gte"
        if only["field"] == "lastUpdatedAt":
            return self.rows(datetime.fromisoformat(only["value"]).astimezone(UTC))
        assert only["field"] == "checkOutDateLocalized"
        return [row for row in self.rows() if row.departure.isoformat() >= only["value"]]

    def _search(self, query: dict[str, str]) -> Reply:
        """Source: Open API reference, “Search reservations”."""
        filters = {name: value for name, value in query.items() if name.startswith("filter")}
        if not filters.keys() <= {"filter[checkOut][gte]", "filter[confirmationCode]"}:
            return reply({}, 400)
        found = [
            row
            for row in self.rows()
            if row.id not in self.hides
            and row.departure.isoformat() >= filters.get("filter[checkOut][gte]", "")
            and filters.get("filter[confirmationCode]", row.key) == row.key
            and self.now() >= row.changed + (self.lags if row.key else timedelta(0))
        ]
        skip, limit = int(query["skip"]), min(int(query.get("limit", "25")), 100, self.page)
        page = [self.row(each) for each in found[skip : skip + limit]]
        more = skip + limit < len(found)
        return reply({"results": page, "pagination": {"skip": skip, "limit": limit, "hasMore": more}})

    def row(self, row: Booking) -> dict[str, Any]:
        """As the search tells it: neither who comes, nor what is paid, nor when it was changed."""
        days = {"checkInDateLocalized": row.arrival.isoformat(), "checkOutDateLocalized": row.departure.isoformat()}
        return {
            "reservationId": str(row.id),
            "status": STATES[row.state],
            "confirmationCode": row.key or f"GY-{row.id}",
            **days,
            "stay": [{"listingId": row.unit, **days}],
            "guestId": f"g{row.id}",
            "source": "manual" if row.key else "airbnb",
        }

    def detail(self, row: Booking) -> dict[str, Any]:
        first, _, last = row.guest.partition(" ")
        return {
            **self.row(row),
            "checkIn": f"{row.arrival}T15:00:00Z",
            "checkOut": f"{row.departure}T10:00:00Z",
            "guestsCount": row.adults + row.children,
            "guest": {"firstName": first, "lastName": last, "emails": [row.email], "phones": [row.phone]},
            "money": _money(row),
            "notes": {"keyCode": row.code},
        }

    def _page(self, rows: list[Any], query: dict[str, str]) -> Reply:
        skip, limit = int(query["skip"]), min(int(query["limit"]), 100, self.page)
        page = rows[skip : skip + limit]
        return reply({"results": page, "count": len(rows), "limit": limit, "skip": skip})

    def item(self, row: Booking) -> dict[str, Any]:
        return {
            "_id": str(row.id),
            "listingId": row.unit,
            "status": STATES[row.state],
            "confirmationCode": row.key or f"GY-{row.id}",
            "checkIn": f"{row.arrival}T15:00:00.000Z",
            "checkOut": f"{row.departure}T10:00:00.000Z",
            "checkInDateLocalized": row.arrival.isoformat(),
            "checkOutDateLocalized": row.departure.isoformat(),
            "guestsCount": row.adults + row.children,
            "guest": {"fullName": row.guest, "phone": row.phone, "email": row.email},
            "money": _money(row),
            "source": "manual" if row.key else "airbnb",
            "lastUpdatedAt": f"{row.changed:%Y-%m-%dT%H:%M:%S.%fZ}",
        }

    def calendar_webhook(self, unit: str) -> tuple[dict[str, str], bytes]:
        """As sample guesty_webhook_calendar_updated_v2."""
        days = {"start": "2027-03-01", "end": "2027-03-31"}
        return self._signed({"listingId": unit, "accountId": "a1", "currency": "EUR", "dateRange": days})

    def webhook(self, booking: Booking) -> tuple[dict[str, str], bytes]:
        return self._signed({"event": "reservation.updated.v2", "reservationId": str(booking.id)})

    def _signed(self, told: object) -> tuple[dict[str, str], bytes]:
        body, stamp = json.dumps(told).encode(), str(int(self.now().timestamp()))
        key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        made = base64.b64encode(hmac.digest(key, f"msg_1.{stamp}.".encode() + body, "sha256")).decode()
        return {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,{made}"}, body


def _money(row: Booking) -> dict[str, Any]:
    """The items as the page on syncing reservation financials names them."""
    fees = sum(Decimal(str(each["amount"])) for each in row.fees)
    (nights, fare), cleaning = items(row)
    told = [
        {"normalType": kind, "title": said, "amount": cost, "isTax": False}
        for kind, (said, cost) in (("AF", (nights, fare - float(fees))), ("CF", cleaning))
    ] + row.fees
    return {"totalPaid": float(row.total) - 100, "balanceDue": 100, "currency": "EUR", "invoiceItems": told}
