"""One unit's calendar at Google. Source: developers.google.com/workspace/calendar/api/v3/reference/events and …/guides/sync."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from hub.contracts import Host
from hub.contracts.accounts import ApiAddress
from hub.contracts.diaries import Diary, Found, News, Report, Written, stamp
from hub.contracts.fields import Fields
from hub.errors import Garbled, Misconfigured, Rejected, Unavailable
from hub.io.api import Api, Query, Send, told
from hub.io.http import Answer, accepted, send
from hub.io.pace import Rate
from hub.io.tickets import Ticket, Tickets
from hub.model.diary import Line, Moment, Naming
from hub.model.facts import StayReport
from hub.model.values import StayKind, StayStatus
from integrations.google_calendar.account import Account
from integrations.ical.channels import Source, Words, meaning
from integrations.ical.feed import known_zone

RATES: Final = (Rate(600, 60),)
"""Usage limits of the API: queries a minute for each user of a project."""
_PAGE: Final = 250
_PAGES: Final = 50
_BACK: Final = timedelta(days=30)
_TOO_MUCH: Final = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "calendarUsageLimitsExceeded"}
)
"""Guide "Handle API errors": these come with 403 and mean: more slowly."""
_SLOWER: Final = timedelta(minutes=1)


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    calendar: Annotated[str, Field(min_length=3, max_length=300)]
    """Its id, from the calendar's settings: `…@group.calendar.google.com`."""
    service_account: SecretStr
    """The whole text of the key file. The calendar is shared with its `client_email`."""
    names: Naming = Naming.INITIALS
    """How guests are called there: `guest`, `initials` or `name`."""
    timezone: Annotated[str, AfterValidator(known_zone)]
    """The property's; the hub fills it in."""
    share_with: Annotated[str, Field(max_length=254)] = ""
    """Who sees a calendar that is made here, and may write in it."""
    address: ApiAddress = "https://www.googleapis.com/calendar/v3"


def _account(told: SecretStr) -> Account:
    try:
        return Account.of(told.get_secret_value())
    except ValueError as error:
        raise Misconfigured("service_account", f"{error}") from error


class GoogleCalendar(Diary):
    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        """Raises Misconfigured, without repeating the key."""
        super().__init__(host, whose=config.calendar, reader=config.timezone, naming=config.names)
        self._account = _account(config.service_account)
        self._share_with = config.share_with
        self._zone = ZoneInfo(config.timezone)
        self._send = through
        self._api = Api(config.address, RATES, account=self._account.email, through=through)
        self._calendar = f"/calendars/{quote(config.calendar, safe='')}"
        whose = f"{self._account.email} {self._account.key_id} {self._account.token_url}"
        self._tickets = Tickets(
            host.state_dir / "token", whose, now=host.clock.now, seal=host.seal, unseal=host.open, per_day=200
        )

    # ---- reading ----

    async def news(self, mark: str, known: Mapping[str, str]) -> News | None:
        items, token = await self._listed([("syncToken", mark)] if mark else self._all())
        if items is None:  # the token is no longer good (410): everything is read anew
            mark = ""
            items, token = await self._listed(self._all())
        if items is None or not token:
            raise Garbled(f"{self._api.host} does not say how far its list of changes goes")
        if mark and not items and token == mark:
            return None
        there = [each for each in items if each.text("status") != "cancelled"]
        gone = [each.text("id", limit=1100) for each in items if each.text("status") == "cancelled"]
        return News([_found(each) for each in there], gone, token, not mark)

    def _all(self) -> Query:
        since = self.host.clock.now() - _BACK
        return [("timeMin", f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")]

    async def _listed(self, query: Query) -> tuple[list[Fields] | None, str]:
        """Page by page, with the mark that stands on the last; None: Google has forgotten the mark."""
        items: list[Fields] = []
        # A token goes with the same parameters as before, and with none that filter (guide "Synchronize resources").
        usual: Query = [("singleEvents", "true"), ("maxResults", _PAGE), *query]
        page = ""
        for _page in range(_PAGES):
            answer = await self._ask("GET", "/events", [*usual, ("pageToken", page)] if page else usual)
            if answer.status == 410:
                return None, ""
            found = _object(accepted(answer))
            items += found.each("items")
            page = found.text("nextPageToken", limit=4000)
            if not page:
                return items, found.text("nextSyncToken", limit=4000)
        raise Garbled(f"{self._api.host} sends us on from page to page without an end")

    async def understood(self, events: Sequence[tuple[str, str]], at: datetime) -> Sequence[StayReport]:
        return [self._report(uid, text) for uid, text in events]

    def _report(self, uid: str, text: str) -> StayReport:
        event = Fields(json.loads(text))  # as we kept it ourselves
        summary = event.text("summary")
        means = meaning(Words(uid, summary, event.text("description")), Source.PEOPLE)
        start, end = _moment(event, "start"), _moment(event, "end")
        status = StayStatus.TENTATIVE if event.text("status") == "tentative" else StayStatus.CONFIRMED
        if start is None or end is None or isinstance(start, datetime) != isinstance(end, datetime):
            note = "this event cannot be used: it does not say from when to when it is"
            return StayReport(uid, StayKind.UNKNOWN, StayStatus.UNUSABLE, None, None, note=note, raw=text)
        if isinstance(start, datetime) and isinstance(end, datetime):
            days, hours = (self._day(start), self._day(end)), (start, end)
            return StayReport(uid, means.kind, status, *days, *hours, guest=means.guest, note=means.note, raw=text)
        return StayReport(uid, means.kind, status, start, end, guest=means.guest, note=means.note, raw=text)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    async def test(self) -> Report:
        found = _object(accepted(await self._ask("GET", "/events", [("maxResults", 1), ("singleEvents", "true")])))
        called = f"The calendar “{found.text('summary')}”"
        if found.text("accessRole") not in ("writer", "owner"):
            words = (
                f"{called} can be read, but not written. Share it with {self._account.email} to make changes to events."
            )
            return Report(words, good=False)
        return Report(f"{called} answers, and can be read and written.", good=True)

    async def make(self, name: str, word: str) -> str:
        """Source: reference of `calendars`, `calendarList` and `acl`, methods list and insert."""
        made = await self._made(word)
        if not made:
            body = {"summary": name, "description": word, "timeZone": self._zone.key}
            found = _object(accepted(await self._call("POST", "/calendars", body=json.dumps(body).encode())))
            made = found.text("id", limit=300)
        if not made:
            raise Garbled(f"{self._api.host} does not say which calendar it made")
        if self._share_with:  # again, it stays as it is
            rule = {"role": "writer", "scope": {"type": "user", "value": self._share_with}}
            path = f"/calendars/{quote(made, safe='')}/acl"
            accepted(await self._call("POST", path, body=json.dumps(rule).encode()))
        return made

    async def _made(self, word: str) -> str:
        """The one with that word among those of the service account; empty: there is none."""
        page = ""
        for _page in range(_PAGES):
            query: Query = [("maxResults", _PAGE), ("minAccessRole", "owner")]
            found = _object(
                accepted(
                    await self._call("GET", "/users/me/calendarList", [*query, ("pageToken", page)] if page else query)
                )
            )
            for each in found.each("items"):
                if each.text("description") == word:
                    return each.text("id", limit=300)
            page = found.text("nextPageToken", limit=4000)
            if not page:
                return ""
        raise Garbled(f"{self._api.host} sends us on from page to page without an end")

    # ---- writing ----

    def shows(self, line: Line) -> str:
        return looks(Fields(_body(line, 0)))

    async def put(self, line: Line, before: Written | None, sequence: int) -> Found | None:
        id_ = event_id(line.uid)
        body = json.dumps(_body(line, sequence)).encode()
        if before is not None:
            return _written(await self._change("PUT", f"/events/{id_}", before.tag, body))
        answer = await self._change("POST", "/events", "", body)
        if answer.status != 409:
            return _written(answer)
        # The id was used before: what was deleted is still there as cancelled, and is made anew by changing it.
        there = _object(accepted(await self._ask("GET", f"/events/{id_}")))
        if there.text("status") != "cancelled":
            return None
        return _written(await self._change("PUT", f"/events/{id_}", there.text("etag"), body))

    async def remove(self, before: Written) -> bool:
        answer = await self._change("DELETE", f"/events/{before.name}", before.tag, None)
        if answer.status in (404, 410):
            return True
        return answer.status != 412 and bool(accepted(answer))

    async def now(self, uid: str, name: str) -> Found | None:
        answer = await self._ask("GET", f"/events/{event_id(uid)}")
        if answer.status in (404, 410):
            return None
        found = _object(accepted(answer))
        return None if found.text("status") == "cancelled" else _found(found)

    # ---- one request ----

    async def _change(self, method: str, path: str, tag: str, body: bytes | None) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        answer = await self._ask(method, path, (), headers | ({"If-Match": tag} if tag else {}), body)
        if answer.status == 403:
            raise Rejected(f"{self._api.host} lets us read this calendar but not write into it (403)")
        return answer

    async def _ask(
        self,
        method: str,
        path: str,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        answer = await self._call(method, f"{self._calendar}{path}", query, headers, body)
        if answer.status == 404 and path == "/events":
            email = self._account.email
            raise Rejected(f"{self._api.host} knows no such calendar, or it is not shared with {email} (404)")
        return answer

    async def _call(
        self,
        method: str,
        path: str,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        kind = {"Content-Type": "application/json"} if body is not None else {}

        async def ask(token: str) -> Answer:
            key = {"Authorization": f"Bearer {token}", **kind, **(headers or {})}
            return await self._api.ask(method, path, query=query, headers=key, body=body)

        answer = await self._tickets.used(self._fresh, ask)
        if answer.status == 401:
            raise Rejected(f"{self._api.host} does not accept the service account; look at the channel's settings")
        if answer.status == 403 and _reasons(answer) & _TOO_MUCH:
            self._api.rest(_SLOWER)
            raise Unavailable(f"{self._api.host} asks us to slow down (403)", wait=_SLOWER)
        return answer

    async def _fresh(self) -> Ticket:
        return await self._account.token(self.host.clock.now(), self._send)


# ---- their words and ours -------------------------------------------------------------------------------------------


def event_id(uid: str) -> str:
    """Events.insert, `id`: base32hex in small letters, 5 to 1024 of them."""
    return base64.b32hexencode(hashlib.sha256(uid.encode()).digest()).decode().rstrip("=").lower()


def _body(line: Line, sequence: int) -> dict[str, Any]:
    return {
        "id": event_id(line.uid),
        "summary": line.summary,
        "start": _when(line.start),
        "end": _when(line.end),
        "status": "confirmed" if line.sure else "tentative",
        "sequence": sequence,
        "transparency": "opaque",
        "reminders": {"useDefault": False},
        "extendedProperties": {"private": {"gatehouse": line.uid}},
    }


def _when(at: Moment) -> dict[str, str | None]:
    """The other of the two is said to be none, so that a change from one to the other is taken."""
    if isinstance(at, datetime):
        return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "date": None}
    return {"date": at.isoformat(), "dateTime": None}


def _found(event: Fields) -> Found:
    id_, ours = event.text("id", limit=1100), event.text("extendedProperties.private.gatehouse")
    text = json.dumps(event.inside, ensure_ascii=False)
    if not ours or event_id(ours) != id_:  # whoever copies one of ours has made one of their own
        return Found(id_, event.text("etag"), id_, text)
    end = _moment(event, "end")
    return Found(id_, event.text("etag"), ours, text, looks(event), 0.0 if end is None else stamp(end))


def _written(answer: Answer) -> Found | None:
    return None if answer.status in (404, 409, 410, 412) else _found(_object(accepted(answer)))


def looks(event: Fields) -> str:
    """A digest of what people see of an event."""
    when = [None if at is None else at.isoformat() for at in (_moment(event, "start"), _moment(event, "end"))]
    rest = [event.text(name, limit=1000) for name in ("summary", "status", "transparency", "location", "description")]
    return hashlib.sha256(
        json.dumps([*when, *(each if each != "opaque" else "" for each in rest)]).encode()
    ).hexdigest()[:32]


def _moment(event: Fields, name: str) -> Moment | None:
    day, at = event.text(f"{name}.date"), event.instant(f"{name}.dateTime")
    if at is not None:
        return at
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        return None


def _object(answer: Answer) -> Fields:
    found = told(answer)
    if not isinstance(found, Mapping):
        raise Garbled(f"{answer.host} answers something else than was asked for")
    return Fields(found)


def _reasons(answer: Answer) -> set[str]:
    try:
        return {each.text("reason") for each in _object(answer).each("error.errors")}
    except Garbled:
        return set()
