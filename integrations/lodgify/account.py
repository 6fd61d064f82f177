"""What Lodgify tells, as stays. Sources: facts page on channels §1.1 and §1.4; integrators' notes of what they saw of v2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from hub.contracts import Delivery, Host, Performer
from hub.contracts.accounts import (
    ASKED,
    OVER,
    TAKEN,
    Account,
    ApiAddress,
    Status,
    is_proxy,
    last4,
    let_in,
    listed,
)
from hub.contracts.fields import Fields
from hub.contracts.writing import ShowsCodes, agreed, done, offered, record
from hub.errors import Garbled
from hub.io.api import Api, Send, told
from hub.io.http import send
from hub.io.pace import Rate
from hub.io.signatures import hmac_hex
from hub.model.effects import Effect, MessageGuest, SetDoorCode
from hub.model.facts import Listing, StayReport

RATES: Final = (Rate(60, 60),)
"""Ours: about 100 in a minute are said to be allowed, and nobody confirms it."""
PAGE: Final = 50


class Config(ShowsCodes):
    api_key: SecretStr
    """From Lodgify under Settings, Public API."""
    webhook_secret: SecretStr = SecretStr("")
    """Told once, when the webhook is subscribed."""
    address: ApiAddress = "https://api.lodgify.com"


class Lodgify(Account):
    uid_at: ClassVar[str] = "id"
    listing_at: ClassVar[str] = "property_id"
    hidden: ClassVar[frozenset[str]] = frozenset({"key_code"})
    statuses: ClassVar[dict[str, Status]] = {"booked": TAKEN, "tentative": ASKED, "open": OVER, "declined": OVER}

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(host)
        self._config = config
        self._api = Api(config.address, RATES, account=host.name, through=through)

    # ---- asking ----

    async def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        if since is None:
            passes: list[list[tuple[str, str | int]]] = [[("stayFilter", "Current")], [("stayFilter", "Upcoming")]]
        else:
            passes = [[("stayFilter", "All"), ("updatedSince", f"{since:%Y-%m-%dT%H:%M:%SZ}")]]
        for only in passes:
            async for page in self._pages("/v2/reservations/bookings", only):
                yield page

    async def listings(self) -> Sequence[Listing]:
        found = [Fields(each) async for page in self._pages("/v2/properties", []) for each in page]
        return [Listing(each.text("id"), each.text("name")) for each in found if each.text("id")]

    async def _pages(self, path: str, query: Sequence[tuple[str, str | int]]) -> AsyncIterator[list[Any]]:
        """Until a page is empty: how long a page may be is not published."""
        headers = {"X-ApiKey": self._config.api_key.get_secret_value()}
        page = 1
        while True:
            which = [*query, ("includeCount", "false"), ("page", page), ("size", PAGE)]
            answer = let_in(await self._api.get(path, which, headers), "API key")
            rows = listed(told(answer), answer.host, "items")
            if not rows:
                return
            yield rows
            page += 1

    # ---- writing ----

    @property
    def perform(self) -> Mapping[type, Performer]:
        codes = self._config.door_codes
        return offered({SetDoorCode: self._show_code if codes else None, MessageGuest: self._message})

    async def _show_code(self, effect: Effect, key: str) -> None:
        """A key code of each room. Source: integrators who read Lodgify's OpenAPI document."""
        assert isinstance(effect, SetDoorCode)
        headers = {"X-ApiKey": self._config.api_key.get_secret_value()}
        path = f"/v2/reservations/bookings/{effect.booking}"
        answer = done(await self._api.get(path, headers=headers), "API key")
        rooms = Fields(record(told(answer), answer.host)).each("rooms")
        kinds = [found for room in rooms if isinstance(found := room.there("room_type_id"), int | str)]
        if not kinds:
            raise Garbled(f"{answer.host} tells of a booking without rooms")
        said = {"rooms": [{"room_type_id": kind, "key_code": effect.code} for kind in dict.fromkeys(kinds)]}
        agreed(await self._api.tell("PUT", f"{path}/keyCodes", said, headers), "API key")

    async def _message(self, effect: Effect, key: str) -> None:
        """Seen: only `Owner` with a notification reaches anybody, and a no may come with a 200 (integrators' notes)."""
        assert isinstance(effect, MessageGuest)
        headers = {"X-ApiKey": self._config.api_key.get_secret_value()}
        said = {"subject": effect.subject, "message": effect.text, "type": "Owner", "send_notification": True}
        path = f"/v1/reservation/booking/{effect.booking}/messages"
        agreed(await self._api.tell("POST", path, [said], headers), "API key")

    # ---- webhooks ----

    def signed(self, delivery: Delivery) -> bool:
        secret = self._config.webhook_secret.get_secret_value()
        return secret != "" and hmac_hex(delivery.body, (delivery.headers or {}).get("ms-signature", ""), secret)

    # ---- understanding ----

    def report(self, told: Fields) -> StayReport:
        word = told.text("status")
        kind, status = self.meaning(word)
        if told.yes("is_deleted") or told.text("canceled_at"):
            kind, status = OVER
        email, phone = told.text("guest.email"), told.text("guest.phone", limit=40)
        rooms = told.each("rooms")
        return StayReport(
            uid=told.named("id"),
            kind=kind,
            status=status,
            arrival=told.day("arrival"),
            departure=told.day("departure"),
            hour_in=told.hour("check_in.time"),
            hour_out=told.hour("check_out.time"),
            guest=told.text("guest.name", limit=120),
            reference=told.text("source_text", limit=60),
            phone=phone,
            phone_last4=last4(phone),
            email=email,
            email_is_proxy=is_proxy(email),
            guests=_sum(rooms, "people"),
            adults=_sum(rooms, "guest_breakdown.adults"),
            children=_sum(rooms, "guest_breakdown.children"),
            infants=_sum(rooms, "guest_breakdown.infants"),
            pets=_sum(rooms, "guest_breakdown.pets"),
            note=told.text("notes", limit=500),
            listing=told.named("property_id"),
            platform=told.text("source"),
            source_status=word,
            total=told.money("total_amount", told.text("currency_code")),
        )


def _sum(rooms: Sequence[Fields], path: str) -> int | None:
    counts = [count for room in rooms if (count := room.count(path)) is not None]
    return sum(counts) if counts else None
