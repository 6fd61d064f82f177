"""When a guest is told that a lock-down keeps their code from opening a door, and when that it opens again.

What they were told is compared with what is so, door by door: two lock-downs of one door are one word, and one that was over
before it had stood for a minute is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.model.slots import SLEW

SETTLE: Final = timedelta(minutes=1)
"""So long a door has to stand as it does: what somebody pressed by mistake and took back at once concerns no guest."""
COMES: Final = timedelta(days=1)
"""Who comes within this is told as well."""
LOOK: Final = timedelta(minutes=15)
"""How soon somebody is told who books or comes while a lock-down lasts, or whose code has been long in coming back."""


class Word(Enum):
    CLOSED = "closed"
    OPEN = "open"
    """Their code opens it again."""


@dataclass(frozen=True, slots=True)
class DoorOfGuest:
    told: bool
    """They were told that it does not open."""
    shut_since: datetime | None
    """By a lock-down of which guests are told."""
    down: bool
    """By any."""
    released_at: datetime | None
    """The latest release, where that is not long ago."""
    opens: bool
    """Their code is known to open it, or is not to open it yet."""


def word(door: DoorOfGuest, now: datetime) -> Word | datetime | None:
    """What to tell now, or when something may be to tell; None: nothing, as long as nothing else happens."""
    if not door.told:
        return None if door.shut_since is None else settles(door.shut_since, now) or Word.CLOSED
    if door.down:
        return None
    if door.released_at is not None and (at := settles(door.released_at, now)) is not None:
        return at
    return Word.OPEN if door.opens else now + _wait(door.released_at, now)


def settles(since: datetime, now: datetime) -> datetime | None:
    """When it has stood long enough; None: it has. Where the clock was set back, nobody knows how long ago it was: it has."""
    due = since + SETTLE
    return due if now < due and since <= now + SLEW else None


def _wait(released_at: datetime | None, now: datetime) -> timedelta:
    """A lock that is back takes seconds, and one that is dead, days."""
    return LOOK if released_at is None else min(max((now - released_at) / 4, SETTLE), LOOK)
