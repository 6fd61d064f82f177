"""A booking service that is asked over its API: one account, its listings, and what is booked of them.

Polling is the truth. What changed since is asked for every minute, and now and then everything, so that what was lost is
found; a webhook only makes the next poll earlier, and nothing that it says is believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Self
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from hub.contracts import QUERY, Delivery, Host, Integration, nights
from hub.contracts.fields import Fields, Unreadable, without_codes
from hub.errors import Garbled, Rejected
from hub.io.api import Api, api_address, loaded, told
from hub.io.http import Answer, accepted
from hub.io.signatures import known, same
from hub.io.tickets import Ticket
from hub.model.facts import CalendarRead, Fact, Listing, NewsAnnounced, StayReport
from hub.model.values import ChannelId, StayKind, StayStatus

EVENTS: Final = "events"
"""The topic of a webhook: the last part of the address that the service is given."""
WHOLE, CHANGED, UNCHANGED = "whole", "changed", "unchanged"
OVERLAP: Final = timedelta(minutes=10)
"""What changed while the last list was being made may not stand in it."""
MOST: Final = 20_000
"""Bookings in one answer, all pages together."""
MOST_PAGES: Final = 1000

Status = tuple[StayKind, StayStatus]
TAKEN: Final[Status] = (StayKind.RESERVATION, StayStatus.CONFIRMED)
ASKED: Final[Status] = (StayKind.RESERVATION, StayStatus.TENTATIVE)
"""It keeps its nights and nobody may come yet."""
OVER: Final[Status] = (StayKind.RESERVATION, StayStatus.CANCELLED)
"""It keeps no nights: cancelled, declined, or never more than a question."""
BLOCKED: Final[Status] = (StayKind.BLOCK, StayStatus.CONFIRMED)
OWNERS: Final[Status] = (StayKind.OWNER, StayStatus.CONFIRMED)
STRANGE: Final[Status] = (StayKind.UNKNOWN, StayStatus.CONFIRMED)
"""A word that nobody here knows: the nights are kept, and a person is asked; a stay that is known stays what it is."""


class CancelledThere(Rejected):
    """A booking of ours was cancelled there by somebody, and is not brought back unasked."""


@dataclass(frozen=True, slots=True)
class _Cursor:
    since: float
    """When the last reading began that is safe with us."""
    whole: float
    """When the last one of everything did."""
    digest: str = ""
    """Of what changed, as told last."""

    @classmethod
    def of(cls, text: str | None) -> Self | None:
        try:
            known = cls(**json.loads(text or "null"))
            return cls(float(known.since), float(known.whole), str(known.digest))
        except (ValueError, TypeError):
            return None


def _long(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and len(value.get_secret_value()) < 16:
        raise ValueError("must have at least 16 letters")
    return value


ApiAddress = Annotated[str, AfterValidator(api_address)]
Currency = Annotated[str, Field(pattern="[A-Z]{3}")]
SecretWord = Annotated[SecretStr, AfterValidator(_long)]
"""What stands in the address of a webhook, in place of a signature."""


class Keys(BaseModel):
    """What an account is asked with. Errors do not repeat what was typed: it is secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Account(Integration):
    """What the accounts of all services have in common. A service says how it is asked, and what its words mean."""

    poll_every: ClassVar[timedelta | None] = timedelta(minutes=1)
    whole_every: ClassVar[timedelta] = timedelta(hours=1)
    """A booking that is deleted rather than cancelled is missed by nothing but this."""
    by_change: ClassVar[bool] = True
    """The service can be asked for what changed; False: every poll reads everything."""
    uid_at: ClassVar[str]
    listing_at: ClassVar[str]
    statuses: ClassVar[Mapping[str, Status]]
    """In lower case."""
    hidden: ClassVar[frozenset[str]] = frozenset()
    """Names of fields that hold door codes: nothing of them is kept."""
    lists_all: ClassVar[bool] = True
    """What is missing when everything is read is not booked any more; False: only what it says of a booking counts."""
    code_place: ClassVar[bool] = True
    """The service has a place for a booking's door code."""
    days: nights.Read | None = None
    """Reads what people closed in its calendar; None: nobody can."""
    keeps_waiting: bool = True
    """A booking of ours that is not confirmed yet has its nights there."""
    tells_again: bool = False
    """What was told last is told once more, even if nothing changed: it may have come too early to be believed."""
    rehearses: bool = False
    """Bookings are pushed to it in rehearsal only."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._calendars = None if self.days is None else nights.Calendars(self.days)

    # ---- what a service says of itself ----

    @abstractmethod
    def bookings(self, since: datetime | None) -> AsyncIterator[Sequence[Any]]:
        """Page by page what changed since then, cancelled ones too; None: all that is not over, and what lasts.

        Raises as `fetch`.
        """

    @abstractmethod
    async def listings(self) -> Sequence[Listing]:
        """All that the account lets. Raises as `fetch`."""

    @abstractmethod
    def report(self, told: Fields) -> StayReport:
        """What one booking says. `raw` and what could not be read are added to it. Raises Unreadable."""

    def signed(self, delivery: Delivery) -> bool:
        """Whether a webhook is the service's. Default: none is."""
        return False

    def calendar_of(self, told: Fields) -> str:
        """The listing whose calendar a webhook says has changed. Default: none says so."""
        return ""

    # ---- polls ----

    async def fetch(self, cursor: str | None) -> AsyncIterator[Delivery]:
        """One delivery: everything, what changed, or the word that nothing did. And then calendars whose turn it is."""
        async for delivery in self.fetch_bookings(cursor):
            yield delivery
        if self._calendars is None:
            return
        now = self.host.clock.now()
        if not self._calendars.known(now):
            self._calendars.lets([each.id for each in await self.listings()], now, anew=True)
        async for topic, body in self._calendars.news(now):
            yield self._with_body(now, topic, body)

    async def fetch_bookings(self, cursor: str | None) -> AsyncIterator[Delivery]:
        """`fetch` without the calendars."""
        now = self.host.clock.now()
        known = _Cursor.of(cursor)
        if known is None or not self._goes_on(known, now.timestamp()):
            lets = await self.listings()
            if self._calendars is not None:
                self._calendars.lets([each.id for each in lets], now, anew=known is None)
            told: dict[str, Any] = {"listings": [asdict(each) for each in lets]}
            told["bookings"] = items = await self._all(None)
            told["all"] = self.lists_all
            same_again = not (self.by_change and self.lists_all)
            after = _Cursor(now.timestamp(), now.timestamp(), _digest(items) if same_again else "")
            yield self._delivery(now, WHOLE, told, after)
            return
        since = datetime.fromtimestamp(known.since, UTC) - OVERLAP if self.by_change else None
        items = await self._all(since)
        same = _digest(items) == known.digest and not self.tells_again
        if same or (not items and self.by_change):
            yield self._delivery(now, UNCHANGED)
            return
        after = _Cursor(now.timestamp(), known.whole, _digest(items))
        yield self._delivery(now, CHANGED if self.by_change else WHOLE, {"bookings": items}, after)

    def _goes_on(self, known: _Cursor, now: float) -> bool:
        """Otherwise everything is read: it is time to, or the clock was set back."""
        return known.whole <= now < known.whole + self.whole_every.total_seconds() and known.since <= now

    async def _all(self, since: datetime | None) -> list[Any]:
        items: list[Any] = []
        async for page in self.bookings(since):
            items += without_codes(list(page), self.hidden)
            if len(items) > MOST:
                raise Rejected(f"it tells of more than {MOST} bookings at once")
        return items

    def _delivery(self, now: datetime, topic: str, told: object = None, after: _Cursor | None = None) -> Delivery:
        return self._with_body(now, topic, b"" if told is None else json.dumps(told).encode(), after)

    def _with_body(self, now: datetime, topic: str, body: bytes, after: _Cursor | None = None) -> Delivery:
        key = f"{now:%Y%m%dT%H%M%S.%fZ}-{topic}-{hashlib.sha256(body).hexdigest()[:16]}"
        cursor = None if after is None else json.dumps(asdict(after))
        return Delivery(ChannelId(self.host.name), key, body, now, topic, cursor=cursor)

    # ---- webhooks ----

    def authentic(self, delivery: Delivery) -> bool:
        return delivery.topic == EVENTS and self.signed(delivery)

    def key(self, delivery: Delivery) -> str:
        return f"{EVENTS}:{hashlib.sha256(delivery.body).hexdigest()}"

    # ---- understanding ----

    async def parse(self, delivery: Delivery) -> Iterable[Fact]:
        channel, at = delivery.channel, delivery.received_at
        match delivery.topic:
            case "whole" | "changed":
                told = json.loads(delivery.body)  # our own words around theirs
                lets = tuple(Listing(**each) for each in told.get("listings", ()))
                stays = reports(self, told["bookings"])
                complete = delivery.topic == WHOLE and told.get("all", True)
                return [CalendarRead(channel, at, stays, complete=complete, listings=lets)]
            case "unchanged":
                return [CalendarRead(channel, at, (), unchanged=True, complete=not self.by_change)]
            case nights.TOLD:
                return [nights.told(channel, at, delivery.body)]
            case nights.UNTOLD:
                return [nights.untold(channel, at, delivery.body)]
            case _:
                self._hasten(delivery)
                return [NewsAnnounced(channel, at)]

    def _hasten(self, delivery: Delivery) -> None:
        """A word about a calendar is good for having it read earlier, and nothing else."""
        if self._calendars is None:
            return
        with contextlib.suppress(Garbled):
            said = loaded(delivery.body, self.host.name)
            about = self.calendar_of(Fields(said if isinstance(said, Mapping) else {}))
            self._calendars.hasten(about, self.host.clock.now())

    def meaning(self, word: str) -> Status:
        return self.statuses.get(word.lower(), STRANGE)


def _digest(items: object) -> str:
    return hashlib.sha256(json.dumps(items, sort_keys=True).encode()).hexdigest()


def reports(account: Account, items: Iterable[Any]) -> tuple[StayReport, ...]:
    """Each booking once, as its newest word has it: pages shift while they are read."""
    newest: dict[str, StayReport] = {}
    for item in items:
        told = _understood(account, item)
        known = newest.get(told.uid)
        if known is None or known.changed_at is None or told.changed_at is None or known.changed_at <= told.changed_at:
            newest[told.uid] = told
    return tuple(newest.values())


def _understood(account: Account, item: Any) -> StayReport:
    raw = json.dumps(item, ensure_ascii=False, sort_keys=True)
    told = Fields(item if isinstance(item, Mapping) else {})
    try:
        found = account.report(told)
        if found.arrival is not None and found.departure is not None and found.departure <= found.arrival:
            raise Unreadable("its departure is not after its arrival")
    except Unreadable as error:
        uid = told.text(account.uid_at) or f"unnamed-{hashlib.sha256(raw.encode()).hexdigest()[:16]}"
        listing, note = told.text(account.listing_at), f"this booking cannot be used: {error}"
        return StayReport(uid, StayKind.UNKNOWN, StayStatus.UNUSABLE, None, None, note=note, raw=raw, listing=listing)
    notes = [found.note] if found.note else []
    if found.kind is StayKind.UNKNOWN and found.source_status:
        notes.append(f"its status is “{found.source_status}”, which is not known here")
    if told.odd:
        notes.append(f"not understood and left out: {', '.join(dict.fromkeys(told.odd))}")
    return replace(found, raw=raw, note="; ".join(notes))


def last4(phone: str) -> str:
    digits = "".join(character for character in phone if character.isdigit())
    return digits[-4:] if len(digits) >= 7 else ""


async def follow(
    api: Api, first: str, ask: Callable[[str], Awaitable[tuple[list[Any], str]]]
) -> AsyncIterator[list[Any]]:
    """Page after page, each of which says where the next one is, if there is one.

    Raises:
        Garbled: it is at another service's, or the pages come to no end; or as `ask`.
    """
    link, seen = first, set[str]()
    while link and link not in seen:
        if len(seen) >= MOST_PAGES:
            raise Garbled(f"{api.host} sends us on from page to page without an end")
        seen.add(link)
        page, following = await ask(link)
        yield page
        link = api.within(following) if following else ""


def listed(told: Any, who: str, *path: str) -> list[Any]:
    """The list in an answer: itself, or under these names. Raises Garbled."""
    for name in path:
        told = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(told, list):
        raise Garbled(f"{who} answers without the list that was asked for")
    return told


def asked_with(delivery: Delivery, *secrets: SecretStr) -> bool:
    """Whether a webhook without a signature came to a secret address: `…/events?secret=…`."""
    told = dict(parse_qsl((delivery.headers or {}).get(QUERY, ""))).get("secret", "")
    return any(same(told, secret) for secret in known(*secrets))


def ticket(answer: Answer, token: str, lasts: str) -> Ticket:
    """An access token out of an answer, by the names of its fields. Raises Rejected, Garbled."""
    if answer.status in (400, 401, 403):
        raise Rejected(f"{answer.host} gives no access token for these keys ({answer.status})")
    given = told(accepted(answer))
    if not isinstance(given, Mapping) or not isinstance(given.get(token), str) or not given[token]:
        raise Garbled(f"{answer.host} answers without the access token that was asked for")
    seconds = given.get(lasts)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 10**9:
        raise Garbled(f"{answer.host} does not say how long its access token is good")
    return Ticket(given[token], timedelta(seconds=seconds))


def let_in(answer: Answer, what: str) -> Answer:
    """The same answer, if the service takes our key. Raises Rejected, in words that name the setting."""
    if answer.status in (401, 403):
        raise Rejected(f"{answer.host} does not accept the {what} ({answer.status}); look at the channel's settings")
    return accepted(answer)
