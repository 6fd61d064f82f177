"""A database of one small table, for looking at the store itself."""

from collections.abc import Callable

from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.exc import IntegrityError

from hub.store.engine import Tx

metadata = MetaData()
rows = Table(
    "rows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("word", Text, unique=True, nullable=False),
    sqlite_strict=True,
)
_add = insert(rows)


def add(word: str) -> Callable[[Tx], int]:
    """A work that writes one row and returns its number; the same word twice is refused by the table."""

    def work(tx: Tx) -> int:
        tx.signal(f"row:{word}")
        (number,) = tx.sql.execute(_add, {"word": word}).inserted_primary_key or [0]
        return int(number)

    return work


def words(tx: Tx) -> list[str]:
    return list(tx.sql.scalars(select(rows.c.word).order_by(rows.c.id)))


def make_tables(tx: Tx) -> None:
    metadata.create_all(tx.sql)


Refused = IntegrityError
