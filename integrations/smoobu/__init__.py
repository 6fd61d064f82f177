"""Smoobu: an account's reservations and blocks over its API."""

from __future__ import annotations

from hub.contracts import Host
from integrations.smoobu.account import Config, Smoobu

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Smoobu:
    return Smoobu(config, host)
