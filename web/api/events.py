"""The access log: what happened at the doors, newest first."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.model.values import LockId, PropertyId, StayId
from hub.store import log
from hub.store.log import Entry, Filter
from web.api.paging import Limit, NumberedTimeCursor, Page, cut, parsed, position
from web.api.routes import Call
from web.api.wire import In, Instant, Nothing, Out, Told


class AccessOut(Out):
    id: int
    at: Told
    lock: str
    property: str
    what: str = Field(description="`unlocked`, `locked`, `code_set`, `code_cleared`, `code_refused`, or what is wrong")
    how: str
    who: str = Field(description="in words that admit doubt")
    slot: int | None
    stay: str | None


class AccessPage(Page[AccessOut]):
    pass


class AccessQuery(In):
    cursor: NumberedTimeCursor = ""
    limit: Limit = 50
    lock: str | None = None
    property: str | None = None
    stay: str | None = None
    what: str | None = None
    since: Annotated[Instant | None, Field(description="not earlier than this")] = None
    until: Annotated[Instant | None, Field(description="earlier than this")] = None


async def list_access_events(call: Call, query: AccessQuery, body: Nothing) -> AccessPage:
    wanted = Filter(
        lock=None if query.lock is None else LockId(query.lock),
        property=None if query.property is None else PropertyId(query.property),
        what=query.what,
        stay=None if query.stay is None else StayId(query.stay),
        since=query.since,
        until=query.until,
    )
    after = parsed(query.cursor)
    before = None if after is None else (after[0], int(after[1]))
    found = await call.hub.store.read(lambda tx: log.entries(tx, wanted, before=before, limit=query.limit + 1))
    page = cut(found, lambda entry: position(entry.at, str(entry.id)), query.limit)
    return AccessPage(items=[_event(entry) for entry in page.rows], next=page.next)


def _event(entry: Entry) -> AccessOut:
    return AccessOut(
        id=entry.id,
        at=entry.at,
        lock=entry.lock,
        property=entry.property,
        what=entry.what,
        how=entry.how,
        who=entry.who,
        slot=entry.slot,
        stay=entry.stay,
    )
