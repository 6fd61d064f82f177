"""One SQLite file: claimed, checked, opened, and what its errors mean.

Settings: SQLite "PRAGMA Statements" (sqlite.org/pragma.html); `synchronous=FULL` because with NORMAL a power cut may take
back what was acknowledged, `mmap_size=0` because an I/O error in a mapped page is a signal, not an error code.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from hub.errors import Misconfigured, Unavailable
from hub.io.files import sync_folder
from hub.store.ballast import Ballast
from hub.store.places import Synchronous

APPLICATION_ID = int.from_bytes(b"GATE")
ALWAYS_CHECK_BELOW = 50 * 1024 * 1024
"""A quick_check of this many bytes takes well under a second; a larger file is checked only after an unclean stop."""
RESTORE = "restore a backup with `gatehouse restore`"

_COMMON = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-8000",
    "PRAGMA mmap_size=0",
    "PRAGMA foreign_keys=ON",
)
_WRITER = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=8388608",
    "PRAGMA secure_delete=ON",
)


class Damaged(Misconfigured):
    """The database file cannot be trusted. It is left as it is: an empty one in its place would forget every code."""


class InUse(Unavailable):
    """Another Gatehouse process owns the database."""


STATEMENTS: Final = 512
"""Kept compiled by each connection; 128, which is usual, are fewer than the hub has."""


def database_file(url: str) -> Path:
    """The file behind the `database` setting: a path, or `sqlite:///` and a path."""
    if "://" not in url:
        return Path(url)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Misconfigured("database", "is neither a path nor a database URL") from error
    if parsed.get_backend_name() != "sqlite":
        raise Misconfigured(
            "database",
            f"{parsed.get_backend_name()} is not supported; give the path of a file, or a postgresql:// address",
        )
    if not parsed.database or parsed.database == ":memory:":
        raise Misconfigured("database", "must name a file, e.g. sqlite:////var/lib/gatehouse/gatehouse.db")
    return Path(parsed.database)


@dataclass(frozen=True, slots=True)
class Claim:
    """The sole right to a database, held until `release` or until the process is gone.

    The lock file also remembers how the last owner left: `stopped` is written only after everything was closed.
    """

    file: int
    left_clean: bool

    @classmethod
    def take(cls, database: Path) -> Claim:
        beside(database).parent.mkdir(parents=True, exist_ok=True)
        file = os.open(beside(database), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(file, 100, 0).decode(errors="replace").strip()
            os.close(file)
            raise InUse(f"{database} is in use by another Gatehouse process ({owner or 'just starting'})") from error
        left_clean = os.pread(file, 100, 0) == b"stopped\n"
        _note(file, f"running as process {os.getpid()}\n")
        sync_folder(database.parent)
        return cls(file, left_clean)

    def release(self, *, clean: bool) -> None:
        if clean:
            _note(self.file, "stopped\n")
        os.close(self.file)


def beside(database: Path, suffix: str = ".lock") -> Path:
    return database.with_name(database.name + suffix)


def _note(file: int, text: str) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode(), 0)
    os.fsync(file)


def make_ready(database: Path, *, left_clean: bool) -> None:
    """Create the database if there is none, else make sure that it is sound.

    Raises:
        Damaged: the file is not a sound Gatehouse database.
    """
    if not database.exists():
        if beside(database, "-wal").exists():
            raise Damaged("database", f"{database} is gone but its journal is still there; {RESTORE}")
        _create(database)
    elif not left_clean or database.stat().st_size < ALWAYS_CHECK_BELOW:
        check(database)


def _create(database: Path) -> None:
    # Made under another name: a file that bears the database's name is never empty, so an empty one is a damaged one.
    unborn = beside(database, ".new")
    unborn.unlink(missing_ok=True)
    raw = sqlite3.connect(unborn, isolation_level=None)
    try:
        raw.execute("PRAGMA page_size=4096")
        raw.execute("PRAGMA auto_vacuum=INCREMENTAL")
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
        raw.execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()
    unborn.chmod(0o600)
    unborn.rename(database)
    sync_folder(database.parent)


def check(database: Path) -> None:
    """Read the whole file and compare it with itself.

    Raises:
        Damaged: it is not a Gatehouse database, or not a sound one.
    """
    if database.stat().st_size == 0:
        raise Damaged("database", f"{database} is empty; {RESTORE}")
    raw = _read_only(database)  # or closing it would move the journal into a file that may be damaged
    try:
        raw.execute("PRAGMA cell_size_check=ON")
        if raw.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise Damaged("database", f"{database} is not a Gatehouse database; name another file or {RESTORE}")
        verdict = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
        orphans = raw.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise explained(error, database) from error
    finally:
        raw.close()
    if verdict != "ok":
        raise Damaged("database", f"{database} is damaged ({verdict.splitlines()[-1]}); {RESTORE}")
    if orphans is not None:
        raise Damaged("database", f"{database} is damaged (rows of {orphans[0]} refer to nothing); {RESTORE}")


def connect_writer(database: Path, *, synchronous: str) -> sqlite3.Connection:
    raw = sqlite3.connect(database, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS)
    for setting in (*_COMMON, *_WRITER, f"PRAGMA synchronous={synchronous}"):
        raw.execute(setting)
    return raw


def connect_reader(database: Path) -> sqlite3.Connection:
    raw = _read_only(database)
    for setting in (*_COMMON, "PRAGMA query_only=ON"):
        raw.execute(setting)
    # SQLite's own knows ASCII only: José Ñandú would not be found as ñandú.
    raw.create_function("lower", 1, _lower, deterministic=True)
    return raw


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _read_only(database: Path) -> sqlite3.Connection:
    address = f"{database.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(
        address, uri=True, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS
    )


def core(raw: sqlite3.Connection) -> Connection:
    """SQLAlchemy Core over a connection whose transactions are ours.

    SQLAlchemy believes itself inside one endless transaction: with `isolation_level=None` its own begin is nothing to
    the driver, and BEGIN IMMEDIATE, SAVEPOINT and COMMIT go to `raw` directly, which costs a tenth. Making it rolls
    back what `raw` had begun; closing it closes `raw`.
    """
    # Values in error messages would carry guests' names and sealed codes into the log.
    engine = create_engine("sqlite+pysqlite://", creator=lambda: raw, poolclass=NullPool, hide_parameters=True)
    return engine.connect()


def explained(error: BaseException, database: Path) -> BaseException:
    """What an error of the database means to an operator; an error that is the caller's own comes back as it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    match _primary_code(cause):
        case sqlite3.SQLITE_FULL:
            return Unavailable(f"the disk that holds {database} is full; make room on it")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Unavailable(f"another program holds {database}")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return Misconfigured("database", f"{database} cannot be written; check who owns it and its folder")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Damaged("database", f"{database} is damaged ({cause}); {RESTORE}")
        case _:
            return error


def is_disk_full(error: BaseException) -> bool:
    return _primary_code(error.orig if isinstance(error, DBAPIError) else error) == sqlite3.SQLITE_FULL


def _primary_code(error: BaseException | None) -> int | None:
    # Source: sqlite.org/rescode.html, "Primary Result Codes versus Extended Result Codes": the low 8 bits.
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", None)  # absent on errors of the driver itself
    return None if code is None else code & 0xFF


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """The file as the store's engine sees it: `hub.store.places.Database`."""

    file: Path
    begin: str = "BEGIN IMMEDIATE"
    begin_reading: str = "BEGIN"
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def exists(self) -> bool:
        return self.file.exists()

    def claim(self) -> Claim:
        return Claim.take(self.file)

    def make_ready(self, claim: Claim) -> None:
        make_ready(self.file, left_clean=claim.left_clean)

    def room(self) -> Ballast:
        return Ballast(beside(self.file, ".ballast"))

    def writer(self, claim: Claim, *, synchronous: Synchronous) -> sqlite3.Connection:
        return connect_writer(self.file, synchronous=synchronous)

    def reader(self) -> sqlite3.Connection:
        return connect_reader(self.file)

    def core(self, raw: sqlite3.Connection) -> Connection:
        return core(raw)

    def let_go(self, raw: sqlite3.Connection) -> None: ...

    def is_lost(self, raw: sqlite3.Connection) -> bool:
        return False

    def explained(self, error: BaseException) -> BaseException:
        return explained(error, self.file)

    def is_disk_full(self, error: BaseException) -> bool:
        return is_disk_full(error)

    def size(self, raw: sqlite3.Connection) -> int:
        return self.file.stat().st_size
