"""Accounts that let several units: which listing is which unit, and what was told of listings that are none yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.sqlite import insert

from hub.model.facts import Listing
from hub.model.values import ChannelId, UnitId
from hub.store.engine import Tx
from hub.store.prepared import Prepared
from hub.store.tables import channel_state, listings, unplaced


@dataclass(frozen=True, slots=True)
class ListingRow:
    """One listing of an account; `unit` None: bookings of it are kept, shown and acted on by nobody."""

    channel_id: ChannelId
    listing: str
    name: str
    unit_id: UnitId | None
    origin: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A booking of a listing that is joined to no unit."""

    channel_id: ChannelId
    uid: str
    listing: str
    arrival: date | None
    departure: date | None
    status: str
    note: str
    reported: bytes
    """Sealed, for `unplaced:CHANNEL:UID`."""
    seen_at: datetime


_LISTING = tuple(listings.c[field.name] for field in fields(ListingRow))
_UNPLACED = tuple(unplaced.c[field.name] for field in fields(Unplaced))


def listings_of(tx: Tx, channel: ChannelId) -> list[ListingRow]:
    query = select(*_LISTING).where(listings.c.channel_id == channel).order_by(listings.c.name, listings.c.listing)
    return [ListingRow(*row) for row in tx.sql.execute(query).all()]


_JOINED: Final = Prepared(
    select(listings.c.channel_id, listings.c.listing, listings.c.unit_id, listings.c.origin).where(
        listings.c.unit_id.is_not(None)
    ),
    lambda _: None,
)


def joined(tx: Tx, origin: str | None = None) -> dict[ChannelId, dict[str, UnitId]]:
    """Of every account, which listing is which unit. `origin`: only what was joined that way."""
    found: dict[ChannelId, dict[str, UnitId]] = {}
    for channel, listing, unit, said_by in _JOINED.bare(tx):
        if origin in (None, said_by):
            found.setdefault(channel, {})[listing] = unit
    return found


def join(tx: Tx, channel: ChannelId, listing: str, unit: UnitId | None, origin: str) -> None:
    """From here on that listing is that unit, or none. The account is then read again as a whole."""
    row = insert(listings).values(channel_id=channel, listing=listing, unit_id=unit, origin=origin)
    same = ["channel_id", "listing"]
    tx.sql.execute(row.on_conflict_do_update(index_elements=same, set_={"unit_id": unit, "origin": origin}))
    read_anew(tx, channel)


def join_all(tx: Tx, channel: ChannelId, units: Mapping[str, UnitId], origin: str) -> None:
    """What the site file says: these, and of those it said before no others."""
    known = joined(tx, origin).get(channel, {})
    for listing in known.keys() - units.keys():
        join(tx, channel, listing, None, origin)
    for listing, unit in units.items():
        if known.get(listing) != unit:
            join(tx, channel, listing, unit, origin)


def read_anew(tx: Tx, channel: ChannelId) -> None:
    """Forget how far the channel was read, and read it now."""
    tx.sql.execute(update(channel_state).where(channel_state.c.channel_id == channel).values(cursor=None))
    tx.signal(f"poll:{channel}")
    tx.signal("channels")


def saw(tx: Tx, channel: ChannelId, seen: Iterable[Listing], at: datetime) -> None:
    for each in seen:
        row = insert(listings).values(channel_id=channel, listing=each.id, name=each.name, origin="source", seen_at=at)
        same = ["channel_id", "listing"]
        tx.sql.execute(row.on_conflict_do_update(index_elements=same, set_={"name": each.name, "seen_at": at}))


# ---- nights that people closed there -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NightsState:
    """How well the calendar of one listing is known."""

    channel_id: ChannelId
    listing: str
    name: str
    nights_at: datetime | None = None
    """As of when."""
    nights_failing_since: datetime | None = None
    nights_why: str | None = None


_NIGHTS = tuple(listings.c[field.name] for field in fields(NightsState))


def nights_of(tx: Tx, channel: ChannelId, listing: str) -> NightsState:
    query = select(*_NIGHTS).where(listings.c.channel_id == channel, listings.c.listing == listing)
    row = tx.sql.execute(query).first()
    return NightsState(channel, listing, "") if row is None else NightsState(*row)


def nights_failing(tx: Tx) -> list[NightsState]:
    """Of all accounts, the listings whose calendars cannot be read, the longest first."""
    since = listings.c.nights_failing_since
    query = select(*_NIGHTS).where(since.is_not(None)).order_by(since, listings.c.listing)
    return [NightsState(*row) for row in tx.sql.execute(query)]


def nights_read(tx: Tx, channel: ChannelId, listing: str, at: datetime) -> None:
    _nights(tx, channel, listing, nights_at=at, nights_failing_since=None, nights_why=None)


def nights_failed(tx: Tx, state: NightsState, at: datetime, why: str) -> None:
    since = state.nights_failing_since or at
    _nights(tx, state.channel_id, state.listing, nights_failing_since=since, nights_why=why)


def _nights(tx: Tx, channel: ChannelId, listing: str, **values: object) -> None:
    row = insert(listings).values(channel_id=channel, listing=listing, origin="source", **values)
    tx.sql.execute(row.on_conflict_do_update(index_elements=["channel_id", "listing"], set_=values))
    tx.signal("channels")


# ---- bookings without a unit ----------------------------------------------------------------------------------------


def keep_unplaced(tx: Tx, row: Unplaced) -> None:
    values = {field.name: getattr(row, field.name) for field in fields(Unplaced)}
    same = ["channel_id", "uid"]
    tx.sql.execute(insert(unplaced).values(**values).on_conflict_do_update(index_elements=same, set_=values))
    tx.signal("channels")


def placed(tx: Tx, channel: ChannelId, uid: str) -> None:
    tx.sql.execute(delete(unplaced).where(unplaced.c.channel_id == channel, unplaced.c.uid == uid))


def forget_unlisted(tx: Tx, channel: ChannelId, since: datetime) -> None:
    """The account was read as a whole and told of them no more."""
    tx.sql.execute(delete(unplaced).where(unplaced.c.channel_id == channel, unplaced.c.seen_at < since))


def unplaced_of(tx: Tx, channel: ChannelId, *, placed: bool = False) -> list[Unplaced]:
    """`placed`: those whose listing is a unit by now."""
    query = (
        select(*_UNPLACED)
        .where(unplaced.c.channel_id == channel)
        .order_by(unplaced.c.arrival.nulls_first(), unplaced.c.uid)
    )
    if placed:
        here = (listings.c.channel_id == channel, listings.c.listing == unplaced.c.listing)
        query = query.where(exists().where(*here, listings.c.unit_id.is_not(None)))
    return [Unplaced(*row) for row in tx.sql.execute(query).all()]
