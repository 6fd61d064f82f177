"""A price as a form has it: an amount as people type it, and its currency."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from hub.model.money import Money, decimals, typed_amount
from hub.model.price_lines import Price, in_words
from web.forms import Filled, Form


def _currency(text: str) -> str:
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise ValueError("The currency has three letters, like EUR.")
    return text.upper()


class Priced(Form):
    price: str = Field("", title="The price", max_length=20)
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(None, title="The currency")


_Form = TypeVar("_Form", bound=Priced)


def total_of(form: Filled[_Form]) -> tuple[Filled[_Form], Money | None]:
    """What was typed as money; or the form with a sentence at the field that is wrong."""
    given = form.value
    if given is None or not given.price:
        return form, None
    if given.currency is None:
        return form.refused("Say in which currency, like EUR.", "currency"), None
    try:
        return form, typed_amount(given.price, given.currency)
    except ValueError as error:
        return form.refused(f"The price {error}.", "price"), None


def itemised(price: Price) -> Iterator[tuple[str, str]]:
    """As a page shows it; nothing where nobody itemised it."""
    if price.total is None:
        return
    for words, minor in in_words(price):
        yield words, str(Money(minor, price.total.currency))


def typed(total: Money | None) -> dict[str, str]:
    """As a form shows it."""
    if total is None:
        return {}
    places = decimals(total.currency)
    return {"price": f"{Decimal(total.minor).scaleb(-places):.{places}f}", "currency": total.currency}
