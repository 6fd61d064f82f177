"""Everything that leaves: promises made in a transaction and kept by hub/outbox.py, at least once.

A promised effect holds ids, never digits or addresses: what is needed is asked of the store at the moment of performing. What
a service is handed then (`SendEmail`, `SetDoorCode` and the like) is never promised and never stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from hub.model.diary import Entry
from hub.model.money import Money
from hub.model.price_lines import PriceLine
from hub.model.publishing import Block
from hub.model.values import ChannelId, Part, PassId, PersonId, PropertyId, StayId, StayStatus, UnitId


@dataclass(frozen=True, slots=True)
class TellChannel:
    """Tell a source what became of a stay of its own, e.g. that its code is proven in every lock."""

    channel: ChannelId
    stay: StayId
    reference: str
    """The source's own word for the stay, so that the performer needs no store."""
    what: str
    """`code_ready`: proven in every lock."""


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell one person of an alert. If it is over before it could be told, nobody is told."""

    person: PersonId
    way: str
    """`email` | `sms`"""
    alert: str
    """Empty: a test message."""
    what: str
    """`raised` | `concerned` | `escalated` | `reminder` | `over` | `test`"""


@dataclass(frozen=True, slots=True)
class TellBookings:
    """Tell one person what became of bookings, as it stands in a batch of news (hub/store/booking_news.py)."""

    person: PersonId
    way: str
    """`email` | `sms`"""
    property: PropertyId
    batch: str


@dataclass(frozen=True, slots=True)
class TellPass:
    """Tell one person the code of a pass, or that it is off, if that is so when this is performed."""

    person: PersonId
    way: str
    """`email` | `sms`"""
    pass_: PassId
    what: str
    """`code` | `code_changed` | `code_ended` | `hours_off`"""


@dataclass(frozen=True, slots=True)
class GiveDoorCode:
    """Let the account that a stay was told by show the code its guest is told, or none any more."""

    channel: ChannelId
    stay: StayId
    grants: str
    """Whose digits are meant, with spaces between; empty: nobody's. What is true when it is performed counts."""


@dataclass(frozen=True, slots=True)
class PushStay:
    """Let an account know of a booking that was made here, as it is when this is performed."""

    channel: ChannelId
    stay: StayId


@dataclass(frozen=True, slots=True)
class WriteToGuest:
    """Hand a person's words to the account that a stay was told by, for its guest."""

    channel: ChannelId
    stay: StayId
    message: str
    """Which one. Its words are kept sealed elsewhere."""


# ---- what a service is handed --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetDoorCode:
    """Of a booking in an account: put this where guests' door codes belong, in place of what was there."""

    booking: str
    """The account's own id of it."""
    code: str = field(repr=False)
    """Empty: no code any more."""


OURS: Final = "GH-"
"""How the key of a booking of ours begins, at whichever account."""


@dataclass(frozen=True, slots=True)
class KeepBooking:
    """Make a booking in an account, or make it what it is by now. Done twice, there is one booking all the same.

    The account's id of it is told as a fact (`BookingKept`) as soon as it is known.
    """

    stay: StayId
    key: str
    """Ours, by which it is found again: no other booking of the account has it."""
    booking: str
    """The account's own id, as far as it is known."""
    listing: str
    arrival: date
    departure: date
    status: StayStatus
    dry: bool
    """In rehearsal: nothing is sent, everything else happens."""
    guest: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    note: str = field(repr=False)
    reference: str = field(repr=False)
    guests: int | None
    adults: int | None
    children: int | None
    infants: int | None
    pets: int | None
    total: Money | None
    special_requests: str = field(default="", repr=False)
    company: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    lines: tuple[PriceLine, ...] = field(default=(), repr=False)
    """What the total is made of."""
    parts: tuple[tuple[Part, str], ...] = ()
    """A digest of each part as it is here; it comes back with the part that the account took."""
    told: frozenset[Part] = frozenset()
    """What the account is known to have as it is."""
    outdated: frozenset[Part] = frozenset()
    """What it is known to have as it was."""
    revives: bool = False
    """It may be brought back where it is cancelled there: we had it cancelled, or a person wants it back."""


@dataclass(frozen=True, slots=True)
class MessageGuest:
    """Write to the guest of a booking through the account's own messages, which reach them where they booked."""

    booking: str
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    """Where the way has one, as e-mail does."""


@dataclass(frozen=True, slots=True)
class SendEmail:
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SendSms:
    to: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublishNights:
    """Bring a platform to what is taken here. What that is, is looked up at the moment of performing: it is never late news."""

    channel: ChannelId
    unit: UnitId
    anew: str = ""
    """A person asked for it, by that word: whatever the platform took before may be gone there."""


@dataclass(frozen=True, slots=True)
class SetNights:
    """What a platform is handed then. Whoever performs it returns when the platform has said that it took all of it."""

    channel: ChannelId
    unit: UnitId
    listing: str
    """The account's own word for the unit; the unit's id where the channel is that unit's alone."""
    version: int
    """It only grows."""
    taken: tuple[Block, ...]
    """All that is taken from today on, but what the platform told us itself."""
    freed: tuple[tuple[date, date], ...]
    """Nights that it was handed before and that are free again: runs of the first and the day after the last."""
    calendar: bytes = field(repr=False)
    """The same as `taken`, as a file."""
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    """For a calendar that the people of the house keep: what goes on there, with names and hours."""
    theirs: frozenset[date] = frozenset()
    """Nights that people closed there themselves: they are not opened, whatever we closed besides."""
    anew: str = ""
    """As in PublishNights: with a word that was not heard before, all of `taken` is sent, also what was taken already."""


Promised = TellChannel | Notify | TellBookings | TellPass | PublishNights | GiveDoorCode | PushStay | WriteToGuest
Effect = Promised | SendEmail | SendSms | SetNights | SetDoorCode | KeepBooking | MessageGuest
