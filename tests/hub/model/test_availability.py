"""May it be booked, and why not: each reason by itself, and all together against sets of nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.availability import (
    BUFFERS,
    BookingRules,
    Closed,
    ClosureKind,
    Ground,
    Hours,
    OwnRules,
    Reason,
    Resource,
    Taken,
    Wish,
    may,
    objections,
    rules_of,
)
from hub.model.nights import NOT_SLEPT, Night, calendar

HOURS = Hours(ZoneInfo("Europe/Berlin"), time(15), time(11))
TODAY = date(2027, 3, 1)  # a Monday
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
EASY = BookingRules(buffer=timedelta(0))


def _day(number: int) -> date:
    return TODAY + timedelta(days=number)


def _stay(arrival: int, departure: int, why: Reason = Reason.BOOKED) -> Taken:
    return Taken(HOURS.start(_day(arrival)), HOURS.end(_day(departure)), why)


def _reasons(wish: Wish, ground: Ground) -> set[Reason]:
    return {each.reason for each in objections(wish, ground, NOW)}


def _rules(**own: object) -> BookingRules:
    return rules_of(OwnRules(**({"buffer": timedelta(0)} | own)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "wish", "ground"),
    [
        (Reason.DATES, Wish(_day(3), _day(3)), Ground(HOURS, EASY)),
        (Reason.PAST, Wish(_day(-1), _day(3)), Ground(HOURS, EASY)),
        (Reason.NOTICE, Wish(_day(0), _day(3)), Ground(HOURS, _rules(notice=timedelta(hours=6)))),
        (Reason.ADVANCE, Wish(_day(366), _day(368)), Ground(HOURS, EASY)),
        (Reason.MIN_STAY, Wish(_day(3), _day(4)), Ground(HOURS, _rules(min_nights=2))),
        (Reason.MAX_STAY, Wish(_day(3), _day(7)), Ground(HOURS, _rules(max_nights=3))),
        (Reason.CLOSED_TO_ARRIVAL, Wish(_day(6), _day(8)), Ground(HOURS, _rules(no_arrival=frozenset({6})))),
        (Reason.CLOSED_TO_DEPARTURE, Wish(_day(4), _day(6)), Ground(HOURS, _rules(no_departure=frozenset({6})))),
        (Reason.TURNOVER, Wish(_day(5), _day(11)), Ground(HOURS, _rules(turnover=frozenset({5})))),
        (
            Reason.BLACKOUT,
            Wish(_day(2), _day(5)),
            Ground(HOURS, EASY, closed=(Closed(ClosureKind.BLACKOUT, _day(4), _day(6)),)),
        ),
        (
            Reason.MAINTENANCE,
            Wish(_day(2), _day(5)),
            Ground(HOURS, EASY, closed=(Closed(ClosureKind.MAINTENANCE, _day(1), _day(3)),)),
        ),
        (Reason.CAPACITY, Wish(_day(2), _day(5), guests=5), Ground(HOURS, _rules(capacity=4))),
        (Reason.CHILDREN, Wish(_day(2), _day(5), children=1), Ground(HOURS, _rules(children=False))),
        (Reason.PETS, Wish(_day(2), _day(5), pets=1), Ground(HOURS, _rules(pets=False))),
        (Reason.BOOKED, Wish(_day(2), _day(5)), Ground(HOURS, EASY, (_stay(4, 6),))),
        (Reason.BLOCKED, Wish(_day(2), _day(5)), Ground(HOURS, EASY, (_stay(4, 6, Reason.BLOCKED),))),
        (Reason.HELD, Wish(_day(2), _day(5)), Ground(HOURS, EASY, (_stay(4, 6, Reason.HELD),))),
        (Reason.BUFFER, Wish(_day(2), _day(5)), Ground(HOURS, _rules(buffer=None), (_stay(5, 6),))),
        (Reason.STALE, Wish(_day(2), _day(5)), Ground(HOURS, EASY, read_at=NOW - timedelta(hours=3))),
        (Reason.LAG, Wish(_day(0), _day(2)), Ground(HOURS, EASY, lag=timedelta(hours=6))),
    ],
    ids=lambda each: each.value if isinstance(each, Reason) else "",
)
def test_each_reason_stands_alone(reason: Reason, wish: Wish, ground: Ground) -> None:
    assert _reasons(wish, ground) == {reason}


@pytest.mark.parametrize(
    ("wish", "ground"),
    [
        (Wish(_day(0), _day(1)), Ground(HOURS, EASY)),
        (Wish(_day(0), _day(1)), Ground(HOURS, _rules(notice=timedelta(hours=5)))),
        (Wish(_day(365), _day(368)), Ground(HOURS, EASY)),
        (Wish(_day(2), _day(4)), Ground(HOURS, _rules(min_nights=2, max_nights=2, capacity=4))),
        (Wish(_day(4), _day(6)), Ground(HOURS, EASY, (_stay(2, 4), _stay(6, 8)))),
        (Wish(_day(5), _day(12)), Ground(HOURS, _rules(turnover=frozenset({5})))),
        (Wish(_day(3), _day(5)), Ground(HOURS, EASY, closed=(Closed(ClosureKind.BLACKOUT, _day(5), _day(6)),))),
        (Wish(_day(2), _day(5)), Ground(HOURS, BookingRules(), (_stay(5, 6, Reason.BLOCKED),))),
        (Wish(_day(2), _day(5)), Ground(HOURS, EASY, read_at=NOW - timedelta(hours=1))),
    ],
    ids=[
        "today", "just the notice", "the last day", "just so long", "between two others", "by the week",
        "up to a blackout", "no buffer to a closure", "a calendar just read",
    ],
)  # fmt: skip
def test_what_the_rules_allow_may_be_booked(wish: Wish, ground: Ground) -> None:
    assert objections(wish, ground, NOW) == ()


def test_the_buffers_are_those_of_the_plans_until_somebody_says_otherwise() -> None:
    assert {kind.value: span // timedelta(hours=1) for kind, span in BUFFERS.items()} == {
        "property": 12, "car": 2, "yacht": 4, "jet": 6,
    }  # fmt: skip
    assert rules_of(OwnRules(resource=Resource.YACHT)).buffer == timedelta(hours=4)
    assert rules_of(OwnRules(buffer=timedelta(hours=3)), OwnRules(resource=Resource.CAR)).buffer == timedelta(hours=3)


def test_four_hours_between_check_out_and_check_in_are_enough_for_a_buffer_of_four() -> None:
    ground = Ground(HOURS, _rules(buffer=timedelta(hours=4)), (_stay(2, 4),))
    assert may(Wish(_day(4), _day(5)), ground, NOW)
    early = HOURS.start(_day(4)) - timedelta(minutes=1)
    assert not may(Wish(_day(4), _day(5), start=early), ground, NOW)


# ---- against sets of nights ----------------------------------------------------------------------------------------

SPAN = 30
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC", "Australia/Lord_Howe"])


@st.composite
def _grounds(draw: st.DrawFn) -> tuple[Ground, datetime]:
    zone = ZoneInfo(draw(ZONES))
    hours = Hours(zone, time(draw(st.integers(12, 20))), time(draw(st.integers(6, 11))))
    begins = draw(st.sampled_from([date(2027, 3, 5), date(2027, 10, 20), date(2027, 6, 1)]))
    now = datetime(begins.year, begins.month, begins.day, draw(st.integers(0, 23)), tzinfo=UTC)
    days = frozenset[int]
    rules = BookingRules(
        buffer=timedelta(hours=draw(st.sampled_from([0, 2, 4, 12, 30]))),
        notice=timedelta(hours=draw(st.sampled_from([0, 0, 24, 49]))),
        advance_days=draw(st.sampled_from([10, 25, 365])),
        no_arrival=days(draw(st.frozensets(st.integers(0, 6), max_size=2))),
        no_departure=days(draw(st.frozensets(st.integers(0, 6), max_size=2))),
        turnover=days(draw(st.one_of(st.just(days()), st.frozensets(st.integers(0, 6), min_size=4)))),
    )
    spans = st.tuples(
        st.integers(-3, SPAN), st.integers(1, 5), st.sampled_from([Reason.BOOKED, Reason.BLOCKED, Reason.HELD])
    )
    taken = tuple(
        Taken(hours.start(begins + timedelta(days=a)), hours.end(begins + timedelta(days=a + n)), why)
        for a, n, why in draw(st.lists(spans, max_size=5))
    )
    shut = st.tuples(st.sampled_from(ClosureKind), st.integers(-3, SPAN), st.integers(1, 4))
    closed = tuple(
        Closed(kind, begins + timedelta(days=a), begins + timedelta(days=a + n))
        for kind, a, n in draw(st.lists(shut, max_size=3))
    )
    lag = timedelta(hours=draw(st.sampled_from([0, 0, 6, 30])))
    return Ground(hours, rules, taken, closed, lag=lag), now


def _nights_of(span: Taken | Closed, ground: Ground, days: list[date], margin: timedelta) -> set[date]:
    """One by one: those of `days` whose night meets it."""
    if isinstance(span, Closed):
        return {day for day in days if span.first <= day < span.until}
    return {
        day
        for day in days
        if ground.hours.start(day) < span.end + margin
        and span.start < ground.hours.end(day + timedelta(days=1)) + margin
    }


def _oracle(wish: Wish, ground: Ground, now: datetime, days: list[date]) -> bool:
    """Whether a set of free nights holds all of the wish, told without any of the arithmetic above."""
    rules, today = ground.rules, now.astimezone(ground.hours.zone).date()
    lead = max(rules.notice, ground.lag)
    lost = {day for day in days if day < today or (lead and ground.hours.start(day) < now + lead)}
    for each in ground.taken:
        lost |= _nights_of(each, ground, days, timedelta(0) if each.why is Reason.BLOCKED else rules.buffer)
    for shut in ground.closed:
        if shut.kind in (ClosureKind.BLACKOUT, ClosureKind.MAINTENANCE):
            lost |= _nights_of(shut, ground, days, timedelta(0))
    no_arrival = {day for day in days if day.weekday() in rules.no_arrival}
    no_departure = {day for day in days if day.weekday() in rules.no_departure}
    for shut in ground.closed:
        no_arrival |= {day for day in days if shut.kind is ClosureKind.NO_ARRIVAL and shut.first <= day < shut.until}
        no_departure |= {
            day for day in days if shut.kind is ClosureKind.NO_DEPARTURE and shut.first <= day < shut.until
        }
    slept = {wish.arrival + timedelta(days=number) for number in range(wish.nights)}
    ends_well = not rules.turnover or {wish.arrival.weekday(), wish.departure.weekday()} <= rules.turnover
    near = wish.arrival <= today + timedelta(days=rules.advance_days)
    return (
        not slept & lost
        and wish.arrival not in no_arrival
        and wish.departure not in no_departure
        and ends_well
        and near
    )


@settings(max_examples=150, deadline=None)
@given(told=_grounds(), arrival=st.integers(-2, SPAN - 8), length=st.integers(1, 7))
def test_a_stay_may_be_booked_just_when_all_its_nights_are_free(
    told: tuple[Ground, datetime], arrival: int, length: int
) -> None:
    ground, now = told
    first = now.date() - timedelta(days=3)
    days = [first + timedelta(days=number) for number in range(SPAN + 8)]
    begins = now.date() + timedelta(days=arrival)
    wish = Wish(begins, begins + timedelta(days=length))
    expected = _oracle(wish, ground, now, days)
    assert may(wish, ground, now) is expected
    drawn = calendar(ground, first, len(days), now)
    at = (begins - first).days
    slept = not any(night & NOT_SLEPT for night in drawn[at : at + length])
    assert (slept and not drawn[at] & Night.NO_ARRIVAL and not drawn[at + length] & Night.NO_DEPARTURE) is expected


def test_the_calendar_says_what_each_night_is() -> None:
    closed = (Closed(ClosureKind.MAINTENANCE, _day(8), _day(9)),)
    ground = Ground(HOURS, BookingRules(), (_stay(2, 4), _stay(6, 7, Reason.BLOCKED)), closed)
    drawn = calendar(ground, _day(-1), 11, NOW)
    b, u, x, c, s = Night.BOOKED, Night.BUFFER, Night.BLOCKED, Night.CLOSED, Night.SOON
    assert list(drawn) == [s, 0, u, b, b, u, 0, x, 0, c, 0]
