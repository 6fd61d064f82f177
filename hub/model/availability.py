"""May a unit be booked for these days, and why not: a pure function of what is taken, the house's rules and the time.

A stay takes the hours from check-in on the day of arrival to check-out on the day of departure, in the zone of the
property, so that one may begin on the day on which another ends. What must lie free between two of them (the buffer)
is asked at each question and kept nowhere: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.model.refunds import MOST_FEE, Steps, steps_in_words
from hub.model.stays import local_instant
from hub.model.workflow import NO_SHOW, SOONEST_NO_SHOW, NoShow

# ---- reasons -------------------------------------------------------------------------------------------------------


class Reason(Enum):
    """Why not, in the order in which they are looked at."""

    DATES = "dates"
    """The departure is not after the arrival."""
    PAST = "past"
    NOTICE = "notice"
    LAG = "lag"
    """A platform that only fetches calendars hears of it so late that it may sell the same nights (ruling H3)."""
    ADVANCE = "advance"
    MIN_STAY = "min_stay"
    MAX_STAY = "max_stay"
    CLOSED_TO_ARRIVAL = "closed_to_arrival"
    CLOSED_TO_DEPARTURE = "closed_to_departure"
    TURNOVER = "turnover"
    BLACKOUT = "blackout"
    MAINTENANCE = "maintenance"
    CAPACITY = "capacity"
    CHILDREN = "children"
    PETS = "pets"
    BOOKED = "booked"
    BLOCKED = "blocked"
    """A channel has closed it, and does not say for whom."""
    HELD = "held"
    BUFFER = "buffer"
    STALE = "stale"
    """A calendar of the unit was not read for so long that somebody may have booked there meanwhile."""

    @property
    def hard(self) -> bool:
        """Nobody may book in spite of it: somebody else has these nights, or there are none."""
        return self in _HARD


_HARD: Final = frozenset({Reason.DATES, Reason.BOOKED, Reason.BLOCKED, Reason.HELD})


@dataclass(frozen=True, slots=True)
class Objection:
    reason: Reason
    sentence: str
    """A clause for people, without the name of any guest."""


# ---- rules ---------------------------------------------------------------------------------------------------------


class Resource(Enum):
    """What is booked. Ruling H10: generic types with the plans' defaults; a place to stay is the main one."""

    PROPERTY = "property"
    CAR = "car"
    YACHT = "yacht"
    JET = "jet"


BUFFERS: Final[Mapping[Resource, timedelta]] = {
    # Requirement R364, ruling C14.
    Resource.PROPERTY: timedelta(hours=12),
    Resource.CAR: timedelta(hours=2),
    Resource.YACHT: timedelta(hours=4),
    Resource.JET: timedelta(hours=6),
}

WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Weekdays = frozenset[int]
"""0 is Monday."""

HOLD_FOR: Final = timedelta(minutes=15)
"""Requirement R367, ruling C15."""


@dataclass(frozen=True, slots=True)
class BookingRules:
    """What holds for one unit."""

    resource: Resource = Resource.PROPERTY
    buffer: timedelta = BUFFERS[Resource.PROPERTY]
    """From one guest's leaving to the next one's coming at least."""
    notice: timedelta = timedelta(0)
    """From booking to check-in at least."""
    advance_days: int = 365
    """How many days ahead an arrival may lie (R381)."""
    min_nights: int = 1
    max_nights: int = 730
    capacity: int | None = None
    """Guests at most; None: as many as like."""
    children: bool = True
    pets: bool = True
    no_arrival: Weekdays = frozenset()
    no_departure: Weekdays = frozenset()
    turnover: Weekdays = frozenset()
    """The only days on which stays begin and end; empty: any day."""
    stale_after: timedelta = timedelta(hours=2)
    """So long after a calendar of the unit was read last, nobody knows what was booked there."""
    no_show: NoShow = NoShow.NOTE
    no_show_after: timedelta = NO_SHOW
    """After check-in."""
    refunds: Steps = ()
    """What is given back to whoever cancels; empty: nothing is said of that."""
    refund_fee: int = 0
    """Of that, in tenths of a per cent."""


@dataclass(frozen=True, slots=True)
class OwnRules:
    """What one property or unit says for itself; None: as usual."""

    resource: Resource | None = None
    buffer: timedelta | None = None
    notice: timedelta | None = None
    advance_days: int | None = None
    min_nights: int | None = None
    max_nights: int | None = None
    capacity: int | None = None
    children: bool | None = None
    pets: bool | None = None
    no_arrival: Weekdays | None = None
    no_departure: Weekdays | None = None
    turnover: Weekdays | None = None
    stale_after: timedelta | None = None
    no_show: NoShow | None = None
    no_show_after: timedelta | None = None
    refunds: Steps | None = None
    refund_fee: int | None = None

    def said(self) -> dict[str, object]:
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in own.items() if value is not None}


def rules_of(*layers: OwnRules) -> BookingRules:
    """The plans' defaults, the property's own words over them, the unit's over those."""
    said: dict[str, object] = {}
    for layer in layers:
        said |= layer.said()
    rules = replace(BookingRules(), **said)  # type: ignore[arg-type]  # the fields are the same
    return rules if "buffer" in said else replace(rules, buffer=BUFFERS[rules.resource])


LONGEST_BUFFER: Final = timedelta(days=7)
_BOUNDS: Final = (
    ("buffer", timedelta(0), LONGEST_BUFFER, "a week lies between two stays at most"),
    ("notice", timedelta(0), timedelta(days=365), "a stay is booked a year ahead at most"),
    ("stale_after", timedelta(minutes=10), timedelta(days=30), "a calendar counts for 10 minutes to 30 days"),
    ("no_show_after", SOONEST_NO_SHOW, timedelta(days=30), "a guest is missed 1 hour to 30 days after check-in"),
    ("refund_fee", 0, MOST_FEE, "the fee of a refund is 0 to 50 % of it"),
    ("advance_days", 1, 1095, "stays are booked 1 to 1095 days ahead"),
    ("min_nights", 1, 365, "a stay has 1 to 365 nights at least"),
    ("max_nights", 1, 730, "a stay has 1 to 730 nights at most"),
    ("capacity", 1, 100, "a unit takes 1 to 100 guests"),
)


def bounds_broken(own: OwnRules) -> str | None:
    """Why there are no such rules, as a clause; None: there may be."""
    for name, least, most, words in _BOUNDS:
        value = getattr(own, name)
        if value is not None and not least <= value <= most:
            return words
    if own.min_nights is not None and own.max_nights is not None and own.min_nights > own.max_nights:
        return "a stay cannot have more nights at least than at most"
    return None


def rules_in_words(own: OwnRules) -> dict[str, str]:
    """By field."""
    words: dict[str, Callable[[Any], str]] = {
        "resource": lambda value: f"it is a {value.value}",
        "buffer": lambda value: f"{_hours(value)} free between two stays",
        "notice": lambda value: f"booked {_hours(value)} ahead at least",
        "advance_days": lambda value: f"booked {value} days ahead at most",
        "min_nights": lambda value: f"{value} nights at least",
        "max_nights": lambda value: f"{value} nights at most",
        "capacity": lambda value: f"{value} guests at most",
        "children": lambda value: "children" if value else "no children",
        "pets": lambda value: "pets" if value else "no pets",
        "no_arrival": lambda value: f"nobody arrives on {days_in_words(value) or 'no day'}",
        "no_departure": lambda value: f"nobody leaves on {days_in_words(value) or 'no day'}",
        "turnover": lambda value: f"stays begin and end on {days_in_words(value) or 'any day'}",
        "stale_after": lambda value: f"its calendars count for {_hours(value)}",
        "no_show": lambda value: _NO_SHOW[value],
        "refunds": steps_in_words,
        "refund_fee": lambda value: f"a refund costs {value / 10:g} % of it",
        "no_show_after": lambda value: f"a guest is missed {_hours(value)} after check-in",
    }
    return {name: words[name](value) for name, value in own.said().items()}


_NO_SHOW: Final = {
    NoShow.OFF: "of nobody it is said that they did not come",
    NoShow.NOTE: "who does not come keeps code and nights",
    NoShow.FREE: "who does not come loses code and nights",
}


def days_in_words(days: Weekdays) -> str:
    return ", ".join(WEEK[day] for day in sorted(days))


def _hours(span: timedelta) -> str:
    minutes = span // timedelta(minutes=1)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


# ---- what is known of a unit ---------------------------------------------------------------------------------------


class ClosureKind(Enum):
    """What a person closes, for some days."""

    BLACKOUT = "blackout"
    MAINTENANCE = "maintenance"
    NO_ARRIVAL = "no_arrival"
    NO_DEPARTURE = "no_departure"


@dataclass(frozen=True, slots=True)
class Closed:
    kind: ClosureKind
    first: date
    until: date
    """The first day that is open again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Hours that are somebody's."""

    start: datetime
    end: datetime
    why: Reason
    """BOOKED, BLOCKED or HELD."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When stays begin and end in a property, local time."""

    zone: ZoneInfo
    check_in: time
    check_out: time

    def start(self, arrival: date) -> datetime:
        return local_instant(arrival, self.check_in, self.zone, latest=False)

    def end(self, departure: date) -> datetime:
        return local_instant(departure, self.check_out, self.zone, latest=True)


@dataclass(frozen=True, slots=True)
class Ground:
    """A unit, as far as a question needs it."""

    hours: Hours
    rules: BookingRules = BookingRules()
    taken: tuple[Taken, ...] = ()
    closed: tuple[Closed, ...] = ()
    read_at: datetime | None = None
    """When the calendar that was read longest ago was read; None: there is none."""
    lag: timedelta = timedelta(0)
    """So long a platform that fetches the unit's calendar may not know what was booked here."""


@dataclass(frozen=True, slots=True)
class Wish:
    arrival: date
    departure: date
    guests: int | None = None
    """None: nobody said."""
    children: int = 0
    pets: int = 0
    start: datetime | None = None
    """A check-in of its own; None: as the house rules say."""
    end: datetime | None = None

    @property
    def nights(self) -> int:
        return (self.departure - self.arrival).days


def too_short_a_day(hours: Hours, rules: BookingRules) -> bool:
    """Ruling C14: nobody can come on the day on which somebody leaves, as the buffer is longer than the time between."""
    gap = timedelta(
        hours=hours.check_in.hour - hours.check_out.hour, minutes=hours.check_in.minute - hours.check_out.minute
    )
    return gap < rules.buffer


# ---- one stay ------------------------------------------------------------------------------------------------------


def objections(wish: Wish, ground: Ground, now: datetime) -> tuple[Objection, ...]:
    """Everything that speaks against a stay; nothing: it may be booked."""
    if wish.departure <= wish.arrival:
        return (Objection(Reason.DATES, "the departure must be after the arrival"),)
    hours, rules = ground.hours, ground.rules
    start = wish.start or hours.start(wish.arrival)
    end = wish.end or hours.end(wish.departure)
    return (
        *_of_time(wish, start, rules, now.astimezone(hours.zone).date(), now),
        *_of_platforms(wish, start, ground, now),
        *_of_length(wish, rules),
        *_of_days(wish, rules, ground.closed),
        *_of_guests(wish, rules),
        *_of_others(start, end, rules, ground.taken),
        *_of_feeds(rules, ground.read_at, now),
    )


def may(wish: Wish, ground: Ground, now: datetime) -> bool:
    return not objections(wish, ground, now)


def _of_time(wish: Wish, start: datetime, rules: BookingRules, today: date, now: datetime) -> Iterator[Objection]:
    if wish.arrival < today:
        yield Objection(Reason.PAST, "the day of arrival is over")
    elif rules.notice and start - now < rules.notice:
        yield Objection(Reason.NOTICE, f"a stay must be booked {_hours(rules.notice)} ahead")
    if (wish.arrival - today).days > rules.advance_days:
        yield Objection(Reason.ADVANCE, f"stays are booked {rules.advance_days} days ahead at most")


def _of_platforms(wish: Wish, start: datetime, ground: Ground, now: datetime) -> Iterator[Objection]:
    if ground.lag and start - now < ground.lag and wish.arrival >= now.astimezone(ground.hours.zone).date():
        words = f"a platform may sell the first night too: it may fetch the calendar only in {_hours(ground.lag)}"
        yield Objection(Reason.LAG, words)


def _of_length(wish: Wish, rules: BookingRules) -> Iterator[Objection]:
    if wish.nights < rules.min_nights:
        yield Objection(Reason.MIN_STAY, f"a stay has {rules.min_nights} nights at least")
    if wish.nights > rules.max_nights:
        yield Objection(Reason.MAX_STAY, f"a stay has {rules.max_nights} nights at most")


def _of_days(wish: Wish, rules: BookingRules, closed: Collection[Closed]) -> Iterator[Objection]:
    if wish.arrival.weekday() in rules.no_arrival or _on(wish.arrival, ClosureKind.NO_ARRIVAL, closed):
        yield Objection(Reason.CLOSED_TO_ARRIVAL, f"nobody may arrive on {wish.arrival.isoformat()}")
    if wish.departure.weekday() in rules.no_departure or _on(wish.departure, ClosureKind.NO_DEPARTURE, closed):
        yield Objection(Reason.CLOSED_TO_DEPARTURE, f"nobody may leave on {wish.departure.isoformat()}")
    if rules.turnover and not {wish.arrival.weekday(), wish.departure.weekday()} <= rules.turnover:
        yield Objection(Reason.TURNOVER, f"stays begin and end on {days_in_words(rules.turnover)}")
    for kind, reason, words in (
        (ClosureKind.BLACKOUT, Reason.BLACKOUT, "it is closed"),
        (ClosureKind.MAINTENANCE, Reason.MAINTENANCE, "there is work in it"),
    ):
        for each in closed:
            if each.kind is kind and each.first < wish.departure and wish.arrival < each.until:
                yield Objection(reason, f"{words} from {each.first.isoformat()} to {each.until.isoformat()}")
                break


def _on(day: date, kind: ClosureKind, closed: Collection[Closed]) -> bool:
    return any(each.kind is kind and each.first <= day < each.until for each in closed)


def _of_guests(wish: Wish, rules: BookingRules) -> Iterator[Objection]:
    if rules.capacity is not None and wish.guests is not None and wish.guests > rules.capacity:
        yield Objection(Reason.CAPACITY, f"it takes {rules.capacity} guests at most")
    if wish.children and not rules.children:
        yield Objection(Reason.CHILDREN, "it takes no children")
    if wish.pets and not rules.pets:
        yield Objection(Reason.PETS, "it takes no pets")


_SAID: Final = {
    Reason.BOOKED: "somebody else stays there on some of these nights",
    Reason.BLOCKED: "a channel has closed it on some of these nights",
    Reason.HELD: "somebody holds some of these nights",
}


def _of_others(start: datetime, end: datetime, rules: BookingRules, taken: Iterable[Taken]) -> Iterator[Objection]:
    found = set[Reason]()
    for each in taken:
        if start < each.end and each.start < end:
            found.add(each.why)
        elif each.why is not Reason.BLOCKED and start - rules.buffer < each.end and each.start < end + rules.buffer:
            found.add(Reason.BUFFER)
    yield from (Objection(reason, words) for reason, words in _SAID.items() if reason in found)
    if Reason.BUFFER in found:
        yield Objection(Reason.BUFFER, f"there must be {_hours(rules.buffer)} between two stays")


def _of_feeds(rules: BookingRules, read_at: datetime | None, now: datetime) -> Iterator[Objection]:
    if read_at is not None and now - read_at > rules.stale_after:
        yield Objection(Reason.STALE, "a calendar of it was not read for so long that it may be booked there")
