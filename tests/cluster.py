"""Debian's PostgreSQL, a server of the tests' own: made in a temporary folder, reached by a socket in it, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
from psycopg import sql

from hub.store.migrate import migrate
from hub.store.postgres import SCHEMA, Postgres
from hub.store.postgres_tables import FOLLOWING
from hub.store.tables import metadata

_SETTINGS = {"fsync": "off", "max_connections": "120", "shared_buffers": "32MB", "listen_addresses": ""}
_OWNER = "house"
_FORM = "form"
"""The database that every other one is a copy of."""

_SHAPE = """
SELECT md5(string_agg(said, ' ' ORDER BY said)) FROM (
  SELECT nspname AS said FROM pg_namespace
  UNION ALL SELECT format('%s %s %s', c.oid, relname, attname) FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
    WHERE relnamespace <> 'pg_catalog'::regnamespace AND c.oid >= 16384
  UNION ALL SELECT format('%s %s', oid, tgenabled) FROM pg_trigger
  UNION ALL SELECT format('%s', oid) FROM pg_constraint
  UNION ALL SELECT format('%s %s', oid, md5(prosrc)) FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT version_num FROM gatehouse.alembic_version) AS all_of_it"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"""
_EMPTY = """
DO $$
DECLARE found RECORD;
BEGIN
  FOR found IN SELECT relname FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace AND relkind = 'r' LOOP
    IF found.relname <> 'alembic_version' THEN EXECUTE format('DELETE FROM gatehouse.%I', found.relname); END IF;
  END LOOP;
  FOR found IN SELECT schemaname, sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I.%I RESTART', found.schemaname, found.sequencename);
  END LOOP;
END $$"""
"""A new house has no rows: `_fill` looks."""


def binaries() -> Path:
    """Of the newest version there is; Debian keeps them out of PATH. Source: postgresql-common's architecture document."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    assert found, "install Debian's package postgresql, as `make test` does"
    return found[-1].parent


def _somebody() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class _Spare:
    name: str
    asked: psycopg.Connection[Any]
    made: str

    def drop_strange_tables(self) -> None:
        there = self.asked.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA]).fetchall()
        for table in {name for (name,) in there} - {*metadata.tables, *FOLLOWING, "alembic_version"}:
            self.asked.execute(_words("DROP TABLE {}.{} CASCADE", SCHEMA, table))

    def shape(self) -> str:
        (told,) = self.asked.execute(_SHAPE).fetchone() or ("",)
        return str(told)


@dataclass
class Server:
    """Of one folder, in which its data are."""

    folder: Path
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        while not self._starts():
            pass

    def _starts(self) -> bool:
        """False: what is left of a server that was killed has not gone yet."""
        programs = binaries()
        settings = [f"-c{name}={value}" for name, value in self.settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *settings],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **_somebody(),
            )
        return _await(programs, self.folder, self.process)

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)  # "immediate shutdown", as nothing of it is kept: PostgreSQL 15, 19.5
        self.process.wait(60)


@dataclass(frozen=True)
class Cluster:
    folder: Path
    server: Server
    numbers: Iterator[int]
    spare: list[_Spare] = field(default_factory=list)
    """Databases with the tables of a house in them and no rows: a copy of the form takes half a second."""

    def url(self, name: str, user: str = _OWNER) -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    @contextmanager
    def asked(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.url("postgres", "root"), autocommit=True) as connection:
            yield connection

    def kill(self) -> None:
        """All of it at once, as when the power fails: nothing is written or said any more."""
        process = self.server.process
        assert process is not None
        with self.asked() as connection:
            pids = [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity")]
            for pid in (process.pid, *pids):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait(60)

    @contextmanager
    def database(self, *, form: str = _FORM) -> Iterator[str]:
        """The address of a database that nobody else uses, with the tables of a house in it."""
        name = f"house_{next(self.numbers)}"
        self._copy(form, name)
        try:
            yield self.url(name)
        finally:
            self._drop(name)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The same, but for what others left as they found it, apart from rows."""
        house = self.spare.pop() if self.spare else self._new()
        yield self.url(house.name)
        house.asked.execute(_END_OTHERS, [house.name])
        house.drop_strange_tables()
        if house.shape() == house.made:
            house.asked.execute(_EMPTY)
            self.spare.append(house)
        else:
            house.asked.close()
            self._drop(house.name)

    def _new(self) -> _Spare:
        name = f"house_{next(self.numbers)}"
        self._copy(_FORM, name)
        connection = psycopg.connect(self.url(name, "root"), autocommit=True)
        connection.execute("SET session_replication_role = replica")  # no rule asks why a row goes
        house = _Spare(name, connection, "")
        return replace(house, made=house.shape())

    def _copy(self, form: str, name: str) -> None:
        with self.asked() as connection:
            connection.execute(_words("CREATE DATABASE {} TEMPLATE {} OWNER {}", name, form, _OWNER))

    def _drop(self, name: str) -> None:
        with self.asked() as connection:
            connection.execute(_words("DROP DATABASE {} WITH (FORCE)", name))


def _words(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))


@contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """`settings` instead of those that make it quick and forgetful."""
    folder = Path(mkdtemp(prefix="pg-"))  # a socket's path has room for some hundred letters, and pytest's are longer
    somebody, programs = _somebody(), binaries()
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    made: list[str | Path] = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        "root",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run([*made, "--no-sync"], check=True, capture_output=True, cwd=folder, **somebody)
    server = Server(folder, _SETTINGS | settings)
    try:
        server.start()
        found = Cluster(folder, server, count(1))
        with found.asked() as connection:
            connection.execute(_words("CREATE ROLE {} LOGIN", _OWNER))
            connection.execute(_words("CREATE DATABASE {} OWNER {}", "empty", _OWNER))
            connection.execute(_words("CREATE DATABASE {} OWNER {}", _FORM, _OWNER))
        _fill(found.url(_FORM))
        yield found
        for house in found.spare:
            house.asked.close()
    finally:
        server.stop()
        shutil.rmtree(folder)


def _await(programs: Path, folder: Path, server: subprocess.Popen[bytes]) -> bool:
    asked: list[str | Path] = [programs / "pg_isready", "-q", "-h", folder, "-d", "postgres"]
    while subprocess.run(asked, check=False).returncode:
        if server.poll() is not None:
            said = (folder / "log").read_text()
            assert "pre-existing shared memory block" in said.rstrip().rpartition("FATAL")[2], said
            return False
    return True


def _fill(url: str) -> None:
    place = Postgres.at(url)
    claim = place.claim()
    place.make_ready(claim)
    migrate(place, back_up=lambda place: None)
    tables = claim.session.execute("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'gatehouse'").fetchall()
    filled = {name for (name,) in tables if claim.session.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()}  # noqa: S608
    assert filled == {"alembic_version"}  # what is lent again is emptied of all else
    claim.release(clean=True)
