"""Nights lost to buffers, counted by hand and against what may be booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hub.model.availability import BookingRules, Closed, ClosureKind, Ground, Hours, Reason, Taken, Wish, objections
from hub.model.lost_nights import Month, after, by_month
from hub.model.nights import calendar

BERLIN = Hours(ZoneInfo("Europe/Berlin"), time(15), time(11))
MARCH = date(2027, 3, 1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""Nothing is over yet."""
OPEN = BookingRules(notice=timedelta(0), advance_days=1095)


def _stay(arrival: date, departure: date, why: Reason = Reason.BOOKED) -> Taken:
    return Taken(BERLIN.start(arrival), BERLIN.end(departure), why)


def _ground(buffer_h: int, *taken: Taken, closed: tuple[Closed, ...] = ()) -> Ground:
    return Ground(BERLIN, replace(OPEN, buffer=timedelta(hours=buffer_h)), taken, closed)


def _march(ground: Ground) -> Month:
    (month,) = by_month(MARCH, calendar(ground, MARCH, 31, LONG_AGO))
    return month


def test_a_day_between_guests_costs_the_night_before_and_after_each_stay() -> None:
    """From the 5th to the 9th, 28 hours: nobody leaves on the 5th or comes on the 9th."""
    assert _march(_ground(28, _stay(date(2027, 3, 5), date(2027, 3, 9)))) == Month(MARCH, 31, booked=4, shut=0, lost=2)


def test_a_night_between_two_stays_is_lost_once() -> None:
    stays = _stay(date(2027, 3, 5), date(2027, 3, 9)), _stay(date(2027, 3, 10), date(2027, 3, 12))
    assert _march(_ground(28, *stays)) == Month(MARCH, 31, booked=6, shut=0, lost=3)


def test_hours_that_fit_between_check_out_and_check_in_cost_nothing() -> None:
    month = _march(_ground(4, _stay(date(2027, 3, 5), date(2027, 3, 9))))
    assert (month.lost, month.free, month.share) == (0, 27, 0)


def test_what_is_closed_or_held_anyway_is_not_lost() -> None:
    stay, held = _stay(date(2027, 3, 5), date(2027, 3, 9)), _stay(date(2027, 3, 20), date(2027, 3, 21), Reason.HELD)
    shut = Closed(ClosureKind.BLACKOUT, date(2027, 3, 9), date(2027, 3, 12))
    month = _march(_ground(28, stay, held, closed=(shut,)))
    # The 4th, and the 19th and 21st beside the hold; the 9th is closed.
    assert month == Month(MARCH, 31, booked=4, shut=4, lost=3)
    assert month.share == 3 * 1000 // 27


def test_a_stay_over_the_end_of_a_month_loses_nights_in_both() -> None:
    marks = calendar(_ground(28, _stay(date(2027, 3, 30), date(2027, 4, 2))), MARCH, 61, LONG_AGO)
    march, april = by_month(MARCH, marks)
    assert march == Month(MARCH, 31, booked=2, shut=0, lost=1)
    assert april == Month(date(2027, 4, 1), 30, booked=1, shut=0, lost=1)


def test_a_month_that_is_closed_has_nothing_to_lose() -> None:
    month = _march(_ground(28, closed=(Closed(ClosureKind.BLACKOUT, MARCH, date(2027, 4, 1)),)))
    assert (month.shut, month.lost, month.share) == (31, 0, None)


def test_months_follow_each_other_over_the_years() -> None:
    assert [after(date(2026, 11, 1), count) for count in (0, 1, 2, 14)] == [
        date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2028, 1, 1),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 27), st.integers(1, 4)), max_size=4), st.sampled_from([0, 4, 12, 28, 52]))
def test_what_is_lost_could_be_booked_if_no_time_lay_between(stays: list[tuple[int, int]], buffer_h: int) -> None:
    """Night by night what may be booked with the buffer, and what without, by the rule for one stay."""
    taken = tuple(
        _stay(MARCH + timedelta(days=day), MARCH + timedelta(days=day + nights)) for day, nights in sorted(stays)
    )

    def free(hours: int) -> set[date]:
        nights = (MARCH + timedelta(days=day) for day in range(31))
        ground = _ground(hours, *taken)
        return {night for night in nights if not objections(Wish(night, night + timedelta(days=1)), ground, LONG_AGO)}

    assert _march(_ground(buffer_h, *taken)).lost == len(free(0) - free(buffer_h))
