"""Locks: what is known of each, its keypad, and moving a bolt at once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.errors import Rejected, Unavailable
from hub.intake import NewStay
from hub.model.battery import LOW_AT
from hub.model.codes import Reading, Slot
from hub.model.facts import Abilities, BoltMoved, CodeChange, CodesChanged, Mode, ModeTold
from hub.model.hours import Hours
from hub.model.values import Address, CodeTag, How, LockId, Position, Proof, UnitId, Window
from hub.store import code_list, codes, doors, house, log, settings
from hub.store.engine import Tx
from hub.store.house import LockRow, Origin
from tests.simulators.building import Memory, MemoryLock
from tests.web.conftest import Visitor
from tests.web.village import HOUSE, NOW, TODAY, tell

SCRIPT = {"HX-Request": "true"}


async def _card(visitor: Visitor, lock: str) -> str:
    return (await visitor.get(f"/locks/{lock}?part=card")).text


async def test_a_lock_tells_its_bolt_battery_places_and_when_it_was_heard(manager: Visitor) -> None:
    assert await _card(manager, "front") == (
        "Front door Opens for 5 units Locked Battery 89 % Codes 3 of 30 places Last heard 13:04 Unlock"
    ).replace("Codes 3", "Codes 4")


async def test_what_goes_in_later_stands_in_the_order_of_its_hours(manager: Visitor) -> None:
    first, intake = TODAY + timedelta(days=20), manager.here.hub.intake

    def book(tx: Tx) -> None:
        for guest, days in (("Third", 4), ("First", 0), ("Second", 2)):
            nights = first + timedelta(days=days), first + timedelta(days=days + 2)
            intake.add_stay(tx, NewStay(UnitId("loft"), *nights, guest), "account:Robin")

    await manager.here.hub.store.write(book)
    page = (await manager.get("/locks/loft")).text
    assert page.index("First") < page.index("Second") < page.index("Third")


async def test_a_lock_without_protection_on_the_air_is_marked_for_good(manager: Visitor) -> None:
    assert "Unencrypted" in await _card(manager, "garden")
    assert "Unencrypted" not in await _card(manager, "front")
    page = (await manager.get("/locks/garden")).text
    assert "This lock is not encrypted: whoever is near can open it." in page
    assert "Unlock" in page
    assert "unencrypted = true" in page
    row = replace(
        LockRow(LockId("garden"), HOUSE, "Garden room", "radio", Address("4"), False, Origin.SITE), unencrypted=True
    )
    await manager.here.hub.store.write(lambda tx: house.keep_lock(tx, row))
    assert "Somebody chose that." in (await manager.get("/locks/garden")).text


async def _met_as(manager: Visitor, able: Abilities) -> None:
    await manager.here.hub.store.write(lambda tx: doors.learn_abilities(tx, LockId("front"), able))


async def test_a_lock_under_s0_is_marked_for_good_and_unlocked_from_here_only_by_typed_consent(
    manager: Visitor,
) -> None:
    await _met_as(manager, Abilities("BE469", "1.4", 30, 4, 8, True, "S0"))
    card, page = await _card(manager, "front"), (await manager.get("/locks/front")).text
    assert " S0" in card
    assert "Unlock" not in card
    assert "S0 is old encryption" in page
    assert "type “unlock over S0”" in page
    assert "is not unlocked from here" in (await manager.post("/locks/front/bolt", to="unlocked")).text
    assert "Type “unlock over S0” if you accept that" in (await manager.post("/locks/front/s0/allow", words="yes")).text
    assert (await manager.post("/locks/front/s0/allow", words="unlock over S0")).status == 303
    card = await _card(manager, "front")
    assert "Unlock" in card
    assert " S0" in card
    assert (await manager.post("/locks/front/s0/forbid")).status == 303
    assert "Unlock" not in await _card(manager, "front")


async def test_a_lock_whose_key_nobody_here_has_is_said_to_be_silent(manager: Visitor) -> None:
    await _met_as(manager, Abilities("BE469", "1.4", 0, 4, 8, False, "S2 without a key"))
    assert "S2 without a key" in await _card(manager, "front")
    assert "it is not spoken to" in (await manager.get("/locks/front")).text


async def test_a_code_that_the_lock_itself_ends_says_so_and_one_kept_out_by_old_hours_too(manager: Visitor) -> None:
    hub, front = manager.here.hub, LockId("front")
    await _met_as(manager, Abilities("BE469ZP", "1.4", 30, 4, 8, True, "S2 Access Control", True))
    assert "It can end a code by itself." in (await manager.get("/locks/front")).text
    assert "The lock itself ends it." not in (await manager.get("/locks/front")).text

    def tell_hours(tx: Tx, hours: Hours) -> None:
        slot = next(slot for slot in codes.slots_of(tx, front) if slot.holder is not None)
        codes.keep_slot(tx, front, replace(slot, hours=hours), NOW)

    kept = Hours(Window(NOW - timedelta(days=1), NOW + timedelta(days=1)), Proof.CONFIRMED)
    await hub.store.write(lambda tx: tell_hours(tx, kept))
    assert "The lock itself ends it." in (await manager.get("/locks/front")).text
    await hub.store.write(lambda tx: tell_hours(tx, replace(kept, proof=Proof.ACKNOWLEDGED)))
    page = (await manager.get("/locks/front")).text
    assert "was told to end it itself, and has not confirmed that" in page
    assert "The lock itself ends it." not in page
    await hub.store.write(lambda tx: tell_hours(tx, replace(kept, before=NOW, proof=Proof.NONE)))
    page = (await manager.get("/locks/front")).text
    assert "The lock still keeps to earlier hours, which are over" in page
    assert "The lock itself ends it." not in page


async def test_a_lock_that_does_not_give_up_earlier_hours_says_when_they_end(manager: Visitor) -> None:
    hub, front = manager.here.hub, LockId("front")

    def tell(tx: Tx, before: datetime) -> None:
        slot = next(slot for slot in codes.slots_of(tx, front) if slot.holder is not None)
        told = Window(NOW - timedelta(days=1), NOW + timedelta(days=9))
        codes.keep_slot(tx, front, replace(slot, hours=Hours(told, refused=True, before=before, failures=2)), NOW)

    await hub.store.write(lambda tx: tell(tx, NOW + timedelta(minutes=30)))
    assert "keeps to earlier hours, which end " in (await manager.get("/locks/front")).text
    await hub.store.write(lambda tx: tell(tx, NOW))
    assert "which are over: it takes no others and does not give them up" in (await manager.get("/locks/front")).text


async def test_a_code_that_the_lock_was_told_in_vain_says_how_often(manager: Visitor) -> None:
    hub, front = manager.here.hub, LockId("front")

    def lose(tx: Tx) -> None:
        slot = next(slot for slot in codes.slots_of(tx, front) if slot.holder is not None)
        gone = Slot(slot.number, reading=Reading.EMPTY, tag=slot.tag, failures=4, proven_at=NOW)
        codes.keep_slot(tx, front, gone, NOW)

    assert "did not keep it" not in (await manager.get("/locks/front")).text
    await hub.store.write(lose)
    assert "The lock was told it 4 times, and did not keep it" in (await manager.get("/locks/front")).text


async def test_a_low_battery_is_said_in_words(manager: Visitor) -> None:
    assert "12 %, low" in await _card(manager, "garden")


async def test_a_battery_that_health_calls_low_is_low_here_though_the_lock_says_nothing(manager: Visitor) -> None:
    front = LockId("front")
    await manager.here.hub.store.write(lambda tx: doors.learn(tx, front, battery=LOW_AT, battery_low=1))
    assert f"{LOW_AT} %, low" in await _card(manager, "front")
    assert f"battery {LOW_AT} %" in (await manager.get("/")).text


async def test_a_keypad_tells_how_many_digits_it_takes(manager: Visitor) -> None:
    assert "30 places, 4 to 8 digits" in (await manager.get("/locks/front")).text
    able = Abilities("BE469ZP", "1.4", 30, 4, 4, True, "")
    await manager.here.hub.store.write(lambda tx: doors.learn_abilities(tx, LockId("front"), able))
    assert "30 places, 4 digits" in (await manager.get("/locks/front")).text


async def test_a_lock_without_a_keypad_offers_no_code(manager: Visitor) -> None:
    cellar = LockRow(LockId("cellar"), HOUSE, "Cellar", "radio", Address("9"), False, Origin.SITE)

    def furnish(tx: Tx) -> None:
        house.keep_lock(tx, cellar)
        doors.learn_abilities(tx, cellar.id, Abilities("ASL-03", "1.59", 0, 0, 0, False, ""))

    await manager.here.hub.store.write(furnish)
    page = (await manager.get("/locks/cellar")).text
    assert "This lock has no keypad" in page
    assert "A code now" not in page


async def test_a_silent_lock_says_since_when_and_what_to_do(manager: Visitor) -> None:
    card = await _card(manager, "loft")
    assert "No answer since 12:02: three tries, no answer." in card
    assert "Codes already in it keep working." in card


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        (
            Mode.VACATION,
            "Vacation mode since 14:02: no code opens this lock. Codes in it are proven and still do not open.",
        ),
        (Mode.PRIVACY, "Privacy mode since 14:02: no code opens this lock from outside."),
    ],
)
async def test_a_lock_whose_keypad_lets_nobody_in_says_so(manager: Visitor, mode: Mode, says: str) -> None:
    await tell(manager.here.hub, ModeTold(Address("2"), NOW, mode))
    assert says in (await manager.get("/locks/flat-1")).text


async def test_a_jammed_bolt_is_never_shown_as_locked(manager: Visitor) -> None:
    await tell(manager.here.hub, BoltMoved(Address("1"), manager.here.clock.at, Position.JAMMED, How.AUTO))
    card = await _card(manager, "front")
    assert "Jammed" in card
    assert "Locked" not in card


async def test_a_lock_nobody_has_met_offers_nothing_it_cannot_do(manager: Visitor) -> None:
    del manager.here.radio.locks[Address("2")]
    assert "Unlock" not in await _card(manager, "flat-1")
    assert (await manager.post("/locks/flat-1/bolt", to="unlocked")).status == 409


# ---- moving ---------------------------------------------------------------------------------------------------------


async def test_unlock_moves_the_bolt_and_is_written_down_before_and_after(manager: Visitor) -> None:
    answer = await manager.post("/locks/front/bolt?part=card", to="unlocked", headers=SCRIPT)
    assert "Front door is unlocked." in answer.text
    assert "Unlocked" in answer.text.split("Battery")[0]
    [deed] = await manager.here.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
    assert (deed.actor, deed.action, deed.outcome) == ("account:Robin", "unlock", "done")
    assert "Robin pressed Unlock." in (await manager.get("/locks/front")).text


async def test_without_script_the_answer_is_on_the_locks_page(manager: Visitor) -> None:
    answer = await manager.post("/locks/front/bolt", to="unlocked")
    assert "<html" in answer.html
    assert "Front door is unlocked." in answer.text


@pytest.mark.parametrize(
    ("error", "sentence", "outcome"),
    [
        (Rejected("the bolt is jammed"), "Front door refused: the bolt is jammed.", "refused"),
        (Unavailable("no answer"), "Look at the door before trying again.", "unknown"),
    ],
)
async def test_a_bolt_that_does_not_obey_says_what_is_known(
    manager: Visitor, error: Exception, sentence: str, outcome: str
) -> None:
    manager.here.bolt("1").raises = error
    answer = await manager.post("/locks/front/bolt?part=main", to="unlocked", headers=SCRIPT)
    assert sentence in answer.text
    [deed] = await manager.here.hub.store.read(lambda tx: log.deeds(tx, "lock:front"))
    assert deed.outcome == outcome


async def test_a_bolt_moves_only_to_where_there_is_a_button_for(manager: Visitor) -> None:
    assert (await manager.post("/locks/front/bolt", to="jammed")).status == 400
    assert (await manager.post("/locks/none/bolt", to="unlocked")).status == 409


# ---- one lock -------------------------------------------------------------------------------------------------------


async def test_the_keypad_lists_whose_codes_it_holds_and_what_is_not_ours(manager: Visitor) -> None:
    text = (await manager.get("/locks/front")).text
    assert "1 Anna Berg today 14:00 to Mon 23 Nov, 11:00 The lock last said so 13:01. Proven, read back" in text
    assert "2 Priya Natarajan Wed 18 Nov, 14:00 to today 18:00 The lock last said so 13:00. Proven, confirmed" in text
    assert "30 Somebody else Not put there by Gatehouse, and left alone. The lock last said so " in text
    assert "José Ñandú-Müller today 16:30 to Sun 22 Nov, 11:00 Goes in later" in text


async def test_a_code_of_our_own_that_was_forgotten_is_not_called_somebody_elses(manager: Visitor) -> None:
    hub, front, tag = manager.here.hub, LockId("front"), CodeTag("of a guest whom the backup does not know")
    hub.tagbook.add(tag)
    slot = Slot(29, reading=Reading.OCCUPIED, tag=tag, proven_at=NOW)

    def restore(tx: Tx) -> None:
        codes.keep_slot(tx, front, slot, NOW)
        settings.keep(tx, "safe_mode", "2026-11-20")

    await hub.store.write(restore)
    page = await manager.get("/locks/front")
    said = "29 A code of the hub's own Gatehouse put it there, and does not know any more for whom."
    assert f"{said} It is taken out as soon as safe mode is left." in page.text
    assert "/codes/29/adopt" not in page.html
    assert "30 Somebody else Not put there by Gatehouse, and left alone." in page.text


async def test_in_safe_mode_a_code_that_was_taken_back_is_not_said_to_be_going(manager: Visitor) -> None:
    """A restore discards all backup codes; they leave the locks only once somebody has looked."""
    hub, front = manager.here.hub, LockId("front")

    def restore(tx: Tx) -> None:
        held = next(
            code for code in code_list.listing(tx, lock=front) if code.slot is not None and code.issued is not None
        )
        assert held.issued is not None
        codes.revoke(tx, [held.issued.grant.id], NOW)
        settings.keep(tx, "safe_mode", "2026-11-20")

    await hub.store.write(restore)
    text = (await manager.get("/locks/front")).text
    assert "Goes after safe mode" in text
    assert "Being removed" not in text
    await hub.store.write(lambda tx: settings.keep(tx, "safe_mode", None))
    text = (await manager.get("/locks/front")).text
    assert "Being removed" in text
    assert "Goes after safe mode" not in text


async def test_a_lock_that_hides_digits_says_that_it_confirms_only(manager: Visitor) -> None:
    assert "Codes cannot be read back; the lock confirms them." in (await manager.get("/locks/loft")).text


async def test_a_code_for_somebody_at_the_door_is_drawn_shown_once_and_can_be_ended(manager: Visitor) -> None:
    assert "Whom it is for" in (await manager.get("/codes/new?lock=front")).text
    answer = await manager.post("/codes/new", label="The plumber", locks=["front", "studio"], until="2026-11-20T18:00")
    shown = re.search(r'class="pin" id="pin">(\d{6})<', answer.html)
    assert shown is not None
    page = await manager.get("/locks/front")
    assert "The plumber today 14:02 to 18:00 Waits for the lock End and take out" in page.text
    assert shown[1] not in page.html
    end = re.search(r'action="(/locks/front/codes/\w+/end)"', page.html)
    assert end is not None
    assert (await manager.post(end[1])).status == 303
    listed = await manager.here.hub.store.read(lambda tx: code_list.listing(tx, lock=LockId("front")))
    assert [entry.issued.grant.revoked for entry in listed if entry.issued and entry.guest == "The plumber"] == [True]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": ""}, "A name is needed."),
        ({"locks": []}, "At least one door is needed."),
        ({"until": "2026-11-20T13:00"}, "A code must end in the future."),
        ({"until": "tonight"}, "The end"),
        ({"locks": ["castle"]}, "There is no lock called “castle”."),
    ],
)
async def test_a_code_that_cannot_be_given_says_why(
    manager: Visitor, changed: dict[str, str | list[str]], sentence: str
) -> None:
    told: dict[str, str | list[str]] = {"label": "The plumber", "locks": ["front"], "until": "2026-11-20T18:00"}
    answer = await manager.post("/codes/new", **told | changed)
    assert answer.status == 422
    assert sentence in answer.text


def _with_a_strange_code(manager: Visitor) -> Memory:
    locks, memory = manager.here.radio.locks, Memory(Address("1"), codes={30: "4711"})
    locks[Address("1")] = replace(locks[Address("1")], keypad=MemoryLock(memory))
    return memory


async def test_somebody_elses_code_is_given_a_name_and_an_end_and_can_be_taken_out(manager: Visitor) -> None:
    memory = _with_a_strange_code(manager)
    assert "/locks/front/codes/30/adopt" in (await manager.get("/locks/front")).html
    assert "Nothing is written to it." in (await manager.get("/locks/front/codes/30/adopt")).text
    answer = await manager.post("/locks/front/codes/30/adopt", label="The cleaner", until="2026-11-30T18:00")
    assert (answer.status, answer.headers["Location"]) == (303, "/locks/front")
    page = await manager.get("/locks/front")
    assert (
        "30 The cleaner today 14:02 to Mon 30 Nov, 18:00 The lock last said so 14:02. Proven, read back End and take out"
        in page.text
    )
    assert "4711" not in page.html
    assert memory.journal == []
    assert (await manager.post("/locks/front/codes/30/adopt", label="The gardener")).status == 422


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": ""}, "A name is needed."),
        ({"label": "x" * 61}, "A name can have 60 characters at most."),
        ({"until": "2026-11-20T13:00"}, "A code must end in the future."),
        ({"until": "tonight"}, "The end"),
    ],
)
async def test_a_code_that_cannot_be_adopted_says_why_and_keeps_what_was_typed(
    manager: Visitor, changed: dict[str, str], sentence: str
) -> None:
    _with_a_strange_code(manager)
    answer = await manager.post("/locks/front/codes/30/adopt", **{"label": "The cleaner", "until": ""} | changed)
    assert answer.status == 422
    assert sentence in answer.text
    assert changed.get("label", "The cleaner") in answer.html


async def test_a_lock_that_tells_no_digits_wants_them_said_and_an_unknown_place_is_nowhere(manager: Visitor) -> None:
    told = Slot(5, reading=Reading.OCCUPIED, proven_at=NOW)
    await manager.here.hub.store.write(lambda tx: codes.keep_slot(tx, LockId("loft"), told, NOW))
    page = await manager.get("/locks/loft")
    assert "5 Somebody else" in page.text
    assert "/locks/loft/codes/5/adopt" in page.html
    text = (await manager.get("/locks/loft/codes/5/adopt")).text
    assert "hides its digits, so say them: they are minded when others are drawn" in text
    answer = await manager.post("/locks/loft/codes/5/adopt", label="The cleaner", until="", pin="47a1")
    assert answer.status == 422
    assert "The code: write 4 to 10 digits." in answer.text
    assert (await manager.get("/locks/castle/codes/5/adopt")).status == 404
    assert (await manager.get("/locks/front/codes/five/adopt")).status == 404


async def test_a_lock_set_aside_says_that_the_others_go_on(manager: Visitor) -> None:
    hub = manager.here.hub
    await hub.store.write(lambda tx: doors.learn(tx, LockId("studio"), quarantined="its worker failed"))
    assert "This lock was set aside: its worker failed. The other doors go on." in await _card(manager, "studio")


async def test_a_lock_that_was_reset_says_how_many_of_its_codes_are_back(manager: Visitor) -> None:
    await tell(manager.here.hub, CodesChanged(Address("2"), NOW, CodeChange.ALL_DELETED))
    text = (await manager.get("/locks/flat-1")).text
    assert "Its codes are put back The lock lost what was in its keypad: it was replaced or reset." in text
    assert "Codes back 0 of 1" in text
    assert "Its codes are put back" not in (await manager.get("/locks/front")).text


async def test_how_far_the_places_that_are_only_read_were_read(manager: Visitor) -> None:
    front, hub = LockId("front"), manager.here.hub
    assert "looked at once a month" not in (await manager.get("/locks/front")).text
    await _met_as(manager, Abilities("YRD256", "1.4", 250, 4, 8, True, "S2 Access Control"))
    page = (await manager.get("/locks/front")).text
    assert "Places 31 to 250 are left alone, and looked at once a month, a few an hour: not begun yet." in page
    await hub.store.write(lambda tx: doors.learn(tx, front, toured_to=87, toured_at=NOW))
    assert "read to place 87" in (await manager.get("/locks/front")).text
    await hub.store.write(lambda tx: doors.learn(tx, front, toured_to=250))
    page = (await manager.get("/locks/front")).text
    assert "read to the end" in page
    assert "Without an answer" not in page
    await hub.store.write(lambda tx: doors.learn(tx, front, tour_unread="33,35,36,37,200"))
    page = (await manager.get("/locks/front")).text
    assert "Without an answer, and asked again in the next month: 33, 35 to 37 and 200." in page
