"""The other stays of one booking, as a stay's page shows them: several units that somebody took together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.model.values import StayStatus
from hub.store import guests
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.stays import StayRow
from web.ground import Ground, StayLine
from web.words import counted

_GONE = (StayStatus.CANCELLED, StayStatus.UNUSABLE)


@dataclass(frozen=True, slots=True)
class Group:
    others: list[tuple[StayLine, str]]
    """By arrival and unit; beside each how many come, where that was said."""
    together: str
    """How much that is with the stay itself."""


def group_of(tx: Tx, ground: Ground, row: StayRow) -> Group | None:
    known = [ledger.stay(tx, id_) for id_ in guests.others_referred(tx, row.reference, row.id)]
    others = [each for each in known if each is not None and _together(row, each)]
    if not others:
        return None
    lines = [(ground.line(each), counted(each.guests, "guest") if each.guests else "") for each in others]
    order = {each.id: each.arrival or date.max for each in others}
    return Group(sorted(lines, key=lambda each: (order[each[0].id], each[0].unit)), _in_all([row, *others]))


def _together(one: StayRow, other: StayRow) -> bool:
    """References of two channels may be the same by chance: numbers, say. Then only nights in common make one booking."""
    if one.channel_id == other.channel_id or None in (one.channel_id, other.channel_id):
        return True
    if one.arrival is None or one.departure is None or other.arrival is None or other.departure is None:
        return False
    return one.arrival < other.departure and other.arrival < one.departure


def _in_all(rows: Sequence[StayRow]) -> str:
    live = [each for each in rows if each.status not in _GONE]
    gone, said = len(rows) - len(live), [each.guests for each in live if each.guests]
    units = counted(len({each.unit_id for each in live}), "unit")
    people = f" for {counted(sum(said), 'guest')}" if live and len(said) == len(live) else ""
    cancelled = f", and {gone} cancelled" if gone else ""
    return f"With this one {units}{people}{cancelled}."
