"""What a database is made of, so that two can be compared however they came about."""

import re
import sqlite3
from collections.abc import Iterator

Parts = dict[str, object]


def schema(raw: sqlite3.Connection) -> Parts:
    """Every table with its columns, references, checks and strictness, every index and every trigger."""
    parts: Parts = {}
    found = raw.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema").fetchall()
    for kind, name, sql in found:
        if name.startswith(("sqlite_", "alembic_")):
            continue
        parts[f"{kind} {name}"] = table(raw, name, sql) if kind == "table" else " ".join(sql.split())
    return parts


def table(raw: sqlite3.Connection, name: str, sql: str) -> Parts:
    # A column that was added later stands last: the order of columns means nothing.
    return {
        "columns": sorted(row[1:] for row in raw.execute(f'PRAGMA table_xinfo("{name}")')),
        "references": sorted(row[2:] for row in raw.execute(f'PRAGMA foreign_key_list("{name}")')),
        "unique": sorted(uniques(raw, name)),
        "checks": sorted(checks(sql)),
        "strict": [row[5] for row in raw.execute(f'PRAGMA table_list("{name}")')],
    }


def uniques(raw: sqlite3.Connection, name: str) -> Iterator[list[str]]:
    for index in raw.execute(f'PRAGMA index_list("{name}")').fetchall():
        if index[3] != "c":
            yield [row[2] for row in raw.execute(f'PRAGMA index_info("{index[1]}")')]


def checks(sql: str) -> Iterator[str]:
    for found in re.finditer(r"CHECK\s*\(", sql):
        depth = 1
        end = found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield " ".join(sql[found.end() : end - 1].split())
