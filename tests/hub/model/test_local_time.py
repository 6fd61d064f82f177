from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.stays import local_instant

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns")


@pytest.mark.parametrize(
    ("zone", "day", "at", "first", "last"),
    [
        ("Asia/Kolkata", "2027-10-09", "14:00", "2027-10-09T08:30Z", "2027-10-09T08:30Z"),
        ("Asia/Kolkata", "2027-10-12", "11:00", "2027-10-12T05:30Z", "2027-10-12T05:30Z"),
        ("Europe/London", "2027-07-05", "15:00", "2027-07-05T14:00Z", "2027-07-05T14:00Z"),
        ("Europe/London", "2027-07-07", "10:00", "2027-07-07T09:00Z", "2027-07-07T09:00Z"),
        # skipped: 02:00 to 03:00
        ("Europe/Berlin", "2027-03-28", "02:00", "2027-03-28T01:00Z", "2027-03-28T01:00Z"),
        ("Europe/Berlin", "2027-03-28", "02:30", "2027-03-28T01:00Z", "2027-03-28T01:00Z"),
        ("Europe/Berlin", "2027-03-28", "03:00", "2027-03-28T01:00Z", "2027-03-28T01:00Z"),
        # doubled: 02:00 to 03:00
        ("Europe/Berlin", "2027-10-31", "02:30", "2027-10-31T00:30Z", "2027-10-31T01:30Z"),
        # half an hour of daylight saving
        ("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02T15:30Z", "2027-10-02T15:30Z"),
        # the skipped hour is midnight
        ("America/Havana", "2027-03-14", "00:30", "2027-03-14T05:00Z", "2027-03-14T05:00Z"),
        # a whole skipped day
        ("Pacific/Apia", "2011-12-30", "15:00", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),
    ],
)
def test_a_local_time_is_one_instant_even_when_the_clocks_change(
    zone: str, day: str, at: str, first: str, last: str
) -> None:
    when = date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)
    assert local_instant(*when, latest=False) == datetime.fromisoformat(first)
    assert local_instant(*when, latest=True) == datetime.fromisoformat(last)


DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2040, 1, 1))


@given(DAYS, st.times(), st.sampled_from(ZONES), st.booleans())
def test_the_clocks_show_the_time_asked_for_or_jumped_over_it(day: date, at: time, name: str, latest: bool) -> None:
    zone = ZoneInfo(name)
    shown = datetime.combine(day, at.replace(fold=0))
    instant = local_instant(day, at, zone, latest=latest)
    assert instant.tzinfo is UTC
    local = instant.astimezone(zone).replace(tzinfo=None, fold=0)
    just_before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None, fold=0)
    assert local == shown or just_before < shown < local


@given(DAYS, st.times(), st.sampled_from(ZONES))
def test_the_latest_reading_is_never_before_the_earliest(day: date, at: time, name: str) -> None:
    zone = ZoneInfo(name)
    assert local_instant(day, at, zone, latest=False) <= local_instant(day, at, zone, latest=True)
