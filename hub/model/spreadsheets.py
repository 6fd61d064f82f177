"""A file that a spreadsheet or a platform wrote, as rows of text: its encoding, its delimiter and its headings."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from hub.errors import Rejected

LARGEST_FILE: Final = 2 * 1024 * 1024
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 100
LONGEST_CELL: Final = 4000
_LOOKED_AT: Final = 10
"""Rows at the top of a file among which its headings are."""
_DELIMITERS: Final = ",;\t|"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Source: PKWARE APPNOTE 4.3.7 (.xlsx, .ods and .numbers are ZIP files); [MS-CFB] 2.2 (.xls).
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?\r?\n')
"""What Excel may write first. The rest of the line is the delimiter."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    """Of the line of the file on which it begins, from 1."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    """Below the headings; empty ones are left out."""


def read_sheet(data: bytes, known: Callable[[str], bool]) -> Sheet:
    """
    Args:
        known: whether a heading is one that somebody understands; the line with most of them is that of the headings.

    Raises:
        Rejected: with the cure, for the file as a whole.
    """
    if len(data) > LARGEST_FILE:
        raise Rejected(f"the file is larger than {LARGEST_FILE // 1024 // 1024} MiB: split it, by year for instance")
    found = list(islice(_lines(_text(data)), MOST_ROWS + _LOOKED_AT + 1))
    if not found:
        raise Rejected("the file is empty")
    top = max(range(min(len(found), _LOOKED_AT)), key=lambda at: (sum(map(known, found[at].cells)), -at))
    lines = tuple(found[top + 1 :])
    if not lines:
        raise Rejected("the file has headings and nothing below them")
    if len(lines) > MOST_ROWS:
        raise Rejected(f"the file has more than {MOST_ROWS:,} rows: split it, by year for instance")
    headings = found[top].cells
    if max(len(headings), *(len(line.cells) for line in lines)) > MOST_COLUMNS:
        raise Rejected(f"the file has more than {MOST_COLUMNS} columns: is it a list of stays?")
    return Sheet(headings, lines)


def _text(data: bytes) -> str:
    if data.startswith(_WORKBOOKS):
        raise Rejected("this is a workbook: open it, and save it as CSV (UTF-8)")
    named = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    for encoding in (named,) if named is not None else ("utf-8", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return unicodedata.normalize("NFC", text)
    raise Rejected("this is no text: save the list as CSV (UTF-8)")


def _lines(text: str) -> Iterator[Line]:
    said = _SEPARATOR.match(text)
    delimiter = said[1] if said is not None else _delimiter(text)
    before = 0
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in rows:
            number, before = before + 1, rows.line_num
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise Rejected(f"line {number}: a cell goes on and on; is a quotation mark missing?")
            told = tuple(cell.strip() for cell in cells)
            if any(told) and not (number == 1 and said is not None):
                yield Line(number, told)
    except csv.Error as error:
        raise Rejected(f"line {before + 1} cannot be read as CSV: {error}") from error


def _delimiter(text: str) -> str:
    """The one that cuts the first rows into most columns, alike.

    Departs: csv.Sniffer of Python 3.11 needs minutes for some files (python/cpython#109638) and takes the comma inside cells
    for the delimiter of others (#119123). What took its place there tries them out, too (#83273).
    """

    def columns(delimiter: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text[: LONGEST_CELL * 4], newline=""), delimiter=delimiter)
        widths: list[int] = []
        try:
            widths.extend(len(cells) for cells in islice(rows, 2 * _LOOKED_AT) if any(cells))
        except csv.Error:
            return 0, 0
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
        return (usual, widths.count(usual)) if usual > 1 else (0, 0)

    return max(_DELIMITERS, key=columns)
