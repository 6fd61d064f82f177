"""Everything that enters: what the outside world told us. In the past tense, and never edited after it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum

from hub.model.money import Money
from hub.model.price_lines import PriceLine
from hub.model.values import Address, ChannelId, How, Part, Pin, Position, StayId, StayKind, StayStatus

# ---- from booking sources ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StayReport:
    """One booking or block as a source describes it. Dates are local to the property, `departure` is the day of leaving."""

    uid: str
    """The source's identity of it; stable as far as that source keeps its promises."""
    kind: StayKind
    status: StayStatus
    arrival: date | None
    departure: date | None
    """None only with UNUSABLE."""
    check_in: datetime | None = None
    check_out: datetime | None = None
    """UTC instants, only where the source itself gives a time of day; else the property's house rules decide."""
    hour_in: time | None = None
    hour_out: time | None = None
    """The same where the source names the hour by the clocks of the house."""
    guest: str = ""
    reference: str = ""
    """The reservation code the guest knows, e.g. HMABCD1234."""
    phone_last4: str = ""
    phone: str = ""
    email: str = ""
    guests: int | None = None
    note: str = ""
    """For UNUSABLE why it is; else anything the operator should see."""
    raw: str = ""
    """As received, so that nothing is lost that we did not understand. May hold contact data: sealed in the store."""
    listing: str = ""
    """The source's own word for the unit, where one channel tells of several; the house says which unit that is."""
    platform: str = ""
    """Where it was sold, where the source is a manager of other channels, e.g. `airbnb`."""
    source_status: str = ""
    """The source's own word, known to us or not."""
    inside: bool | None = None
    """The source says that the guest has checked in; False: has checked out. None: it says nothing of it."""
    changed_at: datetime | None = None
    """When the source says that it last changed, UTC: older word never undoes newer."""
    total: Money | None = None
    """What the guest pays in all."""
    lines: tuple[PriceLine, ...] = ()
    """What that is made of, as far as the source itemises it."""
    adults: int | None = None
    children: int | None = None
    infants: int | None = None
    pets: int | None = None
    special_requests: str = ""
    """What the guest asked for when booking."""
    company: str = ""
    purpose: str = ""
    country: str = ""
    email_is_proxy: bool = False
    """A platform's address that passes mail on, and may stop to."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source lets, as it names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """A source's complete list of what it knows. Only this can make a missing stay suspicious."""

    channel: ChannelId
    at: datetime
    stays: tuple[StayReport, ...]
    unchanged: bool = False
    """True for 304 or the same bytes again: the source was reached and says what it said last time."""
    complete: bool = True
    """False: what changed since it was last asked; says nothing about what it does not list."""
    listings: tuple[Listing, ...] = ()
    """Of a complete one: all that the source lets, where it tells."""


@dataclass(frozen=True, slots=True)
class NewsAnnounced:
    """A source says that something is new. What it says of it is not believed: it is asked at once, and that counts."""

    channel: ChannelId
    at: datetime


@dataclass(frozen=True, slots=True)
class CalendarFailed:
    """A source could not be read or understood; what it said last stands."""

    channel: ChannelId
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class StayReported:
    """A source told of one stay, new or changed; says nothing about others. `status` CANCELLED is an explicit cancellation."""

    channel: ChannelId
    at: datetime
    stay: StayReport


@dataclass(frozen=True, slots=True)
class GuestMoved:
    """A source says that the guest has arrived or left."""

    channel: ChannelId
    at: datetime
    uid: str
    arrived: bool
    """False: has left."""


@dataclass(frozen=True, slots=True)
class EventRead:
    """All that one event of a calendar stands for now; what it stood for before and does not any more is taken back.

    It says nothing about other events. Without `stays` a person has deleted it.
    """

    channel: ChannelId
    at: datetime
    uid: str
    """Of the event; each stay of a repeating one is told as `UID/when`."""
    stays: tuple[StayReport, ...]


@dataclass(frozen=True, slots=True)
class NightsTold:
    """All nights between two days that people closed in a source's calendar of one listing, as that calendar has them.

    What it closed before and does not any more is open again. Nights that our own word closed there may be among them.
    """

    channel: ChannelId
    at: datetime
    listing: str
    first: date
    until: date
    """The day after the last night that it tells of."""
    blocked: frozenset[date]
    owners: frozenset[date] = frozenset()
    """The owner sleeps there."""


@dataclass(frozen=True, slots=True)
class NightsUntold:
    """The calendar of one listing could not be read; what it said last stands."""

    channel: ChannelId
    at: datetime
    listing: str
    why: str


@dataclass(frozen=True, slots=True)
class EntryTouched:
    """Somebody changed or deleted, in a calendar that we write, what we wrote there. It is not obeyed, but put right."""

    channel: ChannelId
    at: datetime
    entry: str
    """As hub/model/diary.py names it."""
    deleted: bool


# ---- from locks ----------------------------------------------------------------------------------------------------


class CodeChange(Enum):
    """What a lock told about its own keypad memory without being asked."""

    ADDED = "added"
    DELETED = "deleted"
    ALL_DELETED = "all_deleted"
    DUPLICATE = "duplicate"
    """Refused: another slot of this lock holds the same digits."""


class Trouble(Enum):
    JAMMED = "jammed"
    TAMPER = "tamper"
    WRONG_CODES = "wrong_codes"
    """Too many wrong codes at the keypad."""
    KEYPAD_OFF = "keypad_off"
    BATTERY_LOW = "battery_low"
    BATTERY_CRITICAL = "battery_critical"


class Mode(Enum):
    """What a lock's keypad lets in, whatever the codes in it. Something at the lock, or somebody there, chose it."""

    NORMAL = "normal"
    VACATION = "vacation"
    """No code opens; a lock in this mode takes codes and reads them back as ever."""
    PRIVACY = "privacy"
    """Nothing opens from outside: somebody inside does not want to be disturbed."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a lock turned out to be able to do, as plain data for the store and the pages."""

    model: str
    firmware: str = ""
    slots: int = 0
    """Number of code slots; 0: no keypad."""
    min_digits: int = 4
    max_digits: int = 10
    reads_codes: bool = False
    secure: str = ""
    """`` for none, else the security class in use, `S2 Access Control` or `S0`; `S2 without a key`: it is not spoken to."""
    schedules: bool = False
    """The lock itself can confine a code to a window of time."""
    holds_disabled: bool = False
    """It can keep a code that opens nothing until it is enabled."""
    hours_first: bool = False
    """It takes the hours of a slot before there is a code, and keeps them when the code comes."""

    @property
    def over_s0(self) -> bool:
        """Whether it is spoken to under S0, whose key anybody could pick up who listened when a device was added."""
        return self.secure == "S0"


@dataclass(frozen=True, slots=True)
class LockFound:
    """A driver met a lock, or met it again knowing more. `replaced`: other hardware or a reset one at the same address."""

    lock: Address
    at: datetime
    abilities: Abilities
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class LockHeard:
    """Any sign of life."""

    lock: Address
    at: datetime


@dataclass(frozen=True, slots=True)
class LockSilent:
    """The driver gave up hearing from a lock, for now."""

    lock: Address
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class BoltMoved:
    lock: Address
    at: datetime
    position: Position
    how: How = How.UNKNOWN
    slot: int | None = None
    """The keypad slot whose code was used; only with How.KEYPAD."""


@dataclass(frozen=True, slots=True)
class BatteryRead:
    lock: Address
    at: datetime
    percent: int | None
    """0 to 100; None: it gives no figure, it warns that they are too low to work."""
    low: bool = False
    """The lock itself says that it is low, whatever the figure."""


@dataclass(frozen=True, slots=True)
class CodesChanged:
    lock: Address
    at: datetime
    change: CodeChange
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class TroubleSeen:
    lock: Address
    at: datetime
    trouble: Trouble
    note: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One line of a lock's own log."""

    news: BoltMoved | CodesChanged
    timed: bool
    """Whether `at` is when it happened, by a clock of the lock that was found right; else it is when the log was read."""


@dataclass(frozen=True, slots=True)
class LogRead:
    """What a lock wrote down itself after a time in which it may not have been heard. Telling it again does no harm.

    Some of it may have been heard all the same: only kind, slot and time tell.
    """

    lock: Address
    at: datetime
    since: datetime
    """Nothing of it happened before."""
    told: tuple[Remembered, ...]
    """In the order in which it was written."""


@dataclass(frozen=True, slots=True)
class ModeTold:
    """In which mode a lock is. Telling it again does no harm."""

    lock: Address
    at: datetime
    mode: Mode


# ---- from radios ---------------------------------------------------------------------------------------------------


class Alarm(Enum):
    """What goes wrong with a radio network or with one of its devices, whether or not the house has a lock there."""

    THROWN_OUT = "thrown_out"
    """A device joined, could not be given the encryption that it is capable of, and was taken out again."""
    JAMMED = "jammed"
    """So much noise that nothing else can be heard."""
    DEAD = "dead"
    """A device does not answer any more."""
    STICK_GONE = "stick_gone"
    UNREADABLE = "unreadable"
    """What the driver had kept of the network cannot be read; it lies aside."""

    @property
    def lasts(self) -> bool:
        """Whether it is so until it is told to be over; else it happened, and a person takes note of it."""
        return self is not Alarm.THROWN_OUT


@dataclass(frozen=True, slots=True)
class RadioAlarm:
    """Something is wrong with the radio, or no longer. Telling it again, or that what nobody told is over, does no harm.

    What lasts outlives the driver's process: one that starts and finds all well says so with `over`.
    """

    at: datetime
    alarm: Alarm
    device: str = ""
    """Its address, or what is printed on it if it has none. Empty: the network as a whole."""
    note: str = ""
    """A clause for a person, e.g. `noise of -58 dBm for two minutes`."""
    over: bool = False


@dataclass(frozen=True, slots=True)
class SlotRead:
    """What a lock says is in one slot. `pin` is None when it is empty or the lock does not tell digits (masked)."""

    empty: bool
    pin: Pin | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class BookingKept:
    """An account has a booking of ours. Telling it again does no harm."""

    channel: ChannelId
    at: datetime
    stay: StayId
    booking: str
    """The account's own id of it."""
    dry: bool = False
    """It was rehearsed: the account knows nothing of it."""
    told: tuple[tuple[Part, str], ...] = ()
    """The parts that it has, with the digests that came with the order."""
    lacks: tuple[tuple[Part, str], ...] = ()
    """The parts that it would or could not take, and why."""


StayFact = (
    CalendarRead
    | CalendarFailed
    | StayReported
    | GuestMoved
    | NewsAnnounced
    | EventRead
    | EntryTouched
    | BookingKept
    | NightsTold
    | NightsUntold
)
LockFact = (
    LockFound | LockHeard | LockSilent | BoltMoved | BatteryRead | CodesChanged | TroubleSeen | ModeTold | LogRead
)
Fact = StayFact | LockFact | RadioAlarm
