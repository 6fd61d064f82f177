"""CalDAV: the calendar of a unit on any server that speaks it, both ways."""

from __future__ import annotations

from hub.contracts import Host
from integrations.caldav.calendar import CalDav, Config

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> CalDav:
    return CalDav(config, host)
