"""hub.model.money: amounts as others write them, as whole coins."""

import pytest

from hub.model.money import Money, money


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "words"),
    [
        (1250.0, "USD", 125_000, "1250.00 USD"),
        ("1235", "usd", 123_500, "1235.00 USD"),
        (111.12, "EUR", 11_112, "111.12 EUR"),
        (0.1 + 0.2, "EUR", 30, "0.30 EUR"),
        (12_000, "JPY", 12_000, "12000 JPY"),
        ("1.234", "KWD", 1234, "1.234 KWD"),
        ("-3.50", "GBP", -350, "-3.50 GBP"),
    ],
)
def test_an_amount_is_whole_coins_of_its_currency(amount: object, currency: str, minor: int, words: str) -> None:
    made = money(amount, currency)
    assert (made.minor, str(made)) == (minor, words)
    assert made == Money(minor, currency.upper())


@pytest.mark.parametrize("amount", ["", "much", "NaN", "Infinity", None, True, "1e400", [], {}])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match="an amount"):
        money(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "E", "EURO", "12A", "€€€"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="three letters"):
        money(1, currency)
