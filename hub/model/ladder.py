"""The deadline ladder: what must be true of a stay's codes how long before the guest may come in, and what is done where it
is not. That is check-in, or as long before as the house lets guests come early.

Each door stands on a rung of its own, worked out from what is known now; nothing is remembered, so a rung is left again as
soon as it is no longer true, and a stay that was booked late stands on the right one at once.

    a code can wait in the lock     it goes in shortly before check-in
    24 h      proven, else warn     the lock answered lately and has room, else warn
     4 h      the backup code       30 min
     1 h      somebody is called    15 min

A door that no code opens, as it is in vacation mode or jammed, is warned of and called for as if nothing were proven in it.

Facts on peers C.3, point 6, for the hours; the minutes are half and a quarter of the usual lead of 60 minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.model.values import LockId

WARN: Final = timedelta(hours=24)
ENTRY: Final = timedelta(hours=25)
"""From here on a door is looked at: a lock that has said nothing lately is asked before anybody is warned."""
LATELY: Final = timedelta(hours=26)
"""A lock that holds a code is asked for it once a day (hub/model/codes.py); that look may take its time."""
GRACE: Final = timedelta(minutes=2)
"""What a code is given from the moment that it was asked for: a battery lock takes some ten seconds a command, and what is
right two minutes later is no news."""
_APART: Final = timedelta(minutes=5)
"""With a short lead the rungs stand closer to each other, but never on one another."""


class Rung(Enum):
    """How a door stands, and so its stay; the better first."""

    PROVEN = "proven"
    EARLY = "early"
    """Nothing is due: not yet, or not while the door is locked down."""
    EXPECTED = "expected"
    """The code goes in shortly before check-in; the lock answers and has room."""
    LATE = "late"
    """Something is due and not so; there is time to see to it."""
    SWITCHED = "switched"
    """A backup code of this door is the guest's, and proven."""
    MISSING = "missing"
    """Nothing is proven, and the guest is about to come: somebody is called."""


class Own(Enum):
    """What is known of the stay's own code in a door's lock."""

    PROVEN = "proven"
    DOUBTED = "doubted"
    """It was proven, and the lock is being asked again."""
    UNPROVEN = "unproven"
    REFUSED = "refused"
    NOT_DRAWN = "not_drawn"


class Backup(Enum):
    """What a door's lock has besides."""

    NONE = "none"
    READY = "ready"
    """Proven, and nobody's yet."""
    PULLED = "pulled"
    """The stay's, and proven."""
    FAILED = "failed"
    """The stay's, and proven no more. A stay gets one backup code for each door."""


class Act(Enum):
    """What the hub does about it."""

    LOOK = "look"
    """Ask the lock for something: nobody knows whether it answers."""
    PULL = "pull"
    RELEASE = "release"
    """The stay has moved away: a backup code that works already must not wait for it."""
    SHED = "shed"
    """A backup code holds the place that the guest's code needs."""


@dataclass(frozen=True, slots=True)
class DoorHours:
    """Of one stay at one door: what a house says of its codes may differ from lock to lock."""

    comes_at: datetime
    """From here on the guest may come in: check-in, or as long before as the house allows."""
    works_from: datetime
    """The stay's code may open from here on: the lead before that."""
    until: datetime
    """It ends here: at check-out, or as long after as the house allows."""


@dataclass(frozen=True, slots=True)
class DoorNow:
    """One door of one stay, as far as is known."""

    lock: LockId
    hours: DoorHours
    waits: bool
    """A code can wait in the lock before it works."""
    own: Own
    since: datetime
    """When its code was last given time: issued, moved, or found lost for the first time."""
    answered_at: datetime | None = None
    silent: bool = False
    """It did not answer when it was last spoken to."""
    down: bool = False
    """It is locked down: no guest's code is to open it."""
    shut: bool = False
    """No code opens it: its keypad is in vacation mode, or its bolt is jammed."""
    room: bool = True
    """There is a place for the code, or it has one."""
    backup: Backup = Backup.NONE
    shown: bool = False
    """Somebody has seen the digits of the pulled backup code."""
    asked_for: bool = False
    """A person pulled it, whatever the lock says of the stay's own code."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    warn: datetime
    switch: datetime
    call: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    rung: Rung
    act: Act | None = None
    next: datetime | None = None
    """When time alone may change this; None: it will not."""


def deadlines(door: DoorNow) -> Deadlines:
    at = door.hours.comes_at
    if door.waits:
        return Deadlines(at - WARN, at - timedelta(hours=4), at - timedelta(hours=1))
    switch = max(at - timedelta(minutes=30), door.hours.works_from + _APART)
    return Deadlines(at - WARN, switch, max(at - timedelta(minutes=15), switch + _APART))


def stand(door: DoorNow, now: datetime) -> Standing:
    """Where a door of a stay stands, and the one thing to do about it."""
    if door.hours.until <= now or door.down:
        return Standing(Rung.EARLY)
    if _to_release(door, now):
        return Standing(Rung.EARLY, Act.RELEASE)
    if _good(door) and not door.shut:
        return Standing(Rung.PROVEN)
    if door.backup is Backup.PULLED and not door.shut:
        return Standing(Rung.SWITCHED)
    return _unproven(door, now)


def _good(door: DoorNow) -> bool:
    """What a lock that answers is being asked again, a moment after it was proven, is no news either."""
    return door.own is Own.PROVEN or (door.own is Own.DOUBTED and not door.silent)


def _to_release(door: DoorNow, now: datetime) -> bool:
    pulled = door.backup in (Backup.PULLED, Backup.FAILED)
    return pulled and (now < door.hours.comes_at - WARN or (door.shown and now < door.hours.works_from - GRACE))


def _unproven(door: DoorNow, now: datetime) -> Standing:
    due = _in_time(deadlines(door), door.since + GRACE)
    late_from = due.warn if door.waits else max(door.hours.works_from, door.since) + GRACE
    if now >= due.switch and door.backup is Backup.READY and not door.shut:
        return Standing(Rung.MISSING if now >= due.call else Rung.LATE, Act.PULL, _after(now, due.call))
    if now >= due.call:
        return Standing(Rung.MISSING)
    able = not door.shut and (door.waits or _able(door, now))
    late = now >= late_from or (now >= due.warn and not able)
    act = _preparation(door, now)
    silence = None if door.answered_at is None or door.waits else door.answered_at + LATELY
    edges = (door.hours.comes_at - ENTRY, due.warn, late_from, due.switch, due.call, silence)
    if late:
        return Standing(Rung.LATE, act, _after(now, *edges))
    rung = Rung.EXPECTED if now >= due.warn and not door.waits else Rung.EARLY
    return Standing(rung, act, _after(now, *edges))


def _in_time(due: Deadlines, earliest: datetime) -> Deadlines:
    return Deadlines(max(due.warn, earliest), max(due.switch, earliest), max(due.call, earliest))


def _preparation(door: DoorNow, now: datetime) -> Act | None:
    if now < door.hours.comes_at - ENTRY:
        return None
    if not door.room and door.backup is Backup.READY:
        return Act.SHED
    return Act.LOOK if not (door.waits or _answers(door, now) or door.silent) else None


def _answers(door: DoorNow, now: datetime) -> bool:
    return not door.silent and door.answered_at is not None and now - door.answered_at < LATELY


def _able(door: DoorNow, now: datetime) -> bool:
    """Whether a code that goes in later may be expected to."""
    return _answers(door, now) and door.room and door.own is Own.UNPROVEN


def _after(now: datetime, *edges: datetime | None) -> datetime | None:
    return min((edge for edge in edges if edge is not None and edge > now), default=None)


def worst(rungs: Iterable[Rung]) -> Rung | None:
    """Of a stay: as good as its worst door; None: it has no door."""
    order = list(Rung)
    return max(rungs, key=order.index, default=None)


# ---- telling the guest ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """The guest may be told the digits."""

    works_from: datetime
    """At every door."""


@dataclass(frozen=True, slots=True)
class Withhold:
    """Not yet. Whoever would have told the guest tells the host instead."""

    why: str
    """A clause."""
    until: datetime | None = None
    """From then on, if nothing else happens; None: something must happen first."""


def may_tell(doors: Sequence[DoorNow], now: datetime) -> Tell | Withhold:
    """Whether a message may carry a stay's code, or a page show it to the guest (ruling C29).

    Every door's code is proven; or, where codes go in shortly before check-in, it is drawn and the lock answered lately. A
    backup code works from the moment it is pulled: it is told when the stay's own may work there, not before.
    """
    if not doors:
        return Withhold("the stay has no code")
    doors = [door for door in doors if now < door.hours.until]
    if not doors:
        return Withhold("the stay is over")
    withheld = [why for door in doors if (why := _withheld(door, now)) is not None]
    if not withheld:
        return Tell(max(door.hours.works_from for door in doors))
    return max(withheld, key=lambda why: (why.until is None, why.until or now))


def _withheld(door: DoorNow, now: datetime) -> Withhold | None:
    if door.down:
        return Withhold("a door is locked down")
    if takes_backup(door):
        from_ = door.hours.works_from
        return Withhold("a backup code works already", until=from_) if now < from_ else None
    if door.own is Own.PROVEN:
        return None
    if door.waits or now >= door.hours.works_from:
        return Withhold("not every lock has confirmed the code")
    if door.own is not Own.UNPROVEN:
        return Withhold("a lock refuses the code" if door.own is Own.REFUSED else "the code is not drawn yet")
    return None if _able(door, now) else Withhold("a lock has not answered lately, or has no room")


def takes_backup(door: DoorNow) -> bool:
    """Whether the guest is told the backup code for this door, not the stay's own."""
    return door.backup is Backup.PULLED and (door.asked_for or not _good(door))


# ---- backup codes ---------------------------------------------------------------------------------------------------

SPARE: Final = 2
"""Places that backup codes leave free."""


def pool_change(wanted: int, have: int, free: int) -> int:
    """How many backup codes to draw for a lock, or (below zero) to give up.

    Args:
        free: places with nothing in them, less the codes that wait for one; below zero, somebody has no place. Between the
            two nothing changes, so that no code comes and goes with every guest.
    """
    if have > wanted:
        return wanted - have
    return min(wanted - have, max(0, free - SPARE)) if free >= 0 else -min(have, -free)
