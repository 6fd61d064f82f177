"""Write the first migration and its saved database anew from the tables: `python -m tests.hub.store.freeze`.

Only until the first release: from then on a change of the tables is a migration of its own, and a saved database stays
what it was.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import Integer, LargeBinary, Table

from hub.store.migrate import MIGRATIONS
from hub.store.sqlite import core
from hub.store.tables import metadata

FIRST = MIGRATIONS / "versions" / "0001_first_house.py"
SAVED = Path(__file__).with_name("saved")

FORM = '''"""The first form of the house: frozen, and never edited once a release has run it."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
{statements}
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
'''


def tidy(statement: str) -> str:
    lines = [line.rstrip() for line in statement.strip().expandtabs(4).splitlines()]
    return "\n".join(lines).replace("\n)\n STRICT", "\n) STRICT")


def sample(table: Table) -> dict[str, object]:
    """A row in which every column is filled, and every reference finds the row like it."""

    def value(name: str, kind: object) -> object:
        if isinstance(kind, LargeBinary):
            return b"x"
        return (2 if name == "check_out" else 1) if isinstance(kind, Integer) else "x"

    return {column.name: value(column.name, getattr(column.type, "impl", column.type)) for column in table.columns}


def main() -> None:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    metadata.create_all(core(raw))
    made = raw.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    FIRST.write_text(FORM.format(statements="\n".join(f'    """\n{tidy(text)}\n    """,' for (text,) in made)))
    for table in metadata.sorted_tables:
        row = sample(table)
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        raw.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(row.values()))  # noqa: S608
    raw.execute("CREATE TABLE alembic_version (version_num TEXT NOT NULL PRIMARY KEY) STRICT")
    raw.execute("INSERT INTO alembic_version VALUES ('0001')")
    (SAVED / "0001.sql").write_text("\n".join(raw.iterdump()) + "\n")


if __name__ == "__main__":
    main()
