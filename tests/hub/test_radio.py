"""Looking after a radio network: everything is written down, and a device that leaves leaves its lock without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.config import parse
from hub.contracts.radio import Asked, Ended, NodeState, Prepared, Wish
from hub.errors import Rejected, Unavailable
from hub.housing import NewLock, suggest_id
from hub.hub import Hub
from hub.model.codes import Reading, Slot
from hub.model.values import Address, CodeTag, LockId, Proof, PropertyId, Secret, UnitId
from hub.radio import Outcome, Work
from hub.running import World, made
from hub.store import codes, doors, house, tables
from hub.store.doors import Door
from hub.store.house import Origin
from tests.hub.test_commands import Clock, furnish
from tests.simulators.radio import DSK, TAIL, FakeRadio, node

ME = "account:Robin"
FRONT, THREE, SEVEN = LockId("front"), Address("3"), Address("7")
WITHIN = timedelta(seconds=20)


@pytest.fixture
def radio() -> FakeRadio:
    return FakeRadio({THREE: node(3)})


@pytest.fixture
async def hub(tmp_path: Path, radio: FakeRadio) -> AsyncIterator[Hub]:
    """A house with one lock at node 3, and somebody who does the errands."""
    told = {"database": "g.db", "state_dir": "state", "key_file": "key", "drivers": {"zwave": {"port": "x"}}}
    async with made(parse(told, tmp_path), World(clock=Clock(), inline=True)) as hub, asyncio.TaskGroup() as group:
        hub.plugins.add_driver("zwave", radio)
        radio.changed = lambda: hub.bus.signal("plugin:zwave")
        radio.meet(3)
        await furnish(hub)
        runner = group.create_task(hub.radios.run())
        yield hub
        runner.cancel()


async def trail(hub: Hub) -> list[tuple[str, str, str, str]]:
    """Action, subject, outcome and detail of everything that Robin did."""
    wanted = select(*(tables.audit.c[name] for name in ("action", "subject", "outcome", "detail")))
    rows = await hub.store.read(lambda tx: tx.sql.execute(wanted.where(tables.audit.c.actor == ME)).all())
    return [tuple(row) for row in rows]


async def front(hub: Hub) -> Door:
    door = await hub.store.read(lambda tx: doors.door(tx, FRONT))
    assert door is not None
    return door


async def ended_conversations(hub: Hub) -> None:
    """The watcher has had its turns."""
    for _ in range(500):
        if all(outcome != "asked" for _, _, outcome, _ in await trail(hub)):
            return
        await asyncio.sleep(0)
    raise AssertionError("a conversation is still open in the audit trail")


# ---- conversations -------------------------------------------------------------------------------------------------


async def test_a_conversation_is_written_down_before_it_begins_and_when_it_ends(hub: Hub, radio: FakeRadio) -> None:
    talk = await hub.radios.begin("zwave", Wish.ADD, ME, label=Secret(DSK))
    assert await trail(hub) == [("add device", "radio:zwave", "asked", "")]

    radio.finish(7)
    await ended_conversations(hub)

    assert talk.wish is Wish.ADD
    assert await trail(hub) == [("add device", "radio:zwave", "done", "node 7: The device is joined.")]


async def test_a_conversation_that_cannot_begin_is_written_down_as_refused(hub: Hub) -> None:
    with pytest.raises(Rejected, match="eight groups of five digits"):
        await hub.radios.begin("zwave", Wish.ADD, ME, label=Secret("12345"))

    ((action, _, outcome, detail),) = await trail(hub)
    assert (action, outcome) == ("add device", "refused")
    assert "12345" not in detail


async def test_consent_and_keys_are_written_down_and_a_pin_is_not(hub: Hub, radio: FakeRadio) -> None:
    talk = await hub.radios.begin("zwave", Wish.ADD, ME)
    for asked, words in (
        (Asked.GRANT, "S2_ACCESS_CONTROL"),
        (Asked.PIN, "12345"),
        (Asked.OLD_ENCRYPTION, "Use the old encryption "),
        (Asked.OLD_ENCRYPTION, "12345"),
    ):
        radio.ask(asked)
        await hub.radios.answer("zwave", talk.id, words, ME)

    told = [(action, detail) for action, _, _, detail in await trail(hub)][1:]
    assert told == [
        ("answer grant", "S2_ACCESS_CONTROL"),
        ("answer old_encryption", "use the old encryption"),
        ("answer old_encryption", "no"),
    ]


async def test_an_answer_that_is_none_is_refused_and_not_written_down(hub: Hub, radio: FakeRadio) -> None:
    talk = await hub.radios.begin("zwave", Wish.ADD, ME)
    radio.ask(Asked.GRANT)

    with pytest.raises(Rejected, match="was not offered"):
        await hub.radios.answer("zwave", talk.id, "S0", ME)
    assert len(await trail(hub)) == 1


async def test_a_cancelled_conversation_is_written_down_as_refused(hub: Hub) -> None:
    talk = await hub.radios.begin("zwave", Wish.REMOVE, ME)
    await hub.radios.cancel("zwave", talk.id, ME)
    await ended_conversations(hub)

    assert [(action, outcome) for action, _, outcome, _ in await trail(hub)] == [
        ("remove device", "refused"),
        ("cancel conversation", "done"),
    ]


async def test_an_unknown_radio_is_refused_by_name(hub: Hub) -> None:
    with pytest.raises(Rejected, match="no radio called “zigbee”"):
        await hub.radios.begin("zigbee", Wish.ADD, ME)


# ---- a lock without a device ---------------------------------------------------------------------------------------


async def _holds_a_code(hub: Hub) -> None:
    slot = Slot(2, None, Reading.OCCUPIED, CodeTag("x"), proof=Proof.READ_BACK, proven_at=hub.clock.now())
    await hub.store.write(lambda tx: codes.keep_slot(tx, FRONT, slot, hub.clock.now()))


async def test_a_removed_device_leaves_its_lock_without_one(hub: Hub, radio: FakeRadio) -> None:
    await _holds_a_code(hub)
    await hub.radios.begin("zwave", Wish.REMOVE, ME)
    radio.finish(3)
    await ended_conversations(hub)

    door = await front(hub)
    assert doors.has_no_device(door)
    assert door.abilities is None
    assert all(slot.reading is Reading.UNKNOWN for slot in await hub.store.read(lambda tx: codes.slots_of(tx, FRONT)))


async def test_whatever_gets_the_address_of_a_removed_device_is_not_its_heir(hub: Hub, radio: FakeRadio) -> None:
    """Sticks give a free node number away again: the codes of one door must not go into another."""
    await hub.radios.begin("zwave", Wish.REMOVE, ME)
    radio.finish(3)
    await ended_conversations(hub)
    await hub.radios.begin("zwave", Wish.ADD, ME)
    radio.finish(3)
    await ended_conversations(hub)

    assert doors.has_no_device(await front(hub))
    assert await hub.store.read(lambda tx: doors.door_at(tx, "zwave", THREE)) is None


async def test_a_device_that_joins_where_one_was_lost_unseen_is_not_its_heir(hub: Hub, radio: FakeRadio) -> None:
    """The stick was exchanged, or the hub was off while the device left."""
    del radio.nodes[THREE]
    await hub.radios.begin("zwave", Wish.ADD, ME)
    radio.finish(3)
    await ended_conversations(hub)

    assert doors.has_no_device(await front(hub))


async def test_a_prepared_device_that_joins_where_another_was_is_not_its_heir(hub: Hub, radio: FakeRadio) -> None:
    await hub.radios.prepare("zwave", Secret(DSK), ME)
    radio.changed()
    await turns()
    radio.prepared[TAIL] = replace(radio.prepared[TAIL], joined=THREE)
    radio.changed()
    await turns()

    assert doors.has_no_device(await front(hub))


async def test_a_device_that_was_joined_before_the_hub_looked_keeps_its_lock(hub: Hub, radio: FakeRadio) -> None:
    radio.prepared[TAIL] = Prepared(TAIL, hub.clock.now(), joined=THREE)
    radio.changed()
    await turns()

    assert (await front(hub)).address == THREE


async def turns() -> None:
    """Everybody who was told something has had their turns."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_removal_that_failed_leaves_the_lock_as_it_is(hub: Hub, radio: FakeRadio) -> None:
    await hub.radios.begin("zwave", Wish.REMOVE, ME)
    radio.turn(ended=Ended.FAILED, address=THREE, sentence="Nobody answered.")
    await ended_conversations(hub)

    assert (await front(hub)).address == THREE


async def test_a_device_takes_the_place_of_another(hub: Hub, radio: FakeRadio) -> None:
    await _holds_a_code(hub)
    radio.meet(7)

    await hub.radios.take_place("zwave", SEVEN, FRONT, ME)

    door = await front(hub)
    assert (door.address, door.abilities and door.abilities.model) == (SEVEN, "BE469ZP")
    assert all(slot.reading is Reading.UNKNOWN for slot in await hub.store.read(lambda tx: codes.slots_of(tx, FRONT)))
    assert (await trail(hub))[-1] == ("give lock another device", "lock:front", "done", "zwave 7")


async def test_a_site_file_leaves_a_lock_alone_that_got_another_device(hub: Hub, radio: FakeRadio) -> None:
    radio.meet(7)
    await hub.radios.take_place("zwave", SEVEN, FRONT, ME)

    told = await furnish(hub)

    assert (await front(hub)).address == SEVEN
    assert any("front" in note for note in told["notes"])


# ---- naming --------------------------------------------------------------------------------------------------------


async def test_a_joined_device_becomes_a_lock_of_the_house_and_a_door_of_its_units(hub: Hub, radio: FakeRadio) -> None:
    radio.meet(7)
    new = NewLock("  Garden   gate ", PropertyId("home"), units=(UnitId("flat"),))

    assert await hub.radios.name_lock("zwave", SEVEN, new, ME) == "garden-gate"

    door = await hub.store.read(lambda tx: doors.door_at(tx, "zwave", SEVEN))
    unit = await hub.store.read(lambda tx: house.unit_with(tx, UnitId("flat")))
    assert door is not None
    assert (door.id, door.name) == ("garden-gate", "Garden gate")
    assert door.abilities is not None, "what the driver told before it had a name counts"
    assert unit is not None
    assert (unit.locks, unit.origin) == ((FRONT, LockId("garden-gate")), Origin.PAGES)


@pytest.mark.parametrize(
    ("address", "new", "why"),
    [
        ("9", NewLock("Gate", PropertyId("home")), "nothing in the network has the address 9"),
        ("3", NewLock("Gate", PropertyId("home")), "is Front door already"),
        ("7", NewLock("Gate", PropertyId("castle")), "no property called “castle”"),
        ("7", NewLock("Gate", PropertyId("home"), id="front"), "a lock called “front” already"),
        ("7", NewLock("Gate", PropertyId("home"), id="../x"), "letters, digits"),
        ("7", NewLock(" \n", PropertyId("home")), "needs a name"),
        ("7", NewLock("Gate", PropertyId("home"), units=(UnitId("attic"),)), "no unit called “attic”"),
    ],
)
async def test_what_cannot_be_a_lock_is_refused_and_nothing_is_changed(
    hub: Hub, radio: FakeRadio, address: str, new: NewLock, why: str
) -> None:
    radio.meet(7)
    with pytest.raises(Rejected, match=why):
        await hub.radios.name_lock("zwave", Address(address), new, ME)

    assert [row.id for row in await hub.store.read(house.locks)] == ["front"]


def test_an_id_is_made_from_a_name_and_never_one_that_is_taken() -> None:
    assert suggest_id("Front door", ()) == "front-door"
    assert suggest_id("Façade n° 3", {"facade-n-3"}) == "facade-n-3-2"
    assert suggest_id("玄関", ()) == "lock"


# ---- errands -------------------------------------------------------------------------------------------------------


async def test_an_errand_is_written_down_with_its_end(hub: Hub) -> None:
    errand = await hub.radios.send("zwave", Work.PING, ME, THREE)
    await errand.settle(WITHIN)

    assert (errand.outcome, errand.sentence) == (Outcome.DONE, "it answered within 23 ms, −61 dBm")
    assert await trail(hub) == [("ping device", "radio:zwave", "done", "node 3: it answered within 23 ms, −61 dBm")]
    assert hub.radios.errands("zwave") == [errand]


@pytest.mark.parametrize(
    ("raises", "outcome", "sentence"),
    [
        (Rejected("it is too far away"), Outcome.REFUSED, "it is too far away"),
        (Unavailable("no answer"), Outcome.UNKNOWN, "no answer"),
        (KeyError("slot"), Outcome.UNKNOWN, "zwave failed unexpectedly (KeyError)"),
    ],
)
async def test_an_errand_that_fails_ends_itself_and_nothing_else(
    hub: Hub, radio: FakeRadio, raises: Exception, outcome: Outcome, sentence: str
) -> None:
    radio.raises = raises
    failed = await hub.radios.send("zwave", Work.INTERVIEW, ME, THREE)
    await failed.settle(WITHIN)
    radio.raises = None
    other = await hub.radios.send("zwave", Work.HEAL, ME)
    await other.settle(WITHIN)

    assert (failed.outcome, failed.sentence) == (outcome, sentence)
    assert other.outcome is Outcome.DONE
    with pytest.raises((Rejected, Unavailable), match=sentence.partition(" (")[0]):
        failed.insist()


async def test_a_failed_device_that_is_removed_leaves_its_lock_without_one(hub: Hub, radio: FakeRadio) -> None:
    radio.nodes[THREE] = node(3, state=NodeState.DEAD)

    errand = await hub.radios.send("zwave", Work.FORGET, ME, THREE)
    await errand.settle(WITHIN)

    assert errand.outcome is Outcome.DONE
    assert doors.has_no_device(await front(hub))


async def test_a_device_that_still_answers_is_not_forgotten(hub: Hub) -> None:
    errand = await hub.radios.send("zwave", Work.FORGET, ME, THREE)
    await errand.settle(WITHIN)

    assert (errand.outcome, errand.sentence) == (Outcome.REFUSED, "it still answers")
    assert not doors.has_no_device(await front(hub))


async def test_an_errand_to_an_address_that_nothing_has_is_refused_at_once(hub: Hub) -> None:
    with pytest.raises(Rejected, match="has the address 9"):
        await hub.radios.send("zwave", Work.PING, ME, Address("9"))
    assert await trail(hub) == []


async def test_a_memory_that_is_none_is_refused_by_the_stick(hub: Hub, radio: FakeRadio) -> None:
    bad = await hub.radios.send("zwave", Work.RESTORE, ME, memory=b"GIF89a")
    good = await hub.radios.send("zwave", Work.RESTORE, ME, memory=b"NVM2")
    await bad.settle(WITHIN)
    await good.settle(WITHIN)

    assert (bad.outcome, good.outcome, radio.memory) == (Outcome.REFUSED, Outcome.DONE, b"NVM2")


# ---- keys, memory and labels ---------------------------------------------------------------------------------------


async def test_what_is_shown_and_taken_is_written_down_without_its_secrets(hub: Hub) -> None:
    await hub.radios.prepare("zwave", Secret(DSK), ME)
    await hub.radios.unprepare("zwave", TAIL, ME)
    keys = await hub.radios.export_keys("zwave", ME)
    await hub.radios.import_keys("zwave", keys, ME)
    memory = await hub.radios.back_up("zwave", ME)

    told = await trail(hub)
    assert [(action, outcome) for action, _, outcome, _ in told] == [
        ("prepare device", "done"),
        ("unprepare device", "done"),
        ("show network keys", "done"),
        ("import network keys", "done"),
        ("back up radio", "done"),
    ]
    assert told[-1][-1] == f"{len(memory)} bytes"
    everything = " ".join(detail for *_, detail in told)
    assert "12345" not in everything
    assert "5a5a" not in everything


async def test_a_label_that_is_refused_is_written_down_as_refused(hub: Hub) -> None:
    with pytest.raises(Rejected):
        await hub.radios.prepare("zwave", Secret("nonsense"), ME)

    assert [(action, outcome) for action, _, outcome, _ in await trail(hub)] == [("prepare device", "refused")]
