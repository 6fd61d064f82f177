"""A town: eight houses in seven zones, forty flats, sixty locks, and who booked what when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from hub.model.facts import StayReport
from hub.model.values import Address, ChannelId, StayKind, StayStatus
from tests.simulators.street import BOLT_ONLY, BRANDS, Brand

SPRING, AUTUMN = datetime(2027, 3, 26, tzinfo=UTC), datetime(2027, 10, 29, tzinfo=UTC)
"""Two days before the clocks change in Europe; they change in Lord Howe and Auckland nine days after the first, and in America
nine days after the second."""
FLATS: Final = 5
"""Of each house."""
HEARD: Final = timedelta(days=4)
"""By then a calendar was read again. One that moves a stay to tomorrow on the day of arrival is not told from one that lists
no past (hub/model/stays.py, `as_it_began`)."""
OWNERS: Final = 0.05
"""How many stays are the owner's own, who gets a code as a guest does."""


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    zone: ZoneInfo
    check_in: time
    check_out: time
    lead: timedelta
    early: timedelta
    """How long before check-in guests may come."""
    late: timedelta
    """How long after check-out they may come in again."""
    own_lead: timedelta
    """Of its front gate and one of its flats' doors."""


def _place(name: str, zone: str, check_in: str, check_out: str, lead: int = 60, *, own: int = 60, **more: int) -> Place:
    hours = time.fromisoformat(check_in), time.fromisoformat(check_out)
    spans = (lead, more.get("early", 0), more.get("late", 0), own)
    return Place(name, ZoneInfo(zone), *hours, *(timedelta(minutes=each) for each in spans))


PLACES: Final = (
    _place("berlin", "Europe/Berlin", "15:00", "11:00"),
    _place("night", "Europe/Berlin", "22:00", "02:30"),
    _place("york", "America/New_York", "16:00", "10:00", 30, own=180),
    _place("howe", "Australia/Lord_Howe", "14:00", "01:45", 90, own=15),
    _place("johns", "America/St_Johns", "15:30", "11:30", early=45),
    _place("goa", "Asia/Kolkata", "13:00", "11:00", 0, late=30),
    _place("auckland", "Pacific/Auckland", "15:00", "10:00", 120, own=0),
    _place("london", "Europe/London", "16:00", "10:00", own=240, early=30, late=60),
)
"""Two of them let guests out when the clocks change: at an hour that is skipped in spring and comes twice in autumn."""


@cache
def instant(day: date, at: time, zone: ZoneInfo, *, last: bool) -> datetime:
    """When the clocks on the wall show that, looked for minute by minute; skipped: the first minute that they show after."""
    shown = datetime.combine(day, at)
    middle = shown.replace(tzinfo=UTC) - (shown.replace(tzinfo=zone).utcoffset() or timedelta())
    around = [middle + timedelta(minutes=each) for each in range(-180, 181)]
    hits = [each for each in around if each.astimezone(zone).replace(tzinfo=None) == shown]
    if hits:
        return hits[-1] if last else hits[0]
    return next(each for each in around if each.astimezone(zone).replace(tzinfo=None) > shown)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a stay's code may open: from the lead before the guest may come in."""

    start: datetime
    """At a door that has no lead of its own."""
    check_in: datetime
    end: datetime
    early: timedelta = timedelta()
    late: timedelta = timedelta()
    own: tuple[tuple[Address, datetime], ...] = ()
    """When it begins at the other doors."""

    @property
    def comes(self) -> datetime:
        """When the guest may come in."""
        return self.check_in - self.early

    @property
    def check_out(self) -> datetime:
        return self.end - self.late

    def begins(self, lock: Address) -> datetime:
        return next((begin for door, begin in self.own if door == lock), self.start)

    def open_at(self, lock: Address, now: datetime) -> bool:
        return self.begins(lock) <= now < self.end

    def __contains__(self, now: datetime) -> bool:
        """Whether it may open all its doors."""
        return max((self.start, *(begin for _, begin in self.own))) <= now < self.end


@dataclass(frozen=True, slots=True)
class Word:
    """What a channel says of a stay from `at` on."""

    at: datetime
    report: StayReport


@dataclass(slots=True)
class Booking:
    uid: str
    flat: Flat
    words: list[Word] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Flat:
    name: str
    place: Place
    doors: tuple[Address, ...]
    polled: bool
    """Its channel is a calendar that is read every hour; else the channel tells by itself."""
    own_leads: frozenset[Address] = frozenset()
    """The doors among its own that have a lead of their own."""

    @property
    def first(self) -> bool:
        """Of its house."""
        return self.name == f"{self.place.name}-0"

    @property
    def channel(self) -> ChannelId:
        return ChannelId(f"channel-{self.name}")

    def hours(self, report: StayReport) -> Hours | None:
        if report.status is not StayStatus.CONFIRMED or report.arrival is None or report.departure is None:
            return None
        place = self.place
        start = report.check_in or instant(report.arrival, place.check_in, place.zone, last=False)
        end = report.check_out or instant(report.departure, place.check_out, place.zone, last=True)
        comes = start - place.early
        own = tuple((lock, comes - place.own_lead) for lock in self.doors if lock in self.own_leads)
        return Hours(comes - place.lead, start, end + place.late, place.early, place.late, own)


@dataclass(frozen=True, slots=True)
class Town:
    begin: datetime
    flats: tuple[Flat, ...]
    brands: dict[Address, Brand]
    """By lock."""
    houses: dict[Address, Place]
    own_leads: frozenset[Address]
    bookings: tuple[Booking, ...]


def begin_of(seed: int) -> datetime:
    """Years begin with one of the two changes of the clocks, so that a week has one."""
    return SPRING if seed % 2 else AUTUMN


def town(random: Random, days: int, begin: datetime = SPRING) -> Town:
    """Sixty locks: one for each flat, two at the gates of each house, and one with a bolt only in every other house."""
    flats: list[Flat] = []
    own_leads = frozenset(Address(f"{place.name}-{each}") for place in PLACES for each in ("2", "front"))
    houses: dict[Address, Place] = {}
    bolts: list[Address] = []
    for number, place in enumerate(PLACES):
        own = [Address(f"{place.name}-{each}") for each in range(FLATS)]
        front, back = Address(f"{place.name}-front"), Address(f"{place.name}-back")
        houses |= dict.fromkeys((*own, front, back), place)
        if number % 2:
            bolts.append(Address(f"{place.name}-cellar"))
            houses[bolts[-1]] = place
        gates = {0: (front,), 1: (front,), 2: (front, back), 3: (back,)}
        for each, lock in enumerate(own):
            flats.append(
                Flat(str(lock), place, (lock, *gates.get(each, ())), polled=each == number % FLATS, own_leads=own_leads)
            )
    keypads = [lock for lock in houses if lock not in bolts]
    brands = [BRANDS[each % len(BRANDS)] for each in range(len(keypads))]
    random.shuffle(brands)
    told = dict(zip(keypads, brands, strict=True)) | dict.fromkeys(bolts, BOLT_ONLY)
    bookings = tuple(booking for flat in flats for booking in _bookings(flat, random, begin, days))
    return Town(begin, tuple(flats), told, houses, own_leads, bookings)


# ---- who books what ------------------------------------------------------------------------------------------------


def _bookings(flat: Flat, random: Random, begin: datetime, days: int) -> Iterator[Booking]:
    day, last = begin.date(), begin.date() + timedelta(days=days)
    stays: list[tuple[date, date]] = []
    while day < last:
        nights = random.choice([1, 1, 1, 2, 2, 2, 3, 3, 4])
        if not stays and flat.first:
            nights = 2  # until the clocks are changed
        stays.append((day, day + timedelta(days=nights)))
        day += timedelta(days=nights + random.choice([0, 0, 0, 0, 1]))
    free = [arrival for arrival, _ in stays[1:]] + [last + timedelta(days=30)]
    for number, ((arrival, departure), next_arrival) in enumerate(zip(stays, free, strict=True)):
        booking = Booking(f"{flat.name}/{number}", flat)
        booking.words += _story(booking, (arrival, departure, next_arrival), random, begin)
        yield booking


def _story(booking: Booking, days: tuple[date, date, date], random: Random, begin: datetime) -> Iterator[Word]:
    """A stay as its channel tells it: when it is booked, and how it changes. `days`: the last one, somebody else arrives."""
    flat, (arrival, departure, free) = booking.flat, days
    report = StayReport(
        booking.uid,
        StayKind.OWNER if random.random() < OWNERS else StayKind.RESERVATION,
        StayStatus.CONFIRMED,
        arrival,
        departure,
        guest=f"Guest of {booking.uid}",
        reference=f"HM {booking.uid}",
    )
    hours = flat.hours(report)
    assert hours is not None
    early = timedelta(minutes=random.randrange(-60, 600)) if random.random() < 0.1 else _days_before(random)
    at = max(hours.check_in - early, begin + timedelta(minutes=random.randrange(1, 300)))
    yield Word(at, report)
    for change in _changes(random):
        if hours is None or at >= hours.end - timedelta(minutes=10):
            return
        at = _between(at, hours.end, random) if random.random() < 0.5 else _between(hours.start, hours.end, random, at)
        report = _changed(report, flat, change, at, free, random)
        hours = flat.hours(report)
        yield Word(at, report)


def _days_before(random: Random) -> timedelta:
    return timedelta(minutes=random.randrange(6 * 60, 40 * 24 * 60))


def _between(start: datetime, end: datetime, random: Random, least: datetime | None = None) -> datetime:
    start = max(start, least or start)
    return start + timedelta(seconds=random.randrange(60, max(int((end - start).total_seconds()), 61)))


def _changes(random: Random) -> list[str]:
    chosen = random.random()
    if chosen < 0.06:
        return ["cancel"]
    if chosen < 0.08:
        return ["cancel", "again"]
    if chosen < 0.2:
        return [random.choice(["longer", "shorter", "later", "early in", "late out"])]
    return ["longer", "shorter"] if chosen < 0.22 else []


def _changed(report: StayReport, flat: Flat, change: str, at: datetime, free: date, random: Random) -> StayReport:
    """What a change makes of a stay; the same stay where it makes no sense."""
    assert report.arrival is not None
    assert report.departure is not None
    hours = flat.hours(report)
    day = timedelta(days=1)
    match change:
        case "cancel" if not flat.polled or (hours is not None and hours.start - at > timedelta(hours=5)):
            return replace(report, status=StayStatus.CANCELLED)
        case "again":
            return replace(report, status=StayStatus.CONFIRMED)
        case "longer" if report.departure + day <= free:
            return replace(report, departure=report.departure + day, check_out=None)
        case "shorter" if report.departure - day > report.arrival:
            return replace(report, departure=report.departure - day, check_out=None)
        case "later" if report.departure - day > report.arrival and (
            not flat.polled or at.date() < report.arrival - HEARD
        ):
            return replace(report, arrival=report.arrival + day, check_in=None)
        case "early in" if hours is not None and hours.check_in - at > timedelta(hours=1):
            return replace(report, check_in=hours.check_in - timedelta(minutes=random.randrange(5, 100)))
        case "late out" if hours is not None:
            return replace(report, check_out=hours.end + timedelta(minutes=random.randrange(5, 100)))
    return report
