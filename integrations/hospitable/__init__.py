"""Hospitable: an account's reservations over the public API v2."""

from __future__ import annotations

from hub.contracts import Host
from integrations.hospitable.account import Config, Hospitable

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Hospitable:
    return Hospitable(config, host)
