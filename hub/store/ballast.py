"""Room kept back on the disk, so that a code can still be revoked when everything else has filled it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SIZE = 16 * 1024 * 1024
SPARE = 64 * 1024 * 1024
"""Below this much free room nothing new should be promised; what takes leave away goes on."""


class Ballast:
    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def cramped(self) -> bool:
        return shutil.disk_usage(self._file.parent).free < SPARE

    def lay(self) -> None:
        """Take the room, unless it is taken already or the disk is short of it."""
        if self._file.exists() or shutil.disk_usage(self._file.parent).free < SPARE + SIZE:
            return
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, SIZE)
        finally:
            os.close(handle)

    def drop(self) -> None:
        self._file.unlink(missing_ok=True)
