"""Alerts over the API: listed, acknowledged, taken back; whom a property wants told; test messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from hub.model.people import Scope
from hub.model.values import LockId
from hub.store import alerts, doors
from hub.store.engine import Tx
from tests.web.api.conftest import NOW, Api


@pytest_asyncio.fixture
async def troubled(api: Api) -> Api:
    """Both locks have been silent for a quarter of an hour, and somebody is to be told."""
    person = {"name": "Anna", "kind": "manager", "email": "anna@example.com"}
    anna = (await api.post("/people", person)).json["id"]
    await api.post("/properties/sea/telling", {"escalation": [{"person": anna, "ways": ["email"]}]})

    def silent(tx: Tx) -> None:
        for lock in ("front", "flat"):
            doors.learn(tx, LockId(lock), silent_since=NOW, silent_why="no answer")

    await api.hub.store.write(silent)
    for _ in range(2):
        await api.hub.store.write(api.hub.alerts.look)
        api.clock.at += timedelta(minutes=15)
    return api


async def _about(api: Api, about: str, show: str = "open") -> dict[str, Any]:
    found: list[dict[str, Any]] = (await api.get(f"/alerts?show={show}")).json["items"]
    return next(each for each in found if each["about"] == about)


async def test_an_alert_says_what_since_when_and_who_was_told(troubled: Api) -> None:
    alert = await _about(troubled, "lock:front")
    assert (alert["kind"], alert["level"], alert["property"]) == ("silent", "problem", "sea")
    assert alert["sentence"] == "Front does not answer: no answer."
    assert [(told["name"], told["way"], told["what"], told["state"]) for told in alert["told"]] == [
        ("Anna", "email", "raised", "waiting")
    ]
    assert (await troubled.get(f"/alerts/{alert['id']}")).json == alert
    assert (await troubled.get("/alerts/01J0")).status == 404


async def test_acknowledging_and_taking_back_are_said_once(troubled: Api) -> None:
    alert = await _about(troubled, "lock:front")
    at = f"/alerts/{alert['id']}"
    assert (await troubled.post(f"{at}/acknowledge")).json["acknowledged_by"].startswith("token:Tests")
    assert (await troubled.post(f"{at}/acknowledge")).status == 409
    assert (await _about(troubled, "lock:front", "acknowledged"))["id"] == alert["id"]
    assert (await troubled.post(f"{at}/take-back")).json["acknowledged_at"] is None
    assert (await troubled.post(f"{at}/take-back")).status == 409
    reader = await troubled.token_with(Scope.READ)
    assert (await troubled.post(f"{at}/acknowledge", token=reader)).status == 403


async def test_pages_go_on_where_they_ended(troubled: Api) -> None:
    rows = await troubled.hub.store.read(alerts.raised)
    found, cursor = [], ""
    while True:
        page = (await troubled.get(f"/alerts?limit=1{cursor}")).json
        found += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (sorted(found), len(found)) == (sorted(row.id for row in rows), len(rows))

    def answers(tx: Tx) -> None:
        for lock in ("front", "flat"):
            doors.learn(tx, LockId(lock), silent_since=None, silent_why=None)

    await troubled.hub.store.write(answers)
    for _ in range(2):
        await troubled.hub.store.write(troubled.hub.alerts.look)
        troubled.clock.at += timedelta(hours=1)
    first = (await troubled.get("/alerts?show=over&limit=1")).json
    second = (await troubled.get(f"/alerts?show=over&limit=1&cursor={first['next']}")).json
    assert {each["about"] for page in (first, second) for each in page["items"]} == {"lock:front", "lock:flat"}


async def test_whom_a_property_wants_told_is_read_and_said_anew(troubled: Api) -> None:
    known = (await troubled.get("/properties/sea/telling")).json
    assert (known["quiet_hours"], [each["ways"] for each in known["escalation"]]) == (None, [["email"]])
    person = known["escalation"][0]["person"]
    wanted = {
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "escalation": [{"person": person, "ways": ["sms", "email"]}],
    }
    said = await troubled.post("/properties/sea/telling", wanted)
    assert said.json == {
        "property": "sea",
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "escalation": [{"person": person, "ways": ["email", "sms"]}],
        "bookings": None,
    }
    assert (await troubled.get("/properties/sea/telling")).json == said.json
    assert (await troubled.post("/properties/sea/telling", {})).json == said.json, "what is left out stays as it is"
    told = (await troubled.post("/properties/sea/telling", {"bookings": []})).json
    assert told == said.json | {"bookings": []}
    told = (await troubled.post("/properties/sea/telling", {"escalation": [], "quiet_hours": None})).json
    assert (told["escalation"], told["quiet_hours"], told["bookings"]) == ([], None, [])


async def test_who_is_told_of_bookings_is_said_there_too(troubled: Api) -> None:
    person = (await troubled.get("/properties/sea/telling")).json["escalation"][0]["person"]
    for bookings in ([{"person": person, "ways": ["email"]}], [], None):
        said = await troubled.post("/properties/sea/telling", {"bookings": bookings})
        assert said.json["bookings"] == bookings
        assert (await troubled.get("/properties/sea/telling")).json == said.json


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/properties/nowhere/telling", {}, 404),
        ("/properties/sea/telling", {"escalation": [{"person": "nobody", "ways": ["sms"]}]}, 409),
        ("/properties/sea/telling", {"escalation": [{"person": "nobody", "ways": []}]}, 422),
        ("/properties/sea/telling", {"bookings": [{"person": "nobody", "ways": ["sms"]}]}, 409),
        ("/properties/sea/telling", {"quiet_hours": {"start": "22:00", "end": "22:00"}}, 409),
        ("/properties/sea/telling", {"quiet_hours": {"start": "22:00"}}, 422),
    ],
)
async def test_what_cannot_be_is_refused(troubled: Api, path: str, body: object, status: int) -> None:
    assert (await troubled.post(path, body)).status == status


async def test_a_test_message_goes_by_what_reaches_the_person(troubled: Api) -> None:
    person = (await troubled.get("/properties/sea/telling")).json["escalation"][0]["person"]
    assert (await troubled.post(f"/people/{person}/test-message")).json == {"person": person, "ways": ["email"]}
    assert (await troubled.post("/people/nobody/test-message")).status == 404
    (trial,) = await troubled.hub.store.read(alerts.trials)
    assert (trial.name, trial.what) == ("Anna", "test")
