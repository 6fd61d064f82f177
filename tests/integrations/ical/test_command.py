"""`gatehouse feed`: what a feed is understood to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from integrations.ical.command import app
from tests.integrations.ical.reading import FEEDS, calendar, event, recorded

gatehouse = typer.Typer()
gatehouse.add_typer(app, name="feed")


@gatehouse.command()
def other() -> None:
    """The command line has other commands too."""


def run(*arguments: str) -> Any:
    return CliRunner().invoke(gatehouse, ["feed", *arguments])


def shown(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_a_stay_is_shown_with_dates_in_the_house_and_times_in_utc() -> None:
    stay, block = shown(str(FEEDS / "airbnb.ics"), "--timezone", "Asia/Kolkata", "--check-in", "14:00")
    assert stay == {
        "kind": "reservation",
        "status": "confirmed",
        "arrival": "2027-06-14",
        "departure": "2027-06-19",
        "check_in": "2027-06-14T08:30:00Z",
        "check_out": "2027-06-19T05:30:00Z",
        "guest": "",
        "reference": "HMQ4WZ7K2X",
        "phone_last4": "0917",
        "uid": "9b2e6d40c1aa-0123456789abcdef0123456789abcdef@airbnb.com",
        "note": "",
    }
    assert block["kind"] == "block"


def test_options_may_stand_before_and_after_the_file() -> None:
    feed = str(FEEDS / "airbnb.ics")
    assert shown("--timezone", "UTC", feed) == shown(feed, "--timezone", "UTC")


def test_an_event_s_own_times_are_kept() -> None:
    stays = {each["uid"]: each for each in shown(str(FEEDS / "zones.ics"), "--timezone", "Asia/Kolkata")}
    assert (stays["quoted"]["check_in"], stays["quoted"]["check_out"]) == (
        "2027-06-10T14:00:00Z",
        "2027-06-11T09:00:00Z",
    )


def test_the_channel_decides_the_words() -> None:
    kinds = {each["kind"] for each in shown(str(FEEDS / "airbnb.ics"), "--timezone", "UTC", "--channel", "booking_com")}
    assert kinds == {"unknown"}


def test_an_unusable_event_says_why() -> None:
    stays = {each["uid"]: each for each in shown(str(FEEDS / "edges.ics"), "--timezone", "UTC")}
    assert stays["no-such-day"]["status"] == "unusable"
    assert (stays["no-such-day"]["arrival"], stays["no-such-day"]["check_in"]) == (None, None)
    assert "does not exist" in stays["no-such-day"]["note"]


@pytest.mark.parametrize(
    ("check_in", "check_out", "expected"),
    [
        ("01:30", "11:00", ("2027-03-28T01:00:00Z", "2027-10-31T11:00:00Z")),
        ("15:00", "01:30", ("2027-03-28T14:00:00Z", "2027-10-31T01:30:00Z")),
    ],
)
def test_house_times_are_right_when_clocks_change(
    tmp_path: Path, check_in: str, check_out: str, expected: tuple[str, str]
) -> None:
    file = tmp_path / "feed.ics"
    file.write_bytes(calendar(event("DTSTART:20270328", "DTEND:20271031")))
    (stay,) = shown(str(file), "--timezone", "Europe/London", "--check-in", check_in, "--check-out", check_out)
    assert (stay["check_in"], stay["check_out"]) == expected


def test_without_json_a_table_is_shown() -> None:
    lines = run(str(FEEDS / "airbnb.ics"), "--timezone", "UTC").stdout.splitlines()
    assert lines[0].split() == ["kind", "status", "arrival", "departure", "guest", "reference", "phone_last4", "note"]
    assert lines[1].split() == ["reservation", "confirmed", "2027-06-14", "2027-06-19", "HMQ4WZ7K2X", "0917"]


def test_an_empty_calendar_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "feed.ics"
    file.write_bytes(calendar())
    assert shown(str(file), "--timezone", "UTC") == []
    assert "has no events" in run(str(file), "--timezone", "UTC").stdout


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"<html>", "a web page"), (b"", "empty"), (b"hello", "does not begin with"), (b"BEGIN:VCALENDAR\n", "cut off")],
)
def test_a_file_that_is_no_calendar_is_an_error(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "feed.ics"
    file.write_bytes(content)
    result = run(str(file), "--timezone", "UTC", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert why in result.stderr


def test_a_file_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "feed.ics"
    file.write_bytes(calendar() + b" " * 6 * 1024**2)
    assert "larger than 5 MB" in run(str(file), "--timezone", "UTC").stderr


@pytest.mark.parametrize("path", ["missing.ics", "."])
def test_a_file_that_cannot_be_opened_is_an_error(path: str, tmp_path: Path) -> None:
    result = run(str(tmp_path / path), "--timezone", "UTC")
    assert result.exit_code == 1
    assert "cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x.ics"], "--timezone"),
        (["x.ics", "--timezone", "Mars"], "is no time zone"),
        (["x.ics", "--timezone", "UTC", "--check-in", "25:00"], "is no time of day"),
        (["x.ics", "--timezone", "UTC", "--check-out", "noon"], "is no time of day"),
        (["x.ics", "--timezone", "UTC", "--channel", "craigslist"], "craigslist"),
        (["--timezone", "UTC"], "FILE-or-URL"),
    ],
)
def test_a_wrong_option_is_explained(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr


class _Feeds(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/feed.ics" else 404)
        self.end_headers()
        self.wfile.write(recorded("vrbo"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests are quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Feeds) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_feed_is_fetched_by_its_address(address: str) -> None:
    assert [stay["guest"] for stay in shown(f"{address}/feed.ics", "--timezone", "UTC")] == ["Rosalind", ""]


def test_an_address_without_a_feed_is_an_error(address: str) -> None:
    result = run(f"{address}/nothing", "--timezone", "UTC")
    assert result.exit_code == 1
    assert "nothing at this address" in result.stderr
