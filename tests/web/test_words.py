"""Times are said in the property's own day, whatever the clock of the reader."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from web.words import Local, capitalize_first, counted

HERE = Local(ZoneInfo("Europe/Berlin"), datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
"""Already Saturday in Berlin."""


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 20, 23, 5, tzinfo=UTC), "00:05"),
        (datetime(2026, 11, 20, 22, 59, tzinfo=UTC), "yesterday 23:59"),
        (datetime(2026, 11, 22, 14, 0, tzinfo=UTC), "tomorrow 15:00"),
        (datetime(2026, 11, 23, 14, 0, tzinfo=UTC), "Mon 23 Nov, 15:00"),
        (datetime(2027, 7, 1, 13, 0, tzinfo=UTC), "Thu 1 Jul 2027, 15:00"),
    ],
)
def test_a_moment_is_said_with_its_day_unless_that_is_today(at: datetime, words: str) -> None:
    assert HERE.moment(at).when == words


def test_a_column_of_times_always_says_the_day() -> None:
    assert HERE.moment(datetime(2026, 11, 21, 14, 0, tzinfo=UTC)).dated == "today 15:00"


def test_machines_are_told_the_offset() -> None:
    assert HERE.moment(datetime(2026, 7, 1, 13, 0, tzinfo=UTC)).iso == "2026-07-01T15:00:00+02:00"


def test_things_are_counted_as_people_count() -> None:
    assert [counted(number, "night") for number in (0, 1, 2)] == ["0 nights", "1 night", "2 nights"]
    assert counted(3, "entry", "entries") == "3 entries"


def test_a_sentence_that_begins_with_a_machine_leaves_its_name_alone() -> None:
    assert capitalize_first("api.example.com does not answer") == "api.example.com does not answer"
    assert capitalize_first("gone. It left") == "Gone. It left"
