"""What platforms are told of taken nights, what they have heard, and what a person settles by a word."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from hub import feeds, hearing, resync, syncing
from hub.model.sync_course import Cause, DayCourse
from hub.model.values import ChannelId, StayId, StayKind, UnitId
from hub.resync import Asked, Narrowed
from hub.store import house
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.syncing import Difference, Doubt, Heard, Standing
from web.api.paging import Limit, Page, cut
from web.api.problems import Problem, missing
from web.api.routes import Call
from web.api.wire import Day, In, Nothing, Out, Told

_NUMBER = "[0-9]{1,15}"


def _number(cursor: str) -> str:
    if not re.fullmatch(_NUMBER, cursor):
        raise ValueError("must be `next` of the page before, or be left out")
    return cursor


NumberCursor = Annotated[
    str,
    AfterValidator(_number),
    WithJsonSchema({"type": "string", "pattern": f"^{_NUMBER}$", "description": "`next` of the page before"}),
]


class ToldOut(Out):
    """One unit at this platform, and its two clocks."""

    unit: str
    way: str = Field(description="`feed`: the platform fetches it; else the hub brings it there")
    heard: Heard
    entries: int
    unheard: int = Field(description="how many of what is said or was taken out it does not know of")
    published_at: Told = Field(description="since when the hub says what it says now")
    confirmed_at: Told | None = Field(description="when the platform was last known to have what was said then")
    confirmed_how: str = Field(description="`fetched`, `taken`, or `said` by a person")
    asked_at: Told | None = Field(description="when it last fetched, or was last brought anything")
    asked_by: str = Field(description="as whoever fetched calls itself")
    at_risk_since: Told | None = Field(description="since when it does not know of all nights that are taken")
    due_at: Told | None = Field(description="by then it should have heard")
    why: str = Field(description="why it cannot be brought there, in the other side's words")
    has_link: bool


class DifferenceOut(Out):
    """A booking on which the platform and the hub are of two minds."""

    stay: str
    doubt: Doubt
    since: Told | None
    arrival: date | None
    departure: date | None
    their_arrival: date | None = Field(description="the days that the platform says, where these are in doubt")
    their_departure: date | None
    their_listing: str | None = Field(
        description="the listing that the platform says, where it is none of the stay's unit"
    )


class DayOut(Out):
    day: str = Field(description="of UTC")
    tries: int = Field(description="to let it know")
    tries_well: int
    read_share: float | None = Field(description="of the day, in which it could be read; null: nobody could say")


class ErrorsOut(Out):
    """What went wrong with the same meaning, whichever words it came in."""

    cause: Cause
    count: int
    last_at: Told
    words: str = Field(description="as it was said last")


class TookOut(Out):
    """From the moment at which something was taken, freed or changed here until the platform was known to have it."""

    of: int
    half_s: int | None = Field(description="half of them took no longer")
    most_s: int | None = Field(description="95 % of them took no longer")


class SyncOut(Out):
    channel: str
    told: list[ToldOut]
    untold: list[str] = Field(description="units of the channel that it is not told of")
    differences: list[DifferenceOut]
    read_share: float | None = Field(description="of the last 30 days, the share of time in which it could be read")
    tries: int = Field(description="in the last 30 days, to let it know")
    tries_well: int
    days: list[DayOut] = Field(description="the last 30, today last")
    errors: list[ErrorsOut] = Field(description="of the last 30 days, the most frequent first")
    took: TookOut = Field(description="of the last 30 days")


class LogLineOut(Out):
    id: int
    at: Told
    direction: str = Field(description="`in` or `out`")
    outcome: str = Field(description="`ok` or `failed`, of what was tried; else `noted`")
    unit: str | None
    what: str
    words: str = Field(description="the other side's, where it gave any")
    by: str


class SyncLog(Page[LogLineOut]):
    pass


class LogQuery(In):
    cursor: NumberCursor | None = None
    limit: Limit = 50


class FeedLinkIn(In):
    anew: bool = Field(default=False, description="the link before leads nowhere from here on")


class FeedLinkOut(Out):
    path: str = Field(description="whoever has it sees which nights are taken")
    url: str | None = Field(description="null: `public_url` is not set, and platforms cannot reach the hub")


class SettleIn(In):
    stay: str
    accept: bool = Field(
        description="the platform is right, and it is done at once; else the hub is, and nobody asks again"
    )


def _names(call: Call) -> tuple[ChannelId, UnitId]:
    return ChannelId(call.path["channel"]), UnitId(call.path["unit"])


def _told(each: Standing) -> ToldOut:
    outlet = each.outlet
    return ToldOut(
        unit=outlet.unit_id,
        way=outlet.way,
        heard=each.heard,
        entries=each.entries,
        unheard=each.unheard,
        published_at=outlet.changed_at,
        confirmed_at=outlet.told_at,
        confirmed_how=outlet.told_how,
        asked_at=outlet.asked_at,
        asked_by=outlet.asked_by,
        at_risk_since=each.since,
        due_at=each.due,
        why=outlet.failing_why,
        has_link=outlet.token is not None,
    )


def _sync(tx: Tx, call: Call) -> SyncOut:
    id_, now = ChannelId(call.path["channel"]), call.hub.clock.now()
    row = house.channel_with(tx, id_)
    if row is None:
        raise missing("channel", id_)
    standings, rates = syncing.standings(tx, now, id_), syncing.rates(tx, id_, now)
    course = syncing.course_of(tx, id_, now)

    def differs(each: Difference) -> DifferenceOut:
        theirs = each.theirs or (None, None)
        return DifferenceOut(
            stay=each.stay.id,
            doubt=each.doubt,
            since=each.since,
            arrival=each.stay.arrival,
            departure=each.stay.departure,
            their_arrival=theirs[0],
            their_departure=theirs[1],
            their_listing=each.listing,
        )

    return SyncOut(
        channel=id_,
        told=[_told(each) for each in standings],
        untold=sorted(row.serves - {each.outlet.unit_id for each in standings}),
        differences=[differs(each) for each in syncing.differences(tx, id_, now)],
        read_share=None if rates.read is None else round(rates.read, 4),
        tries=rates.told[1],
        tries_well=rates.told[0],
        days=[_day(each) for each in course.days],
        errors=[
            ErrorsOut(cause=each.cause, count=each.count, last_at=each.last, words=each.words) for each in course.errors
        ],
        took=TookOut(of=course.took.of, half_s=course.took.half_s, most_s=course.took.most_s),
    )


def _day(each: DayCourse) -> DayOut:
    well, tries = each.told
    read = None if each.read is None else round(each.read, 4)
    return DayOut(day=each.day.isoformat(), tries=tries, tries_well=well, read_share=read)


async def get_sync(call: Call, query: Nothing, body: Nothing) -> SyncOut:
    return await call.hub.store.read(lambda tx: _sync(tx, call))


async def list_sync_log(call: Call, query: LogQuery, body: Nothing) -> SyncLog:
    id_, before = ChannelId(call.path["channel"]), None if query.cursor is None else int(query.cursor)

    def look(tx: Tx) -> list[rows.Entry]:
        if house.channel_with(tx, id_) is None:
            raise missing("channel", id_)
        return rows.entries(tx, id_, before=before, limit=query.limit + 1)

    page = cut(await call.hub.store.read(look), lambda row: str(row.id), query.limit)
    items = [
        LogLineOut(
            id=row.id,
            at=row.at,
            direction=row.direction,
            outcome=row.outcome,
            unit=row.unit_id,
            what=row.what,
            words=row.words,
            by=row.by,
        )
        for row in page.rows
    ]
    return SyncLog(items=items, next=page.next)


async def sync_channel_now(call: Call, query: Nothing, body: Nothing) -> SyncOut:
    """Both ways: it is read, and brought what it should have."""
    hub, id_ = call.hub, ChannelId(call.path["channel"])
    integration = hub.plugins.integration(id_)
    polled = integration is not None and integration.poll_every is not None

    def work(tx: Tx) -> SyncOut:
        before = _sync(tx, call)
        condition = hub.plugins.conditions.get(id_)
        if integration is None:
            raise Problem("refused", f"the channel “{id_}” is switched off: {condition.why if condition else ''}")
        if not polled and all(each.way == rows.FEED for each in before.told):
            raise Problem("refused", f"the channel “{id_}” sends by itself and cannot be read")
        syncing.sync_now(tx, hub.publisher, id_, call.actor)
        if polled:
            hearing.ask_reading(tx, id_, call.actor, hub.clock.now())
        return _sync(tx, call)

    return await hub.store.write(work)


class AskedOut(Out):
    channel: str
    read: bool = Field(description="it is read now")
    brought: int = Field(description="units whose nights are brought there")
    pushed: int = Field(description="bookings that could not be sent there before and are tried again")
    why: str = Field(description="why nothing can be asked of it")


class ResyncOut(Out):
    """What is asked of whom. What came of it stands in the log of each channel."""

    asked: list[AskedOut]


def _resync(asked: list[Asked]) -> ResyncOut:
    return ResyncOut(asked=[AskedOut(**asdict(each)) for each in asked])


class SyncQuery(In):
    channel: Annotated[str | None, Field(max_length=100, description="only this one")] = None
    kind: Annotated[StayKind | None, Field(description="only what has to do with stays of this kind")] = None
    first: Annotated[Day | None, Field(description="only with stays that have this night or a later one")] = None
    last: Annotated[Day | None, Field(description="only with stays that have this night or an earlier one")] = None


async def sync_channels(call: Call, query: SyncQuery, body: Nothing) -> ResyncOut:
    """Of stays that are narrowed to: channels that list any of them are read, as a whole; those that are told of their
    units are told again; bookings among them that could not be sent are sent again.
    """
    channel = None if query.channel is None else ChannelId(query.channel)
    about = Narrowed(channel, query.kind, query.first, query.last)

    return _resync(await call.hub.store.write(lambda tx: resync.several(tx, call.hub, about, call.actor)))


async def sync_stay(call: Call, query: Nothing, body: Nothing) -> ResyncOut:
    id_ = StayId(call.path["stay"])

    def work(tx: Tx) -> list[Asked]:
        if ledger.stay(tx, id_) is None:
            raise missing("stay", id_)
        return resync.stay(tx, call.hub, id_, call.actor)

    return _resync(await call.hub.store.write(work))


async def make_feed_link(call: Call, query: Nothing, body: FeedLinkIn) -> FeedLinkOut:
    hub, (channel, unit) = call.hub, _names(call)
    path = await hub.store.write(lambda tx: feeds.make_link(tx, hub.desk, channel, unit, call.actor, anew=body.anew))
    public = hub.config.public_url
    return FeedLinkOut(path=path, url=None if public is None else feeds.address(public, "", path).reveal())


async def end_feed_link(call: Call, query: Nothing, body: Nothing) -> SyncOut:
    hub, (channel, unit) = call.hub, _names(call)

    def work(tx: Tx) -> SyncOut:
        feeds.end_link(tx, hub.desk, channel, unit, call.actor)
        return _sync(tx, call)

    return await hub.store.write(work)


async def confirm_nights(call: Call, query: Nothing, body: Nothing) -> SyncOut:
    hub, (channel, unit) = call.hub, _names(call)

    def work(tx: Tx) -> SyncOut:
        syncing.confirm(tx, channel, unit, call.actor, hub.clock.now())
        return _sync(tx, call)

    return await hub.store.write(work)


async def settle_difference(call: Call, query: Nothing, body: SettleIn) -> SyncOut:
    hub, id_ = call.hub, ChannelId(call.path["channel"])

    def work(tx: Tx) -> SyncOut:
        _sync(tx, call)  # a channel that is not there is missing, not at one with us
        syncing.settle(tx, hub.intake, id_, StayId(body.stay), call.actor, accept=body.accept)
        return _sync(tx, call)

    return await hub.store.write(work)
