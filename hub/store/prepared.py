"""Statements that are made and compiled once, for what a hub with many locks asks all day long.

SQLAlchemy takes ten times as long to make, look up and run a statement as SQLite does to answer it. What is prepared
goes to the database as it was compiled, and a row that is as it was when last seen is not made into the same object
again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Dialect, Table, Text, bindparam, column, func, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from hub.store.engine import Tx
from hub.store.tables.kinds import Instant

T = TypeVar("T")

_Reads = Callable[[Any], Any] | None


def among(key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """IN over a parameter that was made by `listed`: the statement is the same for however many."""
    return key.in_(select(column("value")).select_from(func.json_each(bindparam(name, type_=Text))))


def one_of(key: ColumnElement[Any], values: Iterable[object]) -> ColumnElement[bool]:
    """IN over values that are known when the statement is made."""
    return or_(*(key == value for value in values))


class Bare(ColumnElement[Any]):
    """A column as a value of which SQLite knows no index."""

    inherit_cache = True
    _traverse_internals = [("element", InternalTraversal.dp_clauseelement)]  # noqa: RUF012

    def __init__(self, element: ColumnElement[Any]) -> None:
        self.element = element
        self.type = element.type


@compiles(Bare)
def _with_a_plus(bare: Bare, compiler: SQLCompiler, **more: Any) -> str:
    return f"+{compiler.process(bare.element, **more)}"


@compiles(Bare, "postgresql")
def _as_it_is(bare: Bare, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(bare.element, **more)


def listed(keys: Iterable[str]) -> str:
    return json.dumps(list(keys))


MOST: Final = 4096
"""Rows that a statement remembers at a time, each as it was last."""
MOST_ANSWERS: Final = 128
"""Of a statement that remembers, to so many questions the whole answer as well."""


class Prepared(Generic[T]):
    """One statement. Values are given by the names of its `bindparam`s; one that IN expands cannot be prepared: `among`.

    Errors are the database driver's own, not SQLAlchemy's: not for statements whose IntegrityError somebody waits for.
    """

    def __init__(
        self, statement: ClauseElement, make: Callable[[Mapping[str, Any]], T], *, remember: Collection[str] = ()
    ) -> None:
        """
        Args:
            make: from a row by the names of its columns to what it stands for; with `remember` to something immutable.
            remember: the columns that tell one row from all others; of each row, what was last made of it is kept.
        """
        self._statement = statement
        self._make = make
        self._remember = remember
        self._known: dict[Any, tuple[tuple[Any, ...], T]] = {}
        self._answers: dict[tuple[object, ...], tuple[list[tuple[Any, ...]], list[T]]] = {}
        self._form: _Form | None = None

    def all(self, tx: Tx, **values: object) -> list[T]:
        form = self._formed(tx)
        told = form.told(values)
        rows: list[tuple[Any, ...]] = _raw(tx).execute(form.text, told).fetchall()
        if not form.steady:
            return [self._made(row) for row in rows]
        before = self._answers.get(key := tuple(told.values() if isinstance(told, dict) else told))
        if before is None or before[0] != rows:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            before = self._answers[key] = rows, [self._made(row) for row in rows]
        return before[1].copy()

    def bare(self, tx: Tx, **values: object) -> list[tuple[Any, ...]]:
        """The rows as the database gives them, where there are so many that reading each would take too long."""
        rows: list[tuple[Any, ...]] = self._run(tx, values).fetchall()
        return rows

    def first(self, tx: Tx, **values: object) -> T | None:
        row = self._run(tx, values).fetchone()
        return None if row is None else self._made(row)

    def run(self, tx: Tx, **values: object) -> int:
        """How many rows were changed."""
        changed: int = self._run(tx, values).rowcount
        return changed

    def _run(self, tx: Tx, values: Mapping[str, object]) -> Any:
        form = self._formed(tx)
        return _raw(tx).execute(form.text, form.told(values))

    def _formed(self, tx: Tx) -> _Form:
        form = self._form
        if form is None or form.database != tx.sql.dialect.name:
            form = self._form = _form(self._statement, tx.sql.dialect, self._remember)
        return form

    def _made(self, row: tuple[Any, ...]) -> T:
        form = self._form
        assert form is not None  # a row comes from a statement that was run
        if form.key is None:
            return self._make(form.read(row))
        key = form.key(row)
        before = self._known.get(key)
        if before is not None and before[0] == row:
            return before[1]
        if len(self._known) >= MOST:
            self._known.clear()
        made = self._make(form.read(row))
        self._known[key] = row, made
        return made


def _raw(tx: Tx) -> Any:
    return tx.sql.connection.dbapi_connection


class _Form:
    """A statement in the words of one database."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, remember: Collection[str]) -> None:
        compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
        self.database = dialect.name
        self.text = str(compiled)
        self._order = tuple(compiled.positiontup or ())
        self._constant = {name: param.value for name, param in compiled.binds.items() if not param.required}
        self._writes: dict[str, _Reads] = {
            name: param.type.dialect_impl(dialect).bind_processor(dialect) for name, param in compiled.binds.items()
        }
        columns = compiled._result_columns
        self._names = tuple(column.keyname for column in columns)
        places = [self._names.index(name) for name in remember]
        self.key: Callable[[tuple[Any, ...]], object] | None = itemgetter(*places) if places else None
        self.steady = bool(places) and not any(isinstance(each.type, Instant) for each in compiled.binds.values())
        """Rows that are remembered, and no question that comes but once as it names a time."""
        self._reads: tuple[_Reads, ...] = tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        )

    def told(self, values: Mapping[str, object]) -> Any:
        told = []
        for name in self._order:
            value = values[name] if name in values else self._constant[name]
            write = self._writes[name]
            told.append(value if write is None else write(value))
        return told

    def read(self, row: tuple[Any, ...]) -> dict[str, Any]:
        return {
            name: value if read is None else read(value)
            for name, value, read in zip(self._names, row, self._reads, strict=True)
        }


class _NamedForm(_Form):
    """In the words of a driver that takes values by their names."""

    def told(self, values: Mapping[str, object]) -> dict[str, object]:
        told = {}
        for name, write in self._writes.items():
            value = values[name] if name in values else self._constant[name]
            told[name] = value if write is None else write(value)
        return told


def _form(statement: ClauseElement, dialect: Dialect, remember: Collection[str]) -> _Form:
    kind = _NamedForm if dialect.paramstyle == "pyformat" else _Form
    return kind(statement, dialect, remember)


def upsert(table: Table, names: Collection[str] | None = None) -> Prepared[None]:
    """Write a row, or those of its columns, whether or not there is one with its primary key. Values go by column."""
    keys = set(table.primary_key.columns.keys())
    written = [column for column in table.c if names is None or column.name in keys or column.name in names]
    row = insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in written})
    rest = {column.name: row.excluded[column.name] for column in written if column.name not in keys}
    return Prepared(row.on_conflict_do_update(index_elements=sorted(keys), set_=rest), lambda _: None)
