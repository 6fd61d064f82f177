"""What Guesty tells, as stays. Sources: facts page on channels §1.1 and §1.4; statuses as in TaskinBirtan/LaravelGuesty."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    ASKED,
    OVER,
    TAKEN,
    Account,
    ApiAddress,
    Currency,
    Status,
    last4,
    let_in,
    listed,
    ticket,
)
from hub.contracts.fields import Fields
from hub.contracts.nights import Days
from hub.contracts.writing import Nights, TakesNights, before_writing, done, offered, record
from hub.errors import Rejected
from hub.io.api import Api, Send, told
from hub.io.http import Answer, send
from hub.io.pace import Rate
from hub.io.signatures import known, svix
from hub.io.tickets import Ticket, Tickets
from hub.model.effects import OURS, Effect, KeepBooking, MessageGuest, SetDoorCode, SetNights
from hub.model.facts import Listing, StayReport
from hub.model.money import Money
from hub.model.price_lines import LineKind, kind_of, price_of
from hub.model.returning import is_proxy
from integrations.guesty.calendar import CALENDARS, changed_in, closed, closed_by_people
from integrations.guesty.pushing import Push
from integrations.guesty.reading import KEYS, MOVES, Reading

RATES: Final = (Rate(15, 1), Rate(120, 60), Rate(5000, 3600))
TOKENS_PER_DAY: Final = 5
TELLS_AGAIN: Final = timedelta(minutes=5)
"""After a booking was pushed: what a search without times of change says of it is believed two minutes later only."""
PAGE: Final = 100
_FIELDS: Final = (
    "listingId status confirmationCode checkIn checkOut checkInDateLocalized checkOutDateLocalized guestsCount "
    "guest.fullName guest.email guest.phone money.totalPaid money.balanceDue money.currency money.invoiceItems source "
    "lastUpdatedAt"
)


class Config(TakesNights):
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretStr
    """Both are made in Guesty under Integrations, OAuth applications; each customer uses their own."""
    webhook_secret: SecretStr = SecretStr("")
    previous_webhook_secret: SecretStr = SecretStr("")
    """`whsec_…`, as Guesty tells it for the webhook's address."""
    push_bookings: bool = False
    """Bookings that are made here are made there, too (R556)."""
    push_test: bool = True
    """They are only rehearsed (R557)."""
    push_pending_as: Literal["reserved", "inquiry"] = "reserved"
    """Ruling C18: an inquiry keeps no nights there."""
    push_mapping: Literal["classes", "plan"] = "classes"
    """Ruling C22: guests by class, and fees apart from the fare; `plan` tells adults and children as one number, infants in the
    note, and the whole price as the fare."""
    reservations: Literal["v1", "v3"] | None = None
    """Which of Guesty's two APIs reservations are read from; None: the older one, for as long as it lasts."""
    currency: Currency | None = None
    """Of the account's prices, which a push cannot name: what is priced in another is pushed without a price."""
    address: ApiAddress = "https://open-api.guesty.com"


class Retired(Rejected):
    """A list that is not where it was."""


class Guesty(Account):
    uid_at: ClassVar[str] = "_id"
    listing_at: ClassVar[str] = "listingId"
    hidden: ClassVar[frozenset[str]] = frozenset({"keyCode"})
    statuses: ClassVar[dict[str, Status]] = {
        "confirmed": TAKEN,
        "checked_in": TAKEN,
        "checked_out": TAKEN,
        "reserved": ASKED,
        "awaiting_payment": ASKED,
        "inquiry": OVER,
        "declined": OVER,
        "expired": OVER,
        "canceled": OVER,
        "closed": OVER,
    }

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        self._nights = Nights()
        self._retired = False
        self._search = Reading(self._get)
        self._unanswered = set[str]()
        self._pushed_at: datetime | None = None
        self._api = Api(config.address, RATES, account=config.client_id, through=through)
        self._tickets = Tickets(
            host.state_dir / "token",
            f"{config.address} {config.client_id}",
            now=host.clock.now,
            seal=host.seal,
            unseal=host.open,
            per_day=TOKENS_PER_DAY,
        )

    # ---- asking ----

    @property
    def lists_all(self) -> bool:  # type: ignore[override]  # said once for all others
        """An integrator misses Booking.com's reservations in the search: what it leaves out counts for nothing."""
        return not self._searches

    @property
    def _searches(self) -> bool:
        clock, wish = self.host.clock, self._config.reservations
        return self._retired or (wish == "v3" if wish else clock.trusted and clock.now() >= MOVES)

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        yesterday = (self.host.clock.now() - timedelta(days=2)).date()
        if not self._searches:
            async for page in self._of_v1(since, yesterday):
                yield page
        if not self._searches:
            return
        # It cannot be asked for what changed, so all that is to come is read each time.
        if since is None:
            self._search.forget()
        async for rows in self._search.bookings(yesterday, lambda word: self.meaning(word) == OVER):
            yield rows

    async def _of_v1(self, since: datetime | None, yesterday: date) -> AsyncIterator[Sequence[Any]]:
        if since is None:
            only = {"field": "checkOutDateLocalized", "operator": "$gte", "value": yesterday.isoformat()}
        else:
            only = {"field": "lastUpdatedAt", "operator": "$gte", "value": f"{since:%Y-%m-%dT%H:%M:%S.000Z}"}
        try:
            async for page in self._pages("/v1/reservations", [("fields", _FIELDS), ("filters", json.dumps([only]))]):
                yield page
        except Retired:
            self._retired = True

    async def listings(self) -> Sequence[Listing]:
        found = [
            Fields(each) async for page in self._pages("/v1/listings", [("fields", "title nickname")]) for each in page
        ]
        names = ((each.text("_id"), each.text("nickname") or each.text("title")) for each in found)
        return [Listing(id_, name) for id_, name in names if id_]

    async def _pages(self, path: str, query: Sequence[tuple[str, str]]) -> AsyncIterator[list[Any]]:
        """Page by page until as many were told as there are, or none more is."""
        skip = 0
        while True:
            which: list[tuple[str, str | int]] = [*query, ("sort", "_id"), ("limit", PAGE), ("skip", skip)]
            answer = await self._get(path, which)
            if answer.status in (404, 410):
                raise Retired(f"{answer.host} has no {path} any more")
            page = told(let_in(answer, "client id and secret"))
            rows = listed(page, answer.host, "results")
            if rows:
                yield rows
            skip += len(rows)
            count = page.get("count")
            if not rows or (isinstance(count, int) and skip >= count):
                return

    async def _get(self, path: str, query: Sequence[tuple[str, str | int]]) -> Answer:
        return await self._tickets.used(
            self._fresh, lambda token: self._api.get(path, query, {"Authorization": f"Bearer {token}"})
        )

    async def _tell(self, method: str, path: str, said: object, *, stale: Collection[int] = (401,)) -> Answer:
        async def ask(token: str) -> Answer:
            return await self._api.tell(method, path, said, {"Authorization": f"Bearer {token}"})

        return await self._tickets.used(self._fresh, ask, stale=stale)

    async def _fresh(self) -> Ticket:
        form = {
            "grant_type": "client_credentials",
            "scope": "open-api",
            "client_id": self._config.client_id,
            "client_secret": self._config.client_secret.get_secret_value(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._api.ask("POST", "/oauth2/token", headers=headers, body=urlencode(form).encode())
        return ticket(answer, "access_token", "expires_in")

    async def days(self, listing: str, first: date, last: date) -> Days:
        return await closed_by_people(self._get, listing, first, last)

    # ---- writing ----

    @property
    def keeps_waiting(self) -> bool:  # type: ignore[override]  # said once for all others
        return self._config.push_pending_as == "reserved"

    @property
    def tells_again(self) -> bool:  # type: ignore[override]  # said once for all others
        return self._pushed_at is not None and self.host.clock.now() < self._pushed_at + TELLS_AGAIN

    @property
    def rehearses(self) -> bool:  # type: ignore[override]  # said once for all others
        return self._config.push_test

    @property
    def perform(self) -> Mapping[type, Performer]:
        codes, push = self._config.door_codes, self._config.push_bookings
        return offered(
            {
                SetDoorCode: self._show_code if codes else None,
                KeepBooking: self._push if push else None,
                SetNights: self._close if self._config.block_nights else None,
                MessageGuest: self._message,
            }
        )

    async def _show_code(self, effect: Effect, key: str) -> None:
        """Source: Open API reference, “Update Reservation notes”: `keyCode` is for key codes."""
        assert isinstance(effect, SetDoorCode)
        said = {"notes": {"keyCode": effect.code}}
        done(await self._tell("PUT", f"/v1/reservations-v3/{effect.booking}/notes", said), "client id and secret")

    async def _close(self, effect: Effect, key: str) -> None:
        """Night by night looked at afterwards: the names of what is said are integrators' (sample guesty_calendar_put_block)."""
        assert isinstance(effect, SetNights)

        async def put(first: date, last: date, taken: bool) -> None:
            said = {"dateFrom": f"{first}", "dateTo": f"{last}", "status": "unavailable" if taken else "available"}
            done(await self._tell("PUT", f"{CALENDARS}/{effect.listing}", said), KEYS)
            if taken and not await closed(self._get, effect.listing, first, last):
                raise Rejected("Guesty did not close the nights that it was asked to close")

        await self._nights.bring(effect, put)

    async def _message(self, effect: Effect, key: str) -> None:
        """Through the channel that the guest wrote or booked by. Source: sample guesty_conversations_list, _send_message."""
        assert isinstance(effect, MessageGuest)
        only = json.dumps([{"field": "reservation._id", "operator": "$eq", "value": effect.booking}])
        with before_writing():
            path = "/v1/communication/conversations"
            answer = done(await self._get(path, [("filters", only)]), "client id and secret")
            found = told(answer)
            if isinstance(found, Mapping) and "results" not in found:  # Seen: `{"data": {"conversations": […]}}`
                found = {"results": record(found, answer.host, "data").get("conversations")}
            talks = [each for each in listed(found, answer.host, "results") if isinstance(each, Mapping)]
        if not talks:
            raise Rejected(f"{answer.host} knows no conversation with this guest")
        talk = Fields(talks[0])
        said = {"body": effect.text, "module": {"type": talk.text("module.type") or "email"}}
        path = f"/v1/communication/conversations/{talk.named('_id')}/send-message"
        done(await self._tell("POST", path, said), "client id and secret")

    async def _push(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, KeepBooking)
        try:
            await Push(self._config, self.host, self._get, self._tell, self._unanswered).keep(effect)
        finally:
            self._pushed_at = self.host.clock.now()

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        """Delivered by Svix. While the hub does not know the time, the signature alone decides."""
        now = delivery.received_at if self.host.clock.trusted else None
        secrets = known(self._config.webhook_secret, self._config.previous_webhook_secret)
        return any(svix(delivery.body, delivery.headers or {}, secret, now) for secret in secrets)

    def calendar_of(self, told: Fields) -> str:
        return changed_in(told)

    def key(self, delivery: Delivery) -> str:
        return f"{super().key(delivery)}:{(delivery.headers or {}).get('svix-id', '')[:60]}"

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("status")
        reference = told.text("confirmationCode", limit=60)
        # A stay of ours that waits may be an inquiry there; anybody else's is no stay.
        waits = word == "inquiry" == self._config.push_pending_as and reference.startswith(OURS)
        kind, status = ASKED if waits else self.meaning(word)
        email, phone = told.text("guest.email"), told.text("guest.phone", limit=40)
        currency = told.text("money.currency") or self._config.currency or ""
        items = told.lines("money.invoiceItems", currency, _item, amount="amount", label="title")
        paid, due = told.money("money.totalPaid", currency), told.money("money.balanceDue", currency)
        total = None if paid is None or due is None else Money(paid.minor + due.minor, paid.currency)
        return StayReport(
            uid=told.named("_id"),
            kind=kind,
            status=status,
            arrival=told.day("checkInDateLocalized"),
            departure=told.day("checkOutDateLocalized"),
            check_in=told.instant("checkIn"),
            check_out=told.instant("checkOut"),
            guest=told.text("guest.fullName", limit=120),
            reference=reference,
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=told.count("guestsCount"),
            listing=told.named("listingId"),
            platform=told.text("source"),
            source_status=word,
            inside={"checked_in": True, "checked_out": False}.get(word),
            changed_at=told.instant("lastUpdatedAt"),
            total=total,
            lines=price_of(total, items).lines,
        )


def _item(item: Fields) -> LineKind:
    known = {"AF": LineKind.ACCOMMODATION, "CF": LineKind.CLEANING, "AFE": LineKind.SERVICE}
    if item.yes("isTax"):
        return LineKind.TAX
    return known.get(item.text("normalType")) or kind_of(item.text("title"), item.text("type"))
