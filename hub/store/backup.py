"""Copies of the house that open on another machine: encrypted, checked by opening, and put back whole.

The house is its database and what plugins keep beside it (`hub.store.plugin_files`).

A file is a first line, the length of a JSON header, the header, and the encrypted database in chunks. The header holds
the data key twice, for the house's vault and for the recovery key, and the house's own keys under the data key. Every
chunk is bound to the header, to its place and to whether it is the last, so that nothing can be changed, cut or added.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import Garbled, Unavailable
from hub.io.files import sync_file, sync_folder
from hub.io.recovery import RecoveryKey, lock_for
from hub.io.vault import Vault
from hub.model.chain import Head
from hub.store import plugin_files
from hub.store.places import Claim, Place, database_of
from hub.store.plugin_files import Put
from hub.store.sqlite import beside, check, connect_reader, explained

HOURS_KEPT = 24
DAYS_KEPT = 30

_FIRST_LINE = b"gatehouse backup 1\n"
_CHUNK = 64 * 1024
_TAG = 16
_LONGEST_HEADER = 64 * 1024
_UNPACKED = "plugins.restoring"
_NAMED = "gatehouse-%Y%m%dT%H%M%SZ.backup"


_scratch_is_taken = threading.Lock()
"""One backup at a time in a process; between processes the claim on the database does the same."""


class BadBackup(Garbled):
    """The file is no backup of ours, or was changed or cut short. Nothing was restored."""


@dataclass(frozen=True, slots=True)
class Made:
    file: Path
    left_out: tuple[str, ...]
    """Files of plugins that are not in it: see `plugin_files.pack`."""


@dataclass(frozen=True, slots=True)
class Restored:
    made_at: datetime
    set_aside: str | None
    """Where the database went that was there before."""
    files: Put
    """What plugins had kept."""
    keys: bytes
    """The house's keys as they were, for `hub.io.vault.adopt`: the restored rows are sealed with them."""


@dataclass(frozen=True, slots=True)
class _Header:
    made_at: datetime
    for_house: bytes
    for_recovery: bytes | None
    keys: bytes
    head: Head | None
    """Of the audit chain in it; None: it is of before there was one."""

    def written(self) -> bytes:
        fields = {"house": self.for_house, "recovery": self.for_recovery, "keys": self.keys}
        encoded = {name: value and base64.b64encode(value).decode() for name, value in fields.items()}
        head = None if self.head is None else [self.head.number, self.head.seal]
        return json.dumps({"made_at": self.made_at.isoformat(), "head": head, **encoded}).encode()

    @classmethod
    def parse(cls, text: bytes) -> _Header:
        try:
            fields = json.loads(text)
            made_at = datetime.fromisoformat(fields.pop("made_at"))
            recovery, head = fields["recovery"], fields.get("head")
            return cls(
                made_at,
                base64.b64decode(fields["house"], validate=True),
                None if recovery is None else base64.b64decode(recovery, validate=True),
                base64.b64decode(fields["keys"], validate=True),
                None if head is None else Head(int(head[0]), str(head[1])),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadBackup("the backup's header was changed") from error


def back_up(
    place: Place, state_dir: Path, folder: Path, vault: Vault, *, recovery: bytes | None, now: datetime
) -> Made:
    """Copy the house, in use or not, into `folder`. The copy bears its name only once it was opened and found sound.

    Args:
        state_dir: where plugins have their folders.
        recovery: the public half of the recovery key, if one was ever given out.

    Raises:
        Unavailable: there is no room, or the folder cannot be written.
        Damaged: the database itself is not sound.
    """
    finished = folder / now.astimezone(UTC).strftime(_NAMED)
    unfinished = beside(finished, ".part")
    with _scratch_is_taken, contextlib.ExitStack() as afterwards:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            afterwards.callback(unfinished.unlink, missing_ok=True)
            with _scratch(_near(place, state_dir, ".copying")) as plain:
                _copy(place, plain)
                left_out = plugin_files.pack(plain, state_dir)
                _encrypt(plain, unfinished, vault, recovery, now)
            with _scratch(_near(place, state_dir, ".verifying")) as plain:
                _decrypt(unfinished, vault, plain)
                check(plain)
            unfinished.rename(finished)
            sync_folder(folder)
        except OSError as error:
            raise Unavailable(f"the backup cannot be written to {folder}: {error.strerror}") from error
    return Made(finished, left_out)


def restore(file: Path, key: Vault | RecoveryKey, place: Place, state_dir: Path) -> Restored:
    """Put a backup in the place of the database, which is set aside. The hub must not be running.

    The restored house is in safe mode: what its locks hold by now has to be looked at first. With the house's own key
    this is its own machine, and files of plugins that are there stay; with the recovery key they are set aside.

    Raises:
        InUse: the hub is running.
        BadBackup: the file is not whole.
        Rejected, Misconfigured: the key does not fit.
        Damaged: what is in the backup is not sound.
    """
    claim = database_of(place).claim()
    try:
        with (
            _scratch(_near(place, state_dir, ".restoring")) as fresh,
            _scratch_folder(state_dir / _UNPACKED) as unpacked,
        ):
            header, keys = _decrypt(file, key, fresh)
            check(fresh)
            in_it = plugin_files.unpack(fresh, unpacked)
            _enter_safe_mode(fresh, header.made_at)
            files = (
                Put() if not in_it else plugin_files.put_back(unpacked, state_dir, replace=isinstance(key, RecoveryKey))
            )
            set_aside = _take_its_place(fresh, place, claim)
    finally:
        claim.release(clean=False)
    return Restored(header.made_at, set_aside, files, keys)


def _near(place: Place, state_dir: Path, suffix: str) -> Path:
    """Where a file is made that is the whole house: beside it, or where there is no file, with what else is secret."""
    return beside(place if isinstance(place, Path) else state_dir / "gatehouse.db", suffix)


def _take_its_place(fresh: Path, place: Place, claim: Claim) -> str | None:
    if not isinstance(place, Path):
        from hub.store import postgres_copy

        return postgres_copy.put_in(fresh, place, claim)
    aside = _set_aside(place)
    fresh.rename(place)
    sync_folder(place.parent)
    return None if aside is None else str(aside)


def backups(folder: Path) -> dict[datetime, Path]:
    """The backups in a folder by when they were made."""
    return {made: file for file in folder.glob("*.backup") if (made := _made_at(file)) is not None}


def worth_keeping(made: Iterable[datetime]) -> set[datetime]:
    """The newest of each of the last 24 hours and of the last 30 days that have one."""
    hours: dict[datetime, datetime] = {}
    days: dict[datetime, datetime] = {}
    for moment in sorted(made):
        hours[moment.replace(minute=0, second=0, microsecond=0)] = moment
        days[moment.replace(hour=0, minute=0, second=0, microsecond=0)] = moment
    return {*list(hours.values())[-HOURS_KEPT:], *list(days.values())[-DAYS_KEPT:]}


def rotate(folder: Path) -> None:
    """Delete what is not worth keeping. Only while the clock is trusted: a wrong one dates the newest backup as an old one."""
    found = backups(folder)
    for made in found.keys() - worth_keeping(found):
        found[made].unlink()


def _made_at(file: Path) -> datetime | None:
    try:
        return datetime.strptime(file.name, _NAMED).replace(tzinfo=UTC)
    except ValueError:
        return None


@contextlib.contextmanager
def _scratch(file: Path) -> Iterator[Path]:
    """A private file that is gone afterwards, unless it was renamed, with whatever SQLite left beside it."""
    _remove(file)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield file
    finally:
        _remove(file)


@contextlib.contextmanager
def _scratch_folder(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove(file: Path) -> None:
    for each in (file, beside(file, "-wal"), beside(file, "-shm"), beside(file, "-journal")):
        each.unlink(missing_ok=True)


def _copy(place: Place, to: Path) -> None:
    if not isinstance(place, Path):
        from hub.store import postgres_copy

        postgres_copy.take_out(place, to)
        return
    source = connect_reader(place)
    target = sqlite3.connect(to, isolation_level=None)
    try:
        # All pages in one step: one state, and no beginning again because somebody wrote meanwhile.
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise explained(error, place) from error
    finally:
        target.close()
        source.close()


def _encrypt(plain: Path, to: Path, vault: Vault, recovery: bytes | None, now: datetime) -> None:
    data_key = AESGCM.generate_key(256)
    box = AESGCM(data_key)
    header = _Header(
        made_at=now,
        for_house=vault.seal(data_key, about="backup"),
        for_recovery=None if recovery is None else lock_for(recovery, data_key),
        keys=box.encrypt(_nonce(0, last=False), vault.export(), b"keys"),
        head=_head(plain),
    ).written()
    head = _FIRST_LINE + len(header).to_bytes(4) + header
    bound_to = hashlib.sha256(head).digest()
    with plain.open("rb") as source, _private(to) as target:
        target.write(head)
        for place, (chunk, last) in enumerate(_chunks(source, _CHUNK), start=1):
            target.write(box.encrypt(_nonce(place, last=last), chunk, bound_to))
        target.flush()
        os.fsync(target.fileno())


def _head(plain: Path) -> Head | None:
    raw = sqlite3.connect(plain, isolation_level=None)
    try:
        if not raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'chain'").fetchone():
            return None
        row = raw.execute("SELECT number, seal FROM chain ORDER BY number DESC LIMIT 1").fetchone()
        return Head() if row is None else Head(*row)
    finally:
        raw.close()


def heads(folder: Path) -> dict[Path, tuple[datetime, Head]]:
    """Of the backups in a folder: what was the head of the audit chain when each was made. One that is damaged is left out."""
    found = {}
    for made, file in backups(folder).items():
        with contextlib.suppress(BadBackup, OSError), file.open("rb") as source:
            _, header = _read_head(source)
            if header.head is not None:
                found[file] = (made, header.head)
    return found


def _decrypt(file: Path, key: Vault | RecoveryKey, to: Path) -> tuple[_Header, bytes]:
    with file.open("rb") as source, to.open("wb") as target:
        head, header = _read_head(source)
        box = AESGCM(_data_key(header, key))
        bound_to = hashlib.sha256(head).digest()
        try:
            keys = box.decrypt(_nonce(0, last=False), header.keys, b"keys")
            for place, (chunk, last) in enumerate(_chunks(source, _CHUNK + _TAG), start=1):
                target.write(box.decrypt(_nonce(place, last=last), chunk, bound_to))
        except InvalidTag as error:
            raise BadBackup(f"{file} was changed or cut short") from error
        target.flush()
        os.fsync(target.fileno())
    return header, keys


def _read_head(source: BinaryIO) -> tuple[bytes, _Header]:
    first, length = source.read(len(_FIRST_LINE)), source.read(4)
    size = int.from_bytes(length)
    if first != _FIRST_LINE or size > _LONGEST_HEADER:
        raise BadBackup("this file is not a backup that this version of Gatehouse can read")
    text = source.read(size)
    return first + length + text, _Header.parse(text)


def _data_key(header: _Header, key: Vault | RecoveryKey) -> bytes:
    if isinstance(key, Vault):
        return key.open(header.for_house, about="backup")
    if header.for_recovery is None:
        raise BadBackup("this backup was made before there was a recovery key; it opens with the house's key file")
    return key.unlock(header.for_recovery)


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of a file, each with whether it is the last."""
    chunk = source.read(size)
    while True:
        following = source.read(size)
        yield chunk, not following
        if not following:
            return
        chunk = following


def _nonce(place: int, *, last: bool) -> bytes:
    # The data key is drawn for one file, so a count never repeats under it.
    return place.to_bytes(11) + bytes([last])


def _private(file: Path) -> BinaryIO:
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _enter_safe_mode(database: Path, made_at: datetime) -> None:
    raw = sqlite3.connect(database, isolation_level=None)
    try:
        raw.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('safe_mode', ?)", (made_at.isoformat(),))
    finally:
        raw.close()
    sync_file(database)


def _set_aside(database: Path) -> Path | None:
    """The database first, then its journal: cut off between the two, what is left is refused and not taken for new."""
    if not database.exists():
        beside(database, "-wal").unlink(missing_ok=True)
        return None
    names = (beside(database, f".before-restore-{number}") for number in range(1, 1000))
    aside = next(name for name in names if not name.exists())
    database.rename(aside)
    journal = beside(database, "-wal")
    if journal.exists():
        journal.rename(beside(aside, "-wal"))
    beside(database, "-shm").unlink(missing_ok=True)
    return aside
