"""What an account knows of the bookings made here, for people to look at: counts, and each booking with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from hub import pushing
from hub.errors import Rejected
from hub.model.values import ChannelId, StayId
from hub.plugins import Plugins
from hub.store import house, pushes
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.pushes import PushState, Statistics


@dataclass(frozen=True, slots=True)
class Line:
    stay: StayId
    guest: str
    reference: str
    unit: str
    arrival: date | None
    departure: date | None
    state: PushState
    booking: str
    """The account's own id of it; empty: it has none yet."""
    error: str
    attempts: int
    tried_at: datetime | None
    synced_at: datetime | None
    dry: bool
    """Only rehearsed."""


@dataclass(frozen=True, slots=True)
class Pushed:
    on: bool
    """The account is set to take our bookings."""
    rehearses: bool
    statistics: Statistics
    lines: Sequence[Line]


def pushed(tx: Tx, plugins: Plugins, channel: ChannelId, now: datetime) -> Pushed:
    """Raises Rejected: there is no such account."""
    row = house.channel_with(tx, channel)
    if row is None or row.unit is not None:
        raise Rejected(f"there is no account called “{channel}”")
    account = next((each for each in pushing.accounts(plugins) if each.channel == channel), None)
    names = {unit.id: unit.name for unit in house.units(tx)}
    lines = []
    for each in pushes.of_account(tx, channel):
        stay = ledger.stay(tx, each.stay_id)
        if stay is not None:
            lines.append(
                Line(
                    stay.id,
                    stay.guest,
                    stay.reference,
                    names.get(stay.unit_id, stay.unit_id),
                    stay.arrival,
                    stay.departure,
                    each.state,
                    each.booking or "",
                    each.error,
                    each.attempts,
                    each.tried_at,
                    each.synced_at,
                    bool(each.dry),
                )
            )
    found = pushes.statistics(tx, channel, now - pushing.LATELY)
    return Pushed(account is not None, account is not None and account.rehearses, found, lines)
