"""Google Calendar: the calendar of a unit, shared with a service account, both ways."""

from __future__ import annotations

from hub.contracts import Host
from integrations.google_calendar.calendar import Config, GoogleCalendar

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> GoogleCalendar:
    return GoogleCalendar(config, host)
