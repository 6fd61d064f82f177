"""What Hostaway tells, as stays. Source: github Hostaway/api @b782c7b2 and @02bed1d9, source/includes/*.md."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from hub.contracts import Delivery, Host
from hub.contracts.accounts import (
    ASKED,
    OVER,
    OWNERS,
    TAKEN,
    Account,
    ApiAddress,
    Keys,
    Status,
    is_proxy,
    last4,
    let_in,
    listed,
    ticket,
)
from hub.contracts.fields import Fields
from hub.io.api import Api, Send, told
from hub.io.http import Answer, send
from hub.io.pace import Rate
from hub.io.signatures import basic_auth
from hub.io.tickets import Ticket, Tickets
from hub.model.facts import Listing, StayReport

RATES: Final = (Rate(15, 10),)
"""15 in 10 s by our address, which is less than the 20 in 10 s of an account."""
PAGE: Final = 100
_RIPENS_S: Final = 1.0
"""A new token is good after a second (_authentication.md)."""
_STALE: Final = (401, 403)
"""403: the token is over."""


class Config(Keys):
    account: Annotated[str, Field(min_length=1)]
    """Hostaway's number of the account: its client id."""
    secret: SecretStr
    """The client secret, made in Hostaway under Settings, API keys."""
    webhook_user: str = ""
    webhook_password: SecretStr = SecretStr("")
    """Login and password of the unified webhook."""
    address: ApiAddress = "https://api.hostaway.com/v1"


class Hostaway(Account):
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "listingMapId"
    # Source: _reservation statuses; those that block the calendar are said to.
    statuses: ClassVar[dict[str, Status]] = {
        "new": TAKEN,
        "modified": TAKEN,
        "ownerstay": OWNERS,
        "pending": ASKED,
        "unconfirmed": ASKED,
        "awaitingpayment": ASKED,
        "awaitingguestverification": ASKED,
        "cancelled": OVER,
        "declined": OVER,
        "expired": OVER,
        "inquiry": OVER,
        "inquirypreapproved": OVER,
        "inquirydenied": OVER,
        "inquirytimedout": OVER,
        "inquirynotpossible": OVER,
        "unknown": OVER,
    }

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        self._api = Api(config.address, RATES, through=through)
        whose = f"{config.address} {config.account}"
        self._tickets = Tickets(
            host.state_dir / "token", whose, now=host.clock.now, seal=host.seal, unseal=host.open, per_day=24
        )

    # ---- asking ----

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        """What is new can be asked for by the day only."""
        day = (since or self.host.clock.now() - timedelta(days=2)).date().isoformat()
        only = ("departureStartDate" if since is None else "latestActivityStart", day)
        async for page in self._pages("/reservations", [only, ("includeResources", "0")]):
            yield page

    async def listings(self) -> Sequence[Listing]:
        found = [Fields(each) async for page in self._pages("/listings", []) for each in page]
        return [Listing(each.text("id"), each.text("name")) for each in found if each.text("id")]

    async def _pages(self, path: str, query: Sequence[tuple[str, str]]) -> AsyncIterator[list[Any]]:
        offset = 0
        while True:
            which: list[tuple[str, str | int]] = [*query, ("limit", PAGE), ("offset", offset)]
            answer = let_in(await self._get(path, which), "account and secret")
            rows = listed(told(answer), answer.host, "result")
            if not rows:
                return
            yield rows
            offset += len(rows)

    async def _get(self, path: str, query: Sequence[tuple[str, str | int]]) -> Answer:
        async def ask(token: str) -> Answer:
            return await self._api.get(path, query, {"Authorization": f"Bearer {token}", "Cache-Control": "no-cache"})

        return await self._tickets.used(self._fresh, ask, stale=_STALE)

    async def _fresh(self) -> Ticket:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._config.account,
            "client_secret": self._config.secret.get_secret_value(),
            "scope": "general",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._api.ask("POST", "/accessTokens", headers=headers, body=urlencode(form).encode())
        made = ticket(answer, "access_token", "expires_in")
        await self.host.clock.sleep(_RIPENS_S)
        return made

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        """User and password, and no signature: whoever calls, Hostaway is asked what is true."""
        password = self._config.webhook_password.get_secret_value()
        return password != "" and basic_auth(delivery.headers or {}, self._config.webhook_user, password)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("status")
        kind, status = self.meaning(word)
        email, phone = told.text("guestEmail"), told.text("phone", limit=40)
        return StayReport(
            uid=told.named("id"),
            kind=kind,
            status=status,
            arrival=told.day("arrivalDate"),
            departure=told.day("departureDate"),
            hour_in=told.hour("checkInTime"),
            hour_out=told.hour("checkOutTime"),
            guest=told.text("guestName", limit=120),
            reference=told.text("confirmationCode", limit=60) or told.text("channelReservationId", limit=60),
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=told.count("numberOfGuests"),
            adults=told.count("adults"),
            children=told.count("children"),
            infants=told.count("infants"),
            pets=told.count("pets"),
            note=told.text("hostNote", limit=500),
            listing=told.named("listingMapId"),
            platform=told.text("channelName"),
            source_status=word,
            changed_at=told.instant("updatedOn"),
            total=told.money("totalPrice", told.text("currency")),
        )
