"""People and passes over the API: given, changed, ended and undone, with digits only for who may see them."""

from __future__ import annotations

from typing import Any

from hub.model.people import Scope
from hub.store import log
from tests.web.api.conftest import Api

MARIA: dict[str, Any] = {"name": "Maria", "kind": "cleaner", "phone": "+49 170 1234567"}
MORNINGS = [{"day": day, "start": "08:00", "end": "12:00"} for day in ("Mon", "Tue")]


async def maria(api: Api) -> str:
    return str((await api.post("/people", MARIA)).json["id"])


async def given(api: Api, person: str, **wish: object) -> Any:
    return (await api.post(f"/people/{person}/passes", {"locks": ["front"], **wish})).json


async def test_a_person_is_added_changed_leaves_and_comes_back(api: Api) -> None:
    added = await api.post("/people", MARIA)
    assert added.status == 201
    path = f"/people/{added.json['id']}"
    changed = (await api.post(f"{path}/change", MARIA | {"name": "Maria Rossi"})).json
    assert (changed["name"], changed["phone"]) == ("Maria Rossi", "+49 170 1234567")
    assert (await api.post(f"{path}/leave")).json["left_at"] is not None
    assert (await api.post(f"{path}/leave")).status == 409
    assert (await api.post(f"{path}/return")).json["left_at"] is None
    assert [row["name"] for row in (await api.get("/people")).json["items"]] == ["Maria Rossi"]


async def test_how_somebody_is_told_their_codes_stays_until_it_is_said_otherwise(api: Api) -> None:
    person = await maria(api)
    assert (await api.get(f"/people/{person}")).json["told_by"] == "email"
    assert (await api.post(f"/people/{person}/change", MARIA | {"told_by": "sms"})).json["told_by"] == "sms"
    assert (await api.post(f"/people/{person}/change", MARIA)).json["told_by"] == "sms"
    without = await api.post(f"/people/{person}/change", {"name": "Maria", "kind": "cleaner"})
    assert (without.status, "telephone number" in without.json["detail"]) == (409, True)
    made = (await given(api, person))["given"]
    assert made["told"] is None
    refused = await api.post(f"/passes/{made['id']}/tell")
    assert (refused.status, refused.json["detail"]) == (409, "no service that sends SMS is set up")


async def test_who_has_left_is_removed_by_whoever_may_do_all(api: Api) -> None:
    person, writer = await maria(api), await api.token_with(Scope.PEOPLE_WRITE)
    assert (await api.ask("DELETE", f"/people/{person}")).status == 409
    await api.post(f"/people/{person}/leave")
    assert (await api.ask("DELETE", f"/people/{person}", token=writer)).status == 403
    assert (await api.ask("DELETE", f"/people/{person}")).json == {"person": person, "log_lines": 0}
    assert (await api.ask("DELETE", f"/people/{person}")).status == 404


async def test_everything_that_is_kept_of_a_person_is_told_to_whoever_may_do_all(api: Api) -> None:
    person, writer = await maria(api), await api.token_with(Scope.PEOPLE_WRITE)
    told = (await api.post(f"/people/{person}/export")).json
    assert (told["person"], told["data"]["person"]["contact"]) == (person, {"phone": "+49 170 1234567"})
    assert (await api.post(f"/people/{person}/export", token=writer)).status == 403
    assert (await api.post("/people/nobody/export")).status == 404


async def test_how_to_reach_somebody_is_told_only_to_who_looks_after_people(api: Api) -> None:
    person, reader = await maria(api), await api.token_with(Scope.READ)
    told = (await api.get(f"/people/{person}", token=reader)).json
    assert (told["name"], told["phone"]) == ("Maria", None)
    assert (await api.post("/people", MARIA, token=reader)).status == 403


async def test_a_pass_is_given_with_its_digits_and_shown_without(api: Api) -> None:
    person = await maria(api)
    made = await given(api, person, hours=MORNINGS, name="Mornings", note="Park in the yard.")
    assert [pin["lock"] for pin in made["pins"]] == ["front"]
    shown = (await api.get(f"/passes/{made['given']['id']}")).json
    assert (shown["person"], shown["hours"], shown["uses"]) == (person, MORNINGS, None)
    assert shown["note"] == "Park in the yard."
    assert made["pins"][0]["pin"] not in str(shown)
    assert [row["id"] for row in (await api.get(f"/passes?person={person}")).json["items"]] == [shown["id"]]
    revealed = (await api.post(f"/passes/{shown['id']}/reveal")).json
    assert revealed["pins"] == made["pins"]
    deeds = await api.hub.store.read(lambda tx: log.deeds(tx, f"person:{person}"))
    assert [deed.action for deed in deeds] == ["code shown", "code shown", "pass given", "person added"]


async def test_digits_need_the_scope_for_codes(api: Api) -> None:
    person, helper = await maria(api), await api.token_with(Scope.PEOPLE_WRITE)
    refused = await api.post(f"/people/{person}/passes", {"locks": ["front"]}, token=helper)
    assert refused.status == 403


async def test_a_pass_is_paused_resumed_ended_and_given_back(api: Api) -> None:
    id_ = (await given(api, await maria(api)))["given"]["id"]
    states = [(await api.post(f"/passes/{id_}/{deed}")).json["state"] for deed in ("pause", "resume", "end", "reopen")]
    assert states == ["paused", "open", "over", "open"]
    assert (await api.post(f"/passes/{id_}/resume")).status == 409


async def test_new_digits_are_others(api: Api) -> None:
    made = await given(api, await maria(api))
    again = (await api.post(f"/passes/{made['given']['id']}/redraw")).json
    assert again["pins"][0]["pin"] != made["pins"][0]["pin"]


async def test_other_hours_leave_the_digits_as_they_are(api: Api) -> None:
    made = await given(api, await maria(api))
    path = f"/passes/{made['given']['id']}"
    changed = (await api.post(f"{path}/change", {"locks": ["front"], "hours": MORNINGS})).json
    assert changed["hours"] == MORNINGS
    assert (await api.post(f"{path}/reveal")).json["pins"] == made["pins"]


async def test_what_makes_no_sense_is_refused_in_words(api: Api) -> None:
    person = await maria(api)
    for wish, why in (
        ({"locks": ["nowhere"]}, "there is no lock called “nowhere”"),
        ({"locks": ["front"], "until": "2020-01-01T00:00:00Z"}, "must end in the future"),
        ({"locks": ["front"], "unit": "nowhere"}, "there is no unit called “nowhere”"),
    ):
        refused = await api.post(f"/people/{person}/passes", wish)
        assert refused.status == 409
        assert why in refused.json["detail"]
    assert (await api.post("/people/nobody/passes", {"locks": ["front"]})).status == 404
    assert (await api.get("/passes/none")).status == 404
