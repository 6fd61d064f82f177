"""Signed webhooks: a partner's program tells of bookings, and may be told what became of them."""

from __future__ import annotations

from hub.contracts import Host
from integrations.partner.webhooks import Config, Partner

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Partner:
    return Partner(config, host)
