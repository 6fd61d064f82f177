"""Save a database of the newest form, a row in every table, for the migrations to come: `python -m tests.hub.store.freeze`.

Only while that form is not yet released: from then on a change of the tables is a migration of its own, and a saved
database stays what it was.
"""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Integer, LargeBinary, Table

from hub.store.migrate import migrate, newest
from hub.store.tables import metadata

SAVED = Path(__file__).with_name("saved")


def sample(table: Table) -> dict[str, object]:
    """A row in which every column is filled, and every reference finds the row like it."""

    def value(name: str, kind: object) -> object:
        if isinstance(kind, LargeBinary):
            return b"x"
        return (2 if name == "check_out" else 1) if isinstance(kind, Integer) else "x"

    return {column.name: value(column.name, getattr(column.type, "impl", column.type)) for column in table.columns}


def saved(folder: Path) -> str:
    file = folder / "gatehouse.db"
    migrate(file, back_up=lambda new: None)
    raw = sqlite3.connect(file, isolation_level=None)
    for table in metadata.sorted_tables:
        row = sample(table)
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        raw.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(row.values()))  # noqa: S608
    dump = "\n".join(raw.iterdump()) + "\n"
    raw.close()
    return dump


def main() -> None:
    with TemporaryDirectory() as folder:
        (SAVED / f"{newest()}.sql").write_text(saved(Path(folder)))


if __name__ == "__main__":
    main()
