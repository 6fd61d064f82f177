"""What stands of the doors of an emergency: for the pages, for those who are told, and for the one who locks late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.lockdown import UNDER_WAY, Attempt, Bolt, BoltNow, Outcome, bolt
from hub.model.people import called
from hub.model.values import LockId
from hub.plugins import Plugins
from hub.store import doors, emergencies, house
from hub.store.doors import Door
from hub.store.emergencies import Deed, Emergency
from hub.store.engine import Tx


@dataclass(frozen=True, slots=True)
class DoorOf:
    """One door of a lock-down, as it stands; or one of what is over or was to be opened, as its last command ended."""

    door: Door
    tried: Attempt
    now: BoltNow
    bolt: Bolt | None = None
    """None: where it stands now is no matter of that emergency."""

    @property
    def sentence(self) -> str:
        name = self.door.name
        if self.bolt is None:
            return self.tried.sentence or f"Nobody knows what became of {name}."
        match self.bolt:
            case Bolt.LOCKED:
                return f"{name} is locked."
            case Bolt.OPEN:
                return f"{name} is {self.door.position.value}."
            case Bolt.REFUSED:
                return self.tried.sentence or f"{name} refused to lock."
            case Bolt.BY_HAND:
                return f"{name} cannot be locked from here."
            case Bolt.UNDER_WAY:
                return f"{name} is being locked."
            case Bolt.UNANSWERED:
                return f"{name} has not said that it is locked: it did not answer."


def doors_of(
    row: Emergency, attempts: Mapping[LockId, Attempt], known: Iterable[Door], plugins: Plugins, now: datetime
) -> list[DoorOf]:
    """Every door of a lock-down."""
    found = []
    for door in known:
        if row.covers(door.id, door.property):
            tried, here = attempts.get(door.id, Attempt(row.since)), bolt_now(door, plugins)
            found.append(DoorOf(door, tried, here, bolt(row.since, tried, here, now)))
    return found


def by_emergency(tx: Tx, rows: Collection[Emergency], plugins: Plugins, now: datetime) -> dict[str, list[DoorOf]]:
    """The doors whose bolts each of them was to move."""
    attempts, known = emergencies.attempts(tx, [row.id for row in rows]), doors.doors(tx)
    found = {}
    for row in rows:
        tried = attempts.get(row.id, {})
        lasts = row.deed is Deed.LOCK_DOWN and row.released_at is None
        over = [DoorOf(door, tried[door.id], bolt_now(door, plugins)) for door in known if door.id in tried]
        found[row.id] = doors_of(row, tried, known, plugins, now) if lasts else over
    return found


def bolt_now(door: Door, plugins: Plugins) -> BoltNow:
    met = plugins.lock(door.driver, door.address)
    return BoltNow(
        can_move=met is not None and met.bolt is not None,
        silent=door.silent_since is not None,
        heard_at=door.heard_at,
        position=door.position,
        position_at=door.position_at,
        how=door.position_how,
    )


# ---- told to everybody ---------------------------------------------------------------------------------------------


def found(look: Look) -> Iterator[Finding]:
    """What somebody did in an emergency concerns everybody who runs the house, for as long as it lasts."""
    rows = emergencies.current(look.tx, look.now)
    attempts = emergencies.attempts(look.tx, [row.id for row in rows])
    open_: dict[LockId, Finding] = {}
    for row in rows:
        if row.until is not None:
            look.reached(row.until)
        tried = attempts.get(row.id, {})
        if (said := _said(look, row, tried)) is not None:
            yield said
        if row.deed is Deed.LOCK_DOWN:
            open_ |= {each.about_lock: each.finding for each in _not_locked(look, row, tried)}
    yield from open_.values()


def _said(look: Look, row: Emergency, tried: Mapping[LockId, Attempt]) -> Finding | None:
    """None: it is being done, and nobody knows yet what comes of it."""
    kind, said, cure = _SAID[row.deed]
    if row.deed is Deed.UNLOCK and row.lock is not None and (attempt := tried.get(row.lock)) is not None:
        if attempt.under_way(look.now):
            look.reached(attempt.at + UNDER_WAY)
            return None
        said, cure = _UNLOCKED[attempt.outcome or Outcome.UNKNOWN]
    sentence = f"{said.format(where=place_of(look.tx, row))} by {called(row.by)}: {row.reason}."
    return Finding(kind, f"emergency:{row.id}", sentence, cure, row.since)


def place_of(tx: Tx, row: Emergency) -> str:
    door = None if row.lock is None else doors.door(tx, row.lock)
    place = house.property_with(tx, row.property)
    return door.name if door is not None else row.property if place is None else place.name


_SAID: Final = {
    Deed.LOCK_DOWN: (
        Kind.LOCKED_DOWN,
        "{where} was locked down",
        "The codes of guests are off. The Emergency page says whom to tell yourself; release it there when it is over.",
    ),
    Deed.CODE: (
        Kind.EMERGENCY_CODE,
        "An emergency code for {where} was drawn",
        "It ends by itself; the Locks page ends it sooner.",
    ),
    Deed.UNLOCK: (
        Kind.EMERGENCY_UNLOCK,
        "{where} was unlocked in an emergency",
        "See that somebody locks it again.",
    ),
}
_UNLOCKED: Final = {
    Outcome.DONE: _SAID[Deed.UNLOCK][1:],
    Outcome.REFUSED: (
        "{where} was to be unlocked in an emergency and did not open; it was asked",
        "It is not tried again. Open it with a key, or go there.",
    ),
    Outcome.UNKNOWN: (
        "{where} was to be unlocked in an emergency, and nobody knows whether it opened; it was asked",
        "It is not tried again, and does not open late. Look at the door.",
    ),
}


@dataclass(frozen=True, slots=True)
class _NotLocked:
    about_lock: LockId
    finding: Finding


def _not_locked(look: Look, row: Emergency, tried: Mapping[LockId, Attempt]) -> Iterator[_NotLocked]:
    for each in doors_of(row, tried, look.doors, look.plugins, look.now):
        if each.bolt is Bolt.UNDER_WAY:
            look.reached(each.tried.at + UNDER_WAY)
        elif each.bolt is not None and each.bolt is not Bolt.LOCKED:
            sentence = f"{place_of(look.tx, row)} is locked down, and {each.sentence}"
            since = each.door.position_at if each.bolt is Bolt.OPEN else row.since
            finding = Finding(Kind.NOT_LOCKED, f"lock:{each.door.id}", sentence, _CURES[each.bolt], since)
            yield _NotLocked(each.door.id, finding)


_CURES: Final = {
    Bolt.OPEN: "Lock it by hand or on its page. It is not locked by itself: somebody may be leaving.",
    Bolt.REFUSED: "Lock it by hand: see that the door is closed and nothing blocks the bolt. It is not tried again by itself.",
    Bolt.UNANSWERED: "It is locked as soon as it answers, while the lock-down lasts. Lock it by hand if that cannot wait.",
    Bolt.BY_HAND: "Lock it by hand. This is said until the lock tells that it is locked, or the lock-down is released.",
}
