"""The same peculiarities once more, at simulated locks: what the driver believes against what the lock holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.contracts import CodeTaken
from hub.errors import Rejected
from hub.model.facts import BatteryRead, BoltMoved, CodeChange, CodesChanged, LockFound, SlotRead
from hub.model.values import How, Pin, Position, Proof
from tests.drivers.zwave.fakes import virtual
from tests.drivers.zwave.simulated import simulated

FOUR, SIX = Pin("4711"), Pin("471147")


@pytest.mark.parametrize("empty", ["zeros", "nothing", "digits", "masked"])
@virtual
async def test_schlage_be469zp_has_an_empty_slot_however_it_reports_it(tmp_path: Path, empty: str) -> None:
    async with simulated(tmp_path, "schlage", quirks={"empty": empty}).running() as world:
        assert await world.keypad.read(7) == SlotRead(empty=True)
        await world.keypad.write(7, FOUR)
        assert await world.keypad.read(7) == SlotRead(empty=False, pin=FOUR)
        await world.keypad.clear(7)
        assert await world.keypad.read(7) == SlotRead(empty=True)
        assert world.held() == {}


@virtual
async def test_schlage_be469zp_masks_codes_and_the_mask_of_slots_tells_which_are_set(tmp_path: Path) -> None:
    async with simulated(tmp_path, "schlage", quirks={"masked": True, "empty": "masked"}).running() as world:
        assert await world.keypad.write(7, FOUR) is Proof.CONFIRMED
        assert await world.keypad.read(7) == SlotRead(empty=False)
        assert await world.keypad.read(8) == SlotRead(empty=True)
        assert world.held() == {7: "4711"}


@virtual
async def test_schlage_be469zp_that_forgets_what_it_took_is_found_out(tmp_path: Path) -> None:
    async with simulated(tmp_path, "schlage", quirks={"forgets": True}).running() as world:
        assert await world.keypad.write(7, FOUR) is Proof.ACKNOWLEDGED
        assert (await world.keypad.read(7)).empty


@virtual
async def test_schlage_be469zp_takes_four_digits_and_its_length_is_never_changed(tmp_path: Path) -> None:
    async with simulated(tmp_path, "schlage").running() as world:
        with pytest.raises(Rejected, match="4 to 4"):
            await world.keypad.write(7, SIX)
        assert world.lock.parameter(16) == 4


@virtual
async def test_schlage_be469zp_repeats_its_events_and_each_is_told_once(tmp_path: Path) -> None:
    world = simulated(tmp_path, "schlage", quirks={"repeat_events": 1})
    async with world.running():
        await world.keypad.write(7, FOUR)
        world.lock.press("4711", asyncio.get_running_loop().time())
        await world.keypad.read(7)  # the stick carries on
        await asyncio.sleep(30)
    moves = [fact for fact in world.facts if isinstance(fact, BoltMoved) and fact.how is How.KEYPAD]
    assert [(move.position, move.slot) for move in moves] == [(Position.UNLOCKED, 7)]


@pytest.mark.parametrize("model", ["schlage", "kwikset", "yale", "yale-zw3"])
@virtual
async def test_every_model_refuses_digits_of_another_slot_and_is_told_once(tmp_path: Path, model: str) -> None:
    async with simulated(tmp_path, model).running() as world:
        await world.keypad.write(1, FOUR)
        with pytest.raises(CodeTaken):
            await world.keypad.write(2, FOUR)
        assert world.held() == {1: "4711"}


@pytest.mark.parametrize("model", ["kwikset", "yale"])
@virtual
async def test_kwikset_914_and_yale_yrd256_tell_old_alarms_that_mean_the_same(tmp_path: Path, model: str) -> None:
    world = simulated(tmp_path, model, quirks={"v1_alarms": True, "slot_as": "level"})
    async with world.running():
        await world.keypad.write(3, SIX)
        world.lock.press("471147", asyncio.get_running_loop().time())
        await world.keypad.read(3)
        await asyncio.sleep(5)
    moves = [fact for fact in world.facts if isinstance(fact, BoltMoved) and fact.how is How.KEYPAD]
    assert [(move.position, move.slot) for move in moves] == [(Position.UNLOCKED, 3)]


@virtual
async def test_yale_yrd256_keeps_its_master_code_out_of_reach(tmp_path: Path) -> None:
    async with simulated(tmp_path, "yale").running() as world:
        world.lock.program(251, "990011")
        with pytest.raises(Rejected, match="programs the lock"):
            await world.keypad.clear(251)
        with pytest.raises(Rejected, match="programs the lock"):
            await world.keypad.write(251, SIX)
        assert await world.keypad.write(250, SIX) is not Proof.NONE
        assert world.held() == {250: "471147", 251: "990011"}
    assert [found.abilities.slots for found in world.facts if isinstance(found, LockFound)] == [250]


@pytest.mark.parametrize("supervision", ["session_0", "mute"])
@virtual
async def test_yale_zw3_with_supervision_that_does_not_work_still_takes_codes(tmp_path: Path, supervision: str) -> None:
    """As the Yale module (zwave-js/zwave-js#5417) would, if nobody had listed it."""
    world = simulated(tmp_path, "yale-zw3", quirks={"supervision": supervision, "masked": True})
    async with world.running():
        for slot in (1, 2, 3, 4):
            assert await world.keypad.write(slot, Pin(f"47114{slot}")) is not Proof.NONE
        assert world.held() == {slot: f"47114{slot}" for slot in (1, 2, 3, 4)}


@virtual
async def test_nf_yrd612_or_any_lock_that_loses_a_code_says_so(tmp_path: Path) -> None:
    """zwave-js/zwave-js#9188."""
    world = simulated(tmp_path, "yale")
    async with world.running():
        await world.keypad.write(5, SIX)
        world.lock.program(5, None)
        assert (await world.keypad.read(5)).empty
        await asyncio.sleep(5)
    changes = [(fact.change, fact.slot) for fact in world.facts if isinstance(fact, CodesChanged)]
    assert changes[-1] == (CodeChange.DELETED, 5)


@virtual
async def test_fe599_or_any_lock_that_warns_without_a_figure_has_a_low_battery(tmp_path: Path) -> None:
    world = simulated(tmp_path, "schlage", quirks={"low_warning": True})
    async with world.running():
        world.lock.drain(12)
        await world.keypad.read(1)
        await asyncio.sleep(5)
    low = [fact for fact in world.facts if isinstance(fact, BatteryRead)][-1]
    assert (low.percent, low.low) == (None, True)


@virtual
async def test_august_asl_03_has_a_bolt_and_no_keypad(tmp_path: Path) -> None:
    world = simulated(tmp_path, "august")
    async with world.running():
        met = next(iter(world.driver.locks.values()))
        assert met.keypad is None
        assert met.bolt is not None
        assert await met.bolt.move(Position.LOCKED) is Position.LOCKED
