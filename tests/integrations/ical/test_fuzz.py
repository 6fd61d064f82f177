"""Whatever bytes come, the reader answers with stays or with Garbled."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.errors import Garbled
from hub.model.values import StayKind, StayStatus
from tests.integrations.ical.reading import calendar, event, recorded, understood

FEEDS = [recorded(name) for name in ("airbnb", "booking_com", "edges", "guesty", "smoobu", "vrbo", "zones")]
FEEDS.append(
    calendar(
        event(
            "DTSTART;TZID=Europe/London:20270301T150000",
            "DURATION:P1D",
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE:20270308T150000Z",
        ),
        event("RECURRENCE-ID:20270315T150000Z", "DTSTART:20270316T150000Z", "DTEND:20270317T100000Z"),
    )
)
TOKENS = [
    b"BEGIN:VEVENT", b"END:VEVENT", b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VALARM", b"RRULE:FREQ=DAILY", b"RDATE:20270301",
    b"RRULE:FREQ=SECONDLY", b"EXDATE:", b"DTSTART:", b"DTEND:99991231T235959Z", b"DURATION:P999999999999W", b"DURATION:-PT1S",
    b";TZID=", b";TZID=America", b";TZID=Europe", b";TZID=/", b";VALUE=DATE", b";VALUE=PERIOD", b"00000000", b"00010101T000000Z",
    b"99991231", b"\xef\xbb\xbf", b"\x00", b"\xff", b"\r\n ", b"\n", b'"', b":", b";", b"\\", b"RECURRENCE-ID:20270301",
    "٢".encode(), "\u2028".encode(), b"UID:", b"STATUS:CANCELLED", b"SUMMARY:Check-in", b"BEGIN:VTIMEZONE", b"TZID:Europe/London",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    feed = bytearray(draw(st.sampled_from(FEEDS)))
    for _change in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(feed)))
        until = min(len(feed), at + draw(st.sampled_from([0, 0, 1, 4, 30])))
        feed[at:until] = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4)))
    return bytes(feed)


def check(feed: bytes) -> None:
    with contextlib.suppress(Garbled):
        for stay in understood(feed, zone="Europe/London"):
            assert stay.uid
            if stay.status is StayStatus.UNUSABLE:
                assert stay.note
                continue
            assert stay.arrival is not None
            assert stay.departure is not None
            assert stay.arrival <= stay.departure
            assert stay.check_in is None or stay.check_out is None or stay.check_in < stay.check_out
            assert (stay.check_in is None) == (stay.check_out is None)


@settings(max_examples=500, deadline=None)
@given(feed=mutated())
@example(feed=calendar(event("DTSTART;TZID=America:20270605T140000", "DTEND:20270606T000000Z")))
@example(feed=calendar(event("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z")))
@example(feed=calendar(event("DTSTART:99991231T235959Z", "DTEND:99991231T235960Z", "RRULE:FREQ=DAILY")))
def test_a_mutated_feed_gives_stays_or_garbled(feed: bytes) -> None:
    check(feed)


@settings(max_examples=300, deadline=None)
@given(feed=st.binary(max_size=300))
def test_arbitrary_bytes_are_garbled(feed: bytes) -> None:
    with pytest.raises(Garbled):
        understood(feed)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(st.sampled_from(TOKENS), max_size=30))
def test_arbitrary_lines_in_a_calendar_give_stays_or_garbled(lines: list[bytes]) -> None:
    check(b"BEGIN:VCALENDAR\r\n" + b"\r\n".join(lines) + b"\r\nEND:VCALENDAR\r\n")


NAMES = st.text(st.characters(categories=["L"]), min_size=1, max_size=30).filter(lambda name: name.isprintable())


@settings(max_examples=100, deadline=None)
@given(
    arrival=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    nights=st.integers(1, 60),
    uid=st.text("abcdefghijklmnop0123456789-@.", min_size=1, max_size=80),
    name=NAMES,
    width=st.integers(5, 80),
)
def test_what_is_written_is_what_is_read(arrival: date, nights: int, uid: str, name: str, width: int) -> None:
    """Folded at any width, also in the middle of a character."""
    departure = arrival + timedelta(days=nights)
    lines = [
        f"DTSTART;VALUE=DATE:{arrival:%Y%m%d}",
        f"DTEND;VALUE=DATE:{departure:%Y%m%d}",
        f"SUMMARY:Reserved - {name}",
    ]
    folded = b"\r\n".join(_fold(line, width) for line in calendar(event(*lines, uid=uid)).split(b"\r\n"))
    (stay,) = understood(folded)
    assert (stay.uid, stay.arrival, stay.departure) == (uid, arrival, departure)
    assert stay.kind is StayKind.RESERVATION


def _fold(line: bytes, width: int) -> bytes:
    return b"\r\n ".join(line[at : at + width] for at in range(0, len(line), width)) if line else line
