"""What managers of channels tell of a price beyond the usual: discounts, taxes, currencies, and no price at all."""

from __future__ import annotations

from typing import Any

import pytest

from hub.contracts.fields import Fields
from hub.model.money import Money
from hub.model.price_lines import LineKind
from integrations.hospitable.account import price_told as hospitable
from integrations.lodgify.account import parts_told as lodgify


def test_lodgifys_promotions_take_from_the_price_and_make_the_sum_of_its_parts_the_total() -> None:
    told = {"stay": 1267.0, "promotions": -63.35, "fees": 115.0, "addons": 0, "taxes": "12.5", "vat": None}
    lines = lodgify(Fields({"subtotals": told}), "EUR")
    assert [(line.kind, line.minor) for line in lines if line.minor] == [
        (LineKind.ACCOMMODATION, 126_700),
        (LineKind.DISCOUNT, -6_335),
        (LineKind.SERVICE, 11_500),
        (LineKind.TAX, 1_250),
    ]
    assert lodgify(Fields({}), "EUR") == []


def test_hospitables_discounts_take_from_the_price_whatever_their_sign() -> None:
    def item(amount: object, label: str, category: str) -> dict[str, Any]:
        return {"amount": amount, "label": label, "category": category}

    guest = {
        "accommodation": item(30_000, "Accommodation", "Accommodation"),
        "fees": [item(4_000, "Guest Service Fee", "Service fees"), item("much", "Odd", "Guest fees")],
        "discounts": [item(1_000, "Weekly", "Discounts"), item(-500, "Coupon", "Discounts")],
        "taxes": [item(700, "Lodging taxes", "Taxes")],
        "adjustments": [item(-9_000, "Resolution Adjustment", "Total payouts")],
        "total_price": item(33_200, "Guest Total Price", "Guest total price"),
    }
    odd: list[str] = []
    price = hospitable(Fields({"currency": "usd", "guest": guest}, odd))
    assert price.total == Money(33_200, "USD")
    assert [(line.kind, line.minor) for line in price.lines] == [
        (LineKind.ACCOMMODATION, 30_000),
        (LineKind.SERVICE, 4_000),
        (LineKind.DISCOUNT, -1_000),
        (LineKind.DISCOUNT, -500),
        (LineKind.TAX, 700),
    ]
    assert price.rest == 0
    assert odd, "what is no amount is said"


@pytest.mark.parametrize("told", [{}, {"guest": {"total_price": {"amount": 5}}}, {"currency": "EUR", "guest": None}])
def test_hospitable_without_financials_tells_no_price(told: dict[str, Any]) -> None:
    assert hospitable(Fields(told)).total is None
