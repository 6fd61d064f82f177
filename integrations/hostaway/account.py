"""What Hostaway tells, as stays. Source: github Hostaway/api @b782c7b2 and @02bed1d9, source/includes/*.md."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    ASKED,
    OVER,
    OWNERS,
    TAKEN,
    Account,
    ApiAddress,
    Status,
    last4,
    let_in,
    listed,
    ticket,
)
from hub.contracts.fields import Fields
from hub.contracts.nights import Days, days_of
from hub.contracts.writing import Nights, TakesNights, agreed, before_writing, offered
from hub.errors import Rejected
from hub.io.api import Api, Send, told
from hub.io.http import Answer, send
from hub.io.pace import Rate
from hub.io.signatures import basic_auth, known
from hub.io.tickets import Ticket, Tickets
from hub.model.effects import Effect, MessageGuest, SetDoorCode, SetNights
from hub.model.facts import Listing, StayReport
from hub.model.price_lines import LineKind, kind_of, price_of
from hub.model.returning import is_proxy
from hub.model.values import StayKind

RATES: Final = (Rate(15, 10),)
"""15 in 10 s by our address, which is less than the 20 in 10 s of an account."""
PAGE: Final = 100
_RIPENS_S: Final = 1.0
"""A new token is good after a second (_authentication.md)."""
_KEYS: Final = "account and secret"
_STALE: Final = (401, 403)
"""403: the token is over."""


class Config(TakesNights):
    account: Annotated[str, Field(min_length=1)]
    """Hostaway's number of the account: its client id."""
    secret: SecretStr
    """The client secret, made in Hostaway under Settings, API keys."""
    webhook_user: str = ""
    webhook_password: SecretStr = SecretStr("")
    previous_webhook_password: SecretStr = SecretStr("")
    """Login and password of the unified webhook."""
    address: ApiAddress = "https://api.hostaway.com/v1"


class Hostaway(Account):
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "listingMapId"
    hidden: ClassVar[frozenset[str]] = frozenset({"doorCode"})
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
        self._nights = Nights()
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
        async for page in self._pages("/reservations", [only, ("includeResources", "1")]):
            yield page

    async def listings(self) -> Sequence[Listing]:
        found = [Fields(each) async for page in self._pages("/listings", []) for each in page]
        return [Listing(each.text("id"), each.text("name")) for each in found if each.text("id")]

    async def _pages(self, path: str, query: Sequence[tuple[str, str]]) -> AsyncIterator[list[Any]]:
        offset = 0
        while True:
            which: list[tuple[str, str | int]] = [*query, ("limit", PAGE), ("offset", offset)]
            answer = let_in(await self._get(path, which), _KEYS)
            rows = listed(told(answer), answer.host, "result")
            if not rows:
                return
            yield rows
            offset += len(rows)

    async def _get(self, path: str, query: Sequence[tuple[str, str | int]]) -> Answer:
        async def ask(token: str) -> Answer:
            return await self._api.get(path, query, {"Authorization": f"Bearer {token}", "Cache-Control": "no-cache"})

        return await self._tickets.used(self._fresh, ask, stale=_STALE)

    async def _tell(self, method: str, path: str, said: object) -> Answer:
        async def ask(token: str) -> Answer:
            return await self._api.tell(method, path, said, {"Authorization": f"Bearer {token}"})

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

    async def days(self, listing: str, first: date, last: date) -> Days:
        """Source: _calendar_retrieveCalendar.md, _calendar_calendarDayObject.md; `blocked` is not by a reservation (statuses)."""
        which: list[tuple[str, str | int]] = [
            ("startDate", f"{first}"),
            ("endDate", f"{last}"),
            ("includeResources", 0),
        ]
        answer = await self._get(f"/listings/{listing}/calendar", which)
        if answer.status in (404, 410):
            raise Rejected(f"{answer.host} knows no calendar of this listing ({answer.status})")
        rows = listed(told(let_in(answer, _KEYS)), answer.host, "result")
        return days_of(rows, answer.host, first, _closed)

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
        """Source: _calendar_updateCalendar.md: single units are blocked by `isAvailable` 0."""
        assert isinstance(effect, SetNights)

        async def put(first: date, last: date, taken: bool) -> None:
            said = {"startDate": f"{first}", "endDate": f"{last}", "isAvailable": 0 if taken else 1}
            agreed(await self._tell("PUT", f"/listings/{effect.listing}/calendar", said), _KEYS)

        await self._nights.bring(effect, put)

    async def _show_code(self, effect: Effect, key: str) -> None:
        """Source: facts page on channels §1.1. Seen: integrators send these alone, and the rest stays as it is."""
        assert isinstance(effect, SetDoorCode)
        said = {"doorCode": effect.code or None, "doorCodeVendor": "Gatehouse" if effect.code else None}
        agreed(await self._tell("PUT", f"/reservations/{effect.booking}", said), _KEYS)

    async def _message(self, effect: Effect, key: str) -> None:
        """Source: _conversation_retrieveConversationsList.md, _conversation_sendConversationMessage.md."""
        assert isinstance(effect, MessageGuest)
        with before_writing():
            answer = let_in(await self._get("/conversations", [("reservationId", effect.booking), ("limit", 1)]), _KEYS)
            talks = [Fields(each) for each in listed(told(answer), answer.host, "result") if isinstance(each, Mapping)]
        if not talks:
            raise Rejected(f"{answer.host} knows no conversation with this guest")
        said = {"body": effect.text, "communicationType": "channel"}
        agreed(await self._tell("POST", f"/conversations/{talks[0].named('id')}/messages", said), _KEYS)

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        """User and password, and no signature: whoever calls, Hostaway is asked what is true."""
        passwords = known(self._config.webhook_password, self._config.previous_webhook_password)
        user = self._config.webhook_user
        return any(basic_auth(delivery.headers or {}, user, password) for password in passwords)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("status")
        kind, status = self.meaning(word)
        email, phone = told.text("guestEmail"), told.text("phone", limit=40)
        currency = told.text("currency")
        lines = told.lines("financeField", currency, _item, amount="total", label="title")
        price = price_of(told.money("totalPrice", currency), lines, currency)
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
            total=price.total,
            lines=price.lines,
        )


def _item(field: Fields) -> LineKind | None:
    """None: what the guest does not pay with the total, and sums of other fields."""
    name = field.text("name")
    if not field.yes("isIncludedInTotalPrice") or field.yes("isDeleted") or name.startswith("total"):
        return None
    match field.text("type"):
        case "price":
            return LineKind.ACCOMMODATION
        case "tax":
            return LineKind.TAX
        case "discount":
            return LineKind.DISCOUNT
        case kind:
            return kind_of(name, kind)


def _closed(day: Fields) -> StayKind | None:
    return StayKind.BLOCK if day.text("status") == "blocked" else None
