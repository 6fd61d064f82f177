"""Lines sum to what was told, whatever was told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contracts.fields import Fields
from hub.model.money import Money
from hub.model.price_lines import (
    MOST,
    LineKind,
    Price,
    PriceLine,
    as_typed,
    in_words,
    kind_of,
    packed,
    price_of,
    typed_lines,
    unpacked,
)

LINES = st.builds(PriceLine, st.sampled_from(LineKind), st.integers(-(10**14), 10**14), st.text(max_size=20))
TOTALS = st.none() | st.builds(Money, st.integers(0, 10**14), st.just("EUR"))


@given(TOTALS, st.lists(LINES, max_size=MOST + 5))
def test_the_lines_and_the_rest_are_the_total(total: Money | None, lines: list[PriceLine]) -> None:
    price = price_of(total, lines, "EUR")
    told = sum(line.minor for line in lines)
    if total is not None:
        assert price.total == total
    elif any(line.minor for line in lines):
        assert price.total == Money(told, "EUR"), "without a total, what was told is it"
    shown = in_words(price)
    if shown:
        assert price.total is not None
        assert sum(minor for _, minor in shown) == price.total.minor
    assert price_of(price.total, unpacked(packed(price.lines))) == price, "as it is kept"


WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=20).map(lambda text: " ".join(text.split()))
TYPED = st.builds(PriceLine, st.sampled_from(LineKind), st.integers(-(10**9), 10**9), WORDS)


@given(st.lists(TYPED, max_size=5), st.sampled_from(("EUR", "JPY", "KWD")))
def test_what_a_form_shows_is_read_as_it_was(lines: list[PriceLine], currency: str) -> None:
    lines = [replace(each, label="") if each.label.casefold() == each.kind.value else each for each in lines]
    assert typed_lines(as_typed(lines, currency), currency) == tuple(lines)


@pytest.mark.parametrize("row", ["Cleaning", "50", "Cleaning 1,200", "x" * 81 + " 5", "Cleaning 5 EUR", "Room12"])
def test_a_line_that_says_no_item_and_amount_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="has "):
        typed_lines(row, "EUR")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("1e3"),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(("amount", "title")), inside),
    max_leaves=8,
)


@given(JSON, st.sampled_from(("450.50", 0, None)))
def test_whatever_a_service_itemises_sums_to_what_it_said(items: object, said: object) -> None:
    told = Fields({"items": items, "total": said})
    lines = told.lines("items", "EUR", lambda item: LineKind.OTHER, amount="amount", label="title")
    total = told.money("total", "EUR")
    price = price_of(total, lines, "EUR")
    assert price.total == (total or (Money(sum(line.minor for line in lines), "EUR") if price.lines else total))
    assert not price.lines or sum(minor for _, minor in in_words(price)) == price.total.minor  # type: ignore[union-attr]
    assert all(isinstance(path, str) for path in told.odd)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Cleaning fee", LineKind.CLEANING),
        ("Endreinigung", LineKind.CLEANING),
        ("City tax", LineKind.TAX),
        ("Weekly discount", LineKind.DISCOUNT),
        ("rent", LineKind.ACCOMMODATION),
        ("Pet fee", LineKind.SERVICE),
        ("Kurtaxe", LineKind.TAX),
        ("Private chef", LineKind.OTHER),
        ("Taxi", LineKind.OTHER),
        ("Mushrooms", LineKind.OTHER),
        ("Whatever", LineKind.OTHER),
    ],
)
def test_what_an_item_is_follows_from_its_name(words: str, kind: LineKind) -> None:
    assert kind_of(words) is kind


def test_what_is_beyond_the_lines_is_said() -> None:
    price = Price(Money(10_000, "EUR"), (PriceLine(LineKind.CLEANING, 12_000, "Final"),))
    assert in_words(price) == [("cleaning (Final)", 12_000), ("not itemised", -2_000)]
    assert in_words(Price(Money(10_000, "EUR"), ())) == [], "nobody itemised it"
