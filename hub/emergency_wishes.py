"""What somebody wants done in an emergency, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Final

from hub.errors import Rejected
from hub.model.values import LockId, PropertyId, clean
from hub.store import doors, emergencies, house
from hub.store.doors import Door
from hub.store.emergencies import Deed
from hub.store.engine import Tx

CODE_HOURS: Final = 4.0
LONGEST_CODE: Final = timedelta(days=7)


class Act(Enum):
    LOCK_DOWN = "lock_down"
    RELEASE = "release"
    CODE = "code"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done, and why."""

    act: Act
    reason: str
    property: PropertyId | None = None
    lock: LockId | None = None
    """Where `property` is not said: that door alone."""
    hours: float = CODE_HOURS
    """Of a code."""
    lockdown: str = ""
    """Which one is released."""
    tell_guest: bool = True
    """Guests whom it concerns learn of it. A release is told to whoever knows of its lock-down."""


def sound(wish: Wish) -> Wish:
    """Raises Rejected."""
    reason = clean(wish.reason, limit=300)
    if len(reason) < 3:
        raise Rejected("say why, in a few words; it stands in the audit trail")
    if not timedelta(minutes=5) <= timedelta(hours=wish.hours) <= LONGEST_CODE:
        raise Rejected("an emergency code works for five minutes to seven days")
    return replace(wish, reason=reason)


# ---- where ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    property: PropertyId
    where: str
    subject: str
    """As the audit trail names it."""
    doors: tuple[Door, ...]
    emergency: str = ""
    """Once it is begun."""


def scope_of(tx: Tx, wish: Wish) -> Scope:
    """Raises Rejected: there is no such place, or nothing to be done there."""
    if wish.act is Act.RELEASE:
        row = emergencies.emergency(tx, wish.lockdown)
        if row is None or row.deed is not Deed.LOCK_DOWN or row.released_at is not None:
            raise Rejected("there is no such lock-down, or it was released already")
        return _place(tx, row.property, row.lock)
    if wish.lock is None and wish.property is None:
        raise Rejected("name a property or a lock")
    scope = _place(tx, wish.property, wish.lock)
    if wish.act is Act.UNLOCK and wish.lock is None:
        raise Rejected("one door at a time is unlocked; name a lock")
    if wish.act is Act.LOCK_DOWN and scope.doors and {door.id for door in scope.doors} <= emergencies.down(tx):
        raise Rejected(f"{scope.where} is locked down already")
    return scope


def _place(tx: Tx, property_: PropertyId | None, lock: LockId | None) -> Scope:
    if lock is not None:
        door = doors.door(tx, lock)
        if door is None:
            raise Rejected(f"there is no lock called “{lock}”")
        return Scope(door.property, door.name, f"lock:{lock}", (door,))
    place = None if property_ is None else house.property_with(tx, property_)
    if place is None:
        raise Rejected(f"there is no property called “{property_}”")
    known = tuple(door for door in doors.doors(tx) if door.property == place.id)
    if not known:
        raise Rejected(f"{place.name} has no locks")
    return Scope(place.id, place.name, f"property:{place.id}", known)
