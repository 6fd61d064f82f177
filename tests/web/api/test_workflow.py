"""Sold twice, and the stages of a stay, over the API."""

from __future__ import annotations

from datetime import date

from hub.model.facts import StayReport, StayReported
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
