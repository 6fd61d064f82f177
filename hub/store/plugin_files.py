"""What plugins keep in their folders beside the database, in and out of a backup: keys of a radio network, for one.

It travels as a table of the copied database, which is taken out again before the copy is used. Whoever knows the public
half of the recovery key can make a backup, so nothing in one is believed of where it may be written.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISDIR, S_ISREG
from typing import Final

from hub.errors import Garbled
from hub.io.files import sync_file, sync_folder

FOLDERS: Final = ("drivers", "integrations")
"""As `hub.plugins.host_maker` lays them out in `state_dir`: a folder for each plugin in them."""
LARGEST: Final = 16 * 1024 * 1024
ALTOGETHER: Final = 64 * 1024 * 1024
"""Bytes. A backup is made every hour, and some fifty are kept."""
_UNFINISHED = ".new"
"""Ends the name of a file that is being written and has not taken another's place yet."""
_MAKE_TABLE = "CREATE TABLE plugin_files (name TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL) STRICT"


@dataclass(frozen=True, slots=True)
class Put:
    """What became of the files of a backup. Names are relative to `state_dir`."""

    back: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Not put back: there is one already, or a link stands in the way."""
    set_aside: tuple[Path, ...] = ()
    """Where the folders went that were there before."""


def pack(copy: Path, state_dir: Path) -> tuple[str, ...]:
    """Add the files to the copy of a database. Returns what was left out: what is no file or too large."""
    left_out: list[str] = []
    raw = sqlite3.connect(copy, isolation_level=None)
    try:
        raw.execute(_MAKE_TABLE)
        room = ALTOGETHER
        for name in _names(state_dir):
            content = _content(state_dir / name, min(LARGEST, room))
            if content is None or not name.isprintable():
                left_out.append(name)
                continue
            room -= len(content)
            raw.execute("INSERT INTO plugin_files VALUES (?, ?)", (name, content))
    finally:
        raw.close()
    return tuple(left_out)


def unpack(copy: Path, to: Path) -> bool:
    """Take the files out of the copy and write them into a new folder; False: the backup is older than they are in it.

    Raises:
        Garbled: one would be written somewhere else, or is too large.
    """
    raw = sqlite3.connect(copy, isolation_level=None)
    try:
        if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'plugin_files'").fetchone() is None:
            return False
        total = 0
        for name, content in raw.execute("SELECT name, content FROM plugin_files"):
            total += len(content)
            if not _is_ours(name) or len(content) > LARGEST or total > ALTOGETHER:
                raise Garbled(f"the backup holds a file that no plugin keeps: {name!r}")
            _write(to / name, content)
        raw.execute("DROP TABLE plugin_files")
    except (sqlite3.Error, OSError, TypeError, ValueError) as error:
        raise Garbled(f"the plugins' files in the backup cannot be taken out ({type(error).__name__})") from error
    finally:
        raw.close()
    sync_file(copy)
    return True


def put_back(fresh: Path, state_dir: Path, *, replace: bool) -> Put:
    """Move unpacked files to where plugins look for them.

    Args:
        replace: what is there was never this house's, and is set aside. Else a file that is there is newer than the
            backup, and stays: no restore takes the devices of a radio network back to the keys they held before.
    """
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = tuple(_set_aside(state_dir / each) for each in FOLDERS if replace and _holds_files(state_dir / each))
    back: list[str] = []
    kept: list[str] = []
    for name in _names(fresh):
        place = state_dir / name
        if os.path.lexists(place) or not place.parent.resolve().is_relative_to(state_dir.resolve()):
            kept.append(name)
            continue
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (fresh / name).rename(place)
        sync_folder(place.parent)
        back.append(name)
    sync_folder(state_dir)
    return Put(tuple(back), tuple(kept), aside)


def _names(state_dir: Path) -> Iterator[str]:
    for folder in FOLDERS:
        yield from _below(state_dir, PurePosixPath(folder))


def _below(state_dir: Path, folder: PurePosixPath) -> Iterator[str]:
    """Files and whatever else is not a folder, in order; no link is followed."""
    here = state_dir / folder
    if not here.is_dir():
        return
    if here.is_symlink():
        yield str(folder)
        return
    for each in sorted(here.iterdir()):
        if each.name.endswith(_UNFINISHED):
            continue
        try:
            is_folder = S_ISDIR(each.lstat().st_mode)
        except FileNotFoundError:
            continue
        if is_folder:
            yield from _below(state_dir, folder / each.name)
        else:
            yield str(folder / each.name)


def _content(file: Path, largest: int) -> bytes | None:
    """None: it is no file, or larger than that."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as opened:
        if not S_ISREG(os.fstat(handle).st_mode):
            return None
        content = opened.read(largest + 1)
    return content if len(content) <= largest else None


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    return len(path.parts) >= 3 and path.parts[0] in FOLDERS and ".." not in path.parts and str(path) == name


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(handle)


def _holds_files(folder: Path) -> bool:
    return folder.is_symlink() or any(not each.is_dir() for each in folder.rglob("*"))


def _set_aside(folder: Path) -> Path:
    names = (folder.with_name(f"{folder.name}.before-restore-{number}") for number in range(1, 1000))
    aside = next(name for name in names if not os.path.lexists(name))
    folder.rename(aside)
    return aside
