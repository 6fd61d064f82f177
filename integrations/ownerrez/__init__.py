"""OwnerRez: an account's bookings and blocks over API v2."""

from __future__ import annotations

from hub.contracts import Host
from integrations.ownerrez.account import Config, OwnerRez

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> OwnerRez:
    return OwnerRez(config, host)
