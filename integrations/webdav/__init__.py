"""Files on another server: the calendar of taken nights, for platforms that cannot reach the hub itself."""

from __future__ import annotations

from hub.contracts import Host
from integrations.webdav.putting import Config, Folder

__all__ = ["Config", "start"]


def start(config: Config, _host: Host) -> Folder:
    return Folder(config)
