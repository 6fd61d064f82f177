"""Where the bolt of a door stands that somebody tried to move in an emergency, and whether the hub locks it late.

Nothing here unlocks: a bolt that moves late may lock, never open (ADR 0027).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.model.slots import SLEW
from hub.model.values import How, Position

UNDER_WAY: Final = timedelta(seconds=15)
"""So long a command may still be heard; it has a deadline of 10 s (hub/unlock.py)."""
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
_DOUBLED: Final = 6


class Outcome(Enum):
    """What became of a command to a bolt."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried at one door."""

    at: datetime
    """When its outcome was known, or, before the first, when it was wanted."""
    outcome: Outcome | None = None
    """None: it was not tried, or is under way, or the hub was stopped meanwhile."""
    tries: int = 0
    sentence: str = ""

    def under_way(self, now: datetime) -> bool:
        """Whether a command may still be heard whose outcome nobody knows."""
        return self.outcome is None and now < self.at + UNDER_WAY and not _is_ahead(self.at, now)


@dataclass(frozen=True, slots=True)
class BoltNow:
    """What is known of the lock, whoever told it."""

    can_move: bool
    """From here: its driver has met it, and it has a bolt."""
    silent: bool
    heard_at: datetime | None
    position: Position = Position.UNKNOWN
    position_at: datetime | None = None
    how: How = How.UNKNOWN


class Bolt(Enum):
    """How a door of a lock-down stands."""

    LOCKED = "locked"
    OPEN = "open"
    """The lock said so since: unlocked or jammed."""
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    """Nobody knows: the lock has not answered."""
    BY_HAND = "by_hand"
    """Nothing here can move it, and it has not told where it stands."""
    UNDER_WAY = "under_way"


def bolt(since: datetime, tried: Attempt, lock: BoltNow, now: datetime) -> Bolt:
    """What the lock told after the command counts, then the command's outcome, then what it told since the lock-down.

    Where the clock was set back since the command, nobody knows whether what the lock told came after it: that a door is open
    is believed then, and that it is locked only of a command that was done.
    """
    told = lock.position_at if lock.position is not Position.UNKNOWN else None
    stands = Bolt.LOCKED if lock.position is Position.LOCKED else Bolt.OPEN
    if tried.outcome is Outcome.DONE:
        unsure = told is not None and _is_ahead(tried.at, now) and not _is_ahead(told, now)
        return stands if told is not None and (told >= tried.at or unsure) else Bolt.LOCKED
    if told is not None and told >= min(since, tried.at):
        return stands
    if not lock.can_move:
        return Bolt.BY_HAND
    if tried.outcome is Outcome.REFUSED:
        return Bolt.REFUSED
    return Bolt.UNDER_WAY if tried.under_way(now) else Bolt.UNANSWERED


def _is_ahead(at: datetime, now: datetime) -> bool:
    """Whether the clock was set back since."""
    return at > now + SLEW


def lock_at(since: datetime, tried: Attempt, lock: BoltNow, now: datetime) -> datetime | None:
    """From when on its bolt may be told once more to lock; None: not before the lock or a person does something.

    A lock that answered, or whose bolt somebody moved since, is left as it is: whoever is inside may leave, and what a jammed
    bolt needs is a person.
    """
    where = bolt(since, tried, lock, now)
    nobody_moved = where is Bolt.OPEN and lock.position is Position.UNLOCKED and lock.how is How.UNKNOWN
    unanswered = where is Bolt.UNANSWERED or (nobody_moved and tried.outcome in (None, Outcome.UNKNOWN))
    if not unanswered or not lock.can_move or lock.silent:
        return None
    if _is_ahead(tried.at, now):
        return now  # nobody knows how long ago that was: asked once more, it is known again
    if lock.heard_at is None or lock.heard_at <= tried.at:
        return None  # there was no sign of life since it did not answer
    return tried.at + _wait(tried.tries)


def _wait(tries: int) -> timedelta:
    return UNDER_WAY if tries == 0 else min(_FIRST_WAIT * 2 ** min(tries - 1, _DOUBLED), _LONGEST_WAIT)
