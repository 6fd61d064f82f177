"""Hostaway: an account's reservations over API v1."""

from __future__ import annotations

from hub.contracts import Host
from integrations.hostaway.account import Config, Hostaway

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Hostaway:
    return Hostaway(config, host)
