from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.facts import StayReport
from hub.model.stays import (
    Absence,
    Evidence,
    KnownStay,
    Missing,
    absence,
    echo,
    emptied,
    kind_of,
    match,
    nights,
    pair,
)
from hub.model.values import ChannelId, StayId, StayKind, StayStatus, Window

AIRBNB, BOOKING = ChannelId("airbnb"), ChannelId("booking")
RESERVATION, BLOCK, UNKNOWN = StayKind.RESERVATION, StayKind.BLOCK, StayKind.UNKNOWN


def nov(day: int) -> date:
    return date(2027, 11, day)


def told(
    uid: str, first: int, last: int, kind: StayKind = RESERVATION, *, reference: str = "", guest: str = ""
) -> StayReport:
    return StayReport(uid, kind, StayStatus.CONFIRMED, nov(first), nov(last), reference=reference, guest=guest)


def known(
    uid: str,
    first: int,
    last: int,
    kind: StayKind = RESERVATION,
    *,
    channel: ChannelId | None = AIRBNB,
    status: StayStatus = StayStatus.CONFIRMED,
    reference: str = "",
    guest: str = "",
) -> KnownStay:
    return KnownStay(StayId(f"stay {uid}"), channel, uid, kind, status, nov(first), nov(last), reference, guest)


def paired(reports: list[StayReport], stays: list[KnownStay], channel: ChannelId = AIRBNB) -> list[str | None]:
    return [None if each is None else f"{each.known.id} by {each.by.value}" for each in pair(reports, stays, channel)]


def test_another_booking_of_the_nights_that_a_guest_gave_up_is_another_stay() -> None:
    """It may end on the same day, and the channel may list the one who left no more."""
    left = replace(known("one", 1, 8), free_from=nov(4))
    assert paired([told("two", 5, 8)], [left]) == [None]
    assert paired([told("two", 4, 8)], [left]) == [None]
    assert match(told("two", 4, 8, reference="A2"), [replace(left, uid="two", reference="A1")], AIRBNB) is None
    assert paired([told("two", 3, 8)], [left]) == ["stay one by departure"], (
        "it is told of anew, from another first day"
    )
    assert paired([told("one", 6, 8)], [left]) == ["stay one by uid"], "calendars that list no past begin it later"


# ---- one stay or two ------------------------------------------------------------------------------------------------


def test_the_same_feed_again_is_about_the_same_stays() -> None:
    reports = [told("a", 1, 3), told("b", 3, 5, reference="HM2"), told("c", 7, 9, BLOCK)]
    stays = [known("a", 1, 3), known("b", 3, 5, reference="HM2"), known("c", 7, 9, BLOCK)]
    assert paired(reports, stays) == ["stay a by uid", "stay b by reference", "stay c by uid"]


def test_a_first_feed_is_about_nothing_known() -> None:
    assert paired([told("a", 1, 3), told("b", 3, 5)], []) == [None, None]


def test_other_dates_under_the_same_uid_are_the_same_stay() -> None:
    assert paired([told("a", 20, 25)], [known("a", 1, 3)]) == ["stay a by uid"]


def test_the_reservation_code_outweighs_the_uid() -> None:
    stays = [known("a", 1, 3), known("b", 5, 7, reference="HM1")]
    assert paired([told("a", 1, 3, reference="hm1")], stays) == ["stay b by reference"]


def test_a_uid_of_another_channel_proves_nothing() -> None:
    assert paired([told("a", 1, 3)], [known("a", 10, 13, channel=BOOKING)]) == [None]


def test_an_old_uid_with_another_code_on_other_nights_is_another_stay() -> None:
    assert paired([told("a", 20, 22, reference="HM2")], [known("a", 1, 3, reference="HM1")]) == [None]


def test_a_moved_first_day_under_a_new_uid_is_the_same_stay() -> None:
    assert paired([told("new", 3, 8, UNKNOWN)], [known("old", 1, 8, UNKNOWN)]) == ["stay old by departure"]


def test_the_same_nights_under_a_new_uid_are_the_same_stay() -> None:
    assert paired([told("new", 1, 8)], [known("old", 1, 8)]) == ["stay old by departure"]


def test_a_stay_that_is_still_listed_is_not_looked_for_under_another_uid() -> None:
    reports = [told("new", 3, 8), told("old", 1, 8)]
    assert paired(reports, [known("old", 1, 8)]) == [None, "stay old by uid"]


@pytest.mark.parametrize(
    ("report", "stay"),
    [
        (told("new", 1, 8, reference="HM2"), known("old", 1, 8, reference="HM1")),
        (told("new", 1, 8, guest="Grace"), known("old", 1, 8, guest="Ada")),
        (replace(told("new", 1, 8), phone_last4="1234"), replace(known("old", 1, 8), phone_last4="4321")),
    ],
)
def test_another_guest_on_the_same_nights_is_another_stay(report: StayReport, stay: KnownStay) -> None:
    assert paired([report], [known("old", 1, 8)]) == ["stay old by departure"]
    assert paired([report], [stay]) == [None]


def test_a_reservation_does_not_become_a_block_by_having_its_dates() -> None:
    assert paired([told("new", 1, 8, BLOCK)], [known("old", 1, 8)]) == [None]


def test_a_new_booking_on_the_nights_of_a_cancelled_one_is_another_stay() -> None:
    gone = known("old", 1, 8, status=StayStatus.CANCELLED)
    assert paired([told("new", 1, 8)], [gone]) == [None]


def test_a_cancelled_stay_that_is_listed_again_is_the_same_stay() -> None:
    gone = known("old", 1, 8, status=StayStatus.CANCELLED, reference="HM1")
    assert paired([told("old", 1, 8)], [gone]) == ["stay old by uid"]
    assert paired([told("new", 1, 8, reference="HM1")], [gone]) == ["stay old by reference"]


def test_a_moving_block_replaces_itself() -> None:
    assert paired([told("new", 9, 30, BLOCK)], [known("old", 1, 8, BLOCK)]) == ["stay old by block"]


def test_two_moving_blocks_each_replace_one() -> None:
    stays = [known("near", 1, 2, BLOCK), known("far", 20, 30, BLOCK)]
    reports = [told("nearer", 2, 3, BLOCK), told("farther", 21, 30, BLOCK)]
    assert paired(reports, stays) == ["stay near by block", "stay far by departure"]


def test_one_stay_is_never_given_to_two_reports() -> None:
    reports = [told("x", 1, 8, reference="HM1"), told("y", 1, 8, reference="HM1")]
    assert paired(reports, [known("old", 1, 8, reference="HM1")]) == ["stay old by reference", None]


def test_two_channels_that_sold_the_same_nights_have_two_guests() -> None:
    assert paired([told("a", 1, 8, guest="Ada")], [known("b", 1, 8, channel=BOOKING)]) == [None]


def test_two_channels_that_name_the_same_guest_tell_of_one_stay() -> None:
    elsewhere = known("b", 1, 8, channel=BOOKING, guest="Ada Lovelace")
    assert paired([told("a", 1, 8, guest="ada lovelace")], [elsewhere]) == ["stay b by dates"]
    assert paired([told("a", 1, 9, guest="ada lovelace")], [elsewhere]) == [None]


def test_a_closure_on_the_very_nights_of_another_channels_booking_follows_it() -> None:
    assert paired([told("a", 1, 8, UNKNOWN)], [known("b", 1, 8, channel=BOOKING)]) == ["stay b by dates"]
    assert paired([told("a", 1, 8, UNKNOWN)], [known("b", 1, 9, channel=BOOKING)]) == [None]


def test_a_channel_meets_its_own_word_of_a_stay_before_anothers() -> None:
    stays = [known("b", 1, 8, channel=BOOKING, reference="HM1"), known("a", 1, 8, reference="HM1")]
    found = pair([told("a", 1, 8, reference="HM1")], stays, AIRBNB)[0]
    assert found is not None
    assert found.known.channel == AIRBNB


def test_a_single_report_never_takes_a_stay_that_has_another_uid() -> None:
    stays = [known("old", 1, 8)]
    assert match(told("new", 1, 8), stays, AIRBNB) is None
    assert match(told("new", 3, 8), stays, AIRBNB) is None
    found = match(told("old", 3, 9), stays, AIRBNB)
    assert found is not None
    assert found.by is Evidence.UID


def test_a_single_report_without_dates_is_known_by_its_uid() -> None:
    report = StayReport("old", RESERVATION, StayStatus.UNUSABLE, None, None, note="no dates")
    found = match(report, [known("old", 1, 8)], AIRBNB)
    assert found is not None
    assert found.known.id == "stay old"


days = st.integers(1, 28)
spans = st.tuples(days, st.integers(1, 2)).map(lambda pair: (pair[0], pair[0] + pair[1]))
reported = st.builds(
    lambda uid, span, kind, reference: told(uid, span[0], span[1], kind, reference=reference),
    st.sampled_from("abcdef"),
    spans,
    st.sampled_from(StayKind),
    st.sampled_from(["", "HM1", "HM2"]),
)
feeds = st.lists(reported, max_size=6, unique_by=lambda report: report.uid)


@given(feeds, feeds)
def test_no_feed_gives_a_stay_away_twice_and_a_feed_recognises_itself(
    before: list[StayReport], after: list[StayReport]
) -> None:
    stays = [
        KnownStay(StayId(r.uid), AIRBNB, r.uid, r.kind, r.status, r.arrival, r.departure, r.reference) for r in before
    ]
    ids = [each.known.id for each in pair(after, stays, AIRBNB) if each is not None]
    assert len(ids) == len(set(ids))
    again = pair(before, stays, AIRBNB)
    assert all(each is not None for each in again)


# ---- what a closure means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("means", StayKind)
def test_a_closure_is_what_the_unit_says_it_means(means: StayKind) -> None:
    assert kind_of(told("a", 1, 3, UNKNOWN), None, closed_means=means) is means


@pytest.mark.parametrize("decided", [RESERVATION, BLOCK])
def test_a_closure_that_is_decided_stays_decided(decided: StayKind) -> None:
    assert kind_of(told("a", 1, 3, UNKNOWN), known("a", 1, 3, decided), closed_means=UNKNOWN) is decided


@pytest.mark.parametrize("said", [RESERVATION, BLOCK])
def test_a_source_that_says_what_it_is_counts(said: StayKind) -> None:
    assert kind_of(told("a", 1, 3, said), known("a", 1, 3, UNKNOWN), closed_means=BLOCK) is said


# ---- absence --------------------------------------------------------------------------------------------------------

NOW = datetime.fromisoformat("2027-11-01T12:00:00+00:00")
TO_COME = Window(NOW + timedelta(days=2), NOW + timedelta(days=4))
UNDER_WAY = Window(NOW - timedelta(days=2), NOW + timedelta(days=4))
OVER = Window(NOW - timedelta(days=4), NOW)


def missing(
    readings: int = 3,
    minutes: float = 30,
    hours: Window | None = TO_COME,
    *,
    inside: bool = False,
    emptied: bool = False,
    slept: bool = False,
) -> Missing:
    return Missing(readings, NOW - timedelta(minutes=minutes), hours, inside, emptied, slept)


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (missing(), Absence.CANCEL),
        (missing(hours=None), Absence.CANCEL),
        (missing(readings=2), Absence.KEEP),
        (missing(minutes=29.9), Absence.KEEP),
        (missing(readings=1, minutes=600), Absence.KEEP),
        (missing(readings=99, minutes=-5), Absence.KEEP),
        (missing(99, 999, UNDER_WAY, inside=True), Absence.KEEP),
        (missing(99, 999, TO_COME, inside=True), Absence.KEEP),
        (missing(99, 999, UNDER_WAY), Absence.ASK),
        (missing(99, 999, UNDER_WAY, slept=True), Absence.KEEP),
        (missing(99, 999, emptied=True), Absence.ASK),
        (missing(2, 999, emptied=True), Absence.KEEP),
        (missing(99, 999, OVER), Absence.KEEP),
        (missing(99, 999, OVER, emptied=True), Absence.KEEP),
    ],
)
def test_absence_is_not_cancellation(gone: Missing, expected: Absence) -> None:
    assert absence(gone, NOW) is expected


@pytest.mark.parametrize(
    ("expected", "listed", "suspicious"),
    [
        (0, 0, False),
        (1, 0, True),
        (1, 1, False),
        (3, 1, False),
        (4, 2, False),
        (4, 1, True),
        (5, 3, False),
        (9, 0, True),
    ],
)
def test_a_feed_that_loses_most_of_its_stays_at_once_is_not_believed(
    expected: int, listed: int, suspicious: bool
) -> None:
    assert emptied(expected, listed) is suspicious


# ---- echo -----------------------------------------------------------------------------------------------------------

OURS = nights(nov(20), nov(23))


@pytest.mark.parametrize(
    ("report", "whole"),
    [
        (told("echo", 20, 23, UNKNOWN), True),
        (told("echo", 21, 22, BLOCK), True),
        (told("conflict", 22, 25, UNKNOWN), False),
        (told("before", 18, 20, UNKNOWN), False),
        (told("after", 23, 25, UNKNOWN), False),
        (told("sold", 20, 23, RESERVATION), False),
        (told("sold", 22, 25, RESERVATION), False),
        (StayReport("dateless", BLOCK, StayStatus.UNUSABLE, None, None), False),
        (StayReport("no night", BLOCK, StayStatus.CONFIRMED, nov(20), nov(20)), False),
    ],
)
def test_only_a_closure_of_nights_that_we_published_is_an_echo(report: StayReport, whole: bool) -> None:
    assert echo(report, OURS) is whole


def test_a_calendar_of_hundreds_is_not_compared_each_with_each() -> None:
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    day = date(2027, 1, 1)
    dates = [(day + timedelta(days=2 * n), day + timedelta(days=2 * n + 2)) for n in range(300)]
    reports = [
        StayReport(f"new-{n}", StayKind.RESERVATION, StayStatus.CONFIRMED, *dates[n], guest=f"G{n}") for n in range(300)
    ]
    known = [
        KnownStay(
            StayId(f"s{n}"),
            ChannelId("c"),
            f"old-{n}",
            StayKind.RESERVATION,
            StayStatus.CONFIRMED,
            *dates[n],
            guest=f"G{n}",
        )
        for n in range(300)
    ]
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found = pair(reports, known, ChannelId("c"))
    finally:
        sys.setprofile(before)
    assert [each.known.id for each in found if each is not None] == [each.id for each in known]
    assert calls < 100 * len(reports)
