"""How often somebody may do something. Kept in memory: a restart forgives everybody, and nothing here is to be guessed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

_MOST: Final = 4096
"""Whoever comes from ever new addresses fills no memory."""


@dataclass(slots=True)
class Pace:
    burst: float = 60
    """So many at once."""
    per_second: float = 2
    """So many in the long run."""
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """How many each had left, and when that was."""

    def spend(self, who: str) -> int:
        """For how many seconds to wait; 0: go on, it is counted."""
        now = asyncio.get_running_loop().time()
        left = self._has(who, now)
        if left < 1:
            return max(1, round((1 - left) / self.per_second))
        if len(self._left) >= _MOST:
            busy = {each: told for each, told in self._left.items() if self._has(each, now) < self.burst}
            self._left = busy if len(busy) < _MOST else {}
        self._left[who] = (left - 1, now)
        return 0

    def _has(self, who: str, now: float) -> float:
        left, since = self._left.get(who, (self.burst, now))
        return min(self.burst, left + (now - since) * self.per_second)


@dataclass(frozen=True, slots=True)
class Paces:
    """Of guests' pages, and of calendars that platforms fetch."""

    of_link: Pace = field(default_factory=lambda: Pace(burst=12, per_second=0.2))
    """What is pressed there: a guest in a hurry presses often; a program would press for ever."""
    of_address: Pace = field(default_factory=lambda: Pace(burst=120, per_second=2))
    """Of one neighbourhood, which may be all the guests of a house."""
    of_feeds: Pace = field(default_factory=lambda: Pace(burst=600, per_second=10))
    """Calendars that one platform fetches, for all units of all houses behind one address."""


PACES: Final = web.AppKey("guest_paces", Paces)
