"""What a lock was told of the hours in which a code opens, so that the lock itself ends it even if the hub does not live to.

The hub lets a code open when its window begins and takes it out when that ends; a lock that can is told the window besides.

* A code is told its hours once it is known to be there, and it opens without them only inside its window: in whatever order
  commands arrive, it never opens outside.
* A code that is there before its window begins opens nothing until the lock has said that it keeps to the whole window, the
  beginning too (hub/adr/0018-codes-that-wait.md).
* What the lock was told before may count until the lock has taken something else. Meanwhile the code is said to work only
  as long as everything lasts that may count: no guest stands outside with a code that is called good.
* Hours that were refused are not told again. What may still confine the code is lifted instead, and the hub's own clearing
  ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.model.values import Proof, Window

EARLY: Final = timedelta(days=1)
"""A lock's clock may be slow, and the hub's may be set back. The code is not there before its window begins, so what the
lock is told of the beginning keeps nobody out but a guest who should come in."""


def confining(window: Window) -> Window | None:
    """What a lock is told for the sake of `window`; None: to let the code open at any time."""
    return None if window.end is None else Window(window.start - EARLY, window.end)


def exactly(window: Window) -> Window:
    """What a lock is told of a window that has not begun. Locks know whole minutes: rather late than early."""
    start = window.start.replace(second=0, microsecond=0)
    return Window(start if start == window.start else start + timedelta(minutes=1), window.end)


@dataclass(frozen=True, slots=True)
class Hours:
    """Of the code in one slot."""

    told: Window | None = None
    """What the lock was last told to keep to; None: nothing, or to let the code open at any time."""
    proof: Proof = Proof.NONE
    """That it keeps to that. NONE: it refused, did not answer, or was told nothing."""
    refused: bool = False
    """It cannot keep `told`."""
    before: datetime | None = None
    """When what it was told before ends, as far as that may still count; None: nothing else confines the code."""
    late: datetime | None = None
    """When what it was told before begins, as far as that may still count."""
    failures: int = 0
    """Since the lock last took what it was told."""
    retry_at: datetime | None = None

    @property
    def end(self) -> datetime | None:
        """From here on the code may not open; None: nothing ends it."""
        told = self.told.end if self.told is not None and not self.refused else None
        return min((end for end in (told, self.before) if end is not None), default=None)

    @property
    def start(self) -> datetime | None:
        """Before this the code may not open; None: nothing keeps it shut."""
        told = self.told.start if self.told is not None and not self.refused else None
        return max((start for start in (told, self.late) if start is not None), default=None)

    def shut(self, now: datetime) -> bool:
        """Whether the lock, for all we know, may not let the code open now."""
        return (self.end is not None and self.end <= now) or (self.start is not None and now < self.start)

    def aim(self, window: Window) -> Window | None:
        """What the lock should keep to for the sake of a window that has begun; None: to nothing."""
        wanted = confining(window)
        if self.refused and self.told == wanted:
            return None
        return self.told if self.proof is not Proof.NONE and self._serves(window) else wanted

    def _serves(self, window: Window) -> bool:
        """What was told while the code waited goes on to count."""
        told = None if self.refused or window.end is None else self.told
        return told is not None and told.end == window.end and window.start - EARLY <= told.start <= window.start

    def lacking(self, window: Window) -> bool:
        """Whether the lock has to be told, now that the window has begun."""
        aim = self.aim(window)
        if aim is None:
            return self.end is not None or (self.start is not None and self.start > window.start)
        return self.told != aim or self.proof is Proof.NONE

    def confined(self, window: Window) -> bool:
        """Whether the lock says that it opens the code at no time outside `window`."""
        return self.kept and self.told == exactly(window)

    def lacking_ahead(self, window: Window) -> bool:
        """Whether the lock has to be told of a window that has not begun. What it only acknowledged is not told again."""
        return self.told != exactly(window) or (not self.refused and self.proof is Proof.NONE)

    def taken_on_trust(self, window: Window) -> bool:
        """Whether the lock was told of a window that has not begun, and does not say that it keeps to that."""
        return not self.lacking_ahead(window) and not self.confined(window)

    @property
    def kept(self) -> bool:
        """Whether the lock says that it ends the code itself; that it heard the command is not enough."""
        return self.told is not None and not self.refused and self.proof in {Proof.READ_BACK, Proof.CONFIRMED}

    # ---- learning --------------------------------------------------------------------------------------------------

    def rewritten(self) -> Hours:
        """A code was put into the slot: some locks forget its hours over that, some do not."""
        return replace(self, proof=Proof.NONE)

    def claimed(self, window: Window | None) -> Hours:
        """As it must be on disk before the lock is told."""
        if window is None:  # whatever comes of it, nothing new confines the code
            return self
        return replace(self, told=window, proof=Proof.NONE, refused=False, before=self.end, late=self.start)

    def taken(self, window: Window | None, proof: Proof) -> Hours:
        if window is not None:
            return Hours(window, proof)
        lifted = replace(self, before=None, late=None, failures=0, retry_at=None)
        return lifted if self.refused else Hours(proof=proof)

    def rejected(self) -> Hours:
        """The lock cannot keep what it was told last; what counted before still does."""
        return replace(self, refused=True, failures=0, retry_at=None)

    def waiting(self, until: datetime) -> Hours:
        return replace(self, failures=self.failures + 1, retry_at=until)


UNTOLD: Final = Hours()
UNHEARD_OF: Final = Hours(before=datetime(9000, 1, 1, tzinfo=UTC))
"""Of a place of which nobody knows what others told the lock: what it cannot overwrite, it must lift."""
