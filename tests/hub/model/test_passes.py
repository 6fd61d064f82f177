from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.passes import (
    LEAD,
    Always,
    EveryWeek,
    Span,
    Turnover,
    When,
    hours_in_words,
    new_uses,
    next_window,
    read_hours,
    turnovers,
    whole_week,
)
from hub.model.values import UnitId, Window

BERLIN = ZoneInfo("Europe/Berlin")
EVER = Window(datetime(2026, 1, 1, tzinfo=UTC))
FLAT = UnitId("flat")


def at(text: str) -> datetime:
    """Local to Berlin; the first of two that look alike."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(hours: str, now: datetime, *, good: Window = EVER, zone: ZoneInfo = BERLIN) -> tuple[datetime, datetime]:
    found = next_window(EveryWeek(read_hours(hours)), good, zone, (), now, lead=timedelta())
    assert found is not None
    assert found.end is not None
    return found.start, found.end


# ---- weekly hours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2027-03-01T06:00", "2027-03-01T08:00", "2027-03-01T17:00"),  # a Monday
        ("2027-03-01T08:00", "2027-03-01T08:00", "2027-03-01T17:00"),
        ("2027-03-01T16:59", "2027-03-01T08:00", "2027-03-01T17:00"),
        ("2027-03-01T17:00", "2027-03-02T08:00", "2027-03-02T17:00"),
        ("2027-03-05T17:00", "2027-03-08T08:00", "2027-03-08T17:00"),  # from Friday to Monday
        ("2027-03-07T23:59", "2027-03-08T08:00", "2027-03-08T17:00"),
    ],
)
def test_hours_on_weekdays_are_open_now_or_come_next(now: str, start: str, end: str) -> None:
    assert window("Mon-Fri 08:00-17:00", at(now)) == (at(start), at(end))


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = (at("2027-03-06T22:00"), at("2027-03-07T02:00"))  # Saturday
    assert window("Sat 22:00-02:00", at("2027-03-07T01:00")) == night
    assert window("Sat 22:00-02:00", at("2027-03-07T02:00")) == (at("2027-03-13T22:00"), at("2027-03-14T02:00"))


def test_the_night_from_sunday_to_monday_crosses_the_weeks_end() -> None:
    assert window("Sun 22:00-06:00", at("2027-03-08T05:00")) == (at("2027-03-07T22:00"), at("2027-03-08T06:00"))


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [
        # The clocks go from 02:00 to 03:00 on 28 March.
        ("Sat 22:00-06:00", "2027-03-27T21:00", "2027-03-28T04:00"),  # seven hours, not eight
        ("Sun 01:00-02:30", "2027-03-28T00:00", "2027-03-28T01:00"),  # ends as the clocks leap over its end
        ("Sun 02:30-04:00", "2027-03-28T01:00", "2027-03-28T02:00"),
        ("Sun 02:10-02:40", "2027-04-04T00:10", "2027-04-04T00:40"),  # leapt over altogether: not this week
        ("Sun 08:00-12:00", "2027-03-28T06:00", "2027-03-28T10:00"),  # by the new time already
    ],
)
def test_in_the_night_that_lacks_an_hour(hours: str, start: str, end: str) -> None:
    assert window(hours, at("2027-03-27T20:00")) == (utc(start), utc(end))


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [
        # The clocks go from 03:00 back to 02:00 on 31 October.
        ("Sat 22:00-06:00", "2027-10-30T20:00", "2027-10-31T05:00"),  # nine hours
        ("Sun 01:00-02:30", "2027-10-30T23:00", "2027-10-31T01:30"),  # to the second half past two
        ("Sun 02:30-04:00", "2027-10-31T00:30", "2027-10-31T03:00"),  # from the first
        ("Sun 08:00-12:00", "2027-10-31T07:00", "2027-10-31T11:00"),
    ],
)
def test_in_the_night_that_has_an_hour_twice(hours: str, start: str, end: str) -> None:
    assert window(hours, at("2027-10-30T20:00")) == (utc(start), utc(end))


def test_hours_that_touch_are_one_window() -> None:
    assert window("Mon 08:00-12:00; Mon 12:00-17:00", at("2027-03-01T12:00")) == (
        at("2027-03-01T08:00"),
        at("2027-03-01T17:00"),
    )
    assert window("Mon-Tue 00:00-24:00", at("2027-03-02T05:00")) == (at("2027-03-01T00:00"), at("2027-03-03T00:00"))


def test_a_week_without_a_gap_is_one_window_that_nothing_ends() -> None:
    assert whole_week(read_hours("Mon-Sun 00:00-24:00"))
    assert not whole_week(read_hours("Mon-Sat 00:00-24:00; Sun 00:00-23:59"))
    found = next_window(EveryWeek(read_hours("Mon-Sun 06:00-06:00")), EVER, BERLIN, (), at("2027-03-02T05:00"))
    assert found == Window(EVER.start - LEAD)


def test_a_pass_that_is_good_from_tuesday_to_thursday_cuts_the_hours_of_its_week() -> None:
    good = Window(at("2027-03-02T12:00"), at("2027-03-04T10:00"))
    opened = [window("Mon-Fri 08:00-17:00", at(now), good=good) for now in ("2027-03-01T09:00", "2027-03-03T18:00")]
    assert opened == [
        (at("2027-03-02T12:00"), at("2027-03-02T17:00")),
        (at("2027-03-04T08:00"), at("2027-03-04T10:00")),
    ]
    weekly = EveryWeek(read_hours("Mon-Fri 08:00-17:00"))
    assert next_window(weekly, good, BERLIN, (), at("2027-03-04T10:00")) is None


def test_the_lead_is_inside_the_window() -> None:
    found = next_window(EveryWeek(read_hours("Mon 08:00-17:00")), EVER, BERLIN, (), at("2027-03-01T06:00"))
    assert found == Window(at("2027-03-01T08:00") - LEAD, at("2027-03-01T17:00"))


HOURS = st.lists(
    st.builds(
        Span,
        st.integers(0, 6),
        st.times().map(lambda each: each.replace(second=0, microsecond=0)),
        st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    ),
    min_size=1,
    max_size=5,
).map(tuple)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"])
NOWS = st.datetimes(datetime(2027, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(HOURS, ZONES, NOWS)
def test_windows_are_the_same_whenever_they_are_worked_out(hours: tuple[Span, ...], key: str, now: datetime) -> None:
    zone, when = ZoneInfo(key), EveryWeek(hours)
    found = next_window(when, EVER, zone, (), now, lead=timedelta())
    assert found is not None
    if found.end is None:
        return
    later = max(now, found.start) + (found.end - max(now, found.start)) / 2
    assert next_window(when, EVER, zone, (), later, lead=timedelta()) == found
    after = next_window(when, EVER, zone, (), found.end, lead=timedelta())
    assert after is not None
    assert after.start > found.end


@given(HOURS, NOWS)
def test_without_clock_changes_exactly_the_minutes_of_the_week_are_open(hours: tuple[Span, ...], now: datetime) -> None:
    now = now.replace(second=0, microsecond=0)
    open_minutes = {minute % (7 * 1440) for span in hours for minute in span.minutes}
    found = next_window(EveryWeek(hours), EVER, ZoneInfo("UTC"), (), now, lead=timedelta())
    assert found is not None
    assert (now in found) == (now.weekday() * 1440 + now.hour * 60 + now.minute in open_minutes)


# ---- turnovers ------------------------------------------------------------------------------------------------------


def stay(arrival: str, departure: str) -> Window:
    return Window(at(f"{arrival}T15:00"), at(f"{departure}T11:00"))


def test_a_unit_is_made_ready_from_check_out_to_the_next_check_in() -> None:
    stays = [stay("2027-03-01", "2027-03-05"), stay("2027-03-05", "2027-03-08")]
    assert turnovers(stays, timedelta(hours=8)) == [
        Window(at("2027-03-05T11:00"), at("2027-03-05T15:00")),
        Window(at("2027-03-08T11:00"), at("2027-03-08T19:00")),
    ]


def test_where_another_guest_is_inside_at_check_out_nobody_comes_to_clean() -> None:
    sold_twice = [stay("2027-03-01", "2027-03-05"), stay("2027-03-03", "2027-03-06")]
    assert turnovers(sold_twice, timedelta(hours=8)) == [Window(at("2027-03-06T11:00"), at("2027-03-06T19:00"))]


def test_two_stays_that_end_together_are_cleaned_up_after_once() -> None:
    assert len(turnovers([stay("2027-03-01", "2027-03-05"), stay("2027-03-02", "2027-03-05")], timedelta(hours=2))) == 1


def test_a_turnover_follows_the_stay_that_moves() -> None:
    when, now = Turnover(FLAT, timedelta(hours=3)), at("2027-03-02T00:00")
    before = next_window(when, EVER, BERLIN, [stay("2027-03-01", "2027-03-05")], now, lead=timedelta())
    after = next_window(when, EVER, BERLIN, [stay("2027-03-01", "2027-03-07")], now, lead=timedelta())
    assert before == Window(at("2027-03-05T11:00"), at("2027-03-05T14:00"))
    assert after == Window(at("2027-03-07T11:00"), at("2027-03-07T14:00"))


@pytest.mark.parametrize("when", [Turnover(FLAT), Turnover(None)])
def test_without_a_stay_there_is_nothing_to_make_ready(when: When) -> None:
    assert next_window(when, EVER, BERLIN, (), at("2027-03-02T00:00")) is None


# ---- always ---------------------------------------------------------------------------------------------------------


def test_a_standing_pass_is_open_as_long_as_it_is_good() -> None:
    good = Window(at("2027-03-02T12:00"), at("2027-03-04T10:00"))
    assert next_window(Always(), good, BERLIN, (), at("2027-03-03T03:00")) == Window(good.start - LEAD, good.end)
    assert next_window(Always(), good, BERLIN, (), at("2027-03-04T10:00")) is None


# ---- uses -----------------------------------------------------------------------------------------------------------


def test_a_doubled_report_is_one_use() -> None:
    first = at("2027-03-01T08:00")
    repeated = [first, first, first + timedelta(seconds=4)]
    assert new_uses([], repeated) == [first]
    assert new_uses([first], repeated) == []


def test_a_report_that_comes_late_counts_once() -> None:
    early, late = at("2027-03-01T08:00"), at("2027-03-01T09:00")
    assert new_uses([late], [early, late]) == [early]
    assert new_uses([late, early], [early, late]) == []


@given(st.lists(NOWS, max_size=8), st.data())
def test_uses_are_counted_alike_in_whatever_pieces_they_are_told(seen: list[datetime], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(seen)))
    seen = sorted(seen)
    first = new_uses([], seen[:cut])
    assert sorted(first + new_uses(first, seen)) == new_uses([], seen)


# ---- words ----------------------------------------------------------------------------------------------------------


def test_hours_are_read_as_people_write_them() -> None:
    assert read_hours("mon-tue 08:00 - 17:00;Sat 22:00-02:00") == (
        Span(0, time(8), time(17)),
        Span(1, time(8), time(17)),
        Span(5, time(22), time(2)),
    )
    assert [span.day for span in read_hours("Sat-Mon 08:00-09:00")] == [0, 5, 6]


@pytest.mark.parametrize("text", ["", "Mon", "Mon 8-17", "Moo 08:00-17:00", "Mon 25:00-26:00", "Mon-Fri 08:00-17:00 x"])
def test_other_words_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|day"):
        read_hours(text)


@given(HOURS)
def test_hours_in_words_are_read_as_the_same_hours(hours: tuple[Span, ...]) -> None:
    assert read_hours(hours_in_words(hours)) == tuple(sorted(set(hours)))


def test_days_with_the_same_hours_are_said_together() -> None:
    told = "Mon-Wed, Fri 08:00-17:00; Sat 22:00-02:00"
    assert hours_in_words(read_hours(told)) == told


def test_the_week_of_a_turn_of_the_year_has_its_days() -> None:
    days = [date(2027, 12, 27) + timedelta(days=number) for number in range(14)]
    opened = [window("Mon-Sun 08:00-09:00", datetime.combine(day, time(5), BERLIN))[0] for day in days]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(opened))
