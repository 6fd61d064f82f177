"""The words for what should be in a keypad and what we believe is in it; what they lead to is in hub/model/codes.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from hub.model.facts import Abilities
from hub.model.hours import UNHEARD_OF, UNTOLD, Hours
from hub.model.values import CodeTag, GrantId, Proof, Purpose, Window

SHORTEST: Final = 4
LONGEST: Final = 10
"""How many digits a code of ours has."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to open one lock with one PIN for one window; lead time is inside the window.

    A change of the window keeps the grant; a new PIN is a new grant.
    """

    id: GrantId
    tag: CodeTag
    digits: int
    """How many digits the PIN has."""
    window: Window
    revoked: bool = False
    refused: bool = False
    """The lock refused these digits: they wait for a person or for a new PIN."""
    suspended: bool = False
    """Off while its door is locked down: out of the lock, and back when that is released."""
    purpose: Purpose = Purpose.GUEST
    """Whose code it is decides who goes without where there are too few slots."""


class Reading(Enum):
    """What the lock, as far as we know, has in a slot."""

    EMPTY = "empty"
    OCCUPIED = "occupied"
    UNKNOWN = "unknown"


class Claim(Enum):
    """What we set out to do to a slot and have not yet seen done."""

    WRITING = "writing"
    HOLDING = "holding"
    """Writing a code that opens nothing yet."""
    ENABLING = "enabling"
    CLEARING = "clearing"


@dataclass(frozen=True, slots=True)
class Slot:
    """What we believe about one numbered place in one keypad."""

    number: int
    holder: GrantId | None = None
    """The grant whose code we wrote here or are about to write; never beside EMPTY, unless claimed."""
    reading: Reading = Reading.UNKNOWN
    tag: CodeTag | None = None
    """Of what we last wrote here, or of what the lock told. Beside EMPTY: the place is kept for that code."""
    enabled: bool = True
    claim: Claim | None = None
    proof: Proof = Proof.NONE
    proven_at: datetime | None = None
    """When the lock last said what `reading` says."""
    failures: int = 0
    """Since the slot was last found as it should be."""
    retry_at: datetime | None = None
    written_at: datetime | None = None
    """When the lock last took what we told it: a code, or to clear one."""
    hours: Hours = UNTOLD
    """Of whatever code is in this place: a lock may keep them longer than the code."""
    unheard: int = 0
    """Of an empty one: how often it was asked in vain since the lock answered. That says nothing of the slot."""

    @classmethod
    def unknown(cls, number: int) -> Slot:
        return cls(number, hours=UNHEARD_OF)

    @property
    def took_orders(self) -> bool:
        """The lock acknowledged our last command, and has not yet been asked whether it obeyed."""
        return self.claim is not None and self.reading is Reading.UNKNOWN and self.proof is not Proof.NONE


@dataclass(frozen=True, slots=True)
class Limits:
    """What a lock's keypad can take, and whether it tells digits when asked."""

    slots: int
    min_digits: int = 4
    max_digits: int = 10
    reads_codes: bool = False
    schedules: bool = False
    """It can confine a code to a window of time."""
    holds: bool = False
    """It can keep a code that opens nothing until it is enabled."""
    hours_first: bool = False
    """It takes hours before their code, and keeps them when the code comes."""

    @classmethod
    def of(cls, abilities: Abilities) -> Limits:
        """One that says of itself that it takes no code of ours is not believed: its own refusals will tell."""
        able = abilities
        sound = max(able.min_digits, SHORTEST) <= min(able.max_digits, LONGEST)
        return cls(
            able.slots,
            able.min_digits if sound else SHORTEST,
            able.max_digits if sound else LONGEST,
            able.reads_codes,
            able.schedules,
            able.holds_disabled,
            able.schedules and able.hours_first,
        )

    @property
    def keeps_waiting(self) -> bool:
        """Whether a code can be in it before its window begins, and open nothing."""
        return self.holds or self.hours_first

    def take(self, digits: int) -> bool:
        return self.min_digits <= digits <= self.max_digits


@dataclass(frozen=True, slots=True)
class Policy:
    """How the hub treats one lock. The times are of the clock that `now` comes from."""

    managed_from: int = 1
    managed_to: int = 30
    """The slots that the hub may use, both included; in the others it only minds what it was given (hub/model/tours.py)."""
    fresh: timedelta = timedelta(minutes=30)
    """How long to rely on what a lock said before overwriting or clearing a slot; people press keys at keypads too."""
    verify_every: timedelta | None = timedelta(days=1)
    """How often to ask whether an occupied slot still is as it was."""
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(minutes=15)
    ahead: timedelta = timedelta(hours=72)
    """How long before its window a code is put into a lock that keeps it shut until then."""
    tries: int = 6
    """Writes that a slot may lose before its code moves on to one that lost fewer."""
    look_only: bool = False
    """Ask, but change nothing: the clock is not trusted, or a restored hub waits for a person."""
    down: bool = False
    """Its door is locked down."""
    tour_step: timedelta = timedelta(minutes=15)
    """From one question to the next about places that are not managed (hub/model/tours.py)."""
    salt: int = 0
    """Another number for each lock, so that no two do the same in step."""


SLEW: Final = timedelta(seconds=10)
"""A clock may be set back by this much and still be trusted (hub/io/clock.py): what was seen "later" was seen just now."""
PLACES: Final = 3
"""A code that was lost in so many slots was not lost because of the slot."""


@dataclass(frozen=True, slots=True)
class Ask:
    slot: int


@dataclass(frozen=True, slots=True)
class Clear:
    slot: int


@dataclass(frozen=True, slots=True)
class Write:
    slot: int
    grant: GrantId
    enabled: bool = True
    """False: it opens nothing until it is enabled."""
    confined: bool = False
    """The lock was told its hours before, and keeps them when the code comes."""


@dataclass(frozen=True, slots=True)
class Enable:
    """Let a code that was written before its time open the door."""

    slot: int
    grant: GrantId


@dataclass(frozen=True, slots=True)
class Schedule:
    """Have the lock itself confine a code to its window."""

    slot: int
    grant: GrantId
    window: Window | None
    """None: lift what confines it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before `until`, unless something happens; None: time alone changes nothing."""

    until: datetime | None


Step = Ask | Clear | Write | Enable | Schedule | Rest


class CodeState(Enum):
    """What a person is told about a code."""

    WANTED = "wanted"
    WRITING = "writing"
    HELD = "held"
    """In the lock ahead of its time: it opens nothing before."""
    SET = "set"
    CLEARING = "clearing"
    REFUSED = "refused"
    LOCKED_DOWN = "locked_down"
    """Off and out of the lock, until the lock-down of its door is released."""
    FOREIGN = "foreign"


def wanted_in(grant: Grant, policy: Policy, limits: Limits, now: datetime) -> bool:
    """Whether its code should be in the lock now, to open or to wait there."""
    if grant.revoked or grant.suspended or grant.window.over(now):
        return False
    return grant.window.start <= now or (limits.keeps_waiting and grant.window.start - now <= policy.ahead)
