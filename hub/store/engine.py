"""The store: a transaction is a function, handed to the one who owns the only write connection."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, assert_never, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from ulid import ULID

from hub.errors import Unavailable
from hub.store.places import Claim, Database, Place, Raw, Room, Synchronous, database_of, place_of

T = TypeVar("T")

MOST_PER_COMMIT = 512
"""Bounds how long the first of a crowd waits for the last."""


@dataclass(frozen=True, slots=True)
class Tx:
    """A transaction that is under way. It ends when the function that was given it returns; nothing else ends it."""

    sql: Connection
    signals: set[str] = field(default_factory=set)
    draw: Callable[[int], bytes] = secrets.token_bytes
    """So many random bytes, from a CSPRNG."""
    ends: dict[str, datetime | None] = field(default_factory=dict)
    """Whose leave ends when, None: not any more. Told before the commit to whoever outlives a restore (hub/io/tagbook.py)."""

    def new_id(self, at: datetime) -> str:
        """A ULID, which nobody has: it sorts by when it was made."""
        ms = max(int(at.timestamp() * 1000), 0)  # a clock that was never set may be before 1970
        return str(ULID.from_bytes(ms.to_bytes(6, "big") + self.draw(10)))

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """What is done in it may fail by a rule of the database, and the transaction goes on.

        SQLite takes back the one statement; PostgreSQL would refuse all that follows.
        """
        if self.sql.dialect.name == "sqlite":
            yield
            return
        with self.sql.begin_nested():
            yield

    def signal(self, name: str) -> None:
        """After the commit, and only then, say "look again at `name`"."""
        self.signals.add(name)


Work = Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class Single(Generic[T]):
    """A work that changes something by one statement at most, and raises nothing once that has succeeded.

    SQLite takes a statement that fails back by itself, so that among others it needs no savepoint: in a storm of deliveries
    each of those costs as much as the delivery.
    """

    work: Callable[[Tx], T]

    def __call__(self, tx: Tx) -> T:
        return self.work(tx)


@dataclass(frozen=True, slots=True)
class Done:
    answer: Any


@dataclass(frozen=True, slots=True)
class Failed:
    error: BaseException


Outcome = Done | Failed


class _Undone(Exception):
    """The database itself rolled the whole transaction back (disk full, I/O error, connection lost)."""


class Writer:
    """The only write connection. Several works share one commit; one that fails is taken back alone."""

    def __init__(
        self,
        database: Database,
        claim: Claim,
        room: Room,
        on_commit: Callable[[Collection[str]], None],
        draw: Callable[[int], bytes],
        synchronous: Synchronous,
    ) -> None:
        self._database = database
        self._claim = claim
        self._room = room
        self._on_commit = on_commit
        self._draw = draw
        self._synchronous: Synchronous = synchronous
        self._undoing: tuple[type[Exception], ...] = (*database.errors, _Undone)
        self._raw = database.writer(claim, synchronous=synchronous)
        self._sql = database.core(self._raw)
        self.outlast: Callable[[Mapping[str, datetime | None]], object] = lambda ends: None

    def commit(self, works: Sequence[Work]) -> Sequence[Outcome]:
        """Each work's outcome, once all that succeeded are on disk."""
        signals: set[str] = set()
        try:
            self._begin()
            if len(works) == 1:
                outcomes = [self._alone(works[0], signals)]
            else:
                outcomes = [self._among_others(work, signals) for work in works]
                self._raw.execute("COMMIT")
        except self._undoing as error:
            cause = error.__cause__ if isinstance(error, _Undone) else error
            return self._nothing_stands(works, cause or error)
        if signals:
            self._on_commit(signals)
        return outcomes

    def close(self) -> None:
        self._database.let_go(self._raw)
        _close(self._database, self._sql, self._raw)

    def _begin(self) -> None:
        if not self._database.is_lost(self._raw):
            try:
                self._raw.execute(self._database.begin)
                return
            except self._database.errors:
                if not self._database.is_lost(self._raw):
                    raise
        self._connect_again()
        self._raw.execute(self._database.begin)

    def _connect_again(self) -> None:
        fresh = self._database.writer(self._claim, synchronous=self._synchronous)
        self._sql.invalidate()
        self._raw, self._sql = fresh, self._database.core(fresh)

    def _alone(self, work: Work, signals: set[str]) -> Outcome:
        tx = Tx(self._sql, signals, self._draw)
        try:
            answer = work(tx)
            self._outlast(tx)
        except BaseException as error:  # the caller's: raised where the caller waits
            if not self._raw.in_transaction:
                raise _Undone from error
            self._raw.execute("ROLLBACK")
            signals.clear()
            return Failed(self._explained(error))
        self._raw.execute("COMMIT")
        return Done(answer)

    def _among_others(self, work: Work, signals: set[str]) -> Outcome:
        tx = Tx(self._sql, draw=self._draw)
        single = isinstance(work, Single) and self._sql.dialect.name == "sqlite"
        if not single:
            self._raw.execute("SAVEPOINT work")
        try:
            answer = work(tx)
            self._outlast(tx)
        except BaseException as error:  # the caller's: raised where the caller waits
            if not self._raw.in_transaction:
                raise _Undone from error
            if not single:
                self._raw.execute("ROLLBACK TO work")
                self._raw.execute("RELEASE work")
            return Failed(self._explained(error))
        if not single:
            self._raw.execute("RELEASE work")
        signals |= tx.signals
        return Done(answer)

    def _outlast(self, tx: Tx) -> None:
        """A disk that is full gives what is kept back for this: nobody keeps a code because there is no room to say so."""
        if not tx.ends:
            return
        try:
            self.outlast(tx.ends)
        except OSError:
            self._room.drop()
            try:
                self.outlast(tx.ends)
            except OSError as error:
                raise Unavailable(f"what ended cannot be written down: {error.strerror}") from error

    def _nothing_stands(self, works: Sequence[Work], error: BaseException) -> Sequence[Outcome]:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")
        return [Failed(self._explained(error)) for _ in works]

    def _explained(self, error: BaseException) -> BaseException:
        if self._database.is_disk_full(error):
            self._room.drop()
        meaning = self._database.explained(error)
        if meaning is not error:
            meaning.__cause__ = error
        return meaning


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    waiting: asyncio.Future[Any]


class Crew:
    """The writer on a thread of its own: takes what has gathered, commits once, then tells everybody."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> asyncio.Future[Any]:
        waiting = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(work, waiting))
        return waiting

    def finish(self) -> None:
        """What was submitted is still committed."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            wanted = [job for job in batch if not job.waiting.cancelled()]
            if wanted:
                _tell(wanted, self._outcomes([job.work for job in wanted]))

    def _outcomes(self, works: Sequence[Work]) -> Sequence[Outcome]:
        try:
            return self._writer.commit(works)
        except BaseException as error:  # noqa: BLE001 - ours; those who wait end the process, this thread must not
            return [Failed(error) for _ in works]

    def _next_batch(self) -> list[_Job]:
        """What has gathered by now, at least one; empty when there is nothing more to come."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == MOST_PER_COMMIT:
                return batch
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._jobs.put(None)
        return batch


def _tell(batch: Sequence[_Job], outcomes: Sequence[Outcome]) -> None:
    told = zip(batch, outcomes, strict=True)
    for loop, group in itertools.groupby(told, key=lambda pair: pair[0].waiting.get_loop()):
        # A loop that has closed meanwhile has nobody left to tell; what was committed stands.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, list(group))


def _settle(told: Sequence[tuple[_Job, Outcome]]) -> None:
    for job, outcome in told:
        if job.waiting.done():
            continue
        match outcome:
            case Done(answer):
                job.waiting.set_result(answer)
            case Failed(error):
                job.waiting.set_exception(error)
            case never:
                assert_never(never)


def _close(database: Database, sql: Connection, raw: Raw) -> None:
    if database.is_lost(raw):
        sql.invalidate()  # or it would ask a server that is gone to roll back
    sql.close()
    raw.close()


def _errors_of(database: Database) -> tuple[type[Exception], ...]:
    """As its driver raises them, and as SQLAlchemy does."""
    return (DBAPIError, *database.errors)


class Store:
    """One database and everybody's way to it.

    With a crew, writes are committed in groups on its thread. Without one (`inline`) the same writer runs where the
    caller stands, so that nothing escapes a virtual clock.
    """

    def __init__(self, place: Place, claim: Claim, writer: Writer, room: Room, *, inline: bool) -> None:
        self.place = place
        self._database = database_of(place)
        self._errors = _errors_of(self._database)
        self._claim = claim
        self._writer = writer
        self._room = room
        self._crew = None if inline else Crew(writer)
        self._reading = self._database.reader()
        self._tx = Tx(self._database.core(self._reading))
        self._closed = False
        self._stamp: Work | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        inline: bool = False,
        synchronous: Synchronous = "FULL",
        on_commit: Callable[[Collection[str]], None] = lambda names: None,
        prepare: Callable[[Place], object] = lambda place: None,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Store:
        """Claim the database, make sure that it is sound, `prepare` it (migrations) and open it.

        Args:
            url: the `database` setting: a path, `sqlite:///` and a path, or the address of a PostgreSQL database.
            inline: commit in the caller's thread, one work at a time.
            synchronous: OFF only where no power can fail, in simulations.
            on_commit: given the names that were signalled, after the commit, on the thread that committed.
            prepare: given the place while it is claimed but not open.
            draw: where random bytes come from; handed in only where every run must be alike.

        Raises:
            InUse: another process owns the database.
            Damaged: the database cannot be trusted; it was left as it is.
            Misconfigured: the URL is not one that can be opened.
        """
        place = place_of(url)
        database = database_of(place)
        claim = database.claim()
        try:
            database.make_ready(claim)
            prepare(place)
            room = database.room()
            writer = Writer(database, claim, room, on_commit, draw, synchronous)
            return cls(place, claim, writer, room, inline=inline)
        except _errors_of(database) as error:
            claim.release(clean=False)
            raise database.explained(error) from error
        except BaseException:
            claim.release(clean=False)
            raise

    def stamp_with(self, stamp: Work) -> None:
        """From now on `stamp` is part of every write, after the work itself."""
        self._stamp = stamp

    def outlast_with(self, book: Callable[[Mapping[str, datetime | None]], object]) -> None:
        """From now on `book` is told what a work ended, before that is committed: a power cut leaves it in the book alone,
        and what was committed is in it."""
        self._writer.outlast = book

    def _stamped(self, work: Callable[[Tx], T]) -> Callable[[Tx], T]:
        stamp = self._stamp
        if stamp is None:
            return work

        def both(tx: Tx) -> T:
            answer = work(tx)
            stamp(tx)
            return answer

        return both

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction and return its answer once it is on disk.

        Raises:
            Unavailable: the disk is full or another program holds the file; nothing was changed.
            Exception: whatever `work` raised; nothing was changed.

        Cancelled: it may or may not have been committed.
        """
        if self._closed:
            raise RuntimeError("the store is closed")
        work = self._stamped(work)
        if self._crew is not None:
            answer: T = await self._crew.submit(work)
            return answer
        # The pauses stand for the queue and for the way back: others may run before the commit and before its news.
        await asyncio.sleep(0)
        outcome = self._writer.commit([work])[0]
        await asyncio.sleep(0)
        if isinstance(outcome, Failed):
            raise outcome.error
        return cast(T, outcome.answer)  # Work forgets the type between the call and the answer

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one consistent, committed state. It holds up the loop: short indexed queries only."""
        try:
            self._begin_reading()
            return work(self._tx)
        except self._errors as error:
            meaning = self._database.explained(error)
            if meaning is error:
                raise
            raise meaning from error
        finally:
            if self._reading.in_transaction:
                self._reading.execute("ROLLBACK")

    def _begin_reading(self) -> None:
        if not self._database.is_lost(self._reading):
            try:
                self._reading.execute(self._database.begin_reading)
                return
            except self._database.errors:
                if not self._database.is_lost(self._reading):
                    raise
        fresh = self._database.reader()
        self._tx.sql.invalidate()
        self._reading, self._tx = fresh, Tx(self._database.core(fresh))
        self._reading.execute(self._database.begin_reading)

    async def heartbeat(self) -> None:
        """Return when the writer has answered. Also keeps the ballast laid."""
        await self.write(lambda tx: self._room.lay())

    @property
    def file(self) -> Path:
        """Of a house that is kept in an SQLite file."""
        assert isinstance(self.place, Path)
        return self.place

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def size(self) -> int:
        """In bytes."""
        return self._database.size(self._reading)

    @property
    def cramped(self) -> bool:
        """The disk is nearly full: promise nothing new, but go on taking leave away."""
        return self._room.cramped

    def close(self) -> None:
        """Commit what was submitted, then let go of the database."""
        if self._closed:
            return
        self._closed = True
        if self._crew is not None:
            self._crew.finish()
        _close(self._database, self._tx.sql, self._reading)
        self._writer.close()
        self._claim.release(clean=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
