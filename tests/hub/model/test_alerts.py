"""The table of alert kinds, and what becomes of an alert in time."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.alerts import (
    Circumstances,
    Course,
    Kind,
    Level,
    Move,
    QuietHours,
    Rest,
    Rule,
    Way,
    next_move,
    seen,
)


def test_every_kind_has_a_word_of_its_own_and_is_found_by_it() -> None:
    assert len({kind.word for kind in Kind}) == len(Kind)
    for kind in Kind:
        assert (Kind.of(kind.word), kind.value) == (kind, kind.word)
        assert re.fullmatch(r"[a-z_]+", kind.word)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.word)
def test_what_is_urgent_waits_for_no_morning_and_finds_somebody_else(kind: Kind) -> None:
    rule = kind.rule
    at_once = kind in {Kind.EMERGENCY_CODE, Kind.EMERGENCY_UNLOCK, Kind.WRONG_CODES}
    assert rule.waits_for_morning == (rule.level is not Level.URGENT and not at_once)
    assert Way.PAGE in rule.ways
    # Else what comes and goes is told again and again; a lock-down is released once, and the next is another one.
    assert rule.gone > timedelta(0) or kind is Kind.LOCKED_DOWN
    if rule.level is Level.URGENT:
        assert rule.ways == frozenset(Way)
        assert rule.escalate is not None
        assert rule.lasting <= timedelta(minutes=10)


@pytest.mark.parametrize("kind", [Kind.JAMMED, Kind.TAMPERED, Kind.VACATION_MODE])
def test_what_keeps_a_guest_out_or_lets_somebody_in_is_urgent(kind: Kind) -> None:
    assert kind.rule.level is Level.URGENT


# ---- the course of an alert: a table of cases on a turned clock -----------------------------------------------------

T0 = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
RULE = Rule(
    Level.PROBLEM,
    frozenset(Way),
    lasting=timedelta(minutes=10),
    gone=timedelta(minutes=30),
    escalate=timedelta(minutes=60),
    repeat=timedelta(hours=24),
)
AT_ONCE = replace(RULE, lasting=timedelta(0))
URGENT = replace(RULE, level=Level.URGENT, lasting=timedelta(0))


@dataclass
class Told:
    """What happens to one trouble, minute by minute."""

    rule: Rule = RULE
    people: int = 2
    course: Course | None = None
    happened: list[tuple[int, str]] = field(default_factory=list)

    def minute(self, number: int, *, found: bool, quiet: bool = False, unreached: bool = False) -> None:
        now = T0 + timedelta(minutes=number)
        if self.course is None:
            if not found:
                return
            self.course = Course(found_at=now)
        self.course = seen(self.course, self.rule, found=found, now=now)
        around = Circumstances(found, self.people, now + timedelta(hours=1) if quiet else None, unreached)
        while isinstance(move := next_move(self.rule, self.course, around, now), Move):
            self.happened.append((number, move.value))
            if move in (Move.FORGET, Move.END):
                self.course = None
                return
            self._do(move, now)

    def _do(self, move: Move, now: datetime) -> None:
        assert self.course is not None
        match move:
            case Move.RAISE:
                self.course = replace(self.course, raised_at=now)
            case Move.TELL:
                self.course = replace(self.course, told=self.course.told + 1, told_at=now)
            case Move.REMIND:
                self.course = replace(self.course, reminded=self.course.reminded + 1, told_at=now)


def told(rule: Rule, until: int, found: Callable[[int], bool], *, people: int = 2) -> list[tuple[int, str]]:
    case = Told(rule, people)
    for minute in range(until):
        case.minute(minute, found=found(minute))
    return case.happened


@pytest.mark.parametrize(
    ("what", "found", "happened"),
    [
        ("shorter than it must last", lambda m: m < 9, [(19, "forget")]),
        ("as long as it must last", lambda m: m < 11, [(10, "raise"), (10, "tell"), (41, "end")]),
        ("every other minute", lambda m: m % 2 == 0 and m < 300,
         [(10, "raise"), (10, "tell"), (70, "tell"), (329, "end")]),
        ("one minute in five", lambda m: m % 5 == 0 and m < 50, [(10, "raise"), (10, "tell"), (76, "end")]),
        ("a break as long as it must last", lambda m: m < 8 or 18 <= m < 30,
         [(28, "raise"), (28, "tell"), (60, "end")]),
        ("gone for less than it takes", lambda m: m < 20 or 49 <= m < 60, [(10, "raise"), (10, "tell"), (90, "end")]),
        ("gone and back", lambda m: m < 20 or 51 <= m < 70,
         [(10, "raise"), (10, "tell"), (50, "end"), (61, "raise"), (61, "tell"), (100, "end")]),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)  # fmt: skip
def test_what_comes_and_goes_is_one_alert(
    what: str, found: Callable[[int], bool], happened: list[tuple[int, str]]
) -> None:
    assert told(RULE, 400, found) == happened


def test_unacknowledged_it_goes_down_the_list_and_is_then_told_again() -> None:
    day = 24 * 60
    assert told(AT_ONCE, 2 * day + 200, lambda _: True, people=3) == [
        (0, "raise"), (0, "tell"), (60, "tell"), (120, "tell"), (120 + day, "remind"), (120 + 2 * day, "remind"),
    ]  # fmt: skip


def test_what_is_urgent_is_told_again_ever_more_seldom_and_at_last_once_a_day() -> None:
    hour, day = 60, 24 * 60
    urgent = replace(URGENT, escalate=None, repeat=timedelta(hours=1))
    seventh = 7 * hour
    assert told(urgent, seventh + 2 * day + 1, lambda _: True) == [
        (0, "raise"), (0, "tell"), (hour, "remind"), (3 * hour, "remind"), (seventh, "remind"),
        (seventh + day, "remind"), (seventh + 2 * day, "remind"),
    ]  # fmt: skip


def test_a_month_of_silence_is_no_flood() -> None:
    """From the look after one telling to the next, not minute by minute."""
    for rule in {kind.rule for kind in Kind}:
        course, now, reminded = Course(found_at=T0, raised_at=T0, told=1, told_at=T0), T0, 0
        while now < T0 + timedelta(days=30):
            move = next_move(rule, course, Circumstances(found=True, people=1), now)
            if isinstance(move, Rest):
                now = move.until or T0 + timedelta(days=30)
            else:
                assert move is Move.REMIND
                reminded += 1
                course = replace(course, reminded=reminded, told_at=now)
        assert reminded <= 32, rule


def test_nobody_is_on_the_list_and_it_is_raised_all_the_same() -> None:
    assert told(AT_ONCE, 500, lambda _: True, people=0) == [(0, "raise")]


def test_what_does_not_escalate_is_told_to_the_first_and_to_nobody_else() -> None:
    once = replace(AT_ONCE, escalate=None, repeat=None)
    assert told(once, 5000, lambda _: True) == [(0, "raise"), (0, "tell")]


def test_quiet_hours_hold_back_what_can_wait_and_nothing_urgent() -> None:
    for rule, happened in ((AT_ONCE, [(0, "raise"), (30, "tell")]), (URGENT, [(0, "raise"), (0, "tell")])):
        case = Told(rule)
        for minute in range(40):
            case.minute(minute, found=True, quiet=minute < 30)
        assert case.happened == happened


def test_what_was_over_before_the_quiet_ended_is_told_to_nobody() -> None:
    case = Told(AT_ONCE)
    for minute in range(60):
        case.minute(minute, found=minute < 10, quiet=minute < 30)
    assert case.happened == [(0, "raise"), (40, "end")]


def test_once_acknowledged_nobody_else_is_told_and_the_end_comes_as_ever() -> None:
    case = Told(AT_ONCE)
    case.minute(0, found=True)
    assert case.course is not None
    case.course = replace(case.course, acknowledged=True)
    for minute in range(1, 500):
        case.minute(minute, found=minute < 400)
    assert case.happened == [(0, "raise"), (0, "tell"), (430, "end")]


def test_where_nobody_was_reached_the_next_person_is_told_at_once() -> None:
    case = Told(AT_ONCE)
    for minute in range(10):
        case.minute(minute, found=True, unreached=minute == 3)
    assert case.happened == [(0, "raise"), (0, "tell"), (3, "tell")]


def test_a_clock_that_was_set_back_neither_ends_nor_escalates_anything() -> None:
    raised = Course(found_at=T0, raised_at=T0, told=1, told_at=T0)
    earlier = T0 - timedelta(days=400)
    found = next_move(RULE, raised, Circumstances(found=True, people=2), earlier)
    missing = next_move(RULE, replace(raised, missing_since=T0), Circumstances(found=False, people=2), earlier)
    assert (found, missing) == (Rest(earlier + timedelta(hours=1)), Rest(earlier + timedelta(minutes=30)))


@given(
    flips=st.lists(st.booleans(), max_size=300),
    rule=st.sampled_from([RULE, AT_ONCE, URGENT, Kind.SILENT.rule, Kind.CODE_UNPROVEN.rule]),
)
def test_however_it_comes_and_goes_alerts_are_apart_by_what_it_takes_to_be_gone(flips: list[bool], rule: Rule) -> None:
    happened = told(rule, len(flips), lambda minute: flips[minute])
    moves = [move for _, move in happened if move in ("raise", "end")]
    assert moves == ["raise", "end"] * (len(moves) // 2) + ["raise"] * (len(moves) % 2)
    raised = [minute for minute, move in happened if move == "raise"]
    apart = rule.gone / timedelta(minutes=1)
    assert all(later - earlier >= apart for earlier, later in pairwise(raised))


# ---- quiet hours ----------------------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("hours", "local", "ends"),
    [
        ("22:00-07:00", "2027-03-01T21:59", None),
        ("22:00-07:00", "2027-03-01T22:00", "2027-03-02T06:00"),
        ("22:00-07:00", "2027-03-02T06:59", "2027-03-02T06:00"),
        ("22:00-07:00", "2027-03-02T07:00", None),
        ("13:00-15:00", "2027-03-01T14:00", "2027-03-01T14:00"),
        ("13:00-15:00", "2027-03-01T15:00", None),
        ("22:00-07:00", "2027-03-27T23:00", "2027-03-28T05:00"),  # the clocks go forward that night
        ("22:00-07:00", "2027-10-30T23:00", "2027-10-31T06:00"),  # and back
    ],
)
def test_quiet_hours_are_local_and_may_span_midnight(hours: str, local: str, ends: str | None) -> None:
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    quiet = QuietHours(start, end)
    assert str(quiet) == hours
    expected = None if ends is None else datetime.fromisoformat(ends).replace(tzinfo=UTC)
    assert quiet.end_of(datetime.fromisoformat(local).replace(tzinfo=BERLIN)) == expected
