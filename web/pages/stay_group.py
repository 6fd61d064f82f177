"""The stays of one booking, as the page of each of them shows them: several units that somebody took together."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from hub import groups
from hub.model.groups import Sum, summed
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ground, StayLine
from web.words import counted


@dataclass(frozen=True, slots=True)
class Group:
    others: list[tuple[StayLine, str]]
    """By arrival and unit; beside each how many come and what they pay, where that was said."""
    together: str
    """How much that is with the stay itself."""
    price: str
    """In all; empty: nobody said any."""
    to_change: int
    """So many are moved or cancelled with one press."""
    to_restore: int
    add: str
    """Where another unit is booked for the same party; empty: its channel sells it."""


def group_of(tx: Tx, ground: Ground, row: StayRow) -> Group | None:
    stays = groups.members(tx, row)
    if len(stays) == 1:
        return None
    in_all = summed(stays)
    return Group(
        others=[(ground.line(each), said_of(each)) for each in stays if each.id != row.id],
        together=_in_all(in_all),
        price=price_in_all(in_all),
        to_change=len(groups.to_change(stays, ground.now)),
        to_restore=len(groups.to_restore(stays, ground.now)),
        add=_add(row) if row.channel_id is None and groups.to_change(stays, ground.now) else "",
    )


def _add(row: StayRow) -> str:
    days = {"arrival": row.arrival, "departure": row.departure}
    known = {"reference": row.reference, "guest": row.guest} | {name: f"{day}" for name, day in days.items() if day}
    return f"/stays/new?{urlencode(known)}"


def said_of(row: StayRow) -> str:
    said = (counted(row.guests, "guest") if row.guests else "", "" if row.total is None else str(row.total))
    return " · ".join(each for each in said if each)


def price_in_all(in_all: Sum) -> str:
    if not in_all.prices:
        return ""
    some = f", and {counted(in_all.unpriced, 'stay')} without a price" if in_all.unpriced else ""
    return f"{' and '.join(map(str, in_all.prices))} in all{some}"


def _in_all(in_all: Sum) -> str:
    people = f" for {counted(in_all.guests, 'guest')}" if in_all.guests is not None else ""
    cancelled = f", and {in_all.cancelled} cancelled" if in_all.cancelled else ""
    return f"With this one {counted(in_all.units, 'unit')}{people}{cancelled}."
