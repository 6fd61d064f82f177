"""What the year's town is like, whatever the seed: that what the year is to show comes about."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.system.year.town import begin_of, town


def changes(zone: ZoneInfo, begin: datetime, days: int) -> list[datetime]:
    """When the clocks are changed there."""
    hours = [begin + timedelta(hours=each) for each in range(24 * days)]
    return [later for before, later in pairwise(hours) if offset(zone, before) != offset(zone, later)]


def offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


@pytest.mark.parametrize("seed", range(1, 11))
def test_guests_go_when_the_clocks_are_changed_in_the_first_three_days(seed: int) -> None:
    plan = town(Random(seed), 7, begin_of(seed))
    ends = [
        (booking.flat.place, hours.end)
        for booking in plan.bookings
        for word in booking.words
        if (hours := booking.flat.hours(word.report)) is not None
    ]
    near = [
        end
        for place, end in ends
        for change in changes(place.zone, plan.begin, 3)
        if abs(end - change) <= timedelta(hours=2)
    ]
    assert near


def test_forty_flats_have_sixty_locks_and_six_thousand_stays_in_a_year() -> None:
    plan = town(Random(1), 365, begin_of(1))
    assert (len(plan.flats), len(plan.brands)) == (40, 60)
    assert len(plan.bookings) >= 6000
