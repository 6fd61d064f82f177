from __future__ import annotations

import pytest

from tests.bench.rows import Goal, Row, of_rounds, percentile, rounded, table

AT_LEAST_HALF = Goal("ratio", "at least", 0.5)
AT_MOST_10 = Goal("value", "at most", 10)


@pytest.mark.parametrize(("value", "met"), [(499.0, False), (500.0, True), (501.0, True)])
def test_a_ratio_is_measured_against_the_reference_of_the_same_run(value: float, met: bool) -> None:
    row = Row("webhooks", value, "/s", 1000.0, AT_LEAST_HALF)
    assert (row.ratio, row.met) == (value / 1000, met)


@pytest.mark.parametrize(("value", "met"), [(9.9, True), (10.0, True), (10.1, False)])
def test_a_goal_for_the_value_does_not_ask_for_the_reference(value: float, met: bool) -> None:
    assert Row("page", value, "ms", 0.001, AT_MOST_10).met is met


def test_the_median_of_the_rounds_counts_for_each_side_by_itself() -> None:
    row = of_rounds("page", "ms", [(9.0, 1.0), (1.0, 5.0), (2.0, 3.0)], AT_MOST_10)
    assert (row.value, row.reference) == (2.0, 3.0)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (0, 1)])
def test_a_percentile_is_a_sample_that_so_many_do_not_exceed(percent: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


@pytest.mark.parametrize(
    ("number", "shown"), [(0, 0), (0.04567, 0.0457), (1.2345, 1.23), (999.6, 1000), (12345.6, 12346), (0.5, 0.5)]
)
def test_figures_are_rounded_to_what_they_can_say(number: float, shown: float) -> None:
    assert rounded(number) == shown


def test_a_row_is_told_with_everything_that_a_reader_needs_to_judge_it() -> None:
    assert Row("webhooks", 4321.5, "/s", 10_000.0, AT_LEAST_HALF).told() == {
        "name": "webhooks",
        "value": 4322,
        "unit": "/s",
        "reference": 10_000,
        "ratio": 0.432,
        "goal": "at least 0.5 x",
        "met": False,
    }


def test_the_table_says_which_goals_were_missed() -> None:
    rows = [Row("webhooks", 1.0, "/s", 10.0, AT_LEAST_HALF), Row("page", 1.0, "ms", 0.5, AT_MOST_10)]
    _, webhooks, page = table(rows).splitlines()
    assert webhooks.endswith("MISSED")
    assert page.split() == ["page", "1", "ms", "0.5", "ms", "2.00", "at", "most", "10", "ms", "met"]
