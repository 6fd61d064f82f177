"""Lodgify: an account's bookings over API v2."""

from __future__ import annotations

from hub.contracts import Host
from integrations.lodgify.account import Config, Lodgify

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Lodgify:
    return Lodgify(config, host)
