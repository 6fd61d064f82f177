"""What Smoobu tells, as stays. Sources: facts page on channels §1.1 and §1.4; integrators' notes of what they saw."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    BLOCKED,
    OVER,
    TAKEN,
    Account,
    ApiAddress,
    Currency,
    SecretWord,
    Status,
    asked_with,
    last4,
    let_in,
    listed,
)
from hub.contracts.fields import Fields, with_code
from hub.contracts.writing import TakesNights, done, offered, record
from hub.io.api import Api, Send, told
from hub.io.http import send
from hub.io.pace import Rate
from hub.model.effects import Effect, MessageGuest, SetDoorCode, SetNights
from hub.model.facts import Listing, StayReport
from hub.model.price_lines import LineKind, kind_of, price_of, taking
from hub.model.returning import is_proxy
from hub.model.values import StayKind
from integrations.smoobu.blocking import Blocking, ours
from integrations.smoobu.signing import signed

RATES: Final = (Rate(700, 60),)
PAGE: Final = 100
AHEAD: Final = timedelta(days=1095)


class Config(TakesNights):
    api_key: SecretStr
    """From Smoobu under Settings, For developers."""
    api_secret: SecretStr = SecretStr("")
    """Beside the key there. Smoobu has taken no request without its signature since 31 October 2026."""
    webhook_secret: SecretWord = SecretStr("")
    previous_webhook_secret: SecretWord = SecretStr("")
    """Any word of at least 16 letters; the webhook's address ends in `?secret=` and this."""
    currency: Currency | None = None
    """Of prices; a booking does not name it."""
    address: ApiAddress = "https://login.smoobu.com/api"


class Smoobu(Account):
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "apartment.id"
    statuses: ClassVar[dict[str, Status]] = {
        "reservation": TAKEN,
        "modification of booking": TAKEN,
        "cancellation": OVER,
    }

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        key, secret = config.api_key.get_secret_value(), config.api_secret.get_secret_value()
        send_ = signed(key, secret, host.clock.now, through) if secret else through
        self._api = Api(config.address, RATES, account=host.name, through=send_)
        self._headers = {} if secret else {"Api-Key": key}
        self._keys = "API key and secret" if secret else "API key without the secret beside it"

    # ---- asking ----

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        """What changed can be asked for by the day only."""
        now = self.host.clock.now()
        query: list[tuple[str, str | int]] = [
            ("showCancellation", "true"),
            ("excludeBlocked", "false"),
            ("includePriceElements", "true"),
        ]
        if since is None:
            query += [("from", (now - timedelta(days=2)).date().isoformat()), ("to", (now + AHEAD).date().isoformat())]
        else:
            query += [("modifiedFrom", since.date().isoformat())]
        async for rows in self._pages(query):
            yield [row for row in rows if not ours(row)]

    async def _pages(self, query: Sequence[tuple[str, str | int]]) -> AsyncIterator[list[Any]]:
        page = 1
        while True:
            answer = await self._get("/reservations", [*query, ("pageSize", PAGE), ("page", page)])
            found = answer[0]
            rows = listed(found, answer[1], "bookings")
            yield rows
            pages = found.get("page_count")
            if not rows or not isinstance(pages, int) or page >= pages:
                return
            page += 1

    async def listings(self) -> Sequence[Listing]:
        found, host = await self._get("/apartments", [])
        lets = [Fields(each) for each in listed(found, host, "apartments") if isinstance(each, dict)]
        return [Listing(each.text("id"), each.text("name")) for each in lets if each.text("id")]

    async def _get(self, path: str, query: Sequence[tuple[str, str | int]]) -> tuple[Any, str]:
        answer = let_in(await self._api.get(path, query, self._headers), self._keys)
        return told(answer), answer.host

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
        assert isinstance(effect, SetNights)
        await Blocking(self._api, self._headers, self._pages).bring(effect, self.host.clock.now().date())

    async def _show_code(self, effect: Effect, key: str) -> None:
        """A line of the booking's note: no field is known for it. What is not said stays as it is (m190/usefulapi-mcp)."""
        assert isinstance(effect, SetDoorCode)
        path = f"/reservations/{effect.booking}"
        answer = done(await self._api.get(path, headers=self._headers), self._keys)
        notice = record(told(answer), answer.host).get("notice")
        before = notice if isinstance(notice, str) else ""
        if with_code(before, effect.code) != before:
            said = {"notice": with_code(before, effect.code)}
            done(await self._api.tell("PUT", path, said, self._headers), self._keys)

    async def _message(self, effect: Effect, key: str) -> None:
        """Source: facts page on channels §1.1; integrators send `messageBody` and, for e-mail, `subject`."""
        assert isinstance(effect, MessageGuest)
        said = {"messageBody": effect.text, **({"subject": effect.subject} if effect.subject else {})}
        path = f"/reservations/{effect.booking}/messages/send-message-to-guest"
        done(await self._api.tell("POST", path, said, self._headers), self._keys)

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        """Nothing but the secret in the address, so nothing in it is believed: Smoobu is asked what is true."""
        return asked_with(delivery, self._config.webhook_secret, self._config.previous_webhook_secret)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("type")
        kind, status = self.meaning(word)
        if told.yes("is-blocked-booking") and kind is StayKind.RESERVATION:
            kind = BLOCKED[0]
        email, phone = told.text("email"), told.text("phone", limit=40)
        adults, children = told.count("adults"), told.count("children")
        currency = self._config.currency or _currency(told)
        lines = told.lines("priceElements", currency, _item, amount="amount", label="name")
        price = price_of(told.money("price", currency), map(taking, lines), currency)
        return StayReport(
            uid=told.named("id"),
            kind=kind,
            status=status,
            arrival=told.day("arrival"),
            departure=told.day("departure"),
            hour_in=told.hour("check-in"),
            hour_out=told.hour("check-out"),
            guest="" if kind is StayKind.BLOCK else told.text("guest-name", limit=120),
            reference=told.text("reference-id", limit=60),
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=None if adults is None else adults + (children or 0),
            adults=adults,
            children=children,
            note=told.text("notice", limit=500),
            listing=told.named("apartment.id"),
            platform=told.text("channel.name"),
            source_status=word,
            changed_at=told.instant("modified-at"),
            total=price.total,
            lines=price.lines,
        )


# Of Smoobu's documented types of price elements, as integrators list them; a null type is told by its name.
_ITEMS: Final = {
    "basePrice": LineKind.ACCOMMODATION,
    "cleaningFee": LineKind.CLEANING,
    "addon": LineKind.SERVICE,
    "longStayDiscount": LineKind.DISCOUNT,
    "coupon": LineKind.DISCOUNT,
}


def _item(element: Fields) -> LineKind | None:
    """None: it is part of another element's amount (`priceIncludedInId`), and would count twice."""
    if element.there("priceIncludedInId") is not None:
        return None
    type_ = element.text("type")
    return _ITEMS.get(type_) or kind_of(element.text("name"), type_)


def _currency(told: Fields) -> str:
    """A booking does not name it, but each element of its price does. Empty: they disagree, or there are none."""
    named = {element.text("currencyCode") for element in told.each("priceElements")}
    return named.pop() if len(named) == 1 else ""
