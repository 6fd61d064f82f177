"""The air around the stick: whether it is jammed, and how many wake-up beams may still be sent. No I/O and no clock."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable

from drivers.zwave.functions import Transmitted

JAM_DBM = -70
"""A quiet channel is at -90 dBm or below (the 500 series measures from -94 on, INS13954 4.3.2.3), and a lock two rooms
away arrives at -70 to -80: what is louder than this drowns it."""
JAM_SAMPLES = 2
"""Loud samples in a row; one may have caught a neighbour's frame."""
JAM_FAILURES = 3
"""Transmissions in a row that the stick could not start because the channel was never free (TRANSMIT_COMPLETE_FAIL)."""

BEAMS_AN_HOUR = 32
"""1 % of an hour in beams of 1.1 s each: the duty cycle of 868.42 MHz in Europe."""
_HOUR_S = 3600.0


class Air:
    """`turned` is called when the air becomes jammed, with the reason as a clause, and with `` when it is over."""

    def __init__(self, turned: Callable[[str], None]) -> None:
        self.beams = Beams()
        self._turned = turned
        self._told = False
        self.noise_dbm: tuple[int, ...] = ()
        self._loud = 0
        self._failed = 0

    @property
    def jammed(self) -> bool:
        return self._loud >= JAM_SAMPLES or self._failed >= JAM_FAILURES

    def measured(self, noise_dbm: tuple[int, ...]) -> None:
        self.noise_dbm = noise_dbm
        # A jammer on one channel leaves the others usable; all of them loud is what stops a stick that picks its channel.
        self._loud = self._loud + 1 if noise_dbm and min(noise_dbm) >= JAM_DBM else 0
        self._tell()

    def sent(self, outcome: Transmitted) -> None:
        """`NO_ACK` says nothing of the air: a lock that is gone is not a jam, and the frame did leave."""
        if outcome is Transmitted.FAIL:
            self._failed += 1
        elif outcome in {Transmitted.OK, Transmitted.VERIFIED, Transmitted.NO_ACK}:
            self._failed = 0
        self._tell()

    def _tell(self) -> None:
        if self.jammed is self._told:
            return
        self._told = self.jammed
        if not self.jammed:
            self._turned("")
        elif self._loud >= JAM_SAMPLES:
            self._turned(f"noise of {min(self.noise_dbm)} dBm")
        else:
            self._turned(f"{self._failed} commands in a row could not be sent, because the channel was never free")

    def forget(self) -> None:
        """Another stick, or the same after a restart."""
        self.noise_dbm, self._loud, self._failed = (), 0, 0
        self._tell()


class Beams:
    """Each frame to a sleeping lock costs a beam. Orders may always send one; what can wait leaves them some."""

    def __init__(self, kept_for_orders: int = 16) -> None:
        self._most = BEAMS_AN_HOUR - kept_for_orders
        self._at: list[float] = []
        """When a beam was sent, or is to be."""

    def spend(self, now: float) -> None:
        self._forget(now)
        insort(self._at, now)

    def book(self, now: float, after: float = 0.0) -> float:
        """Seconds, at least `after`, until a beam may be sent that could as well be sent later; it counts from now on."""
        self._forget(now)
        due = now + after
        if len(self._at) >= self._most:
            due = max(due, self._at[-self._most] + _HOUR_S)
        insort(self._at, due)
        return due - now

    def _forget(self, now: float) -> None:
        del self._at[: bisect_right(self._at, now - _HOUR_S)]
