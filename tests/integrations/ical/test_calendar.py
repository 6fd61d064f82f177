"""integrations.ical.calendar: what a feed says of stays."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub.model.values import StayKind, StayStatus
from integrations.ical import calendar as reader
from integrations.ical.channels import Source
from tests.integrations.ical.reading import NOW, by_uid, calendar, event, only, recorded, understood


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


# ---- shapes of real exports ----


def test_airbnb_has_a_reservation_and_a_block() -> None:
    stay, block = understood(recorded("airbnb"))
    assert stay.uid == "9b2e6d40c1aa-0123456789abcdef0123456789abcdef@airbnb.com"
    assert (stay.kind, stay.arrival, stay.departure) == (StayKind.RESERVATION, date(2027, 6, 14), date(2027, 6, 19))
    assert (stay.reference, stay.phone_last4) == ("HMQ4WZ7K2X", "0917")
    assert (block.kind, block.arrival, block.departure) == (StayKind.BLOCK, date(2027, 7, 2), date(2027, 8, 1))


def test_an_all_day_stay_leaves_the_hours_to_the_house() -> None:
    assert {(stay.check_in, stay.check_out) for stay in understood(recorded("airbnb"))} == {(None, None)}


def test_booking_com_closures_are_of_unknown_kind() -> None:
    first, second = understood(recorded("booking_com"))
    assert {first.kind, second.kind} == {StayKind.UNKNOWN}
    assert (first.arrival, first.departure) == (date(2027, 6, 3), date(2027, 6, 7))
    assert "does not say" in first.note


@pytest.mark.parametrize("name", ["airbnb", "booking_com", "vrbo", "edges", "zones"])
def test_line_ends_make_no_difference(name: str) -> None:
    unix = recorded(name).replace(b"\r\n", b"\n")
    expected = understood(unix)
    assert understood(unix.replace(b"\n", b"\r\n")) == expected
    assert understood(unix.replace(b"\n", b"\r")) == expected


def test_vrbo_names_the_guest_and_has_blocks() -> None:
    stay, block = understood(recorded("vrbo"))
    assert (stay.kind, stay.guest) == (StayKind.RESERVATION, "Rosalind")
    assert block.kind is StayKind.BLOCK


def test_smoobu_s_three_events_are_one_stay() -> None:
    stay, alone = understood(recorded("smoobu"))
    assert (stay.guest, stay.arrival, stay.departure) == ("Edda Lindqvist", date(2027, 6, 5), date(2027, 6, 9))
    assert (stay.phone, stay.phone_last4, stay.email, stay.guests) == (
        "+46 8 555 01 37",
        "0137",
        "edda@guests.example",
        3,
    )
    assert (alone.status, alone.note) == (StayStatus.UNUSABLE, "this event is a check-in without its stay")


def test_a_check_in_marker_without_length_is_merged_too() -> None:
    feed = calendar(
        event("DTSTART:20270605", "DTEND:20270607", "SUMMARY:Edda", uid="stay"),
        event("DTSTART:20270605T150000", "DTEND:20270605T150000", "SUMMARY:Check-in: Edda", uid="in"),
        event("DTSTART:20270607T110000", "DTEND:20270607T110000", "SUMMARY:check out Edda", uid="out"),
    )
    assert [stay.uid for stay in understood(feed)] == ["stay"]


def test_a_long_event_called_check_in_is_a_stay() -> None:
    assert only("DTSTART:20270605", "DTEND:20270609", "SUMMARY:Check-in Edda").kind is StayKind.RESERVATION


def test_a_marker_without_any_date_is_shown() -> None:
    stay = only("SUMMARY:Check-in Edda", source=Source.SMOOBU)
    assert stay.status is StayStatus.UNUSABLE


def test_guesty_tells_telephone_mail_and_party() -> None:
    stay, block = understood(recorded("guesty"))
    assert (stay.guest, stay.phone, stay.phone_last4) == ("Milan Horvat", "+385 1 555 0142", "0142")
    assert (stay.email, stay.guests) == ("milan@guests.example", 3)
    assert block.kind is StayKind.BLOCK


def test_lodgify_masks_its_names() -> None:
    stay, block = understood(recorded("lodgify"))
    assert (stay.kind, stay.guest) == (StayKind.RESERVATION, "M*** H****")
    assert block.kind is StayKind.BLOCK


# ---- zones ----


@pytest.mark.parametrize(
    ("uid", "check_in", "check_out"),
    [
        ("plain", "2027-06-05T08:30Z", "2027-06-07T05:30Z"),
        ("quoted", "2027-06-10T14:00Z", "2027-06-11T09:00Z"),
        ("windows", "2027-06-12T08:30Z", "2027-06-13T05:30Z"),
        ("floating", "2027-06-15T08:30Z", "2027-06-16T05:30Z"),
        ("utc", "2027-06-20T08:30Z", "2027-06-22T05:30Z"),
        ("slash", "2027-06-23T14:00Z", "2027-06-24T09:00Z"),
        ("unheard-of", "2027-06-25T08:30Z", "2027-06-26T05:30Z"),
        ("folder", "2027-06-27T08:30Z", "2027-06-28T05:30Z"),
        ("own", "2027-07-01T07:00Z", "2027-07-02T04:00Z"),
        ("located", "2027-07-05T02:00Z", "2027-07-05T23:00Z"),
    ],
)
def test_a_time_is_read_in_the_zone_it_names(uid: str, check_in: str, check_out: str) -> None:
    stay = by_uid(recorded("zones"))[uid]
    assert (stay.check_in, stay.check_out) == (utc(check_in), utc(check_out))


@pytest.mark.parametrize(("uid", "name"), [("unheard-of", "Middle Earth"), ("folder", "../../etc/passwd, America")])
def test_a_zone_nobody_knows_is_mentioned(uid: str, name: str) -> None:
    assert f"the time zone “{name}” is not known" in by_uid(recorded("zones"))[uid].note


def test_a_zone_that_changes_every_second_is_no_zone() -> None:
    zone = "BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\n"
    zone += "RRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE"
    feed = calendar(zone, event("DTSTART;TZID=Odd:20270605T140000", "DTEND;TZID=Odd:20270606T110000"))
    assert understood(feed)[0].check_in == utc("2027-06-05T08:30Z")


def test_a_broken_zone_is_no_zone() -> None:
    feed = calendar(
        "BEGIN:VTIMEZONE\nTZID:Odd\nEND:VTIMEZONE", event("DTSTART;TZID=Odd:20270605T140000", "DURATION:P1D")
    )
    assert understood(feed)[0].check_in == utc("2027-06-05T08:30Z")


def test_half_past_eleven_at_night_in_utc_is_the_next_day_in_london_s_summer() -> None:
    stay = only("DTSTART:20270630T233000Z", "DTEND:20270702T090000Z", zone="Europe/London")
    assert (stay.arrival, stay.departure) == (date(2027, 7, 1), date(2027, 7, 2))


def test_a_check_in_in_the_missing_hour_is_at_its_end() -> None:
    stay = only("DTSTART:20270328T013000", "DTEND:20270329T100000", zone="Europe/London")
    assert stay.check_in == utc("2027-03-28T01:00Z")


def test_the_doubled_hour_begins_at_its_first_and_ends_at_its_second_time() -> None:
    arriving = only("DTSTART:20271031T013000", "DTEND:20271101T100000", zone="Europe/London")
    leaving = only("DTSTART:20271030T150000", "DTEND:20271031T013000", zone="Europe/London")
    assert arriving.check_in == utc("2027-10-31T00:30Z")
    assert leaving.check_out == utc("2027-10-31T01:30Z")


# ---- edges ----


@pytest.mark.parametrize(
    ("uid", "arrival", "departure"),
    [
        ("no-end", (3, 1), (3, 2)),
        ("bare-date", (3, 3), (3, 5)),
        ("ends-on-itself", (3, 7), (3, 8)),
        ("two-nights", (3, 9), (3, 11)),
        ("small-letters", (3, 13), (3, 15)),
        ("with-alarm", (3, 17), (3, 19)),
    ],
)
def test_dates_are_read_however_they_are_written(
    uid: str, arrival: tuple[int, int], departure: tuple[int, int]
) -> None:
    stay = by_uid(recorded("edges"))[uid]
    assert (stay.arrival, stay.departure) == (date(2027, *arrival), date(2027, *departure))
    assert stay.status is StayStatus.CONFIRMED


def test_every_event_of_a_feed_is_told() -> None:
    assert len(understood(recorded("edges"))) == 10


def test_a_cancelled_event_is_told_as_cancelled() -> None:
    assert by_uid(recorded("edges"))["called-off"].status is StayStatus.CANCELLED


def test_a_tentative_event_is_told_as_tentative() -> None:
    assert only("DTSTART:20270605", "STATUS:tentative").status is StayStatus.TENTATIVE


def test_what_is_nested_in_an_event_does_not_leak_into_it() -> None:
    assert "of-the-alarm" not in by_uid(recorded("edges"))


def test_an_event_without_uid_is_unusable_but_keeps_its_dates() -> None:
    (stay,) = [stay for stay in understood(recorded("edges")) if "no UID" in stay.note]
    assert stay.status is StayStatus.UNUSABLE
    assert (stay.arrival, stay.departure) == (date(2027, 3, 25), date(2027, 3, 27))
    assert stay.uid.startswith("unnamed-")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "has no start"),
        (["DTSTART:20270231"], "has a start that does not exist: '20270231'"),
        (["DTSTART:tomorrow"], "has a start that is no date: 'tomorrow'"),
        (["DTSTART:"], "has a start that is no date: ''"),
        (["DTSTART:2027-06-05"], "has a start that is no date: '2027-06-05'"),
        (["DTSTART:20270605T240000", "DTEND:20270606T110000"], "has a start that does not exist: '20270605T240000'"),
        (["DTSTART:20270605T1400", "DTEND:20270606T110000"], "has a start that is no date: '20270605T1400'"),
        (
            ["DTSTART:20270605T140000+0200", "DTEND:20270606T110000Z"],
            "has a start that is no date: '20270605T140000+0200'",
        ),
        (["DTSTART:٢٠٢٧٠٦٠٥"], "has a start that is no date: '٢٠٢٧٠٦٠٥'"),
        (["DTSTART:00000101"], "has a start that does not exist: '00000101'"),
        (["DTSTART:00010101T000000", "DTEND:00010102T000000"], "has a start that does not exist: '00010101T000000'"),
        (["DTSTART:99991231"], "ends after the year 9999"),
        (["DTSTART:20270605", "DURATION:P999999D", "X:1"], None),
        (["DTSTART:20270605", "DURATION:P99999W"], None),
        (["DTSTART:90000101", "DURATION:P999999D"], "ends after the year 9999"),
        (["DTSTART:20270605", "DTEND:20270603"], "ends before it starts"),
        (["DTSTART:20270605T140000", "DTEND:20270605T130000"], "ends when it starts, or before"),
        (["DTSTART:20270605T140000", "DTEND:20270605T140000"], "ends when it starts, or before"),
        (["DTSTART:20270605T140000"], "has a time of day but no end"),
        (
            ["DTSTART:20270605", "DTEND:20270606T110000"],
            "starts with a day and ends with a time of day, or the other way round",
        ),
        (
            ["DTSTART:20270605T140000", "DTEND:20270606"],
            "starts with a day and ends with a time of day, or the other way round",
        ),
        (["DTSTART:20270605", "DTEND:never"], "has an end that is no date: 'never'"),
        (["DTSTART:20270605", "DURATION:PT5H"], "starts with a day but does not last whole days"),
        (["DTSTART:20270605", "DURATION:P"], "has a duration that is none: 'P'"),
        (["DTSTART:20270605", "DURATION:two days"], "has a duration that is none: 'two days'"),
        (["DTSTART:20270605", "DURATION:-P2D"], "lasts less than nothing"),
        (["DTSTART:20270605", "DTSTART:20270606"], "has two different DTSTART"),
        (["DTSTART:20270605", "DTEND:20270606", "DTEND:20270607"], "has two different DTEND"),
        (["DTSTART;VALUE=PERIOD:20270605T140000Z/PT5H", "X:1"], "has a start that is no date: '20270605T140000Z/PT5H'"),
    ],
)
def test_an_event_that_cannot_be_used_says_why(lines: list[str], why: str | None) -> None:
    stay = only(*lines)
    assert stay.status is (StayStatus.UNUSABLE if why else StayStatus.CONFIRMED)
    if why:
        assert stay.note == f"this event {why}"


@pytest.mark.parametrize(
    ("lines", "check_out"),
    [
        (["DTSTART:20270605T140000Z", "DURATION:PT3H"], "2027-06-05T17:00Z"),
        (["DTSTART:20270605T140000Z", "DURATION:P1DT2H30M"], "2027-06-06T16:30Z"),
        (["DTSTART:20270605T140000Z", "DURATION:P1W"], "2027-06-12T14:00Z"),
        (["dtstart:20270605t140000z", "dtend:20270606t110000z"], "2027-06-06T11:00Z"),
        (["DTSTART:20270605T140000Z", "DTEND:20270606T105960Z"], "2027-06-06T10:59Z"),
        (["DTSTART:20270605T140000Z", "DTSTART:20270605T140000Z", "DTEND:20270606T110000Z"], "2027-06-06T11:00Z"),
        (["DTSTART:20270605T140000Z  ", "DTEND:20270606T110000Z\t"], "2027-06-06T11:00Z"),
    ],
)
def test_an_end_is_found_however_it_is_given(lines: list[str], check_out: str) -> None:
    found = only(*lines).check_out
    assert found is not None
    assert found.replace(second=0) == utc(check_out)


def test_a_day_written_with_a_time_is_a_day() -> None:
    stay = only("DTSTART;VALUE=DATE:20270605T000000", "DTEND;VALUE=DATE:20270607T000000")
    assert (stay.arrival, stay.departure, stay.check_in) == (date(2027, 6, 5), date(2027, 6, 7), None)


def test_one_broken_event_does_not_cost_the_others() -> None:
    feed = calendar(event("DTSTART:nonsense", uid="bad"), event("DTSTART:20270605", uid="good"))
    assert [stay.status for stay in understood(feed)] == [StayStatus.UNUSABLE, StayStatus.CONFIRMED]


def test_each_event_keeps_its_own_text() -> None:
    stay = only("DTSTART:20270605", "X-ODD;A=b:anything at all", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM")
    assert stay.raw.splitlines()[2:6] == [
        "DTSTART:20270605",
        "X-ODD;A=b:anything at all",
        "BEGIN:VALARM",
        "TRIGGER:-PT5M",
    ]


# ---- text ----


def test_escapes_are_undone() -> None:
    assert only("DTSTART:20270605", r"SUMMARY:Reserved - Léa\, \"the boss\"\; B\\C").guest == r'Léa, "the boss"; B\C'


def test_a_line_folded_in_the_middle_of_a_character_is_read() -> None:
    feed = calendar(event("DTSTART:20270605", "SUMMARY:Reserved - Léa")).replace("é".encode(), b"\xc3\r\n \xa9")
    assert understood(feed)[0].guest == "Léa"


def test_an_old_encoding_is_read() -> None:
    feed = calendar(event("DTSTART:20270605", "SUMMARY:Reserved - Léa")).replace("é".encode(), b"\xe9")
    assert understood(feed)[0].guest == "Léa"


def test_white_space_in_a_title_makes_no_difference() -> None:
    assert only("DTSTART:20270605", r"SUMMARY:Airbnb (Not \n  available)", source=Source.AIRBNB).kind is StayKind.BLOCK


def test_control_characters_do_not_reach_a_name() -> None:
    assert only("DTSTART:20270605", "SUMMARY:Reserved - A\x00n\x1b[31mna\u202e").guest == "An[31mna"


def test_a_uid_that_is_too_long_is_shortened_but_stays_its_own() -> None:
    feed = calendar(event("DTSTART:20270605", uid="x" * 400 + "1"), event("DTSTART:20270605", uid="x" * 400 + "2"))
    first, second = understood(feed)
    assert first.uid != second.uid
    assert len(first.uid) <= 255


# ---- the list as a whole ----


def test_of_two_events_with_one_uid_the_last_counts_and_the_first_is_shown() -> None:
    first, last = understood(calendar(event("DTSTART:20270605", uid="dup"), event("DTSTART:20270611", uid="dup")))
    assert (last.uid, last.arrival, last.status) == ("dup", date(2027, 6, 11), StayStatus.CONFIRMED)
    assert (first.uid, first.status) == ("dup#0", StayStatus.UNUSABLE)
    assert "the same UID" in first.note


def test_the_same_event_twice_is_one() -> None:
    same = event("DTSTART:20270605", uid="dup")
    assert [stay.uid for stay in understood(calendar(same, same))] == ["dup"]


def test_a_broken_event_does_not_take_the_place_of_a_good_one_with_its_uid() -> None:
    good, bad = understood(calendar(event("DTSTART:20270605", uid="dup"), event("DTSTART:x", uid="dup")))
    assert (good.uid, good.status) == ("dup", StayStatus.CONFIRMED)
    assert (bad.uid, bad.note) == ("dup#1", "this event has a start that is no date: 'x'")


def test_an_empty_calendar_that_is_whole_is_an_empty_list() -> None:
    assert understood(calendar()) == []


def test_two_calendars_in_one_feed_are_both_read() -> None:
    feed = calendar(event("DTSTART:20270605", uid="a")) + calendar(event("DTSTART:20270606", uid="b"))
    assert [stay.uid for stay in understood(feed)] == ["a", "b"]


def test_what_stands_after_the_calendar_is_nobody_s_business() -> None:
    assert len(understood(calendar(event("DTSTART:20270605")) + b"<!-- served from cache -->\n")) == 1


def test_events_of_other_components_do_not_count() -> None:
    todo = (
        "BEGIN:VTODO\nUID:t\nDTSTART:20270605\nEND:VTODO\nBEGIN:VFREEBUSY\nFREEBUSY:20270605T000000Z/P1D\nEND:VFREEBUSY"
    )
    assert understood(calendar(todo)) == []


# ---- the door to the sandbox ----


def test_what_the_sandbox_is_given_comes_back_as_plain_data() -> None:
    packed = reader.pack(recorded("airbnb"), zone="Asia/Kolkata", source=Source.AUTO, now=NOW)
    first = reader.read(packed)[0]
    assert json.loads(json.dumps(first)) == first
    assert (first["kind"], first["arrival"], first["reference"]) == ("reservation", "2027-06-14", "HMQ4WZ7K2X")


def test_the_reader_imports_nothing_heavy() -> None:
    """The child starts on every changed feed; a library is loaded only by a feed that needs it."""
    folder = Path(reader.__file__).parent
    for name in ("calendar", "lines", "times", "channels", "recurring"):
        top = [
            line for line in (folder / f"{name}.py").read_text().splitlines() if line.startswith(("import ", "from "))
        ]
        assert not [
            line
            for line in top
            if any(heavy in line for heavy in ("icalendar ", "recurring_ical", "pydantic", "aiohttp"))
        ]
