"""What platforms are told of nights that are taken, what they are known to have heard, and what passed between us."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.publishing import ECHO_FOR, Block, Said, patience
from hub.model.values import ChannelId, StayStatus, UnitId
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.pushes import PushState
from hub.store.tables import channels, outlets, published, pushes, said_blocks, stay_sources, stays, sync_log

FEED, PUSH, DIARY = "feed", "push", "diary"
BROUGHT = (PUSH, DIARY)
FETCHED, TAKEN, BY_PERSON = "fetched", "taken", "said"


@dataclass(frozen=True, slots=True)
class Outlet:
    """One platform as it is told of one unit."""

    channel_id: ChannelId
    unit_id: UnitId
    way: str
    """`feed`: the platform fetches it; `push`: we bring it there; `diary`: likewise, into a calendar that people keep."""
    platform: str
    made_at: datetime
    version: int
    changed_at: datetime
    """Since when we say what we say now."""
    told_version: int
    told_at: datetime | None
    """When the platform was last known to have what we said then."""
    told_how: str
    """`fetched`, `taken`, or `said` by a person."""
    asked_at: datetime | None
    asked_by: str
    failing_since: datetime | None
    failing_why: str
    again_at: datetime | None
    token: bytes | None = field(repr=False)
    """Sealed, for `outlet:CHANNEL:UNIT`."""
    readers: str = ""
    """JSON: the channels whose platform fetches it from where we bring it."""

    @property
    def for_whom(self) -> frozenset[ChannelId]:
        """Those that are not told what they told us."""
        return frozenset((self.channel_id, *json.loads(self.readers or "[]")))

    @property
    def confirmed(self) -> bool:
        return self.told_version >= self.version


_NAMES: Final = tuple(each.name for each in fields(Outlet))
_OUTLET: Final = tuple(outlets.c[name] for name in _NAMES)


def _this(outlet: Outlet, table: Any) -> Any:
    return (table.c.channel_id == outlet.channel_id) & (table.c.unit_id == outlet.unit_id)


_ALL: Final = Prepared(
    select(*_OUTLET).order_by(outlets.c.channel_id, outlets.c.unit_id),
    lambda row: Outlet(**row),
    remember=("channel_id", "unit_id"),
)


def all_outlets(tx: Tx, channel: ChannelId | None = None) -> list[Outlet]:
    found = _ALL.all(tx)
    return found if channel is None else [each for each in found if each.channel_id == channel]


def outlet(tx: Tx, channel: ChannelId, unit: UnitId) -> Outlet | None:
    row = tx.sql.execute(select(*_OUTLET).where(outlets.c.channel_id == channel, outlets.c.unit_id == unit)).first()
    return None if row is None else Outlet(*row)


def outlet_with(tx: Tx, digest: str) -> Outlet | None:
    row = tx.sql.execute(select(*_OUTLET).where(outlets.c.digest == digest)).first()
    return None if row is None else Outlet(*row)


def open_outlet(tx: Tx, channel: ChannelId, unit: UnitId, way: str, at: datetime) -> Outlet:
    """As it is, or new."""
    row = insert(outlets).values(channel_id=channel, unit_id=unit, way=way, made_at=at, changed_at=at)
    tx.sql.execute(row.on_conflict_do_nothing())
    tx.signal("publishing")
    tx.signal("channels")
    found = outlet(tx, channel, unit)
    assert found is not None  # written above
    return found


def close_outlet(tx: Tx, outlet: Outlet) -> None:
    """Nothing is said there any more. What the platform was handed is remembered, as it may come back."""
    tx.sql.execute(delete(outlets).where(_this(outlet, outlets)))
    tx.signal("channels")


def change(tx: Tx, outlet: Outlet, **values: object) -> None:
    tx.sql.execute(update(outlets).where(_this(outlet, outlets)).values(**values))
    tx.signal("channels")
    tx.signal("health")


# ---- what is said --------------------------------------------------------------------------------------------------


def said(tx: Tx, outlet: Outlet) -> list[Said]:
    query = select(said_blocks).where(_this(outlet, said_blocks)).order_by(said_blocks.c.first, said_blocks.c.about)
    return [_said(row) for row in tx.sql.execute(query).mappings()]


def all_said(tx: Tx) -> dict[tuple[ChannelId, UnitId], list[Said]]:
    """Of every platform and unit at once."""
    found: dict[tuple[ChannelId, UnitId], list[Said]] = {}
    for channel, unit, about, first, until, reserved, mark, version, since, told_at, gone in tx.sql.execute(_SAID):
        said = Said(Block(about, first, until, bool(reserved), mark), version, since, told_at, bool(gone))
        found.setdefault((channel, unit), []).append(said)
    return found


_SAID: Final = select(
    *(
        said_blocks.c[name]
        for name in ("channel_id", "unit_id", "about", "first", "until", "reserved", "mark", "version")
    ),
    said_blocks.c.since,
    said_blocks.c.told_at,
    said_blocks.c.gone,
)


def _said(row: Any) -> Said:
    block = Block(row["about"], row["first"], row["until"], bool(row["reserved"]), row["mark"])
    return Said(block, row["version"], row["since"], row["told_at"], bool(row["gone"]))


def say(tx: Tx, outlet: Outlet, blocks: Collection[Block], version: int, at: datetime) -> None:
    rows = [
        {
            "channel_id": outlet.channel_id,
            "unit_id": outlet.unit_id,
            "about": block.about,
            "first": block.first,
            "until": block.until,
            "reserved": int(block.reserved),
            "mark": block.mark,
            "version": version,
            "since": at,
            "told_at": None,
            "gone": 0,
        }
        for block in blocks
    ]
    same, new = ["channel_id", "unit_id", "about"], insert(said_blocks)
    rest = {column.name: new.excluded[column.name] for column in said_blocks.c if column.name not in same}
    if rows:
        tx.sql.execute(new.on_conflict_do_update(index_elements=same, set_=rest), rows)


def unsay(tx: Tx, outlet: Outlet, about: str, version: int, at: datetime) -> None:
    gone = {"gone": 1, "version": version, "since": at, "told_at": None}
    tx.sql.execute(update(said_blocks).where(_this(outlet, said_blocks), said_blocks.c.about == about).values(**gone))


def drop_over(tx: Tx, outlet: Outlet, today: date) -> None:
    """Nights that are over need no word."""
    tx.sql.execute(delete(said_blocks).where(_this(outlet, said_blocks), said_blocks.c.until <= today))


# ---- what the platform has heard -----------------------------------------------------------------------------------


def hand_over(tx: Tx, outlet: Outlet, nights: Collection[date], at: datetime) -> None:
    """These nights are about to be given to the platform: from here on they may come back from there."""
    same = ["channel_id", "unit_id", "night"]
    for channel in _there(tx, outlet):
        known = {each for each, gone in _handed(tx, channel, outlet.unit_id) if gone is None}
        for night in sorted(set(nights) - known):
            row = {"channel_id": channel, "unit_id": outlet.unit_id, "night": night, "told_at": at, "gone_at": None}
            new = insert(published).values(**row)
            tx.sql.execute(new.on_conflict_do_update(index_elements=same, set_={"gone_at": None}))


def heard(tx: Tx, outlet: Outlet, version: int, nights: Collection[date], at: datetime) -> int | None:
    """The platform has what was said with that version: these nights and no others.

    For how many seconds it did not know the oldest news; None: there was none, or it hears of the unit for the first time.
    """
    mine = _this(outlet, said_blocks) & (said_blocks.c.version <= version)
    news = or_(said_blocks.c.gone == 1, said_blocks.c.told_at.is_(None))
    oldest: datetime | None = tx.sql.execute(select(func.min(said_blocks.c.since)).where(mine, news)).scalar()
    for about in tx.sql.execute(select(said_blocks.c.about).where(mine, news)).scalars().all():
        tx.signal(":".join(about.split(":")[:2]))  # of a stay: who knows of it is shown there
    tx.sql.execute(delete(said_blocks).where(mine, said_blocks.c.gone == 1))
    tx.sql.execute(update(said_blocks).where(mine, said_blocks.c.told_at.is_(None)).values(told_at=at))
    for channel in _there(tx, outlet):
        # Who fetches it from where we brought it needs a while longer.
        since = at if channel == outlet.channel_id else at + patience(outlet.platform, pushed=False)
        for night, gone in _handed(tx, channel, outlet.unit_id):
            if gone is None and night not in nights:
                this = (published.c.channel_id == channel) & (published.c.unit_id == outlet.unit_id)
                tx.sql.execute(update(published).where(this, published.c.night == night).values(gone_at=since))
    if outlet.told_at is None or oldest is None:
        return None
    return max(0, round((at - oldest).total_seconds()))


def handed(tx: Tx, outlet: Outlet) -> frozenset[date]:
    """The nights that the platform was given and that were not taken back there yet."""
    return frozenset(night for night, gone in _handed(tx, outlet.channel_id, outlet.unit_id) if gone is None)


def _there(tx: Tx, outlet: Outlet) -> list[ChannelId]:
    """By which channels what was said may come back."""
    known = select(channels.c.id).where(channels.c.id.in_(sorted(outlet.for_whom))).order_by(channels.c.id)
    return list(tx.sql.execute(known).scalars())


def _handed(tx: Tx, channel: ChannelId, unit: UnitId) -> list[tuple[date, datetime | None]]:
    query = select(published.c.night, published.c.gone_at)
    found = tx.sql.execute(query.where(published.c.channel_id == channel, published.c.unit_id == unit))
    return [(night, gone) for night, gone in found]


def echoing(tx: Tx, channel: ChannelId, unit: UnitId, now: datetime) -> set[date]:
    """Nights of a unit whose closure may be our own word coming back from there."""
    fresh = or_(published.c.gone_at.is_(None), published.c.gone_at > now - ECHO_FOR)
    query = select(published.c.night).where(published.c.channel_id == channel, published.c.unit_id == unit, fresh)
    return set(tx.sql.execute(query).scalars())


def forget_echoes(tx: Tx, now: datetime) -> set[ChannelId]:
    """Those channels whose closures of such nights are their own from here on."""
    over = published.c.gone_at <= now - ECHO_FOR
    channels = set(tx.sql.execute(select(published.c.channel_id).where(over).distinct()).scalars())
    if channels:
        tx.sql.execute(delete(published).where(over))
    return channels


_FIRST_GONE: Final[Prepared[datetime | None]] = Prepared(
    select(func.min(published.c.gone_at).label("first")).where(published.c.gone_at.is_not(None)),
    lambda row: row["first"],
)


def echoes_end(tx: Tx) -> datetime | None:
    """When the next of them does."""
    first = _FIRST_GONE.first(tx)
    return None if first is None else first + ECHO_FOR


# ---- what is taken -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Night:
    """A stay that takes nights, with those who know of it already."""

    id: str
    unit: UnitId
    kind: str
    arrival: date
    departure: date
    check_in: datetime
    check_out: datetime
    left_at: datetime | None
    waits: bool
    """It is not confirmed yet."""
    moved: bool
    """A person moved it here: its sources believe it to be elsewhere."""
    told_by: frozenset[ChannelId]
    told_until: Mapping[ChannelId, date]
    """Until when each of them believes it to last, where they said so. Not where it is on its way there as a booking of ours."""


def taken(tx: Tx, units: Collection[UnitId], now: datetime) -> list[Night]:
    live = stays.c.status.in_((StayStatus.CONFIRMED.value, StayStatus.TENTATIVE.value))
    dated = stays.c.arrival.is_not(None) & stays.c.departure.is_not(None) & stays.c.check_in.is_not(None)
    mine = (live, dated, stays.c.check_out > now, stays.c.unit_id.in_(list(units)))
    listing: dict[str, dict[ChannelId, date | None]] = {}
    whose = (stay_sources.c.stay_id, stay_sources.c.channel_id)
    sent = and_(pushes.c.stay_id == whose[0], pushes.c.channel_id == whose[1], pushes.c.state != PushState.FAILED.value)
    listed = select(*whose, stay_sources.c.departure, pushes.c.booking).join(stays, stays.c.id == whose[0])
    listed = listed.outerjoin(pushes, sent)
    for id_, channel, until, ours in tx.sql.execute(listed.where(*mine, stay_sources.c.missing_since.is_(None))):
        listing.setdefault(id_, {})[channel] = until if ours is None else None
    names = (
        "id",
        "unit_id",
        "kind",
        "status",
        "arrival",
        "departure",
        "check_in",
        "check_out",
        "left_at",
        "moved_from",
        "channel_id",
    )
    found = []
    for row in tx.sql.execute(select(*(stays.c[name] for name in names)).where(*mine)):
        words = listing.get(row.id, {})
        told = frozenset(words.keys() | ({row.channel_id} - {None}))
        until = {channel: day for channel, day in words.items() if day is not None}
        days, hours = (row.arrival, row.departure), (row.check_in, row.check_out, row.left_at)
        waits, moved = row.status == StayStatus.TENTATIVE.value, row.moved_from is not None
        found.append(Night(row.id, row.unit_id, row.kind, *days, *hours, waits, moved, told, until))
    return found


# ---- the log -------------------------------------------------------------------------------------------------------

IN, OUT = "in", "out"
OK, FAILED, NOTED = "ok", "failed", "noted"
KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    channel_id: ChannelId
    unit_id: UnitId | None
    at: datetime
    direction: str
    """`in` | `out`"""
    outcome: str
    """`ok` | `failed`, of what was tried; else `noted`"""
    what: str
    """A clause."""
    words: str = ""
    """Theirs, where they gave any."""
    by: str = ""
    after_s: int | None = None
    """Of news that the platform is known to have now: for how long it did not know the oldest of them."""


_ENTRY: Final = tuple(sync_log.c[each.name] for each in fields(Entry))


def note(tx: Tx, entry: Entry) -> None:
    """`entry.id` is drawn here."""
    values = {each.name: getattr(entry, each.name) for each in fields(Entry) if each.name != "id"}
    tx.sql.execute(insert(sync_log).values(**values))
    tx.signal("channels")


def entries(tx: Tx, channel: ChannelId | None, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The newest first."""
    query = select(*_ENTRY).order_by(sync_log.c.id.desc()).limit(limit)
    if channel is not None:
        query = query.where(sync_log.c.channel_id == channel)
    if before is not None:
        query = query.where(sync_log.c.id < before)
    return [Entry(*row) for row in tx.sql.execute(query)]


_LAST_HEARD: Final = Prepared(
    select(sync_log.c.what)
    .where(sync_log.c.channel_id == bindparam("channel"), sync_log.c.direction == IN)
    .order_by(sync_log.c.id.desc())
    .limit(1),
    lambda row: str(row["what"]),
)


def last_heard(tx: Tx, channel: ChannelId) -> str | None:
    """The newest line of what came from there."""
    return _LAST_HEARD.first(tx, channel=channel)


def tries(tx: Tx, channel: ChannelId, since: datetime) -> list[tuple[datetime, str, bool]]:
    """When something was tried, in which direction, and whether it went well; oldest first."""
    query = select(sync_log.c.at, sync_log.c.direction, sync_log.c.outcome).where(
        sync_log.c.channel_id == channel, sync_log.c.at >= since, sync_log.c.outcome != NOTED
    )
    return [(at, direction, outcome == OK) for at, direction, outcome in tx.sql.execute(query.order_by(sync_log.c.id))]


def failures(tx: Tx, channel: ChannelId, since: datetime) -> list[tuple[datetime, str]]:
    """When something did not go well, and why."""
    query = select(sync_log.c.at, sync_log.c.words, sync_log.c.what).where(
        sync_log.c.channel_id == channel, sync_log.c.at >= since, sync_log.c.outcome == FAILED
    )
    return [(at, words or what) for at, words, what in tx.sql.execute(query)]


def delays(tx: Tx, channel: ChannelId, since: datetime) -> list[timedelta]:
    """How long the platform did not know of news."""
    after = sync_log.c.after_s
    query = select(after).where(sync_log.c.channel_id == channel, sync_log.c.at >= since, after.is_not(None))
    return [timedelta(seconds=seconds) for seconds in tx.sql.scalars(query)]


def first_line(tx: Tx, channel: ChannelId) -> datetime | None:
    """Since when there is a log."""
    return tx.sql.execute(select(func.min(sync_log.c.at)).where(sync_log.c.channel_id == channel)).scalar()


def words_of(tx: Tx, channel: ChannelId) -> dict[str, tuple[str, bool]]:
    """Of each booking a channel told of, a digest of its last word, and whether it is listed still."""
    query = select(stay_sources.c.uid, stay_sources.c.digest, stay_sources.c.missing_since)
    return {
        uid: (digest, missing is None)
        for uid, digest, missing in tx.sql.execute(query.where(stay_sources.c.channel_id == channel))
    }


def tidy(tx: Tx, now: datetime) -> None:
    tx.sql.execute(delete(sync_log).where(sync_log.c.at < now - KEPT))
    over = now.date() - timedelta(days=2)  # in every zone
    tx.sql.execute(delete(said_blocks).where(said_blocks.c.until <= over))
    tx.sql.execute(delete(published).where(published.c.night < over))


def keep_habits(tx: Tx, outlet: Outlet, platform: str, readers: Collection[str]) -> None:
    change(tx, outlet, platform=platform, readers=json.dumps(sorted(readers)) if readers else "")
