"""What a guest pays for a stay that was made here: typed, shown, changed, and refused where nobody could tell what is meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hub.intake import NewStay
from hub.model.money import Money
from hub.model.values import StayId, UnitId
from hub.store import stays
from tests.web.conftest import Visitor
from web.forms import read
from web.prices import Priced, price_in, typed

NEW = {
    "kind": "reservation",
    "guest": "Hedy Lamarr",
    "unit": "garden",
    "arrival": "2027-02-01",
    "departure": "2027-02-04",
}


async def _total(manager: Visitor, id_: str) -> Money | None:
    row = await manager.here.hub.store.read(lambda tx: stays.stay(tx, StayId(id_)))
    assert row is not None
    return row.total


async def test_a_price_is_typed_shown_and_changed(manager: Visitor) -> None:
    answer = await manager.post("/stays/new", **NEW, price="450,50", currency="eur")
    assert answer.status == 303, answer.text
    id_ = answer.headers["Location"].split("/")[2].partition("?")[0]
    assert await _total(manager, id_) == Money(45_050, "EUR")
    assert "Price 450.50 EUR" in (await manager.get(f"/stays/{id_}")).text
    form = await manager.get(f"/stays/{id_}/change")
    assert 'value="450.50"' in form.html
    assert (
        await manager.post(f"/stays/{id_}/change", departure="2027-02-05", price="500", currency="EUR")
    ).status == 303
    assert await _total(manager, id_) == Money(50_000, "EUR")
    assert (await manager.post(f"/stays/{id_}/change", departure="2027-02-06")).status == 303
    assert await _total(manager, id_) == Money(50_000, "EUR"), "what is left out stays"
    change = f"/stays/{id_}/change"
    days = {"departure": "2027-02-06", "currency": "EUR"}
    made_of = {"lines": "Accommodation 450\r\nFinal cleaning 55,50\r\ndiscount: Weekly -20"}
    wrong = await manager.post(change, **days, lines="Final cleaning")
    assert "What the price is made of has lines like “Final cleaning 50.00”, unlike “Final cleaning”." in wrong.text
    assert (await manager.post(change, **days, price="", **made_of)).status == 303
    assert await _total(manager, id_) == Money(48_550, "EUR"), "without a price, it is the sum"
    page = (await manager.get(f"/stays/{id_}")).text
    items = "accommodation: 450.00 EUR cleaning (Final cleaning): 55.50 EUR discount (Weekly): -20.00 EUR"
    assert f"485.50 EUR {items} " in page
    assert "not itemised" not in page
    form = await manager.get(change)
    assert "accommodation: 450.00\ncleaning: Final cleaning 55.50\ndiscount: Weekly -20.00" in form.html
    assert (await manager.post(change, **days, price="485.50", lines="")).status == 303
    assert items not in (await manager.get(f"/stays/{id_}")).text, "an emptied field says that nobody itemises it"
    assert 'value="EUR"' in (await manager.get("/stays/new")).html, "the next one is most likely in the same currency"


async def test_a_price_that_could_mean_two_things_is_asked_about_at_its_field(manager: Visitor) -> None:
    for price, currency, said in (
        ("450", "", "Say in which currency"),
        ("1,200", "EUR", "The price must be written like 450.50."),
        ("a lot", "EUR", "The price must be written like 450.50."),
        ("-5", "EUR", "The price must be written like 450.50."),
        ("450.5", "JPY", "The price must be written like 450."),
        ("450", "EURO", "The currency has three letters"),
    ):
        answer = await manager.post("/stays/new", **NEW, price=price, currency=currency)
        assert answer.status == 422, price
        assert said in answer.text, price


async def test_an_emptied_price_is_taken_away_and_days_alone_leave_it(manager: Visitor) -> None:
    dates = {"arrival": "2026-12-01", "departure": "2026-12-03"}
    added = await manager.post("/stays/new", guest="Ada", unit="studio", price="450.50", currency="EUR", **dates)
    stay = added.headers["Location"]
    kept = await manager.post(f"{stay}/change", departure="2026-12-04", price="450.50", currency="EUR")
    assert kept.status == 303
    assert "Price 450.50 EUR" in (await manager.get(stay)).text
    assert (await manager.post(f"{stay}/change", departure="2026-12-04", price="", currency="EUR")).status == 303
    after = (await manager.get(stay)).text
    assert "Price 450.50 EUR" not in after
    assert "No price any more, was 450.50 EUR" in after


async def test_a_channel_s_stay_has_its_price_from_there(manager: Visitor) -> None:
    form = await manager.get(f"/stays/{manager.here.stays['Anna Berg']}/change")
    assert 'name="price"' not in form.html


@pytest.mark.parametrize(("text", "minor", "currency"), [("0", 0, "EUR"), ("7.5", 750, "EUR"), ("1,200", 1200, "BHD"),
                                                        ("1200", 1200, "JPY")])  # fmt: skip
def test_an_amount_has_as_many_places_as_its_currency(text: str, minor: int, currency: str) -> None:
    form, price = price_in(read(Priced, {"price": text, "currency": currency}))
    assert form.value is not None
    assert price.total == Money(minor, currency)
    assert price_in(read(Priced, typed(price)))[1] == price


def test_a_stay_without_a_price_has_none() -> None:
    assert price_in(read(Priced, {"price": "", "currency": "EUR"}))[1].total is None
    assert NewStay(UnitId("a"), date(2027, 1, 1), date(2027, 1, 2), "Ada").total is None


async def test_what_a_guest_asked_for_stands_on_the_stay_s_page(manager: Visitor) -> None:
    id_ = manager.here.stays["Anna Berg"]
    store = manager.here.hub.store
    row = await store.read(lambda tx: stays.stay(tx, id_))
    assert row is not None
    await store.write(lambda tx: stays.keep(tx, replace(row, special_requests="A cot <please>.\nLate dinner.")))
    assert "Special requests A cot <please>. Late dinner." in (await manager.get(f"/stays/{id_}")).text
