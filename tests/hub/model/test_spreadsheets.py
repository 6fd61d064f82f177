"""Files as spreadsheets and platforms write them: any of them is read as it was meant, or refused with the cure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Rejected
from hub.model.past_stays import is_known
from hub.model.spreadsheets import LARGEST_FILE, LONGEST_CELL, MOST_ROWS, Line, Sheet, read_sheet

TABLE = Sheet(
    ("Guest", "Arrival", "Price"), (Line(2, ("Ada", "2026-01-02", "1,50")), Line(3, ("Bo", "2026-01-05", "2,00")))
)


@pytest.mark.parametrize(
    "data",
    [
        b'Guest,Arrival,Price\nAda,2026-01-02,"1,50"\nBo,2026-01-05,"2,00"\n',
        b"Guest;Arrival;Price\r\nAda;2026-01-02;1,50\r\nBo;2026-01-05;2,00",
        b"Guest\tArrival\tPrice\rAda\t2026-01-02\t1,50\rBo\t2026-01-05\t2,00\r",
        b"Guest|Arrival|Price\nAda|2026-01-02|1,50\n Bo | 2026-01-05|2,00\n\n;;\n".replace(b";;", b"||"),
        b"\xef\xbb\xbfGuest;Arrival;Price\nAda;2026-01-02;1,50\nBo;2026-01-05;2,00\n",
        "Guest\tArrival\tPrice\nAda\t2026-01-02\t1,50\nBo\t2026-01-05\t2,00\n".encode("utf-16"),
    ],
    ids=["comma", "semicolon", "tab", "bar", "byte order mark", "UTF-16"],
)
def test_the_same_table_is_read_however_it_is_written(data: bytes) -> None:
    assert read_sheet(data, is_known) == TABLE


def test_an_old_encoding_is_understood() -> None:
    sheet = read_sheet("Gast;Price\nJosé Müller;€ 5\n".encode("cp1252"), is_known)
    assert sheet.lines[0].cells == ("José Müller", "€ 5")


def test_what_excel_says_of_its_delimiter_counts() -> None:
    sheet = read_sheet(b"sep=;\nGuest;Price\nAda, Countess;1,50\n", is_known)
    assert sheet == Sheet(("Guest", "Price"), (Line(3, ("Ada, Countess", "1,50")),))


def test_a_title_above_the_headings_is_passed_over_and_lines_are_those_of_the_file() -> None:
    sheet = read_sheet(b'My stays,,\n\nGuest,Arrival,Note\nAda,2026-01-02,"two\nlines"\nBo,2026-01-05,\n', is_known)
    assert sheet.headings == ("Guest", "Arrival", "Note")
    assert [line.number for line in sheet.lines] == [4, 6]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n \n,,\n", "empty"),
        (b"Guest,Arrival\n", "nothing below"),
        (b"PK\x03\x04....", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "workbook"),
        (b"Guest\0,Arrival\nAda,x\n", "no text"),
        (b"\xff\xfeG\x00u", "no text"),
        (b"Guest,Arrival\n" + b"Ada,x\n" * (MOST_ROWS + 1), "more than 10,000 rows"),
        (b",".join([b"x"] * 101) + b"\n1,2\n", "columns"),
        (b"a,b\n" * (LARGEST_FILE // 4 + 1), "larger"),
        (b'Guest,Arrival\n"Ada,x\n' + b"y" * LONGEST_CELL, "line 2: a cell goes on and on"),
        (b"Guest,Arrival\nAda," + b"y" * 140_000, "line 2"),
    ],
)
def test_what_is_no_list_is_refused_with_the_cure(data: bytes, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        read_sheet(data, is_known)


@given(st.one_of(st.binary(max_size=300), st.text(alphabet='a,;\t|"\n\r\0sep=é', max_size=200).map(str.encode)))
def test_whatever_the_bytes_there_is_a_table_or_a_refusal(data: bytes) -> None:
    try:
        sheet = read_sheet(data, is_known)
    except Rejected:
        return
    assert sheet.lines
    assert all(any(line.cells) for line in sheet.lines)
    assert [line.number for line in sheet.lines] == sorted({line.number for line in sheet.lines})
