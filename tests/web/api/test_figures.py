"""`/figures`, and the same for machines that watch."""

from __future__ import annotations

from datetime import timedelta

from hub.model.values import LockId
from hub.store import doors, figures
from hub.store.engine import Tx
from tests.web.api.conftest import NOW, Api
from tests.web.api.test_probes import fetch

FRONT = LockId("front")


def _lived(tx: Tx) -> None:
    doors.learn(tx, FRONT, met_at=NOW - timedelta(days=10))
    for at in (NOW, NOW, NOW - timedelta(days=8)):
        figures.answered(tx, FRONT, at, timedelta(seconds=1))
    figures.unanswered(tx, FRONT, NOW)
    figures.was_away(tx, FRONT, NOW - timedelta(days=2), NOW - timedelta(days=1))


async def test_figures_are_told_by_lock_property_and_house(api: Api) -> None:
    await api.hub.store.write(_lived)
    told = (await api.get("/figures?days=7")).json
    assert (told["days"], told["since"]) == (7, "2026-11-15T00:00:00.000Z")
    front = next(each for each in told["locks"] if each["lock"] == "front")
    answered, prompt, codes, connected, batteries = front["figures"]
    assert {key: answered[key] for key in ("what", "good", "of", "percent", "goal", "met")} == {
        "what": "answered", "good": 2, "of": 3, "percent": 66.6, "goal": 99.0, "met": False,
    }  # fmt: skip
    assert (prompt["goal"], codes["goal"], connected["goal"], batteries["goal"]) == (95.0, 99.5, 98.0, 95.0)
    assert connected["of"] - connected["good"] == 86_400
    home = next(each for each in told["properties"] if each["property"] == front["property"])
    assert [each["what"] for each in home["figures"]] == [*(each["what"] for each in front["figures"]), "welcomed"]
    assert [each["what"] for each in told["bookings"]["figures"]] == ["stages", "syncs"]
    assert (told["bookings"]["sold_twice"], home["bookings"]["asked_for"]) == (0, 0)
    assert set(told["code_delay"]) == {"of", "p50_s", "p95_s"}
    assert front["latency"] == told["latency"] == {"of": 2, "p50_ms": 1000, "p95_ms": 1000}
    month = (await api.get("/figures")).json
    assert (month["days"], month["figures"][0]["of"]) == (30, 4)


async def test_other_spans_are_refused(api: Api) -> None:
    assert (await api.get("/figures?days=8")).status == 422


async def test_metrics_tell_the_same_shares(api: Api) -> None:
    await api.hub.store.write(_lived)
    _, text = await fetch(api, "/metrics")
    assert 'gatehouse_lock_good_ratio{lock="front",what="answered"} 0.75' in text
    assert 'gatehouse_lock_good_ratio{lock="front",what="connected"} 0.9' in text
    assert 'gatehouse_lock_goal_ratio{what="codes"} 0.995' in text
    assert 'gatehouse_good_ratio{what="connected"}' in text
    assert 'gatehouse_lock_latency_seconds{lock="front",quantile="0.95"} 1.0' in text
    assert 'gatehouse_bookings{what="sold_twice"} 0.0' in text
