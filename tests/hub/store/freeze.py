"""Write the first migration and its saved database anew from the tables: `python -m tests.hub.store.freeze`.

Only until the first release: from then on a change of the tables is a migration of its own, and a saved database stays
what it was.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import Integer, LargeBinary, Table

from hub.store.migrate import MIGRATIONS, VERSION_TABLE
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


def statements() -> list[str]:
    """Each table followed by its indexes and triggers by name: SQLAlchemy's own order of these changes from run to run."""
    with core(sqlite3.connect(":memory:", isolation_level=None)) as sql:
        metadata.create_all(sql)
        made = sql.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL").all()
    tables = [name for kind, name, _, _ in made if kind == "table"]
    made_in_order = sorted(made, key=lambda part: (tables.index(part[2]), part[0] != "table", part[0], part[1]))
    return [tidy(text) for *_, text in made_in_order]


def saved(made: list[str]) -> str:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (*made, VERSION_TABLE):
        raw.execute(statement)
    for table in metadata.sorted_tables:
        row = sample(table)
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        raw.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(row.values()))  # noqa: S608
    raw.execute("INSERT INTO alembic_version VALUES ('0001')")
    dump = "\n".join(raw.iterdump()) + "\n"
    raw.close()
    return dump


def main() -> None:
    made = statements()
    FIRST.write_text(FORM.format(statements="\n".join(f'    """\n{text}\n    """,' for text in made)))
    (SAVED / "0001.sql").write_text(saved(made))


if __name__ == "__main__":
    main()
