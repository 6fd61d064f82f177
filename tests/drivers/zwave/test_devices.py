from __future__ import annotations

import pytest

from drivers.zwave.cc.notification import Happening
from drivers.zwave.devices import REPORT_WITHIN_S, Device, device
from drivers.zwave.events import facts
from hub.model.facts import BoltMoved
from hub.model.values import Address, How, Position
from tests.drivers.zwave.fakes import START


def test_makers_locks_are_known_by_their_numbers() -> None:
    schlage = device(0x003B, 0x0001, 0x0469)
    assert (schlage.model, schlage.supervision, schlage.report_within_s) == ("Schlage BE469ZP", False, 10.0)
    assert schlage.pin_length_parameter == 16
    assert device(0x003B, 0x634B, 0x504C).lifeline == 2
    assert device(0x0129, 0x810A, 0x4DD1).model == "Yale NF-YRD612-ZW3"


def test_an_unknown_lock_is_one_without_peculiarities() -> None:
    assert device(0x0129, 1, 2) == Device("Yale 0001:0002")
    assert device(0x4711, 1, 2).report_within_s == REPORT_WITHIN_S


KWIKSET, YALE = (0x0090, 0x0003, 0x0440), (0x0129, 0x8002, 0x0600)


@pytest.mark.parametrize(
    ("alarm_type", "level", "said"),
    [
        (19, 4, Happening(6, 6, b"\x04")),
        (18, 4, Happening(6, 5, b"\x04")),
        (21, 1, Happening(6, 1)),
        (22, 1, Happening(6, 2)),
        (24, 0, Happening(6, 3)),
        (32, 0, Happening(6, 12)),
        (33, 7, Happening(6, 13, b"\x07")),
        (112, 7, Happening(6, 14, b"\x07")),
        (112, 0, Happening(6, 0)),
        (113, 7, Happening(6, 15, b"\x07")),
        (0, 0, Happening(6, 0)),
        (200, 0, None),
    ],
)
def test_kwikset_alarms_are_translated(alarm_type: int, level: int, said: Happening | None) -> None:
    assert device(*KWIKSET).meaning(alarm_type, level) == said


def test_a_level_that_means_something_else_is_not_translated() -> None:
    assert device(*YALE).meaning(22, 1) == Happening(6, 2)
    assert device(*YALE).meaning(22, 9) is None


def test_a_tag_opens_without_a_slot() -> None:
    """Departs from zwave-js: tag numbers are no keypad slots, and a guest is not to be named for a stranger's tag."""
    said = device(0x0129, 0xC006, 0x5904).meaning(144, 4)
    assert said is not None
    assert facts(said, Address("2"), START) == [BoltMoved(Address("2"), START, Position.UNLOCKED, How.UNKNOWN)]
