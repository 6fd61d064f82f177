"""When a guest is told their code by itself: some hours before check-in, or at once where that time is past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

TELL_HOURS: Final = 24
"""Before check-in (R76)."""
MOST_TELL_HOURS: Final = 336
"""Two weeks; what is told earlier is looked for in vain on the day."""
UNTOLD_FOR: Final = timedelta(days=1)
"""After check-in. Whoever has not been told by then has come in otherwise, or is not coming."""


def tell_words(hours: int) -> str:
    if not hours:
        return "guests are told their codes by hand"
    return f"guests are told their codes {hours} hours before check-in"


class Telling(Enum):
    """How a stay stands."""

    BY_HAND = "by_hand"
    """The property wants it so, nothing reaches this guest, or they came in before anybody told them."""
    LATER = "later"
    HELD = "held"
    """It is time, and they may not be told yet."""
    NOW = "now"
    TOLD = "told"
    """Or about to be; or it was tried, and a person has to look."""


@dataclass(frozen=True, slots=True)
class Present:
    """A stay as it is now, whose guest is sure to come or there."""

    hours: int
    """As the property says; 0: by hand."""
    check_in: datetime
    arrived: bool
    reached: bool
    """Some way leads to them."""
    open: bool
    """They may be told: the code is proven, or will be in time as far as anybody can know."""
    told: bool
    """Something was told, or tried."""
    others: bool
    """The digits are others since."""


def telling(is_: Present, now: datetime) -> Telling:
    if is_.told and not is_.others:
        return Telling.TOLD
    if not is_.hours or not is_.reached:
        return Telling.BY_HAND
    if not is_.told and (is_.arrived or now >= is_.check_in + UNTOLD_FOR):
        return Telling.BY_HAND
    if now < due(is_):
        return Telling.LATER
    return Telling.NOW if is_.open else Telling.HELD


def due(is_: Present) -> datetime:
    return is_.check_in - timedelta(hours=is_.hours)
