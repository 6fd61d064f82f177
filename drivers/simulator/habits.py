"""What some locks do by the clock and nobody asked for: codes that vanish, reports that do not end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

NAG_S: Final = 1.0
NAGS: Final = 30


@dataclass(slots=True)
class Habits:
    """A moment of None: from the next look at the clock on."""

    _doomed: dict[int, tuple[float, float | None]] = field(default_factory=dict)
    _nag: bytes = b""
    _nags_left: int = 0
    _nags_at: float | None = None

    def doom(self, slot: int, seconds: float) -> None:
        """The code of this slot will vanish."""
        self._doomed[slot] = seconds, None

    def nag(self, report: bytes) -> None:
        """This will be said again and again."""
        self._nag, self._nags_left, self._nags_at = report, NAGS, None

    def deadline(self) -> float | None:
        moments = [moment for _, moment in self._doomed.values()]
        if self._nags_left:
            moments.append(self._nags_at)
        return min((float("-inf") if moment is None else moment for moment in moments), default=None)

    def vanished(self, now: float) -> list[int]:
        """The slots whose codes vanish now."""
        for slot, (seconds, moment) in list(self._doomed.items()):
            if moment is None:
                self._doomed[slot] = seconds, now + seconds
        gone = [slot for slot, (_, moment) in self._doomed.items() if moment is not None and moment <= now]
        for slot in gone:
            del self._doomed[slot]
        return gone

    def nagged(self, now: float) -> bytes | None:
        """What is said once more now."""
        if not self._nags_left:
            return None
        if self._nags_at is None:
            self._nags_at = now + NAG_S
        if self._nags_at > now:
            return None
        self._nags_left -= 1
        self._nags_at = now + NAG_S
        return self._nag
