"""A price as a form has it: an amount as people type it, and its currency."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field

from hub.model.money import Money, decimals, typed_amount
from hub.model.price_lines import Price, as_typed, in_words, price_of, typed_lines
from web.forms import Filled, Form


def _currency(text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise ValueError("The currency has three letters, like EUR.")
    return text.upper()


class Priced(Form):
    price: str = Field("", title="The price", max_length=20)
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(None, title="The currency")
    lines: str = Field("", title="What the price is made of", max_length=6000)


_Form = TypeVar("_Form", bound=Priced)


_NONE: Final = Price(None, ())


def price_in(form: Filled[_Form]) -> tuple[Filled[_Form], Price]:
    """What was typed as money; or the form with a sentence at the field that is wrong. Without a price, the lines' sum."""
    given = form.value
    if given is None or not (given.price or given.lines.strip()):
        return form, _NONE
    if given.currency is None:
        return form.refused("Say in which currency, like EUR.", "currency"), _NONE
    try:
        total = typed_amount(given.price, given.currency) if given.price else None
    except ValueError as error:
        return form.refused(f"The price {error}.", "price"), _NONE
    try:
        return form, price_of(total, typed_lines(given.lines, given.currency), given.currency)
    except ValueError as error:
        return form.refused(f"What the price is made of {error}.", "lines"), _NONE


def itemised(price: Price) -> Iterator[tuple[str, str]]:
    """As a page shows it; nothing where nobody itemised it."""
    if price.total is None:
        return
    for words, minor in in_words(price):
        yield words, str(Money(minor, price.total.currency))


def typed(price: Price) -> dict[str, str]:
    """As a form shows it."""
    total = price.total
    if total is None:
        return {}
    places = decimals(total.currency)
    amount = f"{Decimal(total.minor).scaleb(-places):.{places}f}"
    return {"price": amount, "currency": total.currency, "lines": as_typed(price.lines, total.currency)}
