"""A PostgreSQL database: claimed, opened, and what its errors mean. The house's tables lie in a schema of their own.

Its server keeps it sound, makes room and writes it to disk; the store adds that there is one writer, and what may never
be in two places (hub/store/tables). Error codes: PostgreSQL 15, Appendix A "PostgreSQL Error Codes".
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from typing import Any, Final, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hub.errors import Misconfigured, Unavailable
from hub.store.places import Synchronous
from hub.store.postgres_dialect import NAME
from hub.store.sqlite import APPLICATION_ID, STATEMENTS, Damaged, InUse

SCHEMA: Final = "gatehouse"
OLDEST: Final = 13
"""The first version in which whoever owns a database may add btree_gist to it (its release notes, E.23.3.9)."""

_ONE_WRITER: Final = f"SELECT pg_advisory_lock({APPLICATION_ID})"
_PATIENCE: Final = "5s"
"""For a hub that was killed: its server's end of the connection may outlive it by a moment."""
_COMMON: Final = (
    f"SET search_path = {SCHEMA}, public",
    "SET timezone = 'UTC'",
    "SET lock_timeout = '20s'",
)
_CONNECTING: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    # A server that is gone without a word is noticed within a minute, not after the two hours of TCP's own.
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
    "application_name": "gatehouse",
}


class Lost(RuntimeError):
    """The connection ended during a commit, and nobody can say what became of it. The process has to begin anew."""


class _Quiet(psycopg.Cursor[Any]):
    """Its errors say what is wrong, and not with which values: those would carry guests' names into the log."""

    def execute(self, *args: Any, **more: Any) -> Any:
        try:
            return super().execute(*args, **more)
        except psycopg.Error as error:
            raise _without_values(error) from None

    def executemany(self, *args: Any, **more: Any) -> None:
        try:
            super().executemany(*args, **more)
        except psycopg.Error as error:
            raise _without_values(error) from None


def _without_values(error: psycopg.Error) -> psycopg.Error:
    if error.diag.message_primary is not None:
        error.args = (error.diag.message_primary,)
    return error


@dataclass(frozen=True, slots=True)
class Session:
    """A connection whose transactions are ours: `hub.store.places.Raw`."""

    connection: psycopg.Connection[Any]

    @property
    def in_transaction(self) -> bool:
        return self.connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    @property
    def lost(self) -> bool:
        return self.connection.closed

    def execute(self, statement: str, /) -> Any:
        """
        Raises:
            Lost: it was a COMMIT, and no answer came.
        """
        if statement != "COMMIT":
            return self.connection.execute(statement)
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            # PostgreSQL would answer such a COMMIT by rolling back, and call that no error.
            raise psycopg.errors.InFailedSqlTransaction("an error was passed over")
        try:
            return self.connection.execute(statement)
        except psycopg.OperationalError as error:
            if self.lost:
                raise Lost("PostgreSQL ended the connection during a commit") from error
            raise

    def close(self) -> None:
        self.connection.close()


@dataclass(slots=True)
class PostgresClaim:
    """Held by the connection that writes: one that is lost takes the claim with it, and only one that has it writes."""

    session: Session

    def release(self, *, clean: bool) -> None:
        self.session.close()


@dataclass(frozen=True, slots=True)
class Postgres:
    """As the store's engine sees it: `hub.store.places.Database`."""

    url: str = field(repr=False)  # it may hold a password
    name: str
    """For sentences."""
    begin: str = "BEGIN ISOLATION LEVEL READ COMMITTED"
    begin_reading: str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    @classmethod
    def at(cls, url: str) -> Postgres:
        try:
            told = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # Without the other's words and traceback, which repeat the address and the password in it.
            raise Misconfigured("database", "is not an address that PostgreSQL's driver understands") from None
        host = told.get("host") or os.environ.get("PGHOST") or "this machine"
        return cls(url, f"the PostgreSQL database {told.get('dbname') or 'of the user'} at {host}")

    def __str__(self) -> str:
        return self.name

    def connect(self) -> Session:
        """Raises Unavailable or Misconfigured."""
        try:
            connection = psycopg.connect(self.url, autocommit=True, cursor_factory=_Quiet, **_CONNECTING)
            for setting in _COMMON:
                connection.execute(setting)
        except psycopg.Error as error:
            raise self._refused(error) or self._explained(error) from None
        connection.prepared_max = STATEMENTS
        return Session(connection)

    def _refused(self, error: psycopg.Error) -> BaseException | None:
        # Its driver gives no code to what happens before there is a connection, only the server's words; those are not
        # shown, as they repeat whatever stands in the address in the wrong place.
        said = str(error)
        found = (meaning for sign, meaning in _REFUSALS if sign in said)
        return next((meaning(self.name) for meaning in found), None)

    def exists(self) -> bool:
        with contextlib.closing(self.connect()) as session:
            return self.tells_version(session)

    def tells_version(self, session: Session) -> bool:
        found = session.execute(f"SELECT to_regclass('{SCHEMA}.alembic_version')").fetchone()
        return found is not None and found[0] is not None

    def claim(self) -> PostgresClaim:
        return PostgresClaim(self._claimed())

    def _claimed(self) -> Session:
        session = self.connect()
        try:
            session.execute("BEGIN")
            session.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            session.execute(_ONE_WRITER)  # it is the session's, and outlives the transaction
            session.execute("COMMIT")
        except psycopg.errors.LockNotAvailable as error:
            session.close()
            raise InUse(f"{self.name} is in use by another Gatehouse process") from error
        return session

    def make_ready(self, claim: PostgresClaim) -> None:
        self.check(claim)
        self._make_schema(claim.session)

    def check(self, claim: PostgresClaim) -> None:
        """Raises Misconfigured where a house cannot be kept in it."""
        info = claim.session.connection.info
        if info.server_version < OLDEST * 10_000:
            raise Misconfigured("database", f"{self.name} is older than version {OLDEST}, which is needed at least")
        encoding = claim.session.execute("SHOW server_encoding").fetchone()
        if encoding != ("UTF8",):
            raise Misconfigured(
                "database", f"{self.name} cannot keep every name; make it with createdb --encoding=UTF8"
            )

    def _make_schema(self, session: Session) -> None:
        try:
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        except psycopg.errors.InsufficientPrivilege as error:
            if session.execute(f"SELECT to_regnamespace('{SCHEMA}') IS NULL").fetchone() == (True,):
                cure = "let its owner say GRANT CREATE ON DATABASE to the hub's user"
                raise Misconfigured("database", f"the hub may make no tables in {self.name}; {cure}") from error

    def room(self) -> NoRoom:
        return NoRoom()

    def writer(self, claim: PostgresClaim, *, synchronous: Synchronous) -> Session:
        if claim.session.lost:
            claim.session = self._claimed()
        # A server may be set up to answer before the disk has it.
        claim.session.execute(f"SET synchronous_commit = {'on' if synchronous == 'FULL' else 'off'}")
        return claim.session

    def reader(self) -> Session:
        session = self.connect()
        session.execute("SET default_transaction_read_only = on")
        return session

    def core(self, raw: Session) -> Connection:
        engine = create_engine(
            f"{NAME}://",
            creator=lambda: raw.connection,
            poolclass=NullPool,
            hide_parameters=True,
            use_native_hstore=False,
        )
        return engine.connect()

    def let_go(self, raw: Session) -> None:
        # Whoever comes next need not wait until the server has noticed that the connection is closed.
        if not raw.lost and not raw.in_transaction:
            with contextlib.suppress(psycopg.OperationalError):
                raw.execute("SELECT pg_advisory_unlock_all()")

    def is_lost(self, raw: Session) -> bool:
        return raw.lost

    def explained(self, error: BaseException) -> BaseException:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.Error):
            return error
        meaning = self._explained(cause)
        return error if meaning is cause else meaning

    def _explained(self, error: psycopg.Error) -> BaseException:
        code = error.sqlstate
        if code is None:
            gone = isinstance(error, psycopg.OperationalError)
            return Unavailable(f"{self.name} does not answer") if gone else error
        for begins, meaning in _MEANINGS:
            if code.startswith(begins):
                return meaning(self.name)
        return error

    def is_disk_full(self, error: BaseException) -> bool:
        return False  # the room is the server's

    def size(self, raw: Session) -> int:
        found = raw.execute("SELECT pg_database_size(current_database())").fetchone()
        return cast(int, found[0])


class NoRoom:
    """None is kept back: the disk is the server's, and it says so when it is full."""

    cramped = False

    def lay(self) -> None: ...

    def drop(self) -> None: ...


def _unavailable(clause: str) -> Any:
    return lambda name: Unavailable(f"{name} {clause}")


def _misconfigured(clause: str) -> Any:
    return lambda name: Misconfigured("database", f"{name} {clause}")


_NOBODY: Final = _misconfigured("refuses the hub's user or password")
_REFUSALS: Final = (
    ('FATAL:  database "', _misconfigured("does not exist; make it with createdb")),
    ("authentication failed", _NOBODY),
    ("pg_hba.conf", _NOBODY),
    ('FATAL:  role "', _NOBODY),
    ("no password supplied", _NOBODY),
    ("invalid port", _misconfigured("has a port that is no number; write postgresql://user@host:5432/name")),
    ("invalid integer value", _misconfigured("has a port that is no number; write postgresql://user@host:5432/name")),
)
_MEANINGS: Final = (
    ("53100", _unavailable("has no room left on its disk; make room on it")),
    ("53", _unavailable("is out of memory or connections")),
    ("57P", _unavailable("is being stopped or started")),
    ("08", _unavailable("does not answer")),
    ("40", _unavailable("is held by another program")),
    ("55P03", _unavailable("is held by another program")),
    ("58", _unavailable("cannot read or write its disk")),
    ("28", _NOBODY),
    ("3D000", _misconfigured("does not exist; make it with createdb")),
    ("42501", _misconfigured("does not let the hub's user do what it must; make that user its owner")),
    ("25006", _misconfigured("can only be read; name the server that writes, not its copy")),
    ("XX", lambda name: Damaged("database", f"{name} is damaged; restore a backup with `gatehouse restore`")),
)
