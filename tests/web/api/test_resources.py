from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hub.contracts import Integration
from hub.model.facts import Listing, NightsUntold
from hub.model.values import ChannelId, Part, StayStatus
from hub.store import house, listings, pushes, questions, stay_search
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.listings import Unplaced
from hub.store.pushes import Push, PushState
from hub.store.questions import Question
from tests.web.api.conftest import NOW, Api


async def test_properties_and_units_are_told_as_the_operator_described_them(api: Api) -> None:
    assert (await api.get("/properties")).json == {
        "items": [
            {
                "id": "sea", "name": "Sea View", "timezone": "Europe/Berlin", "check_in": "15:00", "check_out": "11:00",
                "code_lead_s": 3600, "digits": 6, "backups": 2, "log_days": 30, "guest_days": 730,
            }
        ],
        "next": None,
    }  # fmt: skip
    assert (await api.get("/properties/sea")).json["name"] == "Sea View"
    unit = {"id": "flat-1", "property": "sea", "name": "Flat 1", "locks": ["flat", "front"], "closed_means": "ask"}
    assert (await api.get("/units?property=sea")).json["items"] == [unit]
    assert (await api.get("/units?property=other")).json["items"] == []
    assert (await api.get("/units/flat-1")).json == unit


async def test_a_lock_says_what_is_known_of_it(api: Api) -> None:
    lock = (await api.get("/locks/front")).json
    known = {key: lock[key] for key in ("model", "secure", "slots", "position", "battery", "heard_at", "shared")}
    assert known == {
        "model": "BE469ZP", "secure": "S2 Access Control", "slots": 30, "position": "unknown", "battery": 80,
        "heard_at": "2026-11-21T12:00:00.000Z", "shared": True,
    }  # fmt: skip
    assert [each["id"] for each in (await api.get("/locks?property=sea")).json["items"]] == ["flat", "front"]


async def test_codes_are_listed_as_on_the_command_line_and_without_their_digits(api: Api) -> None:
    found = (await api.get("/codes")).json["items"]
    told = [(code["lock"], code["slot"], code["state"], code["proof"], code["holder"]) for code in found]
    assert told == [
        ("flat", None, "wanted", "none", "Ada Lovelace"),
        ("front", 1, "clearing", "read_back", "Ada Lovelace"),
        ("front", 7, "foreign", "none", ""),
    ]
    assert found[1]["valid_from"] == "2026-11-21T13:00:00.000Z"
    assert {code["pin"] for code in found} == {None}
    assert [code["lock"] for code in (await api.get("/codes?lock=flat")).json["items"]] == ["flat"]
    assert len((await api.get(f"/codes?stay={api.stay}")).json["items"]) == 2


async def test_a_code_is_set_inside_its_window(api: Api) -> None:
    api.clock.at = NOW + timedelta(hours=3)
    assert (await api.get("/codes")).json["items"][1]["state"] == "set"


async def test_the_access_log_is_told_newest_first_and_can_be_filtered(api: Api) -> None:
    events = (await api.get("/access-events?lock=front")).json["items"]
    assert [event["id"] for event in events] == [2, 1, 4, 3, 6, 5]
    assert events[0] | {"id": 0} == {
        "id": 0, "at": "2026-11-21T12:00:00.000Z", "lock": "front", "property": "sea", "what": "unlocked", "how": "keypad",
        "who": "Ada Lovelace", "slot": 1, "stay": api.stay,
    }  # fmt: skip
    for query, count in (
        ("lock=flat", 0), ("property=sea", 6), (f"stay={api.stay}", 6), ("what=locked", 0),
        ("since=2026-11-21T12:00:00Z", 2), ("until=2026-11-21T13:00:00%2B01:00", 4),
    ):  # fmt: skip
        assert len((await api.get(f"/access-events?{query}")).json["items"]) == count, query


async def test_health_is_told_in_sentences(api: Api) -> None:
    api.clock.at = NOW + timedelta(hours=3)
    health = (await api.get("/health")).json
    assert (health["summary"], health["clock_trusted"]) == ("urgent", True)
    assert "The code of Ada Lovelace is not proven in Flat." in {each["sentence"] for each in health["findings"]}


async def test_a_channel_says_when_it_was_read_and_is_read_again_when_asked(api: Api) -> None:
    await api.hub.store.write(lambda tx: ledger.channel_good(tx, ChannelId("airbnb-1"), NOW, reports=3))
    channel = (await api.get("/channels")).json["items"][0]
    assert (channel["state"], channel["good_at"], channel["reports"]) == ("good", "2026-11-21T12:00:00.000Z", 3)
    async with api.hub.bus.listen("poll:") as ear:
        answer = await api.post("/channels/airbnb-1/sync")
        assert (answer.status, await anext(ear)) == (202, frozenset({"poll:airbnb-1"}))
    await api.hub.store.write(lambda tx: ledger.channel_failed(tx, ChannelId("airbnb-1"), NOW, "it answered 500"))
    failing = (await api.get("/channels/airbnb-1")).json
    assert (failing["state"], failing["why"]) == ("failing", "it answered 500")


async def test_a_channel_that_is_off_or_only_sends_is_not_read(api: Api) -> None:
    api.hub.plugins.unplug_channel(ChannelId("airbnb-1"))
    answer = await api.post("/channels/airbnb-1/sync")
    assert (answer.status, answer.json["code"]) == (409, "refused")
    api.hub.plugins.add_channel(ChannelId("airbnb-1"), Integration())
    assert "sends by itself" in (await api.post("/channels/airbnb-1/sync")).json["detail"]
    assert (await api.post("/channels/other/sync")).status == 404


async def test_the_listings_of_an_account_are_told_and_joined_to_units(api: Api) -> None:
    account, flat = ChannelId("manager"), (await api.get("/units")).json["items"][0]["id"]

    def furnish(tx: Tx) -> None:
        house.keep_channel(tx, ChannelRow(account, None, "guesty", b"", Origin.SITE))
        listings.saw(tx, account, [Listing("L-1", "Sea view")], NOW)
        days = (date(2026, 12, 1), date(2026, 12, 4))
        listings.keep_unplaced(tx, Unplaced(account, "b-7", "L-1", *days, "confirmed", "", b"", NOW))

    await api.hub.store.write(furnish)
    told = (await api.get("/channels/manager/listings")).json
    assert told["listings"] == [{"listing": "L-1", "name": "Sea view", "unit": None, "by_site": False, "waiting": 1}]
    assert (told["waiting"][0]["booking"], told["waiting"][0]["arrival"]) == ("b-7", "2026-12-01")
    answer = await api.post("/channels/manager/listings", {"listing": "L-1", "unit": flat})
    assert (answer.status, answer.json["listings"][0]["unit"]) == (200, flat)
    assert (await api.get("/channels/manager")).json["units"] == {"L-1": flat}
    assert "another listing" in (await api.get("/channels/manager")).json["cannot"][1]
    assert (await api.get("/channels/manager")).json["unread"] == []
    failed = NightsUntold(account, NOW, "L-1", "it answers 500")
    await api.hub.store.write(lambda tx: api.hub.intake.absorb(tx, failed, account))
    assert (await api.get("/channels/manager")).json["unread"] == ["L-1"]
    refused = await api.post("/channels/manager/listings", {"listing": "L-1", "unit": "castle"})
    assert (refused.status, refused.json["code"]) == (409, "refused")
    assert (await api.get("/channels/airbnb-1/listings")).status == 404


async def test_bookings_that_name_no_unit_are_joined_to_one_as_all_others(api: Api) -> None:
    account, days = ChannelId("agency"), (date(2026, 12, 1), date(2026, 12, 4))

    def furnish(tx: Tx) -> None:
        house.keep_channel(tx, ChannelRow(account, None, "partner", b"", Origin.SITE))
        listings.keep_unplaced(tx, Unplaced(account, "b-7", "", *days, "confirmed", "", b"", NOW))

    await api.hub.store.write(furnish)
    flat = (await api.get("/units")).json["items"][0]["id"]
    answer = await api.post("/channels/agency/listings", {"listing": "", "unit": flat})
    assert (answer.status, answer.json["listings"][0]["unit"]) == (200, flat)


async def test_questions_are_listed_and_answered_once(api: Api) -> None:
    question = Question("q1", "gone", api.stay, "Is it cancelled?", (("keep", "No"), ("cancel", "Yes")), NOW)
    await api.hub.store.write(lambda tx: questions.ask(tx, question))
    [listed] = (await api.get("/questions")).json["items"]
    assert listed["options"] == [{"value": "keep", "words": "No"}, {"value": "cancel", "words": "Yes"}]
    assert (await api.post("/questions/q1/answer", {"value": "maybe"})).status == 409
    answered = (await api.post("/questions/q1/answer", {"value": "cancel"})).json
    assert answered["answer"] == "cancel"
    assert (await api.get(f"/stays/{api.stay}")).json["status"] == "cancelled"
    assert (await api.post("/questions/q1/answer", {"value": "keep"})).status == 409
    assert (await api.get("/questions")).json["items"] == []


async def test_what_does_not_exist_is_named(api: Api) -> None:
    for path, words in (
        ("/properties/x", "no property “x”"), ("/units/x", "no unit “x”"), ("/locks/x", "no lock “x”"),
        ("/stays/x", "no stay “x”"), ("/channels/x", "no channel “x”"), ("/nothing", "nothing at this address"),
    ):  # fmt: skip
        answer = await api.get(path)
        assert (answer.status, answer.json["code"]) == (404, "not_found")
        assert words in answer.json["detail"]


async def test_bookings_sent_to_an_account_are_told_and_sent_again(api: Api) -> None:
    account = ChannelId("manager")

    def furnish(tx: Tx) -> str:
        house.keep_channel(tx, ChannelRow(account, None, "guesty", b"", Origin.SITE))
        found = next(
            each for each in ledger.search(tx, stay_search.Wanted(limit=20)) if each.status is StayStatus.CONFIRMED
        )
        stay = found.id
        row = Push(
            account, stay, "r1", PushState.FAILED, dict.fromkeys(Part, "a"), 1, attempts=3, error="no", tried_at=NOW
        )
        told = {**row.wanted, Part.NOTES: "b"}
        pushes.keep(
            tx,
            replace(
                row,
                told=told,
                lacks={Part.NOTES: "too long"},
                there_from=date(2027, 2, 1),
                there_until=date(2027, 2, 9),
            ),
        )
        return stay

    stay = await api.hub.store.write(furnish)
    told = (await api.get("/channels/manager/pushes")).json
    assert (told["on"], told["failed"], told["success_rate"]) == (False, 1, 0.0)
    assert (told["bookings"][0]["stay"], told["bookings"][0]["error"]) == (stay, "no")
    lacks = [{"part": "notes", "why": "too long"}]
    assert (told["bookings"][0]["keeps_nights"], told["bookings"][0]["lacks"]) == (True, lacks)
    (one,) = (await api.get("/channels/manager/sync")).json["differences"]
    assert (one["stay"], one["doubt"]) == (stay, "other_days")
    assert (one["their_arrival"], one["their_departure"]) == ("2027-02-01", "2027-02-09")
    answer = await api.post("/channels/manager/pushes/retry", {})
    assert (answer.status, answer.json["pending"]) == (200, 1)
    assert (await api.post("/channels/manager/pushes/retry", {"stay": stay})).status == 409
    assert (await api.post("/channels/manager/pushes/real", {"stay": stay})).status == 409
    assert (await api.get("/channels/airbnb-1/pushes")).status == 404
