"""The deadline ladder of one stay as its page and page Today show it: where it stands, in words, and each step with its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.ladder import OnLadder
from hub.model.ladder import Backup, DoorNow, Rung, Tell, deadlines
from web.ground import Ground
from web.words import Local, Moment


@dataclass(frozen=True, slots=True)
class Step:
    what: str
    """`first` | `switch` | `call` | `check_in`, or `comes` where guests may come before"""
    at: Moment
    mark: str
    """`done` | `missed` | `here` (what comes next) | `ahead`"""


@dataclass(frozen=True, slots=True)
class LadderView:
    rung: str
    tone: str
    waits: bool
    """Codes wait in the lock; else they go in shortly before check-in."""
    doors: tuple[str, ...]
    """Those that stand on this rung."""
    steps: tuple[Step, ...]
    goes_in: Moment
    """When their codes may open."""
    works_from: Moment
    """When every door's may."""
    told: bool
    """The guest may be told the digits."""
    why_not: str
    told_from: Moment | None
    backup_ready: bool
    """A person may pull one."""
    pulled: tuple[str, ...]
    """Doors with a backup code for this stay."""


_TONES: Final = {
    Rung.PROVEN: "ok",
    Rung.EARLY: "quiet",
    Rung.EXPECTED: "info",
    Rung.LATE: "warn",
    Rung.SWITCHED: "warn",
    Rung.MISSING: "bad",
}


def ladder_view(ground: Ground, where: OnLadder) -> LadderView:
    stairs, local = where.stairs, ground.local_of(where.stairs.stay.unit_id)
    on_it = [door for door, standing in where.doors if standing.rung is where.rung]
    gate, pulled = where.gate, [door for door in stairs.doors if door.backup in (Backup.PULLED, Backup.FAILED)]
    return LadderView(
        rung=where.rung.value,
        tone=_TONES[where.rung],
        waits=on_it[0].waits,
        doors=tuple(ground.door_name(door.lock) for door in on_it),
        steps=_steps(where, on_it[0], local, ground.now),
        goes_in=local.moment(on_it[0].hours.works_from),
        works_from=local.moment(where.works_from),
        told=isinstance(gate, Tell),
        why_not="" if isinstance(gate, Tell) else gate.why,
        told_from=None if isinstance(gate, Tell) else local.maybe(gate.until),
        backup_ready=any(door.backup is Backup.READY for door in stairs.doors),
        pulled=tuple(ground.door_name(door.lock) for door in pulled),
    )


_STANDS: Final = {Rung.LATE: "first", Rung.SWITCHED: "switch", Rung.MISSING: "call"}
"""Which step was the last that went otherwise, on this rung."""
_SETTLED: Final = (Rung.PROVEN, Rung.SWITCHED)
"""Nothing but the guest is to come."""


def _steps(where: OnLadder, door: DoorNow, local: Local, now: datetime) -> tuple[Step, ...]:
    due = deadlines(door)
    comes_at = door.hours.comes_at
    last = "check_in" if comes_at == where.stairs.stay.check_in else "comes"
    edges = (("first", due.warn), ("switch", due.switch), ("call", due.call), (last, comes_at))
    to_come = edges[-1:] if where.rung in _SETTLED else edges
    coming = next((what for what, at in to_come if now < at), "")
    marks = []
    for what, at in edges:
        mark = "missed" if what == _STANDS.get(where.rung) and at <= now else "done" if at <= now else "ahead"
        marks.append(Step(what, local.moment(at), "here" if what == coming else mark))
    return tuple(marks)
