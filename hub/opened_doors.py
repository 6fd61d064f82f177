"""What guests read of their door that was opened in an emergency: on their page, and in a message."""

from __future__ import annotations

from datetime import datetime

from hub.model.access import when
from hub.model.lockdown import Attempt, Outcome
from hub.model.values import LockId
from hub.store import doors, emergencies, house
from hub.store.emergencies import Emergency
from hub.store.engine import Tx
from hub.store.house import Property
from hub.store.stays import StayRow


def said(door: str, at: datetime, place: Property, *, sure: bool) -> str:
    did = "was opened from afar" if sure else "was told from afar to open, and may have"
    return f"{door} {did} in an emergency on {when(at, place.zone)}. Please see that it is locked when you leave."


def name_of(tx: Tx, lock: LockId) -> str:
    door = doors.door(tx, lock)
    return lock if door is None else door.name


def begins(stay: StayRow) -> datetime | None:
    """At check-in, or with the first who came in before."""
    return min((at for at in (stay.check_in, stay.arrived_at) if at is not None), default=None)


def on_page(tx: Tx, stay: StayRow, place: Property, now: datetime) -> list[str]:
    """What the guests' page says of doors of this stay that were opened in an emergency since the stay began."""
    begun = begins(stay)
    if begun is None:
        return []
    rows = [row for row in emergencies.opened(tx, begun, now) if _concerns(tx, row, stay)]
    attempts = emergencies.attempts(tx, [row.id for row in rows])
    found = []
    for row in rows:
        assert row.lock is not None  # _concerns
        tried = attempts.get(row.id, {}).get(row.lock, Attempt(row.since))
        if tried.outcome is not Outcome.REFUSED and not tried.under_way(now):
            found.append(said(name_of(tx, row.lock), row.since, place, sure=tried.outcome is Outcome.DONE))
    return found


def _concerns(tx: Tx, row: Emergency, stay: StayRow) -> bool:
    if row.lock is None or row.guests_untold:
        return False
    return [unit.id for unit in house.units_of(tx, row.lock)] == [stay.unit_id]
