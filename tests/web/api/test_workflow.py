"""Sold twice, and the stages of a stay, over the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hub import workflow
from hub.model.facts import StayReport, StayReported
from hub.model.money import Money
from hub.model.price_lines import LineKind, PriceLine
from hub.model.values import ChannelId, StayKind, StayStatus
from tests.web.api.conftest import Api


async def test_a_stay_is_moved_on_by_a_persons_word(api: Api) -> None:
    told = (await api.get(f"/stays/{api.stay}/workflow")).json
    assert (told["stage"], "checked_in" in told["may_become"]) == ("confirmed", True)
    assert [step["before"] for step in told["history"]] == [None]
    told = (await api.post(f"/stays/{api.stay}/workflow", {"stage": "checked_in", "why": "seen"})).json
    assert (told["stage"], told["history"][-1]["why"]) == ("checked_in", "seen")
    assert (await api.post(f"/stays/{api.stay}/workflow", {"stage": "refunded"})).status == 409
    assert (await api.get("/stays/nobody/workflow")).status == 404


async def test_what_stays_did_by_themselves_is_told_page_by_page(api: Api) -> None:
    assert (await api.get("/workflow/by-itself")).json == {"items": [], "next": None}
    stay = (await api.get(f"/stays/{api.stay}")).json
    api.clock.at = datetime.fromisoformat(stay["check_in"]) - timedelta(hours=1)
    await api.hub.store.write(lambda tx: workflow.tick(tx, api.hub.desk))
    await api.post(f"/stays/{api.stay}/workflow", {"stage": "checked_in"})
    api.clock.at = datetime.fromisoformat(stay["check_out"])
    await api.hub.store.write(lambda tx: workflow.tick(tx, api.hub.desk))
    first = (await api.get("/workflow/by-itself?limit=1")).json
    assert [(each["stay"], each["after"], each["why"]) for each in first["items"]] == [
        (api.stay, "checked_out", "the stay is over")
    ]
    rest = (await api.get(f"/workflow/by-itself?cursor={first['next']}")).json
    assert [(each["before"], each["after"]) for each in rest["items"]] == [("confirmed", "pre_arrival")]
    assert (await api.get("/workflow/by-itself?cursor=x")).status == 422


async def test_a_closed_unit_is_said_before_a_stay_comes_back(api: Api) -> None:
    stay = (await api.get(f"/stays/{api.stay}")).json
    assert (await api.post(f"/stays/{api.stay}/cancel", {})).status == 200
    shut = {"kind": "blackout", "first": stay["arrival"], "until": stay["departure"]}
    assert (await api.post(f"/units/{stay['unit']}/closures", shut)).status == 201
    refused = await api.post(f"/stays/{api.stay}/restore")
    assert (refused.status, refused.json["faults"][0]["field"]) == (409, "blackout")
    assert (await api.post(f"/stays/{api.stay}/restore?anyway=true")).json["status"] == "confirmed"


async def test_the_nights_of_who_left_early_are_sold_again_and_then_nobody_is_back_inside(api: Api) -> None:
    stay = (await api.get(f"/stays/{api.stay}")).json
    api.clock.at = datetime.fromisoformat(stay["check_in"]) + timedelta(hours=1)
    for stage in ("checked_in", "checked_out"):
        assert (await api.post(f"/stays/{api.stay}/workflow", {"stage": stage})).status == 200
    last = date.fromisoformat(stay["departure"])
    days = {"arrival": (last - timedelta(days=1)).isoformat(), "departure": last.isoformat()}
    new = {"unit": stay["unit"], **days, "guest": "Second Guest", "anyway": True}
    assert (await api.post("/stays", new)).status == 201
    refused = await api.post(f"/stays/{api.stay}/workflow", {"stage": "checked_in"})
    assert (refused.status, "cannot be inside again" in refused.json["detail"]) == (409, True)


async def test_nights_that_were_sold_twice_are_told_and_shared(api: Api) -> None:
    assert (await api.get("/conflicts")).json == {"items": []}
    report = StayReport(
        "x", StayKind.RESERVATION, StayStatus.CONFIRMED, date(2026, 11, 22), date(2026, 11, 24), guest="Bob"
    )
    channel = ChannelId("airbnb-1")
    fact = StayReported(channel, api.clock.now(), report)
    await api.hub.store.write(lambda tx: api.hub.intake.absorb(tx, fact, channel))
    [clash] = (await api.get("/conflicts")).json["items"]
    assert (clash["first"]["stay"], clash["second"]["guest"], clash["second_has_code"]) == (api.stay, "Bob", False)
    second = clash["second"]["stay"]
    assert (await api.get(f"/stays/{second}")).json["codes"]["doors"] == 0
    assert (await api.post(f"/stays/{second}/move", {"unit": "flat-1"})).status == 409
    assert (await api.post(f"/stays/{second}/move", {"unit": "nowhere"})).status == 409
    assert (await api.post(f"/stays/{second}/share", {"other": api.stay})).json["codes"]["doors"] == 2
    assert (await api.get("/conflicts")).json == {"items": []}


async def test_what_a_channel_changed_of_a_stay_is_told_with_what_it_was(api: Api) -> None:
    channel = ChannelId("airbnb-1")
    kind, status = StayKind.RESERVATION, StayStatus.CONFIRMED
    report = StayReport("x", kind, status, date(2026, 12, 3), date(2026, 12, 7), guest="Bob", guests=4, phone="+49 1")
    nights, clean = PriceLine(LineKind.ACCOMMODATION, 40_000, "4 nights"), PriceLine(LineKind.CLEANING, 5_000, "Final")
    report = replace(report, total=Money(45_050, "EUR"), lines=(nights,))
    for told in (
        report,
        replace(report, arrival=date(2026, 12, 4), guests=2),
        replace(report, arrival=date(2026, 12, 4), guests=2),
        replace(report, arrival=date(2026, 12, 4), guests=2, lines=(nights, clean)),
    ):
        fact = StayReported(channel, api.clock.now(), told)
        await api.hub.store.write(lambda tx, fact=fact: api.hub.intake.absorb(tx, fact, channel))  # type: ignore[misc]
    [stay] = (await api.get("/stays?text=Bob")).json["items"]
    story = (await api.get(f"/stays/{stay['id']}/history")).json
    assert (story["channel"], [each["by"] for each in story["items"]]) == ("airbnb-1", ["channel:airbnb-1"] * 2)
    made_up, deed = story["items"]
    assert made_up["changes"] == ["the same price is made up otherwise"]
    assert stay["price"]["lines"][1] == {"kind": "cleaning", "label": "Final", "minor": 5_000}
    assert (stay["price"]["minor"], stay["price"]["not_itemised"]) == (45_050, 50)
    assert deed["changes"][:2] == ["moved from 3–7 December to 4–7 December", "2 guests, were 4"]
    assert "Bob" not in str(story)
    assert "+49" not in str(story)
    assert (await api.get("/stays/nobody/history")).status == 404


async def test_stays_are_listed_by_where_they_stand(api: Api) -> None:
    async def listed(stage: str) -> list[str]:
        return [each["id"] for each in (await api.get(f"/stays?stage={stage}")).json["items"]]

    assert await listed("confirmed") == [api.stay]
    await api.post(f"/stays/{api.stay}/workflow", {"stage": "checked_in", "why": "seen"})
    assert (await listed("confirmed"), await listed("checked_in")) == ([], [api.stay])
    assert (await api.get("/stays?stage=somewhere")).status == 422


async def test_a_program_takes_away_how_many_come(api: Api) -> None:
    assert (await api.post(f"/stays/{api.stay}/change", {"guests": 3, "pets": 1})).json["guests"] == 3
    told = (await api.post(f"/stays/{api.stay}/change", {"uncounted": ["guests"]})).json
    assert (told["guests"], told["pets"]) == (None, 1)
    assert (await api.post(f"/stays/{api.stay}/change", {"uncounted": ["cats"]})).status == 422
