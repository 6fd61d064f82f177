"""One unit's calendar on a CalDAV server. Sources: RFC 4791 (CalDAV), RFC 6578 (sync-collection), RFC 5545 (events)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from hub.contracts import Host
from hub.contracts.diaries import PREFIX, Diary, Found, News, Report, Written, stamp
from hub.errors import Garbled
from hub.io.api import api_address
from hub.io.dav import Calendar, Item, Send
from hub.io.http import send
from hub.model.diary import Line, Naming, calendar, event
from hub.model.facts import StayReport
from hub.model.values import StayKind, StayStatus
from integrations.ical import calendar as reading
from integrations.ical import lines
from integrations.ical.channels import Source
from integrations.ical.feed import known_zone, stays
from integrations.ical.lines import Component


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(api_address)]
    """Of the calendar itself, as its server shows it."""
    user: str
    password: SecretStr
    """With many servers one that is made for this hub alone (an app password)."""
    names: Naming = Naming.INITIALS
    """How guests are called there: `guest`, `initials` or `name`."""
    timezone: Annotated[str, AfterValidator(known_zone)]
    """The property's; the hub fills it in."""


class CalDav(Diary):
    def __init__(self, config: Config, host: Host, through: Send = send) -> None:
        super().__init__(
            host,
            whose=f"{config.url} {config.user}",
            reader=f"{config.timezone} {reading.VERSION}",
            naming=config.names,
        )
        self._config = config
        self._dav = Calendar(config.url, config.user, config.password.get_secret_value(), through=through)

    # ---- reading ----

    async def news(self, mark: str, known: Mapping[str, str]) -> News | None:
        look = await self._dav.look()
        if mark and look.mark == mark:
            return None
        since = await self._dav.since(look, mark, known)
        return News([_found(each) for each in since.items], since.gone, since.mark, since.whole)

    async def understood(self, events: Sequence[tuple[str, str]], at: datetime) -> Sequence[StayReport]:
        whole = [text for _uid, text in events if _events(text)]
        torn = [_torn(uid, text) for uid, text in events if not _events(text)]
        if not whole:
            return torn
        body = "\r\n".join(whole).encode()
        packed = reading.pack(body, zone=self._config.timezone, source=Source.PEOPLE, now=at)
        return [*await stays(self.host.sandbox, packed), *torn]

    async def test(self) -> Report:
        look = await self._dav.look()
        called = f"The calendar “{look.name}”" if look.name else "The calendar"
        if look.writable is False:
            return Report(f"{called} can be read, but not written. Give this user the right to write.", good=False)
        return Report(f"{called} answers, and can be read and written.", good=True)

    async def make(self, name: str, word: str) -> str:
        return await self._dav.make(name, word)

    # ---- writing ----

    def shows(self, line: Line) -> str:
        return looks(calendar(event(line, sequence=0, stamp=self.host.clock.now())))

    async def put(self, line: Line, before: Written | None, sequence: int) -> Found | None:
        text = calendar(event(line, sequence=sequence, stamp=self.host.clock.now()))
        path = before.name if before is not None else self._dav.path(f"{line.uid}.ics")
        tag = await self._dav.put(path, text, None if before is None else before.tag)
        if tag is None:
            return None
        if tag:
            return Found(path, tag, line.uid, text, looks(text))
        # A server that keeps something else than it was given tells no tag (RFC 4791, 5.3.4).
        return await self.now(line.uid, path)

    async def remove(self, before: Written) -> bool:
        return await self._dav.remove(before.name, before.tag)

    async def now(self, uid: str, name: str) -> Found | None:
        return next(map(_found, await self._dav.read([name or self._dav.path(f"{uid}.ics")])), None)


def _found(item: Item) -> Found:
    uid = _uid(item)
    if not uid.startswith(PREFIX):
        return Found(item.path, item.tag, uid, item.text)
    return Found(item.path, item.tag, uid, item.text, looks(item.text), _end(item.text))


def _end(text: str) -> float:
    """Of what we wrote, as we write it; 0: it stands there otherwise by now."""
    told = next((each.text("DTEND") for each in _events(text)), "")
    try:
        if len(told) == 8:
            return stamp(datetime.strptime(told, "%Y%m%d").replace(tzinfo=UTC).date())
        return stamp(datetime.strptime(told, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
    except ValueError:
        return 0.0


def _uid(item: Item) -> str:
    """All that stands under one path has one (RFC 4791, 4.1)."""
    events = _events(item.text)
    return reading.uid_of(events[0]) if events else f"torn-{hashlib.sha256(item.path.encode()).hexdigest()[:16]}"


def _events(text: str) -> list[Component]:
    try:
        return lines.read(text.encode()).events
    except Garbled:
        return []


def _torn(uid: str, text: str) -> StayReport:
    note = "this event cannot be read"
    return StayReport(uid, StayKind.UNKNOWN, StayStatus.UNUSABLE, None, None, note=note, raw=text[:4_000])


_SHOWN: Final = (
    "SUMMARY", "DTSTART", "DTEND", "DURATION", "STATUS", "LOCATION", "DESCRIPTION", "RRULE", "TRANSP", "RECURRENCE-ID",
)  # fmt: skip


def looks(text: str) -> str:
    """A digest of what people see of an event, in whatever order a server keeps it."""
    seen = [
        [[name, found.text, sorted(found.params.items())] for name in _SHOWN for found in each.all(name)]
        for each in _events(text)
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]
