"""What the service supervisor is told. Source: sd_notify(3), "Description" and "Notes"."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import timedelta

from hub.errors import Misconfigured


class Supervisor:
    """systemd, if it started us (`Type=notify`); otherwise nobody, and telling is nothing."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET")
        # An abstract socket's name begins with a NUL, which an environment variable cannot hold.
        self._address = None if not address else address.replace("@", "\0", 1) if address[0] == "@" else address
        self._watchdog_us = _watchdog_us(environ)

    @property
    def pet_every(self) -> timedelta | None:
        """Half of what systemd allows between two signs of life; None if it does not watch."""
        return None if self._watchdog_us is None else timedelta(microseconds=self._watchdog_us // 2)

    def ready(self) -> None:
        self._tell("READY=1")

    def pet(self) -> None:
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if self._address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            try:
                out.sendto(message.encode(), self._address)
            except OSError as error:
                raise Misconfigured("NOTIFY_SOCKET", f"the supervisor cannot be reached: {error.strerror}") from error


def _watchdog_us(environ: Mapping[str, str]) -> int | None:
    # Source: sd_watchdog_enabled(3): WATCHDOG_PID, if set, names the process that is watched.
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    allowed = environ.get("WATCHDOG_USEC", "")
    return int(allowed) if allowed.isdecimal() and int(allowed) > 0 else None
