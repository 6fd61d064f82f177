"""Today: who comes and goes, whether every code is proven in its lock, and what waits for a person."""

from __future__ import annotations

import re
from datetime import timedelta

from hub.model.codes import Reading, Slot
from hub.model.facts import LockSilent
from hub.model.values import Address, Proof, StayKind
from hub.store import codes, questions, stays
from hub.store.engine import Tx
from hub.store.stay_search import Wanted
from tests.web.conftest import Visitor
from tests.web.village import NOW, tell


def _section(text: str, begin: str, end: str) -> str:
    return text[text.index(begin) : text.index(end, text.index(begin))]


async def test_the_day_is_the_propertys_own(manager: Visitor) -> None:
    assert "Friday 20 November 3 arrivals, 1 departure." in (await manager.get("/")).text
    manager.here.clock.at += timedelta(hours=10)
    assert "Saturday 21 November 1 arrival, 0 departures." in (await manager.get("/")).text


async def test_each_door_of_an_arrival_says_whether_its_code_is_proven(manager: Visitor) -> None:
    text = (await manager.get("/")).text
    anna = _section(text, "Anna Berg", "José")
    assert "Flat 1 Code proven read back 13:01" in anna
    assert "Front door Code proven read back 13:01" in anna


async def test_a_code_that_is_not_due_says_when_it_goes_in(manager: Visitor) -> None:
    assert "Flat 2 Goes in 16:30" in _section((await manager.get("/")).text, "José", "Tomorrow")


async def test_a_lock_that_does_not_answer_leaves_its_guest_without_a_code_and_says_so(manager: Visitor) -> None:
    text = (await manager.get("/")).text
    assert "1 door has no code yet." in text
    assert "The loft Not in the lock the lock does not answer" in _section(text, "Familie van der Meer", "Anna Berg")


async def test_a_code_the_lock_only_acknowledged_is_not_called_proven(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["Anna Berg"]

    def doubt(tx: Tx) -> None:
        for entry in codes.issued_for(tx, stay):
            [slot] = [slot for slot in codes.slots_of(tx, entry.lock) if slot.holder == entry.grant.id]
            grant = entry.grant
            vague = Slot(
                slot.number, grant.id, Reading.OCCUPIED, grant.tag, proof=Proof.ACKNOWLEDGED, proven_at=slot.proven_at
            )
            codes.keep_slot(tx, entry.lock, vague, NOW)

    await hub.store.write(doubt)
    anna = _section((await manager.get("/")).text, "Anna Berg", "José")
    assert "Sent, not proven" in anna
    assert "Code proven" not in anna


async def test_a_refused_code_says_the_locks_words(manager: Visitor) -> None:
    hub, stay = manager.here.hub, manager.here.stays["José Ñandú-Müller"]

    def refuse(tx: Tx) -> None:
        for entry in codes.issued_for(tx, stay):
            codes.refuse(tx, entry.grant.id, "the code is already in use")

    await hub.store.write(refuse)
    text = _section((await manager.get("/")).text, "José", "Tomorrow")
    assert "Not in the lock the lock refuses it: the code is already in use" in text


async def test_who_stays_over_is_neither_coming_nor_going(manager: Visitor) -> None:
    text = (await manager.get("/")).text
    assert "Tom Okafor Studio until Tue 24 Nov" in _section(text, "Staying", "Doors")
    assert "Tom Okafor" not in _section(text, "Arriving", "Leaving")


async def test_a_late_check_out_is_the_time_that_counts(manager: Visitor) -> None:
    assert "Priya Natarajan Garden room until 18:00" in _section((await manager.get("/")).text, "Leaving", "Staying")


async def test_cancelled_stays_and_blocks_do_not_arrive(manager: Visitor) -> None:
    hub = manager.here.hub
    await hub.store.write(lambda tx: hub.intake.cancel_stay(tx, manager.here.stays["Anna Berg"], "account:Robin"))
    assert "Anna Berg" not in (await manager.get("/")).text


async def test_a_question_can_be_answered_once(manager: Visitor) -> None:
    page = await manager.get("/")
    assert "Does a guest come?" in page.text
    found = re.search(r'action="/questions/(\w+)"', page.html)
    assert found is not None
    answer = await manager.post(f"/questions/{found[1]}", answer="block")
    assert answer.status == 303
    after = (await manager.get("/")).text
    assert "Does a guest come?" not in after
    assert "Thank you. Noted." in after
    rows = await manager.here.hub.store.read(lambda tx: stays.search(tx, Wanted()))
    assert StayKind.UNKNOWN not in {row.kind for row in rows}
    assert (await manager.post(f"/questions/{found[1]}", answer="block")).status == 409


async def test_the_mark_beside_today_counts_what_waits(manager: Visitor) -> None:
    assert (await manager.get("/questions/count")).text == "1 waiting for you"
    await manager.here.hub.store.write(
        lambda tx: questions.withdraw(tx, "closure", questions.open_questions(tx)[0].subject, NOW)
    )
    assert (await manager.get("/questions/count")).text == ""


async def test_what_was_said_after_a_form_is_said_once(manager: Visitor) -> None:
    stay = manager.here.stays["Anna Berg"]
    await manager.post(f"/stays/{stay}/cancel")
    assert "The stay is cancelled." in (await manager.get("/")).text
    assert "The stay is cancelled." not in (await manager.get("/")).text


async def test_the_page_hears_of_every_door_and_fetches_itself_again(manager: Visitor) -> None:
    html = (await manager.get("/")).html
    for name in ("stays", "questions", "health", "lock:front", "lock:loft", "resync"):
        assert f"sse:{name}" in html
    fragment = await manager.get("/?part=main")
    assert "<html" not in fragment.html
    assert 'id="today"' in fragment.html
    await tell(manager.here.hub, LockSilent(Address("1"), manager.here.clock.at, "no answer"))
    assert "Front door does not answer" in (await manager.get("/?part=main")).text


async def test_the_worst_things_are_listed_and_the_rest_is_counted(manager: Visitor) -> None:
    text = (await manager.get("/")).text
    assert "The battery of Garden room is low (12 %)." in text
    assert "1 more on the Health page" in text


async def test_a_door_is_shown_where_its_bolt_is(manager: Visitor) -> None:
    doors = (await manager.get("/")).text.split("All locks")[1]
    assert "Studio Unlocked" in doors
    assert "Flat 1 Locked" in doors


async def test_the_pages_say_when_the_time_is_not_known(manager: Visitor) -> None:
    manager.here.clock.trusted = False
    assert "The hub does not know what time it is." in (await manager.get("/")).text


async def test_a_clock_of_its_own_is_told_to_whoever_watches(manager: Visitor) -> None:
    assert (await manager.get("/clock")).text == "Friday 20 November, 14:02"


async def test_a_house_without_anything_says_what_to_do(stranger: Visitor) -> None:
    await stranger.sign_in()
    assert "Nobody arrives today" in (await stranger.get("/")).text
    assert "No locks yet" in (await stranger.get("/locks")).text
    assert "No channels yet" in (await stranger.get("/channels")).text
    assert "No stays here yet" in (await stranger.get("/stays")).text
    assert "Nothing has happened yet" in (await stranger.get("/log")).text
