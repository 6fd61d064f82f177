"""The guest of a flat that was opened in an emergency is told so, unless somebody asked not to: nobody likes to find it out.

By a message through the channel that they booked by, where it carries any, and on their page, which works it out from what was
done. A door that several flats share is nobody's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.errors import Rejected
from hub.guest_messages import GuestMessages
from hub.guest_messages import Way as MessageWay
from hub.model.lockdown import Outcome
from hub.model.values import LockId, StayId
from hub.opened_doors import begins, name_of, said
from hub.store import guest_page as links
from hub.store import house, log
from hub.store import ladder as ledger
from hub.store import stays as stay_ledger
from hub.store.emergencies import Emergency
from hub.store.engine import Tx
from hub.store.stays import StayRow

EARLIEST: Final = timedelta(days=1)
"""So long before check-in somebody may have come in."""


class How(Enum):
    """How the guest learns of it."""

    MESSAGE = "message"
    """Through the channel; and on their page."""
    PAGE = "page"
    NOBODY = "nobody"
    """Neither reaches them: a person has to."""
    NOT_TOLD = "not_told"
    """Somebody asked not to."""


@dataclass(frozen=True, slots=True)
class Told:
    stay: StayId
    name: str
    how: How

    @property
    def sentence(self) -> str:
        match self.how:
            case How.MESSAGE:
                return f"{self.name} is written to, and finds it on their page."
            case How.PAGE:
                return f"{self.name} finds it on their page."
            case How.NOBODY:
                return f"{self.name} cannot be told from here: tell them yourself."
            case How.NOT_TOLD:
                return f"{self.name} is not told."


def guests_of(tx: Tx, lock: LockId, now: datetime) -> list[StayRow]:
    """Whose flat is behind that door, now."""
    passing = house.units_of(tx, lock)
    if len(passing) != 1:
        return []
    near = (stay_ledger.stay(tx, id_) for id_ in ledger.near(tx, now, now + EARLIEST))
    here = [row for row in near if row is not None and row.unit_id == passing[0].id]
    return [row for row in here if (begun := begins(row)) is not None and begun <= now]


def tell(tx: Tx, messages: GuestMessages, row: Emergency, outcome: Outcome, actor: str) -> list[Told]:
    """Who was told, and how; nobody of a door that certainly did not open. Audited."""
    if row.lock is None or outcome is Outcome.REFUSED:
        return []
    told = []
    for stay in guests_of(tx, row.lock, row.since):
        how = How.NOT_TOLD if row.guests_untold else _told(tx, messages, row, stay, outcome, actor)
        told.append(Told(stay.id, stay.guest or stay.reference or "The guest", how))
        log.record(tx, messages.desk.now(), actor, "tell guest of opened door", f"stay:{stay.id}", detail=how.value)
    return told


def _told(tx: Tx, messages: GuestMessages, row: Emergency, stay: StayRow, outcome: Outcome, actor: str) -> How:
    if messages.ways(tx, stay).way is MessageWay.OPEN:
        try:
            messages.write(tx, stay.id, _words(tx, row, stay, outcome), actor, once=f"emergency:{row.id}")
        except Rejected:
            pass  # their page, or a person, tells them
        else:
            return How.MESSAGE
    return How.PAGE if links.link_of(tx, stay.id) is not None else How.NOBODY


def _words(tx: Tx, row: Emergency, stay: StayRow, outcome: Outcome) -> str:
    place = house.property_of(tx, stay.unit_id)
    assert place is not None  # a unit belongs to a property
    assert row.lock is not None  # of an opened door
    sentence = said(name_of(tx, row.lock), row.since, place, sure=outcome is Outcome.DONE)
    call = f" If you have questions, please call {place.guest_phone}." if place.guest_phone else ""
    return f"Hello,\n\n{sentence}{call}\n\n{place.name}"
