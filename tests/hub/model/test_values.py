from __future__ import annotations

import sys
import unicodedata
from datetime import timedelta

import pytest

from hub.model.values import Weekly, clean


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("Jose\u0301", "José"),
        ("A\u200bda\x07", "Ada"),
        ("\ud800Ada\ue000", "Ada"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("Ad\u0378a", "Ad\u0378a"),
        ("Grace Hopper", "Grace Hop"),
    ],
)
def test_text_from_outside_is_folded_cut_and_rid_of_what_cannot_be_read(told: str, kept: str) -> None:
    assert clean(told, limit=len(kept)) == kept


def test_no_character_that_python_calls_printable_is_one_that_is_dropped() -> None:
    printable = (chr(code) for code in range(sys.maxunicode + 1) if chr(code).isprintable())
    assert {unicodedata.category(character) for character in printable}.isdisjoint({"Cc", "Cf", "Cs", "Co"})


@pytest.mark.parametrize(
    ("day", "start", "length"), [(7, 0, 1), (-1, 0, 1), (0, 24, 1), (0, -1, 1), (0, 8, 0), (0, 8, 25)]
)
def test_hours_of_the_week_lie_in_a_week_and_in_a_day(day: int, start: int, length: int) -> None:
    with pytest.raises(ValueError, match="day"):
        Weekly(day, timedelta(hours=start), timedelta(hours=length))
