"""What platforms are told of the nights taken here, and since when they know: the two clocks, as pages say them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub import feeds, syncing
from hub.hub import Hub
from hub.known_where import known_where
from hub.model.publishing import Said
from hub.model.values import ChannelId, UnitId
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.store.publishing import FEED
from hub.store.stays import StayRow
from hub.syncing import Standing
from web.ground import Ground
from web.words import Local, Moment, short_day

HOW: Final = {"fetched": "fetched", "taken": "taken by it", "said": "confirmed by a person"}


@dataclass(frozen=True, slots=True)
class NightsLine:
    """One entry of a calendar."""

    nights: str
    reserved: bool
    said: Moment
    known: Moment | None
    gone: bool


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One unit at one platform."""

    channel: ChannelId
    unit: UnitId
    name: str
    feed: bool
    heard: str
    entries: int
    unheard: int
    said: Moment
    """Since when we say what we say now."""
    known: Moment | None
    """When it was last known to have what we said then."""
    how: str
    asked: Moment | None
    by: str
    since: Moment | None
    """Since when it does not know of all that is taken."""
    due: Moment | None
    why: str
    link: str = ""
    """Where it fetches, as far as that is shown here."""
    nights: tuple[NightsLine, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.channel}-{self.unit}"


@dataclass(frozen=True, slots=True)
class KnownLine:
    """One channel, as far as it knows of one stay."""

    channel: ChannelId
    known: str
    how: str
    said: Moment | None
    confirmed: Moment | None
    why: str


def known_lines(tx: Tx, ground: Ground, row: StayRow) -> list[KnownLine]:
    local = ground.local_of(row.unit_id)
    return [
        KnownLine(
            each.channel,
            each.known.value,
            "" if each.how is None else each.how.value,
            local.maybe(each.published_at),
            local.maybe(each.confirmed_at),
            each.why,
        )
        for each in known_where(tx, row, ground.now)
    ]


def lines(
    tx: Tx, hub: Hub, ground: Ground, channel: ChannelId | None = None, unit: UnitId | None = None
) -> list[ToldLine]:
    found = syncing.standings(tx, hub.clock.now(), channel)
    return [_line(each, ground) for each in found if unit in (None, each.outlet.unit_id)]


def full_line(tx: Tx, hub: Hub, ground: Ground, each: Standing, here: str) -> ToldLine:
    """With its link and every entry. `here`: how the hub is reached from where somebody looks."""
    outlet, local = each.outlet, ground.local_of(each.outlet.unit_id)
    link = ""
    if outlet.token is not None:
        link = feeds.address(hub.config.public_url, here, feeds.path_of(outlet, hub.desk)).reveal()
    return _line(each, ground, link, tuple(_nights(said, local) for said in rows.said(tx, outlet)))


def _line(each: Standing, ground: Ground, link: str = "", nights: tuple[NightsLine, ...] = ()) -> ToldLine:
    outlet, local = each.outlet, ground.local_of(each.outlet.unit_id)
    return ToldLine(
        channel=outlet.channel_id,
        unit=outlet.unit_id,
        name=ground.unit_name(outlet.unit_id),
        feed=outlet.way == FEED,
        heard=each.heard.value,
        entries=each.entries,
        unheard=each.unheard,
        said=local.moment(outlet.changed_at),
        known=local.maybe(outlet.told_at),
        how=HOW.get(outlet.told_how, ""),
        asked=local.maybe(outlet.asked_at),
        by=outlet.asked_by,
        since=local.maybe(each.since),
        due=_soon(each.due, local),
        why=outlet.failing_why,
        link=link,
        nights=nights,
    )


def _soon(due: datetime | None, local: Local) -> Moment | None:
    return None if due is None or due - local.now > timedelta(days=366) else local.moment(due)


def _nights(said: Said, local: Local) -> NightsLine:
    block = said.block
    count = (block.until - block.first).days
    days = f"{short_day(block.first)} {block.first.year}, {count} {'night' if count == 1 else 'nights'}"
    return NightsLine(days, block.reserved, local.moment(said.since), local.maybe(said.told_at), said.gone)
