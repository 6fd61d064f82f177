"""How often a service may be asked: token buckets that hold whatever stretch of time its limit is counted over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in any so many seconds."""

    count: int
    seconds: float
    at_once: int = 0
    """Of them; the rest comes back evenly. 0: half."""


class Bucket:
    """Half of a limit may go at once, the other half comes back evenly: so no stretch of that length holds more. Where all
    of it may, one comes back in each such stretch.

    A bucket as large as the limit would let through twice of it: all at once, and again what flowed in meanwhile.
    """

    def __init__(self, rate: Rate) -> None:
        self._size = float(rate.at_once or max(1, rate.count // 2))
        self._flow = (rate.count - self._size) / rate.seconds or 1 / rate.seconds
        self._level = self._size
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """How many seconds the next request has to wait."""
        return max(0.0, (1 - self._level_at(now)) / self._flow)

    def take(self, now: float) -> None:
        """One request goes, at once or after its wait."""
        self._level = self._level_at(now) - 1
        self._at = now

    def rested(self, now: float) -> bool:
        """Whether nothing that went before counts any more."""
        return self._level_at(now) >= self._size

    def _level_at(self, now: float) -> float:
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        return min(self._size, self._level + passed * self._flow)
