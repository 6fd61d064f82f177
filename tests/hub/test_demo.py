from __future__ import annotations

import json
from pathlib import Path

from drivers.simulator import Config as Building
from hub import demo


def test_the_simulated_building_holds_the_keys_that_the_driver_takes_over(tmp_path: Path) -> None:
    told = demo._config(tmp_path, 0).drivers
    building = Building(**told["simulator"])
    assert building.keys == json.loads(Path(told["zwave"]["keys"]).read_text())
    assert len(set(building.keys.values())) == 4


def test_all_but_the_cellar_are_encrypted_and_two_locks_wait_in_their_boxes(tmp_path: Path) -> None:
    building = Building(**demo._config(tmp_path, 0).drivers["simulator"])
    assert [lock.name for lock in building.locks if lock.joined_with] == ["Front door", "Flat 1", "Flat 2"]
    assert [lock.name for lock in building.locks if not lock.address] == ["Boathouse", "Attic"]
