"""A price as Guesty has it: the fare of the nights, a cleaning fee, and items of an invoice (ruling C22).

Source: Open API reference, “Create a Reservation Without a Quote” (`accommodationFare`, `cleaningFee`: both not below 0) and
“Create Invoice Item” (`POST /invoice-items/reservation/{reservationId}`: `title`, `amount`, `normalType`; of an `AFE`
`secondIdentifier`, too).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.contracts.fields import Fields
from hub.model.money import Money, in_units
from hub.model.price_lines import LineKind, PriceLine

_NORMAL: Final = {
    LineKind.TAX: {"normalType": "TAX"},
    LineKind.SERVICE: {"normalType": "AFE", "secondIdentifier": "SERVICE"},
    LineKind.OTHER: {"normalType": "AFE", "secondIdentifier": "MISCELLANEOUS"},
}


@dataclass(frozen=True, slots=True)
class Fares:
    fare: Money
    """What is no fee: of the nights, less what takes from the price, and what nobody itemised."""
    cleaning: Money | None
    """None: nobody said what the price is made of, and Guesty's own is not touched."""
    items: tuple[PriceLine, ...]

    @property
    def told(self) -> dict[str, float]:
        """Of the request that makes the reservation."""
        fees = {} if self.cleaning is None else {"cleaningFee": in_units(self.cleaning)}
        return {"accommodationFare": in_units(self.fare), **fees}

    def item(self, line: PriceLine) -> dict[str, Any]:
        amount = in_units(Money(line.minor, self.fare.currency))
        return {"title": _title(line), "amount": amount, **_NORMAL[line.kind]}

    def lacking(self, known: Fields) -> Sequence[PriceLine] | None:
        """Those items that a reservation of Guesty's does not have; None: it does not say, or has another fare."""
        currency = self.fare.currency
        if not isinstance(known.there("money.invoiceItems"), list):
            return None
        there = [
            (each.text("normalType"), each.text("title"), each.money("amount", currency))
            for each in known.each("money.invoiceItems")
        ]
        if self.fare not in [cost for kind, _, cost in there if kind == "AF"]:
            return None
        had = [(title, cost) for _, title, cost in there]
        lacks = []
        for line in self.items:  # two alike are two
            one = (_title(line), Money(line.minor, currency))
            if one in had:
                had.remove(one)
            else:
                lacks.append(line)
        return lacks


def parted(total: Money, lines: Sequence[PriceLine], *, whole: bool) -> Fares:
    """
    Args:
        whole: the plan's mapping (R569): all of it is the fare.
    """
    cleaning = sum(line.minor for line in lines if line.kind is LineKind.CLEANING)
    items = tuple(line for line in lines if line.kind in _NORMAL and line.minor > 0)
    fare = total.minor - cleaning - sum(line.minor for line in items)
    if whole or not lines or fare < 0 or cleaning < 0:
        return Fares(total, None, ())
    return Fares(Money(fare, total.currency), Money(cleaning, total.currency), items)


def _title(line: PriceLine) -> str:
    return line.label or line.kind.value.capitalize()
