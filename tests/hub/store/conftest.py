from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.store.engine import Store
from hub.store.postgres import SCHEMA
from tests.simulators.home import DATABASE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the store of a test keeps its rows."""

    url: str

    @property
    def is_a_file(self) -> bool:
        return not self.url.startswith("postgresql:")

    @contextlib.contextmanager
    def beside(self) -> Iterator[Any]:
        """The connection of another program, which asks the store for nothing. Each statement is a transaction."""
        if self.is_a_file:
            with contextlib.closing(sqlite3.connect(self.url, isolation_level=None)) as raw:
                yield raw
        else:
            with psycopg.connect(self.url, autocommit=True, options=f"-csearch_path={SCHEMA}") as raw:
                yield raw


@pytest.fixture
def kept(file: Path, either_database: str) -> Kept:
    """In a file, and then in PostgreSQL."""
    return Kept(DATABASE.get() or str(file))


@pytest.fixture(params=["crew", "inline"])
def store(kept: Kept, request: pytest.FixtureRequest) -> Iterator[Store]:
    """The store in both of its ways of working; what is true of one must be true of the other."""
    with Store.open(kept.url, inline=request.param == "inline") as store:
        yield store
