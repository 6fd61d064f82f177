"""What Hospitable tells, as stays. Sources: facts page on channels §1.1 and §1.4; integrators' notes of what they saw;
Hospitable's own OpenAPI document of its API V2, as kept by condechi/hospitable-api-docs-markdown @69748f7c.

There is no asking for what changed: every poll reads all that is to come.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final, TypeVar

from pydantic import SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    ASKED,
    OVER,
    TAKEN,
    Account,
    ApiAddress,
    Status,
    last4,
    let_in,
    listed,
)
from hub.contracts.fields import Fields
from hub.contracts.nights import Days, days_of
from hub.contracts.writing import ClosesNights, Nights, agreed, offered
from hub.errors import Rejected
from hub.io.api import Api, Send, told
from hub.io.http import send
from hub.io.pace import Rate
from hub.io.signatures import hmac_hex, known
from hub.model.effects import Effect, MessageGuest, SetNights
from hub.model.facts import Listing, StayReport
from hub.model.money import Money
from hub.model.price_lines import LONGEST, LineKind, Price, PriceLine, kind_of, price_of, taking
from hub.model.returning import is_proxy
from hub.model.stays import nights
from hub.model.values import StayKind

T = TypeVar("T")

RATES: Final = (Rate(60, 60),)
"""Ours: theirs for reservations are not published."""
MESSAGES: Final = (Rate(50, 300),)
TO_ONE: Final = (Rate(2, 60, at_once=2),)
"""Messages about one reservation. Source of both: facts page on channels §1.1."""
PAGE: Final = 100
AHEAD: Final = timedelta(days=730)
_AT_ONCE: Final = 20
"""Properties in one question: an address may not be too long."""
_DAY: Final = timedelta(days=1)
_DAYS: Final = 60
"""Of a calendar in one request (update-property-calendar)."""


class Config(ClosesNights):
    token: SecretStr
    """A personal access token; it is good for a year."""
    prices: bool = False
    """Asked for only then: a token without the scope `financials:read` would be refused with it."""
    webhook_secret: SecretStr = SecretStr("")
    previous_webhook_secret: SecretStr = SecretStr("")
    address: ApiAddress = "https://public.api.hospitable.com/v2"


class Hospitable(Account):
    poll_every: ClassVar[timedelta | None] = timedelta(minutes=2)
    by_change: ClassVar[bool] = False
    code_place: ClassVar[bool] = False
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "properties"
    statuses: ClassVar[dict[str, Status]] = {
        "accepted": TAKEN,
        "request": ASKED,
        "checkpoint": ASKED,
        "cancelled": OVER,
        "not accepted": OVER,
    }

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        self._api = Api(config.address, RATES, account=host.name, through=through)
        # Of its own: who has to wait with a message goes on reading.
        self._post = Api(config.address, MESSAGES, each=TO_ONE, account=f"{host.name} messages", through=through)
        self._lets: Sequence[Listing] = ()

    # ---- asking ----

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        now = self.host.clock.now()
        lets = self._lets or await self.listings()
        span: list[tuple[str, str | int]] = [
            ("start_date", (now - timedelta(days=2)).date().isoformat()),
            ("end_date", (now + AHEAD).date().isoformat()),
            ("date_query", "checkout"),
            ("include", "guest,properties,financials" if self._config.prices else "guest,properties"),
        ]
        for some in _batches([each.id for each in lets], _AT_ONCE):
            which = [("properties[]", id_) for id_ in some]
            async for page in self._pages("/reservations", [*which, *span]):
                yield page

    async def listings(self) -> Sequence[Listing]:
        found = [Fields(each) async for page in self._pages("/properties", []) for each in page]
        self._lets = [Listing(each.text("id"), each.text("name")) for each in found if each.text("id")]
        return self._lets

    async def _pages(self, path: str, query: Sequence[tuple[str, str | int]]) -> AsyncIterator[list[Any]]:
        headers = {"Authorization": f"Bearer {self._config.token.get_secret_value()}"}
        page = 1
        while True:
            which = [*query, ("per_page", PAGE), ("page", page)]
            answer = let_in(await self._api.get(path, which, headers), "token")
            found = Fields(told(answer)) if answer.body.lstrip().startswith(b"{") else Fields({})
            rows = listed(found.inside, answer.host, "data")
            yield rows
            last = found.there("meta.last_page")
            if not rows or not isinstance(last, int) or page >= last:
                return
            page += 1

    async def days(self, listing: str, first: date, last: date) -> Days:
        """Source: get-property-calendar. `BLOCKED` is also what is over, too soon, or asked for: only a user's own counts."""
        headers = {"Authorization": f"Bearer {self._config.token.get_secret_value()}"}
        which = [("start_date", f"{first}"), ("end_date", f"{last}")]
        answer = await self._api.get(f"/properties/{listing}/calendar", which, headers)
        if answer.status in (404, 410):
            raise Rejected(f"{answer.host} knows no calendar of this property ({answer.status})")
        rows = listed(told(let_in(answer, "token")), answer.host, "data", "days")
        return days_of(rows, answer.host, first, _closed)

    # ---- writing ----

    @property
    def perform(self) -> Mapping[type, Performer]:
        return offered({SetNights: self._close if self._config.block_nights else None, MessageGuest: self._message})

    async def _close(self, effect: Effect, key: str) -> None:
        """Day by day. Source: update-property-calendar; 422 where a channel of the property forbids it."""
        assert isinstance(effect, SetNights)
        days: list[dict[str, object]] = []

        async def put(first: date, last: date, taken: bool) -> None:
            days.extend({"date": f"{day}", "available": not taken} for day in sorted(nights(first, last + _DAY)))

        await Nights().bring(effect, put)  # as few requests as there can be: nothing is remembered between them
        headers = {"Authorization": f"Bearer {self._config.token.get_secret_value()}"}
        for some in _batches(days, _DAYS):
            agreed(
                await self._api.tell("PUT", f"/properties/{effect.listing}/calendar", {"dates": some}, headers), "token"
            )

    async def _message(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, MessageGuest)
        headers = {"Authorization": f"Bearer {self._config.token.get_secret_value()}"}
        path = f"/reservations/{effect.booking}/messages"
        said = {"body": effect.text}
        agreed(await self._post.tell("POST", path, said, headers, about=effect.booking), "token")

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        told = (delivery.headers or {}).get("signature", "")
        secrets = known(self._config.webhook_secret, self._config.previous_webhook_secret)
        return any(hmac_hex(delivery.body, told, secret) for secret in secrets)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("reservation_status.current.category")
        kind, status = self.meaning(word)
        if told.text("stay_type") == "owner_stay" and kind is StayKind.RESERVATION:
            kind = StayKind.OWNER
        first, last = told.text("guest.first_name"), told.text("guest.last_name")
        phones = told.there("guest.phone_numbers")
        phone = (
            Fields({"one": phones[0]}, told.odd).text("one", limit=40) if isinstance(phones, list) and phones else ""
        )
        email = told.text("guest.email")
        lets, price = told.each("properties"), price_told(told.inside_of("financials"))
        return StayReport(
            uid=told.named("id"),
            kind=kind,
            status=status,
            arrival=told.day("arrival_date"),
            departure=told.day("departure_date"),
            check_in=told.instant("check_in"),
            check_out=told.instant("check_out"),
            guest=f"{first} {last}".strip(),
            reference=told.text("code", limit=60) or told.text("platform_id", limit=60),
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=told.count("guests.total"),
            adults=told.count("guests.adult_count"),
            children=told.count("guests.child_count"),
            infants=told.count("guests.infant_count"),
            pets=told.count("guests.pet_count"),
            listing=lets[0].named("id") if lets else "",
            platform=told.text("platform"),
            source_status=word,
            total=price.total,
            lines=price.lines,
        )


def price_told(told: Fields) -> Price:
    """What the guest pays. Source: FinancialsV2 of Hospitable's OpenAPI document; amounts in the smallest unit.

    `adjustments` are payouts to the host, and no part of it.
    """
    currency, guest = told.text("currency", limit=3).upper(), told.inside_of("guest")
    if len(currency) != 3:
        return Price(None, ())
    sums = [(LineKind.ACCOMMODATION, guest.inside_of("accommodation"))]
    sums += [(kind_of(each.text("label"), each.text("category")), each) for each in guest.each("fees")]
    sums += [(LineKind.DISCOUNT, each) for each in guest.each("discounts")]
    sums += [(LineKind.TAX, each) for each in guest.each("taxes")]
    lines = [
        taking(PriceLine(kind, minor, each.text("label", limit=LONGEST)))
        for kind, each in sums
        if (minor := each.minor("amount")) is not None
    ]
    total = guest.minor("total_price.amount")
    return price_of(None if total is None else Money(total, currency), lines, currency)


def _closed(day: Fields) -> StayKind | None:
    by_user = day.text("status.reason") == "BLOCKED" and day.text("status.source_type") == "USER"
    return StayKind.BLOCK if by_user else None


def _batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
