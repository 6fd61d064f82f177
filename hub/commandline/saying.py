"""Answers as people read them on a terminal, and as scripts read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import typer

Row = Mapping[str, Any]


def as_json(answer: object) -> None:
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def table(rows: Sequence[Row], columns: Mapping[str, str], *, empty: str) -> None:
    """A plain table: `columns` are the keys to show and what stands above them; `empty` is said when there is nothing."""
    if not rows:
        typer.echo(empty)
        return
    lines = [list(columns.values()), *([_cell(row[key]) for key in columns] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case True:
            return "yes"
        case False:
            return "no"
        case list():
            return ", ".join(_cell(each) for each in value)
        case _:
            return str(value)
