"""Feeds for tests: from a few lines to what is understood."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.model.facts import StayReport
from integrations.ical.calendar import reports
from integrations.ical.channels import Source

FEEDS = Path(__file__).parent / "feeds"
NOW = datetime(2027, 2, 1, tzinfo=UTC)


def recorded(name: str) -> bytes:
    return (FEEDS / f"{name}.ics").read_bytes()


def event(*lines: str, uid: str = "one") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def calendar(*events: str, product: str = "-//test//EN") -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", f"PRODID:{product}", *events, "END:VCALENDAR", ""]).encode()


def understood(
    feed: bytes, *, zone: str = "Asia/Kolkata", source: Source = Source.AUTO, now: datetime = NOW
) -> list[StayReport]:
    return reports(feed, ZoneInfo(zone), source, now)


def by_uid(feed: bytes, **how: str) -> dict[str, StayReport]:
    return {stay.uid: stay for stay in understood(feed, zone=how.get("zone", "Asia/Kolkata"))}


def only(*lines: str, zone: str = "Asia/Kolkata", source: Source = Source.OTHER) -> StayReport:
    """The one stay of a feed with one event."""
    (stay,) = understood(calendar(event(*lines)), zone=zone, source=source)
    return stay
