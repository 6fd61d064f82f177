"""E-mail: one mail server (SMTP) for the whole hub."""

from __future__ import annotations

from hub.contracts import Host
from integrations.email.sending import Config, Mail

__all__ = ["Config", "start"]


def start(config: Config, host: Host) -> Mail:
    return Mail(config, host.clock)
