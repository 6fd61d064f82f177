"""A reservation and the house rules: from what a calendar says to the hours a code may open a door.

What sources say about one stay changes its dates, its UID and its wording; what they leave out may be a fault of
theirs. So identity is weighed from evidence, and absence is not cancellation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from hub.model.facts import StayReport
from hub.model.values import CODED, ChannelId, LockId, StayId, StayKind, StayStatus, Window

# ---- local time ----------------------------------------------------------------------------------------------------


def local_instant(day: date, at: time, zone: ZoneInfo, *, latest: bool) -> datetime:
    """The UTC instant at which the clocks of `zone` show that day and time.

    A time that the clocks skip becomes the first instant after the gap; one that they show twice becomes the second
    when `latest`, else the first.
    """
    shown = datetime.combine(day, at.replace(tzinfo=None))
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None, fold=0) != shown.replace(fold=0):
        return _transition(second, first, zone)
    return second if latest else first


def _transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks were changed: after `before`, not later than `after`."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


# ---- hours ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HouseRules:
    zone: ZoneInfo
    check_in: time
    check_out: time
    code_lead: timedelta = timedelta(minutes=60)
    """How long before the guest may come in a code begins to work."""
    early: timedelta = timedelta(0)
    """How long before check-in the guest may come in."""
    late: timedelta = timedelta(0)
    """How long after check-out the guest may come in again."""


class Stay(Protocol):
    """What the hours of a stay depend on."""

    @property
    def kind(self) -> StayKind: ...
    @property
    def status(self) -> StayStatus: ...
    @property
    def arrival(self) -> date | None: ...
    @property
    def departure(self) -> date | None: ...
    @property
    def own_check_in(self) -> datetime | None:
        """Where the source itself, or a person here, named a time."""

    @property
    def own_check_out(self) -> datetime | None: ...


def stay_window(stay: Stay, rules: HouseRules) -> Window | None:
    """From check-in to check-out; None where the dates are missing or contradict each other."""
    start, end = stay.own_check_in, stay.own_check_out
    if start is None and stay.arrival is not None:
        start = local_instant(stay.arrival, rules.check_in, rules.zone, latest=False)
    if end is None and stay.departure is not None:
        end = local_instant(stay.departure, rules.check_out, rules.zone, latest=True)
    return Window(start, end) if start is not None and end is not None and start < end else None


def code_window(stay: Stay, rules: HouseRules) -> Window | None:
    """When the stay's code may open the door: from check-in to check-out, with the lead and what the house gives besides."""
    hours = stay_window(stay, rules)
    if hours is None or hours.end is None:
        return None
    return Window(hours.start - rules.early - rules.code_lead, hours.end + rules.late)


def wants_code(stay: Stay) -> bool:
    return stay.kind in CODED and stay.status is StayStatus.CONFIRMED


def nights(arrival: date, departure: date) -> frozenset[date]:
    """The nights slept there, each by the day on which it begins."""
    return frozenset(arrival + timedelta(days=n) for n in range((departure - arrival).days))


def free_at(check_in: datetime, check_out: datetime, left_at: datetime | None) -> datetime:
    """When a stay takes its unit no more: whoever leaves early makes room. Nobody leaves before they could come."""
    return left_at if left_at is not None and check_in <= left_at < check_out else check_out


def free_from(arrival: date, departure: date, at: datetime, zone: ZoneInfo, check_in: time) -> date:
    """The first of its nights that is somebody else's again, of a stay that takes its unit until `at`.

    Who leaves after the hour at which others come in has had that night: it cannot be made ready any more.
    """
    day = at.astimezone(zone).date()
    if local_instant(day, check_in, zone, latest=False) < at:
        day += timedelta(days=1)
    return max(arrival, min(day, departure))


def share_a_night(one: Stay, other: Stay) -> bool:
    """Whether two stays in one unit want the same bed. An early check-in beside a late check-out is no conflict of nights."""
    if one.arrival is None or one.departure is None or other.arrival is None or other.departure is None:
        return False
    return one.arrival < other.departure and other.arrival < one.departure


def shared_nights(one: Stay, other: Stay) -> frozenset[date]:
    if one.arrival is None or one.departure is None or other.arrival is None or other.departure is None:
        return frozenset()
    return nights(max(one.arrival, other.arrival), min(one.departure, other.departure))


# ---- identity ------------------------------------------------------------------------------------------------------


class Evidence(Enum):
    """Why two reports are of one stay, strongest first."""

    REFERENCE = "reference"
    UID = "uid"
    DEPARTURE = "departure"
    """Same channel, same day of leaving, overlapping: Booking.com moves the first day and changes the UID."""
    DATES = "dates"
    BLOCK = "block"
    """A channel's moving "Not available": whatever its dates and UID, it is the same closure."""


@dataclass(frozen=True, slots=True)
class KnownStay:
    """A stay of one unit as one source last told it; a stay with two sources is here twice."""

    id: StayId
    channel: ChannelId | None
    """None: made here."""
    uid: str
    kind: StayKind
    status: StayStatus
    arrival: date | None
    departure: date | None
    reference: str = ""
    guest: str = ""
    phone_last4: str = ""
    free_from: date | None = None
    """As the function of that name says, of a guest who left early; None: the departure."""

    @property
    def until(self) -> date | None:
        """Its nights are those before this day. Another booking of those that it gave up is another stay."""
        return self.departure if self.free_from is None else self.free_from


@dataclass(frozen=True, slots=True)
class Match:
    known: KnownStay
    by: Evidence


def match(report: StayReport, known: Sequence[KnownStay], channel: ChannelId) -> Match | None:
    """Which known stay a single report is about. It says nothing of others, so a stay whose UID differs may still stand."""
    tests = (_by_both(channel), _by_reference, _by_uid(channel), _by_dates_elsewhere(channel))
    return _first(report, _own_first(known, channel), tests)


def pair(reports: Sequence[StayReport], known: Sequence[KnownStay], channel: ChannelId) -> list[Match | None]:
    """Which known stay each report of a complete calendar is about, in the order of the reports.

    A stay is given to one report only, and to the one with the strongest evidence. Only stays whose UID has gone from
    the calendar, or was given to another booking, are looked for under another one.
    """
    known = _own_first(known, channel)
    own = [each for each in known if each.channel == channel]
    found: list[Match | None] = [None] * len(reports)
    rounds: tuple[tuple[_Test, _Key, Sequence[KnownStay]], ...] = (
        (_by_both(channel), _uid, known),
        (_by_reference, _reference, known),
        (_by_uid(channel), _uid, known),
        # By now whoever is still listed under their UID has been found.
        (_by_departure, _departure, own),
        (_by_dates, _departure, own),
        (_by_block, _kind, own),
        (_by_dates_elsewhere(channel), _departure, known),
    )
    given: set[StayId] = set()
    open_ = list(range(len(reports)))
    for test, key, candidates in rounds:
        keys = {place: key(reports[place]) for place in open_}
        alike = _sorted_by(key, candidates, set(keys.values()))
        for place, of_report in keys.items():
            left = [each for each in alike.get(of_report, ()) if each.id not in given]
            if left and (match_ := _first(reports[place], left, (test,))) is not None:
                found[place] = match_
                given.add(match_.known.id)
        open_ = [place for place in open_ if found[place] is None]
    return found


_Key = Callable[[StayReport | KnownStay], object]
"""What two have in common that a test could call the same; None: nothing. So a calendar of thousands is not compared
each with each."""


def _reference(each: StayReport | KnownStay) -> object:
    return each.reference.casefold() or None


def _uid(each: StayReport | KnownStay) -> object:
    return each.uid


def _departure(each: StayReport | KnownStay) -> object:
    return each.departure


def _kind(each: StayReport | KnownStay) -> object:
    return each.kind


def _sorted_by(key: _Key, known: Iterable[KnownStay], wanted: Set[object]) -> dict[object, list[KnownStay]]:
    """By their keys, those whose key is wanted; a key of None is nobody's."""
    alike: dict[object, list[KnownStay]] = {}
    if not wanted:
        return alike
    for each in known:
        of_stay = key(each)
        if of_stay is not None and of_stay in wanted:
            alike.setdefault(of_stay, []).append(each)
    return alike


def _own_first(known: Sequence[KnownStay], channel: ChannelId) -> list[KnownStay]:
    return sorted(known, key=lambda each: each.channel != channel)


_Test = Callable[[StayReport, KnownStay], Evidence | None]


def _first(report: StayReport, known: Sequence[KnownStay], tests: Sequence[_Test]) -> Match | None:
    found = ((each, test(report, each)) for test in tests for each in known)
    return next((Match(each, evidence) for each, evidence in found if evidence is not None), None)


def _by_both(channel: ChannelId) -> _Test:
    def test(report: StayReport, known: KnownStay) -> Evidence | None:
        """Several stays may have one reference, as those of a group do: then the UID tells which is which."""
        own = known.channel == channel and known.uid == report.uid
        return _by_reference(report, known) if own else None

    return test


def _by_reference(report: StayReport, known: KnownStay) -> Evidence | None:
    same = report.reference != "" and report.reference.casefold() == known.reference.casefold()
    return Evidence.REFERENCE if same else None


def _by_uid(channel: ChannelId) -> _Test:
    def test(report: StayReport, known: KnownStay) -> Evidence | None:
        """Some sources give an old UID to a new booking: another reference on other nights is another stay."""
        reused = _differ(report.reference, known.reference) and not _overlap(report, known)
        same = known.channel == channel and known.uid == report.uid and not reused
        return Evidence.UID if same else None

    return test


def _by_departure(report: StayReport, known: KnownStay) -> Evidence | None:
    same = report.departure == known.departure and _overlap(report, known) and _may_be_one(report, known)
    return Evidence.DEPARTURE if same else None


def _by_dates(report: StayReport, known: KnownStay) -> Evidence | None:
    return Evidence.DATES if _same_dates(report, known) and _may_be_one(report, known) else None


def _by_block(report: StayReport, known: KnownStay) -> Evidence | None:
    blocks = report.kind is StayKind.BLOCK and known.kind is StayKind.BLOCK
    return Evidence.BLOCK if blocks and known.status is not StayStatus.CANCELLED else None


def _by_dates_elsewhere(channel: ChannelId) -> _Test:
    def test(report: StayReport, known: KnownStay) -> Evidence | None:
        """Another channel's booking of the very nights may be a second guest: it takes a name or a telephone number.

        A closure that does not say what it is follows the booking that closed those nights.
        """
        named = _agree(report.guest, known.guest) or _agree(report.phone_last4, known.phone_last4)
        closure = report.kind is StayKind.UNKNOWN or known.kind is StayKind.UNKNOWN
        elsewhere = known.channel != channel and StayKind.BLOCK not in (report.kind, known.kind)
        same = elsewhere and _same_dates(report, known) and _may_be_one(report, known) and (named or closure)
        return Evidence.DATES if same else None

    return test


def _same_dates(report: StayReport, known: KnownStay) -> bool:
    return report.arrival is not None and (report.arrival, report.departure) == (known.arrival, known.departure)


def _overlap(report: StayReport, known: KnownStay) -> bool:
    if report.arrival is None or report.departure is None or known.arrival is None or known.until is None:
        return False
    return report.arrival < known.until and known.arrival < report.departure


def _may_be_one(report: StayReport, known: KnownStay) -> bool:
    """Nothing speaks against it. A cancelled stay comes back only under its own reference or UID."""
    said = ((report.reference, known.reference), (report.guest, known.guest), (report.phone_last4, known.phone_last4))
    kinds = {report.kind, known.kind} != {StayKind.RESERVATION, StayKind.BLOCK}
    return kinds and known.status is not StayStatus.CANCELLED and not any(_differ(*each) for each in said)


def _differ(one: str, other: str) -> bool:
    return one != "" and other != "" and one.casefold() != other.casefold()


def _agree(one: str, other: str) -> bool:
    return one != "" and one.casefold() == other.casefold()


def kind_of(report: StayReport, known: KnownStay | None, *, closed_means: StayKind) -> StayKind:
    """What a report is of. A closure that does not say keeps what is known, else is what the unit's owner said.

    Args:
        closed_means: UNKNOWN means that a person is asked.
    """
    if report.kind is not StayKind.UNKNOWN:
        return report.kind
    return known.kind if known is not None and known.kind is not StayKind.UNKNOWN else closed_means


# ---- nights that are over ------------------------------------------------------------------------------------------


def as_it_began(report: StayReport, known: Stay, here: date, there: date, *, inside: bool) -> StayReport:
    """Calendars that list no past leave the nights out that are over: a stay that has begun seems to begin later every day.

    Source: facts/channels.md §1.2. It began when it did, and the guest inside goes on having a code. A source that names
    hours, or moves the stay to days that are still to come, means what it says; but nobody who is inside begins later.

    Args:
        known: the same stay as it is known; not over.
        here: today, where the stay is. Far west the first night may be over elsewhere before the guest may come in.
        there: the latest day that it may be for whoever made the calendar.
        inside: the log says that the guest has come in, and has not left.
    """
    if known.arrival is None or report.arrival is None or report.check_in is not None or known.kind not in CODED:
        return report
    began = known.arrival <= here and known.arrival < report.arrival <= there
    began |= inside and known.departure is not None and known.arrival < report.arrival < known.departure
    return replace(report, arrival=known.arrival) if began else report


# ---- absence -------------------------------------------------------------------------------------------------------

READINGS: Final = 3
MISSING_FOR: Final = timedelta(minutes=30)


class Absence(Enum):
    """What to do about a stay that a source no longer lists."""

    KEEP = "keep"
    CANCEL = "cancel"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Missing:
    """A stay that good, complete readings of its source leave out."""

    readings: int
    """How many in a row, counting those that were unchanged."""
    since: datetime
    """When the first of them was taken."""
    hours: Window | None
    """Check-in to check-out."""
    inside: bool
    """The guest has come in and not left."""
    emptied: bool
    """The source lost most of what it listed at once."""
    slept: bool = False
    """Its last night is over: a calendar that lists no past has nothing left to list of it."""


def absence(missing: Missing, now: datetime) -> Absence:
    """Nothing is cancelled on one reading, and no guest who may be inside on any number of them."""
    over = missing.hours is not None and missing.hours.over(now)
    if over or missing.inside or missing.slept or missing.readings < READINGS or now - missing.since < MISSING_FOR:
        return Absence.KEEP
    begun = missing.hours is not None and missing.hours.start <= now
    return Absence.ASK if begun or missing.emptied else Absence.CANCEL


def emptied(expected: int, listed: int) -> bool:
    """Whether a reading lost so much at once that a fault is likelier than cancellations.

    Args:
        expected: how many stays of this source are known and not over.
        listed: how many of those this reading still has.
    """
    lost = expected - listed
    return (listed == 0 and lost > 0) or (expected >= 4 and 2 * lost > expected)


# ---- echo ----------------------------------------------------------------------------------------------------------


def echo(report: StayReport, published_nights: Collection[date]) -> bool:
    """Whether a closure is nothing but our own calendar coming back: every night of it was published by us there."""
    return _closure(report) and all(_echoed(report, published_nights))


def _closure(report: StayReport) -> bool:
    dated = report.arrival is not None and report.departure is not None and report.arrival < report.departure
    return dated and report.kind is not StayKind.RESERVATION


def _echoed(report: StayReport, published_nights: Collection[date]) -> Iterator[bool]:
    if report.arrival is not None and report.departure is not None:
        yield from (night in published_nights for night in nights(report.arrival, report.departure))


def no_more_than(wanted: Mapping[LockId, Window], had: Mapping[LockId, Window]) -> dict[LockId, Window]:
    """Somebody else has some of these nights: what a guest has of them stays theirs, and nothing is added to it."""
    found: dict[LockId, Window] = {}
    for lock, window in wanted.items():
        known = had.get(lock)
        if known is not None:
            start = max(window.start, known.start)
            ends = [each for each in (window.end, known.end) if each is not None]
            if not ends or start < min(ends):
                found[lock] = Window(start, min(ends, default=None))
    return found
