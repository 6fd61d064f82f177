"""What happened to a stay or at a door, and what will: entries for a timeline. Their words are in story.html."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from hub import changes, contact_looks
from hub.model.people import called
from hub.model.values import LockId, StayStatus
from hub.store import codes, log
from hub.store.engine import Tx
from hub.store.log import Deed, Entry, Filter
from hub.store.stays import StayRow
from web.ground import Ground
from web.words import Local, Moment

_BEGUN = (changes.ADDED, changes.IMPORTED)
_CODES = (log.CODE_SET, log.CODE_CLEARED, log.CODE_REFUSED)


@dataclass(frozen=True, slots=True)
class Event:
    at: Moment
    what: str
    """A word of the access log, an action of the audit trail, or `came`, `code_due`, `check_in`, `check_out`."""
    who: str = ""
    door: str = ""
    how: str = ""
    detail: str = ""
    outcome: str = "done"
    ahead: bool = False
    changes: tuple[str, ...] = ()
    """What it changed of the stay, clause by clause."""


def story(tx: Tx, ground: Ground, row: StayRow) -> list[Event]:
    """Of one stay: what is still ahead first, then what happened, the latest first."""
    local = ground.local_of(row.unit_id)
    deeds = log.deeds(tx, f"stay:{row.id}", but=contact_looks.LOOKED)
    came = Event(local.moment(row.made_at), "came", detail=row.channel_id or "")
    past = [
        *([] if any(deed.action in _BEGUN for deed in deeds) else [came]),
        *(deed_event(deed, local) for deed in deeds),
        *(_own(entry_event(ground, entry, local)) for entry in log.entries(tx, Filter(stay=row.id), limit=100)),
    ]
    ahead = sorted(_ahead(tx, ground, row, local), key=lambda event: event.at.at, reverse=True)
    return ahead + sorted(past, key=lambda event: event.at.at, reverse=True)


def _ahead(tx: Tx, ground: Ground, row: StayRow, local: Local) -> Iterator[Event]:
    if row.status not in (StayStatus.CONFIRMED, StayStatus.TENTATIVE):
        return
    due = [entry.grant.window.start for entry in codes.issued_for(tx, row.id)]
    milestones: list[tuple[str, datetime | None]] = [
        ("code_due", min(due, default=None)),
        ("check_in", row.check_in),
        ("check_out", row.check_out),
    ]
    for what, at in milestones:
        if at is not None and at > ground.now:
            yield Event(local.moment(at), what, ahead=True)


def _own(event: Event) -> Event:
    """Whose code it is goes without saying on the stay's own page."""
    return replace(event, who="") if event.what in _CODES else event


def deed_event(deed: Deed, local: Local) -> Event:
    told = changes.parts(deed.detail) if deed.action in changes.IN_WORDS else ()
    detail = "" if told else deed.detail
    return Event(local.moment(deed.at), deed.action, called(deed.actor), "", "", detail, deed.outcome, changes=told)


def entry_event(ground: Ground, entry: Entry, local: Local) -> Event:
    return Event(local.moment(entry.at), entry.what, entry.who, ground.door_name(entry.lock), entry.how)


def lately(tx: Tx, ground: Ground, lock: LockId, *, limit: int = 8) -> list[Event]:
    """At one door: what moved it, and who had it moved from here."""
    local = ground.local(ground.doors[lock].property)
    moved = [entry_event(ground, entry, local) for entry in log.entries(tx, Filter(lock=lock), limit=limit)]
    asked = [deed_event(deed, local) for deed in log.deeds(tx, f"lock:{lock}", limit=limit)]
    return sorted([*moved, *asked], key=lambda event: event.at.at, reverse=True)[:limit]
