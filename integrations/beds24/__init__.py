"""Beds24: an account's bookings and blocks over API v2."""

from __future__ import annotations

from hub.contracts import Host
from integrations.beds24.account import Beds24, Config

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Beds24:
    return Beds24(config, host)
