"""A price as a form has it: an amount as people type it, and its currency."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field

from hub.model.money import Money, decimals, money
from web.forms import Filled, Form

_AMOUNT: Final = re.compile(r"(\d{1,12})(?:[.,](\d+))?")
"""450.50 or, as half of Europe writes, 450,50. No marks for thousands: nobody could tell 1,200 from 1.20."""
LIKE: Final = "Write the price like 450.50."


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
    read = _AMOUNT.fullmatch(given.price)
    if read is None or len(read[2] or "") > decimals(given.currency):
        return form.refused(LIKE if decimals(given.currency) else "Write the price like 450.", "price"), None
    return form, money(f"{read[1]}.{read[2] or 0}", given.currency)


def typed(total: Money | None) -> dict[str, str]:
    """As a form shows it."""
    if total is None:
        return {}
    places = decimals(total.currency)
    return {"price": f"{Decimal(total.minor).scaleb(-places):.{places}f}", "currency": total.currency}
