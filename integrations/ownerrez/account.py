"""What OwnerRez tells, as stays. Sources: facts page on channels §1.1 and §1.4; github ownerrez/orez-zapier @c37c8cb1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    ASKED,
    BLOCKED,
    OVER,
    STRANGE,
    TAKEN,
    Account,
    ApiAddress,
    Currency,
    Status,
    follow,
    last4,
    let_in,
    listed,
)
from hub.contracts.fields import Fields, with_code
from hub.contracts.writing import ShowsCodes, done, offered, record
from hub.io.api import Api, Send, basic, told
from hub.io.http import send
from hub.io.pace import Rate
from hub.io.signatures import basic_auth, known
from hub.model.effects import Effect, SetDoorCode
from hub.model.facts import Listing, StayReport
from hub.model.price_lines import LineKind, kind_of, price_of
from hub.model.returning import is_proxy

RATES: Final = (Rate(300, 300),)
"""300 requests in 5 minutes, counted by our address for all accounts together."""
LOOK_BACK: Final = timedelta(days=730)
"""Of everything: it can be asked for by the time of change only, and nobody books two years ahead and changes nothing."""
_OVER_FOR: Final = timedelta(days=7)
"""Of everything, what ended longer ago is left out."""


class Config(ShowsCodes):
    user: Annotated[str, Field(min_length=3)]
    """The e-mail address of the account."""
    token: SecretStr
    """A personal access token, made in OwnerRez under Developer/API Settings."""
    webhook_user: str = ""
    webhook_password: SecretStr = SecretStr("")
    previous_webhook_password: SecretStr = SecretStr("")
    """What OwnerRez says when it calls: the user and password of its webhook settings."""
    currency: Currency | None = None
    """Of prices, where a booking does not name its own."""
    address: ApiAddress = "https://api.ownerrez.com/v2"


class OwnerRez(Account):
    whole_every: ClassVar[timedelta] = timedelta(days=1)
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "property_id"
    # Seen: what Airbnb holds for a guest's request is a block and `pending`; a booking of the same number follows.
    statuses: ClassVar[dict[str, Status]] = {"active": TAKEN, "pending": ASKED, "canceled": OVER}

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        self._api = Api(config.address, RATES, through=through)

    # ---- asking ----

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        now = self.host.clock.now()
        asked = since or now - LOOK_BACK
        query: list[tuple[str, str | int]] = [
            ("since_utc", f"{asked:%Y-%m-%dT%H:%M:%SZ}"),
            ("include_guest", "true"),
            ("limit", 100),
        ]
        async for page in self._pages("/bookings", query):
            yield page if since is not None else [each for each in page if not _long_over(each, now - _OVER_FOR)]

    async def listings(self) -> Sequence[Listing]:
        found = [Fields(each) async for page in self._pages("/properties", [("limit", 100)]) for each in page]
        return [Listing(each.text("id"), each.text("name")) for each in found if each.text("id")]

    async def _pages(self, path: str, query: Sequence[tuple[str, str | int]]) -> AsyncIterator[list[Any]]:
        headers = {"Authorization": basic(self._config.user, self._config.token.get_secret_value())}

        async def ask(link: str) -> tuple[list[Any], str]:
            answer = let_in(
                await self._api.get(link, query if link == path else (), headers), "e-mail address and token"
            )
            page = told(answer)
            following = page.get("next_page_url") if isinstance(page, dict) else None
            return listed(page, answer.host, "items"), following if isinstance(following, str) else ""

        async for page in follow(self._api, path, ask):
            yield page

    # ---- writing ----

    @property
    def perform(self) -> Mapping[type, Performer]:
        return offered({SetDoorCode: self._show_code if self._config.door_codes else None})

    async def _show_code(self, effect: Effect, key: str) -> None:
        """A line of the booking's note: its own door codes can be read only (m190/usefulapi-mcp: `PATCH /v2/bookings/{id}`)."""
        assert isinstance(effect, SetDoorCode)
        headers = {"Authorization": basic(self._config.user, self._config.token.get_secret_value())}
        path, keys = f"/bookings/{effect.booking}", "e-mail address and token"
        answer = done(await self._api.get(path, headers=headers), keys)
        notes = record(told(answer), answer.host).get("notes")
        before = notes if isinstance(notes, str) else ""
        if with_code(before, effect.code) != before:
            done(await self._api.tell("PATCH", path, {"notes": with_code(before, effect.code)}, headers), keys)

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        """User and password, and no signature: whoever calls, OwnerRez is asked what is true."""
        passwords = known(self._config.webhook_password, self._config.previous_webhook_password)
        user = self._config.webhook_user
        return any(basic_auth(delivery.headers or {}, user, password) for password in passwords)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("status")
        kind, status = self.meaning(word)
        if told.yes("is_block") or told.text("type") == "block":
            kind = BLOCKED[0] if (kind, status) not in (ASKED, STRANGE) else kind
        first, last = told.text("guest.first_name"), told.text("guest.last_name")
        email = _usual(told.each("guest.email_addresses"), "address")
        phone = _usual(told.each("guest.phones"), "number")
        adults, children = told.count("adults"), told.count("children")
        currency = told.text("currency_code", limit=3) or self._config.currency or ""
        lines = told.lines("charges", currency, _item, amount="amount", label="description")
        price = price_of(told.money("total_amount", currency), lines, currency)
        return StayReport(
            uid=told.named("id"),
            kind=kind,
            status=status,
            arrival=told.day("arrival"),
            departure=told.day("departure"),
            hour_in=told.hour("check_in"),
            hour_out=told.hour("check_out"),
            guest=f"{first} {last}".strip(),
            reference=told.text("platform_reservation_number", limit=60),
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=None if adults is None else adults + (children or 0),
            adults=adults,
            children=children,
            infants=told.count("infants"),
            pets=told.count("pets"),
            listing=told.named("property_id"),
            platform=told.text("listing_site"),
            source_status=word,
            changed_at=told.instant("updated_utc"),
            total=price.total,
            lines=price.lines,
        )


def _item(charge: Fields) -> LineKind:
    """Its types are rent, tax, surcharge and others; “Cleaning” is a surcharge by its description."""
    kind = kind_of(charge.text("type"))
    said = kind_of(charge.text("description"))
    return said if kind in (LineKind.SERVICE, LineKind.OTHER) and said is not LineKind.OTHER else kind


def _usual(entries: Sequence[Fields], name: str) -> str:
    """The one that is marked as usual, else the first."""
    marked = [each for each in entries if each.yes("is_default")]
    return next((found for each in (*marked, *entries) if (found := each.text(name))), "")


def _long_over(item: Any, before: datetime) -> bool:
    departure = item.get("departure") if isinstance(item, dict) else None
    return isinstance(departure, str) and departure[:10] < before.date().isoformat()
