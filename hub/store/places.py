"""Where a house's rows lie, an SQLite file or a PostgreSQL database, and what the store asks of either."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from sqlalchemy import Connection

from hub.errors import Misconfigured

if TYPE_CHECKING:
    from hub.store.postgres import Postgres

Place: TypeAlias = "Path | Postgres"

Synchronous = Literal["FULL", "OFF"]
"""OFF only where no power can fail, in simulations."""


class Raw(Protocol):
    """A connection whose transactions are ours: BEGIN, SAVEPOINT and COMMIT go to it as they stand."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, statement: str, /) -> Any: ...
    def close(self) -> None: ...


class Claim(Protocol):
    """The sole right to a house, held until `release` or until the process is gone."""

    def release(self, *, clean: bool) -> None: ...


class Room(Protocol):
    """Room on a disk that is kept back (hub/store/ballast.py)."""

    @property
    def cramped(self) -> bool: ...
    def lay(self) -> None: ...
    def drop(self) -> None: ...


class Database(Protocol):
    """One house's database, as the store's engine sees it."""

    @property
    def begin(self) -> str:
        """Begins a transaction that writes; there is never more than one."""

    @property
    def begin_reading(self) -> str:
        """Begins one that reads a single state."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its driver raises."""

    def exists(self) -> bool:
        """Whether there is a house. Raises Unavailable where nobody can say."""

    def claim(self) -> Claim:
        """Raises InUse: another process owns the house."""

    def make_ready(self, claim: Any) -> None:
        """Create it if there is none, else make sure that it is sound. Raises Damaged."""

    def room(self) -> Room: ...

    def writer(self, claim: Any, *, synchronous: Synchronous) -> Raw: ...

    def reader(self) -> Raw: ...

    def core(self, raw: Any) -> Connection:
        """SQLAlchemy Core over a connection. Closing it closes `raw`."""

    def let_go(self, raw: Any) -> None:
        """Nothing more is written over this connection, which is closed next."""

    def is_lost(self, raw: Any) -> bool:
        """The server has ended the connection, and another is needed."""

    def explained(self, error: BaseException) -> BaseException:
        """What an error means to an operator; one that is the caller's own comes back as it is."""

    def is_disk_full(self, error: BaseException) -> bool: ...

    def size(self, raw: Any) -> int:
        """In bytes."""


POSTGRESQL: Final = "postgresql://"


def place_of(url: str) -> Place:
    """What the `database` setting names. Raises Misconfigured."""
    if url.startswith(POSTGRESQL):
        try:
            from hub.store.postgres import Postgres
        except ImportError as error:
            cure = "install it with pip install 'gatehouse[postgresql]'"
            raise Misconfigured("database", f"PostgreSQL's driver is not here; {cure}") from error
        return Postgres.at(url)
    from hub.store.sqlite import database_file

    return database_file(url)


def database_of(place: Place) -> Database:
    if isinstance(place, Path):
        from hub.store.sqlite import SqliteFile

        return SqliteFile(place)
    return place
