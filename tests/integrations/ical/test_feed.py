"""integrations.ical.feed: asking a channel, and what its answers become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hub.contracts import Delivery, Host
from hub.errors import Disappointment, Misconfigured, Rejected, Unavailable
from hub.io.sandbox import ChildSandbox
from hub.model.facts import CalendarFailed, CalendarRead
from integrations.ical import Config, start
from integrations.ical.feed import Feed
from tests.integrations.conftest import StoppedClock
from tests.integrations.ical.reading import calendar, event, recorded
from tests.integrations.servers import Site

ONE = calendar(event("DTSTART:20270605", "DTEND:20270609", "SUMMARY:Reserved"))
TWO = calendar(event("DTSTART:20270605", "SUMMARY:Reserved"), event("DTSTART:20270701", "SUMMARY:Blocked", uid="two"))


@pytest.fixture
def feed(server: Site, host: Host) -> Feed:
    return start(config(server), host)


def settings(**told: Any) -> Config:
    return Config.model_validate({"url": "https://feeds.example/a.ics", "timezone": "Europe/London", **told})


def config(server: Site, **other: Any) -> Config:
    return settings(**{"url": server.url("/feed.ics"), **other})


async def poll(feed: Feed, cursor: str | None = None) -> Delivery:
    (delivery,) = [delivery async for delivery in feed.fetch(cursor)]
    return delivery


async def facts(feed: Feed, delivery: Delivery) -> CalendarRead | CalendarFailed:
    (fact,) = await feed.parse(delivery)
    assert isinstance(fact, CalendarRead | CalendarFailed)
    return fact


async def trouble(feed: Feed, cursor: str | None = None) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await poll(feed, cursor)
    return caught.value


# ---- a feed that is well ----


async def test_a_feed_is_told_as_one_complete_list(server: Site, feed: Feed, clock: StoppedClock) -> None:
    server.answer("/feed.ics", body=recorded("airbnb"))
    fact = await facts(feed, await poll(feed))
    assert isinstance(fact, CalendarRead)
    assert (fact.channel, fact.at, fact.unchanged) == ("flat-1-feed", clock.now(), False)
    assert [stay.arrival for stay in fact.stays] == [date(2027, 6, 14), date(2027, 7, 2)]


async def test_a_feed_is_read_in_the_sandbox(server: Site, host: Host) -> None:
    feed = start(config(server), replace(host, sandbox=ChildSandbox()))
    server.answer("/feed.ics", body=ONE)
    fact = await facts(feed, await poll(feed))
    assert isinstance(fact, CalendarRead)
    assert len(fact.stays) == 1


async def test_an_empty_calendar_that_is_whole_is_an_empty_list(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=calendar())
    fact = await facts(feed, await poll(feed))
    assert isinstance(fact, CalendarRead)
    assert fact.stays == ()


async def test_a_delivery_is_understood_without_its_fetch(server: Site, feed: Feed, host: Host) -> None:
    """After a restart the inbox hands over what was stored: another instance, no cursor, no headers."""
    server.answer("/feed.ics", body=ONE)
    delivery = await poll(feed)
    again = start(config(server), host)
    stored = Delivery(delivery.channel, delivery.key, delivery.body, delivery.received_at, delivery.topic)
    assert await facts(again, stored) == await facts(feed, delivery)


async def test_a_feed_is_read_once_for_fetch_and_parse(server: Site, host: Host) -> None:
    calls: list[str] = []

    async def counting(work: str, data: bytes) -> Any:
        calls.append(work)
        return await host.sandbox(work, data)

    feed = start(config(server), replace(host, sandbox=counting))
    server.answer("/feed.ics", body=ONE)
    await facts(feed, await poll(feed))
    assert len(calls) == 1


async def test_the_source_named_by_the_operator_decides_the_words(server: Site, host: Host) -> None:
    server.answer("/feed.ics", body=ONE)
    feed = start(config(server, source="booking_com"), host)
    fact = await facts(feed, await poll(feed))
    assert isinstance(fact, CalendarRead)
    assert fact.stays[0].kind.value == "unknown"


# ---- unchanged ----


async def test_what_was_told_is_asked_for_with_its_marks(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=ONE, ETag='W/"7"', Last_Modified="Mon, 01 Feb 2027 11:00:00 GMT")
    first = await poll(feed)
    server.answer("/feed.ics", 304)
    second = await poll(feed, first.cursor)
    asked = server.asked[1].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('W/"7"', "Mon, 01 Feb 2027 11:00:00 GMT")
    assert (await facts(feed, second), second.body) == (CalendarRead(second.channel, second.received_at, (), True), b"")


async def test_the_same_bytes_again_are_unchanged(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=ONE)
    first = await poll(feed)
    fact = await facts(feed, await poll(feed, first.cursor))
    assert isinstance(fact, CalendarRead)
    assert fact.unchanged


async def test_a_new_stamp_alone_is_unchanged(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=ONE.replace(b"SUMMARY", b"DTSTAMP:20270201T120000Z\r\nSUMMARY"))
    first = await poll(feed)
    server.answer("/feed.ics", body=ONE.replace(b"SUMMARY", b"DTSTAMP:20270201T120300Z\r\nSUMMARY"))
    fact = await facts(feed, await poll(feed, first.cursor))
    assert isinstance(fact, CalendarRead)
    assert fact.unchanged


async def test_other_bytes_are_a_new_list(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=ONE)
    first = await poll(feed)
    server.answer("/feed.ics", body=TWO)
    second = await poll(feed, first.cursor)
    fact = await facts(feed, second)
    assert isinstance(fact, CalendarRead)
    assert (len(fact.stays), fact.unchanged) == (2, False)
    assert second.cursor != first.cursor


async def test_two_polls_are_two_deliveries(server: Site, feed: Feed, clock: StoppedClock) -> None:
    server.answer("/feed.ics", body=ONE)
    first = await poll(feed)
    clock.turn(minutes=3)
    assert (await poll(feed)).key != first.key


async def test_once_a_day_everything_is_asked_for(server: Site, feed: Feed, clock: StoppedClock) -> None:
    server.answer("/feed.ics", body=ONE, ETag='"7"')
    first = await poll(feed)
    clock.turn(days=1)
    second = await poll(feed, first.cursor)
    assert "if-none-match" not in server.asked[1].headers
    assert second.body == ONE


@pytest.mark.parametrize("change", [{"timezone": "Asia/Kolkata"}, {"source": "vrbo"}, {"url": "/other.ics"}])
async def test_with_other_settings_everything_is_asked_for(
    server: Site, feed: Feed, host: Host, change: dict[str, str]
) -> None:
    server.answer("/feed.ics", body=ONE, ETag='"7"')
    server.answer("/other.ics", body=ONE, ETag='"7"')
    first = await poll(feed)
    changed = {name: server.url(value) if name == "url" else value for name, value in change.items()}
    second = await poll(start(config(server, **changed), host), first.cursor)
    assert second.body == ONE


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", "{}", '{"reader": 1, "digest": 2, "more": 3}', "null", "7"])
async def test_a_cursor_that_cannot_be_read_asks_for_everything(server: Site, feed: Feed, cursor: str) -> None:
    server.answer("/feed.ics", body=ONE)
    assert (await poll(feed, cursor)).body == ONE


async def test_marks_that_are_no_marks_are_not_sent_back(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=ONE, ETag="x" * 600, Last_Modified="né")
    first = await poll(feed)
    await poll(feed, first.cursor)
    assert not {"if-none-match", "if-modified-since"} & server.asked[1].headers.keys()


# ---- a feed that is not well: what was known stands ----

BROKEN: list[tuple[bytes, str]] = [
    (b"<html>Please sign in</html>", "this is a web page and no calendar"),
    (ONE[:-30], "the calendar is cut off"),
    (b'{"error": 1}', "no calendar but JSON"),
    (b"BEGIN:VCARD\r\nEND:VCARD", "no calendar"),
]


@pytest.mark.parametrize(("body", "why"), BROKEN)
async def test_a_feed_that_is_none_has_failed_and_is_never_an_empty_list(
    server: Site, feed: Feed, body: bytes, why: str
) -> None:
    server.answer("/feed.ics", body=body)
    delivery = await poll(feed)
    fact = await facts(feed, delivery)
    assert isinstance(fact, CalendarFailed)
    assert why in fact.why
    assert delivery.body == body


@pytest.mark.parametrize(("body", "why"), BROKEN)
async def test_a_feed_that_stays_broken_is_not_taken_for_unchanged(
    server: Site, feed: Feed, body: bytes, why: str
) -> None:
    server.answer("/feed.ics", body=ONE, ETag='"1"')
    good = await poll(feed)
    server.answer("/feed.ics", body=body, ETag='"2"')
    broken = await poll(feed, good.cursor)
    assert broken.cursor is None, "the cursor moves only past a list that was understood"
    fact = await facts(feed, await poll(feed, good.cursor))
    assert isinstance(fact, CalendarFailed)
    assert why in fact.why


async def test_a_feed_repaired_by_its_old_text_is_unchanged(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", body=ONE, ETag='"1"')
    good = await poll(feed)
    server.answer("/feed.ics", body=b"<html>", ETag='"2"')
    await poll(feed, good.cursor)
    server.answer("/feed.ics", body=ONE)
    fact = await facts(feed, await poll(feed, good.cursor))
    assert isinstance(fact, CalendarRead)
    assert fact.unchanged


async def test_a_reader_that_answers_nonsense_has_failed(server: Site, host: Host) -> None:
    async def broken(work: str, data: bytes) -> Any:
        return [{"uid": "x", "kind": "castle"}]

    server.answer("/feed.ics", body=ONE)
    feed = start(config(server), replace(host, sandbox=broken))
    fact = await facts(feed, await poll(feed))
    assert fact == CalendarFailed(fact.channel, fact.at, "its reader answered nonsense")


@pytest.mark.parametrize(
    ("prepare", "kind", "words"),
    [
        (lambda site: site.answer("/feed.ics", 401), Rejected, "does not let us in (401)"),
        (lambda site: site.answer("/feed.ics", 403), Rejected, "does not let us in (403)"),
        (lambda site: site.answer("/feed.ics", 404), Unavailable, "no calendar at this address (404)"),
        (lambda site: site.answer("/feed.ics", 410), Rejected, "nothing at this address (410)"),
        (lambda site: site.answer("/feed.ics", 429, Retry_After="90"), Unavailable, "slow down (429)"),
        (lambda site: site.answer("/feed.ics", 500), Unavailable, "trouble of its own (500)"),
        (lambda site: site.answer("/feed.ics", 503), Unavailable, "trouble of its own (503)"),
        (lambda site: site.answer("/feed.ics", 304), Unavailable, "though it was asked for everything"),
        (lambda site: site.answer("/feed.ics", 204), Unavailable, "nothing at all"),
        (lambda site: site.answer("/feed.ics", 200, b" \n"), Unavailable, "nothing at all"),
        (lambda site: site.raw("/feed.ics", b""), Unavailable, "broke off without an answer"),
        (lambda site: site.raw("/feed.ics", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + ONE), Unavailable, "middle"),
        (lambda site: site.answer("/feed.ics", 200, b"x" * 6_000_000), Rejected, "more than 5 MB"),
        (lambda site: site.answer("/feed.ics", 302, Location="/feed.ics"), Rejected, "more than 3 times"),
        (lambda site: site.answer("/feed.ics", 302, Location="http://169.254.169.254/"), Rejected, "no calendar or service"),
    ],
)  # fmt: skip
async def test_a_server_that_is_not_well_is_a_sentence(
    server: Site, feed: Feed, prepare: Callable[[Site], None], kind: type[Disappointment], words: str
) -> None:
    prepare(server)
    error = await trouble(feed)
    assert isinstance(error, kind)
    assert words in str(error)
    assert "feed.ics" not in str(error)


async def test_the_wait_a_server_asks_for_is_passed_on(server: Site, feed: Feed) -> None:
    server.answer("/feed.ics", 429, Retry_After="90")
    error = await trouble(feed)
    assert isinstance(error, Unavailable)
    assert error.wait == timedelta(seconds=90)


async def test_a_feed_at_a_metadata_address_is_misconfigured(host: Host) -> None:
    error = await trouble(start(settings(url="http://169.254.169.254/feed.ics", timezone="UTC"), host))
    assert isinstance(error, Misconfigured)
    assert error.key == "url"


async def test_nothing_is_pushed_to_a_feed(feed: Feed, clock: StoppedClock) -> None:
    delivery = Delivery(channel="x", key="", body=b"", received_at=clock.now())  # type: ignore[arg-type]
    assert feed.authentic(delivery) is False
    assert feed.poll_every == timedelta(minutes=3)


# ---- settings ----


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://feeds.example/a.ics?s=1%2F2", "https://feeds.example/a.ics?s=1%2F2"),
        ("webcal://feeds.example/a.ics", "https://feeds.example/a.ics"),
        ("WebCals://feeds.example/a.ics", "https://feeds.example/a.ics"),
        ("  https://feeds.example/a.ics\n", "https://feeds.example/a.ics"),
        ("http://127.0.0.1:8000/a.ics", "http://127.0.0.1:8000/a.ics"),
    ],
)
def test_an_address_is_taken_as_a_channel_gives_it(written: str, asked: str) -> None:
    assert settings(url=written, timezone="UTC").url.get_secret_value() == asked


@pytest.mark.parametrize(
    "url",
    ["", "feeds.example/a.ics", "ftp://feeds.example/a.ics", "https://", "https://feeds example/a.ics", "webcal:"],
)
def test_what_is_no_address_is_refused_with_the_cure(url: str) -> None:
    with pytest.raises(ValidationError, match="must be the address of a calendar"):
        settings(url=url, timezone="UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "America", "../etc/passwd", "/Europe/London"])
def test_what_is_no_time_zone_is_refused_with_the_cure(zone: str) -> None:
    with pytest.raises(ValidationError, match="must be a time zone such as Europe/Berlin"):
        settings(url="https://feeds.example/", timezone=zone)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="uri"):
        settings(url="https://feeds.example/", timezone="UTC", uri="x")


def test_the_address_shows_in_no_repr_and_no_error() -> None:
    assert "s3cret" not in repr(settings(url="https://feeds.example/s3cret.ics", timezone="UTC"))
    with pytest.raises(ValidationError) as refusal:
        settings(url="ftp://feeds.example/s3cret.ics", timezone="UTC")
    assert "s3cret" not in str(refusal.value)
