"""Files beside the database that only this hub can read."""

from __future__ import annotations

import os
from pathlib import Path

from hub.contracts import Host
from hub.io.files import sync_folder


def read(host: Host, name: str) -> bytes | None:
    """None: there is no such file.

    Raises:
        OSError: it cannot be read.
        Garbled: it is not what was written.
    """
    file = host.state_dir / name
    return host.open(file.read_bytes()) if file.exists() else None


def write(host: Host, name: str, content: bytes) -> None:
    """Whole or not at all, for nobody else to read."""
    file: Path = host.state_dir / name
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as written:
        written.write(host.seal(content))
        written.flush()
        os.fsync(written.fileno())
    beside.replace(file)
    sync_folder(file.parent)
