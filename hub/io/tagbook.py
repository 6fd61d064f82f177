"""Tags of every code this hub ever put into a lock, in a file of their own that no restore takes back.

After an old backup is restored the database has forgotten newer codes; the book has not, so a code that is still in a
lock is recognised as ours and can be removed. A tag is a keyed hash: the file tells nobody a PIN.
"""

from __future__ import annotations

import os
from pathlib import Path

from hub.io.files import sync_folder
from hub.model.values import CodeTag


class TagBook:
    def __init__(self, path: Path) -> None:
        """Opens the book, or starts one. A last line cut short by a power loss is left out: it was never relied on."""
        self._path = path
        there = path.exists()
        text = path.read_text(encoding="ascii") if there else ""
        whole, _, _torn = text.rpartition("\n")
        self._tags = frozenset(CodeTag(line) for line in whole.split("\n") if line)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _torn:
            os.write(self._file, b"\n")
        if not there:
            sync_folder(path.parent)  # else a power cut may take the name, and with it every tag

    @property
    def tags(self) -> frozenset[CodeTag]:
        """Asked for at every step of every lock, so it is never copied."""
        return self._tags

    def add(self, tag: CodeTag) -> None:
        """On disk when it returns; before the code leaves for the lock."""
        if tag in self._tags:
            return
        os.write(self._file, f"{tag}\n".encode("ascii"))
        os.fdatasync(self._file)
        self._tags |= {tag}

    def close(self) -> None:
        os.close(self._file)
