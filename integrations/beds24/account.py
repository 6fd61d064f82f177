"""What Beds24 tells, as stays. Sources: facts page on channels §1.1 and §1.4; integrators' notes of what they saw of v2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    ASKED,
    BLOCKED,
    OVER,
    TAKEN,
    Account,
    ApiAddress,
    Currency,
    SecretWord,
    Status,
    asked_with,
    follow,
    last4,
    let_in,
    listed,
    ticket,
)
from hub.contracts.fields import Fields
from hub.contracts.writing import Nights, TakesNights, agreed, offered
from hub.errors import Rejected
from hub.io.api import Api, Send, told
from hub.io.http import Answer, send
from hub.io.pace import Rate
from hub.io.tickets import Ticket, Tickets
from hub.model.effects import Effect, MessageGuest, SetDoorCode, SetNights
from hub.model.facts import Listing, StayReport
from hub.model.price_lines import LineKind, kind_of, price_of
from hub.model.returning import is_proxy
from hub.model.values import StayKind

RATES: Final = (Rate(100, 300),)
"""100 credits in 5 minutes; a question may cost more than one, and what is left is told with each answer."""
_KEYS: Final = "refresh token"
_CODE: Final = "DOORCODE"
"""Ours, of the info item that holds the door code."""
_SPARE: Final = 10
"""Credits that are left to others who use the account."""


class Config(TakesNights):
    refresh_token: SecretStr
    """Got for an invite code; it stays good while it is used."""
    webhook_secret: SecretWord = SecretStr("")
    previous_webhook_secret: SecretWord = SecretStr("")
    """Any word of at least 16 letters; the webhook's address ends in `?secret=` and this."""
    currency: Currency | None = None
    """Of prices; a booking does not name it."""
    address: ApiAddress = "https://api.beds24.com/v2"


class Beds24(Account):
    poll_every: ClassVar[timedelta | None] = timedelta(minutes=3)
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "roomId"
    statuses: ClassVar[dict[str, Status]] = {
        "new": TAKEN,
        "confirmed": TAKEN,
        "request": ASKED,
        "cancelled": OVER,
        "inquiry": OVER,
        "black": BLOCKED,
    }

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        self._api = Api(config.address, RATES, account=host.name, through=through)
        whose = f"{config.address} {config.refresh_token.get_secret_value()}"
        self._tickets = Tickets(
            host.state_dir / "token", whose, now=host.clock.now, seal=host.seal, unseal=host.open, per_day=24
        )

    # ---- asking ----

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        query: list[tuple[str, str | int]] = [("status", word) for word in self.statuses]
        query.append(("includeInvoiceItems", "true"))
        if since is None:
            query.append(("departureFrom", (self.host.clock.now() - timedelta(days=2)).date().isoformat()))
        else:
            query.append(("modifiedFrom", f"{since:%Y-%m-%dT%H:%M:%SZ}"))
        async for page in self._pages("/bookings", query):
            yield page

    async def listings(self) -> Sequence[Listing]:
        """Each room of each property."""
        found = [each async for page in self._pages("/properties", [("includeAllRooms", "true")]) for each in page]
        return [
            Listing(room.text("id"), f"{place.text('name')}, {room.text('name')}".strip(", "))
            for place in map(Fields, found)
            for room in place.each("roomTypes")
            if room.text("id")
        ]

    async def _pages(self, path: str, query: Sequence[tuple[str, str | int]]) -> AsyncIterator[list[Any]]:
        async def ask(link: str) -> tuple[list[Any], str]:
            answer = let_in(await self._get(link, query if link == path else ()), "refresh token")
            page = told(answer)
            if isinstance(page, dict) and page.get("success") is False:
                raise Rejected(f"{answer.host} does not accept the refresh token; look at the channel's settings")
            rows, pages = listed(page, answer.host, "data"), Fields(page)
            return rows, pages.text("pages.nextPageLink", limit=2000) if pages.yes("pages.nextPageExists") else ""

        async for page in follow(self._api, path, ask):
            yield page

    async def _get(self, path: str, query: Sequence[tuple[str, str | int]]) -> Answer:
        return await self._asked(lambda headers: self._api.get(path, query, headers))

    async def _tell(self, path: str, said: object) -> Answer:
        return await self._asked(lambda headers: self._api.tell("POST", path, said, headers))

    async def _asked(self, request: Callable[[Mapping[str, str]], Awaitable[Answer]]) -> Answer:
        async def ask(token: str) -> Answer:
            answer = await request({"token": token})
            left, resets = (answer.headers.get(f"x-five-min-limit-{what}", "") for what in ("remaining", "resets-in"))
            if left.isdigit() and resets.isdigit() and int(left) < _SPARE:
                self._api.rest(timedelta(seconds=min(int(resets), 300)))
            # Source: facts page on channels §1.1, a token that it does not take is told by a 200.
            return replace(answer, status=401) if _refuses(answer) else answer

        return await self._tickets.used(self._fresh, ask)

    async def _fresh(self) -> Ticket:
        headers = {"refreshToken": self._config.refresh_token.get_secret_value()}
        return ticket(await self._api.get("/authentication/token", headers=headers), "token", "expiresIn")

    # ---- writing ----

    @property
    def perform(self) -> Mapping[type, Performer]:
        codes, nights = self._config.door_codes, self._config.block_nights
        return offered(
            {
                SetDoorCode: self._show_code if codes else None,
                SetNights: self._close if nights else None,
                MessageGuest: self._message,
            }
        )

    async def _close(self, effect: Effect, key: str) -> None:
        """How many are to be sold: none, or the one that there is. Seen: `to` is the last day (integrators' measurements)."""
        assert isinstance(effect, SetNights)
        spans: list[dict[str, object]] = []

        async def put(first: date, last: date, taken: bool) -> None:
            spans.append({"from": f"{first}", "to": f"{last}", "numAvail": 0 if taken else 1})

        nights = Nights()  # all in one request, as requests are few: nothing is remembered between them
        await nights.bring(effect, put)
        if spans:
            said = [{"roomId": _number(effect.listing), "calendar": spans}]
            agreed(await self._tell("/inventory/rooms/calendar", said), _KEYS)

    async def _show_code(self, effect: Effect, key: str) -> None:
        """An info item of the booking, of which there is one. Source: Beds24's API v2 on subitems: with an id it is changed."""
        assert isinstance(effect, SetDoorCode)
        answer = await self._get("/bookings", [("id", effect.booking), ("includeInfoItems", "true")])
        rows = listed(agreed(answer, _KEYS), answer.host, "data")
        items = [item for row in rows if isinstance(row, Mapping) for item in Fields(row).each("infoItems")]
        known = [item.there("id") for item in items if item.text("code") == _CODE]
        if not rows:
            raise Rejected(f"{answer.host} does not know this booking")
        if not known and not effect.code:
            return
        item = {"code": _CODE, "text": effect.code, **({"id": known[0]} if known else {})}
        agreed(await self._tell("/bookings", [{"id": _number(effect.booking), "infoItems": [item]}]), _KEYS)

    async def _message(self, effect: Effect, key: str) -> None:
        """Source: Beds24's API v2, `POST /bookings/messages`."""
        assert isinstance(effect, MessageGuest)
        said = [{"bookingId": _number(effect.booking), "message": effect.text}]
        agreed(await self._tell("/bookings/messages", said), _KEYS)

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        """No signature is known, so nothing in it is believed: Beds24 is asked what is true."""
        return asked_with(delivery, self._config.webhook_secret, self._config.previous_webhook_secret)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("status")
        kind, status = self.meaning(word)
        first, last = told.text("firstName"), told.text("lastName")
        email, phone = told.text("email"), told.text("phone", limit=40)
        adults, children = told.count("numAdult"), told.count("numChild")
        currency = self._config.currency or ""
        lines = told.lines("invoiceItems", currency, _item, amount="lineTotal", label="description")
        price = price_of(told.money("price", currency), lines)
        return StayReport(
            uid=told.named("id"),
            kind=kind,
            status=status,
            arrival=told.day("arrival"),
            departure=told.day("departure"),
            guest="" if kind is StayKind.BLOCK else f"{first} {last}".strip(),
            reference=told.text("apiReference", limit=60),
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=None if adults is None else adults + (children or 0),
            adults=adults,
            children=children,
            listing=told.named("roomId"),
            platform=told.text("apiSource") or told.text("referer"),
            source_status=word,
            changed_at=told.instant("modifiedTime"),
            total=price.total,
            lines=price.lines,
        )


def _item(line: Fields) -> LineKind | None:
    """None: what was paid stands among the charges."""
    return None if line.text("type") == "payment" else kind_of(line.text("description"))


def _number(id_: str) -> int | str:
    """Its ids are numbers."""
    return int(id_) if id_.isdecimal() else id_


def _refuses(answer: Answer) -> bool:
    if b"validToken" not in answer.body:
        return False
    page = told(answer)
    return isinstance(page, dict) and page.get("validToken") is False
