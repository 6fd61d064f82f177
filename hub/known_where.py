"""Which channels know that the nights of a stay are taken: since when we say so, and since when they have it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from hub.model.values import ChannelId, StayStatus
from hub.store import guests, house, pushes
from hub.store import publishing as rows
from hub.store.engine import Tx
from hub.store.publishing import DIARY
from hub.store.pushes import Push, PushState
from hub.store.stays import StayRow


class Known(Enum):
    SOURCE = "source"
    """It told us of the stay itself."""
    KNOWS = "knows"
    WAITS = "waits"
    """We say it, and it has not heard that yet."""
    FAILS = "fails"
    """It cannot be told; why is said."""
    TAKEN_BACK = "taken_back"
    """Its nights are free, and it has not heard that yet."""
    UNTOLD = "untold"
    """Nobody tells it of this unit."""


class How(Enum):
    """In which way it is told."""

    FEED = "feed"
    PUSH = "push"
    DIARY = "diary"
    BOOKING = "booking"


@dataclass(frozen=True, slots=True)
class Where:
    """One channel of the unit."""

    channel: ChannelId
    known: Known
    how: How | None = None
    published_at: datetime | None = None
    """Since when we say it as it is now."""
    confirmed_at: datetime | None = None
    """Since when the platform has that."""
    why: str = ""
    """In the other side's words."""


def known_where(tx: Tx, stay: StayRow, now: datetime) -> list[Where]:
    """By channel; none, where nothing of the stay has to be known: it is over or has no dates."""
    if stay.takes is None or stay.takes.over(now):
        return []
    told_by = {*guests.told_by(tx, stay.id), stay.channel_id}
    live = stay.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE)
    found = []
    for row in house.channels(tx):
        if stay.unit_id not in row.serves:
            continue
        push = pushes.one(tx, row.id, stay.id)
        ours = push is not None and not push.dry  # it lists what we told it to
        if row.id in told_by and stay.moved_from is None and not ours:
            found.append(Where(row.id, Known.SOURCE))
            continue
        where = _as_booking(tx, stay, push, live=live) if push is not None and ours else None
        where = where or _as_nights(tx, stay, row.id, live=live)
        if where is not None:
            found.append(where)
    return found


def _as_booking(tx: Tx, stay: StayRow, push: Push, *, live: bool) -> Where | None:
    """Where it is brought there as a booking of its own; one that failed there closes its nights at least."""
    channel = push.channel_id
    match push.state:
        case PushState.FAILED:
            nights = _as_nights(tx, stay, channel, live=False)
            failed = Where(channel, Known.FAILS, How.BOOKING, push.tried_at, push.synced_at, push.error)
            return failed if nights is None else replace(nights, why=push.error)
        case PushState.SYNCED:
            return Where(channel, Known.KNOWS, How.BOOKING, push.tried_at, push.synced_at) if live else None
        case PushState.PENDING:
            known = Known.WAITS if live else Known.TAKEN_BACK
            return Where(channel, known, How.BOOKING, push.tried_at, push.synced_at, push.error)


def _as_nights(tx: Tx, stay: StayRow, channel: ChannelId, *, live: bool) -> Where | None:
    outlet = rows.outlet(tx, channel, stay.unit_id)
    if outlet is None:
        return Where(channel, Known.UNTOLD) if live else None
    how = {rows.FEED: How.FEED, DIARY: How.DIARY}.get(outlet.way, How.PUSH)
    said = next((each for each in rows.said(tx, outlet) if each.block.about == f"stay:{stay.id}"), None)
    if said is None:
        return Where(channel, Known.WAITS, how, why=outlet.failing_why) if live else None
    if said.gone:
        return Where(channel, Known.TAKEN_BACK, how, said.since, None, outlet.failing_why)
    if said.told_at is not None:
        return Where(channel, Known.KNOWS, how, said.since, said.told_at)
    known = Known.WAITS if outlet.failing_since is None else Known.FAILS
    return Where(channel, known, how, said.since, None, outlet.failing_why)
