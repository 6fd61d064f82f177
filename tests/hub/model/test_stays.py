from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.model.stays import HouseRules, code_window, nights, stay_window, wants_code
from hub.model.values import StayKind, StayStatus, Window

KOLKATA = HouseRules(ZoneInfo("Asia/Kolkata"), time(14), time(11))
LONDON = HouseRules(ZoneInfo("Europe/London"), time(15), time(10))
BERLIN = HouseRules(ZoneInfo("Europe/Berlin"), time(15), time(11), timedelta(minutes=90))


@dataclass(frozen=True)
class Row:
    arrival: date | None = date(2027, 10, 9)
    departure: date | None = date(2027, 10, 12)
    own_check_in: datetime | None = None
    own_check_out: datetime | None = None
    kind: StayKind = StayKind.RESERVATION
    status: StayStatus = StayStatus.CONFIRMED


def z(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_all_day_dates_become_the_check_in_and_check_out_of_the_house() -> None:
    assert stay_window(Row(), KOLKATA) == Window(z("2027-10-09T08:30"), z("2027-10-12T05:30"))


def test_each_property_has_its_own_zone_and_hours() -> None:
    row = Row(date(2027, 7, 5), date(2027, 7, 7))
    assert stay_window(row, LONDON) == Window(z("2027-07-05T14:00"), z("2027-07-07T09:00"))


def test_a_stay_over_the_change_of_clocks_keeps_its_local_hours() -> None:
    row = Row(date(2027, 3, 27), date(2027, 3, 28))
    assert stay_window(row, BERLIN) == Window(z("2027-03-27T14:00"), z("2027-03-28T09:00"))
    row = Row(date(2027, 10, 30), date(2027, 10, 31))
    assert stay_window(row, BERLIN) == Window(z("2027-10-30T13:00"), z("2027-10-31T10:00"))


def test_in_the_doubled_hour_the_guest_comes_early_and_leaves_late() -> None:
    night_owls = HouseRules(ZoneInfo("Europe/Berlin"), time(2, 30), time(2, 30))
    arriving, leaving = Row(date(2027, 10, 31), date(2027, 11, 1)), Row(date(2027, 10, 30), date(2027, 10, 31))
    assert stay_window(arriving, night_owls) == Window(z("2027-10-31T00:30"), z("2027-11-01T01:30"))
    assert stay_window(leaving, night_owls) == Window(z("2027-10-30T00:30"), z("2027-10-31T01:30"))


def test_a_time_that_the_source_names_wins_over_the_house() -> None:
    row = Row(own_check_in=z("2027-10-09T12:00"))
    assert stay_window(row, KOLKATA) == Window(z("2027-10-09T12:00"), z("2027-10-12T05:30"))


def test_a_stay_made_of_named_times_needs_no_dates() -> None:
    row = Row(None, None, z("2027-10-09T12:00"), z("2027-10-09T18:00"))
    assert stay_window(row, KOLKATA) == Window(z("2027-10-09T12:00"), z("2027-10-09T18:00"))


@pytest.mark.parametrize(
    "row",
    [
        Row(arrival=None),
        Row(departure=None),
        Row(departure=date(2027, 10, 9)),
        Row(own_check_in=z("2027-10-13T12:00")),
    ],
)
def test_dates_that_are_missing_or_contradict_each_other_give_no_hours(row: Row) -> None:
    assert stay_window(row, KOLKATA) is None
    assert code_window(row, KOLKATA) is None


def test_the_code_works_from_the_lead_before_check_in_and_not_a_minute_after_check_out() -> None:
    assert code_window(Row(), KOLKATA) == Window(z("2027-10-09T07:30"), z("2027-10-12T05:30"))


def test_the_lead_is_an_hour_of_real_time_even_over_the_change_of_clocks() -> None:
    early = HouseRules(ZoneInfo("Europe/Berlin"), time(3, 30), time(11))
    hours = code_window(Row(date(2027, 3, 28), date(2027, 3, 29)), early)
    assert hours is not None
    assert hours.start == z("2027-03-28T00:30")


@pytest.mark.parametrize("kind", StayKind)
@pytest.mark.parametrize("status", StayStatus)
def test_only_a_confirmed_reservation_or_an_owners_stay_gets_a_code(kind: StayKind, status: StayStatus) -> None:
    expected = kind in {StayKind.RESERVATION, StayKind.OWNER} and status is StayStatus.CONFIRMED
    assert wants_code(Row(kind=kind, status=status)) is expected


def test_the_day_of_leaving_is_not_a_night() -> None:
    assert nights(date(2027, 10, 30), date(2027, 11, 1)) == {date(2027, 10, 30), date(2027, 10, 31)}
    assert nights(date(2027, 10, 30), date(2027, 10, 30)) == frozenset()
