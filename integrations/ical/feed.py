"""One channel's feed: asked politely, read in the sandbox, told as one complete list."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError, field_validator

from hub.contracts import Delivery, Host, Integration, Sandbox
from hub.errors import Garbled, Unavailable
from hub.io.api import Send
from hub.io.http import Answer, Request, Rules, accepted, send, web_address
from hub.model.facts import CalendarFailed, CalendarRead, Fact, StayReport
from hub.model.values import ChannelId
from integrations.ical import calendar
from integrations.ical.channels import Source
from integrations.ical.edges import Edges

UNCHANGED: Final = "unchanged"
"""The topic of a delivery without a body: the source says what it said last time."""

_STAYS: Final = TypeAdapter(tuple[StayReport, ...])
_STAMPS: Final = re.compile(rb"^DTSTAMP[:;][^\r\n]*", re.MULTILINE | re.IGNORECASE)
_TAG: Final = re.compile(r"[\x20-\x7e]{1,500}")


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr
    """The feed's address. Whoever has it can read the feed, so it is kept like a password."""
    source: Source = Source.AUTO
    """Who makes the feed, where that cannot be told from the feed itself."""
    window_edges: Edges = Edges.CLOSED
    """What days mean that Airbnb closes by itself."""
    timezone: str
    """The property's; the hub fills it in."""

    @field_validator("url")
    @classmethod
    def _usable(cls, value: SecretStr) -> SecretStr:
        text = feed_address(value.get_secret_value())
        if web_address(text) is None:
            raise ValueError("must be the address of a calendar, beginning with https://, http:// or webcal://")
        return SecretStr(text)

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        return known_zone(value)


def known_zone(text: str) -> str:
    """Raises ValueError."""
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("must be a time zone such as Europe/Berlin") from error


def feed_address(text: str) -> str:
    """An address as a channel gives it: `webcal://` means https and asks to subscribe."""
    return re.sub(r"^webcals?://", "https://", text.strip(), flags=re.IGNORECASE)


async def stays(sandbox: Sandbox, packed: bytes) -> tuple[StayReport, ...]:
    """What a packed feed says. Raises Garbled."""
    told = await sandbox(calendar.WORK, packed)
    try:
        return _STAYS.validate_python(told)
    except ValidationError as error:
        raise Garbled("its reader answered nonsense") from error


@dataclass(frozen=True, slots=True)
class _Cursor:
    """What is known of the list that was understood last."""

    reader: str
    """Of what it was read with; another reader, another setting or another day ask for everything again."""
    digest: str
    etag: str = ""
    modified: str = ""

    @classmethod
    def of(cls, text: str | None, reader: str) -> Self | None:
        try:
            known = cls(**json.loads(text or "null"))
        except (ValueError, TypeError):
            return None
        return known if known.reader == reader else None

    @classmethod
    def after(cls, answer: Answer, reader: str) -> Self:
        return cls(reader, _digest(answer.body), _tag(answer, "etag"), _tag(answer, "last-modified"))

    @property
    def conditions(self) -> dict[str, str]:
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in told.items() if value}

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def _tag(answer: Answer, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if _TAG.fullmatch(value) else ""


def _digest(body: bytes) -> str:
    """Of everything but DTSTAMP: many feeds stamp each event with the moment of asking."""
    return hashlib.sha256(_STAMPS.sub(b"", body)).hexdigest()


class Feed(Integration):
    poll_every: ClassVar[timedelta | None] = timedelta(minutes=3)

    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        self._config = config
        self._host = host
        self._send = through
        self._latest: tuple[str, CalendarRead | CalendarFailed] | None = None

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        """One delivery: the feed, or nothing but the word that it is unchanged.

        The cursor moves only past a list that was understood: a feed that breaks is asked for in full until it is whole
        again, and one that is repaired by its old text is unchanged.
        """
        now = self._host.clock.now()
        reader = self._reader(now)
        known = _Cursor.of(cursor, reader)
        headers = {"Accept": "text/calendar, */*;q=0.1", **(known.conditions if known else {})}
        answer = await self._send(Request(self._config.url.get_secret_value(), headers=headers), Rules())
        if answer.status == 404:
            raise Unavailable(
                f"{answer.host} has no calendar at this address (404); if that stays, copy the address again"
            )
        if accepted(answer).status == 304 and known is None:
            raise Unavailable(f"{answer.host} answers “not modified” though it was asked for everything")
        if known is not None and (answer.status == 304 or _digest(answer.body) == known.digest):
            yield self._delivery(now, known.digest, b"", UNCHANGED)
            return
        if not answer.body.strip():
            raise Unavailable(f"{answer.host} answers with nothing at all")
        after = _Cursor.after(answer, reader)
        delivery = self._delivery(now, after.digest, answer.body)
        understood = isinstance(await self._understood(delivery), CalendarRead)
        yield replace(delivery, cursor=str(after)) if understood else delivery

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        if delivery.topic == UNCHANGED:
            return [CalendarRead(delivery.channel, delivery.received_at, (), unchanged=True)]
        fact = await self._understood(delivery)
        self._latest = None
        return [fact]

    async def _understood(self, delivery: Delivery) -> CalendarRead | CalendarFailed:
        """`fetch` asks first and `parse` asks again; the feed is read once."""
        if self._latest is None or self._latest[0] != delivery.key:
            self._latest = (delivery.key, await self._read(delivery))
        return self._latest[1]

    async def _read(self, delivery: Delivery) -> CalendarRead | CalendarFailed:
        channel, at = delivery.channel, delivery.received_at
        told = self._config
        packed = calendar.pack(delivery.body, zone=told.timezone, source=told.source, now=at, edges=told.window_edges)
        try:
            return CalendarRead(channel, at, await stays(self._host.sandbox, packed))
        except Garbled as error:
            return CalendarFailed(channel, at, str(error))

    def _delivery(self, now: datetime, digest: str, body: bytes, topic: str = "") -> Delivery:
        key = f"{now:%Y%m%dT%H%M%S.%fZ}-{digest[:16]}"
        return Delivery(ChannelId(self._host.name), key, body, now, topic)

    def _reader(self, now: datetime) -> str:
        """Changes with the settings, with the way feeds are read, and every day in case a server says 304 for ever."""
        day = now.astimezone(ZoneInfo(self._config.timezone)).date()
        url, source = self._config.url.get_secret_value(), self._config.source.value
        edges = () if self._config.window_edges is Edges.CLOSED else (self._config.window_edges.value,)
        parts = (calendar.VERSION, url, source, self._config.timezone, day.isoformat(), *edges)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
