"""What platforms are told and have heard, over the API."""

from __future__ import annotations

from datetime import date, timedelta

from hub import feeds, publishing
from hub.model.facts import CalendarRead, StayReport
from hub.model.people import Scope
from hub.model.values import ChannelId, StayKind, StayStatus, UnitId
from hub.store import publishing as rows
from hub.store.engine import Tx
from tests.web.api.conftest import Api

CHANNEL, FLAT = ChannelId("airbnb-1"), UnitId("flat-1")
HERE = f"/channels/{CHANNEL}"


def _hand_out(tx: Tx, api: Api) -> None:
    outlet = rows.outlet(tx, CHANNEL, FLAT)
    assert outlet is not None
    now = api.clock.now()
    publishing.fetched(tx, publishing.hand_out(tx, outlet, api.clock, now), "Airbnb/1.0", now)


async def test_which_channels_know_of_a_stay_is_told_for_each(api: Api) -> None:
    told = (await api.get(f"/stays/{api.stay}/known")).json["channels"]
    assert {"channel", "known", "how", "published_at", "confirmed_at", "why"} == told[0].keys()
    assert {each["known"] for each in told} <= {"source", "untold"}
    assert (await api.get("/stays/nobody/known")).status == 404


async def test_a_link_is_made_and_its_fetch_confirms_what_is_published(api: Api) -> None:
    assert (await api.get(f"{HERE}/sync")).json["untold"] == [FLAT]
    made = (await api.post(f"{HERE}/units/{FLAT}/link", {})).json
    assert made["path"].startswith(feeds.PATH)
    assert (await api.post(f"{HERE}/units/{FLAT}/link", {})).json == made
    (told,) = (await api.get(f"{HERE}/sync")).json["told"]
    assert (told["heard"], told["confirmed_at"], told["has_link"]) == ("waiting", None, True)
    await api.hub.store.write(lambda tx: _hand_out(tx, api))
    (told,) = (await api.get(f"{HERE}/sync")).json["told"]
    assert (told["heard"], told["confirmed_how"], told["asked_by"]) == ("confirmed", "fetched", "Airbnb/1.0")
    went = (await api.get(f"{HERE}/sync")).json
    assert (len(went["days"]), went["days"][-1]["tries"], went["days"][-1]["tries_well"]) == (30, 1, 1)
    assert (went["errors"], went["took"]) == ([], {"of": 0, "half_s": None, "most_s": None})
    assert (await api.post(f"{HERE}/units/{FLAT}/link", {"anew": True})).json["path"] != made["path"]
    lines = (await api.get(f"{HERE}/log?limit=1")).json
    assert lines["items"][0]["what"].startswith("fetched by the platform")
    (next_line,) = (await api.get(f"{HERE}/log?limit=1&cursor={lines['next']}")).json["items"]
    assert next_line["what"].startswith("published")
    assert (await api.ask("DELETE", f"{HERE}/units/{FLAT}/link")).json["told"] == []
    assert (await api.ask("DELETE", f"{HERE}/units/{FLAT}/link")).status == 409


async def test_a_persons_word_settles_what_waits(api: Api) -> None:
    await api.post(f"{HERE}/units/{FLAT}/link", {})
    told = (await api.post(f"{HERE}/units/{FLAT}/confirm")).json["told"][0]
    assert (told["heard"], told["confirmed_how"]) == ("confirmed", "said")
    report = StayReport(
        "x", StayKind.RESERVATION, StayStatus.CONFIRMED, date(2026, 12, 22), date(2026, 12, 24), guest="Bob"
    )
    for reports in ((report,), ()):
        fact = CalendarRead(CHANNEL, api.clock.now(), reports)
        await api.hub.store.write(lambda tx, fact=fact: api.hub.intake.absorb(tx, fact, CHANNEL))  # type: ignore[misc]
        api.clock.at += timedelta(minutes=3)
    (one,) = (await api.get(f"{HERE}/sync")).json["differences"]
    assert one["doubt"] == "not_listed"
    told = (await api.post(f"{HERE}/differences", {"stay": one["stay"], "accept": True})).json
    assert told["differences"] == []
    assert (await api.get(f"/stays/{one['stay']}")).json["status"] == "cancelled"
    assert (await api.post(f"{HERE}/differences", {"stay": one["stay"], "accept": True})).status == 409


async def test_what_is_not_there_is_missing(api: Api) -> None:
    for path in ("/channels/nobody/sync", "/channels/nobody/log"):
        assert (await api.get(path)).status == 404
    assert (await api.post("/channels/nobody/units/flat-1/link", {})).status == 409
    assert (await api.post(f"{HERE}/units/attic/link", {})).status == 409
    assert (await api.post("/channels/nobody/differences", {"stay": "x", "accept": True})).status == 404


async def test_all_channels_and_those_of_one_stay_are_asked_and_their_logs_say_so(api: Api) -> None:
    told = await api.post("/sync", key="a-key-of-its-own")
    assert told.status == 202
    (asked,) = [each for each in told.json["asked"] if each["channel"] == CHANNEL]
    assert (asked["read"], asked["why"]) == (True, "")
    assert (await api.get(f"{HERE}/log?limit=1")).json["items"][0]["what"] == "reading asked for"
    assert (await api.post("/sync", key="a-key-of-its-own")).json == told.json
    assert len((await api.get(f"{HERE}/log")).json["items"]) == 1, "asked once"
    assert (await api.post(f"/sync?channel={CHANNEL}&kind=block&first=2026-11-01")).json == {"asked": []}
    (asked,) = (await api.post(f"/sync?channel={CHANNEL}")).json["asked"]
    assert asked["channel"] == CHANNEL
    for wrong, status in (("channel=nobody", 409), ("kind=all", 422), ("first=now", 422)):
        assert (await api.post(f"/sync?{wrong}")).status == status
    assert (await api.post("/sync?first=2026-11-02&last=2026-11-01")).status == 409
    told = await api.post(f"/stays/{api.stay}/sync")
    assert told.status == 202
    assert (await api.post("/stays/nobody/sync")).status == 404
    assert (await api.post("/sync", token=await api.token_with(Scope.READ))).status == 403
