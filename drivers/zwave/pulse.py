"""Whether a device still answers, as an alarm for people: told once, and once more when it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hub.model.facts import Alarm, Fact, RadioAlarm

_OVERDUE_AFTER = 2
"""Wake-ups in a row that a sleeping device may leave out; one may have been lost."""
_GRACE = timedelta(minutes=10)


class Pulse:
    def __init__(self, device: str, tell: Callable[[Fact], None], now: Callable[[], datetime]) -> None:
        self._device = device
        self._tell = tell
        self._now = now
        self._dead: bool | None = None
        """None: nothing was told yet; an earlier process may have told that it is dead."""

    def stopped(self, why: str) -> None:
        if not self._dead:
            self._dead = True
            self._tell(RadioAlarm(self._now(), Alarm.DEAD, self._device, why))

    def beats(self) -> None:
        """It answers, or is none of ours any more."""
        if self._dead is not False:
            self._dead = False
            self._tell(RadioAlarm(self._now(), Alarm.DEAD, self._device, over=True))


def overdue(heard_at: datetime, every_s: int, now: datetime) -> bool:
    """Whether a device that wakes by itself every so often should have been heard by now; never, if it does not say."""
    return bool(every_s) and now - heard_at > _OVERDUE_AFTER * timedelta(seconds=every_s) + _GRACE
