from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hub.model.figures import (
    KEPT,
    Counts,
    Delay,
    Figure,
    Latency,
    What,
    begin_of,
    bound_ms,
    by_day,
    delay_of,
    latency_of,
    together,
)

NOON = datetime(2027, 3, 3, 12, 0, tzinfo=UTC)


def test_a_share_that_is_not_whole_never_reads_a_hundred_per_cent() -> None:
    assert Figure(What.ANSWERED, 99_999, 100_000).tenths == 999
    assert Figure(What.ANSWERED, 5, 5).tenths == 1000


def test_where_nothing_was_measured_nothing_is_said() -> None:
    figure = Figure(What.CODES, 0, 0)
    assert (figure.tenths, figure.met) == (None, None)


def test_a_goal_is_to_be_exceeded() -> None:
    assert [Figure(What.ANSWERED, good, 1000).met for good in (989, 990, 991)] == [False, False, True]
    assert [Figure(What.CODES, good, 1000).met for good in (995, 996)] == [False, True]
    assert [Figure(What.CONNECTED, good, 1000).met for good in (980, 981)] == [False, True]


def test_half_of_all_answers_and_95_of_100_took_no_longer_than_the_bound_they_are_counted_at() -> None:
    assert [bound_ms(timedelta(milliseconds=took)) for took in (0, 100, 101, 9_000, 90_000)] == [
        100, 100, 200, 10_000, 60_000,
    ]  # fmt: skip
    assert latency_of([{}]) == Latency(0, None, None)
    assert latency_of([{300: 1}]) == Latency(1, 300, 300)
    assert latency_of([{100: 50, 2000: 5}, {100: 0, 500: 45}]) == Latency(100, 100, 500)
    assert latency_of([{100: 49, 2000: 6}, {500: 45}]) == Latency(100, 500, 2000)


def test_counts_of_many_locks_weigh_by_how_much_there_was() -> None:
    both = together([Counts(90, 90, 3, 3, 1000, 0), Counts(10, 5, 1, 0, 3000, 400)])
    told = {each.what: (each.good, each.of) for each in both.figures}
    assert (told[What.ANSWERED], told[What.CODES], told[What.CONNECTED]) == ((95, 100), (3, 4), (3600, 4000))


def test_seven_days_are_today_and_the_six_before() -> None:
    assert begin_of(7, NOON) == datetime(2027, 2, 25, tzinfo=UTC)
    assert begin_of(1, NOON) == datetime(2027, 3, 3, tzinfo=UTC)


def test_a_silence_over_midnight_belongs_to_both_days() -> None:
    silent = list(by_day(datetime(2027, 3, 1, 23, 0, tzinfo=UTC), datetime(2027, 3, 3, 0, 30, tzinfo=UTC)))
    assert silent == [(date(2027, 3, 1), 3600), (date(2027, 3, 2), 86_400), (date(2027, 3, 3), 1800)]


def test_of_a_silence_of_years_only_the_end_is_counted() -> None:
    days = list(by_day(NOON - timedelta(days=4000), NOON))
    assert sum(seconds for _, seconds in days) == KEPT // timedelta(seconds=1)


def test_a_silence_that_ends_before_it_began_is_none() -> None:
    assert list(by_day(NOON, NOON - timedelta(hours=1))) == []


def test_how_long_most_took_is_a_time_that_one_took() -> None:
    assert delay_of([]) == Delay(0, None, None)
    assert delay_of([timedelta(milliseconds=200)]) == Delay(1, 1, 1)
    assert delay_of(timedelta(seconds=each) for each in range(1, 101)) == Delay(100, 50, 95)
    assert delay_of(timedelta(seconds=each) for each in (9, 1, 2)) == Delay(3, 2, 9)
    assert delay_of([timedelta(seconds=-5)]) == Delay(1, 0, 0), "a clock that was put back"


def test_every_one_is_met_by_every_one_only() -> None:
    assert [Figure(What.WELCOMED, good, 2000).met for good in (2000, 1999)] == [True, False]
