"""A person has everything said and read once more: at one channel, at all, or at those that have to do with one stay.

What became of it stands in each channel's sync log, as what is asked for there does (hub/hearing.py, hub/publishing.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub import hearing, pushing
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import ChannelId, StayId, StayKind, UnitId
from hub.store import house, log, pushes, stay_search
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow
from hub.store.publishing import FEED
from hub.store.stay_search import Wanted

_BY_ITSELF: Final = "it calls the hub or fetches by itself, and cannot be hastened from here"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one channel is asked to do now."""

    channel: ChannelId
    read: bool
    """It is read."""
    brought: int
    """Units whose nights are brought there."""
    pushed: int = 0
    """Bookings that could not be sent there, and are tried again."""
    why: str = ""
    """Why nothing can be asked of it."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a sync is about; None: whatever."""

    channel: ChannelId | None = None
    kind: StayKind | None = None
    """Of the stays that it is about."""
    first: date | None = None
    last: date | None = None
    """Of their nights."""

    @property
    def of_stays(self) -> bool:
        return (self.kind, self.first, self.last) != (None, None, None)

    def __str__(self) -> str:
        days = f"{self.first or 'any day'} to {self.last or 'any day'}" if self.first or self.last else ""
        return ", ".join(filter(None, (self.channel, self.kind and self.kind.value, days)))


EVERYTHING: Final = Narrowed()


def several(tx: Tx, hub: Hub, about: Narrowed, actor: str) -> list[Asked]:
    """All channels, or as far as that is narrowed (R429). A channel that is read is read as a whole.

    Raises Rejected for a channel that there is not, and days in the wrong order.
    """
    channels = [each for each in house.channels(tx) if about.channel in (None, each.id)]
    if about.channel is not None and not channels:
        raise Rejected(f"there is no channel called “{about.channel}”")
    if about.first is not None and about.last is not None and about.last < about.first:
        raise Rejected("the last night is before the first")
    log.record(tx, hub.clock.now(), actor, "sync now", "channels", detail=str(about))
    if not about.of_stays:
        return [_ask(tx, hub, row, actor) for row in channels]
    wanted = Wanted(kind=about.kind, first=about.first, last=about.last)
    return _of_stays(tx, hub, channels, wanted, actor)


def stay(tx: Tx, hub: Hub, id_: StayId, actor: str) -> list[Asked]:
    """Those that tell of it are read; those that are told of its unit are told again. Raises Rejected."""
    if ledger.stay(tx, id_) is None:
        raise Rejected(f"there is no stay “{id_}”")
    log.record(tx, hub.clock.now(), actor, "sync now", f"stay:{id_}")
    return _of_stays(tx, hub, house.channels(tx), Wanted(id=id_), actor)


def _of_stays(tx: Tx, hub: Hub, channels: Sequence[ChannelRow], wanted: Wanted, actor: str) -> list[Asked]:
    found, tell = stay_search.units_of(tx, wanted), stay_search.told_by(tx, wanted)
    units = frozenset(found.values())
    asked = (
        _ask(tx, hub, each, actor, read=each.id in tell, units=units, only=found.keys())
        for each in channels
        if each.id in tell or units & each.serves
    )
    return [each for each in asked if each.channel in tell or each.brought or each.pushed]


def _ask(
    tx: Tx,
    hub: Hub,
    row: ChannelRow,
    actor: str,
    *,
    read: bool = True,
    units: Collection[UnitId] | None = None,
    only: Collection[StayId] | None = None,
) -> Asked:
    integration, now = hub.plugins.integration(row.id), hub.clock.now()
    if integration is None:
        condition = hub.plugins.conditions.get(row.id)
        off = f"it is switched off: {condition.why}" if condition is not None else "it is switched off"
        return Asked(row.id, read=False, brought=0, why=off if hub.running else "the hub does not run")
    reads = read and integration.poll_every is not None
    if reads:
        hearing.ask_reading(tx, row.id, actor, now)
    outlets = [
        each for each in rows.all_outlets(tx, row.id) if each.way != FEED and (units is None or each.unit_id in units)
    ]
    for each in outlets:
        hub.publisher.push_now(tx, each, actor)
    found = (each for each in pushes.failed(tx, row.id, now) if each.gone_at is None)
    failed = [each.stay_id for each in found if only is None or each.stay_id in only]
    which = failed if only is not None else [None] if failed else []
    again = sum(pushing.retry(tx, row.id, each, actor, now, hub.wall.now()) for each in which)
    return Asked(row.id, reads, len(outlets), again, "" if reads or outlets or again else _BY_ITSELF)
