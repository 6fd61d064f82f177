from __future__ import annotations

import pytest

from drivers.zwave.air import Air, Beams
from drivers.zwave.functions import Transmitted


@pytest.fixture
def told() -> list[str]:
    return []


def test_loud_channels_are_a_jam_the_second_time_and_told_once(told: list[str]) -> None:
    air = Air(told.append)
    for _ in range(5):
        air.measured((-58, -60))
    assert told == ["noise of -60 dBm"]
    assert air.jammed
    air.measured((-95, -94))
    assert told == ["noise of -60 dBm", ""]
    assert not air.jammed


@pytest.mark.parametrize(
    "samples", [[(-58, -60), (-95, -94), (-58, -60)], [(-58, -95), (-58, -95)], [(), ()], [(-90, -91)] * 3]
)
def test_one_loud_sample_one_free_channel_or_none_measured_is_no_jam(
    samples: list[tuple[int, ...]], told: list[str]
) -> None:
    air = Air(told.append)
    for sample in samples:
        air.measured(sample)
    assert told == []


def test_commands_that_cannot_leave_are_a_jam_until_one_leaves(told: list[str]) -> None:
    air = Air(told.append)
    for _ in range(4):
        air.sent(Transmitted.FAIL)
    assert told == ["3 commands in a row could not be sent, because the channel was never free"]
    air.sent(Transmitted.NO_ACK)  # it left
    assert told[1:] == [""]


def test_a_lock_that_is_gone_is_no_jam(told: list[str]) -> None:
    air = Air(told.append)
    for _ in range(10):
        air.sent(Transmitted.NO_ACK)
    assert not air.jammed


def test_another_stick_starts_with_free_air(told: list[str]) -> None:
    air = Air(told.append)
    for _ in range(3):
        air.sent(Transmitted.FAIL)
    air.forget()
    assert (air.jammed, told[-1]) == (False, "")


def test_beams_that_can_wait_leave_half_of_the_hour_to_orders() -> None:
    beams = Beams()
    assert [beams.book(0.0) for _ in range(33)] == [0] * 16 + [3600] * 16 + [7200]


def test_beams_for_orders_are_counted_and_never_wait() -> None:
    beams = Beams()
    for second in range(40):
        beams.spend(float(second))
    assert beams.book(40.0) == 24 + 3600 - 40
    assert beams.book(4000.0) == 0
