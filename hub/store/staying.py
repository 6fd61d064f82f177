"""Who is still a guest: until the last code of a stay ends, which may be later than check-out."""

from __future__ import annotations

from datetime import datetime

from hub.model.values import UnitId
from hub.store import codes, house
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow


def ends(tx: Tx, row: StayRow) -> datetime | None:
    """When the last code of a stay ends: at check-out, or as long after as its house allows."""
    own = (entry.grant.window.end for entry in codes.issued_for(tx, row.id))
    return max((at for at in (row.check_out, *own) if at is not None), default=None)


def is_over(tx: Tx, row: StayRow, now: datetime) -> bool:
    if row.check_out is None or now < row.check_out:
        return False
    end = ends(tx, row)
    return end is not None and end <= now


def since(tx: Tx, now: datetime) -> datetime:
    """Stays that check out later than that may not be over: a code may work still."""
    return now - house.longest_buffers(tx)[1]


def live_in(tx: Tx, unit: UnitId, now: datetime) -> list[StayRow]:
    """Stays of a unit that are not cancelled, and whose guests come or may come in still."""
    return [row for row in ledger.live_in(tx, unit, since(tx, now)) if not is_over(tx, row, now)]
