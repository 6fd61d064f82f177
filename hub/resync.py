"""A person has everything said and read once more: at one channel, at all, or at those that have to do with one stay.

What became of it stands in each channel's sync log, as what is asked for there does (hub/hearing.py, hub/publishing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub import hearing, pushing
from hub.errors import Rejected
from hub.hub import Hub
from hub.model.values import ChannelId, StayId, UnitId
from hub.store import guests, house, log, pushes
from hub.store import publishing as rows
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow
from hub.store.publishing import FEED

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


def all_channels(tx: Tx, hub: Hub, actor: str) -> list[Asked]:
    log.record(tx, hub.clock.now(), actor, "sync now", "channels")
    return [_ask(tx, hub, row, actor) for row in house.channels(tx)]


def stay(tx: Tx, hub: Hub, id_: StayId, actor: str) -> list[Asked]:
    """Those that tell of it are read; those that are told of its unit are told again. Raises Rejected."""
    row = ledger.stay(tx, id_)
    if row is None:
        raise Rejected(f"there is no stay “{id_}”")
    log.record(tx, hub.clock.now(), actor, "sync now", f"stay:{id_}")
    tell = set(guests.told_by(tx, id_))
    asked = (
        _ask(tx, hub, each, actor, read=each.id in tell, units=(row.unit_id,), only=id_)
        for each in house.channels(tx)
        if each.id in tell or row.unit_id in each.serves
    )
    return [each for each in asked if each.channel in tell or each.brought or each.pushed]


def _ask(
    tx: Tx,
    hub: Hub,
    row: ChannelRow,
    actor: str,
    *,
    read: bool = True,
    units: tuple[UnitId, ...] | None = None,
    only: StayId | None = None,
) -> Asked:
    integration, now = hub.plugins.integration(row.id), hub.clock.now()
    if integration is None:
        condition = hub.plugins.conditions.get(row.id)
        off = f"it is switched off: {condition.why}" if condition is not None else "it is switched off"
        return Asked(row.id, read=False, brought=0, why=off if hub.running else "the hub does not run")
    reads = read and integration.poll_every is not None
    if reads:
        hearing.ask_reading(tx, row.id, actor, now)
    outlets = [each for each in rows.all_outlets(tx, row.id) if each.way != FEED and units in (None, (each.unit_id,))]
    for each in outlets:
        hub.publisher.push_now(tx, each, actor)
    failed = any(only in (None, each.stay_id) for each in pushes.failed(tx, row.id, now))
    again = pushing.retry(tx, row.id, only, actor, now, hub.wall.now()) if failed else 0
    return Asked(row.id, reads, len(outlets), again, "" if reads or outlets or again else _BY_ITSELF)
