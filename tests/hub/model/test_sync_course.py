"""How a channel did, day by day; what its errors mean, whichever words they came in; and how often each was met."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.sync_course import Cause, cause_of, course, outages_in, patterns, readable

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("pms.example asks us to slow down (429)", Cause.SLOWER),
        ("pms.example was asked as often as it allows for now", Cause.SLOWER),
        ("pms.example did not answer within 20 s", Cause.SILENT),
        ("the name pms.example was not found", Cause.SILENT),
        ("pms.example has trouble of its own (503)", Cause.TROUBLE),
        ("pms.example does not accept the API key (401); look at the channel's settings", Cause.KEY),
        ("pms.example does not let us in (403); it may want a new address or key", Cause.KEY),
        ("pms.example has nothing at this address (404)", Cause.MISSING),
        ("Guesty does not know this reservation any more; it may have been deleted there", Cause.MISSING),
        ("Guesty refuses: these nights are not free there, or its own rules forbid the stay", Cause.TAKEN),
        ("pms.example does not take it as it is (422)", Cause.REFUSED),
        ("pms.example refuses what was asked (400)", Cause.REFUSED),
        ("pms.example answers something that is not JSON", Cause.GARBLED),
        ("booking 404417 not sent", Cause.OTHER),
        ("", Cause.OTHER),
    ],
)
def test_an_error_is_known_by_its_status_or_its_words(words: str, cause: Cause) -> None:
    assert cause_of(words) is cause


def test_the_most_frequent_error_comes_first_with_its_last_words() -> None:
    told = [
        (NOW - timedelta(hours=1), "a.example has trouble of its own (503)"),
        (NOW - timedelta(hours=3), "b.example has trouble of its own (500)"),
        (NOW, "a.example asks us to slow down (429)"),
    ]
    found = patterns(told)
    assert [(each.cause, each.count, each.words) for each in found] == [
        (Cause.TROUBLE, 2, "a.example has trouble of its own (503)"),
        (Cause.SLOWER, 1, "a.example asks us to slow down (429)"),
    ]
    assert patterns([]) == []


def test_each_day_has_its_tries_and_the_share_of_it_that_could_be_read() -> None:
    told = [(NOW - timedelta(days=1), True), (NOW - timedelta(days=1, hours=1), False), (NOW, True)]
    heard = [
        (NOW - timedelta(days=1, hours=18), False),
        (NOW - timedelta(days=1), True),
    ]  # 9 March, noon to noon less six
    days = course(3, NOW, told, outages_in(heard, NOW), NOW - timedelta(days=2, hours=6))
    assert [(each.day, each.told) for each in days] == [
        (date(2027, 3, 8), (0, 0)),
        (date(2027, 3, 9), (1, 2)),
        (date(2027, 3, 10), (1, 1)),
    ]
    assert [each.read for each in days] == [pytest.approx(12 / 18), pytest.approx(0.5), 1.0]
    assert [each.read for each in course(2, NOW, [], [], None)] == [None, None]
    assert course(2, NOW, [], [], NOW - timedelta(hours=3))[0].read is None, "it was not read then"


_TOLD = st.lists(st.tuples(st.integers(0, 5 * 24), st.booleans()), max_size=12)


@given(_TOLD)
def test_the_days_share_what_the_whole_has(told: list[tuple[int, bool]]) -> None:
    begins = datetime(2027, 3, 5, tzinfo=UTC)
    end = begins + timedelta(days=5)
    heard = [(begins + timedelta(hours=hours), well) for hours, well in sorted(told)]
    outages = outages_in(heard, end)
    days = course(5, end - timedelta(microseconds=1), [], outages, begins)
    assert all(each.read is not None and 0 <= each.read <= 1 for each in days)
    mean = sum(each.read or 0 for each in days) / 5
    assert mean == pytest.approx(readable(outages, begins, end), abs=1e-6)
