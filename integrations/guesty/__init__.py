"""Guesty: an account's reservations over the Open API."""

from __future__ import annotations

from hub.contracts import Host
from integrations.guesty.account import Config, Guesty

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Guesty:
    return Guesty(config, host)
