"""The clocks that are handed in: the system's, with the question whether to believe it, and turned ones."""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

JUMP_S = 5.0
"""A wall clock that moved this much against the running one was set, not disciplined: that slews 0.5 ms a second."""
RTC_AGREES_WITHIN_S = 120.0
RTC_AHEAD_S = 86_400.0
"""A battery clock that is ahead of the last committed time by more is believed alone, but not before the network, if there is
one, had `NETWORK_S` to say better: codes that it takes for over are lost."""
NETWORK_S = 300.0
NEVER_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""Earlier than any release: a battery clock that says so has lost its battery."""
LOOK_AGAIN_S = 1.0
LONGEST_NAP_S = 30.0
"""How late a sleeper may notice that the wall clock was set."""

_TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")
# Source: systemd-timesyncd.service(8), "/run/systemd/timesync/synchronized": touched at each synchronisation.
_RTC = Path("/sys/class/rtc/rtc0/since_epoch")
# Source: Linux Documentation/ABI/testing/sysfs-class-rtc.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Source: random(4).


@dataclass(frozen=True, slots=True)
class Reading:
    """What the machine says about the time at one moment; seconds, the wall's and the RTC's since 1970."""

    wall: float
    running: float
    """Since boot, sleep included; nobody can set it."""
    kernel_synchronised: bool | None = None
    """None: we may not ask."""
    sync_mark: float | None = None
    """When the time daemon last left its mark; None if it never did since boot."""
    rtc: float | None = None
    boot: str | None = None

    @property
    def offset(self) -> float:
        return self.wall - self.running

    @property
    def rtc_offset(self) -> float | None:
        return None if self.rtc is None else self.rtc - self.running


@dataclass(frozen=True, slots=True)
class Vouch:
    """That the wall clock was right at this offset in this boot. Kept over a restart of the process."""

    boot: str
    offset: float

    @classmethod
    def parse(cls, text: str) -> Vouch | None:
        boot, _, offset = text.partition(" ")
        try:
            return cls(boot, float(offset))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.boot} {self.offset}"


class Trust:
    """Whether the wall clock may be believed, from one reading to the next.

    Belief is won when the system is synchronised, when a battery clock that is not earlier than the last committed time
    agrees, when a person confirms, or when an earlier process vouched in this same boot. It is kept while the wall
    clock runs evenly, offline for as long as it takes, and lost when that jumps. After a jump a battery clock that
    jumped along says nothing, and neither does a mark that was left before it.
    """

    def __init__(self, *, last_committed: datetime | None, vouch: Vouch | None = None) -> None:
        self._not_before = max(last_committed or NEVER_BEFORE, NEVER_BEFORE).timestamp()
        self._committed = None if last_committed is None else last_committed.timestamp()
        self._first: Reading | None = None
        self._vouch = vouch
        self._trusted = False
        self._before: Reading | None = None
        self._old_mark: float | None = None
        self._rtc_was_set = False

    def holds(self, reading: Reading) -> bool:
        before, self._before = self._before, reading
        self._first = self._first or reading
        if before is None:
            self._trusted = self._vouched(reading)
        else:
            self._notice_jumps(before, reading)
        if self._synchronised(reading):
            self._rtc_was_set = False
            self._trusted = True
        self._trusted = self._trusted or self._rtc_vouches(reading)
        return self._trusted

    def confirm(self, reading: Reading) -> None:
        """A person has looked at the time and says that it is right."""
        self.holds(reading)
        self._rtc_was_set = False
        self._trusted = True

    def vouch(self) -> Vouch | None:
        """What a later process may go on from; None while there is nothing to vouch for."""
        reading = self._before
        if not self._trusted or reading is None or reading.boot is None:
            return None
        return Vouch(reading.boot, reading.offset)

    def _notice_jumps(self, before: Reading, reading: Reading) -> None:
        if before.rtc_offset is not None and reading.rtc_offset is not None:
            self._rtc_was_set |= abs(reading.rtc_offset - before.rtc_offset) > JUMP_S
        if abs(reading.offset - before.offset) > JUMP_S:
            self._trusted = False
            self._old_mark = before.sync_mark

    def _synchronised(self, reading: Reading) -> bool:
        if reading.kernel_synchronised is not None:
            return reading.kernel_synchronised
        return reading.sync_mark is not None and reading.sync_mark != self._old_mark

    def _rtc_vouches(self, reading: Reading) -> bool:
        if reading.rtc is None or self._rtc_was_set or reading.rtc < self._not_before:
            return False
        if self._network_may_know_better(reading):
            return False
        return abs(reading.rtc - reading.wall) <= RTC_AGREES_WITHIN_S

    def _network_may_know_better(self, reading: Reading) -> bool:
        ahead = self._committed is not None and reading.rtc is not None and reading.rtc - self._committed > RTC_AHEAD_S
        return ahead and self._first is not None and reading.running - self._first.running < NETWORK_S

    def _vouched(self, reading: Reading) -> bool:
        vouch = self._vouch
        return vouch is not None and vouch.boot == reading.boot and abs(vouch.offset - reading.offset) <= JUMP_S


class _Timex(ctypes.Structure):
    # Source: adjtimex(2), struct timex; only its head is read.
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


_TIME_ERROR = 5  # Source: adjtimex(2), "Return value": the clock is not synchronised.
_STA_UNSYNC = 0x40  # Source: adjtimex(2), status bits.


def _kernel_synchronised() -> bool | None:
    state = _Timex()
    verdict = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    if verdict == -1:
        return None
    return verdict != _TIME_ERROR and not state.status & _STA_UNSYNC


def _read_if_there(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None


def read_system() -> Reading:
    # The wall first: evidence read before it could be older than a jump between the two.
    wall = time.time()
    running = time.clock_gettime(time.CLOCK_BOOTTIME)
    try:
        mark: float | None = _TIMESYNCD_MARK.stat().st_mtime
    except OSError:
        mark = None
    rtc = _read_if_there(_RTC)
    return Reading(
        wall=wall,
        running=running,
        kernel_synchronised=_kernel_synchronised(),
        sync_mark=mark,
        rtc=None if rtc is None else float(rtc),
        boot=_read_if_there(_BOOT_ID),
    )


def machine_time() -> datetime:
    """What the machine says, believed or not: for ends of waiting that are shown to a person."""
    return datetime.now(UTC)


class SystemClock:
    """The time of the machine."""

    def __init__(self, trust: Trust, read: Callable[[], Reading] = read_system) -> None:
        self._trust = trust
        self._read = read
        self._looked_at: Reading | None = None
        self._believed = False

    def now(self) -> datetime:
        return machine_time()

    async def sleep(self, seconds: float) -> None:
        """Ends early if the wall clock is set forward past the end, and never later than `seconds` of running time."""
        until = time.time() + seconds
        loop = asyncio.get_running_loop()
        at_most = loop.time() + seconds
        left = seconds
        while left > LONGEST_NAP_S:  # nothing tells us when the wall clock is set
            await asyncio.sleep(LONGEST_NAP_S)
            left = min(until - time.time(), at_most - loop.time())
        await asyncio.sleep(max(left, 0.0))

    @property
    def trusted(self) -> bool:
        looked = self._looked_at
        if looked is None or self._is_stale(looked):
            self._looked_at = self._read()
            self._believed = self._trust.holds(self._looked_at)
        return self._believed

    def confirm(self) -> None:
        self._looked_at = self._read()
        self._trust.confirm(self._looked_at)
        self._believed = True

    def vouch(self) -> str | None:
        """To be kept while trusted and handed to `Vouch.parse` by the next process; None if there is nothing to keep."""
        vouch = self._trust.vouch() if self.trusted else None
        return None if vouch is None else str(vouch)

    def _is_stale(self, looked: Reading) -> bool:
        running = time.clock_gettime(time.CLOCK_BOOTTIME)
        jumped = abs(time.time() - running - looked.offset) > JUMP_S
        return jumped or running - looked.running >= LOOK_AGAIN_S


class TurnedClock:
    """A clock for rehearsals: from `start`, `speed` times as fast as the loop it sleeps on."""

    trusted = True

    def __init__(self, start: datetime, speed: float, loop: asyncio.AbstractEventLoop) -> None:
        self._start = start.astimezone(UTC)
        self._speed = speed
        self._loop = loop
        self._began = loop.time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(self._loop.time() - self._began) * self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


class LoopClock:
    """A loop's own time, counted from `start`: two clocks of one loop always agree."""

    trusted = True

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
