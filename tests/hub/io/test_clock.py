import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.contracts import Clock
from hub.io.clock import LoopClock, Reading, SystemClock, Trust, TurnedClock, Vouch, read_system
from tests.simulators.vloop import VirtualLoop, run

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAST = NOON - timedelta(hours=1)
"""The last committed time."""
AT_NOON = Reading(wall=NOON.timestamp(), running=100.0)
DAY = 86_400.0


def later(reading: Reading, seconds: float, *, wall_jumps: float = 0.0, rtc_jumps: float = 0.0) -> Reading:
    return replace(
        reading,
        wall=reading.wall + seconds + wall_jumps,
        running=reading.running + seconds,
        rtc=None if reading.rtc is None else reading.rtc + seconds + rtc_jumps,
    )


def with_rtc(reading: Reading, off_by: float = 0.0) -> Reading:
    return replace(reading, rtc=reading.wall + off_by)


def unsynchronised(reading: Reading) -> Reading:
    return replace(reading, kernel_synchronised=False)


def synchronised(reading: Reading) -> Reading:
    return replace(reading, kernel_synchronised=True)


def marked(reading: Reading, at: float) -> Reading:
    return replace(reading, sync_mark=at)


def in_1970(reading: Reading) -> Reading:
    return replace(reading, wall=3600.0)


@pytest.mark.parametrize(
    ("first", "believed"),
    [
        pytest.param(AT_NOON, False, id="nobody says anything"),
        pytest.param(synchronised(AT_NOON), True, id="the kernel is synchronised"),
        pytest.param(unsynchronised(AT_NOON), False, id="the kernel is not"),
        pytest.param(marked(AT_NOON, 50.0), True, id="the time daemon left its mark"),
        pytest.param(unsynchronised(marked(AT_NOON, 50.0)), False, id="the kernel knows better than a mark"),
        pytest.param(with_rtc(unsynchronised(AT_NOON)), True, id="a battery clock agrees"),
        pytest.param(with_rtc(AT_NOON, off_by=3600), False, id="a battery clock disagrees"),
        pytest.param(with_rtc(later(AT_NOON, 0, wall_jumps=-DAY)), False, id="a battery clock before the last commit"),
        pytest.param(with_rtc(in_1970(AT_NOON)), False, id="a battery clock without a battery"),
        pytest.param(in_1970(AT_NOON), False, id="booted in the past"),
    ],
)
def test_what_is_believed_at_the_start(first: Reading, believed: bool) -> None:
    assert Trust(last_committed=LAST).holds(first) is believed


def test_a_battery_clock_that_ran_far_ahead_leaves_the_network_time_to_say_better() -> None:
    winter = with_rtc(unsynchronised(later(AT_NOON, 90 * DAY)))
    trust = Trust(last_committed=LAST)
    assert not trust.holds(winter)
    assert not trust.holds(later(winter, 290))
    assert trust.holds(later(winter, 310)), "there is no network: the house was shut for a season"
    assert Trust(last_committed=LAST).holds(synchronised(winter))


def test_a_new_house_does_not_believe_a_battery_clock_without_a_battery() -> None:
    assert not Trust(last_committed=None).holds(with_rtc(in_1970(AT_NOON)))
    assert Trust(last_committed=None).holds(with_rtc(AT_NOON))


SOUND = with_rtc(unsynchronised(AT_NOON))


@pytest.mark.parametrize(
    ("readings", "believed"),
    [
        pytest.param(
            [synchronised(AT_NOON), unsynchronised(later(AT_NOON, 90 * DAY))], True, id="offline for a season"
        ),
        pytest.param(
            [AT_NOON, synchronised(later(AT_NOON, 60, wall_jumps=400 * DAY))], True, id="set by synchronising"
        ),
        pytest.param(
            [synchronised(AT_NOON), unsynchronised(later(AT_NOON, 60, wall_jumps=400 * DAY))], False, id="set by hand"
        ),
        pytest.param(
            [synchronised(AT_NOON), unsynchronised(later(AT_NOON, 60, wall_jumps=-600))], False, id="set back by hand"
        ),
        pytest.param(
            [
                synchronised(AT_NOON),
                unsynchronised(later(AT_NOON, 60, wall_jumps=3600)),
                synchronised(later(AT_NOON, 120)),
            ],
            True,
            id="set by hand, then put right by synchronising",
        ),
        pytest.param(
            [synchronised(AT_NOON), unsynchronised(later(AT_NOON, 60, wall_jumps=2))], True, id="a leap second"
        ),
        pytest.param([SOUND, later(SOUND, 60, wall_jumps=3600)], False, id="only the wall clock was set"),
        pytest.param(
            [SOUND, later(SOUND, 60, wall_jumps=3600), later(SOUND, 120)], True, id="and set back to the battery clock"
        ),
        pytest.param(
            [SOUND, later(SOUND, 60, wall_jumps=3600, rtc_jumps=3600)], False, id="the battery clock was set along"
        ),
        pytest.param(
            [SOUND, later(SOUND, 60, wall_jumps=3600), later(SOUND, 120, wall_jumps=3600, rtc_jumps=3600)],
            False,
            id="the battery clock was set after the wall clock",
        ),
        pytest.param(
            [marked(AT_NOON, 50.0), marked(later(AT_NOON, 60, wall_jumps=3600), 50.0)], False, id="the mark is older"
        ),
        pytest.param(
            [marked(AT_NOON, 50.0), marked(later(AT_NOON, 60, wall_jumps=3600), 90.0)], True, id="the mark is fresh"
        ),
    ],
)
def test_what_is_believed_after_what_happened(readings: list[Reading], believed: bool) -> None:
    trust = Trust(last_committed=LAST)
    for reading in readings:
        held = trust.holds(reading)
    assert held is believed


def test_a_person_is_believed_until_the_clock_jumps() -> None:
    trust = Trust(last_committed=LAST)
    assert not trust.holds(AT_NOON)
    trust.confirm(later(AT_NOON, 30))
    assert trust.holds(later(AT_NOON, 60 * DAY))
    assert not trust.holds(later(AT_NOON, 60 * DAY, wall_jumps=600))


def test_a_person_may_confirm_a_time_that_was_just_set() -> None:
    trust = Trust(last_committed=LAST)
    trust.holds(SOUND)
    trust.confirm(later(SOUND, 60, wall_jumps=3600, rtc_jumps=3600))
    assert trust.holds(later(SOUND, 120, wall_jumps=3600, rtc_jumps=3600))


def test_what_one_process_believed_the_next_believes_in_the_same_boot() -> None:
    here = replace(AT_NOON, boot="a")
    trust = Trust(last_committed=LAST)
    trust.confirm(here)
    kept = Vouch.parse(str(trust.vouch()))
    assert Trust(last_committed=LAST, vouch=kept).holds(later(here, 7_200))
    assert not Trust(last_committed=LAST, vouch=kept).holds(later(here, 7_200, wall_jumps=60))
    assert not Trust(last_committed=LAST, vouch=kept).holds(replace(here, boot="b"))


def test_nothing_is_vouched_for_without_trust_or_without_a_boot_to_name() -> None:
    trust = Trust(last_committed=LAST)
    trust.holds(replace(AT_NOON, boot="a"))
    assert trust.vouch() is None
    trust.confirm(AT_NOON)
    assert trust.vouch() is None


@pytest.mark.parametrize("text", ["", "boot", "boot noon"])
def test_a_vouch_that_cannot_be_read_is_none(text: str) -> None:
    assert Vouch.parse(text) is None


def test_this_machine_can_be_read() -> None:
    reading = read_system()
    assert abs(reading.wall - time.time()) < 5
    assert reading.running > 0
    assert reading.kernel_synchronised in {True, False, None}


def test_the_system_clock_is_believed_once_a_person_says_so() -> None:
    def read() -> Reading:
        return replace(read_system(), kernel_synchronised=False, sync_mark=None, rtc=None, boot="a")

    clock = SystemClock(Trust(last_committed=None), read)
    before = clock.trusted, clock.vouch()
    clock.confirm()
    assert before == (False, None)
    assert clock.trusted
    kept = Vouch.parse(str(clock.vouch()))
    assert SystemClock(Trust(last_committed=None, vouch=kept), read).trusted


async def test_the_system_clock_tells_the_time_in_utc_and_sleeps_as_long_as_asked() -> None:
    clock = SystemClock(Trust(last_committed=None))
    before = clock.now()
    await clock.sleep(0.02)
    assert before.tzinfo is UTC
    assert timedelta(seconds=0.015) < clock.now() - before < timedelta(seconds=5)


def turned_by(speed: float) -> Callable[[asyncio.AbstractEventLoop], Clock]:
    return lambda loop: TurnedClock(NOON, speed, loop)


@pytest.mark.parametrize(
    ("make", "speed"), [(turned_by(1.0), 1.0), (turned_by(600.0), 600.0), (lambda loop: LoopClock(loop, NOON), 1.0)]
)
def test_a_made_clock_starts_where_told_runs_as_told_and_is_trusted(
    make: Callable[[asyncio.AbstractEventLoop], Clock], speed: float
) -> None:
    async def hour() -> float:
        loop = asyncio.get_running_loop()
        clock = make(loop)
        assert clock.trusted
        assert clock.now() == NOON
        await clock.sleep(3600)
        assert clock.now() == NOON + timedelta(hours=1)
        return loop.time()

    assert run(hour()) == pytest.approx(3600 / speed)


def test_two_loop_clocks_agree_whenever_they_were_made() -> None:
    loop = VirtualLoop(start=500.0)
    assert LoopClock(loop, NOON).now() == NOON + timedelta(seconds=500)
    assert TurnedClock(NOON, 1.0, loop).now() == NOON
    loop.close()
