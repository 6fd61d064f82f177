"""integrations.ical.recurring: repeating events within limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.io.sandbox import ChildSandbox
from hub.model.values import StayKind, StayStatus
from integrations.ical import calendar as reader
from integrations.ical.channels import Source
from integrations.ical.recurring import HORIZON
from tests.integrations.ical.reading import NOW, calendar, event, only, understood

WEEKLY = ("DTSTART;TZID=Europe/London:20270301T150000", "DTEND;TZID=Europe/London:20270302T100000", "SUMMARY:Smith")


def arrivals(*lines: str, uid: str = "one") -> list[date | None]:
    return [stay.arrival for stay in understood(calendar(event(*lines, uid=uid)), zone="Europe/London")]


def test_each_occurrence_is_a_stay_with_a_name_of_its_own() -> None:
    first, second = understood(calendar(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2")), zone="Europe/London")
    assert (first.arrival, second.arrival) == (date(2027, 3, 1), date(2027, 3, 8))
    assert (first.uid, second.uid) == ("one/2027-03-01T15:00:00+00:00", "one/2027-03-08T15:00:00+00:00")
    assert {first.guest, second.guest} == {"Smith"}


def test_the_hour_on_the_wall_stays_over_a_change_of_clocks() -> None:
    stays = understood(calendar(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=5")), zone="Europe/London")
    assert [stay.check_in.hour for stay in stays if stay.check_in] == [15, 15, 15, 15, 14]


def test_a_rule_without_end_is_told_for_two_years() -> None:
    found = arrivals("DTSTART:20270201", "RRULE:FREQ=DAILY")
    assert found[0] == date(2027, 2, 1)
    assert found[-1] == (NOW + HORIZON).date() - timedelta(days=1)


def test_what_is_long_past_is_not_told() -> None:
    assert min(arrivals("DTSTART:20150101", "RRULE:FREQ=DAILY"), default=None) == date(2027, 1, 1)  # type: ignore[type-var]


@pytest.mark.parametrize(
    "exception", ["EXDATE;TZID=Europe/London:20270308T150000", "EXDATE:20270308T150000Z", "EXDATE:20270308"]
)
def test_an_exception_is_left_out(exception: str) -> None:
    assert arrivals(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3", exception) == [date(2027, 3, 1), date(2027, 3, 15)]


def test_an_extra_date_is_added() -> None:
    assert arrivals("DTSTART:20270301", "RDATE:20270310,20270320") == [
        date(2027, 3, 1),
        date(2027, 3, 10),
        date(2027, 3, 20),
    ]


def test_an_occurrence_that_was_moved_keeps_its_name() -> None:
    moved = event(
        "RECURRENCE-ID;TZID=Europe/London:20270308T150000",
        "DTSTART;TZID=Europe/London:20270309T150000",
        "DTEND;TZID=Europe/London:20270311T100000",
        "SUMMARY:Jones",
    )
    _, second = understood(calendar(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2"), moved), zone="Europe/London")
    assert second.uid == "one/2027-03-08T15:00:00+00:00"
    assert (second.arrival, second.departure, second.guest) == (date(2027, 3, 9), date(2027, 3, 11), "Jones")


def test_a_moved_occurrence_without_its_rule_is_told() -> None:
    alone = event("RECURRENCE-ID:20270308T150000Z", "DTSTART:20270309T150000Z", "DTEND:20270311T100000Z")
    assert [stay.arrival for stay in understood(calendar(alone), zone="Europe/London")] == [date(2027, 3, 9)]


def test_a_repeating_block_repeats_as_a_block() -> None:
    stays = understood(calendar(event("DTSTART:20270301", "RRULE:FREQ=MONTHLY;COUNT=3", "SUMMARY:Blocked")))
    assert {stay.kind for stay in stays} == {StayKind.BLOCK}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=SECONDLY", "more often than daily"),
        ("FREQ=MINUTELY;COUNT=5", "more often than daily"),
        ("FREQ=HOURLY", "more often than daily"),
        ("COUNT=5", "without saying how often"),
        ("", "without saying how often"),
        ("FREQ=SOMETIMES", "without saying how often"),
        ("FREQ=DAILY;BYHOUR=1;BYMINUTE=2;BYSECOND=3", "repeats by BYHOUR, which is not followed"),
        ("FREQ=YEARLY;BYEASTER=0", "repeats by BYEASTER, which is not followed"),
        ("FREQ=YEARLY;BYWEEKNO=20", "repeats by BYWEEKNO, which is not followed"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "repeats daily by BYMONTHDAY, which is not followed"),
        ("FREQ=DAILY;INTERVAL=0", "cannot be read: INTERVAL=0"),
        ("FREQ=DAILY;INTERVAL=-1", "cannot be read: INTERVAL=-1"),
        ("FREQ=DAILY;COUNT=0", "cannot be read: COUNT=0"),
        ("FREQ=DAILY;COUNT=1e9", "cannot be read: COUNT=1E9"),
        ("FREQ=DAILY;UNTIL=tomorrow", "cannot be read: UNTIL=TOMORROW"),
        ("FREQ=DAILY;UNTIL=20279999", "cannot be read"),
        ("FREQ=WEEKLY;BYDAY=XX", "cannot be read: BYDAY=XX"),
        ("FREQ=MONTHLY;BYMONTHDAY=99", "cannot be read: BYMONTHDAY=99"),
        ("FREQ=YEARLY;BYMONTH=13", "cannot be read: BYMONTH=13"),
        ("FREQ=DAILY\r\nRRULE:FREQ=WEEKLY", "by more than one rule"),
        ("FREQ=DAILY\r\nEXRULE:FREQ=WEEKLY", "by more than one rule"),
        ("FREQ=DAILY\r\nEXDATE:nonsense", "EXDATE that is no date"),
        ("FREQ=DAILY\r\nRDATE;VALUE=PERIOD:20270301T000000Z/PT1H", "RDATE that is no date"),
        ("FREQ=DAILY\r\nEXDATE:" + ",".join(["20270302"] * 3_000), "more than 2000 exceptions"),
        ("FREQ=DAILY\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270302", "changes all of its later occurrences"),
    ],
)
def test_a_rule_that_is_not_followed_is_shown_with_its_first_dates(rule: str, why: str) -> None:
    stay = only("DTSTART:20270301", f"RRULE:{rule}")
    assert stay.status is StayStatus.UNUSABLE
    assert why in stay.note
    assert stay.arrival == date(2027, 3, 1)


def test_an_event_that_repeats_since_ages_is_shown() -> None:
    assert "repeats since before 1990" in only("DTSTART:16010101", "RRULE:FREQ=YEARLY").note


def test_a_repeating_event_without_uid_is_shown() -> None:
    (stay,) = understood(calendar("BEGIN:VEVENT\r\nDTSTART:20270301\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT"))
    assert stay.note == "this event repeats but has no UID"


def test_a_repeating_event_without_dates_is_shown() -> None:
    assert only("RRULE:FREQ=DAILY").note == "this event has no start"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=DAILY;COUNT=1000000000",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3;BYSECOND=0,1,2,3",
    ],
)
async def test_a_small_feed_with_a_bomb_is_answered_quickly(rule: str) -> None:
    """`FREQ=SECONDLY` cost its reader 20 s; the limit of 1 s here stands for "at once" on a slow machine."""
    feed = calendar(event("DTSTART:20270301T000000Z", "DTEND:20270301T000001Z", f"RRULE:{rule}"))
    packed = reader.pack(feed, zone="Europe/London", source=Source.AUTO, now=NOW)
    assert 1 <= len(await ChildSandbox()(reader.WORK, packed)) <= 732


# ---- against dateutil, which knows nothing of us ----

_DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def rules(draw: st.DrawFn) -> str:
    parts = [f"FREQ={draw(st.sampled_from(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']))}"]
    parts += [f"INTERVAL={draw(st.integers(1, 5))}"] if draw(st.booleans()) else []
    days = draw(st.lists(st.sampled_from(_DAYS), max_size=3, unique=True))
    parts += [f"BYDAY={','.join(days)}"] if days else []
    parts.append(draw(st.one_of(st.builds("COUNT={}".format, st.integers(1, 40)), st.just("UNTIL=20280301"))))
    return ";".join(parts)


@settings(max_examples=60, deadline=None)
@given(rule=rules(), start=st.dates(date(2027, 1, 2), date(2027, 12, 31)))
def test_occurrences_are_those_of_an_independent_reader(rule: str, start: date) -> None:
    expected: Any = rrulestr(rule, dtstart=datetime.combine(start, time.min))
    horizon = (NOW + HORIZON).replace(tzinfo=None)
    dates = {
        found.date()
        for found in expected.between(
            datetime.combine(date(2027, 1, 2), time.min), horizon - timedelta(days=1), inc=True
        )
    }
    found = arrivals(f"DTSTART;VALUE=DATE:{start:%Y%m%d}", f"RRULE:{rule}")
    assert {each for each in found if each} == dates | {start}


def test_now_is_handed_in() -> None:
    stays = understood(calendar(event("DTSTART:20270301", "RRULE:FREQ=YEARLY")), now=datetime(2040, 1, 1, tzinfo=UTC))
    assert [stay.arrival for stay in stays] == [date(2040, 3, 1), date(2041, 3, 1)]
