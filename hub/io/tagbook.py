"""Tags of every code this hub ever put into a lock, and whose leave ended, in files of their own that no restore takes back.

After an old backup is restored the database has forgotten newer codes; the book has not, so a code that is still in a
lock is recognised as ours and can be removed: by its digits, or, in a lock that hides those, by its place. A tag is a keyed
hash: the files tell nobody a PIN.

What a person took away after the backup was made would be given again, too: so the book also has when that leave ended, by
its id and not by its tag, since a fixed code is that of one guest after the other.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.io.files import sync_folder
from hub.model.values import CodeTag, LockId

NAME: Final = "issued-tags"
"""In the hub's `state_dir`."""
_GONE: Final = "-"


class TagBook:
    def __init__(self, path: Path) -> None:
        """Opens the book, or starts one; its places are beside it."""
        self._tags = frozenset(CodeTag(line) for line in _lines(path))
        self._file = _Growing(path)
        places = path.with_name(f"{path.name}.places")
        self._places, lines = _places(places), len(_lines(places))
        if lines > 2 * len(self._places) + _WORTH_IT:
            _rewrite(places, [f"{lock} {slot} {tag}" for (lock, slot), tag in self._places.items()])
        self._places_file = _Growing(places)
        ends = path.with_name(f"{path.name}.ends")
        self._ends, lines = _ends(ends), len(_lines(ends))
        if lines > 2 * len(self._ends) + _WORTH_IT:
            _rewrite(ends, [_end(*each) for each in self._ends.items()])
        self._ends_file = _Growing(ends)

    @property
    def tags(self) -> frozenset[CodeTag]:
        """Asked for at every step of every lock, so it is never copied."""
        return self._tags

    def add(self, tag: CodeTag) -> None:
        """On disk when it returns; before the code leaves for the lock."""
        if tag in self._tags:
            return
        self._file.append(tag)
        self._tags |= {tag}

    # ---- places, of locks that hide their digits ----

    def at(self, lock: LockId, slot: int) -> CodeTag | None:
        """Which code of ours was last put there and is not known to be gone."""
        return self._places.get((lock, slot))

    def put(self, lock: LockId, slot: int, tag: CodeTag) -> None:
        """On disk when it returns; before the code leaves for the lock."""
        if self.at(lock, slot) != tag:
            self._places_file.append(f"{lock} {slot} {tag}")
            self._places[lock, slot] = tag

    def gone(self, lock: LockId, slot: int) -> None:
        """Whatever is there from now on is not ours."""
        if self._places.pop((lock, slot), None) is not None:
            self._places_file.append(f"{lock} {slot} {_GONE}")

    # ---- leave that ended ----

    @property
    def ends(self) -> Mapping[str, datetime]:
        return self._ends

    def end(self, ends: Mapping[str, datetime | None]) -> None:
        """Of grants, passes and people, until when they may open; None: nothing ended them. On disk when it returns."""
        news = {id_: at for id_, at in ends.items() if self._ends.get(id_) != at}
        if news:
            self._ends_file.append("\n".join(_end(*each) for each in news.items()))
            self._ends = {id_: at for id_, at in {**self._ends, **news}.items() if at is not None}

    def close(self) -> None:
        self._file.close()
        self._places_file.close()
        self._ends_file.close()


_WORTH_IT: Final = 1000
"""Lines that say nothing any more, before the file is written anew."""


def _places(path: Path) -> dict[tuple[LockId, int], CodeTag]:
    found: dict[tuple[LockId, int], CodeTag] = {}
    for line in _lines(path):
        lock, slot, tag = line.split(" ")
        found.pop((LockId(lock), int(slot)), None)
        if tag != _GONE:
            found[LockId(lock), int(slot)] = CodeTag(tag)
    return found


def _ends(path: Path) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for line in _lines(path):
        match = _END.fullmatch(line)
        if match is None:
            continue  # a sector of a line that was never on disk as a whole, so nothing was committed after it
        found.pop(match["id"], None)
        if match["at"] != _GONE:
            found[match["id"]] = datetime.fromisoformat(match["at"])
    return found


_END: Final = re.compile(r"(?P<id>[!-~]+) (?P<at>-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}\+00:00)")


def _end(id_: str, at: datetime | None) -> str:
    return f"{id_} {_GONE if at is None else at.isoformat()}"


def _lines(path: Path) -> list[str]:
    """A last line cut short by a power loss is left out: it was never relied on."""
    text = path.read_text(encoding="ascii") if path.exists() else ""
    whole, _, _torn = text.rpartition("\n")
    return [line for line in whole.split("\n") if line]


def _rewrite(path: Path, lines: list[str]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="ascii") as file:
        fresh.chmod(0o600)
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    sync_folder(path.parent)


class _Growing:
    """A file of lines, each on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        there = path.exists()
        text = path.read_bytes() if there else b""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            os.ftruncate(self._file, whole)  # else the next line would be read as the end of the one that was cut short
        if not there:
            sync_folder(path.parent)  # else a power cut may take the name, and with it every line

    def append(self, line: str) -> None:
        told, end = f"{line}\n".encode("ascii"), os.lseek(self._file, 0, os.SEEK_END)
        try:
            if os.write(self._file, told) < len(told):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, end)  # what is written when there is room again is a line of its own
            raise

    def close(self) -> None:
        os.close(self._file)
