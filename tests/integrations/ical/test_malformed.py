"""Feeds that are no feeds: each is refused with a sentence, and none is ever taken for an empty list."""

from __future__ import annotations

import re
from datetime import date

import pytest

from hub.errors import Garbled
from tests.integrations.ical.reading import calendar, event, recorded, understood

STAY = event("DTSTART:20270605", "SUMMARY:Reserved")
WHOLE = calendar(STAY)


def deep(levels: int) -> bytes:
    return calendar(*["BEGIN:X-A"] * levels, *["END:X-A"] * levels)


MALFORMED: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "the answer is empty"),
    ("white space", b" \r\n\t\r\n ", "the answer is empty"),
    ("a byte order mark", b"\xef\xbb\xbf", "the answer is empty"),
    ("a web page", b"<!DOCTYPE html><html><body>Please sign in</body></html>", "a web page and no calendar"),
    ("a web page after empty lines", b"\n\n  <html>\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", "a web page and no calendar"),
    ("XML", b'<?xml version="1.0"?><error>AccessDenied</error>', "a web page and no calendar"),
    ("JSON", b'{"error": "rate limited"}', "no calendar but JSON"),
    ("a JSON list", b"[]", "no calendar but JSON"),
    ("words", b"Too many requests, try again later.", "does not begin with BEGIN:VCALENDAR"),
    ("a warning before the calendar", b"PHP Warning: x\n" + WHOLE, "does not begin with BEGIN:VCALENDAR"),
    ("another kind of file", b"BEGIN:VCARD\r\nFN:Anna\r\nEND:VCARD\r\n", "does not begin with BEGIN:VCALENDAR"),
    ("an event without its calendar", STAY.encode(), "does not begin with BEGIN:VCALENDAR"),
    ("UTF-16", WHOLE.decode().encode("utf-16"), "does not begin with BEGIN:VCALENDAR"),
    ("packed bytes", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "does not begin with BEGIN:VCALENDAR"),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00", "does not begin with BEGIN:VCALENDAR"),
    ("zero bytes", bytes(1000), "does not begin with BEGIN:VCALENDAR"),
    ("only an end", b"END:VCALENDAR\r\n", "does not begin with BEGIN:VCALENDAR"),
    ("only a beginning", b"BEGIN:VCALENDAR\r\n", "cut off: its VCALENDAR has no end"),
    ("cut in its head", WHOLE[:25], "cut off: its VCALENDAR has no end"),
    ("cut in an event", WHOLE[: WHOLE.index(b"SUMMARY")], "cut off: its VEVENT has no end"),
    ("cut after an event", WHOLE[: WHOLE.index(b"END:VCALENDAR")], "cut off: its VCALENDAR has no end"),
    ("cut in its last word", WHOLE.rstrip()[:-4], "a VCALE ends that did not begin"),
    ("a recorded feed cut in half", recorded("airbnb")[:300], "cut off: its VEVENT has no end"),
    ("an event within an event", calendar("BEGIN:VEVENT\r\nUID:a", STAY), "a VEVENT begins inside another"),
    ("a calendar within a calendar", calendar(WHOLE.decode()), "a VCALENDAR begins inside another"),
    ("two torn halves", WHOLE[:60] + WHOLE, "begins inside another"),
    (
        "a calendar that ends in an event",
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VCALENDAR\n",
        "something in it did not end",
    ),
    ("an end that nothing began", calendar("END:VEVENT"), "a VEVENT ends that did not begin"),
    ("an event that ends twice", calendar(STAY, "END:VEVENT"), "a VEVENT ends that did not begin"),
    ("parts nested without end", deep(30), "nested deeper than 20 levels"),
    ("a second calendar cut off", WHOLE + b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "cut off: its VCALENDAR has no end"),
    ("too many events", calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 10_001), "more than 10000 events"),
    ("too many bytes", WHOLE + b" " * 5 * 1024 * 1024, "larger than 5 MB"),
    (
        "too many repetitions",
        calendar(*(event("DTSTART:20270201", "RRULE:FREQ=DAILY", uid=str(n)) for n in range(14))),
        "10000",
    ),
]


@pytest.mark.parametrize(
    ("feed", "why"), [(feed, why) for _, feed, why in MALFORMED], ids=[name for name, *_ in MALFORMED]
)
def test_a_feed_that_is_none_is_refused_with_a_sentence(feed: bytes, why: str) -> None:
    with pytest.raises(Garbled, match=re.escape(why)):
        understood(feed)


@pytest.mark.parametrize("feed", [calendar(STAY, "BEGIN:VTODO", "UID:b", "END:VTOOD", STAY), WHOLE.rstrip() + b"D\r\n"])
def test_a_misspelt_end_costs_nothing(feed: bytes) -> None:
    assert {stay.arrival for stay in understood(feed)} == {date(2027, 6, 5)}


def test_an_event_inside_a_part_that_only_its_maker_knows_is_one() -> None:
    inside = event("DTSTART:20270605", "SUMMARY:Reserved", "BEGIN:VALARM", "DTSTART:20270101", "END:VALARM")
    (stay,) = understood(calendar("BEGIN:X-GROUP\r\nUID:group", inside, "DTSTART:20260101\r\nEND:X-GROUP"))
    assert (stay.arrival, stay.uid) == (date(2027, 6, 5), "one")


@pytest.mark.parametrize("length", range(1, len(WHOLE.rstrip())))
def test_no_feed_cut_short_is_taken_for_a_whole_one(length: int) -> None:
    with pytest.raises(Garbled):
        understood(WHOLE[:length])


@pytest.mark.parametrize(
    "line",
    [
        "a line without a colon",
        "=20soft break",
        ";;;:::",
        ':"',
        'X;A="unclosed:20270605',
        "\x00\x01\x02",
        "X;A=;B;=c;;:d",
        "ORGANIZER;CN=\"a;b:c\":mailto:x@y",
        "ATTACH;ENCODING=BASE64;VALUE=BINARY:!!!!",
        "RRULE",
        "GEO:north",
        "DTSTAMP:yesterday",
        "SEQUENCE:-1e308",
        "CATEGORIES:",
        "TRIGGER:-P",
    ],
)  # fmt: skip
def test_a_strange_line_costs_nothing(line: str) -> None:
    (stay,) = understood(calendar(event("DTSTART:20270605", line, "SUMMARY:Reserved - Anna")))
    assert stay.guest == "Anna"
