"""Debian's PostgreSQL, a server of the tests' own: made in a temporary folder, reached by a socket in it, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
from psycopg import sql

from hub.store.migrate import migrate
from hub.store.postgres import Postgres

_SETTINGS = {"fsync": "off", "max_connections": "120", "shared_buffers": "32MB", "listen_addresses": ""}
_OWNER = "house"
_FORM = "form"
"""The database that every other one is a copy of."""


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
class Cluster:
    folder: Path
    server: subprocess.Popen[bytes]
    numbers: Iterator[int]

    def url(self, name: str, user: str = _OWNER) -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    @contextmanager
    def asked(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.url("postgres", "root"), autocommit=True) as connection:
            yield connection

    @contextmanager
    def database(self, *, form: str = _FORM) -> Iterator[str]:
        """The address of a database that nobody else uses, with the tables of a house in it."""
        name = f"house_{next(self.numbers)}"
        with self.asked() as connection:
            connection.execute(_words("CREATE DATABASE {} TEMPLATE {} OWNER {}", name, form, _OWNER))
        try:
            yield self.url(name)
        finally:
            with self.asked() as connection:
                connection.execute(_words("DROP DATABASE {} WITH (FORCE)", name))


def _words(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))


@contextmanager
def cluster() -> Iterator[Cluster]:
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
    settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *settings],
            stdout=log,
            stderr=log,
            cwd=folder,
            **somebody,
        )
    try:
        _await(programs, folder, server)
        found = Cluster(folder, server, count(1))
        with found.asked() as connection:
            connection.execute(_words("CREATE ROLE {} LOGIN", _OWNER))
            connection.execute(_words("CREATE DATABASE {} OWNER {}", "empty", _OWNER))
            connection.execute(_words("CREATE DATABASE {} OWNER {}", _FORM, _OWNER))
        _fill(found.url(_FORM))
        yield found
    finally:
        server.send_signal(signal.SIGINT)  # "fast shutdown": PostgreSQL 15, 19.5
        server.wait(60)
        shutil.rmtree(folder)


def _await(programs: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    asked: list[str | Path] = [programs / "pg_isready", "-q", "-h", folder, "-d", "postgres"]
    while subprocess.run(asked, check=False).returncode:
        assert server.poll() is None, (folder / "log").read_text()


def _fill(url: str) -> None:
    place = Postgres.at(url)
    claim = place.claim()
    place.make_ready(claim)
    migrate(place, back_up=lambda place: None)
    claim.release(clean=True)
