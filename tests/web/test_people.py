"""The pages of people and passes, as a browser without script sees them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hub.model.alerts import Way
from hub.model.pass_news import Known
from hub.model.slots import Reading
from hub.model.values import LockId, Proof
from hub.standing import standings
from hub.store import alerts, codes, log, pass_news, passes, persons, settings
from hub.store.alerts import Sent, Telling
from hub.store.engine import Tx
from hub.store.pass_news import PassNews
from hub.store.persons import Person
from tests.hub.test_booking_news import Post
from tests.web.conftest import Visitor
from tests.web.village import NOW

MARIA = {"name": "Maria", "kind": "cleaner", "phone": "+49 170 1234567"}
HOURS = {f"{day}1_{end}": at for day in ("mon", "tue") for end, at in (("start", "08:00"), ("end", "12:00"))}


async def maria(manager: Visitor) -> Person:
    await manager.post("/people/new", **MARIA)
    [row] = await manager.here.hub.store.read(persons.persons)
    return row


async def test_a_person_is_added_and_stands_in_the_list(manager: Visitor) -> None:
    row = await maria(manager)
    assert "Maria Cleaner" in (await manager.get("/people")).text
    seen = (await manager.get(f"/people/{row.id}")).text
    assert "No pass yet" in seen
    assert "+49 170 1234567" in seen


async def test_a_pass_shows_its_code_once_and_its_week(manager: Visitor) -> None:
    row = await maria(manager)
    given = await manager.post(f"/people/{row.id}/passes/new", when="weekly", locks="front", longest="8", **HOURS)
    digits = re.search(r'id="pin-1"[^>]*>(\d+)<', given.html)
    assert digits is not None
    assert "It works Mon–Tue 08:00–12:00." in given.text
    seen = await manager.get(f"/people/{row.id}")
    assert digits[1] not in seen.html
    assert "Mon 08:00 to 12:00 Tue 08:00 to 12:00 Wed closed" in seen.text
    assert "Robin gave a pass: Front door." in seen.text
    [made] = await manager.here.hub.store.read(passes.all_passes)
    shown = await manager.post(f"/passes/{made.id}/code")
    assert digits[1] in shown.html
    deeds = await manager.here.hub.store.read(lambda tx: log.deeds(tx, f"person:{row.id}"))
    assert [deed.action for deed in deeds].count("code shown") == 2


async def test_everything_that_is_kept_of_a_person_is_told_but_their_digits(manager: Visitor) -> None:
    row = await maria(manager)
    given = await manager.post(f"/people/{row.id}/passes/new", when="weekly", locks="front", longest="8", **HOURS)
    digits = re.search(r'id="pin-1"[^>]*>(\d+)<', given.html)
    assert digits is not None
    answer = await manager.post(f"/people/{row.id}/export")
    told = json.loads(answer.html)
    assert (told["person"]["name"], told["person"]["contact"]) == ("Maria", {"phone": "+49 170 1234567"})
    assert [(each["when"], each["doors"][0]["door"]) for each in told["passes"]] == [("Mon-Tue 08:00-12:00", "front")]
    assert [each["action"] for each in told["audit_trail"]][-1] == "person added"
    assert {link["subject"] for link in told["audit_chain"]}, "the chain knows the person by an alias"
    assert told["why"]
    assert digits[1] not in answer.html
    assert "Robin took out everything" in (await manager.get(f"/people/{row.id}")).text
    assert (await manager.post("/people/nobody/export")).status == 404


async def test_hours_that_make_no_sense_are_named_and_what_was_typed_stays(manager: Visitor) -> None:
    row = await maria(manager)
    half = {"mon1_start": "08:00", "locks": "front", "longest": "8"}
    seen = await manager.post(f"/people/{row.id}/passes/new", when="weekly", **half)
    assert "Monday: say from when until when" in seen.text
    assert 'name="mon1_start" value="08:00"' in seen.html


async def test_a_pass_is_changed_paused_resumed_ended_and_taken_back(manager: Visitor) -> None:
    row = await maria(manager)
    await manager.post(f"/people/{row.id}/passes/new", when="weekly", locks="front", longest="8", **HOURS)
    [made] = await manager.here.hub.store.read(passes.all_passes)
    form = await manager.get(f"/passes/{made.id}/change")
    assert 'name="tue1_end" value="12:00"' in form.html
    wish = {"when": "always", "locks": "flat-1", "longest": "8", "note": "Park in the yard."}
    assert (await manager.post(f"/passes/{made.id}/change", **wish)).status == 303
    assert "Note Park in the yard." in (await manager.get(f"/people/{row.id}")).text
    assert 'value="Park in the yard."' in (await manager.get(f"/passes/{made.id}/change")).html
    for deed, word in (("pause", "Paused"), ("resume", "Open now"), ("end", "Take it back"), ("reopen", "Open now")):
        await manager.post(f"/passes/{made.id}/{deed}")
        assert word in (await manager.get(f"/people/{row.id}")).text


async def test_what_could_not_be_sent_stands_beside_its_pass_and_may_be_sent_again(manager: Visitor) -> None:
    row, hub = await maria(manager), manager.here.hub
    assert "told by hand, as no e-mail address is known of Maria" in (await manager.get(f"/people/{row.id}")).text
    await manager.post(f"/people/{row.id}/change", **MARIA, told_by="sms")
    hub.plugins.add_service("post", Post())
    given = await manager.post(f"/people/{row.id}/passes/new", when="always", locks="front", longest="8")
    assert "as soon as the code is proven in every lock" in given.text
    [made] = await hub.store.read(passes.all_passes)

    def refuse(tx: Tx) -> None:
        pass_news.keep(tx, PassNews(made.id, "pass:1", Known("as it was", None)))
        alerts.tell(tx, Telling("pass:1", None, row.id, "Maria", Way.SMS, "code", NOW))
        alerts.told(tx, "pass:1", Sent.REFUSED, NOW, "no such number")

    await hub.store.write(refuse)
    seen = await manager.get(f"/people/{row.id}")
    assert "Not sent by SMS: no such number" in seen.text
    assert "told by SMS, by themselves" in seen.text
    assert f'action="/passes/{made.id}/tell"' in seen.html
    assert "not proven in every lock yet" in (await manager.post(f"/passes/{made.id}/tell")).text


async def test_who_has_left_is_found_among_those_who_left(manager: Visitor) -> None:
    row = await maria(manager)
    assert "take all codes out" in (await manager.get(f"/people/{row.id}/leave")).text
    await manager.post(f"/people/{row.id}/leave")
    assert "Nobody yet" in (await manager.get("/people")).text
    assert "Maria" in (await manager.get("/people?show=left")).text
    await manager.post(f"/people/{row.id}/return")
    assert "Maria" in (await manager.get("/people")).text


async def test_who_has_left_is_removed_for_good(manager: Visitor) -> None:
    row = await maria(manager)
    assert "has not left; say so first" in (await manager.post(f"/people/{row.id}/remove")).text
    await manager.post(f"/people/{row.id}/leave")
    assert "It cannot be undone" in (await manager.get(f"/people/{row.id}/remove")).text
    assert (await manager.post(f"/people/{row.id}/remove")).status == 303
    assert "Maria" not in (await manager.get("/people?show=left")).text
    assert (await manager.get(f"/people/{row.id}")).status == 404


async def test_what_is_not_there_is_not_found(manager: Visitor) -> None:
    await maria(manager)
    for path in ("/people/nobody", "/passes/none/change"):
        assert (await manager.get(path)).status == 404


async def test_the_forms_show_what_is_known(manager: Visitor) -> None:
    row = await maria(manager)
    assert 'value="cleaner" selected' in (await manager.get("/people/new")).html
    changed = (await manager.get(f"/people/{row.id}/change")).html
    assert 'value="Maria"' in changed
    assert 'value="+49 170 1234567"' in changed
    assert "Hours of the week" in (await manager.get(f"/people/{row.id}/passes/new")).text


async def test_a_code_that_waits_in_its_lock_is_there_and_shut(manager: Visitor) -> None:
    row, hub, front = await maria(manager), manager.here.hub, LockId("front")
    await manager.post(f"/people/{row.id}/passes/new", when="weekly", locks="front", longest="8", **HOURS)

    def wait(tx: Tx) -> None:
        [[entry]] = passes.granted(tx).values()
        slot = next(slot for slot in codes.slots_of(tx, front) if slot.holder is None)
        there = replace(slot, holder=entry.grant.id, reading=Reading.OCCUPIED, tag=entry.grant.tag, enabled=False)
        codes.keep_slot(tx, front, replace(there, proof=Proof.READ_BACK, proven_at=NOW), NOW)

    await hub.store.write(wait)
    seen = (await manager.get(f"/people/{row.id}")).text
    assert "Next Mon 23 Nov, 08:00 to 12:00" in seen
    assert "Code proven read back 14:02 ; shut until Mon 23 Nov, 07:55" in seen
    [made] = await hub.store.read(lambda tx: standings(tx, hub.desk))
    assert [door.lock for door in made.doors if door.proven] == [front]


async def test_in_safe_mode_the_code_of_an_ended_pass_is_not_said_to_be_going(manager: Visitor) -> None:
    row, hub, front = await maria(manager), manager.here.hub, LockId("front")
    await manager.post(f"/people/{row.id}/passes/new", when="weekly", locks="front", longest="8", **HOURS)

    def restore(tx: Tx) -> None:
        [[entry]] = passes.granted(tx).values()
        grant = entry.grant.id
        slot = next(slot for slot in codes.slots_of(tx, front) if slot.holder is None)
        codes.keep_slot(tx, front, replace(slot, holder=grant, reading=Reading.OCCUPIED), NOW)
        codes.revoke(tx, [grant], NOW)
        settings.keep(tx, "safe_mode", "2026-11-20")

    await hub.store.write(restore)
    seen = (await manager.get(f"/people/{row.id}")).text
    assert "To be removed not before safe mode is left" in seen
    assert "Being removed" not in seen
    await hub.store.write(lambda tx: settings.keep(tx, "safe_mode", None))
    assert "Being removed" in (await manager.get(f"/people/{row.id}")).text
