"""What may be booked, over the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.model.values import UnitId
from hub.store import house
from hub.store.engine import Tx
from tests.web.api.conftest import Api

STAY = {"unit": "flat-1", "arrival": "2026-12-01", "departure": "2026-12-03", "guest": "Grace Hopper"}


async def _against(api: Api, arrival: str, departure: str, **more: Any) -> list[tuple[str, bool]]:
    asked = "&".join(f"{name}={value}" for name, value in {"arrival": arrival, "departure": departure, **more}.items())
    [told] = (await api.get(f"/availability?{asked}")).json["items"]
    assert told["free"] is (told["against"] == [])
    return [(each["reason"], each["hard"]) for each in told["against"]]


async def test_a_unit_says_why_it_is_not_free(api: Api) -> None:
    await api.post("/stays", STAY)
    await api.post("/properties/sea/booking-rules", {"capacity": 2, "pets": False})
    assert await _against(api, "2026-12-05", "2026-12-06") == []
    assert await _against(api, "2026-12-02", "2026-12-06", guests=3, pets=1) == [
        ("capacity", False), ("pets", False), ("booked", True),
    ]  # fmt: skip
    assert await _against(api, "2026-12-03", "2026-12-06") == [("buffer", False)]
    assert (await api.get("/availability?arrival=2026-12-05&departure=2026-12-06&unit=nowhere")).json == {"items": []}


async def test_days_that_no_calendar_reaches_are_refused(api: Api) -> None:
    for first, last in (("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31"), ("0001-01-01", "9999-12-31")):
        assert (await api.get(f"/availability?arrival={first}&departure={last}")).status == 409
        assert (await api.get(f"/calendar?first={first}")).status == 409
        nights = {"unit": "flat-1", "arrival": first, "departure": last}
        assert (await api.post("/holds", nights)).status == 409
        assert (await api.post("/stays", nights | {"guest": "Ada", "anyway": True})).status == 409
        assert (await api.post("/units/flat-1/closures", {"first": first, "until": last})).status == 409
    assert (await api.get("/closures?past=true")).status == 200


async def test_a_stay_against_the_rules_is_refused_with_its_reasons_and_taken_anyway(api: Api) -> None:
    await api.post("/stays", STAY)
    next_day = STAY | {"arrival": "2026-12-03", "departure": "2026-12-05"}
    refused = await api.post("/stays", next_day)
    assert (refused.status, [each["field"] for each in refused.json["faults"]]) == (409, ["buffer"])
    assert "12 h" in refused.json["detail"]
    assert (await api.post("/stays", next_day | {"anyway": True})).status == 201
    twice = await api.post("/stays", next_day | {"anyway": True})
    assert (twice.status, [each["field"] for each in twice.json["faults"]]) == (409, ["booked", "buffer"])


async def test_rules_of_a_unit_are_over_those_of_its_property(api: Api) -> None:
    told = (await api.post("/properties/sea/booking-rules", {"buffer_min": 120, "turnover": ["Sat"]})).json
    assert told["counts"]["same_day_turnover"] is True
    assert told["own"]["min_nights"] is None
    assert (told["counts"]["no_show"], told["counts"]["no_show_after_min"]) == ("note", 1440)
    missed = {"no_show": "free", "no_show_after_min": 360}
    told = (await api.post("/units/flat-1/booking-rules", {"turnover": [], "min_nights": 2, **missed})).json
    assert (told["own"]["no_show"], told["counts"]["no_show_after_min"]) == ("free", 360)
    assert (told["counts"]["buffer_min"], told["counts"]["turnover"], told["counts"]["min_nights"]) == (120, [], 2)
    assert (await api.get("/units/flat-1/booking-rules")).json == told
    assert (await api.post("/units/flat-1/booking-rules", {"min_nights": 400})).status == 409
    assert (await api.post("/units/nowhere/booking-rules", {})).status == 404
    assert (await api.get("/properties/nowhere/booking-rules")).status == 404


async def test_days_are_closed_and_opened_again(api: Api) -> None:
    body = {"kind": "maintenance", "first": "2026-12-02", "until": "2026-12-04", "note": "painter"}
    made = await api.post("/units/flat-1/closures", body)
    assert made.status == 201
    assert [each["id"] for each in (await api.get("/closures?unit=flat-1")).json["items"]] == [made.json["id"]]
    [told] = (await api.get("/calendar?first=2026-12-01&days=4")).json["items"]
    assert told == {"unit": "flat-1", "nights": [0, 8, 8, 0]}
    assert (await api.ask("DELETE", f"/closures/{made.json['id']}")).status == 200
    assert (await api.ask("DELETE", f"/closures/{made.json['id']}")).status == 404
    assert (await api.post("/units/flat-1/closures", body | {"until": "2026-12-02"})).status == 409


async def test_held_nights_are_nobody_elses_until_they_become_a_stay(api: Api) -> None:
    nights = {name: STAY[name] for name in ("unit", "arrival", "departure")}
    held = await api.post("/holds", nights | {"label": "Grace", "minutes": 30})
    assert held.status == 201
    assert (await api.post("/holds", nights | {"anyway": True})).json["faults"][0]["field"] == "held"
    assert (await api.post("/stays", STAY | {"anyway": True})).status == 409
    assert len((await api.get("/holds")).json["items"]) == 1
    for asked in ("text=GRACE", "kind=hold", "unit=flat-1&since=2026-12-02T12:00:00Z", "property=sea"):
        assert [each["id"] for each in (await api.get(f"/stays?{asked}")).json["holds"]] == [held.json["id"]], asked
    for asked in ("text=ada", "kind=owner", "status=confirmed", "unit=flat-2", "until=2026-12-01T00:00:00Z"):
        assert (await api.get(f"/stays?{asked}")).json["holds"] == [], asked
    assert (await api.get("/stays?kind=hold")).json["items"] == []
    assert (await api.post("/stays", STAY | {"hold": held.json["id"]})).status == 201
    assert (await api.get("/holds")).json["items"] == []
    assert (await api.ask("DELETE", f"/holds/{held.json['id']}")).status == 409


async def test_a_party_takes_several_units_or_none_and_moves_and_leaves_together(api: Api) -> None:
    def furnish(tx: Tx) -> None:
        flat = house.unit_with(tx, UnitId("flat-1"))
        assert flat is not None
        house.keep_unit(tx, replace(flat, id=UnitId("flat-2"), name="Flat 2", locks=()))

    await api.hub.store.write(furnish)
    party = STAY | {"guests": 2, "price": {"minor": 20000, "currency": "EUR"}}
    refused = await api.post("/stay-groups", party | {"also": [{"unit": "nowhere"}]})
    assert (refused.status, refused.json["detail"]) == (409, "nowhere: there is no unit called “nowhere”")
    assert await _against(api, "2026-12-01", "2026-12-03", unit="flat-1") == []
    also = [{"unit": "flat-2", "guests": 3, "price": {"minor": 100, "currency": "CHF"}}]
    answer = await api.post("/stay-groups", party | {"also": also})
    assert answer.status == 201, answer.json
    made = answer.json
    assert [each["unit"] for each in made["stays"]] == ["flat-1", "flat-2"]
    assert (made["units"], made["guests"], made["unpriced"]) == (2, 5, 0)
    assert made["prices"] == [{"minor": 100, "currency": "CHF"}, {"minor": 20000, "currency": "EUR"}]
    assert made["reference"] == made["stays"][1]["reference"] != ""
    taken = await api.post("/stay-groups", party | {"also": also})
    assert [each["field"] for each in taken.json["faults"]] == ["booked", "booked"]
    [one, other] = [each["id"] for each in made["stays"]]
    assert (await api.get(f"/stays/{other}/group")).json == made
    found = (await api.get(f"/stays?text={made['reference']}")).json["items"]
    assert {each["id"] for each in found} == {one, other}

    alone = (await api.post(f"/stays/{other}/change", {"reference": ""})).json
    assert (alone["reference"], (await api.get(f"/stays/{one}/group")).json["units"]) == ("", 1)
    assert (await api.post(f"/stays/{other}/change", {"reference": made["reference"]})).status == 200

    moved = (await api.post(f"/stays/{other}/group/change", {"departure": "2026-12-04", "stays": [one, other]})).json
    assert [each["departure"] for each in moved["stays"]] == ["2026-12-04", "2026-12-04"]
    assert (await api.post(f"/stays/{other}/group/cancel", {"stays": [one]})).status == 409
    gone = (await api.post(f"/stays/{other}/group/cancel", {})).json
    assert (gone["units"], gone["cancelled"]) == (0, 2)
    back = (await api.post(f"/stays/{other}/group/restore", {})).json
    assert [each["status"] for each in back["stays"]] == ["confirmed", "confirmed"]
    assert (await api.get("/stays/nobody/group")).status == 404


async def test_rules_say_what_is_given_back_and_a_cancellation_asks_for_it(api: Api) -> None:
    steps = [{"days": 30, "percent": 100}, {"days": 1, "percent": 50}]
    told = (await api.post("/properties/sea/booking-rules", {"refunds": steps[::-1], "refund_fee": 29})).json
    assert (told["own"]["refunds"], told["counts"]["refunds"], told["counts"]["refund_fee"]) == (steps, steps, 29)
    worse = await api.post("/properties/sea/booking-rules", {"refunds": [*steps, {"days": 0, "percent": 80}]})
    assert (worse.status, "no more to whoever cancels later" in worse.json["detail"]) == (409, True)
    priced = STAY | {"price": {"minor": 10_000, "currency": "EUR"}}
    for query, words in (("", "48.55 EUR of 100.00 EUR"), ("?in_full=true", "all of 100.00 EUR")):
        stay = (await api.post("/stays", priced)).json
        assert (await api.post(f"/stays/{stay['id']}/cancel{query}")).status == 200
        [asked] = [each for each in (await api.get("/questions")).json["items"] if each["subject"] == stay["id"]]
        assert words in asked["sentence"]
        await api.post(f"/questions/{asked['id']}/answer", {"value": "done"})
        assert (await api.get(f"/stays/{stay['id']}/workflow")).json["stage"] == "refunded"
