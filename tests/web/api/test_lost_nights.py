"""`/lost-nights`: what the time between two stays costs, by unit and month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.bookings import set_rules
from hub.intake import NewStay
from hub.model.availability import OwnRules
from hub.model.values import UnitId
from hub.store.engine import Tx
from tests.web.api.conftest import Api

FLAT = UnitId("flat-1")


async def test_each_month_says_what_is_lost_beside_what_is_booked(api: Api) -> None:
    hub = api.hub

    def book(tx: Tx) -> None:
        set_rules(tx, hub.desk, None, FLAT, OwnRules(buffer=timedelta(hours=28)), "account:Robin")
        for day in (5, 10):  # one night between them
            new = NewStay(FLAT, date(2028, 3, day), date(2028, 3, day + 4), "Ada Lovelace")
            hub.intake.add_stay(tx, new, "account:Robin")

    await hub.store.write(book)
    told = (await api.get(f"/lost-nights?first=2028-03-17&months=2&unit={FLAT}")).json
    march = {"month": "2028-03", "nights": 31, "booked": 8, "shut": 0, "lost": 3, "percent": 9.6}
    april = {"month": "2028-04", "nights": 30, "booked": 0, "shut": 0, "lost": 0, "percent": 0.0}
    assert told == {"items": [{"unit": FLAT, "months": [march, april]}]}
    (everywhere,) = (await api.get("/lost-nights?first=2028-03-17")).json["items"]
    assert len(everywhere["months"]) == 3


@pytest.mark.parametrize("query", ["first=2028-03-01&months=25", "months=2", "first=9999-12-01"])
async def test_months_that_no_calendar_has_are_refused(api: Api, query: str) -> None:
    assert (await api.get(f"/lost-nights?{query}")).status in (409, 422)
