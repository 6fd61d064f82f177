"""Door Lock Logging and Time Parameters of a simulated lock."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.simulator.memory import Bolt
from drivers.simulator.quirks import Quirks
from tests.drivers.simulator.world import Host, a_lock

UNLOCKED, LOCKED = "09", "08"


def host(records: int = 5, **quirks: Any) -> Host:
    return Host(a_lock("yale-zw3", records=records, quirks=Quirks.model_validate(quirks)))


def turn(there: Host, *to: Bolt) -> None:
    for each in to:
        there.lock.turn(each, 0.0)


def line(there: Host, number: int) -> str:
    (told,) = [each for each in there.ask(f"4c03{number:02x}") if each.startswith("4c04")]
    return told


def lines(there: Host, *numbers: int) -> list[tuple[int, str]]:
    """The number and the event of each line, by what the lock answers to these."""
    found = [line(there, number) for number in numbers]
    return [(int(each[4:6], 16), each[20:22] if int(each[14:16], 16) >> 5 else "") for each in found]


def test_a_lock_keeps_no_log_unless_it_is_told_to() -> None:
    assert Host(a_lock("yale-zw3")).ask("4c01") == []
    assert host().ask("4c01") == ["4c0205"]


def test_the_newest_line_comes_first_and_the_oldest_goes() -> None:
    there = host(records=2)
    turn(there, Bolt.UNLOCKED, Bolt.LOCKED, Bolt.UNLOCKED)
    assert lines(there, 0, 1, 2) == [(1, UNLOCKED), (1, UNLOCKED), (2, LOCKED)]


def test_lines_that_keep_their_numbers() -> None:
    there = host(records=3, numbered_ring=True)
    turn(there, Bolt.UNLOCKED)
    assert lines(there, 0, 2, 3) == [(1, UNLOCKED), (2, ""), (3, "")]
    turn(there, Bolt.LOCKED, Bolt.UNLOCKED, Bolt.LOCKED, Bolt.UNLOCKED)
    assert lines(there, 0, 1, 3) == [(2, UNLOCKED), (1, LOCKED), (3, UNLOCKED)]


def test_an_empty_line_may_tell_what_stood_there() -> None:
    there = host(stale_records=True)
    turn(there, Bolt.UNLOCKED)
    told = line(there, 3)
    assert (told[:6], int(told[14:16], 16) >> 5, told[20:22]) == ("4c0403", 0, UNLOCKED)


@pytest.mark.parametrize("status", [1, 7])
def test_a_line_says_in_its_own_way_that_it_counts(status: int) -> None:
    there = host(record_status=status)
    turn(there, Bolt.UNLOCKED)
    told = line(there, 0)
    assert int(told[14:16], 16) >> 5 == status


def test_a_code_is_written_down_with_its_place() -> None:
    there = host()
    there.lock.program(4, "471100")
    there.lock.press("471100", 0.0)
    assert [told[20:24] for told in (line(there, 1), line(there, 2))] == ["0204", "1704"]


def test_the_clock_is_set_and_forgets_the_time_with_its_battery() -> None:
    there = host()
    there.ask("8b0107ea0102030405")
    assert there.ask("8b02")[0].startswith("8b0307ea010203")
    there.lock.change_battery()
    assert there.ask("8b02")[-1].startswith("8b0307d00101")
    assert there.lock.memory.battery == 100


def test_without_a_clock_lines_have_no_time() -> None:
    there = host(no_clock=True)
    turn(there, Bolt.UNLOCKED)
    assert not any(each.startswith("8b03") for each in there.ask("8b02"))
    assert line(there, 0)[6:20] == "00000000200000"
