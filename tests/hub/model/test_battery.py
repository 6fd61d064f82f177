from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.battery import (
    EMPTY_AT,
    LOW_AT,
    Reading,
    Weighed,
    accuracy,
    curve,
    forecast,
    low_at,
    missed_by,
    weigh,
)

START = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def read(days: float, percent: int | None, *, low: bool = False) -> Reading:
    return Reading(START + days * DAY, percent, low)


def weighed(readings: Iterable[Reading]) -> list[Weighed]:
    done: list[Weighed] = []
    for reading in readings:
        done.append(Weighed(reading, weigh(done, reading)))
    return done


def weights(*readings: Reading) -> list[str]:
    return [each.weight.value for each in weighed(readings)]


@pytest.mark.parametrize(
    ("why", "readings", "expected"),
    [
        ("a slow fall is believed", [read(0, 90), read(1, 89), read(30, 70)], ["good"] * 3),
        ("0 % between two of 90 is not", [read(0, 90), read(1, 0), read(2, 90)], ["good", "doubted", "good"]),
        (
            "0 % told twice within seconds is not",
            [read(0, 90), read(1, 0), read(1.0001, 0)],
            ["good"] + ["doubted"] * 2,
        ),
        ("0 % told again later is", [read(0, 90), read(1, 0), read(1.1, 0)], ["good", "doubted", "good"]),
        ("0 % at the very first is not", [read(0, 0), read(1, 95)], ["doubted", "good"]),
        ("0 % of nearly empty batteries is", [read(0, 4), read(1, 0)], ["good", "good"]),
        (
            "a deep fall is believed the second time",
            [read(0, 80), read(1, 40), read(2, 38)],
            ["good", "doubted", "good"],
        ),
        ("a long silence may cost much", [read(0, 80), read(30, 30)], ["good", "good"]),
        ("a jump to full is new batteries", [read(0, 12), read(1, 98)], ["good", "replaced"]),
        ("the sun is not new batteries", [read(0, 60), read(1, 70)], ["good", "good"]),
        (
            "half used ones are new when told twice",
            [read(0, 5), read(1, 40), read(2, 41)],
            ["good", "doubted", "replaced"],
        ),
        ("a warning without a figure bends nothing", [read(0, 50), read(1, None, low=True), read(2, 49)], ["good"] * 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_which_readings_are_believed(why: str, readings: list[Reading], expected: list[str]) -> None:
    assert weights(*readings) == expected, why


def test_a_curve_begins_anew_with_new_batteries() -> None:
    told = weighed([read(0, 20), read(1, 0), read(2, 19), read(3, 99), read(4, 98)])
    assert [point.percent for point in curve(told)] == [99, 98]


def test_a_straight_fall_is_forecast_to_the_day() -> None:
    found = forecast([read(day, 90 - day) for day in range(0, 31, 3)])
    assert found is not None
    assert found.per_day == pytest.approx(1)
    assert found.empty_at == START + (90 - EMPTY_AT) * DAY


@pytest.mark.parametrize(
    "points",
    [
        [],
        [read(0, 90)],
        [read(0, 90), read(3, 87)],
        [read(day, 90) for day in range(20)],
        [read(day, 70 + day) for day in range(20)],
    ],
    ids=["nothing", "one", "three days", "flat", "rising"],
)
def test_what_does_not_show_a_fall_is_not_forecast(points: list[Reading]) -> None:
    assert forecast(points) is None


def test_a_few_odd_readings_do_not_move_the_forecast() -> None:
    points = [read(day, 90 - day) for day in range(31)]
    points[7], points[19] = read(7, 100), read(19, 55)
    found = forecast(points)
    assert found is not None
    assert abs(found.empty_at - (START + 85 * DAY)) < 2 * DAY


def test_the_threshold_of_a_model_is_what_its_locks_said() -> None:
    assert low_at([]) == LOW_AT
    assert low_at([28, 35]) == 35
    assert low_at([4]) == LOW_AT
    assert low_at([95]) == 50


@given(
    per_day=st.floats(0.1, 1.0),
    noise=st.integers(0, 2),
    seed=st.integers(0, 10_000),
    curved=st.booleans(),
)
def test_a_week_ahead_the_forecast_is_right_within_five_points(
    per_day: float, noise: int, seed: int, curved: bool
) -> None:
    """The goal of requirement 109, over a year of one lock: straight or bent as lithium, noisy, with 0 % in between."""
    random = Random(seed)

    def level(day: int) -> int:
        fallen = per_day * day * (0.5 + day * per_day / 190 if curved else 1)
        return max(0, min(100, round(100 - fallen) + random.randint(-noise, noise)))

    days = [day for day in range(300) if per_day * day < 90]
    told = [read(day, 0 if random.random() < 0.03 and day > 1 else level(day)) for day in days]
    found = accuracy(curve(weighed(told)))
    assert found is None or found > 95


def test_the_last_reading_is_held_against_what_was_forecast_a_week_before() -> None:
    points = [Reading(START + day * DAY, 90 - day) for day in range(30)]
    assert missed_by(points) == pytest.approx(0)
    assert missed_by([*points[:-1], Reading(points[-1].at, 51)]) == pytest.approx(10)
    assert missed_by(points[:10]) is None, "a curve of less than a week tells nothing"
    assert missed_by([]) is None
