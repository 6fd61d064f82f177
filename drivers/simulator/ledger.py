"""The journal as a file: one JSON line for each thing that happened, written before the stick answers the host."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from drivers.simulator.memory import Entry
from hub.errors import Misconfigured, Unavailable


class Ledger:
    """Survives the death of the process, not of the machine: lines are written, not synced."""

    def __init__(self, file: Path | None) -> None:
        """None: nothing is kept."""
        self._file = file

    def read(self) -> list[Entry]:
        """What earlier runs wrote. A last line that was cut off by the end of its process is taken away.

        Raises:
            Misconfigured: the file is something else, or cannot be read.
        """
        if self._file is None:
            return []
        if not self._file.parent.is_dir():
            raise Misconfigured("drivers.simulator.state_file", f"the folder {self._file.parent} does not exist")
        try:
            content = self._file.read_bytes() if self._file.exists() else b""
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                os.truncate(self._file, len(whole))
        except OSError as error:
            raise Misconfigured("drivers.simulator.state_file", f"cannot be read: {error.strerror}") from error
        return [self._entry(number, line) for number, line in enumerate(whole.splitlines(), start=1)]

    def _entry(self, number: int, line: bytes) -> Entry:
        try:
            return Entry.model_validate_json(line)
        except ValidationError:
            # The cause would show the line, and the line may hold digits.
            raise Misconfigured("drivers.simulator.state_file", f"line {number} is not a journal entry") from None

    def write(self, entries: Iterable[Entry]) -> None:
        """Raises Unavailable: the entries are lost, though the locks have changed."""
        lines = b"".join(entry.model_dump_json().encode() + b"\n" for entry in entries)
        if self._file is None or not lines:
            return
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, lines)
            finally:
                os.close(handle)
        except OSError as error:
            raise Unavailable(f"the simulated building's journal cannot be written: {error.strerror}") from error
