from __future__ import annotations

from dataclasses import replace
from functools import partial

from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.model.facts import Alarm, RadioAlarm
from hub.model.values import ChannelId, LockId
from hub.store import doors, mail, questions, restoring, settings
from hub.store.engine import Tx
from hub.store.mail import Letter
from hub.store.questions import Question
from tests.web.api.conftest import NOW, Api, Clock
from web.api import mount


def _give_up(tx: Tx) -> None:
    mail.accept(tx, Letter(0, ChannelId("airbnb-1"), "k", "", b"", NOW, 0, NOW, None))
    [letter] = mail.letters(tx, NOW)
    mail.letter_failed(tx, letter.id, "it is no calendar", None)


async def test_what_was_given_up_on_is_listed_and_tried_again_once(api: Api) -> None:
    await api.hub.store.write(_give_up)
    letter = {
        "id": "inbox-1", "box": "inbox", "about": "airbnb-1", "since": "2026-11-21T12:00:00.000Z", "why": "it is no calendar",
    }  # fmt: skip
    assert (await api.get("/letters")).json == {"items": [letter], "next": None}
    assert (await api.post("/letters/inbox-1/retry")).json == letter
    assert (await api.get("/letters")).json["items"] == []
    assert len(await api.hub.store.read(lambda tx: mail.letters(tx, NOW))) == 1
    for id_ in ("inbox-1", "outbox-1", "other"):
        assert (await api.post(f"/letters/{id_}/retry")).status == 404


async def test_what_was_given_up_on_can_be_let_go(api: Api) -> None:
    await api.hub.store.write(_give_up)
    assert (await api.post("/letters/inbox-1/dismiss")).json["id"] == "inbox-1"
    assert (await api.get("/letters")).json["items"] == []
    assert await api.hub.store.read(lambda tx: mail.letters(tx, NOW)) == []
    assert (await api.post("/letters/inbox-1/dismiss")).status == 404


async def test_an_alarm_of_the_radio_is_listed_until_somebody_takes_note(api: Api) -> None:
    fact = RadioAlarm(NOW, Alarm.THROWN_OUT, "9", "wrong key")
    await api.hub.store.write(lambda tx: api.hub.intake.absorb(tx, fact, "radio"))
    alarm = {
        "id": "1", "driver": "radio", "alarm": "thrown_out", "device": "9", "note": "wrong key",
        "since": "2026-11-21T12:00:00.000Z",
    }  # fmt: skip
    assert (await api.get("/alarms")).json == {"items": [alarm], "next": None}
    assert "alarm:1" in [finding["about"] for finding in (await api.get("/health")).json["findings"]]
    assert (await api.post("/alarms/1/dismiss")).json == alarm
    assert (await api.get("/alarms")).json["items"] == []
    assert (await api.post("/alarms/1/dismiss")).status == 404


async def test_safe_mode_is_told_and_left_once(api: Api) -> None:
    await api.hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "restored"))
    assert (await api.get("/health")).json["safe_mode"] is True
    refused = await api.post("/health/safe-mode/leave")
    assert (refused.status, refused.json["detail"]) == (
        409,
        "the locks are still being read (Flat, Front); wait a minute and try again",
    )
    for lock in ("front", "flat"):
        await api.hub.store.write(partial(doors.learn, lock=LockId(lock), silent_since=NOW))
    options = (("leave", "Leave it"), ("clear:3", "Clear it"))
    question = Question("q", restoring.FOREIGN, "front", "Front holds a code.", options, NOW)
    await api.hub.store.write(lambda tx: questions.ask(tx, question))
    await api.hub.store.write(lambda tx: restoring.keep_unasked(tx, {LockId("flat")}))
    assert (await api.get("/health")).json["out_of_reach"] == ["Flat"]
    assert "nobody knows (Front)" in (await api.post("/health/safe-mode/leave")).json["detail"]
    assert (await api.post("/health/safe-mode/leave?foreign=clear")).json["safe_mode"] is False
    answered = await api.hub.store.read(lambda tx: questions.question(tx, "q"))
    assert answered is not None
    assert answered.answer == "clear:3"
    assert (await api.post("/health/safe-mode/leave")).status == 409


async def test_a_clock_in_doubt_is_vouched_for_and_one_of_a_rehearsal_is_not(api: Api) -> None:
    class Doubted(Clock):
        trusted = False

        def confirm(self) -> None:
            self.trusted = True

    assert (await api.post("/health/time")).status == 409
    app = web.Application()
    mount(app, replace(api.hub, clock=Doubted()))
    async with TestServer(app) as server:
        url, headers = server.make_url("/api/v1/health"), {"Authorization": f"Bearer {api.token}"}
        async with api.session.get(url, headers=headers) as before:
            assert (await before.json())["clock_trusted"] is False
        async with api.session.post(f"{url}/time", headers=headers) as after:
            assert (await after.json())["clock_trusted"] is True
