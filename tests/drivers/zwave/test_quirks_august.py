"""What August's lock does differently."""

from __future__ import annotations

from drivers.zwave.devices import device
from drivers.zwave.known import Known
from hub.model.facts import LockFound
from tests.drivers.zwave.brands import ASL_03, TWO, wearing
from tests.drivers.zwave.fakes import FakeLock, House, virtual


@virtual
async def test_asl_03_has_no_keypad_even_if_it_lists_one(house: House, lock: FakeLock) -> None:
    wearing(lock, ASL_03)
    async with house.running():
        met = house.driver.locks[TWO]
        assert (met.keypad, met.abilities.slots) == (None, 0)
        assert met.bolt is not None
    assert [found.abilities.model for found in house.told(LockFound)] == ["August ASL-03"]
    assert not [command for command in lock.received if command.startswith("63")]


def test_asl_03_comes_with_a_warning_that_a_person_sees() -> None:
    known = Known(generic=0x40, specific=3, classes=frozenset(), product=(0x033F, 0, 0x0594))
    assert known.remarks == (device(0x033F, 0, 0xDF29).warning,)
    assert "stop reacting" in known.remarks[0]
    assert Known(generic=0x40, specific=3, classes=frozenset(), product=(0x003B, 1, 0x0469)).remarks == ()


@virtual
async def test_asl_03_is_shown_with_its_warning_on_the_map_of_the_network(house: House, lock: FakeLock) -> None:
    wearing(lock, ASL_03)
    async with house.running() as driver:
        shown = next(node for node in driver.survey().nodes if node.address == TWO)
    assert any("stop reacting" in remark for remark in shown.remarks)
