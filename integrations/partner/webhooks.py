"""The partner's messages as facts, and our answers to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from hub.contracts import Delivery, Host, Integration, Performer
from hub.errors import Garbled, Rejected
from hub.io.http import Request, Rules, accepted, send, web_address
from hub.model.effects import Effect, TellChannel
from hub.model.facts import Fact, GuestMoved, StayReport, StayReported
from hub.model.money import Money
from hub.model.values import StayKind, StayStatus, clean, told_besides, utc
from integrations.partner.messages import Booking, BookingMessage, GuestMessage, loaded, parsed
from integrations.partner.signature import DELIVERY, REPLAY_WINDOW, SIGNATURE, TIMESTAMP, fresh, sign, signed

BOOKINGS: Final = ("booking-created", "booking-updated", "booking-cancelled")
GUESTS: Final = {"guest-checked-in": True, "guest-checked-out": False}

_Shared = Annotated[SecretStr, Field(min_length=16)]


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret: _Shared
    """Shared with the partner; at least 16 characters."""
    previous_secret: _Shared | None = None
    """Still accepted while the partner changes to the new one."""
    callback_url: str | None = Field(default=None, repr=False)
    """Where the partner wants to be told what became of a booking."""

    @field_validator("callback_url")
    @classmethod
    def _usable(cls, value: str | None) -> str | None:
        if value is not None and web_address(value) is None:
            raise ValueError("must be a web address that begins with https:// or http://")
        return value


class Partner(Integration):
    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._host = host

    def authentic(self, delivery: Delivery) -> bool:
        """Signed with our secret, not more than 5 minutes ago.

        While the hub does not know the time the signature alone decides: a booking refused for our own wrong clock might
        never come again, and an old message that comes again is known by its key.
        """
        headers = delivery.headers or {}
        timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
        if self._host.clock.trusted and not fresh(timestamp, delivery.received_at):
            return False
        return signed(delivery.body, self._secrets, timestamp, signature)

    @property
    def _secrets(self) -> list[str]:
        known = (self._config.secret, self._config.previous_secret)
        return [secret.get_secret_value() for secret in known if secret is not None]

    def key(self, delivery: Delivery) -> str:
        """The body's own id, which is signed; else the header's; else the body and its time."""
        named = _id_in(delivery.body) or clean((delivery.headers or {}).get(DELIVERY, ""), limit=200)
        if not named:
            stamp = (delivery.headers or {}).get(TIMESTAMP, "")
            named = hashlib.sha256(stamp.encode("utf-8", "replace") + b"." + delivery.body).hexdigest()
        return f"{delivery.topic}:{named}"

    def topic_again(self, status: str) -> str:
        return "booking-cancelled" if status == StayStatus.CANCELLED.value else "booking-updated"

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        channel, at = delivery.channel, delivery.received_at
        if delivery.topic in BOOKINGS:
            booking = parsed(delivery.body, BookingMessage).booking
            return [StayReported(channel, at, _report(booking, delivery))]
        if delivery.topic in GUESTS:
            told = parsed(delivery.body, GuestMessage)
            moved_at = min(utc(told.at), at) if told.at else at
            return [GuestMoved(channel, moved_at, told.booking.id, GUESTS[delivery.topic])]
        known = ", ".join((*BOOKINGS, *GUESTS))
        raise Garbled(f"“{clean(delivery.topic, limit=40)}” is no message we know; there are {known}")

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {} if self._config.callback_url is None else {TellChannel: self._tell}

    async def _tell(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, TellChannel)  # it performs nothing else
        if self._config.callback_url is None:
            raise Rejected("the partner has no callback_url")
        message = {"id": key, "event": effect.what, "booking": {"reference": effect.reference, "stay": effect.stay}}
        body = json.dumps(message).encode()
        headers = {
            "content-type": "application/json",
            DELIVERY: key,
            **sign(body, self._config.secret.get_secret_value(), self._host.clock.now()),
        }
        request = Request(self._config.callback_url, "POST", headers, body, setting="callback_url")
        accepted(await send(request, Rules(total_s=20)))


def _report(booking: Booking, delivery: Delivery) -> StayReport:
    cancelled = delivery.topic == "booking-cancelled"
    phone = clean(booking.guest.phone, limit=40)
    digits = "".join(character for character in phone if character.isdigit())
    return StayReport(
        uid=booking.id,
        kind=StayKind(booking.kind),
        status=StayStatus.CANCELLED if cancelled else StayStatus(booking.status),
        arrival=booking.arrival,
        departure=booking.departure,
        check_in=_utc(booking.check_in),
        check_out=_utc(booking.check_out),
        guest=clean(booking.guest.name, limit=120),
        reference=clean(booking.reference, limit=60) or clean(booking.id, limit=60),
        phone_last4=digits[-4:] if len(digits) >= 7 else "",
        phone=phone,
        email=clean(booking.guest.email, limit=254),
        guests=booking.party,
        adults=booking.adults,
        children=booking.children,
        infants=booking.infants,
        pets=booking.pets,
        total=None if booking.price is None else Money(booking.price.minor, booking.price.currency),
        note=clean(booking.note),
        special_requests=told_besides("special_requests", booking.special_requests),
        company=told_besides("company", booking.guest.company),
        purpose=told_besides("purpose", booking.purpose),
        country=told_besides("country", booking.guest.country),
        listing=booking.unit,
        changed_at=_changed_at(booking, delivery.received_at),
        raw=delivery.body.decode("utf-8", "replace"),
    )


def _changed_at(booking: Booking, now: datetime) -> datetime | None:
    """A time that is not yet is not believed: nothing that is told later would count against it."""
    at = _utc(booking.changed_at)
    return None if at is None or at > now + REPLAY_WINDOW else at


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else utc(instant)


def _id_in(body: bytes) -> str:
    try:
        told = loaded(body)
    except Garbled:
        return ""
    named = told.get("id") if isinstance(told, dict) else None
    return clean(named, limit=200) if isinstance(named, str) else ""
