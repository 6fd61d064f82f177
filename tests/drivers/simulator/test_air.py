"""Air times against the figures of the radio physics worked out by hand."""

from __future__ import annotations

import pytest

from drivers.simulator.air import Rate, Wrapping, acknowledged_s, code_frames, floor_s, frame_s
from tests.drivers.simulator.world import Host, a_lock


def test_a_frame_is_as_long_as_its_bytes_at_its_rate() -> None:
    assert frame_s(10, Rate.FAST) == pytest.approx((40 + 1 + 9 + 10 + 2) * 8 / 100_000 + 0.0015)
    assert frame_s(10, Rate.MEDIUM) == pytest.approx((20 + 1 + 9 + 10 + 1) * 8 / 40_000 + 0.0015)
    assert frame_s(10, Rate.SLOW) == pytest.approx((10 + 1 + 9 + 10 + 1) * 8 / 9_600 + 0.0015)


@pytest.mark.parametrize(
    ("wrapping", "supervised", "read_back", "milliseconds"),
    [
        (Wrapping.NONE, False, False, (12, 17, 46)),
        (Wrapping.S2, True, False, (26, 39, 112)),
        (Wrapping.S2, True, True, (52, 78, 219)),
        (Wrapping.S0, False, False, (37, 55, 149)),
        (Wrapping.S0, False, True, (111, 162, 441)),
    ],
)
def test_one_code_takes_what_the_arithmetic_says(
    wrapping: Wrapping, supervised: bool, read_back: bool, milliseconds: tuple[int, ...]
) -> None:
    frames = code_frames(wrapping, supervised=supervised, read_back=read_back)
    for rate, expected in zip((Rate.FAST, Rate.MEDIUM, Rate.SLOW), milliseconds, strict=True):
        assert round(1000 * sum(acknowledged_s(each, rate) for each in frames)) == expected


def test_thirty_codes_cannot_be_quicker_than_a_beam_their_frames_and_the_work_of_the_lock() -> None:
    frames = code_frames(Wrapping.S2, supervised=True, read_back=True) * 30
    assert floor_s(frames, Rate.FAST, work=30 * 0.1) == pytest.approx(1.0 + 30 * (0.052 + 0.1), abs=0.02)


def asleep(**settings: object) -> Host:
    return Host(a_lock(beamed=True), rate="100k", **settings)


def answered(host: Host, command: str = "8002") -> float:
    """Seconds until the lock's answer is here, watched by the millisecond."""
    began, already = host.table.now, len(host.heard)
    host.send(command)
    while len(host.heard) == already:
        assert host.table.now < began + 10
        host.later(0.001)
    return host.table.now - began


def test_a_sleeping_lock_is_woken_by_a_beam_and_an_awake_one_is_not() -> None:
    host = asleep()
    first, second = answered(host), answered(host)
    exchange = acknowledged_s(2, Rate.FAST) + frame_s(3, Rate.FAST)
    assert first == pytest.approx(1.1 + exchange, abs=0.002)
    assert second == pytest.approx(exchange, abs=0.01)


def test_a_beam_takes_a_second_and_up_to_a_tenth() -> None:
    host = asleep()
    host.table.dice.falls = [0.0] * 6
    assert answered(host) == pytest.approx(1.0 + acknowledged_s(2, Rate.FAST) + frame_s(3, Rate.FAST), abs=0.002)


def test_a_lock_falls_asleep_half_a_second_after_its_last_frame() -> None:
    host = asleep()
    answered(host)
    host.later(0.45)
    assert answered(host) < 0.1
    host.later(0.6)
    assert answered(host) > 1.0


def test_a_lock_that_is_busy_does_not_fall_asleep_over_its_work() -> None:
    host = Host(a_lock(beamed=True, quirks={"slow": 3.0}), rate="100k")
    answered(host)
    host.later(0.4)
    assert answered(host) < 3.1


def test_a_lock_that_speaks_of_its_own_accord_is_awake() -> None:
    host = asleep()
    host.lock.drain(15)
    host.later(0).later(0.4)
    assert len(host.heard) == 2
    assert answered(host) < 0.1


def test_a_lock_that_is_not_beamed_listens_always() -> None:
    host = Host(a_lock(), rate="40k")
    assert answered(host) == pytest.approx(acknowledged_s(2, Rate.MEDIUM) + frame_s(3, Rate.MEDIUM), abs=0.002)


def test_nobody_speaks_while_another_does() -> None:
    host = Host(a_lock(quirks={"slow": 0.005}), a_lock(address="3", quirks={"slow": 0.0}), rate="9.6k")
    host.send("8002")
    host.send("8002", node=3)
    host.later(1)
    exchanges = 2 * (acknowledged_s(2, Rate.SLOW) + acknowledged_s(3, Rate.SLOW))
    assert [node for node, _ in host.heard] == [2, 3]
    assert host.table.stick.tally.air_s == pytest.approx(exchanges)


def test_the_stick_counts_its_beams() -> None:
    host = asleep()
    for _ in range(3):
        answered(host)
    host.later(5)
    answered(host)
    tally = host.table.stick.tally
    assert (tally.beams, tally.sent, tally.heard) == (2, 4, 4)


def test_thirty_codes_back_to_back_take_little_more_than_the_floor() -> None:
    host = Host(a_lock(beamed=True, quirks={"quiet_codes": True}), rate="100k")
    began = host.table.now
    frames: list[int] = []
    for slot in range(1, 31):
        host.send(f"6301{slot:02x}01" + f"{slot:06d}".encode().hex())
        answered(host, f"6302{slot:02x}")
        frames += code_frames(Wrapping.NONE, supervised=False, read_back=True)
    assert len(host.lock.memory.codes) == 30
    assert floor_s(frames, Rate.FAST) <= host.table.now - began <= 1.5 * floor_s(frames, Rate.FAST)


def test_the_callback_says_how_long_it_took_and_that_there_was_a_beam() -> None:
    host = asleep()
    answered(host)
    answered(host)
    (first, second) = host.reports
    assert int.from_bytes(first[:2], "big") == round(100 * (1.1 + acknowledged_s(2, Rate.FAST)))
    assert (first[15] & 0x60, second[15] & 0x60) == (0x40, 0)
    assert (first[15] & 7, Host(a_lock(), rate="9.6k").table.stick.tally.beams) == (3, 0)
