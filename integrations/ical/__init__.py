"""Calendar feeds: what a channel publishes for everybody who has the address."""

from __future__ import annotations

from hub.contracts import Host
from integrations.ical.feed import Config, Feed

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Feed:
    return Feed(config, host)
