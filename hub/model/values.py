"""Identifiers and small values that every room uses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, NewType

PropertyId = NewType("PropertyId", str)
UnitId = NewType("UnitId", str)
LockId = NewType("LockId", str)
"""The house's name of a lock, e.g. `front`."""
Address = NewType("Address", str)
"""A driver's name of a lock, e.g. the Z-Wave node `3`. The hub alone knows which LockId it is (hub/plugins.py)."""
ChannelId = NewType("ChannelId", str)
StayId = NewType("StayId", str)
GrantId = NewType("GrantId", str)
PersonId = NewType("PersonId", str)
PassId = NewType("PassId", str)
CodeTag = NewType("CodeTag", str)
"""Keyed hash of a PIN (hub.io.vault): equal PINs have equal tags, and the tag tells nobody the PIN."""

_DIGITS = re.compile(r"[0-9]{4,10}")


class Pin:
    """Keypad digits as text, 4 to 10 of them; leading zeros count. `repr`, `str` and `format` never show them.

    Raises:
        ValueError: not 4 to 10 ASCII digits. The message does not repeat the digits.
    """

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        if not _DIGITS.fullmatch(digits):
            raise ValueError("a PIN is 4 to 10 digits")
        self._digits = digits

    def reveal(self) -> str:
        """The digits, for the two places where they must leave: the radio and the person entitled to them."""
        return self._digits

    def __len__(self) -> int:
        return len(self._digits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pin) and self._digits == other._digits

    def __hash__(self) -> int:
        return hash(self._digits)

    def __repr__(self) -> str:
        return "Pin(****)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Pin is not written down; seal it")


class Secret:
    """Text that never shows itself: tokens, passwords, feed addresses that are themselves a key."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(****)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not written down; seal it")


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open [start, end) in UTC; `end` None means until somebody ends it."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        for instant in (self.start, self.end):
            if instant is not None and instant.utcoffset() is None:
                raise ValueError("a window is made of aware instants")
        if self.end is not None and self.end <= self.start:
            raise ValueError("a window ends after it starts")

    def __contains__(self, now: datetime) -> bool:
        return self.start <= now and not self.over(now)

    def over(self, now: datetime) -> bool:
        return self.end is not None and self.end <= now


@dataclass(frozen=True, slots=True)
class Weekly:
    """The same hours every week, in UTC; whoever means local time says it anew when the clocks change."""

    day: int
    """0 is Monday."""
    start: timedelta
    """Since midnight."""
    length: timedelta

    def __post_init__(self) -> None:
        if not 0 <= self.day <= 6:
            raise ValueError("a week has the days 0 to 6")
        if not timedelta() <= self.start < timedelta(days=1):
            raise ValueError("a day's hours begin within the day")
        if not timedelta() < self.length <= timedelta(days=1):
            raise ValueError("a day's hours last a day at most")


class Position(Enum):
    """Where a bolt is, as far as anybody knows."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


class How(Enum):
    """By what means a bolt moved."""

    KEYPAD = "keypad"
    MANUAL = "manual"
    """Thumb-turn or key: nobody's name belongs to it."""
    REMOTE = "remote"
    AUTO = "auto"
    UNKNOWN = "unknown"


class StayKind(Enum):
    RESERVATION = "reservation"
    OWNER = "owner"
    """The owner's own: they get codes as guests do, and are nobody's guest."""
    BLOCK = "block"
    """Nobody may stay; never gets codes."""
    UNKNOWN = "unknown"
    """The channel does not say which (Booking.com's closures): blocks the dates and asks a person."""


CODED: Final = frozenset({StayKind.RESERVATION, StayKind.OWNER})
"""The kinds of stays in which somebody comes, with a code."""


class StayStatus(Enum):
    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"
    UNUSABLE = "unusable"
    """Kept and shown with the reason, never acted on."""


class Part(Enum):
    """Of a booking of ours, what an account may know and not know; the words are those of pages."""

    UNIT = "unit"
    DAYS = "days"
    STATUS = "status"
    PARTY = "party"
    GUEST = "guest"
    NOTES = "notes"
    PRICE = "price"


NIGHTLY: Final = (Part.UNIT, Part.DAYS, Part.STATUS)
"""On these hangs whether the booking's nights can be sold there once more."""


class Purpose(Enum):
    """Why a code was issued."""

    GUEST = "guest"
    """A stay's own code."""
    HAND = "hand"
    """For somebody at the door, given by a person here until a named time; adopted codes too."""
    STAFF = "staff"
    """Somebody who comes again: staff, cleaners, vendors, managers."""
    BACKUP = "backup"
    """In the lock before anybody needs it, shown to nobody until a stay's own code fails."""
    EMERGENCY = "emergency"


class Proof(Enum):
    """How sure we are that a slot holds what we wrote, best first."""

    READ_BACK = "read_back"
    """The lock reported the same digits."""
    CONFIRMED = "confirmed"
    """The lock says the slot is set (masked digits) and reported the programming of it; or, of an adopted code, a person says
    which digits they are."""
    ACKNOWLEDGED = "acknowledged"
    """The lock received the command; nothing says that it obeyed."""
    NONE = "none"


def utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: the instant has no zone; guessing one opens doors at the wrong hour.
    """
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC)


def clean_lines(text: str, *, limit: int) -> str:
    """As `clean`, line by line: the lines stay as they are, with one empty line between them at most."""
    lines = [clean(line, limit=limit) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:limit]


BESIDES: Final = {"special_requests": 2000, "company": 120, "purpose": 60, "country": 60}
"""What guests tell besides when they book, and the most characters of each."""


def told_besides(name: str, text: str) -> str:
    """Of `BESIDES`, normalised. What somebody asks for keeps its lines."""
    limit = BESIDES[name]
    return clean_lines(text, limit=limit) if name == "special_requests" else clean(text, limit=limit)


def clean(text: str, *, limit: int = 500) -> str:
    """Text from outside, normalised: NFC, no control characters, white space folded, at most `limit` characters."""
    folded = " ".join(unicodedata.normalize("NFC", text).split())
    if folded.isprintable():  # the quick way for nearly all text: no printable character is of those categories
        return folded[:limit]
    return "".join(ch for ch in folded if unicodedata.category(ch) not in {"Cc", "Cf", "Cs", "Co"})[:limit]
