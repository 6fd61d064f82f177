from __future__ import annotations

import sys
import unicodedata

import pytest

from hub.model.values import clean


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
