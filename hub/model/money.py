"""Money in minor units: cents, yen, fils. A price is never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import Enum
from typing import Final

_MOST: Final = Decimal(10) ** 12
_TYPED: Final = re.compile(r"(\d{1,12})(?:[.,](\d+))?")
"""450.50 or, as half of Europe writes, 450,50. No marks for thousands: nobody could tell 1,200 from 1.20."""

# Source: ISO 4217, list one (minor units); all others have two.
_PLACES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    """In the smallest unit of the currency."""
    currency: str
    """ISO 4217, e.g. EUR."""

    def __str__(self) -> str:
        places = decimals(self.currency)
        return f"{Decimal(self.minor).scaleb(-places):.{places}f} {self.currency}"


class NoPrice(Enum):
    """Said in place of a price: the one that is there is taken away."""

    UNPRICED = "unpriced"


def decimals(currency: str) -> int:
    """How many digits stand behind the point."""
    return next((places for places, codes in _PLACES.items() if currency in codes.split()), 2)


def in_units(sum_: Money) -> float:
    """As most services take it: 450.5."""
    return float(Decimal(sum_.minor).scaleb(-decimals(sum_.currency)))


def money(amount: object, currency: str) -> Money:
    """An amount as others write it, as a number or as text, rounded to the coin.

    Raises:
        ValueError: that is no amount, or no currency.
    """
    code = currency.strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise ValueError("a currency has three letters")
    try:
        exact = Decimal(str(amount).strip())  # the shortest text of a float is what was written
    except InvalidOperation as error:
        raise ValueError("an amount is a number") from error
    if not exact.is_finite() or abs(exact) > _MOST:
        raise ValueError("an amount is a number that somebody could pay")
    places = decimals(code)
    return Money(int(exact.scaleb(places).to_integral_value(ROUND_HALF_EVEN)), code)


def typed_amount(text: str, currency: str) -> Money:
    """An amount as people type it, to the coin and not below.

    Raises:
        ValueError: with what would be right, e.g. `must be written like 450.50`.
    """
    read, places = _TYPED.fullmatch(text.strip()), decimals(currency)
    if read is None or len(read[2] or "") > places:
        raise ValueError("must be written like 450.50" if places else "must be written like 450")
    return money(f"{read[1]}.{read[2] or 0}", currency)
